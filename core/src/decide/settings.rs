//! What turns probabilities into segments, as data: the one place where its defaults stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{SILENCE_DBFS, Thresholds};
use crate::Label;

/// Milliseconds per frame of activity.
const FRAME_MS: u32 = 10;
/// How long a stretch of a label may wait for the probability that confirms it ([`LabelSettings::confirm`]), milliseconds.
pub const CONFIRM_WINDOW_MS: u32 = 2_000;
/// What begins at most so long after a stretch that was confirmed belongs to it, milliseconds.
pub const CONFIRM_NEAR_MS: u32 = 500;
/// The most that a segment may be padded by, milliseconds.
pub const MAX_PAD_MS: u32 = 10_000;
/// Bounds of [`LabelSettings::max_ms`], milliseconds.
pub const MAX_SEGMENT_RANGE_MS: std::ops::RangeInclusive<u32> = 1_000..=3_600_000;

/// The closure of a plosive in a gated recording is digitally silent for up to 150 ms; a pause that a listener would call one
/// is longer, milliseconds.
const SHORTEST_PAUSE_MS: u32 = 200;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TimelineError {
    /// A threshold is no probability.
    #[error("the {which} threshold of {label} is {value}; it must lie between 0 and 1")]
    Threshold {
        /// The label it belongs to.
        label: String,
        /// `open`, `close` or `confirm`.
        which: &'static str,
        /// What was given.
        value: f32,
    },
    /// The pack has no such label.
    #[error("{label:?} is not a label of this pack; it has {known}")]
    UnknownLabel {
        /// What was asked for.
        label: String,
        /// What there is, as one list.
        known: String,
    },
    /// The silence level is no level.
    #[error("the silence level is {0} dBFS; it must be a number from -200 to 0")]
    SilenceLevel(f64),
    /// More padding than there may be.
    #[error("padding of {0} ms is too much; give at most {MAX_PAD_MS} ms")]
    Pad(u32),
    /// Padded segments overlap those of other labels.
    #[error(
        "padding makes labels overlap, and one label per instant was asked for; set the padding to 0, or let labels overlap"
    )]
    PadExclusive,
    /// The longest segment is none.
    #[error("a longest segment of {0} s is not possible; give 1 to 3600 s")]
    MaxSegment(f64),
}

/// How one label's probability becomes segments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelSettings {
    /// A segment begins at the first frame whose probability is at least this.
    pub open: f32,
    /// It ends before the first frame whose probability is below this. Never above `open`: a higher value counts as
    /// `open`.
    pub close: f32,
    /// What follows the opening only counts if the probability reaches this before the label closes again, and only from
    /// [`CONFIRM_WINDOW_MS`] before that moment on, or if it begins within [`CONFIRM_NEAR_MS`] of the end of what counts. At most
    /// `open`: off.
    #[serde(alias = "sure")]
    pub confirm: f32,
    /// Shorter segments are dropped, milliseconds.
    pub min_on_ms: u32,
    /// Shorter gaps between two segments are filled, milliseconds.
    #[serde(alias = "min_off_ms")]
    pub min_gap_ms: u32,
    /// Added before and after each segment, within the source, milliseconds; silence and `unknown` make way. A pause that
    /// has no room for both ends, and 100 ms between them, closes.
    pub pad_ms: u32,
    /// Longer segments are divided where they are least likely and quietest, milliseconds; `None`: they stay.
    pub max_ms: Option<u32>,
}

impl Default for LabelSettings {
    fn default() -> Self {
        // Packs bring measured thresholds; the default ones serve a network that says nothing about itself. A pause
        // between two words of a sentence rarely lasts 200 ms; the shortest spoken word hardly less than 100 ms.
        let Thresholds { open, close } = Thresholds::default();
        Self { open, close, confirm: 0.0, min_on_ms: 100, min_gap_ms: 200, pad_ms: 0, max_ms: None }
    }
}

impl LabelSettings {
    /// These settings with another opening threshold. Upwards the closing one keeps its distance, downwards its share: a
    /// distance could bring it to zero, and then nothing would ever close. The confirming one follows only downwards, since
    /// what reached it was confirmed before. So raising the one never lowers the others.
    #[must_use]
    pub fn with_threshold(self, open: f32) -> Self {
        let by = open - self.open;
        let moved = if by < 0.0 { self.close * (open / self.open) } else { self.close + by };
        let close = moved.clamp(0.0, open.max(0.0));
        Self { open, close, confirm: (self.confirm + by.min(0.0)).clamp(0.0, 1.0), ..self }
    }

