//! Edits that the window made, on their way to the host.
//!
//! Three bits per parameter instead of a queue: whoever fetches them never waits, nothing overflows, and a hundred moves
//! between two fetches are one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::params::{PARAMS, ParamId};

const _: () = assert!(PARAMS.len() <= 64, "one bit per parameter");

/// What the window did; written by it, read by one format layer.
#[derive(Debug, Default)]
pub struct Edits {
    begun: AtomicU64,
    changed: AtomicU64,
    ended: AtomicU64,
}

/// The reading end: remembers which parameters the host believes to be held, so that every begin has its end. Used by
/// one thread at a time, whichever the host lets tell.
#[derive(Debug, Default)]
pub struct EditReader {
    held: AtomicU64,
}

/// One step of an edit, in the order that hosts expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamGesture {
    /// The user took hold of the parameter.
    Begin(ParamId),
    /// Its value is a new one: read it from the parameters.
    Value(ParamId),
    /// The user let go.
    End(ParamId),
}

fn bit(id: ParamId) -> u64 {
    if id.index() < PARAMS.len() { 1 << id.0 } else { 0 }
}

impl Edits {
    /// The user takes hold of a parameter.
    pub fn begin(&self, id: ParamId) {
        self.begun.fetch_or(bit(id), Ordering::Release);
    }

    /// A value was set.
    pub fn change(&self, id: ParamId) {
        self.changed.fetch_or(bit(id), Ordering::Release);
    }

    /// The user lets go.
    pub fn end(&self, id: ParamId) {
        self.ended.fetch_or(bit(id), Ordering::Release);
    }

    /// Whether anything waits.
    pub fn is_empty(&self) -> bool {
        let waiting = |bits: &AtomicU64| bits.load(Ordering::Acquire);
        waiting(&self.begun) | waiting(&self.changed) | waiting(&self.ended) == 0
    }
}

impl EditReader {
    /// Hands over all that waits. Never waits, never allocates.
    pub fn take(&self, edits: &Edits, mut each: impl FnMut(ParamGesture)) {
        if edits.is_empty() {
            return;
        }
        // In this order an end is never fetched before the change that it ends, nor a change before its begin.
        let ended = edits.ended.swap(0, Ordering::AcqRel);
        let changed = edits.changed.swap(0, Ordering::AcqRel);
        let begun = edits.begun.swap(0, Ordering::AcqRel);
        let mut held = self.held.load(Ordering::Relaxed);
        let mut all = begun | changed | ended;
        while all != 0 {
            let id = ParamId(all.trailing_zeros());
            let bit = bit(id);
            all &= !bit;
            let was_held = held & bit != 0;
            if !was_held {
                each(ParamGesture::Begin(id));
                held |= bit;
            }
            if changed & bit != 0 {
                each(ParamGesture::Value(id));
            }
            // A change without a begin of its own (a key, a menu) is a gesture by itself.
            if ended & bit != 0 || (!was_held && begun & bit == 0) {
                each(ParamGesture::End(id));
                held &= !bit;
            }
        }
        self.held.store(held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    fn taken(reader: &EditReader, edits: &Edits) -> Vec<ParamGesture> {
        let mut all = Vec::new();
        reader.take(edits, |edit| all.push(edit));
        all
    }

    #[test]
    fn every_begin_has_its_end() {
        let (edits, reader) = (Edits::default(), EditReader::default());
        edits.begin(id::WET);
        for _ in 0..100 {
            edits.change(id::WET);
        }
        assert_eq!(taken(&reader, &edits), [ParamGesture::Begin(id::WET), ParamGesture::Value(id::WET)]);
        edits.change(id::WET);
        assert_eq!(taken(&reader, &edits), [ParamGesture::Value(id::WET)]);
        edits.end(id::WET);
        assert_eq!(taken(&reader, &edits), [ParamGesture::End(id::WET)]);
        assert!(edits.is_empty());
        edits.begin(id::MODE);
        edits.change(id::MODE);
        edits.end(id::MODE);
        let all = [ParamGesture::Begin(id::MODE), ParamGesture::Value(id::MODE), ParamGesture::End(id::MODE)];
        assert_eq!(taken(&reader, &edits), all);
        assert_eq!(taken(&reader, &edits), []);
        edits.change(id::MODE);
        assert_eq!(taken(&reader, &edits), all, "a lone change is a gesture by itself");
    }
}
