//! How a stream is heard.

use crate::decide::{TimelineError, TimelineSettings};
use crate::detect::DetectError;

/// The longest minimum duration that a stream may wait for, milliseconds: what waits is kept in memory.
pub const MAX_WAIT_MS: u32 = 60_000;

/// Why a stream cannot be heard, or not be heard on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The network failed, or the rate cannot be heard.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A threshold or level makes no sense.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// The voices cannot be followed.
    #[cfg(feature = "profiles")]
    #[error(transparent)]
    Voice(#[from] crate::voice::VoiceError),
    /// Sound has channels.
    #[error("a stream has at least one channel")]
    NoChannels,
    /// Frame events come at a multiple of the grid.
    #[error("frame events every {ms} ms are not possible; give a multiple of 10 from 10 to {MAX_WAIT_MS}")]
    FrameInterval {
        /// What was asked for.
        ms: u32,
    },
    /// A minimum duration is longer than a stream can wait.
    #[error("a minimum duration of {ms} ms is too long for a stream; the longest is {MAX_WAIT_MS} ms")]
    Wait {
        /// What was asked for.
        ms: u32,
    },
}

/// How a stream is heard. Thresholds, silence and minimum durations are those of `timeline`; what of it needs the future
/// (`confirm`, `refine_borders`, `exclusive`) has no effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamSettings {
    /// What the stream is called in its events.
    pub name: String,
    /// Thresholds, silence and minimum durations.
    pub timeline: TimelineSettings,
    /// Time between frame events, milliseconds, a multiple of 10; `None`: there are none.
    pub frame_ms: Option<u32>,
}

impl StreamSettings {
    /// Whether all values make sense.
    ///
    /// # Errors
    /// [`StreamError`] for the first that does not.
    pub fn check(&self) -> Result<(), StreamError> {
        self.timeline.check()?;
        if let Some(ms) = self.frame_ms.filter(|ms| *ms == 0 || ms % 10 != 0 || *ms > MAX_WAIT_MS) {
            return Err(StreamError::FrameInterval { ms });
        }
        let of_labels = self.timeline.labels.values().chain([&self.timeline.default]);
        let longest = of_labels.flat_map(|label| [label.min_on_ms, label.min_gap_ms]);
        match longest.chain([self.timeline.min_silence_ms]).max() {
            Some(ms) if ms > MAX_WAIT_MS => Err(StreamError::Wait { ms }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_refused() {
        let with_frames = |ms| StreamSettings { frame_ms: Some(ms), ..StreamSettings::default() }.check();
        assert!(with_frames(10).is_ok() && with_frames(500).is_ok());
        for ms in [0, 15, 70_000] {
            assert!(matches!(with_frames(ms), Err(StreamError::FrameInterval { .. })), "{ms}");
        }
        let mut settings = StreamSettings::default();
        settings.timeline.default.min_gap_ms = MAX_WAIT_MS + 1;
        assert!(matches!(settings.check(), Err(StreamError::Wait { ms: 60_001 })));
        let mut settings = StreamSettings::default();
        settings.timeline.silence_dbfs = f64::NAN;
        assert!(matches!(settings.check(), Err(StreamError::Timeline(_))));
    }
}
