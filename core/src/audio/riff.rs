//! The chunks of RIFF/WAVE and RIFX, RF64/BW64 (64-bit sizes in a `ds64` chunk) and Sony's W64 (64-bit sizes throughout).
//!
//! One walk for whoever wants the samples and whoever wants what stands around them, so that both believe the same of a
//! header. Every size is a claim: see [`Head::bytes`].

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};

/// Chunks that are looked at; more than this is not a WAV file but an attack on patience.
const MAX_CHUNKS: u32 = 10_000;
/// Bytes of `ds64` that are looked at.
const DS64_BYTES: u64 = 24;
/// W64 identifiers: the ASCII name followed by one of two constant tails.
const W64_RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";
const W64_TAIL: [u8; 12] = *b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
/// Bytes of a W64 chunk's own header, which its size includes.
const W64_HEAD_BYTES: u64 = 24;
/// Names that follow an odd chunk even where its padding is missing.
const KNOWN: [&[u8; 4]; 34] = [
    b"fmt ", b"data", b"fact", b"LIST", b"list", b"bext", b"iXML", b"axml", b"chna", b"cue ", b"plst",
    b"smpl", b"inst", b"acid", b"strc", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr", b"PEAK", b"levl",
    b"id3 ", b"ID3 ", b"cart", b"_PMX", b"umid", b"minf", b"elm1", b"regn", b"DISP", b"MD5 ", b"afsp",
    b"SAUR",
];

/// How sizes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Riff,
    /// Numbers begin with the byte that counts most.
    Rifx,
    Rf64,
    W64,
}

/// The beginning of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its name.
    pub(crate) id: [u8; 4],
    /// Offset of its content.
    pub(crate) start: u64,
    /// Bytes that its content is said to have, which may be more than there are. Nothing for samples whose length the
    /// writer did not know: they last until the end of the input.
    pub(crate) bytes: Option<u64>,
}

/// Input that can be passed over.
pub(crate) trait Skip: Read {
    /// Passes over `bytes`; gives how many there were, as far as it can tell.
    fn skip(&mut self, bytes: u64) -> io::Result<u64>;
}

/// Input that can only be read on.
#[derive(Debug)]
pub(crate) struct Sequential<R>(pub(crate) R);

impl<R: Read> Read for Sequential<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Skip for Sequential<R> {
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink())
    }
}

impl Skip for BufReader<File> {
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        let distance = i64::try_from(bytes).map_err(|_| io::Error::from(ErrorKind::UnexpectedEof))?;
        self.seek_relative(distance)?;
        Ok(bytes)
    }
}

/// A walk through the chunks of a WAVE file.
#[derive(Debug)]
pub(crate) struct Chunks<R> {
    input: R,
    family: Family,
    /// Length of the whole file according to its header, if it says.
    file_bytes: Option<u64>,
    /// The true length of the input, if known.
    input_bytes: Option<u64>,
    /// What `ds64` says of the samples.
    wide_data_bytes: Option<u64>,
    offset: u64,
    /// Read to look at, and still to be given.
    ahead: Vec<u8>,
    /// Content of the current chunk that was not read yet, and its whole size; nothing before the first.
    open: Option<(u64, u64)>,
    seen: u32,
}

impl<R: Skip> Chunks<R> {
    /// Begins at the start of an input; nothing if it is no WAVE file. `input_bytes` is its true length, if known.
    pub(crate) fn begin(input: R, input_bytes: Option<u64>) -> io::Result<Option<Self>> {
        let mut chunks = Self {
            input,
            family: Family::Riff,
            file_bytes: None,
            input_bytes,
            wide_data_bytes: None,
            offset: 0,
            ahead: Vec::new(),
            open: None,
            seen: 0,
        };
        Ok(chunks.read_form()?.then_some(chunks))
    }

    /// Whether numbers begin with the byte that counts most.
    pub(crate) fn is_big_endian(&self) -> bool {
        self.family == Family::Rifx
    }

