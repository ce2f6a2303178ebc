//! Which specs are refused, and why.

use super::{FeatureSpec, Log, Mel, Normalise, Padding};

/// Highest rate, Hz.
const MAX_RATE_HZ: u32 = 768_000;
/// Longest transform, samples.
const MAX_N_FFT: usize = 1 << 16;
/// Longest hop, samples.
const MAX_HOP: usize = 1 << 20;
/// Most bands.
const MAX_BANDS: usize = 1024;
/// Most frames in a window.
const MAX_FRAMES: usize = 1 << 20;

/// A spec that cannot be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Not the JSON of a spec.
    #[error("this is not a feature spec: {0}")]
    Json(#[from] serde_json::Error),
    /// No such preset.
    #[error("there is no feature preset \"{name}\"; there are {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The window does not fit into the transform.
    #[error("the window of {length} samples is longer than the transform of {n_fft}")]
    WindowLongerThanTransform {
        /// Window, samples.
        length: usize,
        /// Transform, samples.
        n_fft: usize,
    },
    /// The filterbank reaches beyond half of the rate.
    #[error("the highest band ends at {high_hz} Hz, above half of the rate of {rate_hz} Hz")]
    AboveNyquist {
        /// Upper edge.
        high_hz: f64,
        /// Rate of the samples.
        rate_hz: u32,
    },
    /// The filterbank's range is empty.
    #[error("the bands must rise from low_hz ({low_hz}) to high_hz ({high_hz})")]
    EmptyRange {
        /// Lower edge.
        low_hz: f64,
        /// Upper edge.
        high_hz: f64,
    },
    /// A count out of its range.
    #[error("{field} is {value}, but must be from {least} to {most}")]
    Count {
        /// Name of the field.
        field: &'static str,
        /// What it is.
        value: usize,
        /// Smallest allowed.
        least: usize,
        /// Largest allowed.
        most: usize,
    },
    /// A number that is not finite or out of its range.
    #[error("{field} is {value}, but must be {must}")]
    Number {
        /// Name of the field.
        field: &'static str,
        /// What it is.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// A top-dB limit on values that are not decibels.
    #[error("top_db needs the log kind \"db\"")]
    TopDbWithoutDb,
}

fn count(field: &'static str, value: usize, least: usize, most: usize) -> Result<(), SpecError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(SpecError::Count { field, value, least, most }) }
}

fn number(field: &'static str, value: f64, good: bool, must: &'static str) -> Result<(), SpecError> {
    if value.is_finite() && good { Ok(()) } else { Err(SpecError::Number { field, value, must }) }
}

/// Powers are `f32`: what is added to one or compared with it must be a normal `f32` above zero.
fn power(field: &'static str, value: f64) -> Result<(), SpecError> {
    let good = (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&value);
    number(field, value, good, "a power above zero that a 32-bit float can hold")
}

impl FeatureSpec {
    /// Refuses what cannot be computed.
    ///
    /// # Errors
    /// The first field that is wrong, with its value and its limits.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.rate_hz == 0 || self.rate_hz > MAX_RATE_HZ {
            let value = f64::from(self.rate_hz);
            return Err(SpecError::Number { field: "rate_hz", value, must: "from 1 to 768 000" });
        }
        if let Some(a) = self.pre_emphasis {
            number("pre_emphasis", a, a.abs() <= 1.0, "from -1 to 1")?;
        }
        count("n_fft", self.n_fft, 2, MAX_N_FFT)?;
        count("window.length", self.window.length, 2, usize::MAX)?;
        if self.window.length > self.n_fft {
            let length = self.window.length;
            return Err(SpecError::WindowLongerThanTransform { length, n_fft: self.n_fft });
        }
        count("hop", self.hop, 1, MAX_HOP)?;
        // A longer padding than these would give frames without a single sample in them.
        match self.padding {
            Padding::None => {}
            Padding::Reflect(pad) => count("padding.reflect", pad, 0, self.frame_samples() - 1)?,
            Padding::Zeros(pad) => count("padding.zeros", pad, 0, self.frame_samples() - 1)?,
        }
        let scale = self.power_scale;
        number("power_scale", scale, scale > 0.0 && scale <= f64::from(f32::MAX), "a number above zero")?;
        self.mel.validate(self.rate_hz)?;
        if let Some(mfcc) = self.mfcc {
            count("mfcc", mfcc, 1, self.mel.bands)?;
        }
        match self.log {
            Log::Db { multiplier, floor } => {
                number(
                    "log.multiplier",
                    multiplier,
                    multiplier > 0.0 && multiplier <= 1e6,
                    "above 0, at most 1e6",
                )?;
                power("log.floor", floor)?;
            }
            Log::LnPlus { offset } => power("log.offset", offset)?,
        }
        if let Some(top) = self.top_db {
            number("top_db.db", top.db, top.db > 0.0, "above zero")?;
            if let Some(frames) = top.frames {
                count("top_db.frames", frames, self.window_frames.unwrap_or(1), MAX_FRAMES)?;
            }
            if !matches!(self.log, Log::Db { .. }) {
                return Err(SpecError::TopDbWithoutDb);
            }
        }
        if let Some(frames) = self.window_frames {
            count("window_frames", frames, 1, MAX_FRAMES)?;
        }
        match self.normalise {
            Normalise::None | Normalise::L2Frame => Ok(()),
            Normalise::Affine { scale, offset } => {
                number("normalise.affine.scale", scale, true, "finite")?;
                number("normalise.affine.offset", offset, true, "finite")
            }
            Normalise::PadMin(frames) => count("normalise.pad_min", frames, 1, MAX_FRAMES),
        }
    }
}

