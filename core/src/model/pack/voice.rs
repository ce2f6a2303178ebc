//! What a voice pack brings beside its network: impostors and a calibration.

use serde::{Deserialize, Serialize};

/// The file of the impostors' embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortFile {
    /// Name, beside the manifest.
    pub file: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// How a score becomes a probability: `logit = (scale[0] + scale[1] ln d) · score + offset[0] + offset[1] ln d`, with `d` the
/// effective seconds of what is judged, held within `duration_s`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceCalibration {
    /// The most alike impostors that a cosine is normalised by.
    pub cohort_top: usize,
    /// Least and greatest duration that the fit knows, seconds.
    pub duration_s: [f64; 2],
    /// What multiplies the score: constant, and per natural logarithm of seconds.
    pub scale: [f64; 2],
    /// What is added: likewise.
    pub offset: [f64; 2],
}

impl VoiceCalibration {
    /// The log-odds of a score over `duration_s` effective seconds.
    pub fn log_odds(&self, score: f64, duration_s: f64) -> f64 {
        let [least, greatest] = self.duration_s;
        let log_s = duration_s.clamp(least, greatest).ln();
        (self.scale[0] + self.scale[1] * log_s) * score + self.offset[0] + self.offset[1] * log_s
    }

    /// A clause that says what is wrong, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        let [least, greatest] = self.duration_s;
        let numbers = self.duration_s.iter().chain(&self.scale).chain(&self.offset);
        must(numbers.into_iter().all(|x| x.is_finite()), "its calibration has a number that is not finite")?;
        must(
            0.0 < least && least <= greatest,
            "the durations of its calibration must be 0 < least <= greatest",
        )?;
        must(self.cohort_top >= 2, "cohort_top must be at least 2")?;
        let rises = |duration: f64| self.scale[0] + self.scale[1] * duration.ln() > 0.0;
        must(rises(least) && rises(greatest), "its calibration must rise with the score at every duration")
    }
}
