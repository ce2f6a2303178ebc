//! What a file carries beside its samples, from one file into the next.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

mod aiff;
mod comments;
pub(super) mod cue_sheet;
mod encoding;
mod flac;
mod id3;
mod ixml;
mod layout;
mod ogg;
pub(super) mod points;
mod remap;
mod rifx;
mod xmp;

pub use remap::Remapped;

use super::RenderError;
use crate::audio::riff::{Chunks, Head, is_name};
use crate::audio::tag_in_front;

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

/// How another file begins that was joined to this one.
const JOINED: [&[u8; 4]; 6] = [b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff", b"FORM"];

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
    /// The speaker positions as an extensible format of WAVE has them, 0 when none are known.
    pub channel_mask: u32,
    /// Names of chunks that stay behind: too large, or of a form that cannot be carried over.
    pub dropped: Vec<String>,
    /// The fields of comments that stood in no chunk, in order: key and text.
    pub comments: Vec<(String, String)>,
    /// Pictures that stood in no chunk.
    pub pictures: Vec<Picture>,
    /// The cue sheet of FLAC, as its block holds it.
    pub cue_sheet: Option<Vec<u8>>,
    /// Blocks of FLAC that belong to applications: name and content.
    pub applications: Vec<([u8; 4], Vec<u8>)>,
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
    /// What a file carries beside its samples: chunks of WAVE, RIFX, RF64, W64 and AIFF; comments, pictures, cue sheet and
    /// foreign chunks of FLAC; comments and pictures of Ogg; the texts and pictures of any other. A tag in front of one of
    /// these is its own where it has none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> Result<Self, RenderError> {
        Self::read_file(path).map_err(|source| RenderError::Metadata { path: path.to_owned(), source })
    }

    fn read_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let front = tag_in_front(&mut file)?;
        let tag = if (1..=MAX_CHUNK_BYTES).contains(&front) {
            file.rewind()?;
            let mut tag = Vec::new();
            file.by_ref().take(front).read_to_end(&mut tag)?;
            tag
        } else {
            Vec::new()
        };
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(front))?;
        file.by_ref().take(4).read_to_end(&mut start)?;
        let mut metadata = match &start[..] {
            b"fLaC" => Self::read_flac(BufReader::new(file))?,
            b"FORM" => Self::read_aiff(BufReader::new(file))?,
            b"OggS" => {
                file.seek(SeekFrom::Start(front))?;
                let tags = Self::of_tags(path);
                match Self::read_ogg(BufReader::new(file))? {
                    Some(mut ogg) => {
                        if ogg.pictures.is_empty() {
                            ogg.pictures = tags.pictures;
                        }
                        ogg
                    }
                    None => tags,
                }
            }
            b"RIFF" | b"RIFX" | b"RF64" | b"BW64" | b"riff" => {
                file.seek(SeekFrom::Start(front))?;
                Self::read_chunks(BufReader::new(file), file_bytes.saturating_sub(front))?
            }
            _ => return Ok(Self::of_tags(path)),
        };
        let has_tag = metadata.chunks().any(|chunk| chunk.id.eq_ignore_ascii_case(b"id3 "));
        if tag.starts_with(b"ID3") && metadata.comments.is_empty() && !has_tag {
            metadata.after.push(Chunk { id: *b"id3 ", bytes: tag });
        }
        Ok(metadata)
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.before.iter().chain(&self.after)
    }

    /// Comments and pictures in the ID3 tags of chunks.
    pub(super) fn of_id3(&self) -> (Vec<(String, String)>, Vec<Picture>) {
        let (mut comments, mut pictures) = (Vec::new(), Vec::new());
        for chunk in self.chunks().filter(|chunk| chunk.id.eq_ignore_ascii_case(b"id3 ")) {
            let found = id3::read(&chunk.bytes);
            comments.extend(found.0);
            pictures.extend(found.1);
        }
        (comments, pictures)
    }

    fn read_chunks(file: BufReader<File>, file_bytes: u64) -> io::Result<Self> {
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
            // Behind samples whose stated length is wrong lie more samples, and behind a file that another was joined to lies
            // that one, sound and all.
            if seen_data && (!is_name(id) || JOINED.contains(&&id)) {
                break;
            }
            let length = bytes.unwrap_or(u64::MAX).min(file_bytes.saturating_sub(start));
            if &id == b"fmt " {
                let format = chunks.content(EXTENSIBLE_FORMAT_BYTES)?;
                let mask = format.get(20..24).and_then(<[u8]>::first_chunk).copied();
                if let ([0xfe, 0xff, ..], Some(mask)) = (&format[..], mask) {
                    metadata.channel_mask = u32::from_le_bytes(mask);
                } else if let ([0xff, 0xfe, ..], Some(mask)) = (&format[..], mask) {
                    metadata.channel_mask = u32::from_be_bytes(mask);
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
            let mut bytes = chunks.content(length)?;
            if chunks.is_big_endian() {
                let Some(turned) = rifx::as_riff(id, bytes) else {
                    metadata.dropped.push(String::from_utf8_lossy(&id).into_owned());
                    continue;
                };
                bytes = turned;
            }
            let chunk = Chunk { id, bytes };
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
            && self.cue_sheet.is_none()
            && self.applications.is_empty()
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

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
