//! Elements of Matroska, and what its demuxer does not ask: whether the frames of a track are packed or encrypted.

use std::io::{self, Read, Seek, SeekFrom};

use super::gapless::Span;
use super::repair::{EBML, ebml_size};

/// What is said of a track whose frames are packed, or lack a beginning that stands in the header instead.
const COMPRESSED: &str = "a compressed Matroska track";
/// What is said of a track that nobody can hear without its key.
pub(super) const ENCRYPTED: &str = "an encrypted Matroska track";
/// Elements that are looked at.
const MAX_PARTS: u32 = 4_096;
/// Bytes of a stream before its sound that are kept.
const MAX_HEADER_BYTES: usize = 1 << 20;
/// Longest name and size of an element.
const MAX_HEAD_BYTES: usize = 12;

const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;

/// A track whose frames are not what its codec wrote (`ContentEncodings`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) track: u32,
    encrypted: bool,
}

impl Encoded {
    /// The tracks of the recording that begins `from` there.
    pub(super) fn tracks(file: &mut (impl Read + Seek), from: u64) -> Vec<Self> {
        Self::find(file, from).unwrap_or_default()
    }

    fn find(file: &mut (impl Read + Seek), from: u64) -> Option<Vec<Self>> {
        let mut encoded = Vec::new();
        for entry in track_entries(file, from)? {
            let entry = children(file, entry);
            let Some(encodings) = child(&entry, 0x6d80) else { continue };
            let mut kinds = Vec::new();
            for (_, encoding) in children(file, encodings).into_iter().filter(|(name, _)| *name == 0x6240) {
                let encoding = children(file, encoding);
                kinds.push(number(file, child(&encoding, 0x5033)));
            }
            let track = number(file, child(&entry, 0xd7)).and_then(|track| u32::try_from(track).ok());
            if let Some(track) = track.filter(|_| !kinds.is_empty()) {
                encoded.push(Self { track, encrypted: kinds.contains(&Some(1)) });
            }
        }
        Some(encoded)
    }

    /// What the track is called where it cannot be heard.
    pub(super) fn what(self) -> &'static str {
        if self.encrypted { ENCRYPTED } else { COMPRESSED }
    }
}

/// Reads on in a stream whose first bytes are `start`, as far as its tracks are described: no more than that, for what
/// follows may come slowly.
pub(super) fn read_tracks(start: &mut Vec<u8>, reader: &mut dyn Read) -> io::Result<()> {
    while let Some(wanted) = missing(start).filter(|&wanted| wanted <= MAX_HEADER_BYTES) {
        let there = start.len();
        reader.take((wanted - there) as u64).read_to_end(start)?;
        if start.len() < wanted {
            break;
        }
    }
    Ok(())
}

/// How many bytes there must be for the next step to the end of the tracks; nothing where that is reached, or none there.
fn missing(start: &[u8]) -> Option<usize> {
    if !start.starts_with(&EBML) {
        return None;
    }
    let mut at = 0;
    for part in 0..MAX_PARTS {
        if start.len() < at + MAX_HEAD_BYTES {
            return Some(at + MAX_HEAD_BYTES);
        }
        let (name, content) = element(&mut io::Cursor::new(start), at as u64, u64::MAX)?;
        // The second element is the segment, whose content is looked at.
        let next = if part == 1 { content.start } else { content.end };
        at = usize::try_from(next).ok().filter(|&at| at <= MAX_HEADER_BYTES)?;
        match name {
            CLUSTER => return None,
            TRACKS => return (start.len() < at).then_some(at),
            _ => {}
        }
    }
    None
}

/// The content of an element that begins there, and its name.
pub(super) fn element(file: &mut (impl Read + Seek), at: u64, end: u64) -> Option<(u32, Span)> {
    let (width, marker, name) = ebml_size(file, at).ok()?;
    // A name keeps the bit that tells its width.
    let name = name? | u64::from(marker) << (8 * (width - 1));
    let (size_width, _, size) = ebml_size(file, at + width).ok()?;
    let start = at + width + size_width;
    let stop = size.map_or(end, |size| start.saturating_add(size).min(end));
    (start <= stop).then_some((u32::try_from(name).ok()?, start..stop))
}

/// The children of an element, as far as they are whole.
pub(super) fn children(file: &mut (impl Read + Seek), span: Span) -> Vec<(u32, Span)> {
    let mut at = span.start;
    let mut found = Vec::new();
    for _ in 0..MAX_PARTS {
        let next = if at < span.end { element(file, at, span.end) } else { None };
        // The tracks stand before the sound, which may have no end.
        let Some((name, content)) = next.filter(|(name, _)| *name != CLUSTER) else { break };
        at = content.end;
        found.push((name, content));
    }
    found
}

