//! Is it the owner, and was it the word.

use serde::{Deserialize, Serialize};

use super::{EnrolledVoice, VoiceModel, VoicePrint};
use crate::model::pack::Words;

/// The owner is who is more probable than this.
pub const OWNER_THRESHOLD: f64 = 0.85;
/// The word is what is more probable than this.
pub const WORD_THRESHOLD: f64 = 0.5;

/// What is answered to a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The owner, with the word if one was asked for.
    Granted,
    /// The owner with another word.
    WrongWord,
    /// Somebody else, with the word if one was asked for.
    NotOwner,
    /// Somebody else with another word.
    WrongWordAndNotOwner,
}

impl Outcome {
    /// Strictly above both thresholds is granted; what is no number is not.
    pub fn of(owner_probability: f64, word_probability: Option<f64>) -> Self {
        let owner = owner_probability > OWNER_THRESHOLD;
        let word = word_probability.is_none_or(|probability| probability > WORD_THRESHOLD);
        match (owner, word) {
            (true, true) => Self::Granted,
            (true, false) => Self::WrongWord,
            (false, true) => Self::NotOwner,
            (false, false) => Self::WrongWordAndNotOwner,
        }
    }

    /// The answer in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::WrongWord => "wrong word",
            Self::NotOwner => "not the owner",
            Self::WrongWordAndNotOwner => "wrong word and not the owner",
        }
    }
}

/// An answer with its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// The probability that the enrolled voice speaks.
    pub owner_probability: f64,
    /// The probability that the word is said; `None` if none was asked for.
    pub word_probability: Option<f64>,
}

impl Verdict {
    /// The answer to two probabilities.
    pub fn of(owner_probability: f64, word_probability: Option<f64>) -> Self {
        let outcome = Outcome::of(owner_probability, word_probability);
        Self { outcome, owner_probability, word_probability }
    }
}

/// A word that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AskedWord {
    /// The probability that the clip says it.
    pub probability: f64,
    /// The voice was enrolled from clips that say it.
    pub of_voice: bool,
}

impl VoiceModel {
    /// Whether `voice` speaks in a clip, and says the word, if one was asked for.
    ///
    /// An impostor who says what the enrolled clips say is more like them than one who says anything: where the clip does say
    /// it, the voice is judged by the curve for that.
    pub fn verify(&self, voice: &EnrolledVoice, clip: &VoicePrint, word: Option<AskedWord>) -> Verdict {
        let says_as_enrolled = word.is_some_and(|word| word.of_voice && word.probability > WORD_THRESHOLD);
        let words = if says_as_enrolled { Words::AsEnrolled } else { Words::Any };
        Verdict::of(self.compare_saying(words, voice, clip).probability(), word.map(|word| word.probability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_at_a_threshold_is_not_above_it() {
        let next = f64::next_up;
        for (owner, word, outcome) in [
            (next(0.85), Some(next(0.5)), Outcome::Granted),
            (next(0.85), None, Outcome::Granted),
            (next(0.85), Some(0.5), Outcome::WrongWord),
            (0.85, Some(next(0.5)), Outcome::NotOwner),
            (0.85, None, Outcome::NotOwner),
            (0.85, Some(0.5), Outcome::WrongWordAndNotOwner),
            (f64::NAN, Some(1.0), Outcome::NotOwner),
            (1.0, Some(f64::NAN), Outcome::WrongWord),
        ] {
            assert_eq!(Outcome::of(owner, word), outcome, "{owner} {word:?}");
        }
    }

    #[test]
    fn a_verdict_says_which_probability_is_whose() {
        let json = serde_json::to_value(Verdict::of(0.9, Some(0.25))).unwrap();
        let wanted = serde_json::json!({
            "outcome": "wrong_word", "owner_probability": 0.9, "word_probability": 0.25,
        });
        assert_eq!(json, wanted);
    }
}
