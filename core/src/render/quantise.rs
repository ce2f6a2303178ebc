//! Rounding to a sample format: exact where it can be, dithered where it must be.

use super::StreamFormat;
use crate::signal::random::SplitMix;
use crate::signal::units::single;

/// Samples that are looked at together.
const PIECE: usize = 512;

/// What happens to the rounding error of integers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dither {
    /// Triangular dither of ±1 LSB. With fewer bits than the source, on every sample but digital silence;
    /// with as many, only on samples that the gate has scaled, so that what it leaves alone stays bit for
    /// bit.
    #[default]
    Triangular,
    /// Round to the nearest.
    Off,
}

/// Puts samples on the grid of a format, limits them to full scale and counts what it limits.
///
/// The dither is a function of the sample's position alone: the same input gives the same bytes for any block
/// size.
#[derive(Debug, Clone)]
pub struct Quantiser {
    full_scale: Option<f32>,
    dither_always: bool,
    dither: bool,
    position: u64,
    clipped: u64,
}

impl Quantiser {
    /// From a source of `source_bits` (floating point counts as more than any integer) to `format`.
    pub fn new(format: StreamFormat, source: StreamFormat, dither: Dither) -> Self {
        // 32-bit integers are finer than the f32 that carry them: nothing to round, nothing to dither.
        let rounds = !format.float && format.bits < 32;
        Self {
            full_scale: format.full_scale(),
            dither: rounds && dither == Dither::Triangular,
            dither_always: source.float || source.bits > format.bits,
            position: 0,
            clipped: 0,
        }
    }

    /// Samples that were over full scale so far. Floating-point output is not limited.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Rounds samples in place.
    pub fn round(&mut self, samples: &mut [f32]) {
        let start = self.position;
        self.position += samples.len() as u64;
        let Some(scale) = self.full_scale else { return };
        let scale = f64::from(scale);
        for (index, piece) in (0..).zip(samples.chunks_mut(PIECE)) {
            // What the gate has left alone is on the grid already, which is quickly seen.
            if (self.dither && self.dither_always) || !on_grid(piece, scale) {
                self.round_each(start + index * PIECE as u64, piece, scale);
            }
        }
    }

    fn round_each(&mut self, start: u64, samples: &mut [f32], scale: f64) {
        let (low, high) = (-scale, scale - 1.0);
        for (index, sample) in (start..).zip(samples) {
            // Powers of two: scaling is exact.
            let scaled = f64::from(*sample) * scale;
            let rounded = nearest(scaled);
            let mut value = rounded;
            if self.dither && scaled != 0.0 && (self.dither_always || rounded.to_bits() != scaled.to_bits()) {
                value = nearest(scaled + SplitMix::at(index).triangular());
            }
            // The sample itself, not its dither, is what clips.
            self.clipped += u64::from(rounded < low || rounded > high);
            *sample = single(if value.is_nan() { 0.0 } else { value.clamp(low, high) } / scale);
        }
    }
}

/// Whether rounding and limiting would change nothing.
fn on_grid(samples: &[f32], scale: f64) -> bool {
    // Counted, not searched: a loop without a way out becomes vector code. NaN is on no grid.
    let off = |sample: f32| {
        let scaled = f64::from(sample) * scale;
        nearest(scaled) != scaled || scaled < -scale || scaled > scale - 1.0
    };
    samples.iter().fold(0_u32, |count, sample| count + u32::from(off(*sample))) == 0
}

/// The nearest integer, ties to even, for anything that a sample can be. (The method of the standard library is a
/// function call on processors without the instruction.)
pub(super) fn nearest(value: f64) -> f64 {
    /// With this added, the lowest bit of an f64 is worth one.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (value + SHIFT) - SHIFT
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are small numbers")]
mod tests {
    use super::*;

    fn format(bits: u16, float: bool) -> StreamFormat {
        StreamFormat { rate_hz: 48_000, channels: 1, bits, float }
    }

    #[test]
    fn every_24_bit_sample_passes() {
        let mut quantiser = Quantiser::new(format(24, false), format(24, false), Dither::Triangular);
        let all: Vec<f32> = (-8_388_608..8_388_608).step_by(7).map(|i: i32| i as f32 / 8_388_608.0).collect();
        let mut rounded = all.clone();
        quantiser.round(&mut rounded);
        assert_eq!(all, rounded);
        assert_eq!(quantiser.clipped(), 0);
    }

    #[test]
    fn dither_is_triangular_and_leaves_silence_alone() {
        let mut quantiser = Quantiser::new(format(16, false), format(24, false), Dither::Triangular);
        let value = 1_000.25 / 32_768.0;
        let mut samples = vec![value; 200_000];
        quantiser.round(&mut samples);
        let errors: Vec<f64> = samples.iter().map(|&s| f64::from((s - value) * 32_768.0)).collect();
        let count = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / count;
        let variance = errors.iter().map(|e| e * e).sum::<f64>() / count;
        assert!(mean.abs() < 0.005, "the error does not depend on the signal: mean {mean}");
        assert!((variance - 0.25).abs() < 0.01, "1/12 of rounding and 2/12 of dither: {variance}");
        let mut silence = vec![0.0; 100];
        quantiser.round(&mut silence);
        assert!(silence.iter().all(|&s| s == 0.0));
    }

    #[test]
    fn limits_and_counts() {
        let mut quantiser = Quantiser::new(format(16, false), format(32, true), Dither::Triangular);
        let mut samples = [2.0, -1.0, f32::NAN, f32::NEG_INFINITY, 0.999_99];
        quantiser.round(&mut samples);
        assert_eq!(samples[..4], [32_767.0 / 32_768.0, -1.0, 0.0, -1.0]);
        assert!(samples[4] <= 32_767.0 / 32_768.0);
        assert_eq!(quantiser.clipped(), 3, "+2, −∞, and 0.99999, which rounds to full scale");
        let mut float = Quantiser::new(format(32, true), format(32, true), Dither::Triangular);
        let mut samples = [2.0];
        float.round(&mut samples);
        assert_eq!((samples[0], float.clipped()), (2.0, 0));
    }
}
