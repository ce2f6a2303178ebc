//! Short files as a whole.

use std::path::Path;

use super::{AudioError, Source};
use crate::signal::{Resampler, downmix};

/// Reads a whole file as one channel at `rate_hz`.
///
/// For clips and for noise to mix; programmes are read block by block with [`Source`]. What is odd about the file and
/// does not prevent its use is not told: open a [`Source`] to learn its warnings.
///
/// # Errors
///
/// As [`Source::open`] and [`Source::next_block`].
pub fn read_mono(path: &Path, rate_hz: u32) -> Result<Vec<f32>, AudioError> {
    let mut source = Source::open(path)?;
    let channels = source.info().channels;
    let mut resampler = Resampler::new(source.info().rate_hz, rate_hz)
        .map_err(|source| AudioError::Resample { path: path.to_owned(), source })?;
    let mut mono = Vec::new();
    let mut samples = Vec::new();
    while let Some(block) = source.next_block()? {
        mono.clear();
        downmix(block, channels, &mut mono);
        resampler.push(&mono, &mut samples);
    }
    resampler.finish(&mut samples);
    Ok(samples)
}
