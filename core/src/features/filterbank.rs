//! Triangles on a mel scale, stored sparse.

use super::sample::Sample;
use super::{FeatureSpec, MelNorm, MelScale, SampleScale};
use crate::signal::units::real;

/// Products that are summed side by side: each band's weights are filled up with zeros to a multiple of it, so that
/// the inner loop is whole vectors.
pub(super) const LANES: usize = 4;

/// A filterbank from a power spectrum to bands.
#[derive(Debug)]
pub(super) struct Filterbank<T> {
    /// First bin of each band.
    first_bins: Vec<usize>,
    /// The weights of all bands, one band after the other.
    weights: Vec<[T; LANES]>,
    /// Neighbouring bands that are equally wide.
    runs: Vec<Run>,
}

/// `bands` bands of `width` vectors of weights each.
#[derive(Debug, Clone, Copy)]
struct Run {
    width: usize,
    bands: usize,
}

impl<T: Sample> Filterbank<T> {
    /// The bank of a valid spec. The scale of the samples and of the power are folded into the weights.
    pub(super) fn new(spec: &FeatureSpec) -> Self {
        let full_scale: f64 = match spec.sample_scale {
            SampleScale::Unit => 1.0,
            SampleScale::Int16 => 32_768.0,
        };
        let scale = full_scale * full_scale * spec.power_scale;
        let mut bank = Self { first_bins: Vec::new(), weights: Vec::new(), runs: Vec::<Run>::new() };
        for dense in triangles(spec) {
            let inside = |weight: &f64| *weight > 0.0;
            let first_bin = dense.iter().position(inside).unwrap_or(0);
            let end_bin = dense.iter().rposition(inside).map_or(first_bin, |last| last + 1);
            let mut band: Vec<T> =
                dense[first_bin..end_bin].iter().map(|w| T::from_coefficient(w * scale)).collect();
            band.resize(band.len().next_multiple_of(LANES), T::zero());
            let (vectors, _) = band.as_chunks();
            bank.weights.extend_from_slice(vectors);
            bank.first_bins.push(first_bin);
            match bank.runs.last_mut() {
                Some(run) if run.width == vectors.len() => run.bands += 1,
                _ => bank.runs.push(Run { width: vectors.len(), bands: 1 }),
            }
        }
        bank
    }

    /// Length that a power spectrum must have so that every band's filled-up weights find a bin; the bins past the
    /// spectrum are zero.
    pub(super) fn padded_bins(spec: &FeatureSpec) -> usize {
        bins(spec) + LANES - 1
    }

    /// Sums a power spectrum (of [`padded_bins`](Self::padded_bins)) into bands.
    pub(super) fn apply(&self, power: &[T], bands: &mut [f32]) {
        let (mut first_bins, mut weights, mut bands) = (&self.first_bins[..], &self.weights[..], bands);
        for run in &self.runs {
            let (run_bins, run_weights, run_bands);
            (run_bins, first_bins) = first_bins.split_at(run.bands);
            (run_weights, weights) = weights.split_at(run.bands * run.width);
            (run_bands, bands) = bands.split_at_mut(run.bands);
            // Most bands are narrow, and a loop of a known length is a quarter faster.
            match run.width {
                1 => narrow::<T, 1>(run_bins, run_weights, power, run_bands),
                2 => narrow::<T, 2>(run_bins, run_weights, power, run_bands),
                3 => narrow::<T, 3>(run_bins, run_weights, power, run_bands),
                4 => narrow::<T, 4>(run_bins, run_weights, power, run_bands),
                5 => narrow::<T, 5>(run_bins, run_weights, power, run_bands),
                6 => narrow::<T, 6>(run_bins, run_weights, power, run_bands),
                width => {
                    for (band, (first_bin, out)) in run_bins.iter().zip(run_bands).enumerate() {
                        *out = weigh(
                            &run_weights[band * width..][..width],
                            &power[*first_bin..][..width * LANES],
                        );
                    }
                }
            }
        }
    }
}

/// A run of bands that are `WIDTH` vectors wide.
#[inline(always)]
fn narrow<T: Sample, const WIDTH: usize>(
    first_bins: &[usize],
    weights: &[[T; LANES]],
    power: &[T],
    bands: &mut [f32],
) {
    let (weights, _) = weights.as_chunks::<WIDTH>();
    for ((first_bin, weights), out) in first_bins.iter().zip(weights).zip(bands) {
        *out = weigh(weights, &power[*first_bin..][..WIDTH * LANES]);
    }
}

