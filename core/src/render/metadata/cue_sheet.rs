//! The cue sheet of FLAC: its block, where its tracks went, and its tracks as cue points.

use flac_codec::metadata::{Block, Cuesheet, read_blocks};

use super::remap::Places;

/// Behind the catalogue number: samples of lead-in, flags, and the count of tracks.
const FLAGS: usize = 128 + 8;
const COUNT: usize = FLAGS + 1 + 258;
const TRACK_BYTES: usize = 36;
const INDEX_BYTES: usize = 12;
/// Samples that a place on a compact disc counts in.
const DISC_FRAME_SAMPLES: u64 = 588;
/// A block of this kind, the last of a file.
const LAST_CUE_SHEET: u32 = 0x85;

/// The number of the lead-out where it is no compact disc's.
const LEAD_OUT: u8 = 255;

/// The block as the encoder takes it; nothing if it breaks the format's rules. What calls itself a compact disc's and does not
/// keep to its frames, or has its lead-out elsewhere (`flac` writes both), becomes a sheet of any other kind.
pub(in crate::render) fn parse(block: &[u8]) -> Option<Cuesheet> {
    parse_exact(block).or_else(|| {
        let mut plain = block.to_vec();
        plain.get_mut(FLAGS - 8..=FLAGS)?.fill(0);
        let &(lead_out, _) = tracks(block).last()?;
        *plain.get_mut(lead_out + 8)? = LEAD_OUT;
        parse_exact(&plain)
    })
}

fn parse_exact(block: &[u8]) -> Option<Cuesheet> {
    let length = u32::try_from(block.len()).ok().filter(|&length| length < 1 << 24)?;
    let head = (LAST_CUE_SHEET << 24 | length).to_be_bytes();
    // Whatever sound: one channel of 16 bits at 44.1 kHz.
    let stream_info = [&[0x10, 0, 0x10, 0][..], &[0; 6], &[0x0a, 0xc4, 0x40, 0xf0], &[0; 20]].concat();
    let file = [&b"fLaC\0\0\0\x22"[..], &stream_info, &head, block].concat();
    match read_blocks(&file[..]).nth(1)?.ok()? {
        Block::Cuesheet(sheet) => Some(sheet),
        _ => None,
    }
}

/// Where each track begins in `block` (the lead-out is the last), and how many indices it has.
fn tracks(block: &[u8]) -> Vec<(usize, usize)> {
    let mut at = COUNT + 1;
    let mut found = Vec::new();
    for _ in 0..block.get(COUNT).copied().unwrap_or(0) {
        let Some(&indices) = block.get(at + TRACK_BYTES - 1) else { break };
        found.push((at, indices.into()));
        at += TRACK_BYTES + INDEX_BYTES * usize::from(indices);
    }
    found
}

fn be64(block: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*block.get(at..)?.first_chunk()?))
}

/// The block with its tracks moved; nothing if another than the first fell onto the start, which the encoder refuses.
pub(super) fn moved(block: &[u8], places: &Places<'_>) -> Option<Vec<u8>> {
    let mut moved = block.to_vec();
    let on_disc = block.get(FLAGS)? & 0x80 != 0;
    let place = |at: u64| {
        // The first track begins at the start, whatever was cut out there.
        let at = if at == 0 { places.at(at) } else { places.point(at) };
        if on_disc { at - at % DISC_FRAME_SAMPLES } else { at }
    };
    for (at, indices) in tracks(block) {
        let old = be64(block, at)?;
        let new = place(old);
        moved[at..at + 8].copy_from_slice(&new.to_be_bytes());
        for index in 0..indices {
            let at = at + TRACK_BYTES + INDEX_BYTES * index;
            let offset = be64(block, at)?;
            let offset = if offset == 0 { 0 } else { place(old.checked_add(offset)?).saturating_sub(new) };
            moved[at..at + 8].copy_from_slice(&offset.to_be_bytes());
        }
    }
    parse(&moved).is_some().then_some(moved)
}

/// The number of each track and the sample at which it is played (its index 1).
pub(in crate::render) fn track_starts(block: &[u8]) -> Vec<(u8, u64)> {
    let all = tracks(block);
    let but_lead_out = all.len().saturating_sub(1);
    let start = |&(at, indices): &(usize, usize)| {
        let played = (0..indices)
            .map(|index| at + TRACK_BYTES + INDEX_BYTES * index)
            .find(|&index| block.get(index + 8) == Some(&1))
            .and_then(|index| be64(block, index));
        Some((*block.get(at + 8)?, be64(block, at)?.checked_add(played.unwrap_or(0))?))
    };
    all[..but_lead_out].iter().filter_map(start).collect()
}
