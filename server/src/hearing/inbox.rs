//! What waits to be heard.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

/// Bytes up to which sound that comes in small pieces is put together.
const MERGE_BYTES: usize = 4 << 10;

/// One thing for a stream.
#[derive(Debug)]
pub enum Piece {
    /// Sound, and when its first byte came.
    Audio { bytes: Vec<u8>, arrived: Instant },
    /// What was sent is to be decided at once.
    Finalize,
    /// The stream ends.
    Close,
}

/// A queue of a bounded number of bytes.
#[derive(Debug)]
pub(super) struct Inbox {
    max_bytes: usize,
    waiting: Mutex<Waiting>,
    room: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    bytes: usize,
    closed: bool,
}

impl Inbox {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, waiting: Mutex::default(), room: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for more.
    pub(super) async fn room(&self) {
        loop {
            let noticed = self.room.notified();
            if self.lock().bytes < self.max_bytes {
                return;
            }
            noticed.await;
        }
    }

    /// Adds a piece, also where there is no room: whoever adds waits for that before. After [`Piece::Close`] nothing counts.
    pub(super) fn push(&self, piece: Piece) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        waiting.closed = matches!(piece, Piece::Close);
        if let Piece::Audio { bytes, .. } = &piece {
            waiting.bytes += bytes.len();
            if let Some(Piece::Audio { bytes: last, .. }) = waiting.pieces.back_mut()
                && last.len() + bytes.len() <= MERGE_BYTES
            {
                last.extend_from_slice(bytes);
                return;
            }
        }
        waiting.pieces.push_back(piece);
    }

    /// Takes the next piece.
    pub(super) fn pop(&self) -> Option<Piece> {
        let mut waiting = self.lock();
        let piece = waiting.pieces.pop_front()?;
        if let Piece::Audio { bytes, .. } = &piece {
            waiting.bytes -= bytes.len();
            self.room.notify_waiters();
        }
        Some(piece)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().pieces.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(bytes: usize) -> Piece {
        Piece::Audio { bytes: vec![0; bytes], arrived: Instant::now() }
    }

    #[test]
    fn a_million_tiny_pieces_are_a_few() {
        let inbox = Inbox::new(1 << 20);
        for _ in 0..1_000_000 {
            inbox.push(audio(2));
        }
        let mut pieces = 0;
        let mut bytes = 0;
        while let Some(Piece::Audio { bytes: some, .. }) = inbox.pop() {
            pieces += 1;
            bytes += some.len();
        }
        assert_eq!(bytes, 2_000_000);
        assert!(pieces <= 2_000_000 / MERGE_BYTES + 1, "{pieces}");
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let inbox = Inbox::new(8);
        inbox.push(Piece::Close);
        inbox.push(audio(2));
        assert!(matches!(inbox.pop(), Some(Piece::Close)));
        assert!(inbox.pop().is_none() && inbox.is_empty());
    }
}
