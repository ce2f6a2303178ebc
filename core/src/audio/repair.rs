//! Sizes in containers that are zero, unknown, wrapped or too large, as the file itself shows them.
//!
//! Recorders that lost power and programs that write into a pipe leave them. A demuxer that believes them finds nothing, so
//! it is shown a [`View`] in which they are right.
//!
//! [`View`]: super::view::View

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::view::Patch;

/// What Matroska begins with.
pub(super) const EBML: [u8; 4] = *b"\x1a\x45\xdf\xa3";
/// Boxes, chunks or pages that are looked at.
const MAX_PARTS: u32 = 10_000;
/// Bytes that are searched at a time.
const BLOCK_BYTES: usize = 1 << 16;
/// Bytes at the end of an Ogg file in which its last page begins.
const LAST_PAGES_BYTES: u64 = 1 << 17;

/// What is to be shown in place of a file, and whether its end is missing, where that is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) patches: Vec<Patch>,
    pub(super) end: Option<u64>,
    pub(super) cut_off: Option<bool>,
    /// Time to be dropped at the end of the sound, ns.
    pub(super) discard_ns: u64,
    /// Where another recording begins.
    pub(super) next: Option<u64>,
}

impl Repair {
    /// What `file`, whose first bytes are `start`, needs. Leaves the file anywhere.
    pub(super) fn of(file: &mut File, start: &[u8]) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let found = if start.get(4..8) == Some(b"ftyp") {
            mp4(file, length)
        } else if start.starts_with(&EBML) {
            matroska(file, 0, length)
        } else if start.starts_with(b"caff") {
            caf(file, length)
        } else if start.starts_with(b"OggS") {
            ogg(file, length)
        } else {
            Ok(Self::default())
        };
        Self::settled(found)
    }

    /// The same of a recording in Matroska that begins there.
    pub(super) fn of_segment(file: &mut File, at: u64) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Self::settled(matroska(file, at, length))
    }

    fn settled(found: io::Result<Self>) -> io::Result<Self> {
        match found {
            // A file that ends within a header has nothing to repair.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Self::default()),
            other => other,
        }
    }
}

fn read<const N: usize>(file: &mut (impl Read + Seek), at: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn is_box_name(name: [u8; 4]) -> bool {
    name.iter().all(|b| b.is_ascii_alphanumeric() || b" -_\xa9".contains(b))
}

/// The box of samples lasts until the index, or until the end of the file.
fn mp4(file: &mut File, length: u64) -> io::Result<Repair> {
    let mut at = 0;
    let mut samples = None;
    let (mut indexed, mut index_follows) = (false, false);
    for _ in 0..MAX_PARTS {
        if at + 8 > length {
            break;
        }
        let [a, b, c, d, name @ ..] = read::<8>(file, at)?;
        let small = u64::from(u32::from_be_bytes([a, b, c, d]));
        let (header, size) = match small {
            1 => (16, u64::from_be_bytes(read(file, at + 8)?)),
            size => (8, size),
        };
        let sound =
            is_box_name(name) && size >= header && at.checked_add(size).is_some_and(|end| end <= length);
        if name == *b"mdat" {
            samples = Some((at, header));
            index_follows = false;
        }
        if !sound && index_follows {
            // All is there; what follows is no box.
            return Ok(Repair { end: Some(at), ..Repair::default() });
        }
        if !sound {
            let Some((start, header)) = samples else { break };
            let index = if indexed { None } else { find_index(file, start + header, length)? };
            let size = index.unwrap_or(length) - start;
            let bytes = if header == 16 {
                size.to_be_bytes().to_vec()
            } else {
                u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes().to_vec()
            };
            let offset = start + if header == 16 { 8 } else { 0 };
            return Ok(Repair { patches: vec![Patch { offset, bytes }], ..Repair::default() });
        }
        let index = &name == b"moov" || &name == b"moof";
        indexed |= index;
        index_follows |= index && samples.is_some();
        at += size;
    }
    Ok(Repair::default())
}

/// Where a `moov` box begins that holds an `mvhd` and ends within the file.
fn find_index(file: &mut File, from: u64, length: u64) -> io::Result<Option<u64>> {
    const HEAD_BYTES: usize = 16;
    file.seek(SeekFrom::Start(from))?;
    let mut window: Vec<u8> = Vec::new();
    let mut at = from;
    loop {
        let known = window.len();
        file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut window)?;
        if window.len() == known {
            return Ok(None);
        }
        let found = window.windows(HEAD_BYTES).position(|head| {
            head[4..8] == *b"moov" && head[12..16] == *b"mvhd" && {
                let size = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
                size > 16 && size <= length
            }
        });
        if let Some(found) = found {
            return Ok(Some(at + found as u64));
        }
        let passed = window.len().saturating_sub(HEAD_BYTES - 1);
        window.drain(..passed);
        at += passed as u64;
    }
}

/// The size of a segment, and where it stands.
struct Segment {
    size: Option<u64>,
    at: u64,
    width: u64,
    marker: u8,
}

