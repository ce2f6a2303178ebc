//! What the worker hears with.
//!
//! Not part of the audio thread.

use std::sync::Arc;

use super::MAX_LABELS;
use crate::FrameScores;
use crate::detect::{DetectError, Detector, DetectorStream};
use crate::model::pack::{Manifest, Thresholds};

/// One stream through a detector, as the worker needs it.
pub(super) trait Stream: Send {
    /// Hears interleaved samples and appends the frames that are complete.
    fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError>;
    /// Back to the start.
    fn restart(&mut self);
    /// An activity to append to.
    fn scores(&self) -> FrameScores;
    /// The pack's thresholds, in the order of its labels.
    fn thresholds(&self) -> [Thresholds; MAX_LABELS];
}

/// A real one.
pub(super) struct PackStream {
    /// Keeps the compiled network; the listener shares it.
    detector: Arc<Detector>,
    listener: DetectorStream,
}

impl PackStream {
    pub(super) fn new(detector: Arc<Detector>, rate_hz: u32, channels: u16) -> Result<Self, DetectError> {
        let listener = detector.stream(rate_hz, channels)?;
        Ok(Self { detector, listener })
    }
}

impl Stream for PackStream {
    fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        self.listener.push(interleaved, heard)
    }

    fn restart(&mut self) {
        self.listener.reset();
    }

    fn scores(&self) -> FrameScores {
        self.listener.scores()
    }

    fn thresholds(&self) -> [Thresholds; MAX_LABELS] {
        thresholds(self.detector.pack().manifest())
    }
}

/// The thresholds of a pack in the order of its labels.
pub(super) fn thresholds(manifest: &Manifest) -> [Thresholds; MAX_LABELS] {
    std::array::from_fn(|index| {
        manifest.labels.get(index).map(|label| manifest.thresholds_of(label)).unwrap_or_default()
    })
}
