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

impl GateSettings {
    /// What happens while all of `heard` and nothing else is heard of a source of `labels` (a pack's). What is heard and not
    /// among these is passed over.
    ///
    /// # Errors
    /// As for [`RuleSet::new`].
    pub fn action_on<'a>(
        &self,
        labels: &[Label],
        heard: impl IntoIterator<Item = &'a Label>,
    ) -> Result<Action, GateError> {
        let rules = RuleSet::new(self, labels)?;
        let heard = heard.into_iter().filter_map(|label| rules.bit(label)).collect();
        Ok(rules.rules[rules.rule_on(heard)].action)
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
    /// The columns of singing and of music, where there are both; else nothing.
    singing: LabelSet,
    music: LabelSet,
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
        if settings.rules.list.len() >= Self::MAX_RULES {
            return Err(GateError::TooManyRules {
                count: settings.rules.list.len(),
                max: Self::MAX_RULES - 1,
            });
        }
        let rules = Vec::with_capacity(Self::RESERVED_RULES.max(settings.rules.list.len() + 1));
        let nothing = LabelSet::EMPTY;
        let mut program = Self {
            labels: known,
            singing: nothing,
            music: nothing,
            rules,
            range_db: settings.rules.range_db,
        };
        if let (Some(singing), Some(music)) = (program.column(&Label::SINGING), program.column(&Label::MUSIC))
        {
            (program.singing, program.music) = (singing, music);
        }
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
        if settings.rules.list.len() >= self.rules.capacity() {
            return Err(MotionRefused::TooManyRules);
        }
        if settings.labels().any(|label| self.bit(label).is_none()) {
            return Err(MotionRefused::UnknownLabel);
        }
        self.range_db = settings.rules.range_db;
        self.rules.clear();
        // Every label is known, so this does not fail.
        self.compile_all(settings).map_err(|_| MotionRefused::UnknownLabel)
    }

    fn compile_all(&mut self, settings: &GateSettings) -> Result<(), GateError> {
        for rule in &settings.rules.list {
            let compiled = self.compile(&rule.when, rule.action)?;
            self.rules.push(compiled);
        }
        let otherwise = self.compile(&When::default(), settings.rules.otherwise)?;
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
                Some(every.without(self.with_kinds(set(&when.other_than)?)))
            },
            action,
        })
    }

    /// Every label that it knows: the pack's, then silence and unknown.
    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The bit of a label, if the program knows it. Where singing has no column, music's is its own.
    pub(super) fn bit(&self, label: &Label) -> Option<LabelSet> {
        match label {
            label if *label == Label::SILENCE => Some(LabelSet::SILENCE),
            label if *label == Label::UNKNOWN => Some(LabelSet::UNKNOWN),
            label if *label == Label::SINGING => self.column(label).or_else(|| self.column(&Label::MUSIC)),
            label => self.column(label),
        }
    }

    fn column(&self, label: &Label) -> Option<LabelSet> {
        self.labels.iter().position(|known| known == label).map(LabelSet::label)
    }

    /// The same labels with the kinds of each: singing, where music is among them.
    fn with_kinds(&self, labels: LabelSet) -> LabelSet {
        if labels.intersects(self.music) { labels.union(self.singing) } else { labels }
    }

    /// The same labels with what each is a kind of: music, where singing is among them.
    fn with_music(&self, heard: LabelSet) -> LabelSet {
        if heard.intersects(self.singing) { heard.union(self.music) } else { heard }
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
        self.target(self.rule_on(heard), level_dbfs)
    }

    /// The first rule that holds while `heard` is heard.
    fn rule_on(&self, heard: LabelSet) -> usize {
        let heard = self.with_music(heard);
        // The last rule has no condition, so one always holds.
        self.rules.iter().position(|rule| rule.holds(heard)).unwrap_or(self.rules.len() - 1)
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
    use crate::gate::{Rule, Rules};

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

    /// With a pack that tells singing from music, and with one that does not.
    #[test]
    fn singing_is_music_too() {
        let [speech, singing, music, noise] = [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE];
        let with = [speech.clone(), singing.clone(), music.clone(), noise.clone()];
        let without = [speech.clone(), music.clone(), noise.clone()];
        let passes = |settings: &GateSettings, pack: &[Label], labels: &[&Label]| {
            settings.action_on(pack, labels.iter().copied()).expect("compiles") == Action::Keep
        };
        let keep_music = GateSettings::keep([music.clone()], Action::Mute);
        assert!(passes(&keep_music, &with, &[&singing]), "a voice that sings alone is music");
        assert!(passes(&keep_music, &with, &[&singing, &music]) && !passes(&keep_music, &with, &[&speech]));
        let all_but_music = GateSettings::keep_all_but([music.clone()], Action::Mute);
        assert!(
            !passes(&all_but_music, &with, &[&singing, &music])
                && !passes(&all_but_music, &with, &[&singing])
        );
        assert!(passes(&all_but_music, &with, &[&singing, &music, &speech]));
        let no_music = When { none: vec![music.clone()], ..When::default() };
        let no_music = Rule { when: no_music, action: Action::Keep };
        let no_music = GateSettings {
            rules: Rules { list: vec![no_music], ..Rules::default() },
            ..GateSettings::default()
        };
        assert!(!passes(&no_music, &with, &[&singing]) && passes(&no_music, &with, &[&noise]));
        let vocals = GateSettings::keep([speech.clone(), singing.clone()], Action::Mute);
        assert!(passes(&vocals, &with, &[&singing, &music]) && passes(&vocals, &with, &[&speech]));
        assert!(!passes(&vocals, &with, &[&music]), "an instrument is no voice");
        assert!(passes(&vocals, &without, &[&music]), "here singing is heard as music");
        assert!(!passes(&vocals, &without, &[&noise]));
        assert!(RuleSet::new(&vocals, std::slice::from_ref(&speech)).is_err(), "neither of them");
    }

    #[test]
    fn a_label_that_never_comes_is_refused() {
        let settings = GateSettings::keep([Label::new("birdsong")], Action::Gate);
        let error = RuleSet::new(&settings, &[Label::SPEECH]).expect_err("unknown label").to_string();
        assert!(error.contains("birdsong") && error.contains("speech, silence, unknown"), "{error}");
        let rule = Rule { when: When::default(), action: Action::Keep };
        let settings = GateSettings {
            rules: Rules { list: vec![rule; 300], ..Rules::default() },
            ..GateSettings::default()
        };
        assert!(RuleSet::new(&settings, &[]).is_err());
    }
}
