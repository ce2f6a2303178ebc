//! Whether a clip is good enough to enrol with, and what to do if it is not.

use std::fmt;

use serde::Serialize;

use super::print::RowSum;
use super::{EnrolledClip, VoiceModel, VoiceProfile};
use crate::embed::Vectors;
use crate::noise::NoiseEstimate;
use crate::profile::ProfileName;

/// Less speech than this is too little for a clip of an enrolment, seconds.
pub(super) const LEAST_SPEECH_S: f64 = 1.0;
/// A clip of a word may be shorter.
pub(super) const LEAST_WORD_S: f64 = 0.3;
/// Noise is too loud under this ratio, dB.
const LEAST_SNR_DB: f64 = 12.0;
/// The probability of noise from which on it is sure.
const SURELY_NOISY: f64 = 0.85;
/// A larger share of the samples at full scale is heard as distortion.
const MOST_CLIPPED: f64 = 1e-3;
/// Samples at least this large are at full scale.
const FULL_SCALE: f32 = 0.99;
/// So many of them in a row are a clipped peak.
const CLIPPED_RUN: usize = 3;
/// Both parts of a clip that is looked at for a second voice last at least this long, effective seconds of the clip.
const PART_S: f64 = 1.2;
/// Two parts of one clip that are less alike than this are two voices: a probability of one in twenty.
const TWO_VOICES_LOG_ODDS: f64 = -3.0;

/// What was measured of a clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipQuality {
    /// Length, seconds.
    pub duration_s: f64,
    /// Of it speech, seconds.
    pub speech_s: f64,
    /// Share of the samples that are cut off at full scale, 0 to 1.
    pub clipped_share: f64,
    /// Speech over noise, dB; `None` where that is not known.
    pub snr_db: Option<f64>,
    /// Log-odds that the two least alike parts of the clip are one voice; `None` where it is too short for two parts.
    pub parts_log_odds: Option<f64>,
}

/// What is wrong with a clip, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "advice")]
pub enum Advice {
    /// Little is said.
    TooShort {
        /// Seconds of speech.
        speech_s: f64,
        /// What there should be.
        wanted_s: f64,
    },
    /// Peaks are cut off.
    Clipped {
        /// Share of the samples.
        share: f64,
    },
    /// Loud noise.
    Noisy {
        /// Speech over noise.
        snr_db: f64,
    },
    /// More than one person speaks.
    TwoVoices,
    /// Another person speaks than in the other clips.
    Unlike,
    /// It was given before.
    Twice,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { speech_s, wanted_s } => {
                write!(f, "only {speech_s:.2} s of speech; record at least {wanted_s:.1} s")
            }
            Self::Clipped { share } => {
                write!(
                    f,
                    "{:.1} % of the samples are cut off at full scale; record more softly",
                    share * 100.0
                )
            }
            Self::Noisy { snr_db } => {
                write!(
                    f,
                    "speech is only {snr_db:.0} dB above the noise; record where it is quieter, or nearer"
                )
            }
            Self::TwoVoices => f.write_str("it sounds like more than one voice; record one person alone"),
            Self::Twice => {
                f.write_str("the same recording as an earlier clip, which tells nothing more; record another")
            }
            Self::Unlike => f.write_str("it does not sound like the voice of the other clips; leave it out"),
        }
    }
}

impl ClipQuality {
    /// What to do about a clip that is to be enrolled, of a single word or of sentences.
    pub fn advice(&self, of_word: bool) -> Vec<Advice> {
        let mut advice = Vec::new();
        let wanted_s = if of_word { LEAST_WORD_S } else { LEAST_SPEECH_S };
        if self.speech_s < wanted_s {
            advice.push(Advice::TooShort { speech_s: self.speech_s, wanted_s });
        }
        if self.clipped_share > MOST_CLIPPED {
            advice.push(Advice::Clipped { share: self.clipped_share });
        }
        if let Some(snr_db) = self.snr_db.filter(|snr_db| *snr_db < LEAST_SNR_DB) {
            advice.push(Advice::Noisy { snr_db });
        }
        if self.parts_log_odds.is_some_and(|log_odds| log_odds < TWO_VOICES_LOG_ODDS) {
            advice.push(Advice::TwoVoices);
        }
        advice
    }
}

