//! What a FLAC file carries: comments, pictures, and the chunks of the WAVE file that it was made of.

use std::io::{self, ErrorKind, Read};

use super::{Chunk, MAX_CHUNK_BYTES, MAX_TOTAL_BYTES, Metadata, NOT_CARRIED, Picture};
use crate::render::tags::Cursor;

/// Kinds of blocks.
const APPLICATION: u8 = 2;
const COMMENTS: u8 = 4;
const PICTURE: u8 = 6;

impl Metadata {
    /// The blocks behind the marker `fLaC`, which was read.
    pub(super) fn read_flac(mut file: impl Read) -> io::Result<Self> {
        let mut metadata = Self::default();
        let mut total = 0;
        let mut seen_data = false;
        loop {
            let mut head = [0; 4];
            match file.read_exact(&mut head) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(metadata),
                other => other?,
            }
            let [kind, a, b, c] = head;
            let length = u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c);
            let wanted = [APPLICATION, COMMENTS, PICTURE].contains(&(kind & 0x7f));
            let fits = length <= MAX_CHUNK_BYTES && total + length <= MAX_TOTAL_BYTES;
            if wanted && fits {
                let mut content = Vec::new();
                file.by_ref().take(length).read_to_end(&mut content)?;
                total += length;
                metadata.take_block(kind & 0x7f, &content, &mut seen_data);
            } else {
                io::copy(&mut file.by_ref().take(length), &mut io::sink())?;
            }
            if kind & 0x80 != 0 {
                return Ok(metadata);
            }
        }
    }

    fn take_block(&mut self, kind: u8, content: &[u8], seen_data: &mut bool) {
        match kind {
            COMMENTS => self.comments.extend(comments(content).unwrap_or_default()),
            PICTURE => self.pictures.extend(picture(content)),
            _ => {
                let Some((id, bytes)) = foreign_chunk(content) else { return };
                if &id == b"data" {
                    *seen_data = true;
                } else if !NOT_CARRIED.contains(&&id) {
                    let chunk = Chunk { id, bytes };
                    if *seen_data { self.after.push(chunk) } else { self.before.push(chunk) }
                }
            }
        }
    }
}

/// A chunk as `flac --keep-foreign-metadata` stores it; of the samples only the head is there.
fn foreign_chunk(content: &[u8]) -> Option<([u8; 4], Vec<u8>)> {
    let chunk = content.strip_prefix(b"riff")?;
    let (id, rest) = chunk.split_first_chunk::<4>()?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    // The whole file's head is no chunk.
    let bytes = if id == b"RIFF" { return None } else { rest.get(..size.min(rest.len()))? };
    Some((*id, bytes.to_vec()))
}

/// The fields of a Vorbis comment block, in order.
fn comments(content: &[u8]) -> Option<Vec<(String, String)>> {
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
