//! What an AIFF file carries: texts, markers and ID3, as the chunks of WAVE that mean the same.

use std::io::{self, Read};

use super::{Chunk, MAX_CHUNK_BYTES, MAX_TOTAL_BYTES, Metadata};
use crate::render::tags::Cursor;

/// AIFF's names for texts, and those of `INFO`.
const TEXTS: [(&[u8; 4], &[u8; 4]); 4] =
    [(b"NAME", b"INAM"), (b"AUTH", b"IART"), (b"(c) ", b"ICOP"), (b"ANNO", b"ICMT")];
/// Chunks that mean the same in both, under the name that WAVE has for them.
const SHARED: [(&[u8; 4], &[u8; 4]); 4] =
    [(b"ID3 ", b"id3 "), (b"bext", b"bext"), (b"iXML", b"iXML"), (b"axml", b"axml")];

impl Metadata {
    /// The chunks behind `FORM`, which was read.
    pub(super) fn read_aiff(mut file: impl Read) -> io::Result<Self> {
        let mut metadata = Self::default();
        let mut info = b"INFO".to_vec();
        let mut total = 0;
        io::copy(&mut file.by_ref().take(8), &mut io::sink())?;
        loop {
            let mut head = Vec::new();
            file.by_ref().take(8).read_to_end(&mut head)?;
            let Some(&[a, b, c, d, size @ ..]) = head.first_chunk::<8>() else { break };
            let id = [a, b, c, d];
            let length = u64::from(u32::from_be_bytes(size));
            let padded = length + length % 2;
            let text = TEXTS.iter().find(|(name, _)| **name == id).map(|(_, name)| *name);
            let shared = SHARED.iter().find(|(name, _)| **name == id).map(|(_, name)| *name);
            let wanted = text.is_some() || shared.is_some() || &id == b"MARK";
            if !wanted || length > MAX_CHUNK_BYTES || total + length > MAX_TOTAL_BYTES {
                io::copy(&mut file.by_ref().take(padded), &mut io::sink())?;
                continue;
            }
            total += length;
            let mut content = Vec::new();
            file.by_ref().take(padded).read_to_end(&mut content)?;
            content.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            if let Some(name) = text {
                info.extend(sub_chunk(name, &[&content[..], &[0]].concat()));
            } else if let Some(name) = shared {
                metadata.after.push(Chunk { id: *name, bytes: content });
            } else {
                metadata.after.extend(markers(&content));
            }
        }
        if info.len() > 4 {
            metadata.after.push(Chunk { id: *b"LIST", bytes: info });
        }
        Ok(metadata)
    }
}

fn sub_chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes();
    let pad: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [&id[..], &length, content, pad].concat()
}

/// Markers as cue points and their labels.
fn markers(content: &[u8]) -> Vec<Chunk> {
    let mut cursor = Cursor(content);
    let Some(&[high, low]) = cursor.take(2).and_then(<[u8]>::first_chunk) else { return Vec::new() };
    let mut points = Vec::new();
    let mut labels = b"adtl".to_vec();
    let mut count = 0_u32;
    for _ in 0..u16::from_be_bytes([high, low]) {
        let marker = (|| {
            let id = *cursor.take(2)?.first_chunk::<2>()?;
            let position = cursor.be32()?;
            let length = *cursor.take(1)?.first()?;
            let name = cursor.take(length.into())?.to_vec();
            // The name and its length have an even number of bytes together.
            cursor.take(u32::from(length % 2 == 0));
            Some((u32::from(u16::from_be_bytes(id)), position, name))
        })();
        let Some((id, position, name)) = marker else { break };
        count += 1;
        for field in [id, position, u32::from_le_bytes(*b"data"), 0, 0, position] {
            points.extend(field.to_le_bytes());
        }
        if !name.is_empty() {
            labels.extend(sub_chunk(b"labl", &[&id.to_le_bytes()[..], &name, &[0]].concat()));
        }
    }
    if count == 0 {
        return Vec::new();
    }
    let cue = Chunk { id: *b"cue ", bytes: [&count.to_le_bytes()[..], &points].concat() };
    let labels = (labels.len() > 4).then_some(Chunk { id: *b"LIST", bytes: labels });
    std::iter::once(cue).chain(labels).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_markers_get_the_names_of_wave() {
        let mark = b"\0\x02\0\x01\0\0\x10\0\x05Start\0\x02\0\0\x20\0\x04Stop\0";
        let chunk = |id: &[u8; 4], content: &[u8]| {
            let length = u32::try_from(content.len()).unwrap().to_be_bytes();
            [&id[..], &length, content, if content.len() % 2 == 1 { &[0] } else { &[] }].concat()
        };
        let file = [
            &[0, 0, 0, 0][..],
            b"AIFF",
            &chunk(b"NAME", b"Talk"),
            &chunk(b"SSND", &[1; 33]),
            &chunk(b"MARK", mark),
        ]
        .concat();
        let metadata = Metadata::read_aiff(&file[..]).unwrap();
        assert_eq!(metadata.info(), [("INAM".to_owned(), "Talk".to_owned())]);
        let cue = &metadata.after[0];
        assert_eq!((&cue.id, cue.bytes[0], cue.bytes.len()), (b"cue ", 2, 52));
        assert_eq!(cue.bytes[24..28], 0x1000_u32.to_le_bytes());
        assert_eq!(
            metadata.after[1].bytes,
            b"adtllabl\x0a\0\0\0\x01\0\0\0Start\0labl\x09\0\0\0\x02\0\0\0Stop\0\0"
        );
        assert!(Metadata::read_aiff(&b"\0\0\0\0AIFFMARK\0\0\0\x04\xff\xff\0"[..]).unwrap().is_empty());
    }
}
