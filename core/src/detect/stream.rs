//! One stream through a detector.

use super::preprocess::{Block, Preprocessor};
use super::score_network::ScoreNetwork;
use super::{DetectError, Detector};
use crate::FrameScores;

/// Hears one source, block by block.
///
/// ```
/// # #[cfg(all(feature = "embedded-packs", feature = "embedded-runtime"))] {
/// use earmark_core::detect::{Detector, DetectorMode};
/// use earmark_core::model::pack::{self, Pack};
/// use earmark_core::model::runtime::Runtime;
///
/// let pack = Pack::find(pack::LIVE)?;
/// let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::LowLatency)?;
/// let mut stream = detector.stream(16_000, 1)?;
/// let mut scores = stream.scores();
/// for block in [0.1; 16_000].chunks(441) {
///     stream.push(block, &mut scores)?;
/// }
/// let early = scores.frames();
/// stream.finish(&mut scores)?;
/// // The last frames wait for the network's look-ahead, or for the end.
/// assert!(early < 100 && scores.frames() == 100);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
            preprocess: Preprocessor::new(rate_hz, channels, &detector.pack().manifest().features)?,
            score: ScoreNetwork::new(detector)?,
            piece: Block::default(),
        })
    }

    /// A [`FrameScores`] with this stream's labels and rate, to append frames to.
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
        self.run_out(heard)
    }

    /// Appends all frames that are still on their way, and goes back to the start.
    pub(crate) fn finish_and_reset(&mut self, heard: &mut FrameScores) -> Result<(), DetectError> {
        self.run_out(heard)?;
        self.reset();
        Ok(())
    }

    fn run_out(&mut self, heard: &mut FrameScores) -> Result<(), DetectError> {
        self.preprocess.finish(&mut self.piece);
        self.score.push(&self.piece, heard)
    }
}
