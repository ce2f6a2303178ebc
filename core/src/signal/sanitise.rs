//! Samples that every later step can work with.
//!
//! Real time: branch-free arithmetic on bits.

const EXPONENT: u32 = 0x7f80_0000;
const SIGN: u32 = 0x8000_0000;

/// The sample itself if it is a normal number or zero; zero for what is not finite and for subnormal numbers.
pub(crate) fn clean(sample: f32) -> f32 {
    let bits = sample.to_bits();
    let exponent = bits & EXPONENT;
    if exponent == EXPONENT {
        0.0
    } else if exponent == 0 {
        f32::from_bits(bits & SIGN)
    } else {
        sample
    }
}

/// Below this (−300 dBFS) the detector takes a sample for zero: its powers would be subnormal, which is slow.
const INAUDIBLE: f32 = 1e-15;
/// Above this (+120 dBFS) powers would overflow, and a detector that has heard infinity hears nothing ever after.
const LOUDEST: f32 = 1e6;

/// A sample as the detector gets it: finite, and of a size that features can be computed from.
pub(crate) fn for_detector(sample: f32) -> f32 {
    let sample = clean(sample).clamp(-LOUDEST, LOUDEST);
    if sample.abs() < INAUDIBLE { 0.0 } else { sample }
}

/// The sidechain on as many channels as the detector has: more are mixed, fewer repeat. What is not there is silence.
pub(crate) fn mapped(side: &[&[f32]], wanted: usize, channel: usize, index: usize) -> f32 {
    let at = |source: usize| side[source].get(index).copied().unwrap_or(0.0);
    if side.len() <= wanted {
        return at(channel % side.len());
    }
    let sources = (channel..side.len()).step_by(wanted);
    #[expect(clippy::cast_precision_loss, reason = "a few channels")]
    let share = 1.0 / sources.len() as f32;
    sources.map(at).sum::<f32>() * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_number_changes() {
        for same in [0.0, -0.0, 1.0, -0.5, f32::MIN_POSITIVE, -f32::MIN_POSITIVE, f32::MAX, 1e-30] {
            assert_eq!(clean(same).to_bits(), same.to_bits());
        }
        for gone in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, -1e-45] {
            assert_eq!(clean(gone), 0.0);
        }
    }
}
