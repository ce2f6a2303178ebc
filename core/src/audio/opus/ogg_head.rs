//! Opus headers that symphonia's Ogg demuxer refuses.
//!
//! It knows mapping families 0 and 1, and passes over a stream of another (many channels without a meaning, ambisonics) as
//! if there were none. What it needs of the header is not the mapping; so it is shown a header of one channel, and the
//! decoder gets the true one. Only the first stream of a file is looked at.

/// Bytes of the longest page that holds an Opus header alone: page header with two lengths, and a table of 255 channels.
pub(in crate::audio) const HEAD_PAGE_BYTES: usize = 29 + 21 + 255;

/// Takes the Opus header out of the first page at `start`, the first bytes of a file, if it is one that the demuxer
/// refuses, and leaves one that it takes.
pub(in crate::audio) fn reveal(start: &mut [u8]) -> Option<Vec<u8>> {
    const FIRST_PAGE: u8 = 2;
    if !start.starts_with(b"OggS") || start.get(5)? & FIRST_PAGE == 0 {
        return None;
    }
    let payload = 27 + usize::from(*start.get(26)?);
    let length: usize = start.get(27..payload)?.iter().map(|&n| usize::from(n)).sum();
    let page = start.get_mut(..payload + length)?;
    let stored = page[22..26].to_vec();
    let head = page[payload..].to_vec();
    let (&channels, &family) = (head.get(9)?, head.get(18)?);
    let taken = matches!((family, channels), (0, 1..=2) | (1, 1..=8));
    if taken || !head.starts_with(b"OpusHead") || stored != checksum(page) {
        return None;
    }
    (page[payload + 9], page[payload + 18]) = (1, 0);
    let shown = checksum(page);
    page[22..26].copy_from_slice(&shown);
    Some(head)
}

/// The checksum of an Ogg page (RFC 3533, section 6), as it is stored.
pub(super) fn checksum(page: &[u8]) -> [u8; 4] {
    let mut sum = 0_u32;
    for (at, &byte) in page.iter().enumerate() {
        // The checksum itself counts as zeros.
        sum ^= u32::from(if (22..26).contains(&at) { 0 } else { byte }) << 24;
        for _ in 0..8 {
            sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
    }
    sum.to_le_bytes()
}
