//! From a recording to the verdict on its noise.

use super::{Observer, PipelineError, Recording, detect_file};
use crate::noise::{NoiseEstimate, SnrEstimator};

/// Estimates the noise behind the speech of a recording. It counts as noisy from the probability `threshold` on; `None`:
/// the pack's.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, has no samples, the network fails or the observer stops it.
pub fn noise_of_file(
    estimator: &SnrEstimator,
    recording: &Recording,
    threshold: Option<f32>,
    observer: &mut dyn Observer,
) -> Result<NoiseEstimate, PipelineError> {
    let scores = detect_file(estimator.detector(), recording, observer)?;
    if scores.samples == 0 {
        return Err(PipelineError::NoSamples { name: recording.name() });
    }
    Ok(match threshold {
        Some(open) => estimator.assess_at(&scores, open),
        None => estimator.assess(&scores),
    })
}
