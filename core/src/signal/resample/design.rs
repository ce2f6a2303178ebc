//! The low-pass filter behind every ratio: a sinc under a Kaiser window.

use std::f64::consts::PI;

/// Fraction of the lower of the two Nyquist frequencies that passes unchanged.
pub(super) const PASSBAND: f64 = 0.92;
/// Attenuation of what would alias, dB.
pub(super) const STOPBAND_DB: f64 = 84.0;

/// Where a filter begins to take away all, as a fraction of the lower Nyquist frequency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop(f64);

impl Stop {
    /// Nothing aliases.
    pub(super) const CLEAN: Self = Self(1.0);

    /// What aliases lies above `highest_hz` at `out_rate_hz`: it is mirrored at half of that rate.
    pub(super) fn unheard(highest_hz: f64, out_rate_hz: u32) -> Self {
        let rate_hz = f64::from(out_rate_hz);
        // No wider than the pass band is narrow: a filter of a few taps saves nothing more.
        Self((2.0 * (rate_hz - highest_hz) / rate_hz).clamp(1.0, 2.0 - PASSBAND))
    }
}

/// A filter for one ratio, in input samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Design {
    /// Half its length.
    pub(super) half: usize,
    /// Cut-off, as a fraction of the input's Nyquist frequency.
    cutoff: f64,
}

impl Design {
    /// For `input` samples to every `output` samples (in lowest terms); half its length is a multiple of `multiple`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 72 × 768, positive")]
    pub(super) fn new(input: u32, output: u32, Stop(stop): Stop, multiple: usize) -> Self {
        // Input samples per sample of the lower of the two rates.
        let stretch = (f64::from(input) / f64::from(output)).max(1.0);
        let transition = 0.5 * (stop - PASSBAND) / stretch;
        // Kaiser's formula for the length.
        let half = (0.5 * (STOPBAND_DB - 7.95) / (14.36 * transition)).ceil() as usize;
        Self { half: half.next_multiple_of(multiple), cutoff: 0.5 * (stop + PASSBAND) / stretch }
    }

    /// The coefficients for samples at `places` (distances from the filter's middle, up to `half`), scaled to pass DC
    /// unchanged.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "tap counts are small; f32 is meant"
    )]
    pub(super) fn coefficients(self, places: impl Iterator<Item = f64>) -> Vec<f32> {
        let beta = 0.1102 * (STOPBAND_DB - 8.7);
        let weight = |t: f64| {
            let edge = (t / self.half as f64).abs().min(1.0);
            sinc(self.cutoff * t) * bessel_i0(beta * (1.0 - edge * edge).sqrt())
        };
        let weights: Vec<f64> = places.map(weight).collect();
        let scale = 1.0 / weights.iter().sum::<f64>();
        weights.iter().map(|w| (w * scale) as f32).collect()
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Modified Bessel function of the first kind, order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