impl Segment {
    /// That of the recording that begins `from` there.
    fn find(input: &mut (impl Read + Seek), from: u64) -> io::Result<Option<Self>> {
        let (header_bytes, _, header) = ebml_size(input, from + 4)?;
        let at = (from + 4 + header_bytes).saturating_add(header.unwrap_or(0));
        if read::<4>(input, at)? != *b"\x18\x53\x80\x67" {
            return Ok(None);
        }
        let (width, marker, size) = ebml_size(input, at + 4)?;
        Ok(Some(Self { size, at: at + 4, width, marker }))
    }
}

/// Where the segment ends that an input begins with, if that is told in these first bytes.
pub(super) fn segment_end(start: &[u8]) -> Option<u64> {
    let segment =
        Segment::find(&mut io::Cursor::new(start), 0).ok().flatten().filter(|_| start.starts_with(&EBML))?;
    (segment.at + segment.width).checked_add(segment.size?)
}

/// The segment lasts until the end of the file, or until the next recording.
fn matroska(file: &mut File, from: u64, length: u64) -> io::Result<Repair> {
    let Some(Segment { size, at, width, marker }) = Segment::find(file, from)? else {
        return Ok(Repair::default());
    };
    let start = at + width;
    let there = length.saturating_sub(start);
    let cut_off = size.is_some_and(|size| size > there);
    let end = size.map_or(length, |size| (start + size).min(length));
    let discard_ns = discard_padding(file, end)?;
    if size.is_some_and(|size| size <= there) {
        let next = read::<4>(file, end).is_ok_and(|id| id == EBML).then_some(end);
        return Ok(Repair { end: Some(end), discard_ns, next, ..Repair::default() });
    }
    let mut patches = if cut_off { shortened(file, start, length)? } else { Vec::new() };
    patches.extend(sized(at, width, marker, there));
    Ok(Repair { patches, cut_off: Some(cut_off), discard_ns, ..Repair::default() })
}

/// In a file that is cut off, the table that leads to parts behind its end becomes a void, and the part in which it ends
/// lasts until there.
fn shortened(file: &mut File, mut at: u64, length: u64) -> io::Result<Vec<Patch>> {
    const SEEK_HEAD: [u8; 4] = *b"\x11\x4d\x9b\x74";
    const VOID_HEAD_BYTES: u64 = 9;
    let mut patches = Vec::new();
    for _ in 0..MAX_PARTS {
        if at + 16 > length {
            break;
        }
        let id: [u8; 4] = read(file, at)?;
        let id_bytes = u64::from(id[0].leading_zeros()) + 1;
        let (width, marker, Some(size)) = ebml_size(file, at + id_bytes)? else { break };
        let head_bytes = id_bytes + width;
        let Some(end) = at.checked_add(head_bytes + size).filter(|&end| end <= length) else {
            patches.extend(sized(at + id_bytes, width, marker, length - at - head_bytes));
            break;
        };
        if id == SEEK_HEAD && end - at >= VOID_HEAD_BYTES {
            let mut bytes = b"\xec\x01".to_vec();
            bytes.extend(&(end - at - VOID_HEAD_BYTES).to_be_bytes()[1..]);
            patches.push(Patch { offset: at, bytes });
        }
        at = end;
    }
    Ok(patches)
}

/// A size in as many bytes as it had; nothing if it does not fit.
fn sized(offset: u64, width: u64, marker: u8, size: u64) -> Option<Patch> {
    if size >> (7 * width) != 0 {
        return None;
    }
    let mut bytes = size.to_be_bytes()[8 - usize::try_from(width).ok()?..].to_vec();
    bytes[0] |= marker;
    Some(Patch { offset, bytes })
}

/// Whether an input begins with a segment that lasts as long as it comes.
pub(super) fn is_endless_matroska(start: &[u8]) -> bool {
    let Some(segment) = start.windows(4).position(|id| id == b"\x18\x53\x80\x67") else { return false };
    let size = &start[segment + 4..];
    start.starts_with(&EBML)
        && (size.starts_with(b"\xff") || size.starts_with(b"\x01\xff\xff\xff\xff\xff\xff\xff"))
}

