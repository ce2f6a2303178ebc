//! The values of one instance.

use std::sync::atomic::{AtomicU64, Ordering};

use atomic_float::AtomicF64;

use super::text::step;
use super::{PARAMS, ParamId};

/// Plain values, readable and writable from every thread without waiting.
#[derive(Debug)]
pub struct Params {
    values: Box<[AtomicF64]>,
    /// Counts changes: whoever caches what is derived from the values compares it.
    generation: AtomicU64,
}

impl Default for Params {
    fn default() -> Self {
        let values = PARAMS.iter().map(|spec| AtomicF64::new(spec.default_plain())).collect();
        Self { values, generation: AtomicU64::new(0) }
    }
}

impl Params {
    /// The plain value; 0 for an id outside the table.
    pub fn get(&self, id: ParamId) -> f64 {
        self.values.get(id.index()).map_or(0.0, |value| value.load(Ordering::Relaxed))
    }

    /// Sets the plain value, clamped to what the parameter can be. Says whether that changed anything.
    pub fn set(&self, id: ParamId, plain: f64) -> bool {
        let changed = self.set_quietly(id, plain);
        if changed {
            self.generation.fetch_add(1, Ordering::Release);
        }
        changed
    }

    /// As [`set`](Self::set), for values that the processor moves itself: nothing is derived from them, so the
    /// generation stays.
    pub(crate) fn set_quietly(&self, id: ParamId, plain: f64) -> bool {
        let Some(value) = self.values.get(id.index()) else { return false };
        let plain = id.spec().clamp(plain);
        value.swap(plain, Ordering::Relaxed).to_bits() != plain.to_bits()
    }

    /// The plain value as the core takes it.
    #[expect(clippy::cast_possible_truncation, reason = "the core's settings are f32")]
    pub fn get_f32(&self, id: ParamId) -> f32 {
        self.get(id) as f32
    }

    /// The index of a choice.
    pub fn choice(&self, id: ParamId) -> usize {
        step(self.get(id))
    }

    /// Whether a toggle is on.
    pub fn is_on(&self, id: ParamId) -> bool {
        self.get(id) >= 0.5
    }

    /// Where the value lies on the knob, 0 to 1.
    pub fn normalised(&self, id: ParamId) -> f64 {
        id.spec().normalise(self.get(id))
    }

    /// A number that changes whenever a value is set to another.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
