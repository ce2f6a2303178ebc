//! The floor of a stream, second by second, as soon as each is over and can be judged.

use std::sync::Arc;

use super::estimate::{JUDGED_LATER_FRAMES, WINDOW_FRAMES, Windows};
use super::{NoiseSecond, SnrEstimator};
use crate::FrameScores;
use crate::detect::{DetectError, DetectorStream};

/// Gauges a stream without an end. Its windows are those that a [`NoiseEstimate`](super::NoiseEstimate) of the same samples has.
#[derive(Debug)]
pub struct StreamingSnr {
    gauge: Arc<SnrEstimator>,
    stream: DetectorStream,
    /// Frames that no window has taken yet.
    heard: FrameScores,
    windows: Windows,
    /// Frames that windows have taken.
    taken: u64,
}

impl StreamingSnr {
    /// For interleaved samples at `rate_hz`.
    ///
    /// # Errors
    /// [`DetectError`] if the rate cannot be heard.
    pub fn new(gauge: Arc<SnrEstimator>, rate_hz: u32, channels: u16) -> Result<Self, DetectError> {
        let stream = gauge.detector().stream(rate_hz, channels)?;
        let windows = Windows::new(gauge.thresholds());
        Ok(Self { heard: stream.scores(), stream, windows, taken: 0, gauge })
    }

    /// Frames after the end of a window until it can be had.
    pub fn later_frames(&self) -> u64 {
        self.gauge.later_frames()
    }

    /// Back to the start of a stream.
    pub fn reset(&mut self) {
        self.stream.reset();
        self.heard.probabilities.clear();
        self.heard.mean_square.clear();
        self.windows = Windows::new(self.gauge.thresholds());
        self.taken = 0;
    }

    /// Hears samples.
    ///
    /// # Errors
    /// [`DetectError`] if the network fails.
    pub fn push(&mut self, interleaved: &[f32]) -> Result<(), DetectError> {
        self.stream.push(interleaved, &mut self.heard)
    }

    /// The next second, if it can be had.
    pub fn next_window(&mut self) -> Option<NoiseSecond> {
        if self.heard.frames() < WINDOW_FRAMES + JUDGED_LATER_FRAMES {
            return None;
        }
        let rows = 0..WINDOW_FRAMES;
        let window = self.windows.next(&self.heard, rows, self.taken, f64::INFINITY, self.gauge.kinds());
        self.heard.mean_square.drain(..WINDOW_FRAMES);
        self.heard.probabilities.drain(..WINDOW_FRAMES * self.heard.labels.len());
        self.taken += WINDOW_FRAMES as u64;
        Some(window)
    }
}