    fn size32(&mut self) -> io::Result<u32> {
        let bytes = self.array()?;
        Ok(if self.is_big_endian() { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn read_form(&mut self) -> io::Result<bool> {
        let id: [u8; 4] = self.array()?;
        match &id {
            b"RIFF" | b"RIFX" | b"RF64" | b"BW64" => {
                self.family = match &id {
                    b"RIFF" => Family::Riff,
                    b"RIFX" => Family::Rifx,
                    _ => Family::Rf64,
                };
                let size = self.size32()?;
                self.file_bytes = (size != 0 && size < 0xffff_0000).then(|| u64::from(size) + 8);
                Ok(self.array()? == *b"WAVE")
            }
            b"riff" => {
                let rest: [u8; 12] = self.array()?;
                let size = u64::from_le_bytes(self.array()?);
                let form: [u8; 16] = self.array()?;
                self.family = Family::W64;
                self.file_bytes = Some(size);
                Ok(rest == W64_RIFF[4..] && form[..4] == *b"wave" && form[4..] == W64_TAIL)
            }
            _ => Ok(false),
        }
    }

    /// The next chunk; nothing at the end of the input, after samples of unknown length, and after very many chunks.
    pub(crate) fn next(&mut self) -> io::Result<Option<Head>> {
        loop {
            self.leave()?;
            self.seen += 1;
            if self.seen > MAX_CHUNKS || self.peek(1)?.is_empty() {
                return Ok(None);
            }
            let id: [u8; 4] = self.array()?;
            let stated = if self.family == Family::W64 {
                let _tail: [u8; 12] = self.array()?;
                // Less than its own header is as wrong as nothing at all.
                u64::from_le_bytes(self.array()?).saturating_sub(W64_HEAD_BYTES)
            } else {
                u64::from(self.size32()?)
            };
            let bytes = if &id == b"data" { self.data_bytes(stated) } else { Some(stated) };
            self.open = Some((bytes.unwrap_or(u64::MAX), bytes.unwrap_or(u64::MAX)));
            if &id == b"ds64" && self.family == Family::Rf64 {
                let sizes = self.content(DS64_BYTES)?;
                self.file_bytes = le64(&sizes, 0).and_then(|bytes| bytes.checked_add(8));
                self.wide_data_bytes = le64(&sizes, 8);
                continue;
            }
            return Ok(Some(Head { id, start: self.offset, bytes }));
        }
    }

    /// Bytes of samples, or nothing where the size is one that writers leave which cannot seek back to fill it in, or
    /// which were never closed: none at all, all ones (ffmpeg) or nearly so, and about 2 GiB (sox, lame, arecord). A
    /// header that agrees with the length of the file is believed also then: there are empty recordings, and recorders
    /// that begin a new file at 2 GiB.
    fn data_bytes(&self, stated: u64) -> Option<u64> {
        const LARGEST: u64 = i64::MAX as u64 - W64_HEAD_BYTES;
        let stated = match (self.family, stated) {
            (Family::Rf64, 0xffff_ffff) => self.wide_data_bytes.unwrap_or(0),
            (_, stated) => stated,
        };
        let placeholder = stated == 0
            || stated >= LARGEST
            || matches!(self.family, Family::Riff | Family::Rifx)
                && matches!(stated, 0x7ffe_0000..=0x8000_0000 | 0xffff_0000..);
        let honest = self.file_bytes.is_some() && self.file_bytes == self.input_bytes;
        (!placeholder || honest).then_some(stated)
    }

    /// At most `limit` bytes of the current chunk, fewer if it has fewer or the input ends.
    pub(crate) fn content(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let left = self.open.map_or(0, |(left, _)| left);
        let mut bytes = Vec::new();
        let wanted = left.min(limit);
        let kept = usize::try_from(wanted).unwrap_or(usize::MAX).min(self.ahead.len());
        bytes.extend(self.ahead.drain(..kept));
        self.input.by_ref().take(wanted - kept as u64).read_to_end(&mut bytes)?;
        let read = bytes.len() as u64;
        self.offset += read;
        if let Some((left, _)) = &mut self.open {
            *left -= read;
        }
        Ok(bytes)
    }

    /// Passes over what is left of the current chunk, and over its padding.
    fn leave(&mut self) -> io::Result<()> {
        let Some((left, size)) = self.open.take() else { return Ok(()) };
        self.pass_over(left)?;
        if self.family == Family::W64 {
            return self.pass_over((8 - size % 8) % 8);
        }
        if size % 2 == 1 {
            // Some writers forget the byte that makes an odd chunk even.
            let next = self.peek(4)?;
            let forgotten =
                next.first().is_some_and(|&b| b != 0) && KNOWN.iter().any(|known| **known == *next);
            if !forgotten && !next.is_empty() {
                self.pass_over(1)?;
            }
        }
        Ok(())
    }

    fn pass_over(&mut self, bytes: u64) -> io::Result<()> {
        let kept = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.ahead.len());
        self.ahead.drain(..kept);
        let bytes = bytes - kept as u64;
        self.offset += kept as u64;
        let skipped = if bytes > 0 { self.input.skip(bytes)? } else { 0 };
        self.offset += skipped;
        if skipped == bytes { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// The next bytes, `count` or as many as there are.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if let Some(missing) = count.checked_sub(self.ahead.len()) {
            self.input.by_ref().take(missing as u64).read_to_end(&mut self.ahead)?;
        }
        Ok(&self.ahead[..count.min(self.ahead.len())])
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = *self.peek(N)?.first_chunk().ok_or(ErrorKind::UnexpectedEof)?;
        self.ahead.drain(..N);
        self.offset += N as u64;
        Ok(bytes)
    }
}

/// Whether four bytes can be the name of a chunk.
pub(crate) fn is_name(id: [u8; 4]) -> bool {
    id.iter().all(|b| (b' '..=b'~').contains(b))
}

pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and sizes of all chunks, as a stream and as a file of known length.
    fn walk(bytes: &[u8], input_bytes: Option<u64>) -> Vec<(String, Option<u64>)> {
        let mut chunks = Chunks::begin(Sequential(bytes), input_bytes).unwrap().unwrap();
        let mut found = Vec::new();
        while let Ok(Some(head)) = chunks.next() {
            let id = String::from_utf8_lossy(&head.id).into_owned();
            let content = &bytes[usize::try_from(head.start).unwrap()..];
            assert!(content.starts_with(&chunks.content(3).unwrap()), "content of {id}");
            found.push((id, head.bytes));
        }
        found
    }

    fn chunk(id: &[u8; 4], size: u32, content: &[u8]) -> Vec<u8> {
        [&id[..], &size.to_le_bytes(), content].concat()
    }

    fn riff(size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
        [&b"RIFF"[..], &size.to_le_bytes(), b"WAVE", &chunks.concat()].concat()
    }

    #[test]
    fn odd_chunks_with_and_without_their_padding() {
        for pad in [&b""[..], b"\0", b"x"] {
            let odd = [&[7; 5][..], pad].concat();
            let bytes =
                riff(0, &[chunk(b"LIST", 5, &odd), chunk(b"data", 4, &[9; 4]), chunk(b"cue ", 0, &[])]);
            let names: Vec<String> = walk(&bytes, None).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["LIST", "data", "cue "], "{pad:?}");
        }
    }

