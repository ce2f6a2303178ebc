//! What an AIFF file carries: texts, markers and ID3, as the chunks of WAVE that mean the same.

use std::io::{self, Read};

use super::points::{CuePoint, cue_chunks, sub_chunk};
use super::{Chunk, JOINED, MAX_CHUNK_BYTES, MAX_TOTAL_BYTES, Metadata};
use crate::audio::riff::is_name;
use crate::render::tags::Cursor;

/// AIFF's names for texts, and those of `INFO`.
const TEXTS: [(&[u8; 4], &[u8; 4]); 4] =
    [(b"NAME", b"INAM"), (b"AUTH", b"IART"), (b"(c) ", b"ICOP"), (b"ANNO", b"ICMT")];
/// Chunks that mean the same in both, under the name that WAVE has for them.
const SHARED: [(&[u8; 4], &[u8; 4]); 7] = [
    (b"ID3 ", b"id3 "),
    (b"id3 ", b"id3 "),
    (b"bext", b"bext"),
    (b"iXML", b"iXML"),
    (b"axml", b"axml"),
    // For one program only, which knows its own.
    (b"APPL", b"APPL"),
    (b"_PMX", b"_PMX"),
];

/// Chunks about the samples as they were stored, or padding.
const NOT_CARRIED: [&[u8; 4]; 8] = [b"COMM", b"SSND", b"FVER", b"CHAN", b"PEAK", b"JUNK", b"FLLR", b"filr"];

impl Metadata {
    /// The chunks behind `FORM`, which was read.
    pub(super) fn read_aiff(mut file: impl Read) -> io::Result<Self> {
        let mut metadata = Self::default();
        let mut chunks = AiffChunks::default();
        let mut total = 0;
        io::copy(&mut file.by_ref().take(8), &mut io::sink())?;
        loop {
            let mut head = Vec::new();
            file.by_ref().take(8).read_to_end(&mut head)?;
            let Some(&[a, b, c, d, size @ ..]) = head.first_chunk::<8>() else { break };
            let id = [a, b, c, d];
            // Another file, sound and all, that was joined to this one.
            if JOINED.contains(&&id) {
                break;
            }
            let length = u64::from(u32::from_be_bytes(size));
            let padded = length + length % 2;
            let fits = length <= MAX_CHUNK_BYTES && total + length <= MAX_TOTAL_BYTES;
            if NOT_CARRIED.contains(&&id) || !fits {
                io::copy(&mut file.by_ref().take(padded), &mut io::sink())?;
                // What is no name is what stands behind a damaged file.
                if !NOT_CARRIED.contains(&&id) && is_name(id) {
                    metadata.dropped.push(String::from_utf8_lossy(&id).into_owned());
                }
                continue;
            }
            total += length;
            let mut content = Vec::new();
            file.by_ref().take(padded).read_to_end(&mut content)?;
            content.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            chunks.take(id, content);
        }
        chunks.finish(&mut metadata);
        Ok(metadata)
    }
}

/// The chunks of an AIFF file, one after the other.
#[derive(Debug, Default)]
pub(super) struct AiffChunks {
    /// Texts as `INFO` has them.
    info: Vec<u8>,
    chunks: Vec<Chunk>,
    markers: Vec<u8>,
    /// Comments on markers, by the markers' numbers.
    notes: Vec<(u16, Vec<u8>)>,
    dropped: Vec<String>,
}

impl AiffChunks {
    pub(super) fn take(&mut self, id: [u8; 4], content: Vec<u8>) {
        if let Some((_, name)) = TEXTS.iter().find(|(name, _)| **name == id) {
            self.info.extend(sub_chunk(name, &[&content[..], &[0]].concat()));
        } else if let Some((_, name)) = SHARED.iter().find(|(name, _)| **name == id) {
            self.chunks.push(Chunk { id: **name, bytes: content });
        } else if &id == b"MARK" {
            self.markers = content;
        } else if &id == b"COMT" {
            self.take_comments(&content);
        } else if !NOT_CARRIED.contains(&&id) && is_name(id) {
            self.dropped.push(String::from_utf8_lossy(&id).into_owned());
        }
    }

