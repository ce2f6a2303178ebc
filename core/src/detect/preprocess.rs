//! The first half of a stream: all that needs the source's own samples.

use crate::features::FeatureSpec;
use crate::signal::{Downmixer, LevelMeter, ResampleError, Resampler};

/// What a stretch of the source becomes on its way to the features.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Mono, at the rate of the features.
    pub(crate) mono: Vec<f32>,
    /// Levels of the frames of the source that are complete.
    pub(crate) mean_square: Vec<f32>,
    /// Samples per channel of the source so far.
    pub(crate) position: u64,
    /// Nothing follows.
    pub(crate) last: bool,
}

/// Measures the level, mixes down and resamples.
#[derive(Debug)]
pub(crate) struct Preprocessor {
    rate_hz: u32,
    channels: u16,
    level: LevelMeter,
    downmixer: Downmixer,
    resampler: Resampler,
    downmixed: Vec<f32>,
}

impl Preprocessor {
    /// For the features of `spec`.
    pub(crate) fn new(rate_hz: u32, channels: u16, spec: &FeatureSpec) -> Result<Self, ResampleError> {
        Ok(Self {
            rate_hz,
            channels,
            level: LevelMeter::new(rate_hz, channels),
            downmixer: Downmixer::new(rate_hz, channels),
            resampler: Resampler::heard_up_to(spec.mel.high_hz, rate_hz, spec.rate_hz)?,
            downmixed: Vec::new(),
        })
    }

    /// Back to the start of a new source.
    pub(crate) fn reset(&mut self) {
        self.level = LevelMeter::new(self.rate_hz, self.channels);
        self.downmixer.reset();
        self.resampler.reset();
    }

    /// Seconds in which one channel was heard alone because the mean cancelled, and which one it was last, counted from 1.
    #[cfg(feature = "files")]
    pub(crate) fn alone(&self) -> Option<(f64, usize)> {
        self.downmixer.alone()
    }

    /// Takes interleaved samples and fills `piece` with what they complete.
    pub(crate) fn push(&mut self, interleaved: &[f32], piece: &mut Block) {
        piece.mono.clear();
        piece.mean_square.clear();
        self.level.push(interleaved, &mut piece.mean_square);
        if self.channels == 1 {
            self.resampler.push(interleaved, &mut piece.mono);
        } else {
            self.downmixed.clear();
            self.downmixer.push(interleaved, &mut self.downmixed);
            self.resampler.push(&self.downmixed, &mut piece.mono);
        }
        piece.position = self.level.samples();
        piece.last = false;
    }

    /// Fills `piece` with what was waiting for more.
    pub(crate) fn finish(&mut self, piece: &mut Block) {
        piece.mono.clear();
        piece.mean_square.clear();
        self.level.finish(&mut piece.mean_square);
        self.resampler.finish(&mut piece.mono);
        piece.position = self.level.samples();
        piece.last = true;
    }
}
