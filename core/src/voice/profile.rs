//! What is kept of a voice.

use serde::{Deserialize, Serialize};

use super::EnrolledWord;
use crate::profile::{Profile, ProfileKind, packed};
use crate::signal::units::real;

/// Most clips of a profile.
pub(super) const MAX_CLIPS: usize = 20;

/// Largest file of a voice without a word, bytes. Twenty vectors of the shipped network are 22 kB, sealed 30.
const LIMIT_BYTES: u64 = 50_000;

/// One clip of an enrolment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledClip {
    /// Its print, a unit vector.
    #[serde(with = "packed")]
    pub embedding: Vec<f32>,
    /// Seconds of speech that it is made of.
    pub speech_s: f64,
}

/// An enrolled voice: vectors, never a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceProfile {
    /// One for each clip.
    pub clips: Vec<EnrolledClip>,
    /// The word that its owner is to say, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<EnrolledWord>,
}

impl VoiceProfile {
    /// Seconds of speech of all clips.
    pub fn speech_s(&self) -> f64 {
        self.clips.iter().map(|clip| clip.speech_s).sum()
    }
}

impl Profile for VoiceProfile {
    const KIND: ProfileKind = ProfileKind::Voice;

    fn check(&self) -> Result<(), String> {
        if !(1..=MAX_CLIPS).contains(&self.clips.len()) {
            return Err(format!("it has {} clips; 1 to {MAX_CLIPS} are possible", self.clips.len()));
        }
        let dim = self.clips[0].embedding.len();
        for clip in &self.clips {
            let length: f64 = clip.embedding.iter().map(|x| f64::from(*x).powi(2)).sum();
            // To the rounding of single precision.
            if clip.embedding.len() != dim || (length - 1.0).abs() > 1e-5 * real(dim.max(1)) {
                return Err("its vectors are not unit vectors of one length".to_owned());
            }
            if !(clip.speech_s.is_finite() && clip.speech_s >= 0.0) {
                return Err("a clip lasts no time".to_owned());
            }
        }
        self.word.as_ref().map_or(Ok(()), EnrolledWord::check)
    }

    /// A word has what its clips sound like, some 6 kB for each second of them: with it a voice may have what a phrase has.
    fn limit_bytes(&self) -> u64 {
        if self.word.is_some() { ProfileKind::Phrase.limit_bytes() } else { LIMIT_BYTES }
    }
}
