//! Settings compiled against the labels that a pack can give.

use super::{Action, GateError, GateSettings, MotionRefused, When};
use crate::{Label, LabelSet};

/// The level before anything was heard, dBFS.
pub(super) const QUIET_DBFS: f32 = -200.0;

/// What the gain shall be, and which rule says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Place of the rule: 0 is the first. The first wins in time (lookahead, hold), see [`GateSettings`].
    pub priority: u8,
    /// Gain in dB, zero or negative; minus infinity is digital silence.
    pub gain_db: f32,
    /// Whether the rule is an [`Action::Gate`]: its depth is the gate's range and may follow the noise floor. That of a
    /// duck is its own, even where both are equal.
    pub is_gate: bool,
}

impl Target {
    /// A target with a gain of its own, that no noise floor changes.
    pub const fn fixed(priority: u8, gain_db: f32) -> Self {
        Self { priority, gain_db, is_gate: false }
    }

    /// The gain as a factor: exactly 1 at 0 dB, exactly 0 at minus infinity.
    pub fn gain(self) -> f32 {
        if self.gain_db == 0.0 { 1.0 } else { 10.0_f32.powf(self.gain_db / 20.0) }
    }
}

/// From this sample of the source on, the target is this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainEvent {
    /// Sample position (per channel) in the source.
    pub at: u64,
    /// What holds from there.
    pub target: Target,
}

#[derive(Debug, Clone)]
struct CompiledRule {
    all: LabelSet,
    any: Option<LabelSet>,
    none: LabelSet,
    other: Option<LabelSet>,
    action: Action,
}

impl CompiledRule {
    fn holds(&self, heard: LabelSet) -> bool {
        heard.contains(self.all)
            && !heard.intersects(self.none)
            && self.any.is_none_or(|any| heard.intersects(any))
            && self.other.is_none_or(|other| heard.intersects(other))
    }
}

/// A gate's rules, ready to decide without allocation.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::gate::{Action, GateSettings, RuleSet};
///
/// let settings = GateSettings::keep([Label::SPEECH], Action::Mute);
/// let rules = RuleSet::new(&settings, &[Label::SPEECH, Label::MUSIC])?;
/// assert_eq!(rules.default_target().gain_db, f32::NEG_INFINITY);
/// // A rule about what the pack never gives would never hold.
/// assert!(RuleSet::new(&settings, &[Label::MUSIC]).is_err());
/// # Ok::<(), earmark_core::gate::GateError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RuleSet {
    labels: Vec<Label>,
    rules: Vec<CompiledRule>,
    range_db: f32,
}

impl RuleSet {
    const MAX_RULES: usize = 255;
    /// Rules that fit without allocation when settings change while audio runs.
    const RESERVED_RULES: usize = 32;

    /// Compiles `settings` for a source of `labels` (a pack's). Silence and unknown are known to every program.
    ///
    /// # Errors
    /// Settings out of range, and rules about labels that the pack never gives.
    pub fn new(settings: &GateSettings, labels: &[Label]) -> Result<Self, GateError> {
        settings.validate()?;
        if labels.len() > LabelSet::MAX_LABELS {
            return Err(GateError::TooManyLabels { count: labels.len(), max: LabelSet::MAX_LABELS });
        }
        let mut known = labels.to_vec();
        for always in [Label::SILENCE, Label::UNKNOWN] {
            if !known.contains(&always) {
                known.push(always);
            }
        }
        if settings.rules.len() >= Self::MAX_RULES {
            return Err(GateError::TooManyRules { count: settings.rules.len(), max: Self::MAX_RULES - 1 });
        }
        let rules = Vec::with_capacity(Self::RESERVED_RULES.max(settings.rules.len() + 1));
        let mut program = Self { labels: known, rules, range_db: settings.range_db };
        program.compile_all(settings)?;
        Ok(program)
    }

    /// Other rules and depths for the same labels. Real-time safe: what would need memory is refused, and then the
    /// program stays as it is.
    ///
    /// # Errors
    /// [`MotionRefused`].
    pub(super) fn take_over(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        if settings.validate().is_err() {
            return Err(MotionRefused::OutOfRange);
        }
        if settings.rules.len() >= self.rules.capacity() {
            return Err(MotionRefused::TooManyRules);
        }
        if settings.rules.iter().flat_map(|rule| rule.when.labels()).any(|label| self.bit(label).is_none()) {
            return Err(MotionRefused::UnknownLabel);
        }
        self.range_db = settings.range_db;
        self.rules.clear();
        // Every label is known, so this does not fail.
        self.compile_all(settings).map_err(|_| MotionRefused::UnknownLabel)
    }

    fn compile_all(&mut self, settings: &GateSettings) -> Result<(), GateError> {
        for rule in &settings.rules {
            let compiled = self.compile(&rule.when, rule.action)?;
            self.rules.push(compiled);
        }
        let otherwise = self.compile(&When::default(), settings.otherwise)?;
        self.rules.push(otherwise);
        Ok(())
    }

