//! Clips of one person, read whole.

use super::{Observer, PipelineError, Recording, read_samples};
use crate::voice::Clip;

/// The longest clip that is enrolled or verified, seconds.
pub const MAX_VOICE_CLIP_S: u32 = 300;

/// A clip that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceClip {
    interleaved: Vec<f32>,
    rate_hz: u32,
    channels: u16,
}

impl VoiceClip {
    /// The samples.
    pub fn clip(&self) -> Clip<'_> {
        Clip { interleaved: &self.interleaved, rate_hz: self.rate_hz, channels: self.channels }
    }
}

/// Reads a clip whole.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, has no samples, is longer than [`MAX_VOICE_CLIP_S`] or the observer stops it.
pub fn read_voice_clip(
    recording: &Recording,
    observer: &mut dyn Observer,
) -> Result<VoiceClip, PipelineError> {
    let most_s = MAX_VOICE_CLIP_S;
    let read = read_samples(recording, f64::from(most_s), observer);
    let (interleaved, rate_hz, channels) = read.map_err(|error| match error {
        PipelineError::TooLong { name, .. } => PipelineError::ClipTooLong { name, most_s },
        other => other,
    })?;
    if interleaved.is_empty() {
        return Err(PipelineError::NoSound { name: recording.name() });
    }
    Ok(VoiceClip { interleaved, rate_hz, channels })
}