    /// Where it opens and closes.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { open: self.open, close: self.close }
    }

    /// Frames that a stretch may wait to be confirmed.
    pub(super) fn confirm_frames(&self) -> usize {
        if self.confirm > self.open { frames(CONFIRM_WINDOW_MS) } else { 0 }
    }

    /// Frames after a confirmed stretch in which another one needs no confirmation.
    pub(super) fn near_frames(&self) -> usize {
        if self.confirm > self.open { frames(CONFIRM_NEAR_MS) } else { 0 }
    }

    pub(crate) fn min_on_frames(&self) -> usize {
        frames(self.min_on_ms)
    }

    pub(crate) fn min_gap_frames(&self) -> usize {
        frames(self.min_gap_ms)
    }

    pub(crate) fn pad_frames(&self) -> usize {
        frames(self.pad_ms)
    }

    /// Whole frames that last at most `max_ms`.
    pub(crate) fn max_frames(&self) -> Option<usize> {
        self.max_ms.map(|ms| usize::try_from((ms / FRAME_MS).max(1)).unwrap_or(usize::MAX))
    }
}

/// How a [`FrameScores`](crate::FrameScores) becomes a [`Timeline`](super::Timeline).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineSettings {
    /// For every label that has no entry in `labels`.
    pub default: LabelSettings,
    /// Settings of single labels, usually those of the pack.
    pub labels: BTreeMap<Label, LabelSettings>,
    /// Silent is what has at most this level (RMS; a full-scale square wave has 0 dBFS).
    pub silence_dbfs: f64,
    /// Shorter silences part no label, milliseconds. A source that is silent from end to end always is, and so is what no
    /// label is heard in, from 200 ms on.
    pub min_silence_ms: u32,
    /// Whether borders move to the clearest rise or fall of the level nearby.
    pub refine_borders: bool,
    /// How far a border may move, milliseconds to either side.
    pub refine_window_ms: u32,
    /// One label per instant: where several are heard, the first of this list stays. Labels that it does not name
    /// come after those that it names. `None`: labels may overlap.
    pub exclusive: Option<Vec<Label>>,
}

impl Default for TimelineSettings {
    fn default() -> Self {
        Self {
            default: LabelSettings::default(),
            labels: BTreeMap::new(),
            silence_dbfs: SILENCE_DBFS,
            min_silence_ms: SHORTEST_PAUSE_MS,
            refine_borders: true,
            refine_window_ms: 80,
            exclusive: None,
        }
    }
}

impl TimelineSettings {
    /// The usual order of `exclusive`: speech, singing, music, noise. A label that the pack does not have changes nothing.
    pub fn default_priority() -> Vec<Label> {
        vec![Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE]
    }

    /// The settings of a label.
    pub fn of(&self, label: &Label) -> LabelSettings {
        self.labels.get(label).copied().unwrap_or(self.default)
    }

    /// Moves the opening threshold of a label; see [`LabelSettings::with_threshold`].
    pub fn set_threshold(&mut self, label: &Label, open: f32) {
        let moved = self.of(label).with_threshold(open);
        self.labels.insert(label.clone(), moved);
    }

    /// Whether all values make sense.
    ///
    /// # Errors
    ///
    /// A threshold outside 0..=1, a silence level that is no level, or a shape that cannot be.
    pub fn check(&self) -> Result<(), TimelineError> {
        let named = self.labels.iter().map(|(label, s)| (label.as_str(), s));
        for (label, settings) in std::iter::once(("every other label", &self.default)).chain(named) {
            for (which, value) in
                [("open", settings.open), ("close", settings.close), ("confirm", settings.confirm)]
            {
                if !(0.0..=1.0).contains(&value) {
                    return Err(TimelineError::Threshold { label: label.to_owned(), which, value });
                }
            }
            if settings.pad_ms > MAX_PAD_MS {
                return Err(TimelineError::Pad(settings.pad_ms));
            }
            if settings.pad_ms > 0 && self.exclusive.is_some() {
                return Err(TimelineError::PadExclusive);
            }
            if let Some(ms) = settings.max_ms.filter(|ms| !MAX_SEGMENT_RANGE_MS.contains(ms)) {
                return Err(TimelineError::MaxSegment(f64::from(ms) / 1_000.0));
            }
        }
        if !(-200.0..=0.0).contains(&self.silence_dbfs) {
            return Err(TimelineError::SilenceLevel(self.silence_dbfs));
        }
        Ok(())
    }

    pub(crate) fn min_silence_frames(&self) -> usize {
        frames(self.min_silence_ms)
    }

    /// The shortest silence where no label is on.
    pub(super) fn min_pause_frames(&self) -> usize {
        frames(self.min_silence_ms.min(SHORTEST_PAUSE_MS))
    }

    pub(super) fn refine_frames(&self) -> usize {
        if self.refine_borders { frames(self.refine_window_ms) } else { 0 }
    }
}

/// Whole frames that last at least `ms`.
fn frames(ms: u32) -> usize {
    usize::try_from(ms.div_ceil(FRAME_MS)).unwrap_or(usize::MAX)
}
