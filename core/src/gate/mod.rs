//! The gain computer that plugin and renderer share.
//!
//! ```text
//! segments of a Timeline ─▶ edges_from_segments ─┐
//!                                                ├─▶ GainEvent ─▶ GainComputer ─▶ gain per sample ─▶ Mixer, apply_gains
//! frames, as heard ───────▶ CausalDecider ─────────┘   position, priority, dB
//! ```
//!
//! * [`GateSettings`] says what is kept, ducked or muted ([`Rules`]), how fast ([`Envelope`]), by which thresholds
//!   ([`LabelThresholds`]), and what files do beyond that ([`FileTiming`]). It is data: the presets are JSON files.
//! * [`RuleSet`] is the settings compiled against the labels of a pack: a set of labels in, a [`Target`] out.
//! * [`edges_from_segments`] and [`CausalDecider`] turn segments or frames into [`GainEvent`]s at sample positions of the
//!   source. Both run through the same [`RuleSet`].
//! * [`GainComputer`] adds lookahead, hold, attack and release. What it gives depends on positions only: any block
//!   size gives the same bits, and where nothing is turned down the gain is exactly 1.
//!
//! * [`Mixer`] puts gains onto planes of samples, [`apply_gains`] onto interleaved ones; both by the same expression.
//!
//! [`Adaptive`] lets close threshold and depth follow the ratio of speech to noise.
//!
//! # Real time
//!
//! [`CausalDecider`] after `new` (but for `edges`), [`GainComputer`] after `new` (but for `extend`), [`Mixer`] and
//! [`apply_gains`] neither allocate nor wait nor fail on any input.

mod adaptive;
mod causal;
mod changes;
mod delay;
mod envelope;
#[cfg(test)]
mod fixture_tests;
mod flat;
mod from_segments;
mod mixer;
mod onset;
mod phrase;
mod presets;
mod ramp;
mod rules;
mod settings;
mod tone;
mod voices;

pub use adaptive::{Adapted, Adaptive};
pub use causal::CausalDecider;
pub use changes::{GateAction, PresetChanges};
pub use delay::DelayLine;
pub use envelope::{GainComputer, PushError};
pub use from_segments::{edges_from_segments, spans_at_full_gain};
pub use mixer::{MixOutput, MixPlanes, MixSettings, Mixer, Peaks, apply_gains, mix_dry};
pub use presets::{CutSettings, Fade, Preset, load_preset, preset, preset_names};
pub use rules::{GainEvent, RuleSet, Target};
pub use settings::{
    Action, Curve, Duck, Envelope, FileTiming, GateSettings, LabelThresholds, MAX_RANGE_DB, MAX_TIME_MS,
    MIN_RAMP_MS, Rule, Rules, When,
};
pub use tone::{TONE_DBFS, TONE_HZ, Tone};

use crate::Label;

/// Why a gate cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// Not a settings file.
    #[error("the gate settings are not valid JSON of that kind: {0}")]
    Json(serde_json::Error),
    /// A number out of its range.
    #[error("the gate setting `{name}` is {value}; it must lie between {low} and {high}")]
    Setting {
        /// Field name.
        name: &'static str,
        /// What it was.
        value: f32,
        /// Smallest that is allowed.
        low: f32,
        /// Largest that is allowed.
        high: f32,
    },
    /// A rule names a label that nothing will ever be called.
    #[error("a gate rule names `{label}`, which is not among the labels {known}")]
    UnknownLabel {
        /// The label.
        label: Label,
        /// The labels that exist, as one list.
        known: String,
    },
    /// More labels than a gate can tell apart.
    #[error("the pack has {count} labels; a gate can tell {max} apart")]
    TooManyLabels {
        /// How many there are.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// More rules than can be ranked.
    #[error("the gate has {count} rules; it can have {max}")]
    TooManyRules {
        /// How many there are.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// Voices take the place of speech, and no rule names that.
    #[error(
        "no rule of this gate names speech, so a voice would change nothing; choose a preset or labels that keep speech"
    )]
    NoSpeechRule,
    /// No preset of that name, and no file either.
    #[error("there is no preset `{name}`; the presets are {known}, or name a JSON file")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// The names that exist, as one list.
        known: String,
    },
    /// A preset file that cannot be read.
    #[error("cannot read the preset {path}: {source}")]
    PresetFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A preset file with wrong content.
    #[error("the preset {path}: {source}")]
    PresetContent {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        source: Box<GateError>,
    },
}

/// A change of settings that cannot be taken over while audio runs; the old ones stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MotionRefused {
    /// A number out of its range.
    #[error("a setting is out of its range")]
    OutOfRange,
    /// A rule names a label that the detector does not give.
    #[error("a rule names a label that the ear does not give")]
    UnknownLabel,
    /// More rules than there is memory for.
    #[error("there are more rules than can be taken over without a restart")]
    TooManyRules,
}

/// Milliseconds in samples, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "settings lie in 0..=MAX_TIME_MS"
)]
pub(crate) fn ms_to_samples(ms: f32, rate_hz: u32) -> u64 {
    (f64::from(ms) * 1e-3 * f64::from(rate_hz)).round().max(0.0) as u64
}

/// Seconds in samples, to the nearest; before the start counts as the start.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; negative is cut off"
)]
pub(crate) fn seconds_to_samples(seconds: f64, rate_hz: u32) -> u64 {
    (seconds * f64::from(rate_hz)).round().max(0.0) as u64
}
