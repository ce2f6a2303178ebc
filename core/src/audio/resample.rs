//! Rate conversion of one channel, exact in time.
//!
//! A polyphase FIR filter: output sample `n` is the input, low-passed by a Kaiser-windowed sinc, at exactly
//! `n · in / out` input samples. The position is a whole number of samples and an integer remainder, so nothing drifts,
//! and each output depends on a fixed window of input only, so the result is the same to the bit for any split of the
//! input. The filter's delay is taken out: what is waited for is its look-ahead, [`Resampler::delay_samples`] (3.9 ms
//! from 48 kHz to 16 kHz), which matters for live audio. A block-FFT resampler would be faster offline and later live;
//! live and offline must agree, so there is one.
//!
//! Pass band flat to [`PASSBAND`] of the lower Nyquist frequency, everything beyond that frequency
//! [`STOPBAND_DB`] down.

use std::f64::consts::PI;

use super::source::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Fraction of the lower of the two Nyquist frequencies that passes unchanged.
pub(super) const PASSBAND: f64 = 0.92;
/// Attenuation of what would alias, dB.
pub(super) const STOPBAND_DB: f64 = 84.0;
/// Most coefficients for which each phase of a rational ratio has its own row (1 MiB).
const MAX_EXACT_COEFFICIENTS: usize = 1 << 18;
/// Rows per sample of the lower rate where rows are interpolated: the interpolation error stays under −100 dB.
const INTERPOLATED_PHASES: u32 = 512;
/// Input samples taken in at a time; bounds the history buffer.
const CHUNK: usize = 4096;
/// Independent partial sums in the inner loop, so that it can be vectorised.
const LANES: usize = 16;

/// Why a resampler cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// A rate outside the supported range.
    #[error("{rate_hz} Hz is not a rate between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz")]
    Rate {
        /// The rate.
        rate_hz: u32,
    },
}

/// Converts mono `f32` from one rate to another; streaming, sample-exact, allocation-free after construction (apart
/// from growth of the caller's output vector).
///
/// ```
/// # use earmark_core::audio::Resampler;
/// let mut resampler = Resampler::new(48_000, 16_000)?;
/// let mut out = Vec::new();
/// resampler.push(&[0.0; 1000], &mut out);
/// resampler.push(&[0.0; 1000], &mut out);
/// resampler.finish(&mut out);
/// assert_eq!(out.len(), 667); // 2000 / 3, rounded up
/// # Ok::<(), earmark_core::audio::ResampleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Resampler {
    bank: Option<Bank>,
    /// Input samples from `base` on; begins with silence before the first sample.
    history: Vec<f32>,
    /// Index in `history` of the first sample under the filter for the next output.
    start: usize,
    /// Position of the next output after the filter's centre sample, in units of 1 / `bank.out`.
    remainder: u32,
    received: u64,
    produced: u64,
    in_rate_hz: u32,
    out_rate_hz: u32,
}

impl Resampler {
    /// A converter from `in_rate_hz` to `out_rate_hz`. Equal rates pass samples through unchanged.
    ///
    /// # Errors
    ///
    /// If a rate is not within the supported range.
    pub fn new(in_rate_hz: u32, out_rate_hz: u32) -> Result<Self, ResampleError> {
        for rate_hz in [in_rate_hz, out_rate_hz] {
            if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
                return Err(ResampleError::Rate { rate_hz });
            }
        }
        let bank = (in_rate_hz != out_rate_hz).then(|| Bank::new(in_rate_hz, out_rate_hz));
        let capacity = bank.as_ref().map_or(0, |b| b.taps + CHUNK);
        let mut resampler = Self {
            bank,
            history: Vec::with_capacity(capacity),
            start: 0,
            remainder: 0,
            received: 0,
            produced: 0,
            in_rate_hz,
            out_rate_hz,
        };
        resampler.reset();
        Ok(resampler)
    }

    /// Input samples that must follow a moment before its output can be made.
    pub fn delay_samples(&self) -> usize {
        self.bank.as_ref().map_or(0, |bank| bank.taps / 2)
    }

    /// Takes `input` and appends every output sample that it completes to `out`.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let Some(bank) = &self.bank else {
            out.extend_from_slice(input);
            return;
        };
        for chunk in input.chunks(CHUNK) {
            self.received += chunk.len() as u64;
            // Everything before `start` is done with. Moving the rest costs one filter length per chunk, so wait until
            // the space is needed.
            if self.history.len() + chunk.len() > self.history.capacity() {
                let used = self.start.min(self.history.len());
                self.history.drain(..used);
                self.start -= used;
            }
            self.history.extend_from_slice(chunk);
            while let Some(window) = self.history.get(self.start..self.start + bank.taps) {
                out.push(bank.apply(window, self.remainder));
                self.produced += 1;
                self.start += bank.step_whole;
                self.remainder += bank.step_remainder;
                if self.remainder >= bank.out {
                    self.remainder -= bank.out;
                    self.start += 1;
                }
            }
        }
    }

    /// Appends the outputs that lie within the input received so far but were waiting for more, so that there are
    /// `ceil(received · out / in)` in all, then begins anew.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        if self.bank.is_some() {
            let total = self.outputs_for(self.received);
            let silence = [0.0; 256];
            let wanted = usize::try_from(total - self.produced).unwrap_or(usize::MAX);
            let end = out.len().saturating_add(wanted);
            while out.len() < end {
                self.push(&silence, out);
            }
            out.truncate(end);
        }
        self.reset();
    }

    /// Forgets everything received.
    pub fn reset(&mut self) {
        self.history.clear();
        // The first output lies at input sample 0: before it there is silence for the left half of the filter.
        let lead = self.bank.as_ref().map_or(0, |bank| bank.taps / 2 - 1);
        self.history.resize(lead, 0.0);
        self.start = 0;
        self.remainder = 0;
        self.received = 0;
        self.produced = 0;
    }

    /// Number of outputs for an input of `samples`: those that lie before its end.
    pub fn outputs_for(&self, samples: u64) -> u64 {
        let total = u128::from(samples) * u128::from(self.out_rate_hz);
        u64::try_from(total.div_ceil(u128::from(self.in_rate_hz))).unwrap_or(u64::MAX)
    }
}