/// Share of the samples that belong to peaks cut off at full scale.
pub(super) fn clipped_share(interleaved: &[f32], channels: usize) -> f64 {
    let channels = channels.max(1);
    let mut clipped = 0_usize;
    for channel in 0..channels {
        let mut run = 0;
        let samples = interleaved.iter().skip(channel).step_by(channels);
        for full in samples.map(|sample| sample.abs() >= FULL_SCALE).chain([false]) {
            if full {
                run += 1;
            } else {
                clipped += if run >= CLIPPED_RUN { run } else { 0 };
                run = 0;
            }
        }
    }
    crate::signal::units::real(clipped) / crate::signal::units::real(interleaved.len().max(1))
}

/// The ratio, where it is sure that there is noise: a clip that begins in the middle of a word leaves the noise pack in doubt.
pub(super) fn snr_db(estimate: &NoiseEstimate) -> Option<f64> {
    if estimate.probability >= SURELY_NOISY { estimate.snr_db } else { None }
}

/// Log-odds that the least alike two parts of a clip, one after the other, are one voice.
pub(super) fn parts_log_odds(model: &VoiceModel, vectors: &Vectors) -> Option<f64> {
    let name: ProfileName = "part".parse().ok()?;
    let step = 5;
    let mut whole = RowSum::new(vectors.dim);
    vectors.iter().for_each(|row| whole.add(row));
    let mut worst: Option<f64> = None;
    for split in (step..vectors.len()).step_by(step) {
        let [mut first, mut second] = [RowSum::new(vectors.dim), RowSum::new(vectors.dim)];
        (0..split).for_each(|row| first.add(vectors.row(row)));
        (split..vectors.len()).for_each(|row| second.add(vectors.row(row)));
        let [first, second] = [first, second].map(|sum| sum.print_within(&whole, vectors.hop_s()));
        if first.duration_s < PART_S || second.duration_s < PART_S {
            continue;
        }
        let clips = vec![EnrolledClip { speech_s: first.duration_s, embedding: first.unit }];
        let voice = model.voice(name.clone(), &VoiceProfile { clips, word: None }).ok()?;
        let log_odds = model.compare(&voice, &second).log_odds;
        worst = Some(worst.map_or(log_odds, |worst| worst.min(log_odds)));
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> ClipQuality {
        ClipQuality {
            duration_s: 3.0,
            speech_s: 2.0,
            clipped_share: 0.0,
            snr_db: Some(30.0),
            parts_log_odds: Some(4.0),
        }
    }

    #[test]
    fn each_fault_has_its_advice() {
        assert!(good().advice(false).is_empty());
        let short = ClipQuality { speech_s: 0.6, ..good() };
        assert!(
            matches!(short.advice(false)[..], [Advice::TooShort { .. }]) && short.advice(true).is_empty()
        );
        let all = ClipQuality {
            speech_s: 0.1,
            clipped_share: 0.02,
            snr_db: Some(3.0),
            parts_log_odds: Some(-9.0),
            ..good()
        };
        let said: Vec<String> = all.advice(true).iter().map(ToString::to_string).collect();
        for (said, word) in said.iter().zip(["0.10 s of speech", "2.0 %", "3 dB", "more than one voice"]) {
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(said.len(), 4);
        let unknown = ClipQuality { snr_db: None, parts_log_odds: None, ..good() };
        assert!(unknown.advice(false).is_empty());
    }

    #[test]
    fn peaks_that_are_cut_off_are_counted_and_single_ones_are_not() {
        let left = [0.2, 1.0, -1.0, 1.0, 1.0, 0.1, 1.0, 1.0, 0.3, 0.99];
        let both: Vec<f32> = left.iter().flat_map(|x| [*x, 0.0]).collect();
        assert_eq!(clipped_share(&left, 1), 0.4);
        assert_eq!(clipped_share(&both, 2), 0.2);
        assert_eq!(clipped_share(&[], 2), 0.0);
    }
}
