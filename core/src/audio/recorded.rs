//! A stream that can be begun anew while its first bytes are looked at.

use std::io::{self, Cursor, Read};

/// First bytes of a stream that are kept.
const MAX_BYTES: usize = 1 << 20;

/// A reader that remembers the beginning of what was read.
#[derive(Debug)]
pub(super) struct Recorded<R> {
    inner: R,
    bytes: Vec<u8>,
}

impl<R: Read> Recorded<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: Vec::new() }
    }

    /// What was read, or its beginning.
    pub(super) fn seen(&self) -> &[u8] {
        &self.bytes
    }

    /// The rest.
    pub(super) fn into_rest(self) -> R {
        self.inner
    }

    /// The stream from its beginning; nothing if more was read than is kept.
    pub(super) fn rewound(self) -> Option<io::Chain<Cursor<Vec<u8>>, R>> {
        (self.bytes.len() < MAX_BYTES).then(|| Cursor::new(self.bytes).chain(self.inner))
    }
}

impl<R: Read> Read for Recorded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        let keep = got.min(MAX_BYTES - self.bytes.len());
        self.bytes.extend_from_slice(&buffer[..keep]);
        Ok(got)
    }
}