/// Sum of the products of one band.
#[inline(always)]
fn weigh<T: Sample>(weights: &[[T; LANES]], power: &[T]) -> f32 {
    let (power, _) = power.as_chunks::<LANES>();
    let mut sums = [T::zero(); LANES];
    for (w, p) in weights.iter().zip(power) {
        for lane in 0..LANES {
            sums[lane] += w[lane] * p[lane];
        }
    }
    ((sums[0] + sums[2]) + (sums[1] + sums[3])).to_feature()
}

/// Bins of the spectrum.
pub(super) fn bins(spec: &FeatureSpec) -> usize {
    spec.n_fft / 2 + 1
}

/// The dense weights of each band.
fn triangles(spec: &FeatureSpec) -> impl Iterator<Item = Vec<f64>> + '_ {
    let mel = &spec.mel;
    let low = mel.scale.mel(mel.low_hz);
    let step = (mel.scale.mel(mel.high_hz) - low) / real(mel.bands + 1);
    let edge_hz = move |edge: usize| match edge {
        0 => mel.low_hz,
        last if last == mel.bands + 1 => mel.high_hz,
        inner => mel.scale.hz(low + step * real(inner)),
    };
    let bin_hz = f64::from(spec.rate_hz) / real(spec.n_fft);
    let to_bin = move |hz: f64| (real(spec.n_fft + 1) * hz / f64::from(spec.rate_hz)).floor();
    (0..mel.bands).map(move |band| {
        let hz = [edge_hz(band), edge_hz(band + 1), edge_hz(band + 2)];
        let norm = match mel.norm {
            MelNorm::None => 1.0,
            MelNorm::Slaney => 2.0 / (hz[2] - hz[0]),
        };
        // Both kinds are the same triangle: over bin numbers with whole edges, or over frequencies.
        let [left, centre, right] = if mel.edges_to_bins { hz.map(to_bin) } else { hz };
        (0..bins(spec))
            .map(|bin| {
                let x = if mel.edges_to_bins { real(bin) } else { real(bin) * bin_hz };
                let height = if x < left || x >= right {
                    0.0
                } else if x < centre {
                    (x - left) / (centre - left)
                } else {
                    (right - x) / (right - centre)
                };
                norm * height
            })
            .collect()
    })
}

impl MelScale {
    /// Slaney's scale is linear to here, Hz.
    const SLANEY_BREAK_HZ: f64 = 1_000.0;
    /// Width of a mel in the linear part, Hz.
    const SLANEY_MEL_HZ: f64 = 200.0 / 3.0;

    /// Mels per factor e above the break: 27 mels for a factor of 6.4.
    fn slaney_mels_per_e() -> f64 {
        27.0 / 6.4_f64.ln()
    }

    fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < Self::SLANEY_BREAK_HZ => hz / Self::SLANEY_MEL_HZ,
            Self::Slaney => {
                Self::SLANEY_BREAK_HZ / Self::SLANEY_MEL_HZ
                    + (hz / Self::SLANEY_BREAK_HZ).ln() * Self::slaney_mels_per_e()
            }
        }
    }

    fn hz(self, mel: f64) -> f64 {
        let mels_above = mel - Self::SLANEY_BREAK_HZ / Self::SLANEY_MEL_HZ;
        match self {
            Self::Htk => 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mels_above < 0.0 => mel * Self::SLANEY_MEL_HZ,
            Self::Slaney => Self::SLANEY_BREAK_HZ * (mels_above / Self::slaney_mels_per_e()).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_is_dense() {
        for name in crate::features::preset_names() {
            let spec = FeatureSpec::preset(name).unwrap();
            let bank = Filterbank::<f64>::new(&spec);
            let power: Vec<f64> = (0..Filterbank::<f64>::padded_bins(&spec)).map(|k| real(k % 7)).collect();
            let mut bands = vec![0.0; spec.mel.bands];
            bank.apply(&power, &mut bands);
            let full_scale = if spec.sample_scale == SampleScale::Int16 { 32_768.0 } else { 1.0 };
            for (dense, band) in triangles(&spec).zip(bands) {
                let sum: f64 = dense.iter().zip(&power).map(|(w, p)| w * p).sum();
                let sum = sum * full_scale * full_scale * spec.power_scale;
                assert!((f64::from(band) - sum).abs() <= 1e-6 * sum, "{name}: {band} against {sum}");
            }
        }
    }

    #[test]
    fn scales_are_inverse() {
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 60.0, 999.9, 1_000.0, 1_000.1, 8_000.0, 11_025.0] {
                assert!((scale.hz(scale.mel(hz)) - hz).abs() < 1e-9, "{scale:?} {hz}");
            }
        }
    }
}
