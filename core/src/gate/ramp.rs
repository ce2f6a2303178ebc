//! One movement of the gain from a value to another.

use super::Curve;

/// Natural logarithm of 1000, the span in which [`Curve::Decibels`] is even.
const MAX_STEEPNESS: f32 = 6.907_755;

/// A path from one gain to another; see [`Curve`] for its formula.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramp {
    /// Position of the first sample; it still has the old gain.
    start: u64,
    /// Samples until the target is reached.
    len: u64,
    from: f32,
    to: f32,
    steepness: f32,
    /// `e^−steepness`.
    floor: f32,
}

impl Ramp {
    pub(super) fn new(start: u64, len: u64, from: f32, to: f32, curve: Curve) -> Self {
        let (low, high) = (from.min(to), from.max(to));
        let steepness = match curve {
            Curve::Amplitude => 0.0,
            // Zero low gives infinity, which the limit takes.
            Curve::Decibels => (high / low).ln().min(MAX_STEEPNESS),
        };
        Self { start, len: len.max(1), from, to, steepness, floor: (-steepness).exp() }
    }

    /// Position of the first sample that has the target gain.
    pub(super) fn end(&self) -> u64 {
        self.start + self.len
    }

    pub(super) fn target(&self) -> f32 {
        self.to
    }

    /// The gains from position `at` on; all of `out` lies inside the ramp.
    pub(super) fn fill(&self, at: u64, out: &mut [f32]) {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        let rising = self.to > self.from;
        let step = 1.0 / to_f32(self.len);
        let span = 1.0 - self.floor;
        for (index, gain) in (at - self.start..).zip(out) {
            let share = to_f32(index) * step;
            // Counted from the nearer end, and the exponential from the top: so the rounding of f32 stays
            // under −130 dB.
            let near = share.min(1.0 - share);
            let small = near * near * near * (10.0 + near * (6.0 * near - 15.0));
            let below_top = if rising == (share > 0.5) { small } else { 1.0 - small };
            let depth = if self.steepness > 0.0 {
                (1.0 - (-self.steepness * below_top).exp()) / span
            } else {
                below_top
            };
            *gain = (high - (high - low) * depth).clamp(low, high);
        }
    }

    /// The same where position `from` is called `to`, which lies no earlier.
    pub(super) fn moved(self, from: u64, to: u64) -> Self {
        Self { start: (self.start + to).saturating_sub(from), ..self }
    }

    /// The gain at a position inside the ramp.
    pub(super) fn gain(&self, at: u64) -> f32 {
        let mut one = [0.0];
        self.fill(at, &mut one);
        one[0]
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ramps of at most 10 s; above 2^24 samples the error is 6e-8 of the ramp"
)]
fn to_f32(samples: u64) -> f32 {
    samples as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_are_monotone_and_end_on_their_targets() {
        for curve in [Curve::Decibels, Curve::Amplitude] {
            for (from, to) in [(1.0, 0.0), (0.0, 1.0), (1.0, 0.001), (0.031_6, 1.0), (0.5, 0.47), (1e-7, 1.0)]
            {
                let ramp = Ramp::new(100, 480, from, to, curve);
                let mut gains = [0.0; 480];
                ramp.fill(100, &mut gains);
                assert!((gains[0] - from).abs() < 1e-6, "{curve:?} {from} {to}");
                assert!((ramp.gain(579) - to).abs() < 1e-4);
                for pair in gains.windows(2) {
                    // To the last bit of a float: a step of 1e-7 is 140 dB down.
                    let step = (pair[1] - pair[0]) * (to - from).signum();
                    assert!(step > -2e-7, "{curve:?} {from} {to}: {step}");
                    // Steepest: 1.875 in the smooth step, ln 1000 in the decibel curve.
                    assert!(step < 1.875 * MAX_STEEPNESS / 480.0, "slope is bounded");
                }
            }
        }
    }

    #[test]
    fn decibels_are_even() {
        let ramp = Ramp::new(0, 1_000, 0.01, 1.0, Curve::Decibels);
        assert!((20.0 * ramp.gain(500).log10() + 20.0).abs() < 1e-3, "half the way is half the decibels");
    }
}
