//! From mel power to finished features: logarithm, top-dB limit, cepstrum, normalisation.

use super::log::log2;
use super::{FeatureSpec, Log, Normalise, Reference, SpecError};
use crate::signal::units::{real, single};

/// The steps that need one frame only.
#[derive(Debug)]
pub(super) struct FrameFinisher {
    /// `(least power, added to the power, factor of its log2)`.
    log: (f32, f32, f32),
    bands: usize,
    /// Rows of the DCT, `mfcc × bands`; empty when the bands are kept.
    dct: Vec<f64>,
    normalise: Normalise,
}

impl FrameFinisher {
    pub(super) fn new(spec: &FeatureSpec) -> Self {
        let log = match spec.log {
            Log::Db { multiplier, floor } => {
                (single(floor), 0.0, single(multiplier * std::f64::consts::LOG10_2))
            }
            Log::LnPlus { offset } => (0.0, single(offset), std::f32::consts::LN_2),
        };
        let bands = spec.mel.bands;
        Self { log, bands, dct: dct(spec.mfcc.unwrap_or(0), bands), normalise: spec.normalise }
    }

    /// Power in place to its logarithm. Not-a-number, from samples that were none, becomes the floor.
    fn logarithm(&self, values: &mut [f32]) {
        let (floor, offset, factor) = self.log;
        for value in values {
            *value = factor * log2(value.max(floor) + offset);
        }
    }

    /// One logarithmic frame to its finished form, appended to `out`.
    fn append(&self, log_bands: &[f32], out: &mut Vec<f32>) {
        let start = out.len();
        if self.dct.is_empty() {
            out.extend_from_slice(log_bands);
        } else {
            out.extend(self.dct.chunks_exact(self.bands).map(|row| {
                single(row.iter().zip(log_bands).map(|(weight, value)| weight * f64::from(*value)).sum())
            }));
        }
        let frame = &mut out[start..];
        match self.normalise {
            Normalise::None | Normalise::PadMin(_) => {}
            Normalise::L2Frame => {
                let norm = frame.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
                if norm > 0.0 {
                    frame.iter_mut().for_each(|v| *v = single(f64::from(*v) / norm));
                }
            }
            Normalise::Affine { scale, offset } => {
                let [scale, offset] = [single(scale), single(offset)];
                frame.iter_mut().for_each(|v| *v = *v * scale + offset);
            }
        }
    }

    /// One frame of power (which becomes its logarithm) to one finished frame in `out`.
    pub(super) fn finish(&self, power: &mut [f32], out: &mut Vec<f32>) {
        self.logarithm(power);
        out.clear();
        self.append(power, out);
    }
}

/// Rows of the orthonormal DCT-II.
fn dct(rows: usize, columns: usize) -> Vec<f64> {
    let n = real(columns);
    let mut weights = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        let scale = if row == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        for column in 0..columns {
            weights.push(scale * (std::f64::consts::PI * real(row) * (real(column) + 0.5) / n).cos());
        }
    }
    weights
}

/// Turns cached mel power frames into the finished features of a window.
///
/// Where a step looks at other frames (a top-dB limit, filling up with the minimum), the same power frame ends up with
/// different values in different windows; so power is what is kept on the hop grid, and this is applied for each window.
#[derive(Debug)]
pub struct WindowFinisher {
    frame: FrameFinisher,
    top_db: Option<f32>,
    pad_min: Option<usize>,
    input_frames: Option<usize>,
    log_bands: Vec<f32>,
}

impl WindowFinisher {
    /// A finisher for a spec.
    ///
    /// # Errors
    /// The spec is not valid.
    pub fn new(spec: &FeatureSpec) -> Result<Self, SpecError> {
        spec.validate()?;
        let window = spec.top_db.filter(|top| top.reference == Reference::Window);
        Ok(Self {
            frame: FrameFinisher::new(spec),
            top_db: spec.top_db.map(|top| single(top.db)),
            pad_min: match spec.normalise {
                Normalise::PadMin(frames) => Some(frames),
                _ => None,
            },
            input_frames: window.and_then(|top| top.frames).or(spec.window_frames),
            log_bands: Vec::new(),
        })
    }

    /// How many power frames one window of the network is made from: `window_frames`, or the more that the top-dB
    /// limit looks at, of which the network takes the last `window_frames` rows. `None`: any number.
    pub fn input_frames(&self) -> Option<usize> {
        self.input_frames
    }

    /// Finishes the mel power of consecutive frames (row-major, `frames × bands`), taking them as the whole that a
    /// maximum or minimum is taken over. `out` is emptied and gets `frames × values_per_frame` values, or exactly
    /// `pad_min` frames where the spec says so.
    ///
    /// Allocates only until its buffers have grown to the largest window.
    ///
    /// # Panics
    /// `power` is not a whole number of frames.
    pub fn finish(&mut self, power: &[f32], out: &mut Vec<f32>) {
        let bands = self.frame.bands;
        assert!(power.len().is_multiple_of(bands), "{} powers are not whole frames of {bands}", power.len());
        out.clear();
        self.log_bands.clear();
        self.log_bands.extend_from_slice(power);
        self.frame.logarithm(&mut self.log_bands);
        if let Some(db) = self.top_db {
            let least = self.log_bands.iter().copied().fold(f32::NEG_INFINITY, f32::max) - db;
            self.log_bands.iter_mut().for_each(|value| *value = value.max(least));
        }
        for log_bands in self.log_bands.chunks_exact(bands) {
            self.frame.append(log_bands, out);
        }
        if let Some(frames) = self.pad_min {
            let values = if self.frame.dct.is_empty() { bands } else { self.frame.dct.len() / bands };
            // A clip without a frame is filled with what silence has.
            let silence = self.frame.log.2 * log2(self.frame.log.0 + self.frame.log.1);
            let least = out.iter().copied().reduce(f32::min).unwrap_or(silence);
            out.resize(frames * values, least);
        }
    }
}

/// One window's finished features from its mel power: [`WindowFinisher::finish`] for a single use.
///
/// # Errors
/// The spec is not valid.
///
/// # Panics
/// `power_frames` is not a whole number of frames.
pub fn finish_window(spec: &FeatureSpec, power_frames: &[f32]) -> Result<Vec<f32>, SpecError> {
    let mut out = Vec::new();
    WindowFinisher::new(spec)?.finish(power_frames, &mut out);
    Ok(out)
}
