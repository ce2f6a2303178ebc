//! Values that the host told the controller and not yet the processor.
//!
//! VST3 hosts say everything twice: to the controller from the main thread, whenever they come to it, and to the
//! processor with the blocks, where it counts. If the controller's word moved the sound as well, a bounce would depend on
//! the speed of a window. So while audio runs the controller's word is only remembered: it is what a host reads back and
//! what a state holds, until the next block has the last word.

use std::sync::atomic::{AtomicU64, Ordering};

use atomic_float::AtomicF64;

use crate::params::{PARAMS, ParamId};

/// One remembered value.
#[derive(Debug, Default)]
struct Slot {
    plain: AtomicF64,
    /// Number of blocks that had begun when it was said, plus one; 0 for nothing.
    said: AtomicU64,
}

/// The remembered values of one instance.
#[derive(Debug)]
pub(super) struct Overlay {
    slots: Box<[Slot]>,
    blocks: AtomicU64,
}

impl Default for Overlay {
    fn default() -> Self {
        Self { slots: PARAMS.iter().map(|_| Slot::default()).collect(), blocks: AtomicU64::new(0) }
    }
}

impl Overlay {
    /// A block begins: what was said before is void.
    pub(super) fn next_block(&self) {
        self.blocks.fetch_add(1, Ordering::AcqRel);
    }

    /// Remembers a plain value.
    pub(super) fn say(&self, id: ParamId, plain: f64) {
        if let Some(slot) = self.slots.get(id.index()) {
            slot.plain.store(plain, Ordering::Relaxed);
            slot.said.store(self.blocks.load(Ordering::Acquire) + 1, Ordering::Release);
        }
    }

    /// The plain value that was said since the last block began.
    pub(super) fn get(&self, id: ParamId) -> Option<f64> {
        let slot = self.slots.get(id.index())?;
        let said = slot.said.load(Ordering::Acquire);
        (said == self.blocks.load(Ordering::Acquire) + 1).then(|| slot.plain.load(Ordering::Relaxed))
    }

    /// Forgets one value: something newer was set elsewhere.
    pub(super) fn forget(&self, id: ParamId) {
        if let Some(slot) = self.slots.get(id.index()) {
            slot.said.store(0, Ordering::Release);
        }
    }

    /// Forgets all values.
    pub(super) fn forget_all(&self) {
        for slot in &self.slots {
            slot.said.store(0, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    #[test]
    fn the_next_block_has_the_last_word() {
        let overlay = Overlay::default();
        assert_eq!(overlay.get(id::WET), None);
        overlay.say(id::WET, 0.25);
        assert_eq!(overlay.get(id::WET), Some(0.25));
        assert_eq!(overlay.get(id::MODE), None);
        overlay.next_block();
        assert_eq!(overlay.get(id::WET), None);
        overlay.say(id::WET, 0.5);
        overlay.forget(id::WET);
        assert_eq!(overlay.get(id::WET), None);
        overlay.say(id::WET, 0.75);
        overlay.forget_all();
        assert_eq!(overlay.get(id::WET), None);
    }
}
