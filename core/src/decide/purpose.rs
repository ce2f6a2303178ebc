//! What segments are for, and the shape that it asks for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TimelineSettings;
use crate::Label;

/// What segments of speech are for.
///
/// | | shortest speech | shortest pause | padding | longest |
/// |---|---|---|---|---|
/// | subtitles | 300 ms | 300 ms | 100 ms | 7 s, what two lines hold |
/// | transcription | 250 ms | 500 ms | 200 ms | 30 s, the window of common recognisers |
/// | archive | 1 s | 2 s | – | – |
/// | editing | 200 ms | 500 ms | 200 ms | – |
///
/// For an archive the other labels, too, are told only from 2 s on and over gaps of up to 2 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Lines of text on a picture.
    Subtitles,
    /// What a recogniser is given.
    Transcription,
    /// What is where, at a glance.
    Archive,
    /// Cuts.
    Editing,
}

/// The shape of one purpose, milliseconds.
struct Shape {
    min_speech: u32,
    min_pause: u32,
    pad: u32,
    max: Option<u32>,
    /// The least of the other labels and of their gaps, where that is changed.
    others: Option<u32>,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Subtitles, Self::Transcription, Self::Archive, Self::Editing];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subtitles => "subtitles",
            Self::Transcription => "transcription",
            Self::Archive => "archive",
            Self::Editing => "editing",
        }
    }

    fn data(self) -> Shape {
        let shape = |min_speech, min_pause, pad, max| Shape { min_speech, min_pause, pad, max, others: None };
        match self {
            Self::Subtitles => shape(300, 300, 100, Some(7_000)),
            Self::Transcription => shape(250, 500, 200, Some(30_000)),
            Self::Archive => Shape { others: Some(2_000), ..shape(1_000, 2_000, 0, None) },
            Self::Editing => shape(200, 500, 200, None),
        }
    }

    /// Shapes `settings` for it.
    pub(super) fn shape(self, settings: &mut TimelineSettings) {
        let Shape { min_speech, min_pause, pad, max, others } = self.data();
        let mut speech = settings.of(&Label::SPEECH);
        if let Some(ms) = others {
            for label in settings.labels.values_mut().chain([&mut settings.default]) {
                (label.min_on_ms, label.min_gap_ms) = (ms, ms);
            }
        }
        (speech.min_on_ms, speech.min_gap_ms) = (min_speech, min_pause);
        (speech.pad_ms, speech.max_ms) = (pad, max);
        settings.min_silence_ms = min_pause;
        settings.labels.insert(Label::SPEECH, speech);
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no such purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no purpose; choose subtitles, transcription, archive or editing")]
pub struct UnknownPurpose(String);

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|purpose| purpose.name() == name);
        named.ok_or_else(|| UnknownPurpose(name.to_owned()))
    }
}
