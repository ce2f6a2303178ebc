//! What a WAVE file carries beside its samples, from one file into the next.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::RenderError;
use crate::audio::riff::{Chunks, Head, is_name};

/// The largest chunk that is carried over, bytes; larger ones are named in [`Metadata::dropped`].
const MAX_CHUNK_BYTES: u64 = 16 << 20;
/// The most that is carried over in all, bytes.
const MAX_TOTAL_BYTES: u64 = 64 << 20;
/// Bytes of the extensible form of `fmt `.
const EXTENSIBLE_FORMAT_BYTES: u64 = 40;
/// Chunks that describe the samples as they were stored, or padding: the writer makes its own, or they are no
/// longer true (`PEAK`, `levl` and `MD5 ` are about the old samples).
const NOT_CARRIED: [&[u8; 4]; 13] = [
    b"fmt ", b"fact", b"data", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr", b"PEAK", b"levl",
    b"MD5 ", b"slnt",
];

/// One chunk, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Four characters.
    pub id: [u8; 4],
    /// Content without padding.
    pub bytes: Vec<u8>,
}

/// The chunks of a WAVE file that are carried over: `bext`, `iXML`, `cue `, `LIST` (`INFO`, `adtl`), `axml`,
/// `id3 `, `smpl` and whatever else it has, verbatim and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Chunks that stood before the samples.
    pub before: Vec<Chunk>,
    /// Chunks that stood after them.
    pub after: Vec<Chunk>,
    /// The speaker positions of an extensible format, 0 when none are stated.
    pub channel_mask: u32,
    /// Names of chunks that were too large to carry over.
    pub dropped: Vec<String>,
}

impl Metadata {
    /// The metadata of a WAVE or RF64 file; empty for any other file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> Result<Self, RenderError> {
        let in_file = |source| RenderError::Metadata { path: path.to_owned(), source };
        let file = File::open(path).map_err(in_file)?;
        let file_bytes = file.metadata().map_err(in_file)?.len();
        Self::read_chunks(BufReader::new(file), file_bytes).map_err(in_file)
    }

    fn read_chunks(file: BufReader<File>, file_bytes: u64) -> std::io::Result<Self> {
        let mut metadata = Self::default();
        // A file that is too short for a header is no WAVE file.
        let Some(mut chunks) = none_at_end(Chunks::begin(file, Some(file_bytes)))? else {
            return Ok(metadata);
        };
        let mut total = 0;
        let mut seen_data = false;
        // A truncated file has the chunks that are there.
        while let Some(Head { id, start, bytes }) = none_at_end(chunks.next())? {
            if &id == b"data" {
                seen_data = true;
                continue;
            }
            // Behind samples whose stated length is wrong lie more samples.
            if seen_data && !is_name(id) {
                break;
            }
            let length = bytes.unwrap_or(u64::MAX).min(file_bytes.saturating_sub(start));
            if &id == b"fmt " {
                let format = chunks.content(EXTENSIBLE_FORMAT_BYTES)?;
                if let ([0xfe, 0xff, ..], Some(mask)) = (&format[..], format.get(20..24)) {
                    metadata.channel_mask = u32::from_le_bytes([mask[0], mask[1], mask[2], mask[3]]);
                }
            }
            if NOT_CARRIED.contains(&&id) {
                continue;
            }
            if length > MAX_CHUNK_BYTES || total + length > MAX_TOTAL_BYTES {
                metadata.dropped.push(String::from_utf8_lossy(&id).into_owned());
                continue;
            }
            total += length;
            let chunk = Chunk { id, bytes: chunks.content(length)? };
            if seen_data { metadata.after.push(chunk) } else { metadata.before.push(chunk) }
        }
        Ok(metadata)
    }

    /// Whether there is nothing to carry over.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Takes out what a changed sound makes untrue: the loudness figures of `bext` (version 2) become "not
    /// measured".
    pub fn invalidate_loudness(&mut self) {
        for bext in self.chunks_mut(*b"bext") {
            let version = bext
                .bytes
                .get(bext_field::VERSION..bext_field::VERSION + 2)
                .map(|v| u16::from_le_bytes([v[0], v[1]]));
            if version >= Some(2)
                && let Some(figures) = bext.bytes.get_mut(bext_field::LOUDNESS..bext_field::LOUDNESS + 10)
            {
                figures.as_chunks_mut::<2>().0.fill(0x7fff_u16.to_le_bytes());
            }
        }
    }

    /// Moves what points at samples to where they went: cue points go through `position` (a point for which
    /// it gives nothing is removed), and the `bext` time reference moves by `start`, the source position of
    /// the first output sample. Sampler loops (`smpl`) are dropped.
    pub fn remap(&mut self, start: u64, position: impl Fn(u64) -> Option<u64>) {
        for bext in self.chunks_mut(*b"bext") {
            let field = bext_field::TIME_REFERENCE..bext_field::TIME_REFERENCE + 8;
            if let Some(reference) = bext.bytes.get_mut(field).and_then(|bytes| bytes.first_chunk_mut::<8>())
            {
                *reference = u64::from_le_bytes(*reference).saturating_add(start).to_le_bytes();
            }
        }
        for cue in self.chunks_mut(*b"cue ") {
            cue.bytes = remap_cues(&cue.bytes, &position);
        }
        self.before.retain(|chunk| &chunk.id != b"smpl");
        self.after.retain(|chunk| &chunk.id != b"smpl");
    }

    /// The `INFO` texts, as (four-character key, text).
    pub fn info(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        let lists = self
            .before
            .iter()
            .chain(&self.after)
            .filter(|c| &c.id == b"LIST" && c.bytes.starts_with(b"INFO"));
        for list in lists {
            let mut rest = &list.bytes[4..];
            while let Some((head, tail)) = rest.split_first_chunk::<8>() {
                let len = usize::try_from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]))
                    .unwrap_or(usize::MAX);
                let len = len.min(tail.len());
                let text = String::from_utf8_lossy(&tail[..len]);
                let text = text.trim_end_matches('\0').trim();
                if !text.is_empty() {
                    texts.push((String::from_utf8_lossy(&head[..4]).into_owned(), text.to_owned()));
                }
                rest = tail.get(len + len % 2..).unwrap_or(&[]);
            }
        }
        texts
    }

    fn chunks_mut(&mut self, id: [u8; 4]) -> impl Iterator<Item = &mut Chunk> {
        self.before.iter_mut().chain(&mut self.after).filter(move |chunk| chunk.id == id)
    }
}

