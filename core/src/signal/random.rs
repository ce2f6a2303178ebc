//! Random numbers that are the same on every machine (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator: enough for drawing and for noise, not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator whose next number is the one at `index` of the sequence of seed 0.
    #[cfg(feature = "render")]
    pub(crate) fn at(index: u64) -> Self {
        Self(index.wrapping_mul(GOLDEN))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number below `limit`: the high half of the bits times the limit, unbiased enough for limits far below 2^32.
    #[cfg(feature = "eval")]
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(((self.bits() >> 32) * limit as u64) >> 32).unwrap_or(0)
    }

    /// A number in −1..1 with a triangular density: the sum of two even ones.
    pub(crate) fn triangular(&mut self) -> f64 {
        let bits = self.bits();
        even(bits >> 32) + even(bits & 0xffff_ffff)
    }
}

/// 32 random bits as a number in −0.5..0.5.
#[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
fn even(bits: u64) -> f64 {
    bits as f64 / 4_294_967_296.0 - 0.5
}

#[cfg(all(test, feature = "eval"))]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_can_be_entered_anywhere() {
        let mut whole = SplitMix::new(0);
        let numbers: Vec<u64> = (0..4).map(|_| whole.bits()).collect();
        assert_eq!(numbers[0], 0xe220_a839_7b1d_cdaf, "the published sequence");
        assert_eq!(SplitMix::at(2).bits(), numbers[2]);
        assert!((0..1000).all(|_| whole.below(7) < 7));
        let sum: f64 = (0..10_000).map(|_| whole.triangular()).sum();
        assert!(sum.abs() < 200.0, "{sum}");
    }
}
