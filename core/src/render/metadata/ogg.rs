//! The comments of Ogg Vorbis, Opus in Ogg and FLAC in Ogg, whole; of the last all blocks of metadata.

use std::io::{self, Read};

use super::flac::{Blocks, COMMENTS, FORMAT, comments};
use super::layout::{ogg_flac_format, ogg_mask};
use super::{MAX_CHUNK_BYTES, MAX_TOTAL_BYTES, Metadata};

/// Bytes of a page's head before its table of segments.
const PAGE_HEAD_BYTES: usize = 27;
/// Pages that are looked at: all streams of a file begin before the first sound.
const MAX_PAGES: usize = 4_096;

/// The packets of the first stream that holds sound of a kind that is known, from the first.
struct Packets<R> {
    input: R,
    serial: Option<[u8; 4]>,
    whole: std::collections::VecDeque<Vec<u8>>,
    open: Vec<u8>,
    pages: usize,
    bytes: u64,
}

impl<R: Read> Packets<R> {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        while self.whole.is_empty() {
            if !self.read_page()? {
                return Ok(None);
            }
        }
        Ok(self.whole.pop_front())
    }

    /// Whether there was another page.
    fn read_page(&mut self) -> io::Result<bool> {
        let mut head = Vec::new();
        self.input.by_ref().take(PAGE_HEAD_BYTES as u64).read_to_end(&mut head)?;
        self.pages += 1;
        if head.len() < PAGE_HEAD_BYTES || &head[..4] != b"OggS" || self.pages > MAX_PAGES {
            return Ok(false);
        }
        let mut segments = Vec::new();
        self.input.by_ref().take(head[26].into()).read_to_end(&mut segments)?;
        let length: u64 = segments.iter().map(|&segment| u64::from(segment)).sum();
        let mut content = Vec::new();
        self.input.by_ref().take(length).read_to_end(&mut content)?;
        self.bytes += length;
        if self.bytes > MAX_TOTAL_BYTES {
            return Ok(false);
        }
        let serial = [head[14], head[15], head[16], head[17]];
        let sound = [&b"\x01vorbis"[..], b"OpusHead", b"\x7fFLAC"].iter().any(|id| content.starts_with(id));
        if self.serial.is_none() && sound {
            self.serial = Some(serial);
        }
        if self.serial != Some(serial) {
            return Ok(true);
        }
        let mut rest = &content[..];
        for segment in segments {
            let (part, behind) = rest.split_at(rest.len().min(segment.into()));
            self.open.extend_from_slice(part);
            rest = behind;
            if segment < u8::MAX {
                self.whole.push_back(std::mem::take(&mut self.open));
            }
        }
        Ok(true)
    }
}

impl Metadata {
    /// What the headers of a stream in Ogg hold; nothing if there is no such stream.
    pub(super) fn read_ogg(file: impl Read) -> io::Result<Option<Self>> {
        let mut packets = Packets {
            input: file,
            serial: None,
            whole: std::collections::VecDeque::new(),
            open: Vec::new(),
            pages: 0,
            bytes: 0,
        };
        let mut metadata = Self::default();
        let Some(first) = packets.next()? else { return Ok(None) };
        if !first.starts_with(b"\x7fFLAC") {
            metadata.channel_mask = ogg_mask(&first);
            let second = packets.next()?.unwrap_or_default();
            let block = second.strip_prefix(b"\x03vorbis").or_else(|| second.strip_prefix(b"OpusTags"));
            metadata.comments = block.and_then(comments).unwrap_or_default();
            // A picture as text is taken from the demuxer, as a picture.
            metadata.comments.retain(|(key, _)| {
                !["METADATA_BLOCK_PICTURE", "COVERART", "COVERARTMIME"]
                    .iter()
                    .any(|picture| key.eq_ignore_ascii_case(picture))
            });
            return Ok(Some(metadata));
        }
        let mut blocks = Blocks::default();
        blocks.take(FORMAT, ogg_flac_format(&first));
        while let Some(packet) = packets.next()? {
            // Sound begins with ones where a block has its kind.
            let Some((&[kind, ..], content)) = packet.split_first_chunk::<4>() else { break };
            if kind == u8::MAX {
                break;
            }
            if content.len() as u64 <= MAX_CHUNK_BYTES || kind & 0x7f == COMMENTS {
                blocks.take(kind & 0x7f, content);
            }
            if kind & 0x80 != 0 {
                break;
            }
        }
        Ok(Some(blocks.finish()))
    }
}
