//! What the worker scores audio with.

use super::status::LiveVoice;
use crate::FrameScores;
use crate::detect::{DetectError, DetectorStream};

/// What the worker scores audio with: a [`DetectorStream`], with or without voices beside it. Tests put one in its place that hangs, fails or panics.
pub(super) trait ScoreStream: Send + 'static {
    /// Takes interleaved samples and appends the frames that are complete.
    fn push(&mut self, interleaved: &[f32], scores: &mut FrameScores) -> Result<(), DetectError>;
    /// Forgets all audio.
    fn reset(&mut self);
    /// Empty scores to append to.
    fn scores(&self) -> FrameScores;
    /// How the voices beside it are, if there are any.
    fn voice(&self) -> Option<LiveVoice> {
        None
    }
}

impl ScoreStream for Box<dyn ScoreStream> {
    fn push(&mut self, interleaved: &[f32], scores: &mut FrameScores) -> Result<(), DetectError> {
        (**self).push(interleaved, scores)
    }

    fn reset(&mut self) {
        (**self).reset();
    }

    fn scores(&self) -> FrameScores {
        (**self).scores()
    }

    fn voice(&self) -> Option<LiveVoice> {
        (**self).voice()
    }
}

impl ScoreStream for DetectorStream {
    fn push(&mut self, interleaved: &[f32], scores: &mut FrameScores) -> Result<(), DetectError> {
        self.push(interleaved, scores)
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn scores(&self) -> FrameScores {
        self.scores()
    }
}

#[cfg(feature = "profiles")]
impl ScoreStream for crate::voice::VoiceStream {
    fn push(&mut self, interleaved: &[f32], scores: &mut FrameScores) -> Result<(), DetectError> {
        self.push(interleaved, scores)
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn scores(&self) -> FrameScores {
        self.scores()
    }

    fn voice(&self) -> Option<LiveVoice> {
        #[expect(clippy::cast_possible_truncation, reason = "for people")]
        let likeness = self.likeness().map(|likeness| likeness as f32);
        Some(LiveVoice { likeness, failed: self.has_failed() })
    }
}
