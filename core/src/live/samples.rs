//! Samples that every later step can work with.
//!
//! Real time: branch-free arithmetic on bits.

const EXPONENT: u32 = 0x7f80_0000;
const SIGN: u32 = 0x8000_0000;

/// The sample itself if it is a normal number or zero; zero for what is not finite and for subnormal numbers.
pub(super) fn clean(sample: f32) -> f32 {
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
