//! Frames of activity: what the detector heard, every 10 ms, before any decision.

use crate::Label;

/// The 10 ms grid over a source of a given rate. Frame `k` covers the samples `[start(k), start(k + 1))`.
///
/// All arithmetic is on integers, so hours of audio do not drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameGrid {
    rate_hz: u32,
}

impl FrameGrid {
    /// Frames per second.
    pub const FRAMES_PER_SECOND: u64 = 100;
    /// Seconds per frame.
    pub const FRAME_S: f64 = 0.01;

    /// The grid over samples at `rate_hz`.
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz }
    }

    /// The source's rate.
    pub fn rate_hz(self) -> u32 {
        self.rate_hz
    }

    /// First sample of frame `frame`.
    pub fn start(self, frame: u64) -> u64 {
        // Rounded down: where a boundary falls inside a sample (22 050 Hz), the sample opens the later frame. Only so is
        // the number of frames that `n` samples touch the time of `n` samples, rounded up, as `frames` has it.
        frame * u64::from(self.rate_hz) / Self::FRAMES_PER_SECOND
    }

    /// Number of frames that touch `samples` samples; the last may be partial.
    pub fn frames(self, samples: u64) -> u64 {
        (samples * Self::FRAMES_PER_SECOND).div_ceil(u64::from(self.rate_hz))
    }

    /// The first sample from `sample` on that a frame begins at exactly (where its border does not fall inside a
    /// sample), and that frame. There is one in every second.
    pub fn next_exact(self, sample: u64) -> (u64, u64) {
        let rate = u64::from(self.rate_hz).max(1);
        let first = (sample * Self::FRAMES_PER_SECOND).div_ceil(rate);
        let exact = |frame: &u64| (frame * rate).is_multiple_of(Self::FRAMES_PER_SECOND);
        let frame = (first..first + Self::FRAMES_PER_SECOND).find(exact).unwrap_or(first);
        (self.start(frame), frame)
    }

    /// The frame that covers `sample`: the last one that begins at it or before.
    pub fn frame_of(self, sample: u64) -> u64 {
        (sample * Self::FRAMES_PER_SECOND + Self::FRAMES_PER_SECOND - 1) / u64::from(self.rate_hz.max(1))
    }

    /// Every so many frames one begins at exactly a sample: 1 at all usual rates, never more than 100.
    pub fn exact_every(self) -> u64 {
        let (mut divisor, mut rest) = (u64::from(self.rate_hz.max(1)), Self::FRAMES_PER_SECOND);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Self::FRAMES_PER_SECOND / divisor
    }

    /// Start of a frame in seconds.
    #[expect(clippy::cast_precision_loss, reason = "frame counts stay far below 2^52")]
    pub fn seconds(frame: u64) -> f64 {
        frame as f64 / Self::FRAMES_PER_SECOND as f64
    }
}

/// What was heard in a stretch of audio: per 10 ms frame one probability for each label, and the level.
///
/// Probabilities are row-major, `frames × labels.len()`, each in 0..=1. `mean_square` has one value per frame: the mean
/// over the frame's samples and channels of the squared sample, full scale 1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameScores {
    /// Column names of `probabilities`.
    pub labels: Vec<Label>,
    /// `frames × labels.len()` probabilities.
    pub probabilities: Vec<f32>,
    /// One mean square per frame.
    pub mean_square: Vec<f32>,
    /// Rate of the source, Hz.
    pub rate_hz: u32,
    /// Samples per channel in the source.
    pub samples: u64,
}

impl FrameScores {
    /// Nothing heard yet from a source at `rate_hz`.
    pub fn new(labels: Vec<Label>, rate_hz: u32) -> Self {
        Self { labels, probabilities: Vec::new(), mean_square: Vec::new(), rate_hz, samples: 0 }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.mean_square.len()
    }

    /// Length of the source in seconds, exact to the sample.
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate_hz.max(1))
    }

    /// The column of a label, if this activity has it.
    pub fn column(&self, label: &Label) -> Option<usize> {
        self.labels.iter().position(|l| l == label)
    }

    /// The probabilities of frame `frame`, one per label.
    pub fn row(&self, frame: usize) -> &[f32] {
        let n = self.labels.len();
        &self.probabilities[frame * n..(frame + 1) * n]
    }

    /// Level of frame `frame` in dBFS, where a full-scale square wave is 0 dBFS and a full-scale sine −3.01 dBFS
    /// (its RMS). Digital silence gives −200 dBFS.
    pub fn level_dbfs(&self, frame: usize) -> f32 {
        level_dbfs(self.mean_square[frame])
    }
}

/// Labels that a [`ScoredFrame`] has room for.
pub const MAX_LABELS: usize = 8;

/// One frame of scores with its place: what goes from the detector through rings and deciders to the meters. Plain data
/// of a fixed size, so it moves between threads without allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScoredFrame {
    /// Number of the frame on the 10 ms grid.
    pub index: u64,
    /// One score per label of the detector, 0 to 1, in the order of its columns; the rest 0.
    pub scores: [f32; MAX_LABELS],
    /// Mean square over the frame and all channels, full scale 1.0.
    pub mean_square: f32,
}

impl ScoredFrame {
    /// Frame `index` with the scores of a row; those beyond [`MAX_LABELS`] are left out.
    pub fn new(index: u64, row: &[f32], mean_square: f32) -> Self {
        let mut scores = [0.0; MAX_LABELS];
        scores.iter_mut().zip(row).for_each(|(own, score)| *own = *score);
        Self { index, scores, mean_square }
    }
}

/// A mean square (full scale 1.0) in dBFS, floored at −200.
pub fn level_dbfs(mean_square: f32) -> f32 {
    10.0 * mean_square.max(1e-20).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_lies_in_the_frame_that_covers_it() {
        for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 1_234, 1_001] {
            let grid = FrameGrid::new(rate);
            for sample in (0..3_000).chain(1_000_000..1_001_000) {
                let frame = grid.frame_of(sample);
                assert!((grid.start(frame)..grid.start(frame + 1)).contains(&sample), "{rate} {sample}");
            }
            let exact = |frame: u64| (frame * u64::from(rate)).is_multiple_of(100);
            let first = (1..=100).find(|&frame| exact(frame)).unwrap();
            assert_eq!(grid.exact_every(), first, "{rate}");
        }
    }

    #[test]
    fn grid_neither_drifts_nor_overlaps() {
        for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 1_234] {
            let grid = FrameGrid::new(rate);
            // Three hours: the boundary of a whole second is always a whole second of samples.
            for second in [0_u64, 1, 59, 3_600, 10_800] {
                assert_eq!(grid.start(second * 100), second * u64::from(rate));
            }
            for frame in 0..1_000 {
                let start = grid.start(frame);
                assert_eq!(grid.frames(start), frame, "rate {rate} frame {frame}");
                assert_eq!(grid.frames(start + 1), frame + 1);
                let (sample, exact) = grid.next_exact(start);
                assert!(sample >= start && sample < start + u64::from(rate));
                assert_eq!(sample * 100, exact * u64::from(rate));
            }
        }
    }
}
