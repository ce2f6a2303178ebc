//! A file as it should have been: a demuxer is shown other bytes where sizes lie, and nothing behind the end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// Bytes that stand at an offset in place of those in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// A file with some bytes replaced, as far as `end`.
pub(super) struct View {
    file: File,
    patches: Vec<Patch>,
    end: u64,
    at: u64,
}

impl View {
    pub(super) fn new(mut file: File, patches: Vec<Patch>, end: Option<u64>) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self { file, patches, end: end.unwrap_or(length).min(length), at: 0 })
    }
}

impl Read for View {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = self.file.read(&mut buffer[..wanted])?;
        for Patch { offset, bytes } in &self.patches {
            for (place, &byte) in (*offset..).zip(bytes) {
                if let Some(within) = place.checked_sub(self.at)
                    && let Some(stored) =
                        usize::try_from(within).ok().and_then(|within| buffer[..read].get_mut(within))
                {
                    *stored = byte;
                }
            }
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for View {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let to = match position {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = self.file.seek(SeekFrom::Start(to.ok_or(io::ErrorKind::InvalidInput)?))?;
        Ok(self.at)
    }
}

impl MediaSource for View {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_seen_wherever_reading_begins() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"0123456789").unwrap();
        let patches =
            vec![Patch { offset: 2, bytes: b"ab".to_vec() }, Patch { offset: 7, bytes: b"xyz".to_vec() }];
        let mut view = View::new(file, patches, Some(9)).unwrap();
        for start in 0..=9 {
            for length in 1..4 {
                view.seek(SeekFrom::Start(start)).unwrap();
                let mut all = Vec::new();
                let mut buffer = vec![0; length];
                while let Ok(read @ 1..) = view.read(&mut buffer) {
                    all.extend_from_slice(&buffer[..read]);
                }
                assert_eq!(all, b"01ab456xy"[usize::try_from(start).unwrap()..]);
            }
        }
        assert_eq!(view.seek(SeekFrom::End(-1)).unwrap(), 8);
        assert!(view.seek(SeekFrom::Current(-20)).is_err());
    }
}