    /// Comments of the file, or of a marker: time, marker, length, text.
    fn take_comments(&mut self, content: &[u8]) {
        let mut cursor = Cursor(content);
        let be16 = |cursor: &mut Cursor<'_>| {
            cursor.take(2).and_then(<[u8]>::first_chunk).copied().map(u16::from_be_bytes)
        };
        for _ in 0..be16(&mut cursor).unwrap_or(0) {
            let comment = (|| {
                cursor.be32()?;
                let marker = be16(&mut cursor)?;
                let length = be16(&mut cursor)?;
                let text = cursor.take(length.into())?;
                cursor.take(u32::from(length % 2));
                Some((marker, [text, &[0]].concat()))
            })();
            match comment {
                Some((0, text)) => self.info.extend(sub_chunk(b"ICMT", &text)),
                Some(note) => self.notes.push(note),
                None => break,
            }
        }
    }

    pub(super) fn finish(self, metadata: &mut Metadata) {
        metadata.after.extend(self.chunks);
        metadata.after.extend(markers(&self.markers, &self.notes));
        if !self.info.is_empty() {
            let bytes = [&b"INFO"[..], &self.info].concat();
            metadata.after.push(Chunk { id: *b"LIST", bytes });
        }
        metadata.dropped.extend(self.dropped);
    }
}

/// Markers as cue points, and their names and comments as labels and notes.
fn markers(content: &[u8], notes: &[(u16, Vec<u8>)]) -> Vec<Chunk> {
    let mut cursor = Cursor(content);
    let Some(&[high, low]) = cursor.take(2).and_then(<[u8]>::first_chunk) else { return Vec::new() };
    let mut points = Vec::new();
    for _ in 0..u16::from_be_bytes([high, low]) {
        let marker = (|| {
            let id = *cursor.take(2)?.first_chunk::<2>()?;
            let at = cursor.be32()?;
            let length = *cursor.take(1)?.first()?;
            let name = cursor.take(length.into())?.to_vec();
            // The name and its length have an even number of bytes together.
            cursor.take(u32::from(length % 2 == 0));
            Some(CuePoint { id: u16::from_be_bytes(id).into(), at, name })
        })();
        let Some(point) = marker else { break };
        points.push(point);
    }
    cue_chunks(&points, notes)
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
            &chunk(b"COMT", b"\0\x02\0\0\0\0\0\0\0\x05Hello\0\0\0\0\0\0\x02\0\x03Hey\0"),
            &chunk(b"APPL", b"stocXY"),
            &chunk(b"INST", &[0; 20]),
        ]
        .concat();
        let metadata = Metadata::read_aiff(&file[..]).unwrap();
        assert_eq!(
            metadata.info(),
            [("INAM", "Talk"), ("ICMT", "Hello")].map(|(key, text)| (key.to_owned(), text.to_owned()))
        );
        assert_eq!(metadata.dropped, ["INST"]);
        assert_eq!((&metadata.after[0].id, &metadata.after[0].bytes[..]), (b"APPL", &b"stocXY"[..]));
        let cue = &metadata.after[1];
        assert_eq!((&cue.id, cue.bytes[0], cue.bytes.len()), (b"cue ", 2, 52));
        assert_eq!(cue.bytes[24..28], 0x1000_u32.to_le_bytes());
        assert_eq!(
            metadata.after[2].bytes,
            b"adtllabl\x0a\0\0\0\x01\0\0\0Start\0labl\x09\0\0\0\x02\0\0\0Stop\0\0note\x08\0\0\0\x02\0\0\0Hey\0"
        );
        assert!(Metadata::read_aiff(&b"\0\0\0\0AIFFMARK\0\0\0\x04\xff\xff\0"[..]).unwrap().is_empty());
    }
}