    fn compile(&self, when: &When, action: Action) -> Result<CompiledRule, GateError> {
        let set = |labels: &[Label]| {
            let bit = |label: &Label| {
                let unknown = || GateError::UnknownLabel { label: label.clone(), known: list(&self.labels) };
                self.bit(label).ok_or_else(unknown)
            };
            labels.iter().map(bit).collect::<Result<LabelSet, GateError>>()
        };
        let every: LabelSet = self.labels.iter().filter_map(|label| self.bit(label)).collect();
        Ok(CompiledRule {
            all: set(&when.all)?,
            any: if when.any.is_empty() { None } else { Some(set(&when.any)?) },
            none: set(&when.none)?,
            other: if when.other_than.is_empty() {
                None
            } else {
                Some(every.without(set(&when.other_than)?))
            },
            action,
        })
    }

    /// Every label that it knows: the pack's, then silence and unknown.
    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The bit of a label, if the program knows it.
    pub(super) fn bit(&self, label: &Label) -> Option<LabelSet> {
        match label {
            label if *label == Label::SILENCE => Some(LabelSet::SILENCE),
            label if *label == Label::UNKNOWN => Some(LabelSet::UNKNOWN),
            label => self.labels.iter().position(|l| l == label).map(LabelSet::label),
        }
    }

    /// Another depth of [`Action::Gate`], dB.
    pub(super) fn set_range_db(&mut self, range_db: f32) {
        self.range_db = range_db;
    }

    /// Whether any rule looks at the level.
    pub fn follows_level(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.action, Action::Duck(duck) if duck.ratio.is_some()))
    }

    /// What happens while `heard` is heard at a (momentary) level.
    pub(super) fn decide(&self, heard: LabelSet, level_dbfs: f32) -> Target {
        // The last rule has no condition, so one always holds.
        let index = self.rules.iter().position(|rule| rule.holds(heard)).unwrap_or(self.rules.len() - 1);
        self.target(index, level_dbfs)
    }

    /// What happens when no rule holds: the gate at rest.
    pub fn default_target(&self) -> Target {
        self.target(self.rules.len() - 1, QUIET_DBFS)
    }

    /// Everything passes, above every rule: for a source without decisions that shall stay audible.
    pub fn unity() -> Target {
        Target::fixed(0, 0.0)
    }

    fn target(&self, index: usize, level_dbfs: f32) -> Target {
        let action = self.rules[index].action;
        let is_gate = action == Action::Gate;
        let gain_db = match action {
            Action::Keep => 0.0,
            Action::Gate => -self.range_db,
            Action::Mute => f32::NEG_INFINITY,
            Action::Duck(duck) => duck.gain_db(level_dbfs),
        };
        // −0.0 would be 0 dB too, but would read oddly in lists.
        Target { priority: u8::try_from(index).unwrap_or(u8::MAX), gain_db: gain_db + 0.0, is_gate }
    }
}

fn list(labels: &[Label]) -> String {
    labels.iter().map(Label::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Rule;

    fn heard(program: &RuleSet, labels: &[Label]) -> f32 {
        let set = labels.iter().filter_map(|l| program.bit(l)).collect();
        program.decide(set, -20.0).gain_db
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        let settings = GateSettings::from_json(
            r#"{"rules": [
                {"when": {"all": ["speech", "music"]}, "do": {"duck": {"by_db": 12}}},
                {"when": {"any": ["noise"], "none": ["speech"]}, "do": "mute"},
                {"when": {"any": ["silence", "speech"]}, "do": "keep"}
            ], "otherwise": "gate", "range_db": 40}"#,
        )
        .expect("valid");
        let program =
            RuleSet::new(&settings, &[Label::SPEECH, Label::MUSIC, Label::NOISE]).expect("compiles");
        assert_eq!(heard(&program, &[Label::SPEECH, Label::MUSIC, Label::NOISE]), -12.0);
        assert_eq!(heard(&program, &[Label::MUSIC, Label::NOISE]), f32::NEG_INFINITY);
        assert_eq!(heard(&program, &[Label::SPEECH, Label::NOISE]), 0.0);
        assert_eq!(heard(&program, &[Label::SILENCE]), 0.0);
        assert_eq!(heard(&program, &[Label::MUSIC]), -40.0);
        assert_eq!(program.default_target().gain_db, -40.0);
    }

    #[test]
    fn everything_but_keeps_what_sounds_beside_it() {
        let settings = GateSettings::keep_all_but([Label::MUSIC, Label::SILENCE], Action::Mute);
        let program = RuleSet::new(&settings, &[Label::SPEECH, Label::MUSIC]).expect("compiles");
        assert_eq!(heard(&program, &[Label::MUSIC]), f32::NEG_INFINITY);
        assert_eq!(heard(&program, &[Label::MUSIC, Label::SPEECH]), 0.0);
        assert_eq!(heard(&program, &[Label::UNKNOWN]), 0.0);
    }

    #[test]
    fn a_label_that_never_comes_is_refused() {
        let settings = GateSettings::keep([Label::new("birdsong")], Action::Gate);
        let error = RuleSet::new(&settings, &[Label::SPEECH]).expect_err("unknown label").to_string();
        assert!(error.contains("birdsong") && error.contains("speech, silence, unknown"), "{error}");
        let rule = Rule { when: When::default(), action: Action::Keep };
        let settings = GateSettings { rules: vec![rule; 300], ..GateSettings::default() };
        assert!(RuleSet::new(&settings, &[]).is_err());
    }
}