/// What the last block says is to be dropped at its end, ns (`DiscardPadding`).
fn discard_padding(file: &mut File, end: u64) -> io::Result<u64> {
    let from = end.saturating_sub(LAST_PAGES_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.by_ref().take(end - from).read_to_end(&mut tail)?;
    Ok(discard_in(&tail))
}

/// The same of the last bytes of a segment.
pub(super) fn discard_in(tail: &[u8]) -> u64 {
    const MAX_NS: u64 = 1_000_000_000;
    /// Places where its name is looked at, which may stand there by chance.
    const MAX_PLACES: usize = 16;
    let places = (0..tail.len().saturating_sub(4)).rev();
    let named = |&at: &usize| matches!(tail[at..], [0x75, 0xa2, 0x81..=0x88, ..]);
    for at in places.filter(named).take(MAX_PLACES) {
        let width = usize::from(tail[at + 2] & 0x0f);
        let Some(value) = tail.get(at + 3..at + 3 + width) else { continue };
        let ns = value.iter().fold(0, |all, &byte| all << 8 | u64::from(byte));
        // It is a part of a group of one block, behind which others may stand (`BlockDuration`).
        let in_group = (0..at).rev().filter(|&start| tail[start] == 0xa0).any(|start| {
            let end = element_end(&tail[start + 1..]).map(|end| start + 1 + end);
            let behind = end.and_then(|end| tail.get(at + 3 + width..end));
            behind.is_some_and(is_elements)
        });
        if in_group && ns < MAX_NS {
            return ns;
        }
    }
    0
}

/// Where an element ends whose size these bytes begin with.
fn element_end(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.first()?;
    let width = usize::try_from(first.leading_zeros()).ok()? + 1;
    let rest = bytes.get(1..width).filter(|_| width <= 4)?;
    let start = usize::from(first) & ((1 << (8 - width)) - 1);
    let size = rest.iter().fold(start, |all, &byte| all << 8 | usize::from(byte));
    Some(width + size)
}

/// Whether these bytes are whole elements and nothing else.
fn is_elements(mut bytes: &[u8]) -> bool {
    while let Some(&first) = bytes.first() {
        let name_bytes = usize::try_from(first.leading_zeros()).unwrap_or(0) + 1;
        let content = bytes.get(name_bytes..).filter(|_| name_bytes <= 4);
        let next = content.and_then(|rest| rest.get(element_end(rest)?..));
        let Some(next) = next else { return false };
        bytes = next;
    }
    true
}

/// A size in EBML: its width in bytes, the bit that says so, and its value if it is known.
pub(super) fn ebml_size(file: &mut (impl Read + Seek), at: u64) -> io::Result<(u64, u8, Option<u64>)> {
    let [first] = read(file, at)?;
    let zeros = first.leading_zeros();
    if zeros > 7 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let marker = 0x80 >> zeros;
    let mut value = u64::from(first & (marker - 1));
    let mut ones = first & (marker - 1) == marker - 1;
    for k in 0..u64::from(zeros) {
        let [byte] = read(file, at + 1 + k)?;
        value = value << 8 | u64::from(byte);
        ones &= byte == 0xff;
    }
    Ok((u64::from(zeros) + 1, marker, (!ones).then_some(value)))
}

/// Samples of unknown length last until the end; what is no chunk is not there.
fn caf(file: &mut File, length: u64) -> io::Result<Repair> {
    let mut repair = Repair::default();
    let mut at = 8;
    for _ in 0..MAX_PARTS {
        if at + 12 > length {
            break;
        }
        let name: [u8; 4] = read(file, at)?;
        let size = u64::try_from(i64::from_be_bytes(read(file, at + 4)?)).ok();
        let end = size.and_then(|size| (at + 12).checked_add(size)).filter(|&end| end <= length);
        let known = name.iter().all(|b| (b' '..=b'~').contains(b));
        match end {
            Some(end) if known && (&name != b"data" || size >= Some(4)) => at = end,
            _ if &name == b"data" => {
                let bytes = (length - at - 12).to_be_bytes().to_vec();
                repair.cut_off = Some(size.is_some_and(|size| size > 4));
                repair.patches.push(Patch { offset: at + 4, bytes });
                return Ok(repair);
            }
            _ => {
                repair.end = Some(at);
                return Ok(repair);
            }
        }
    }
    repair.end = Some(at.min(length));
    Ok(repair)
}

/// A stream whose last page is whole has its end, whatever that page says of it.
fn ogg(file: &mut File, length: u64) -> io::Result<Repair> {
    let from = length.saturating_sub(LAST_PAGES_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(LAST_PAGES_BYTES).read_to_end(&mut tail)?;
    let Some(last) = tail.windows(5).rposition(|bytes| bytes == b"OggS\0") else {
        return Ok(Repair::default());
    };
    let page = &tail[last..];
    let bytes = page.get(26).and_then(|&segments| {
        let table = page.get(27..27 + usize::from(segments))?;
        Some(27 + table.len() + table.iter().map(|&n| usize::from(n)).sum::<usize>())
    });
    let whole = bytes.is_some_and(|bytes| bytes <= page.len());
    Ok(Repair { cut_off: Some(!whole), ..Repair::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_may_have_a_duration_behind_it_and_is_in_a_group() {
        let block: &[u8] = b"\xa1\x86\x81\0\0\0ab";
        let padding: &[u8] = b"\x75\xa2\x83\x0f\x42\x40";
        let group = |parts: &[&[u8]]| {
            let content = parts.concat();
            let size = u8::try_from(content.len()).unwrap();
            [&[0xa0, 0x80 | size][..], &content, b"\x1c\x53\xbb\x6b\x81\0"].concat()
        };
        let duration: &[u8] = b"\x9b\x81\x14";
        for parts in [&[block, padding][..], &[block, duration, padding], &[block, padding, duration]] {
            assert_eq!(discard_in(&group(parts)), 1_000_000, "{parts:?}");
        }
        // By chance, in the sound or outside of any group.
        assert_eq!(discard_in(&group(&[block, padding, b"\x9b\x84\x14"])), 0);
        assert_eq!(discard_in(&[&group(&[block]), padding].concat()), 0);
    }
}
