//! Edits of up to 64 things, from whoever makes them to whoever tells of them.

use crate::atomic::{AtomicU64, Ordering};

/// Three bits for each thing instead of a queue: whoever fetches them never waits, nothing overflows, and a hundred
/// changes between two fetches are one. Written by any thread, read by one [`GestureReader`].
#[derive(Debug, Default)]
pub struct GestureBits {
    begun: AtomicU64,
    changed: AtomicU64,
    ended: AtomicU64,
}

/// The reading end: remembers which things are believed to be held, so that every begin has its end. Used by one thread
/// at a time.
#[derive(Debug, Default)]
pub struct GestureReader {
    held: AtomicU64,
}

/// One step of an edit, in the order in which they are told, with the number of the thing: 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// It was taken hold of.
    Begin(u32),
    /// Its value is a new one, which whoever is told now sees.
    Value(u32),
    /// It was let go.
    End(u32),
}

/// Numbers that are too large have no bit.
fn bit(number: u32) -> u64 {
    1_u64.checked_shl(number).unwrap_or(0)
}

impl GestureBits {
    /// A thing is taken hold of.
    pub fn begin(&self, number: u32) {
        self.begun.fetch_or(bit(number), Ordering::Release);
    }

    /// Its value was set.
    pub fn change(&self, number: u32) {
        self.changed.fetch_or(bit(number), Ordering::Release);
    }

    /// It is let go.
    pub fn end(&self, number: u32) {
        self.ended.fetch_or(bit(number), Ordering::Release);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        let waiting = |bits: &AtomicU64| bits.load(Ordering::Acquire);
        waiting(&self.begun) | waiting(&self.changed) | waiting(&self.ended) == 0
    }
}

impl GestureReader {
    /// Hands over all that waits.
    pub fn take(&self, bits: &GestureBits, mut each: impl FnMut(Gesture)) {
        if bits.is_empty() {
            return;
        }
        // In this order an end is never fetched before the change that it ends, nor a change before its begin.
        let ended = bits.ended.swap(0, Ordering::AcqRel);
        let changed = bits.changed.swap(0, Ordering::AcqRel);
        let begun = bits.begun.swap(0, Ordering::AcqRel);
        let mut held = self.held.load(Ordering::Relaxed);
        let mut all = begun | changed | ended;
        while all != 0 {
            let number = all.trailing_zeros();
            let bit = bit(number);
            all &= !bit;
            let was_held = held & bit != 0;
            if !was_held {
                each(Gesture::Begin(number));
                held |= bit;
            }
            if changed & bit != 0 {
                each(Gesture::Value(number));
            }
            // A change without a begin of its own (a key, a menu) is a gesture by itself.
            if ended & bit != 0 || (!was_held && begun & bit == 0) {
                each(Gesture::End(number));
                held &= !bit;
            }
        }
        self.held.store(held, Ordering::Relaxed);
    }
}
