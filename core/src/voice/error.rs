//! Why a voice cannot be judged.

use crate::embed::EmbedError;
use crate::model::pack::PackError;

/// What goes wrong between a pack and a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// The pack cannot be used.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The pack lacks what makes a score of a cosine.
    #[error("{pack}: a voice pack states a cohort and a calibration; this one has no {what}")]
    Incomplete {
        /// The pack.
        pack: String,
        /// What is missing.
        what: &'static str,
    },
    /// The impostors' embeddings cannot be used.
    #[error("{pack}: its cohort is not valid: {reason}")]
    Cohort {
        /// The pack.
        pack: String,
        /// What is wrong.
        reason: String,
    },
    /// The network failed, or the rate cannot be heard.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// NaN or infinity among the samples.
    #[error("the clip has samples that are not finite numbers")]
    NotFinite,
    /// A profile with vectors of another length.
    #[error("the profile has vectors of {is} values, the network gives {wanted}: enrol it again")]
    Dim {
        /// In the profile.
        is: usize,
        /// Of the network.
        wanted: usize,
    },
    /// A word that was learnt with another network.
    #[error("the word {name:?} was learnt with another phrase pack: enrol the voice with it again")]
    WordModel {
        /// The word.
        name: String,
    },
    /// More voices than a stream can tell apart.
    #[error("{count} voices beside the {labels} labels of the pack are too many; together they may be {max}")]
    TooManyVoices {
        /// Voices asked for.
        count: usize,
        /// Labels of the pack.
        labels: usize,
        /// What there is room for.
        max: usize,
    },
    /// The pack that hears does not know speech.
    #[error("the pack {pack} does not hear speech, without which there is no turn to judge")]
    NoSpeech {
        /// The pack.
        pack: String,
    },
}
