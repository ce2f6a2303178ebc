//! Clips of one person, read whole.

use super::detect::{Stop, watched};
use super::{Observer, PipelineError, Recording};
use crate::signal::units::samples_covering;
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
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let name = recording.name();
    let most = samples_covering(f64::from(MAX_VOICE_CLIP_S), rate_hz).saturating_mul(u64::from(channels));
    let mut interleaved = Vec::new();
    watched(&mut source, &name, stoppable, observer, |source, watch| {
        while let Some(block) = source.next_block().map_err(|error| Stop::Detect(error.into()))? {
            watch(block)?;
            interleaved.extend_from_slice(block);
            if interleaved.len() as u64 > most {
                break;
            }
        }
        Ok(())
    })?;
    if interleaved.is_empty() {
        return Err(PipelineError::NoSound { name });
    }
    if interleaved.len() as u64 > most {
        return Err(PipelineError::ClipTooLong { name, most_s: MAX_VOICE_CLIP_S });
    }
    Ok(VoiceClip { interleaved, rate_hz, channels })
}
