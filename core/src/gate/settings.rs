//! What a gate does, as data: rules, times and depths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GateError;
use super::flat::FlatSettings;
use crate::Label;
use crate::decide::Thresholds;

/// Longest attack, hold, release, lookahead, pre-roll, backtrack or gap, in milliseconds.
pub const MAX_TIME_MS: f32 = 10_000.0;
/// Deepest attenuation that a number can ask for, dB; deeper than this is `mute`.
pub const MAX_RANGE_DB: f32 = 144.0;
/// A ramp is never shorter than this, whatever attack and release say: a step is a click.
pub const MIN_RAMP_MS: f32 = 1.0;

/// Everything that one gate needs to know. Plugin, renderer and presets share this definition and its defaults:
/// speech stays, everything else goes down by `range_db`.
///
/// In JSON all fields of the four parts stand side by side (`flat.rs`).
///
/// # Rules
///
/// At every instant a set of labels is heard. The first rule whose condition holds decides; `otherwise`
/// decides when none does. The order is also the order in time: a rule wins from `lookahead_ms` before it
/// first holds until `hold_ms` after it last held, unless a rule above it wins. The gain moves within
/// `attack_ms` to a rule above and within `release_ms` to a rule below. So a gate lists what it keeps first
/// (attack opens it), and a ducker lists what ducks first (attack pulls it down).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "FlatSettings", into = "FlatSettings")]
pub struct GateSettings {
    /// What to do with what.
    pub rules: Rules,
    /// How the gain moves, and how much of it is heard.
    pub envelope: Envelope,
    /// When a label counts as heard, where that shall differ from the pack's word.
    pub thresholds: LabelThresholds,
    /// What only files can do, where the future is known.
    pub files: FileTiming,
}

/// What a gate does with what.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The first rule that holds decides.
    pub list: Vec<Rule>,
    /// What to do when no rule holds.
    pub otherwise: Action,
    /// Depth of [`Action::Gate`], dB, positive.
    pub range_db: f32,
}

impl Default for Rules {
    fn default() -> Self {
        let keep_speech = Rule { when: When::any([Label::SPEECH]), action: Action::Keep };
        Self { list: vec![keep_speech], otherwise: Action::Gate, range_db: 30.0 }
    }
}

/// How the gain of a gate moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Time to reach the gain of a rule above, ms.
    pub attack_ms: f32,
    /// How long a rule still counts after it last held, ms.
    pub hold_ms: f32,
    /// Time to reach the gain of a rule below, ms.
    pub release_ms: f32,
    /// How long before it first holds a rule already counts, ms. Live, this is latency. With `attack_ms` no
    /// longer than this, an onset meets a fully open gate.
    pub lookahead_ms: f32,
    /// The path from one gain to the next.
    pub curve: Curve,
    /// Share of the gated sound in the output, 0 (all dry) to 1.
    pub wet: f32,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            attack_ms: 10.0,
            hold_ms: 200.0,
            release_ms: 150.0,
            lookahead_ms: 20.0,
            curve: Curve::Decibels,
            wet: 1.0,
        }
    }
}

/// When a label counts as heard, where that shall differ from the pack's word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelThresholds {
    /// Probabilities at which a label opens and closes.
    pub by_label: BTreeMap<Label, Thresholds>,
    /// Level that a label must exceed beside its probability, dBFS: to this gate what is quieter is silence, by the law of
    /// silence ([`CausalLabels`](crate::decide::CausalLabels) live): loud enough opens at once, and a pause closes
    /// when it has lasted. It only raises the silence level, never lowers it. `None`: the silence level alone.
    pub open_above_dbfs: Option<f32>,
    /// Files only: the probability that a stretch of a label must reach once to count
    /// ([`LabelSettings::confirm`](crate::decide::LabelSettings::confirm)). What a rule adds around each stretch, hold,
    /// pre-roll and closed gaps, makes a short false one long; so a gate may ask for more than a list of tags does.
    pub confirm: BTreeMap<Label, f32>,
}

impl LabelThresholds {
    /// The level up to which all is silence to this gate, where it is `silence_dbfs` to everybody.
    pub(crate) fn silence_dbfs(&self, silence_dbfs: f64) -> f64 {
        self.open_above_dbfs.map_or(silence_dbfs, |own_dbfs| silence_dbfs.max(f64::from(own_dbfs)))
    }
}

