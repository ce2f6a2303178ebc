//! The chunk layout of RIFF/WAVE and RF64, for reading: everything is hostile.

use std::io::{self, Read, Seek, SeekFrom};

/// Most chunks that are looked at; a file with more is read no further.
pub(super) const MAX_CHUNKS: usize = 4_096;

/// Where a chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) id: [u8; 4],
    /// Offset of the content.
    pub(super) start: u64,
    /// Length of the content as stated, cut at the end of the file.
    pub(super) len: u64,
}

/// The chunks of a WAVE file in file order. Nothing when it is no WAVE file.
///
/// A truncated or lying file gives the chunks that are there.
pub(super) fn spans(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<Span>>> {
    let file_len = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut header = [0; 12];
    if file_len < 12 {
        return Ok(None);
    }
    file.read_exact(&mut header)?;
    let is_riff = matches!(&header[..4], b"RIFF" | b"RF64" | b"BW64");
    if !is_riff || &header[8..] != b"WAVE" {
        return Ok(None);
    }
    let mut spans = Vec::new();
    let mut long_data = None;
    let mut at = 12;
    while at + 8 <= file_len && spans.len() < MAX_CHUNKS {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let id = [head[0], head[1], head[2], head[3]];
        let start = at + 8;
        let stated = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let mut len = u64::from(stated);
        if &id == b"ds64" && len >= 16 && start + 16 <= file_len {
            let mut sizes = [0; 16];
            file.read_exact(&mut sizes)?;
            long_data = sizes.last_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        }
        if &id == b"data" && stated == u32::MAX {
            // A stream writer that did not know the length leaves all ones without a ds64: then it is the rest.
            len = long_data.unwrap_or(file_len - start);
        }
        let len = len.min(file_len - start);
        spans.push(Span { id, start, len });
        at = start + len + len % 2;
    }
    Ok(Some(spans))
}

/// The content of a chunk.
pub(super) fn content(file: &mut (impl Read + Seek), span: Span) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(span.start))?;
    let mut bytes = Vec::new();
    file.by_ref().take(span.len).read_to_end(&mut bytes)?;
    Ok(bytes)
}
