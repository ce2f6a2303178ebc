//! What the worker hears with.
//!
//! Not part of the audio thread.

use std::sync::Arc;

use super::MAX_LABELS;
use crate::Activity;
use crate::listen::{Ear, ListenError, Listener};
use crate::pack::{Manifest, Thresholds};

/// One stream through an ear, as the worker needs it.
pub(super) trait Stream: Send {
    /// Hears interleaved samples and appends the frames that are complete.
    fn push(&mut self, interleaved: &[f32], heard: &mut Activity) -> Result<(), ListenError>;
    /// Back to the start.
    fn restart(&mut self);
    /// An activity to append to.
    fn activity(&self) -> Activity;
    /// The pack's thresholds, in the order of its labels.
    fn thresholds(&self) -> [Thresholds; MAX_LABELS];
}

/// A real one.
pub(super) struct EarStream {
    /// Keeps the compiled network; the listener shares it.
    ear: Arc<Ear>,
    listener: Listener,
}

impl EarStream {
    pub(super) fn new(ear: Arc<Ear>, rate_hz: u32, channels: u16) -> Result<Self, ListenError> {
        let listener = ear.listener(rate_hz, channels)?;
        Ok(Self { ear, listener })
    }
}

impl Stream for EarStream {
    fn push(&mut self, interleaved: &[f32], heard: &mut Activity) -> Result<(), ListenError> {
        self.listener.push(interleaved, heard)
    }

    fn restart(&mut self) {
        self.listener.reset();
    }

    fn activity(&self) -> Activity {
        self.listener.activity()
    }

    fn thresholds(&self) -> [Thresholds; MAX_LABELS] {
        thresholds(self.ear.pack().manifest())
    }
}

/// The thresholds of a pack in the order of its labels.
pub(super) fn thresholds(manifest: &Manifest) -> [Thresholds; MAX_LABELS] {
    std::array::from_fn(|index| {
        manifest.labels.get(index).map(|label| manifest.thresholds_of(label)).unwrap_or_default()
    })
}
