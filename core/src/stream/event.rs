//! What a stream tells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Label;

/// Version of the events' form, in [`Event::Begin`]. It rises when a reader of the one before could be misled.
pub const EVENTS_VERSION: u32 = 1;

/// One thing that a stream tells: as JSON one object with `type` first. `docs/events.schema.json` is the schema.
///
/// All times are seconds on the stream's clock, which begins with its first sample and goes on through gaps. They are made
/// of whole microseconds, each from a count of frames or samples, and never added up.
///
/// ```
/// use earmark_core::stream::Event;
///
/// let line = r#"{"type":"onset","id":1,"label":"speech","start":12.34,"decided":12.52,"confidence":0.97}"#;
/// let event: Event = serde_json::from_str(line)?;
/// assert_eq!(event.time_s(), 12.34);
/// assert_eq!(serde_json::to_string(&event)?, line);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Event {
    /// The first event of every stream.
    Begin {
        /// [`EVENTS_VERSION`].
        version: u32,
        /// What the stream is called.
        stream: String,
        /// Sample rate, Hz.
        rate_hz: u32,
        /// Channels.
        channels: u16,
        /// Name and version of the pack that hears.
        pack: String,
        /// SHA-256 of its network, hexadecimal.
        sha256: String,
        /// The labels that may be on: those of the pack, then silence and unknown.
        labels: Vec<Label>,
        /// From the beginning of a 10 ms frame to the last sample that its scores depend on, at worst, milliseconds. What
        /// the minimum durations add is not in it.
        hearing_ms: f64,
        /// Time between frame events, milliseconds; absent where there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame_ms: Option<u32>,
    },
    /// A label is on.
    Onset {
        /// Pairs it with its offset; unique in the stream.
        id: u64,
        /// Which label.
        label: Label,
        /// When it began, seconds.
        #[serde(rename = "start")]
        start_s: f64,
        /// End of the last sample that this decision needed, seconds.
        #[serde(rename = "decided")]
        decided_s: f64,
        /// Mean score of the label so far, 0 to 1. Silence is measured, so it has 1; `unknown` has one minus the mean of
        /// the best label's score. Of a phrase how sure that is: 0.5 at the limit of its profile.
        confidence: f64,
    },
    /// A label is off again. Every onset has one, at the latest when the stream ends.
    Offset {
        /// That of its onset.
        id: u64,
        /// Which label.
        label: Label,
        /// When it began, seconds: as its onset says, but for a phrase, which is recognised before its borders are settled.
        #[serde(rename = "start")]
        start_s: f64,
        /// When it ended, seconds.
        #[serde(rename = "end")]
        end_s: f64,
        /// End of the last sample that this decision needed, seconds.
        #[serde(rename = "decided")]
        decided_s: f64,
        /// Mean score of the label from start to end, as in `onset`.
        confidence: f64,
    },
    /// What was heard in an interval of `frame_ms`, before any decision.
    Frame {
        /// Where the interval begins, seconds.
        #[serde(rename = "time")]
        time_s: f64,
        /// Mean score of each label of the pack, 0 to 1.
        scores: BTreeMap<Label, f64>,
        /// RMS level, dBFS; digital silence has −200.
        level_dbfs: f64,
    },
    /// The source gives no sound, while the clock goes on. Told when that begins, without an end, and again when it is
    /// over. No label is on meanwhile.
    Gap {
        /// Where the sound stopped, seconds.
        #[serde(rename = "start")]
        start_s: f64,
        /// Where it goes on, seconds; absent while it does not.
        #[serde(rename = "end", default, skip_serializing_if = "Option::is_none")]
        end_s: Option<f64>,
        /// Why, as whoever feeds the stream says.
        reason: String,
    },
    /// A rule of the user has come true, or no longer holds.
    Alert {
        /// The rule as the user wrote it.
        when: String,
        /// Which of both.
        state: AlertState,
        /// From when on the sound has been as the rule wants it, or no longer is, seconds.
        #[serde(rename = "since")]
        since_s: f64,
        /// When that had lasted as long as the rule wants, seconds.
        #[serde(rename = "time")]
        time_s: f64,
    },
    /// The last event of every stream.
    End {
        /// Length of the stream on its clock, gaps included, seconds.
        #[serde(rename = "duration")]
        duration_s: f64,
        /// Samples per channel that were heard.
        samples: u64,
        /// Seconds of gaps.
        #[serde(rename = "gap")]
        gap_s: f64,
        /// Seconds that each label was on.
        seconds: BTreeMap<Label, f64>,
    },
}

/// Whether an alert begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The rule has come true.
    Raised,
    /// It no longer holds.
    Cleared,
}

impl Event {
    /// What the JSON calls it: `onset`, `offset` and so on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "begin",
            Self::Onset { .. } => "onset",
            Self::Offset { .. } => "offset",
            Self::Frame { .. } => "frame",
            Self::Gap { .. } => "gap",
            Self::Alert { .. } => "alert",
            Self::End { .. } => "end",
        }
    }

    /// The moment that it is about, seconds of the stream: where a label begins or ends, and so on.
    pub fn time_s(&self) -> f64 {
        match self {
            Self::Begin { .. } => 0.0,
            Self::Onset { start_s, .. } => *start_s,
            Self::Offset { end_s, .. } => *end_s,
            Self::Frame { time_s, .. } | Self::Alert { time_s, .. } => *time_s,
            Self::Gap { start_s, end_s, .. } => end_s.unwrap_or(*start_s),
            Self::End { duration_s, .. } => *duration_s,
        }
    }
}
