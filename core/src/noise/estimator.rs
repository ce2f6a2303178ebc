//! A noise pack at work.

use crate::decide::Thresholds;
use crate::detect::{DetectError, Detector, DetectorMode};
use crate::model::pack::{Pack, PackError, Task};
use crate::model::runtime::Runtime;
use crate::{FrameScores, Label};

use super::NoiseEstimate;
use super::estimate::JUDGED_LATER_FRAMES;

/// First column: the probability of background noise.
pub const COLUMN_NOISE: &str = "noise";
/// Last column but one: the level of the speech over the last second, as (dBFS + 120) / 120.
pub const COLUMN_SPEECH_LEVEL: &str = "speech_level";
/// Last column: the level of the noise over the last second, as (dBFS + 120) / 120.
pub const COLUMN_NOISE_LEVEL: &str = "noise_level";

/// Why a recording could not be gauged.
pub type SnrError = DetectError;

/// A pack for [`Task::Noise`], compiled.
#[derive(Debug)]
pub struct SnrEstimator {
    detector: Detector,
}

impl SnrEstimator {
    /// Compiles a pack.
    ///
    /// # Errors
    /// [`PackError`] as for [`Detector::load`]; also if its columns are not `noise`, the kinds, `speech_level`, `noise_level`.
    pub fn load(runtime: &Runtime, pack: Pack, pace: DetectorMode) -> Result<Self, PackError> {
        let detector = Detector::load_for(Task::Noise, runtime, pack, pace)?;
        let labels = &detector.pack().manifest().labels;
        let named = |place: Option<usize>, name: &str| {
            place.and_then(|p| labels.get(p)).is_some_and(|label| label.as_str() == name)
        };
        let last = labels.len().checked_sub(1);
        let before = labels.len().checked_sub(2);
        let right = named(Some(0), COLUMN_NOISE)
            && named(before, COLUMN_SPEECH_LEVEL)
            && named(last, COLUMN_NOISE_LEVEL);
        if !right {
            let reason = format!(
                "a pack for the task \"noise\" has the labels {COLUMN_NOISE}, then its kinds of noise, then \
                 {COLUMN_SPEECH_LEVEL} and {COLUMN_NOISE_LEVEL}"
            );
            return Err(PackError::Manifest { pack: detector.pack().origin().to_owned(), reason });
        }
        Ok(Self { detector })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        self.detector.pack()
    }

    /// The detector that runs it: its frames have the columns of the pack.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The kinds of noise that it tells apart.
    pub fn kinds(&self) -> &[Label] {
        let labels = &self.pack().manifest().labels;
        &labels[1..labels.len() - 2]
    }

    /// The probability at which a recording counts as noisy, and below which a stretch of it counts as clean again.
    pub fn thresholds(&self) -> Thresholds {
        self.pack().manifest().thresholds_of(&Label::NOISE)
    }

    /// Frames after the end of a second until it can be judged: a live gate follows it from then on.
    pub fn later_frames(&self) -> u64 {
        (self.pack().manifest().lookahead_frames + JUDGED_LATER_FRAMES) as u64
    }

    /// Gauges samples in memory, one channel at `rate_hz`.
    ///
    /// # Errors
    /// [`SnrError`] if the rate cannot be resampled or the network fails.
    pub fn hear_samples(&self, samples: &[f32], rate_hz: u32) -> Result<NoiseEstimate, SnrError> {
        Ok(self.assess(&self.detector.detect_samples(samples, rate_hz, 1)?))
    }

    /// The verdict with another threshold; a stretch stays noisy down to the share of it that the pack's own have.
    pub fn assess_at(&self, heard: &FrameScores, open: f32) -> NoiseEstimate {
        let own = self.thresholds();
        let close = open * (own.close / own.open.max(f32::MIN_POSITIVE)).min(1.0);
        NoiseEstimate::new(heard, self.kinds(), Thresholds { open, close })
    }

    /// The verdict on frames that [`SnrEstimator::detector`] heard.
    pub fn assess(&self, heard: &FrameScores) -> NoiseEstimate {
        NoiseEstimate::new(heard, self.kinds(), self.thresholds())
    }
}