/// The filter at every phase at which it is needed.
#[derive(Debug, Clone)]
struct Bank {
    /// `rows × taps`; row `r` of a bank with `phases` phases is for a remainder of `r / phases`.
    coefficients: Vec<f32>,
    taps: usize,
    /// The output rate in lowest terms: the denominator of positions.
    out: u32,
    step_whole: usize,
    step_remainder: u32,
    /// Phases per input sample; equal to `out` if each has its row, otherwise neighbouring rows are interpolated.
    phases: u32,
}

impl Bank {
    fn new(in_rate_hz: u32, out_rate_hz: u32) -> Self {
        let divisor = gcd(in_rate_hz, out_rate_hz);
        let (input, out) = (in_rate_hz / divisor, out_rate_hz / divisor);
        // Input samples per sample of the lower of the two rates.
        let stretch = (f64::from(input) / f64::from(out)).max(1.0);
        let half = half_length(stretch);
        let taps = 2 * half;
        let exact =
            usize::try_from(out).is_ok_and(|rows| rows.saturating_mul(taps) <= MAX_EXACT_COEFFICIENTS);
        let phases = if exact { out } else { INTERPOLATED_PHASES.div_ceil(input.div_ceil(out)).max(2) };
        let rows = if exact { phases } else { phases + 1 };
        let cutoff = 0.5 * (1.0 + PASSBAND) / stretch;
        let mut coefficients = Vec::new();
        for row in 0..rows {
            let shift = f64::from(row) / f64::from(phases);
            push_row(&mut coefficients, half, shift, cutoff);
        }
        Self {
            coefficients,
            taps,
            out,
            step_whole: usize::try_from(input / out).unwrap_or(usize::MAX),
            step_remainder: input % out,
            phases,
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.coefficients[row * self.taps..(row + 1) * self.taps]
    }

    fn apply(&self, window: &[f32], remainder: u32) -> f32 {
        if self.phases == self.out {
            return dot(window, self.row(to_index(u64::from(remainder))));
        }
        let position = u64::from(remainder) * u64::from(self.phases);
        let row = to_index(position / u64::from(self.out));
        let fraction = fraction(position % u64::from(self.out), self.out);
        let low = dot(window, self.row(row));
        let high = dot(window, self.row(row + 1));
        low + fraction * (high - low)
    }
}

/// Half the filter's length in input samples, by Kaiser's formula for the transition band; rounded up so that the whole
/// is made of full lanes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 72 × 768, positive")]
fn half_length(stretch: f64) -> usize {
    let transition = 0.5 * (1.0 - PASSBAND) / stretch;
    let half = (0.5 * (STOPBAND_DB - 7.95) / (14.36 * transition)).ceil() as usize;
    half.next_multiple_of(LANES / 2)
}

/// Appends the filter centred `shift` (0..=1) after the middle sample, scaled to pass DC unchanged.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "tap counts are small; f32 is meant"
)]
fn push_row(coefficients: &mut Vec<f32>, half: usize, shift: f64, cutoff: f64) {
    let beta = 0.1102 * (STOPBAND_DB - 8.7);
    let row: Vec<f64> = (0..2 * half)
        .map(|tap| {
            let t = tap as f64 - (half as f64 - 1.0) - shift;
            let edge = (t / half as f64).abs().min(1.0);
            sinc(cutoff * t) * bessel_i0(beta * (1.0 - edge * edge).sqrt())
        })
        .collect();
    let scale = 1.0 / row.iter().sum::<f64>();
    coefficients.extend(row.iter().map(|c| (c * scale) as f32));
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

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    // Filter lengths are multiples of the number of lanes.
    for (x, y) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A row number: below 2^19.
fn to_index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "numerator < denominator < 2^20"
)]
fn fraction(numerator: u64, denominator: u32) -> f32 {
    (numerator as f64 / f64::from(denominator)) as f32
}