/// What describes the tracks of the recording that begins `from` there, one by one.
pub(super) fn track_entries(file: &mut (impl Read + Seek), from: u64) -> Option<Vec<Span>> {
    const SEGMENT: u32 = 0x1853_8067;
    const TRACK_ENTRY: u32 = 0xae;
    let end = file.seek(SeekFrom::End(0)).ok()?;
    let (_, header) = element(file, from, end)?;
    let (_, segment) = element(file, header.end, end).filter(|(name, _)| *name == SEGMENT)?;
    let tracks = child(&children(file, segment), TRACKS)?;
    let entries = children(file, tracks).into_iter().filter(|(name, _)| *name == TRACK_ENTRY);
    Some(entries.map(|(_, entry)| entry).collect())
}

pub(super) fn child(children: &[(u32, Span)], name: u32) -> Option<Span> {
    children.iter().find(|(known, _)| *known == name).map(|(_, span)| span.clone())
}

pub(super) fn number(file: &mut (impl Read + Seek), span: Option<Span>) -> Option<u64> {
    let span = span?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(span.start)).ok()?;
    file.by_ref().take((span.end - span.start).min(9)).read_to_end(&mut bytes).ok()?;
    let is_number = (1..=8).contains(&bytes.len());
    is_number.then(|| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u16::try_from(content.len()).unwrap() | 0x4000;
        [name, &size.to_be_bytes(), content].concat()
    }

    fn track(number: u8, encodings: &[&[u8]]) -> Vec<u8> {
        let each: Vec<u8> = encodings.iter().flat_map(|encoding| part(b"\x62\x40", encoding)).collect();
        let all = if encodings.is_empty() { Vec::new() } else { part(b"\x6d\x80", &each) };
        part(b"\xae", &[&part(b"\xd7", &[number])[..], &part(b"\x83", &[2]), &all].concat())
    }

    fn recording() -> Vec<u8> {
        // Header stripping, zlib without a word, and zlib of what is encrypted.
        let stripped = [part(b"\x50\x33", &[0]), part(b"\x50\x34", &part(b"\x42\x54", &[3]))].concat();
        let encrypted = part(b"\x50\x33", &[1]);
        let tracks =
            [track(1, &[]), track(2, &[&stripped]), track(3, &[&[]]), track(4, &[&[], &encrypted])].concat();
        let parts = [part(b"\xec", &[0; 5_000]), part(b"\x16\x54\xae\x6b", &tracks)].concat();
        [
            &part(&EBML, b"\x42\x82\x84webm")[..],
            b"\x18\x53\x80\x67\xff",
            &parts,
            b"\x1f\x43\xb6\x75\xff",
            &[0; 90],
        ]
        .concat()
    }

    #[test]
    fn what_packs_or_encrypts_a_track_is_seen() {
        let found = |track, encrypted| Encoded { track, encrypted };
        let expected = [found(2, false), found(3, false), found(4, true)];
        let file = recording();
        assert_eq!(Encoded::tracks(&mut io::Cursor::new(&file), 0), expected);
        let behind = [&[9; 77][..], &file].concat();
        assert_eq!(Encoded::tracks(&mut io::Cursor::new(&behind), 77), expected);
        for length in 0..file.len() {
            let part = Encoded::tracks(&mut io::Cursor::new(&file[..length]), 0);
            assert!(part.len() <= expected.len(), "{length}");
        }
    }

    #[test]
    fn no_more_of_a_stream_is_waited_for_than_its_tracks() {
        let file = recording();
        let sound = file.windows(4).position(|name| name == b"\x1f\x43\xb6\x75").unwrap();
        let mut start = file[..305].to_vec();
        read_tracks(&mut start, &mut &file[305..]).unwrap();
        assert_eq!(start, file[..sound]);
        assert_eq!(Encoded::tracks(&mut io::Cursor::new(&start), 0).len(), 3);
        for cut in [4, 20, 305, 5_100] {
            let mut start = file[..4].to_vec();
            read_tracks(&mut start, &mut &file[4..cut]).unwrap();
            assert_eq!(start, file[..cut]);
        }
        let mut other = b"OggS".to_vec();
        read_tracks(&mut other, &mut &file[..]).unwrap();
        assert_eq!(other, b"OggS");
    }
}