/// What a gate does on files only, where the future is known. Costs no latency.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FileTiming {
    /// A pause between two stretches of one rule that is shorter than this belongs to the rule, ms.
    pub min_gap_ms: f32,
    /// Added to `lookahead_ms`, ms; may be long.
    pub pre_roll_ms: f32,
    /// How far before it first holds a rule that opens the gate may begin, as long as the level there stays
    /// above the floor around it, ms. So a breath or a soft consonant that no network has called speech is kept, and
    /// silence is not.
    pub onset_backtrack_ms: f32,
}

impl GateSettings {
    /// Keep these labels, do `action` to the rest.
    pub fn keep(labels: impl IntoIterator<Item = Label>, action: Action) -> Self {
        Self::first(When::any(labels), action)
    }

    /// Keep everything but these labels: `action` strikes where nothing else is heard beside them.
    pub fn keep_all_but(labels: impl IntoIterator<Item = Label>, action: Action) -> Self {
        Self::first(When { other_than: labels.into_iter().collect(), ..When::default() }, action)
    }

    /// Keep what `when` holds for, do `otherwise` to the rest.
    fn first(when: When, otherwise: Action) -> Self {
        let list = vec![Rule { when, action: Action::Keep }];
        Self { rules: Rules { list, otherwise, ..Rules::default() }, ..Self::default() }
    }

    /// Every label that a rule names, as often as it does.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.rules.list.iter().flat_map(|rule| rule.when.labels())
    }

    /// The settings of the same gate on a file: its lookahead is no latency there and includes the pre-roll.
    #[must_use]
    pub fn for_files(&self) -> Self {
        let lookahead_ms = (self.envelope.lookahead_ms + self.files.pre_roll_ms).min(MAX_TIME_MS);
        Self { envelope: Envelope { lookahead_ms, ..self.envelope }, ..self.clone() }
    }

    /// Settings from JSON; fields that are absent have their defaults.
    ///
    /// # Errors
    /// [`GateError::Json`] for what is not such a file, [`GateError::Setting`] for a number out of its range.
    pub fn from_json(json: &str) -> Result<Self, GateError> {
        let settings: Self = serde_json::from_str(json).map_err(GateError::Json)?;
        settings.validate()?;
        Ok(settings)
    }

    /// Refuses numbers that make no gate.
    ///
    /// # Errors
    /// [`GateError::Setting`] names the field and its range.
    pub fn validate(&self) -> Result<(), GateError> {
        let Self { rules, envelope, thresholds, files } = self;
        for (name, ms) in [
            ("attack_ms", envelope.attack_ms),
            ("hold_ms", envelope.hold_ms),
            ("release_ms", envelope.release_ms),
            ("lookahead_ms", envelope.lookahead_ms),
            ("min_gap_ms", files.min_gap_ms),
            ("pre_roll_ms", files.pre_roll_ms),
            ("onset_backtrack_ms", files.onset_backtrack_ms),
        ] {
            in_range(name, ms, 0.0, MAX_TIME_MS)?;
        }
        in_range("range_db", rules.range_db, 0.0, MAX_RANGE_DB)?;
        in_range("wet", envelope.wet, 0.0, 1.0)?;
        for rule in &rules.list {
            rule.action.validate()?;
        }
        rules.otherwise.validate()?;
        for pair in thresholds.by_label.values() {
            in_range("open", pair.open, 0.0, 1.0)?;
            in_range("close", pair.close, 0.0, pair.open)?;
        }
        if let Some(level_dbfs) = thresholds.open_above_dbfs {
            in_range("open_above_dbfs", level_dbfs, -MAX_RANGE_DB, 0.0)?;
        }
        for confirm in thresholds.confirm.values() {
            in_range("confirm", *confirm, 0.0, 1.0)?;
        }
        Ok(())
    }
}

pub(super) fn in_range(name: &'static str, value: f32, low: f32, high: f32) -> Result<(), GateError> {
    // NaN lies in no range.
    if (low..=high).contains(&value) { Ok(()) } else { Err(GateError::Setting { name, value, low, high }) }
}

/// One line of a gate's rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When it holds.
    #[serde(default)]
    pub when: When,
    /// What happens then.
    #[serde(rename = "do")]
    pub action: Action,
}

/// A condition on the labels heard at one instant. All parts that are given must hold; an empty condition
/// always holds.
///
/// Singing is music too: what a condition says of `music` it says of `singing`, so `keep music` keeps a voice that sings
/// alone, and `other_than: music` is not fulfilled by it. What it says of `singing` is about that alone; a pack without that
/// label hears singing as music, and there it is about music.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Every one of these is heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Label>,
    /// At least one of these is heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Label>,
    /// None of these is heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub none: Vec<Label>,
    /// Something that is not in this list is heard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_than: Vec<Label>,
}