    #[test]
    fn sizes_that_say_nothing_are_no_sizes() {
        let placeholders =
            [0, 0x7fff_0000, 0x7fff_f000, 0x7fff_effd, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, u32::MAX];
        for stated in placeholders {
            let bytes = riff(stated.wrapping_add(36), &[chunk(b"data", stated, &[1; 10])]);
            let length = bytes.len() as u64;
            for input in [None, Some(length)] {
                assert_eq!(walk(&bytes, input), [("data".to_owned(), None)], "{stated:x} {input:?}");
            }
        }
        let bytes = riff(12, &[chunk(b"data", 0, &[])]);
        assert_eq!(walk(&bytes, Some(20)), [("data".to_owned(), Some(0))], "an empty recording");
        // A recorder that began a new file at 2 GiB.
        let bytes = riff(0x7fff_f00c, &[chunk(b"data", 0x7fff_f000, &[])]);
        let length = u64::from(0x7fff_f000_u32) + 20;
        assert_eq!(walk(&bytes, Some(length)), [("data".to_owned(), Some(0x7fff_f000))]);
    }

    #[test]
    fn sizes_of_64_bits() {
        let ds64 = |data: u64| [&100_u64.to_le_bytes()[..], &data.to_le_bytes(), &[0; 12]].concat();
        for (data, told) in [(6_000_000_000, Some(6_000_000_000)), (0, None), (u64::MAX, None)] {
            let chunks = [chunk(b"ds64", 28, &ds64(data)), chunk(b"data", u32::MAX, &[1; 10])];
            let mut bytes = riff(u32::MAX, &chunks);
            bytes[..4].copy_from_slice(b"RF64");
            assert_eq!(walk(&bytes, None), [("data".to_owned(), told)]);
        }
        let w64 = |size: u64| {
            let head = [&b"data"[..], &W64_TAIL, &size.to_le_bytes(), &[5; 40]].concat();
            [&W64_RIFF[..], &1_000_u64.to_le_bytes(), b"wave", &W64_TAIL, &head].concat()
        };
        for (size, told) in [(28, Some(4)), (24, None), (0, None), (i64::MAX as u64, None), (u64::MAX, None)]
        {
            assert_eq!(walk(&w64(size), None).first(), Some(&("data".to_owned(), told)), "{size}");
        }
    }

    #[test]
    fn other_files_are_none() {
        assert!(Chunks::begin(Sequential(&b"RIFF\x10\0\0\0AVI LIST"[..]), None).unwrap().is_none());
        assert!(Chunks::begin(Sequential(&b"OggS"[..]), None).unwrap().is_none());
        assert!(Chunks::begin(Sequential(&b"RIFF\x10"[..]), None).is_err(), "it ends too early");
    }
}