impl Mel {
    fn validate(&self, rate_hz: u32) -> Result<(), SpecError> {
        count("mel.bands", self.bands, 1, MAX_BANDS)?;
        let Self { low_hz, high_hz, .. } = *self;
        number("mel.low_hz", low_hz, low_hz >= 0.0, "zero or more")?;
        number("mel.high_hz", high_hz, true, "finite")?;
        if high_hz > f64::from(rate_hz) / 2.0 {
            return Err(SpecError::AboveNyquist { high_hz, rate_hz });
        }
        if low_hz >= high_hz {
            return Err(SpecError::EmptyRange { low_hz, high_hz });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Reference, TopDb};

    /// What `validate` says about Earmark's spec with one change.
    fn refused(change: impl FnOnce(&mut FeatureSpec)) -> String {
        let mut spec = FeatureSpec::preset("earmark").unwrap();
        change(&mut spec);
        spec.validate().expect_err("a wrong spec was accepted").to_string()
    }

    #[test]
    fn wrong_specs_are_refused_with_the_reason() {
        for (said, expected) in [
            (
                refused(|s| s.window.length = 513),
                "the window of 513 samples is longer than the transform of 512",
            ),
            (refused(|s| s.hop = 0), "hop is 0, but must be from 1"),
            (refused(|s| s.rate_hz = 0), "rate_hz is 0"),
            (refused(|s| s.n_fft = usize::MAX), "n_fft is"),
            (refused(|s| s.mel.high_hz = 8_000.1), "above half of the rate of 16000 Hz"),
            (refused(|s| s.mel.high_hz = f64::NAN), "mel.high_hz is NaN"),
            (refused(|s| s.mel.low_hz = f64::NAN), "mel.low_hz is NaN"),
            (refused(|s| s.mel.low_hz = 7_600.0), "must rise"),
            (refused(|s| s.mel.bands = 0), "mel.bands is 0"),
            (refused(|s| s.mfcc = Some(65)), "mfcc is 65, but must be from 1 to 64"),
            (refused(|s| s.padding = Padding::Zeros(400)), "padding.zeros is 400"),
            (refused(|s| s.padding = Padding::Reflect(400)), "padding.reflect is 400"),
            (refused(|s| s.pre_emphasis = Some(f64::INFINITY)), "pre_emphasis is inf"),
            (refused(|s| s.power_scale = -1.0), "power_scale is -1"),
            (refused(|s| s.log = Log::Db { multiplier: 10.0, floor: 0.0 }), "log.floor is 0"),
            (refused(|s| s.log = Log::Db { multiplier: f64::NAN, floor: 1.0 }), "log.multiplier is NaN"),
            (refused(|s| s.log = Log::LnPlus { offset: 1e-60 }), "log.offset is"),
            (refused(|s| s.window_frames = Some(0)), "window_frames is 0"),
            (refused(|s| s.normalise = Normalise::PadMin(0)), "normalise.pad_min is 0"),
            (
                refused(|s| s.normalise = Normalise::Affine { scale: f64::NAN, offset: 0.0 }),
                "affine.scale is NaN",
            ),
            (
                refused(|s| {
                    s.log = Log::LnPlus { offset: 1e-6 };
                    s.top_db = Some(TopDb { db: 80.0, reference: Reference::Window, frames: None });
                }),
                "top_db needs",
            ),
        ] {
            assert!(said.contains(expected), "{said:?} does not say {expected:?}");
        }
    }

    #[test]
    fn json_must_be_complete_and_known() {
        let good: serde_json::Value = serde_json::from_str(include_str!("presets/earmark.json")).unwrap();
        for field in good.as_object().unwrap().keys() {
            let mut missing = good.clone();
            missing.as_object_mut().unwrap().remove(field);
            let error = FeatureSpec::from_json(&missing.to_string()).expect_err(field).to_string();
            assert!(error.contains(field), "{error}");
        }
        for path in ["", "/window", "/mel", "/log", "/padding"] {
            let mut extra = good.clone();
            extra.pointer_mut(path).unwrap().as_object_mut().unwrap().insert("extra".into(), 1.into());
            FeatureSpec::from_json(&extra.to_string()).expect_err(path);
        }
        // What is written is what the contract says: the later additions stay out while they have their defaults.
        let spec = FeatureSpec::from_json(&good.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&spec).unwrap(), good);
    }
}
