//! What a user changes about a preset, in a command line, a request or a call.

use serde::{Deserialize, Serialize};

use super::{Action, CutSettings, GateSettings, Preset, Rule, When};
use crate::Label;

/// What happens to what is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateAction {
    /// Down by the range, opening and closing smoothly.
    Gate,
    /// Down by the range, meant for a bed under speech.
    Duck,
    /// Down to digital silence.
    Mute,
    /// Long pauses are cut out.
    Cut,
}

/// What is taken out is surrounded by programme, so its gate closes at most so much earlier, ms. A preset's own times are for speech
/// that stays, where half a second more is better than a breath less.
const MOST_EARLY_MS: f32 = 80.0;
/// It stays closed for at most so long.
const MOST_HOLD_MS: f32 = 50.0;
/// It closes and opens within.
const MOST_RAMP_MS: f32 = 30.0;

impl Preset {
    /// Everything stays but `labels`, on which the action of `changes` strikes: mute unless it is said. Times are bounded where
    /// `changes` says none, so that little of what lies around goes with it.
    pub fn take_out(&mut self, labels: Vec<Label>, changes: &PresetChanges) {
        let strike = match changes.action {
            None | Some(GateAction::Mute | GateAction::Cut) => Action::Mute,
            Some(GateAction::Gate) => Action::Gate,
            Some(GateAction::Duck) => Action::duck(self.gate.rules.range_db),
        };
        self.gate.rules.list = vec![Rule { when: When::any(labels), action: strike }];
        self.gate.rules.otherwise = Action::Keep;
        self.cut = (changes.action == Some(GateAction::Cut)).then(|| self.cut.unwrap_or_default());
        let GateSettings { envelope, files, .. } = &mut self.gate;
        for (said, setting, most) in [
            (changes.attack_ms, &mut envelope.attack_ms, MOST_RAMP_MS),
            (changes.hold_ms, &mut envelope.hold_ms, MOST_HOLD_MS),
            (changes.release_ms, &mut envelope.release_ms, MOST_RAMP_MS),
            (changes.lookahead_ms, &mut envelope.lookahead_ms, MOST_EARLY_MS),
            // What lies between two of them stays.
            (None, &mut files.min_gap_ms, MOST_HOLD_MS),
            // The level after what is taken out is no reason to open within it.
            (changes.onset_backtrack_ms, &mut files.onset_backtrack_ms, 0.0),
        ] {
            if said.is_none() {
                *setting = setting.min(most);
            }
        }
        if changes.pre_roll_ms.is_none() {
            // Where it begins, the gate is closed.
            files.pre_roll_ms = (envelope.attack_ms - envelope.lookahead_ms).max(0.0);
        }
    }
}

/// Changes to a [`Preset`]; what is absent stays. Values are checked where the changed preset is used
/// ([`GateSettings::validate`], [`CutSettings::validate`]).
///
/// ```
/// use earmark_core::gate::{PresetChanges, preset};
///
/// let mut podcast = preset("podcast")?;
/// PresetChanges { range_db: Some(12.0), ..PresetChanges::default() }.apply(&mut podcast);
/// assert_eq!(podcast.gate.rules.range_db, 12.0);
/// # Ok::<(), earmark_core::gate::GateError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of GateSettings and CutSettings, which document them")]
pub struct PresetChanges {
    pub range_db: Option<f32>,
    pub attack_ms: Option<f32>,
    pub hold_ms: Option<f32>,
    pub release_ms: Option<f32>,
    pub lookahead_ms: Option<f32>,
    pub pre_roll_ms: Option<f32>,
    pub onset_backtrack_ms: Option<f32>,
    pub open_above_dbfs: Option<f32>,
    pub wet: Option<f32>,
    pub max_pause_ms: Option<f32>,
    /// What stays as it is, instead of the preset's rules; speech if only `action` is given.
    pub keep: Option<Vec<Label>>,
    /// What happens to the rest, instead of the preset's rules; a gate if only `keep` is given.
    pub action: Option<GateAction>,
}

