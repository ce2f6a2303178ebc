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

/// How a score becomes log-odds: `(scale[0] + scale[1] ln d) · score + offset[0] + offset[1] ln d`, with `d` the effective
/// seconds of what is judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceCurve {
    /// What multiplies the score: constant, and per natural logarithm of seconds.
    pub scale: [f64; 2],
    /// What is added: likewise.
    pub offset: [f64; 2],
}

impl VoiceCurve {
    fn log_odds(&self, score: f64, log_s: f64) -> f64 {
        (self.scale[0] + self.scale[1] * log_s) * score + self.offset[0] + self.offset[1] * log_s
    }
}

/// What is known of the words of a stretch that is compared with an enrolled voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// They may be any.
    Any,
    /// The clips that were enrolled say the same: two voices are more alike then.
    AsEnrolled,
}

/// How scores of voices become probabilities. Durations are held within `duration_s`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceCalibration {
    /// The most alike impostors that a cosine is normalised by.
    pub cohort_top: usize,
    /// Least and greatest duration that the fit knows, seconds.
    pub duration_s: [f64; 2],
    /// [`VoiceCurve::scale`] whatever is said.
    pub scale: [f64; 2],
    /// [`VoiceCurve::offset`] whatever is said.
    pub offset: [f64; 2],
    /// The curve where the words are those of the enrolled clips; without it the other one counts there, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_words: Option<VoiceCurve>,
}

impl VoiceCalibration {
    /// The log-odds of a score over `duration_s` effective seconds.
    pub fn log_odds(&self, words: Words, score: f64, duration_s: f64) -> f64 {
        let [least, greatest] = self.duration_s;
        let log_s = duration_s.clamp(least, greatest).ln();
        let curve = match words {
            Words::Any => self.any_words(),
            Words::AsEnrolled => self.same_words.unwrap_or(self.any_words()),
        };
        curve.log_odds(score, log_s)
    }

    fn any_words(&self) -> VoiceCurve {
        VoiceCurve { scale: self.scale, offset: self.offset }
    }

    /// A clause that says what is wrong, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        let [least, greatest] = self.duration_s;
        let curves = [Some(self.any_words()), self.same_words];
        let of_curves = curves.iter().flatten().flat_map(|curve| curve.scale.iter().chain(&curve.offset));
        let finite = self.duration_s.iter().chain(of_curves).all(|x| x.is_finite());
        must(finite, "its calibration has a number that is not finite")?;
        must(
            0.0 < least && least <= greatest,
            "the durations of its calibration must be 0 < least <= greatest",
        )?;
        must(self.cohort_top >= 2, "cohort_top must be at least 2")?;
        let rises = |curve: &VoiceCurve, duration: f64| curve.scale[0] + curve.scale[1] * duration.ln() > 0.0;
        let all_rise = curves.iter().flatten().all(|curve| rises(curve, least) && rises(curve, greatest));
        must(all_rise, "its calibration must rise with the score at every duration")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALIBRATION: VoiceCalibration = VoiceCalibration {
        cohort_top: 100,
        duration_s: [0.5, 4.0],
        scale: [1.0, 0.0],
        offset: [-2.0, 0.0],
        same_words: None,
    };
    const STRICTER: VoiceCurve = VoiceCurve { scale: [1.0, 0.25], offset: [-3.0, 0.0] };

    #[test]
    fn the_words_of_the_enrolment_have_a_curve_of_their_own_where_the_pack_brings_one() {
        let both = VoiceCalibration { same_words: Some(STRICTER), ..CALIBRATION };
        assert_eq!(both.log_odds(Words::Any, 5.0, 1.0), 3.0);
        assert_eq!(both.log_odds(Words::AsEnrolled, 5.0, 1.0), 2.0);
        assert_eq!(both.log_odds(Words::AsEnrolled, 5.0, 60.0), 5.0 * (1.0 + 0.25 * 4.0_f64.ln()) - 3.0);
        assert_eq!(CALIBRATION.log_odds(Words::AsEnrolled, 5.0, 1.0), 3.0);
        let json = serde_json::to_value(CALIBRATION).unwrap();
        assert!(json.get("same_words").is_none(), "packs of before are read and written as they were");
    }

    #[test]
    fn a_curve_that_falls_is_refused_whichever_it_is() {
        assert_eq!(CALIBRATION.check(), Ok(()));
        let falling = VoiceCurve { scale: [0.1, -0.2], ..STRICTER };
        let with = |same_words| VoiceCalibration { same_words: Some(same_words), ..CALIBRATION };
        assert!(with(falling).check().unwrap_err().contains("rise"));
        let endless = VoiceCurve { offset: [f64::INFINITY, 0.0], ..STRICTER };
        assert!(with(endless).check().unwrap_err().contains("finite"));
        assert_eq!(with(STRICTER).check(), Ok(()));
    }
}
