//! The bytes of an input that are looked at.

use std::io::{self, ErrorKind, Read};

use symphonia::core::io::MediaSourceStream;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 1 << 16;

/// A part of an input that begins where the next thing is looked for.
pub(super) struct Window<'s> {
    source: MediaSourceStream<'s>,
    buffer: Vec<u8>,
    start: usize,
    /// Of the first byte in the whole input.
    offset: u64,
    ended: bool,
}

impl<'s> Window<'s> {
    pub(super) fn new(source: MediaSourceStream<'s>) -> Self {
        Self { source, buffer: Vec::new(), start: 0, offset: 0, ended: false }
    }

    /// What there is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Bytes passed so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until there are `count` bytes or the input ends; says whether nothing follows those given.
    pub(super) fn fill(&mut self, count: usize) -> io::Result<(&[u8], bool)> {
        if self.buffer.len() - self.start < count && !self.ended {
            self.buffer.drain(..self.start);
            self.start = 0;
            while self.buffer.len() < count && !self.ended {
                let known = self.buffer.len();
                self.buffer.resize(known + BLOCK_BYTES, 0);
                let read = loop {
                    match self.source.read(&mut self.buffer[known..]) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) if error.kind() == ErrorKind::UnexpectedEof => break Ok(0),
                        other => break other,
                    }
                };
                self.buffer.truncate(known + *read.as_ref().unwrap_or(&0));
                self.ended = read? == 0;
            }
        }
        Ok((&self.buffer[self.start..], self.ended))
    }

    /// Passes over `count` bytes, or as many as there are.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let (bytes, ended) = self.fill(1)?;
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            self.start += taken;
            self.offset += taken as u64;
            left -= taken as u64;
            if taken == 0 && ended {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn into_inner(self) -> MediaSourceStream<'s> {
        self.source
    }
}
