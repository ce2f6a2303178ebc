//! A few words that are read whole or not at all.

use crate::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Words with a stamp that says which they are. One thread writes and never waits; any number of readers notice when they
/// are overtaken, and skip.
#[derive(Debug)]
pub struct StampedSlot<const WORDS: usize> {
    /// 0 while the words are written.
    stamp: AtomicU64,
    words: [AtomicU32; WORDS],
}

impl<const WORDS: usize> Default for StampedSlot<WORDS> {
    fn default() -> Self {
        Self { stamp: AtomicU64::new(0), words: std::array::from_fn(|_| AtomicU32::new(0)) }
    }
}

impl<const WORDS: usize> StampedSlot<WORDS> {
    /// Replaces the words. `stamp` is not 0, and another one each time. One thread at a time.
    pub fn write(&self, stamp: u64, words: [u32; WORDS]) {
        self.stamp.store(0, Ordering::Relaxed);
        // Pairs with the fence in `read`: who sees one of these words sees that the old stamp is gone.
        fence(Ordering::Release);
        for (word, value) in self.words.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
        self.stamp.store(stamp, Ordering::Release);
    }

    /// The words that were written with this stamp, if they are there.
    pub fn read(&self, stamp: u64) -> Option<[u32; WORDS]> {
        if self.stamp.load(Ordering::Acquire) != stamp {
            return None;
        }
        let mut words = [0; WORDS];
        for (value, word) in words.iter_mut().zip(&self.words) {
            *value = word.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        (self.stamp.load(Ordering::Relaxed) == stamp).then_some(words)
    }
}
