//! A file, heard as a live gate hears it.
//!
//! Not part of the audio path. A host's stream has no end: after the last sample of a recording it plays silence, and
//! the last frames are about both. A file that is heard to its end by [`Detector::detect`] is instead closed off at its last
//! sample. `earmark render --live` must give what the plugin gives, and so hears through this.

use crate::audio::Source;
use crate::detect::{DetectError, Detector};
use crate::signal::for_detector;
use crate::{FrameGrid, FrameScores};

/// Samples of silence that are heard at a time after the end.
const SILENCE: usize = 1_024;

/// Hears a source, and then silence until all of its frames have come. `observe` is as for [`Detector::detect`].
///
/// # Errors
/// As for [`Detector::detect`].
pub fn hear<E: From<DetectError>>(
    detector: &Detector,
    source: &mut Source,
    mut observe: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<FrameScores, E> {
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let mut listener = detector.stream(rate_hz, channels)?;
    let mut heard = listener.scores();
    let mut samples = 0;
    let mut cleaned = Vec::new();
    while let Some(block) = source.next_block().map_err(DetectError::from)? {
        observe(block)?;
        cleaned.clear();
        cleaned.extend(block.iter().map(|sample| for_detector(*sample)));
        listener.push(&cleaned, &mut heard)?;
        samples += (block.len() / usize::from(channels.max(1))) as u64;
    }
    let frames = usize::try_from(FrameGrid::new(rate_hz).frames(samples)).unwrap_or(usize::MAX);
    let silence = vec![0.0; SILENCE * usize::from(channels)];
    while heard.frames() < frames {
        listener.push(&silence, &mut heard)?;
    }
    heard.mean_square.truncate(frames);
    heard.probabilities.truncate(frames * heard.labels.len());
    heard.samples = samples;
    Ok(heard)
}
