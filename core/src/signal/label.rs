//! What a stretch of audio is called.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a kind of sound. Packs may bring labels of their own; the ones that Earmark itself reasons about are
/// constants here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(Cow<'static, str>);

impl Label {
    /// Somebody talks.
    pub const SPEECH: Self = Self(Cow::Borrowed("speech"));
    /// Somebody sings. Singing is music too, as speech over music is both: the training data mark it as both, and each score
    /// stands for itself, so where a network hears a voice sing and no music, the segments say singing alone. Rules about
    /// music hold for singing ([`When`](crate::gate::When)). A pack without this label hears singing as music.
    pub const SINGING: Self = Self(Cow::Borrowed("singing"));
    /// Music plays, sung or not.
    pub const MUSIC: Self = Self(Cow::Borrowed("music"));
    /// Any other audible sound.
    pub const NOISE: Self = Self(Cow::Borrowed("noise"));
    /// The level is under the silence threshold. Decided from the samples, never by a network.
    pub const SILENCE: Self = Self(Cow::Borrowed("silence"));
    /// Not silent, yet no label reached its threshold.
    pub const UNKNOWN: Self = Self(Cow::Borrowed("unknown"));

    /// How the labels of enrolled voices begin: `voice:NAME` is on while NAME speaks.
    pub const VOICE_PREFIX: &str = "voice:";

    /// A label of any name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name as it is written to files.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Label {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}
