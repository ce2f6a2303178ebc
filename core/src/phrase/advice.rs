//! What is said of the clips that a phrase is enrolled from.

/// What is wrong with a clip, and what helps.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Advice {
    /// It cannot be used: hardly any speech is in it.
    #[error(
        "left out: {speech_s:.2} s of speech are in it, at least 0.25 s are needed; record the phrase closer to the microphone"
    )]
    TooShort {
        /// What was found.
        speech_s: f64,
    },
    /// It cannot be used: too long for a phrase.
    #[error(
        "left out: its speech lasts {speech_s:.1} s, a phrase at most 4 s; cut it down to the phrase alone"
    )]
    TooLong {
        /// What was found.
        speech_s: f64,
    },
    /// It cannot be used: it was given before.
    #[error("left out: the same recording as {first}; record the phrase anew, best by others too")]
    Twice {
        /// What it was called then.
        first: String,
    },
    /// Samples at full scale.
    #[error("clipped: {percent:.1} % of its samples are at full scale; record it again at a lower level")]
    Clipped {
        /// How many.
        percent: f64,
    },
    /// Much is heard beside the voice.
    #[error("noisy: the voice is only {snr_db:.0} dB above what is between it; record it in a quieter place")]
    Noisy {
        /// The ratio.
        snr_db: f32,
    },
    /// It sounds like much else.
    #[error(
        "sounds like much else ({like:.2} of 1): too short, too noisy or too common a word; choose a longer phrase"
    )]
    Common {
        /// How like other speech it is.
        like: f32,
    },
    /// It does not sound like the other clips.
    #[error(
        "unlike the others: it reaches {score:.2} where they reach {median:.2}; is it the same phrase, whole and alone?"
    )]
    Unlike {
        /// Its score against the others.
        score: f32,
        /// Their median.
        median: f32,
    },
}

impl Advice {
    /// Whether the clip was left out.
    pub fn is_left_out(&self) -> bool {
        matches!(self, Self::TooShort { .. } | Self::TooLong { .. } | Self::Twice { .. })
    }
}
