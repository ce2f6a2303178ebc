//! One stream through a detector.

use super::preprocess::{Block, Preprocessor};
use super::score_network::ScoreNetwork;
use super::{DetectError, Detector};
use crate::FrameScores;

/// Hears one source, block by block.
#[derive(Debug)]
pub struct DetectorStream {
    rate_hz: u32,
    pub(super) preprocess: Preprocessor,
    pub(super) score: ScoreNetwork,
    piece: Block,
}

impl DetectorStream {
    pub(super) fn new(detector: &Detector, rate_hz: u32, channels: u16) -> Result<Self, DetectError> {
        Ok(Self {
            rate_hz,
            preprocess: Preprocessor::new(rate_hz, channels, detector.pack().manifest().features.rate_hz)?,
            score: ScoreNetwork::new(detector)?,
            piece: Block::default(),
        })
    }

    /// A [`FrameScores`] with this listener's labels and rate, to append frames to.
    pub fn scores(&self) -> FrameScores {
        FrameScores::new(self.score.labels().to_vec(), self.rate_hz)
    }

    /// Back to the start: what is pushed next is the beginning of a new stream. Frames that are on their way are lost.
    pub fn reset(&mut self) {
        self.preprocess.reset();
        self.score.reset();
    }

    /// Hears interleaved samples and appends the frames that are complete.
    ///
    /// # Errors
    /// [`DetectError`] if the network or the resampler fails; the stream cannot go on then.
    pub fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        self.preprocess.push(interleaved, &mut self.piece);
        self.score.push(&self.piece, heard)
    }

    /// The stream has ended: appends all frames that are still on their way.
    ///
    /// # Errors
    /// As [`DetectorStream::push`].
    pub fn finish(mut self, heard: &mut FrameScores) -> Result<(), DetectError> {
        self.preprocess.finish(&mut self.piece);
        self.score.push(&self.piece, heard)
    }
}