impl When {
    /// At least one of `labels` is heard.
    pub fn any(labels: impl IntoIterator<Item = Label>) -> Self {
        Self { any: labels.into_iter().collect(), ..Self::default() }
    }

    /// Every label that the condition names.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.all.iter().chain(&self.any).chain(&self.none).chain(&self.other_than)
    }
}

/// What a rule does to the sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: the samples pass bit for bit.
    Keep,
    /// Down by the gate's `range_db`.
    Gate,
    /// Down to digital silence.
    Mute,
    /// Down by an amount of its own.
    Duck(Duck),
}

impl Action {
    /// Down by `by_db` whatever the level.
    pub fn duck(by_db: f32) -> Self {
        Self::Duck(Duck { by_db, ..Duck::default() })
    }

    fn validate(&self) -> Result<(), GateError> {
        let Self::Duck(duck) = self else { return Ok(()) };
        in_range("by_db", duck.by_db, 0.0, MAX_RANGE_DB)?;
        in_range("knee_db", duck.knee_db, 0.0, 48.0)?;
        in_range("above_dbfs", duck.above_dbfs, -200.0, 0.0)?;
        duck.ratio.map_or(Ok(()), |ratio| in_range("ratio", ratio, 1.0, 1_000.0))
    }
}

/// How a duck turns the sound down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Duck {
    /// How far down at most, dB, positive.
    pub by_db: f32,
    /// With a ratio only what stands above `above_dbfs` is turned down, as by a compressor with that ratio,
    /// and what is quiet already stays; without one everything goes down by `by_db`.
    pub ratio: Option<f32>,
    /// Level above which the ratio applies, dBFS (momentary, 400 ms).
    pub above_dbfs: f32,
    /// Width of the soft bend around `above_dbfs`, dB.
    pub knee_db: f32,
}

impl Default for Duck {
    fn default() -> Self {
        Self { by_db: 12.0, ratio: None, above_dbfs: -40.0, knee_db: 6.0 }
    }
}

impl Duck {
    /// Steps of a level-dependent gain, dB: finer ones are not heard and would keep the gain moving for ever.
    const STEP_DB: f32 = 0.5;

    /// The gain at a level, dB, zero or negative.
    pub fn gain_db(&self, level_dbfs: f32) -> f32 {
        let Some(ratio) = self.ratio else { return -self.by_db };
        let slope = 1.0 - 1.0 / ratio.max(1.0);
        let over = level_dbfs - self.above_dbfs;
        let reduction = if 2.0 * over < -self.knee_db {
            0.0
        } else if 2.0 * over <= self.knee_db && self.knee_db > 0.0 {
            let into_knee = over + self.knee_db / 2.0;
            slope * into_knee * into_knee / (2.0 * self.knee_db)
        } else {
            slope * over
        };
        let stepped = (reduction / Self::STEP_DB).round() * Self::STEP_DB;
        -stepped.clamp(0.0, self.by_db)
    }
}

/// The path of the gain from one value to the next. With `u` the share of the ramp's time that has passed and
/// `s = u³(10 − 15u + 6u²)` (smooth ends: slope and curvature are zero), both paths end exactly on the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// Even in decibels: `low · (high/low)^s`. Over ranges of more than 60 dB (and for mute) the last part
    /// bends: `low + (high − low) · (1000^s − 1) / 999`. Sounds even; the usual choice.
    #[default]
    Decibels,
    /// Even in amplitude: `low + (high − low) · s`. The narrowest spectrum for a given time.
    Amplitude,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_spares_what_is_quiet() {
        let duck = Duck { by_db: 12.0, ratio: Some(4.0), above_dbfs: -30.0, knee_db: 6.0 };
        assert_eq!(duck.gain_db(-50.0), 0.0);
        assert_eq!(duck.gain_db(-22.0), -6.0, "8 dB over at 4:1 leave 2");
        assert_eq!(duck.gain_db(0.0), -12.0, "never further than by_db");
        assert!((-1.0..0.0).contains(&duck.gain_db(-30.0)), "inside the knee");
        let hard = Duck { knee_db: 0.0, ..duck };
        assert_eq!(hard.gain_db(-30.0), 0.0);
        assert_eq!(Duck { ratio: None, ..duck }.gain_db(-90.0), -12.0);
    }
}
