//! What a file carries beside its samples, from one file into the next.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

mod aiff;
mod flac;
mod remap;

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
    /// The fields of comments that stood in no chunk, in order: key and text.
    pub comments: Vec<(String, String)>,
    /// Pictures that stood in no chunk.
    pub pictures: Vec<Picture>,
}

/// A picture, as FLAC and ID3 keep them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// What it shows: 3 is the front cover.
    pub kind: u32,
    /// Its media type.
    pub media_type: String,
    /// What it shows, in words.
    pub description: String,
    /// Width in pixels, 0 if not told.
    pub width: u32,
    /// Height in pixels, 0 if not told.
    pub height: u32,
    /// Bits per pixel, 0 if not told.
    pub color_depth: u32,
    /// The picture itself.
    pub data: Vec<u8>,
}

impl Picture {
    /// The kind that players show.
    pub const FRONT_COVER: u32 = 3;
}

impl Metadata {
    /// What a file carries beside its samples: chunks of WAVE, RF64, W64 and AIFF; comments, pictures and foreign chunks of
    /// FLAC; the texts and pictures of any other.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> Result<Self, RenderError> {
        let in_file = |source| RenderError::Metadata { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(in_file)?;
        let file_bytes = file.metadata().map_err(in_file)?.len();
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start).map_err(in_file)?;
        match &start[..] {
            b"fLaC" => return Self::read_flac(BufReader::new(file)).map_err(in_file),
            b"FORM" => return Self::read_aiff(BufReader::new(file)).map_err(in_file),
            b"RIFF" | b"RF64" | b"BW64" | b"riff" => {}
            // Numbers in its chunks are written the other way round.
            b"RIFX" => return Ok(Self::default()),
            _ => return Ok(Self::of_tags(path)),
        }
        file.rewind().map_err(in_file)?;
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
            // W64 writes this name small.
            let id = if &id == b"list" { *b"LIST" } else { id };
            let chunk = Chunk { id, bytes: chunks.content(length)? };
            if seen_data { metadata.after.push(chunk) } else { metadata.before.push(chunk) }
        }
        Ok(metadata)
    }

    /// Whether there is nothing to carry over.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty()
            && self.after.is_empty()
            && self.comments.is_empty()
            && self.pictures.is_empty()
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

/// Where a file ends early there is nothing more to find.
fn none_at_end<T>(found: std::io::Result<Option<T>>) -> std::io::Result<Option<T>> {
    match found {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}
