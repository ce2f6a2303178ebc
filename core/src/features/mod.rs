//! From samples to what a network sees.
//!
//! A [`FeatureSpec`] states everything that changes a feature value, a [`MelStream`] computes it block by block:
//!
//! ```text
//! samples ─▶ scale, pre-emphasis, padding, framing ─▶ window, FFT, |X|² ─▶ mel bands ─▶ log ─▶ top-dB ─▶ DCT ─▶ normalise
//!            framer                                   spectrum             filterbank   └──────── finish ────────┘
//! ```
//!
//! Up to the mel bands a frame depends on its samples only. What comes after may look at other frames: a top-dB limit
//! at the loudest value of the window or the file, filling up at the smallest value of the clip. So a stream gives
//! finished frames where no such step is in the spec, and otherwise the *power* of the bands, which is kept on the
//! hop grid and turned into features by a [`WindowFinisher`] each time a window is assembled. [`compute`] does all of it
//! for a whole clip, which it takes as one window. A top-dB limit below the maximum of the *file* cannot be streamed:
//! the finisher takes what it is given as the file.
//!
//! The presets are data, in `presets/`: `earmark` is what Earmark's own networks hear, `s0` to `s4` are front ends of
//! other systems, stated faithfully so that their networks' successors can be fed.
//!
//! # Precision
//!
//! A transform in `f32` has a noise floor about 140 dB below its loudest bin: a band 70 dB below the loudest one is right
//! to about 1e-3 dB, and each 20 dB deeper costs a digit. Earmark's own preset keeps 140 dB of range in single precision;
//! on the sweep of the conformance test the deepest band is off by 0.12 dB, which no network should depend on.
//!
//! The reference front ends cut the range 80 dB below the maximum (or add an offset before the logarithm), so single
//! would do on the six test signals: at worst 1.3e-4 of 1e-3 dB, and 4e-5 of 1e-4 after normalisation. That margin
//! depends on the signal and on the vector unit that the transform uses, and double costs 15 % more time per frame, so
//! their presets say `"precision": "double"` and stay within a tenth of the tolerance.

mod filterbank;
mod finish;
mod framer;
mod log;
mod preset;
mod sample;
mod spec;
mod spectrum;
mod stream;
mod validate;

#[cfg(test)]
mod tests;

pub use finish::{WindowFinisher, finish_window};
pub use preset::preset_names;
pub use spec::{
    FeatureSpec, Log, Mel, MelNorm, MelScale, Normalise, Padding, Placement, Precision, Reference,
    SampleScale, TopDb, Window, WindowShape,
};
pub use stream::{FrameKind, MelStream};
pub use validate::SpecError;

/// The features of a whole clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Number of frames.
    pub frames: usize,
    /// Values per frame: bands, or cepstral coefficients.
    pub bands: usize,
    /// The values, row-major, `frames × bands`.
    pub values: Vec<f32>,
}

/// The features of a clip of mono samples (full scale ±1), taken as one window and as the whole file.
///
/// # Errors
/// The spec is not valid.
pub fn compute(spec: &FeatureSpec, samples: &[f32]) -> Result<Features, SpecError> {
    let mut stream = MelStream::new(spec)?;
    let mut values = Vec::new();
    stream.push(samples, |frame| values.extend_from_slice(frame));
    stream.finish(|frame| values.extend_from_slice(frame));
    if stream.frame_kind() == FrameKind::Power {
        values = finish_window(spec, &values)?;
    }
    let bands = spec.values_per_frame();
    Ok(Features { frames: values.len() / bands, bands, values })
}

/// The finished frame of digital silence: what fills up where a network wants frames past the end of the audio.
///
/// # Errors
/// The spec is not valid.
pub fn silent_frame(spec: &FeatureSpec) -> Result<Vec<f32>, SpecError> {
    let mut frame = finish_window(spec, &vec![0.0; spec.mel.bands])?;
    frame.truncate(spec.values_per_frame());
    Ok(frame)
}
