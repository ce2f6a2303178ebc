//! Reading a source to its end.

use earmark_core::audio::{AudioError, Source};

/// Samples after which it is enough: what decodes this far decodes on.
const ENOUGH_SAMPLES: usize = 1 << 22;

/// Reads a source of `bytes` bytes until its end, the first error or [`ENOUGH_SAMPLES`]. All samples must be finite, all
/// blocks whole frames, and nothing may be invented.
pub fn drain(source: Result<Source, AudioError>, bytes: usize) {
    let Ok(mut source) = source else { return };
    let channels = usize::from(source.info().channels);
    let pcm = source.info().codec.starts_with("pcm");
    let mut samples = 0;
    while samples < ENOUGH_SAMPLES
        && let Ok(Some(block)) = source.next_block()
    {
        assert!(!block.is_empty() && block.len() % channels == 0 && block.iter().all(|s| s.is_finite()));
        samples += block.len();
        assert!(!pcm || samples <= bytes, "{samples} samples in {bytes} bytes");
    }
}