/// Offsets inside a `bext` chunk (EBU Tech 3285).
mod bext_field {
    pub(super) const TIME_REFERENCE: usize = 338;
    pub(super) const VERSION: usize = 346;
    pub(super) const LOUDNESS: usize = 412;
}

/// Where a file ends early there is nothing more to find.
fn none_at_end<T>(found: std::io::Result<Option<T>>) -> std::io::Result<Option<T>> {
    match found {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}

/// Each cue point has 24 bytes: identifier, position, chunk, chunk start, block start, sample offset.
fn remap_cues(bytes: &[u8], position: impl Fn(u64) -> Option<u64>) -> Vec<u8> {
    let points = bytes.get(4..).unwrap_or(&[]);
    let mut kept = Vec::new();
    for point in points.as_chunks::<24>().0 {
        let offset = u32::from_le_bytes([point[20], point[21], point[22], point[23]]);
        let Some(moved) = position(u64::from(offset)).and_then(|moved| u32::try_from(moved).ok()) else {
            continue;
        };
        let mut point = *point;
        point[4..8].copy_from_slice(&moved.to_le_bytes());
        point[20..24].copy_from_slice(&moved.to_le_bytes());
        kept.push(point);
    }
    let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    [&count.to_le_bytes()[..], kept.as_flattened()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(offsets: &[u32]) -> Vec<u8> {
        let mut bytes = u32::try_from(offsets.len()).expect("few").to_le_bytes().to_vec();
        for (id, offset) in (1_u32..).zip(offsets) {
            bytes.extend(id.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            bytes.extend(*b"data");
            bytes.extend([0; 8]);
            bytes.extend(offset.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn cue_points_move_with_their_samples() {
        let mut bext = vec![0; 602];
        bext[338..346].copy_from_slice(&48_000_u64.to_le_bytes());
        bext[346] = 2;
        let chunk = |id: &[u8; 4], bytes| Chunk { id: *id, bytes };
        let mut metadata = Metadata {
            before: vec![chunk(b"bext", bext), chunk(b"smpl", vec![0; 36])],
            after: vec![chunk(b"cue ", cue(&[5, 100, 250]))],
            ..Metadata::default()
        };
        metadata.remap(10, |old| (old >= 100).then(|| old - 90));
        metadata.invalidate_loudness();
        assert_eq!(metadata.before.len(), 1);
        let bext = &metadata.before[0].bytes;
        assert_eq!(bext[338..346], 48_010_u64.to_le_bytes());
        assert_eq!(bext[412..422], [0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f]);
        let mut expected = cue(&[10, 160]);
        expected[4] = 2;
        expected[28] = 3;
        assert_eq!(metadata.after[0].bytes, expected);
    }

    #[test]
    fn hostile_chunks_do_no_harm() {
        let chunk = |id: &[u8; 4], bytes: &[u8]| Chunk { id: *id, bytes: bytes.to_vec() };
        let mut metadata = Metadata {
            before: vec![
                chunk(b"bext", b"short"),
                chunk(b"cue ", &[255; 30]),
                chunk(b"LIST", b"INFOISFT\xff\xff\xff\xffab"),
            ],
            ..Metadata::default()
        };
        metadata.remap(u64::MAX, Some);
        metadata.invalidate_loudness();
        assert_eq!(metadata.info(), [("ISFT".to_owned(), "ab".to_owned())]);
    }
}
