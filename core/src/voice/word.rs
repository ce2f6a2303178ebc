//! The word of a voice: a password that its owner says, learnt from the clips that the voice is enrolled from.

use serde::{Deserialize, Serialize};

use super::{Clip, VoiceError};
use crate::embed::Embedder;
use crate::phrase::{self, Advice, Ears, Negatives, PhraseError, PhraseProfile, Strictness, peaks};
use crate::profile::Profile;

/// A clip lasts seconds, not hours: what may be mistaken for the word twice in an hour is mistaken in one clip of a thousand.
const STRICTNESS: Strictness = Strictness::Keen;
/// Longest name of a word, bytes.
const MAX_NAME: usize = 200;

/// A word with the sound of it: vectors, never a recording. It lies in the profile of its voice and is sealed with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledWord {
    /// What the word is called.
    name: String,
    /// SHA-256 of the network whose vectors it is made of, hexadecimal.
    model_sha256: String,
    phrase: PhraseProfile,
}

impl EnrolledWord {
    /// Learns a word from 3 to 20 clips of it, and says what is wrong with which of them.
    ///
    /// # Errors
    /// [`PhraseError`] if too few clips can be used, the pack brings no other speech, or a network fails.
    pub fn learn(
        ears: Ears<'_>,
        name: &str,
        clips: &[phrase::Clip],
    ) -> Result<(Self, Vec<(String, Advice)>), PhraseError> {
        let background = Negatives::of_pack(ears.embedder)?;
        let enrolled = phrase::enrol(ears, clips, &background, &[], STRICTNESS)?;
        Ok((Self::new(name, ears.embedder, enrolled.profile), enrolled.advice))
    }

    /// A phrase that was enrolled elsewhere, as a word.
    pub fn new(name: &str, embedder: &Embedder, phrase: PhraseProfile) -> Self {
        Self { name: name.to_owned(), model_sha256: embedder.model_sha256().to_owned(), phrase }
    }

    /// What the word is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The probability that the word is said somewhere in a clip: 0.5 at the limit of the word.
    ///
    /// # Errors
    /// [`VoiceError`] if it was learnt with another network, a sample is no number, the rate cannot be heard or the network
    /// fails.
    pub fn probability(&self, embedder: &Embedder, clip: Clip<'_>) -> Result<f64, VoiceError> {
        if !self.model_sha256.eq_ignore_ascii_case(embedder.model_sha256()) {
            return Err(VoiceError::WordModel { name: self.name.clone() });
        }
        let Clip { interleaved, rate_hz, channels } = clip;
        clip.check()?;
        let vectors = embedder.embed(interleaved, rate_hz, channels)?;
        let (_, highest) = peaks(&self.phrase, &vectors);
        Ok(f64::from(self.phrase.working(STRICTNESS).limits.probability(highest)))
    }

    /// What is wrong with it, if it came from a file.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            return Err(format!("its word must have a name of 1 to {MAX_NAME} bytes"));
        }
        self.phrase.check().map_err(|what| format!("its word: {what}"))
    }
}
