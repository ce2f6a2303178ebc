//! One frame: window, Fourier transform, power, bands.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::filterbank::Filterbank;
use super::sample::Sample;
use super::{FeatureSpec, Placement, Window, WindowShape};
use crate::signal::units::real;

/// Computes the mel power of one frame at a time; everything is allocated once.
pub(super) struct Spectrum<T> {
    window: Vec<T>,
    /// Where the window lies in the transform's buffer.
    offset: usize,
    fft: Arc<dyn RealToComplex<T>>,
    input: Vec<T>,
    bins: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
    /// `|X|²`, then zeros for the filterbank.
    power: Vec<T>,
    filterbank: Filterbank<T>,
}

impl<T: Sample> Spectrum<T> {
    /// For a valid spec.
    pub(super) fn new(spec: &FeatureSpec) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(spec.n_fft);
        Self {
            window: spec.window.values().map(T::from_coefficient).collect(),
            offset: match spec.window.placement {
                Placement::Start => 0,
                Placement::Centre => (spec.n_fft - spec.window.length) / 2,
            },
            input: fft.make_input_vec(),
            bins: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![T::zero(); Filterbank::<T>::padded_bins(spec)],
            filterbank: Filterbank::new(spec),
            fft,
        }
    }

    /// Mel power of a frame of [`FeatureSpec::frame_samples`] samples.
    pub(super) fn mel_power(&mut self, frame: &[T], bands: &mut [f32]) {
        let end = self.offset + self.window.len();
        // The transform leaves its input in disorder, so the zeros around the window are written each time.
        self.input[..self.offset].fill(T::zero());
        self.input[end..].fill(T::zero());
        let inside = &mut self.input[self.offset..end];
        for ((x, sample), w) in inside.iter_mut().zip(&frame[self.offset..]).zip(&self.window) {
            *x = *sample * *w;
        }
        self.fft
            .process_with_scratch(&mut self.input, &mut self.bins, &mut self.scratch)
            .expect("the buffers were made by this transform");
        for (power, bin) in self.power.iter_mut().zip(&self.bins) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
        self.filterbank.apply(&self.power, bands);
    }
}

impl Window {
    fn values(self) -> impl Iterator<Item = f64> {
        let divisor = real(if self.periodic { self.length } else { self.length - 1 });
        (0..self.length).map(move |n| match self.shape {
            WindowShape::Hann => 0.5 - 0.5 * (std::f64::consts::TAU * real(n) / divisor).cos(),
        })
    }
}