impl PresetChanges {
    /// Changes `preset`.
    pub fn apply(&self, preset: &mut Preset) {
        let gate = &mut preset.gate;
        for (change, setting) in [
            (self.range_db, &mut gate.rules.range_db),
            (self.attack_ms, &mut gate.envelope.attack_ms),
            (self.hold_ms, &mut gate.envelope.hold_ms),
            (self.release_ms, &mut gate.envelope.release_ms),
            (self.lookahead_ms, &mut gate.envelope.lookahead_ms),
            (self.pre_roll_ms, &mut gate.files.pre_roll_ms),
            (self.onset_backtrack_ms, &mut gate.files.onset_backtrack_ms),
            (self.wet, &mut gate.envelope.wet),
        ] {
            if let Some(value) = change {
                *setting = value;
            }
        }
        if self.open_above_dbfs.is_some() {
            gate.thresholds.open_above_dbfs = self.open_above_dbfs;
        }
        if self.keep.is_some() || self.action.is_some() {
            let action = match self.action {
                None | Some(GateAction::Gate | GateAction::Cut) => Action::Gate,
                Some(GateAction::Duck) => Action::duck(gate.rules.range_db),
                Some(GateAction::Mute) => Action::Mute,
            };
            let kept = self.keep.clone().unwrap_or_else(|| vec![Label::SPEECH]);
            let rules = GateSettings::keep(kept, action);
            gate.rules.list = rules.rules.list;
            gate.rules.otherwise = rules.rules.otherwise;
        }
        if self.action == Some(GateAction::Cut) || self.max_pause_ms.is_some() {
            preset.cut.get_or_insert_with(CutSettings::default);
        } else if self.action.is_some() {
            preset.cut = None;
        }
        if let (Some(cut), Some(max_pause_ms)) = (&mut preset.cut, self.max_pause_ms) {
            cut.max_pause_ms = max_pause_ms;
            cut.pad_ms = cut.pad_ms.min(max_pause_ms / 2.0);
        }
    }

    /// Whether the changes ask for cuts and nothing else: what stays between them is then left at its level.
    pub fn cut_only(&self) -> bool {
        self.action == Some(GateAction::Cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{GainComputer, RuleSet, edges_from_segments, preset, preset_names};

    fn changed(name: &str, json: &str) -> Preset {
        let mut preset = preset(name).unwrap();
        serde_json::from_str::<PresetChanges>(json).unwrap().apply(&mut preset);
        preset
    }

    #[test]
    fn what_is_absent_stays() {
        for name in preset_names() {
            assert_eq!(changed(name, "{}"), preset(name).unwrap(), "{name}");
        }
    }

    #[test]
    fn keep_and_action_replace_the_rules_together() {
        let kept = changed("podcast", r#"{"keep": ["music"]}"#).gate;
        assert_eq!(kept.rules.list, GateSettings::keep([Label::MUSIC], Action::Gate).rules.list);
        let muted = changed("broadcast-duck", r#"{"action": "mute"}"#).gate;
        assert_eq!(muted.rules.otherwise, Action::Mute);
        assert_eq!(muted.rules.list, GateSettings::keep([Label::SPEECH], Action::Mute).rules.list);
    }

    /// What is taken out from 2 s to 3 s is silent, and so is at most a tenth of a second before and after it.
    #[test]
    fn what_is_taken_out_takes_little_with_it() {
        const RATE_HZ: u32 = 1_000;
        let label = Label::new("phrase:hado");
        for name in preset_names() {
            let mut preset = preset(name).unwrap();
            preset.take_out(vec![label.clone()], &PresetChanges::default());
            let rules = RuleSet::new(&preset.gate, &[Label::SPEECH, label.clone()]).unwrap();
            let heard = [(&Label::SPEECH, 0.0, 5.0), (&label, 2.0, 3.0)];
            // As loud as it was before: openings move back over that.
            let level = [vec![0.0; 100], vec![0.1; 400]].concat();
            let edges = edges_from_segments(&rules, &preset.gate, heard, &level, RATE_HZ, 5_000);
            let settings = preset.gate.for_files();
            let mut computer = GainComputer::new(&settings, rules.default_target(), RATE_HZ).unwrap();
            computer.extend(edges).unwrap();
            let mut gains = vec![0.5; 5_000];
            computer.fill(&mut gains);
            assert!(gains[2_000..3_000].iter().all(|gain| *gain == 0.0), "{name}");
            assert!(gains[..1_900].iter().chain(&gains[3_100..]).all(|gain| *gain == 1.0), "{name}");
        }
    }

    #[test]
    fn times_that_are_asked_for_are_those_of_what_is_taken_out() {
        let asked = r#"{"hold_ms": 400, "attack_ms": 200, "pre_roll_ms": 300, "action": "duck"}"#;
        let changes: PresetChanges = serde_json::from_str(asked).unwrap();
        let mut podcast = changed("podcast", asked);
        podcast.take_out(vec![Label::new("phrase:hado")], &changes);
        let GateSettings { rules, envelope, files, .. } = podcast.gate;
        assert_eq!(rules.list[0].action, Action::duck(24.0));
        assert_eq!((envelope.hold_ms, envelope.attack_ms, files.pre_roll_ms), (400.0, 200.0, 300.0));
        assert_eq!((envelope.release_ms, envelope.lookahead_ms), (30.0, 60.0));
    }

    #[test]
    fn a_longest_pause_asks_for_a_cut_and_keeps_its_padding_within() {
        let cut = changed("podcast", r#"{"max_pause_ms": 200}"#).cut.unwrap();
        assert_eq!((cut.max_pause_ms, cut.pad_ms), (200.0, 100.0));
        assert_eq!(changed("transcription", r#"{"action": "gate"}"#).cut, None);
    }
}
