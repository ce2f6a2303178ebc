//! What a FLAC file carries: comments, pictures, a cue sheet, blocks of applications, and the chunks of the file that it was
//! made of.

use std::io::{self, ErrorKind, Read};

use super::aiff::AiffChunks;
use super::layout::flac_channels;
use super::{Chunk, MAX_CHUNK_BYTES, MAX_TOTAL_BYTES, Metadata, NOT_CARRIED, Picture, cue_sheet};
use crate::render::tags::Cursor;

/// A chunk's own head in W64.
const W64_HEAD_BYTES: u64 = 24;
/// Kinds of blocks.
pub(super) const FORMAT: u8 = 0;
const APPLICATION: u8 = 2;
pub(super) const COMMENTS: u8 = 4;
const CUE_SHEET: u8 = 5;
const PICTURE: u8 = 6;

impl Metadata {
    /// The blocks behind the marker `fLaC`, which was read.
    pub(super) fn read_flac(mut file: impl Read) -> io::Result<Self> {
        let mut blocks = Blocks::default();
        let mut total = 0;
        loop {
            let mut head = [0; 4];
            match file.read_exact(&mut head) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(blocks.finish()),
                other => other?,
            }
            let [kind, a, b, c] = head;
            let length = u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c);
            let wanted = [FORMAT, APPLICATION, COMMENTS, CUE_SHEET, PICTURE].contains(&(kind & 0x7f));
            let fits = length <= MAX_CHUNK_BYTES && total + length <= MAX_TOTAL_BYTES;
            if wanted && fits {
                let mut content = Vec::new();
                file.by_ref().take(length).read_to_end(&mut content)?;
                total += length;
                blocks.take(kind & 0x7f, &content);
            } else {
                io::copy(&mut file.by_ref().take(length), &mut io::sink())?;
            }
            if kind & 0x80 != 0 {
                return Ok(blocks.finish());
            }
        }
    }
}

/// Blocks of metadata, one after the other.
#[derive(Default)]
pub(super) struct Blocks {
    metadata: Metadata,
    channels: Option<u8>,
    /// Whether the head of the samples came by, in the file that this one was made of.
    seen_data: bool,
    /// Chunks of an AIFF file that this one was made of.
    aiff: AiffChunks,
}

impl Blocks {
    pub(super) fn take(&mut self, kind: u8, content: &[u8]) {
        match kind {
            FORMAT => self.channels = flac_channels(content),
            COMMENTS => self.metadata.comments.extend(comments(content).unwrap_or_default()),
            PICTURE => self.metadata.pictures.extend(picture(content)),
            CUE_SHEET if cue_sheet::parse(content).is_some() => {
                self.metadata.cue_sheet = Some(content.to_vec());
            }
            CUE_SHEET => self.metadata.dropped.push("CUESHEET".to_owned()),
            APPLICATION => self.take_application(content),
            _ => {}
        }
    }

    fn take_application(&mut self, content: &[u8]) {
        let Some((id, stored)) = content.split_first_chunk::<4>() else { return };
        let found = match id {
            b"riff" => chunk(stored, |size: &[u8; 4]| u32::from_le_bytes(*size).into()),
            b"aiff" => {
                if let Some((id, bytes)) = chunk(stored, |size: &[u8; 4]| u32::from_be_bytes(*size).into()) {
                    self.aiff.take(id, bytes);
                }
                return;
            }
            // Behind the name in four letters there are twelve bytes that are always the same; sizes count the head.
            b"w64 " => stored.get(..4).zip(stored.get(16..)).and_then(|(id, rest)| {
                chunk(&[id, rest].concat(), |size: &[u8; 8]| {
                    u64::from_le_bytes(*size).saturating_sub(W64_HEAD_BYTES)
                })
            }),
            _ => {
                self.metadata.applications.push((*id, stored.to_vec()));
                return;
            }
        };
        let Some((id, bytes)) = found else { return };
        if &id == b"data" {
            self.seen_data = true;
        } else if !NOT_CARRIED.contains(&&id) {
            let id = if &id == b"list" { *b"LIST" } else { id };
            let chunk = Chunk { id, bytes };
            let metadata = &mut self.metadata;
            if self.seen_data { metadata.after.push(chunk) } else { metadata.before.push(chunk) }
        }
    }

    pub(super) fn finish(mut self) -> Metadata {
        self.aiff.finish(&mut self.metadata);
        if let Some(channels) = self.channels {
            self.metadata.set_flac_mask(channels);
        }
        self.metadata
    }
}

/// A chunk as `flac --keep-foreign-metadata` stores it; of the samples only the head is there.
fn chunk<const SIZE: usize>(
    stored: &[u8],
    length: impl Fn(&[u8; SIZE]) -> u64,
) -> Option<([u8; 4], Vec<u8>)> {
    let (id, rest) = stored.split_first_chunk::<4>()?;
    let (size, rest) = rest.split_first_chunk::<SIZE>()?;
    // The whole file's head is no chunk.
    if [b"RIFF", b"FORM", b"riff"].contains(&id) {
        return None;
    }
    let size = usize::try_from(length(size)).unwrap_or(usize::MAX);
    Some((*id, rest.get(..size.min(rest.len()))?.to_vec()))
}

/// The fields of a Vorbis comment block, in order.
pub(super) fn comments(content: &[u8]) -> Option<Vec<(String, String)>> {
    let mut cursor = Cursor(content);
    let vendor = cursor.le32()?;
    cursor.take(vendor)?;
    let count = cursor.le32()?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let length = cursor.le32()?;
        let text = String::from_utf8_lossy(cursor.take(length)?);
        if let Some((key, value)) = text.split_once('=') {
            fields.push((key.to_owned(), value.to_owned()));
        }
    }
    Some(fields)
}

fn picture(content: &[u8]) -> Option<Picture> {
    let mut cursor = Cursor(content);
    let kind = cursor.be32()?;
    let length = cursor.be32()?;
    let media_type = String::from_utf8_lossy(cursor.take(length)?).into_owned();
    let length = cursor.be32()?;
    let description = String::from_utf8_lossy(cursor.take(length)?).into_owned();
    let (width, height) = (cursor.be32()?, cursor.be32()?);
    let (color_depth, _colors) = (cursor.be32()?, cursor.be32()?);
    let length = cursor.be32()?;
    let data = cursor.take(length)?.to_vec();
    Some(Picture { kind, media_type, description, width, height, color_depth, data })
}
