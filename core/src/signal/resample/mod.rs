//! Rate conversion of one channel, exact in time.
//!
//! An FIR filter: output sample `n` is the input, low-passed by a Kaiser-windowed sinc, at exactly `n · in / out` input
//! samples. The position is a whole number of samples and an integer remainder, so nothing drifts, and each output
//! depends on a fixed window of input only and is added up in a fixed order, so the result is the same to the bit for
//! any split of the input. The filter's delay is taken out: what is waited for is its look-ahead,
//! [`Resampler::delay_samples`] (4.1 ms from 48 kHz to 16 kHz), which matters for live audio. A block-FFT resampler would
//! come later live; live and offline must agree, so there is one.
//!
//! Pass band flat to 92 % of the lower Nyquist frequency, everything beyond that frequency 84 dB down (`design.rs`). Who does not
//! listen up to there ([`Resampler::heard_up_to`]) has a shorter filter: 2.6 ms for bands that end at 7.6 kHz.
//! Whole factors downwards have a way of their own (`decimator.rs`), all other ratios share one (`polyphase.rs`).

mod decimator;
mod design;
mod polyphase;
#[cfg(test)]
mod tests;

use decimator::Decimator;
use design::Stop;
use polyphase::Polyphase;

/// Lowest sample rate that is heard, Hz.
pub const MIN_RATE_HZ: u32 = 1_000;
/// Highest sample rate that is heard, Hz.
pub const MAX_RATE_HZ: u32 = 768_000;

/// Why a resampler cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
/// # use earmark_core::signal::Resampler;
/// let mut resampler = Resampler::new(48_000, 16_000)?;
/// let mut out = Vec::new();
/// resampler.push(&[0.0; 1000], &mut out);
/// resampler.push(&[0.0; 1000], &mut out);
/// resampler.finish(&mut out);
/// assert_eq!(out.len(), 667); // 2000 / 3, rounded up
/// # Ok::<(), earmark_core::signal::ResampleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Resampler {
    engine: Engine,
    received: u64,
    produced: u64,
    in_rate_hz: u32,
    out_rate_hz: u32,
}

#[derive(Debug, Clone)]
enum Engine {
    /// Equal rates.
    Copy,
    Decimator(Decimator),
    Polyphase(Polyphase),
}

impl Resampler {
    /// A converter from `in_rate_hz` to `out_rate_hz`. Equal rates pass samples through unchanged.
    ///
    /// # Errors
    ///
    /// If a rate is not within the supported range.
    pub fn new(in_rate_hz: u32, out_rate_hz: u32) -> Result<Self, ResampleError> {
        Self::with_stop(in_rate_hz, out_rate_hz, Stop::CLEAN)
    }

    /// The same for a listener that uses nothing above `highest_hz` of the output: downwards, what would alias is taken away only
    /// where it would be heard, by a filter that is shorter for that.
    ///
    /// # Errors
    ///
    /// As for [`Resampler::new`].
    pub fn heard_up_to(highest_hz: f64, in_rate_hz: u32, out_rate_hz: u32) -> Result<Self, ResampleError> {
        let is_down = in_rate_hz > out_rate_hz;
        let stop = if is_down { Stop::unheard(highest_hz, out_rate_hz) } else { Stop::CLEAN };
        Self::with_stop(in_rate_hz, out_rate_hz, stop)
    }

    fn with_stop(in_rate_hz: u32, out_rate_hz: u32, stop: Stop) -> Result<Self, ResampleError> {
        for rate_hz in [in_rate_hz, out_rate_hz] {
            if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
                return Err(ResampleError::Rate { rate_hz });
            }
        }
        let divisor = gcd(in_rate_hz, out_rate_hz);
        let engine = match (in_rate_hz / divisor, out_rate_hz / divisor) {
            (1, 1) => Engine::Copy,
            (factor, 1) => Engine::Decimator(Decimator::new(factor, stop)),
            (input, output) => Engine::Polyphase(Polyphase::new(input, output, stop)),
        };
        Ok(Self { engine, received: 0, produced: 0, in_rate_hz, out_rate_hz })
    }

    /// Input samples that must follow a moment before its output can be made.
    pub fn delay_samples(&self) -> usize {
        match &self.engine {
            Engine::Copy => 0,
            Engine::Decimator(decimator) => decimator.delay_samples(),
            Engine::Polyphase(polyphase) => polyphase.delay_samples(),
        }
    }

    /// Takes `input` and appends every output sample that it completes to `out`.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let before = out.len();
        match &mut self.engine {
            Engine::Copy => out.extend_from_slice(input),
            Engine::Decimator(decimator) => decimator.push(input, out),
            Engine::Polyphase(polyphase) => polyphase.push(input, out),
        }
        self.received += input.len() as u64;
        self.produced += (out.len() - before) as u64;
    }

    /// Appends the outputs that lie within the input received so far but were waiting for more, so that there are
    /// `ceil(received · out / in)` in all, then begins anew.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let missing = self.outputs_for(self.received) - self.produced;
        let end = out.len().saturating_add(usize::try_from(missing).unwrap_or(usize::MAX));
        while out.len() < end {
            self.push(&[0.0; 256], out);
        }
        out.truncate(end);
        self.reset();
    }

    /// Forgets everything received.
    pub fn reset(&mut self) {
        match &mut self.engine {
            Engine::Copy => {}
            Engine::Decimator(decimator) => decimator.reset(),
            Engine::Polyphase(polyphase) => polyphase.reset(),
        }
        self.received = 0;
        self.produced = 0;
    }

    /// Number of outputs for an input of `samples`: those that lie before its end.
    pub fn outputs_for(&self, samples: u64) -> u64 {
        let total = u128::from(samples) * u128::from(self.out_rate_hz);
        u64::try_from(total.div_ceil(u128::from(self.in_rate_hz))).unwrap_or(u64::MAX)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
