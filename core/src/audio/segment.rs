//! Where the segment of a Matroska stream ends, and what comes behind it.
//!
//! The demuxer cannot tell the end of a stream from a loss, and stops at the end of the first segment where several recordings
//! were joined.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::AudioError;
use super::demux::Opened;
use super::repair::{EBML, discard_in};

/// Bytes at the end in which the last block is looked for.
const TAIL_BYTES: usize = 1 << 17;
/// What the end may ask to be dropped, ns: the longest packet of Opus.
pub(super) const MOST_DISCARD_NS: u64 = 120_000_000;

/// Recordings in one stream: each reads through the readers of all before it.
const MAX_LINKS: u32 = 256;

/// A stream that several readers read, one after the other.
#[derive(Clone)]
struct Input(Arc<Mutex<Box<dyn Read + Send>>>);

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        locked(&self.0).read(buffer)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream as far as the end of its segment.
pub(super) struct SegmentReader {
    input: Input,
    end: SegmentEnd,
}

/// How the reading of a segment went.
#[derive(Clone)]
pub(super) struct SegmentEnd {
    left: Arc<AtomicU64>,
    tail: Arc<Mutex<Vec<u8>>>,
}

impl SegmentReader {
    /// The first segment of `input` ends after so many bytes.
    pub(super) fn new(input: impl Read + Send + 'static, bytes: u64) -> (Self, SegmentEnd, Behind) {
        let input = Input(Arc::new(Mutex::new(Box::new(input))));
        let end = SegmentEnd { left: Arc::new(AtomicU64::new(bytes)), tail: Arc::default() };
        let behind = Behind(Place::Stream(input.clone()));
        (Self { input, end: end.clone() }, end, behind)
    }
}

impl Read for SegmentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.left.load(Ordering::Relaxed);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.input.read(&mut buffer[..wanted])?;
        self.end.left.store(left - read as u64, Ordering::Relaxed);
        let mut tail = locked(&self.end.tail);
        tail.extend_from_slice(&buffer[..read]);
        if tail.len() > 2 * TAIL_BYTES {
            let old = tail.len() - TAIL_BYTES;
            tail.drain(..old);
        }
        Ok(read)
    }
}

impl SegmentEnd {
    /// Whether all of the segment was there.
    pub(super) fn is_reached(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// What its last block asks to be dropped, ns.
    pub(super) fn discard_ns(&self) -> u64 {
        if self.is_reached() { discard_in(&locked(&self.tail)).min(MOST_DISCARD_NS) } else { 0 }
    }
}

/// What follows a segment.
pub(super) struct Behind(Place);

enum Place {
    File(File, u64),
    Stream(Input),
}

impl Behind {
    /// What begins in `file` at this place.
    pub(super) fn file(file: File, at: u64) -> Self {
        Self(Place::File(file, at))
    }

    /// Opens the next recording, if one follows; so many links of it are behind.
    pub(super) fn open(
        self,
        path: &Path,
        track: Option<u16>,
        links: u32,
    ) -> Result<Option<Opened>, AudioError> {
        match self.0 {
            Place::File(file, at) => Opened::segment(path, file, at, track).map(Some),
            Place::Stream(mut input) => {
                let mut start = Vec::new();
                let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
                input.by_ref().take(EBML.len() as u64).read_to_end(&mut start).map_err(read_error)?;
                if start != EBML {
                    return Ok(None);
                }
                if links >= MAX_LINKS {
                    let what = format!("more than {MAX_LINKS} recordings joined in a stream");
                    return Err(AudioError::Unsupported { path: path.to_owned(), what });
                }
                Opened::stream(path, Box::new(Cursor::new(start).chain(input)), track).map(Some)
            }
        }
    }
}
