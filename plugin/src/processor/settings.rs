//! From parameters to the core's gate settings.

use earmark_core::Label;
use earmark_core::gate::{Action, Duck, GateSettings, Rule, When};
use earmark_core::pack::Thresholds;

use crate::params::{Params, id};
use crate::presets::Rules;

/// Number of *keep* choices that stand for rules of their own; the one after them is the preset's.
pub(crate) const KEEP_RULES: usize = 6;

/// The rules of one *keep* choice.
pub(crate) fn keep_rules(keep: usize) -> Vec<Rule> {
    let when = match keep {
        1 => When::any([Label::SPEECH, Label::MUSIC]),
        2 => When::any([Label::MUSIC]),
        3 => When { other_than: vec![Label::SPEECH], ..When::default() },
        4 => When { other_than: vec![Label::MUSIC], ..When::default() },
        5 => When { other_than: vec![Label::NOISE], ..When::default() },
        _ => When::any([Label::SPEECH]),
    };
    vec![Rule { when, action: Action::Keep }]
}

/// What the parameters say, and `rules` where they say "the preset's".
pub(crate) fn gate_settings(params: &Params, rules: Option<&Rules>) -> GateSettings {
    let duck = Duck {
        by_db: params.get_f32(id::DUCK_DB),
        ratio: (params.choice(id::DUCK_SHAPE) == 1).then(|| params.get_f32(id::DUCK_RATIO)),
        above_dbfs: params.get_f32(id::DUCK_ABOVE_DBFS),
        knee_db: params.get_f32(id::DUCK_KNEE_DB),
    };
    let otherwise = match params.choice(id::MODE) {
        1 => Action::Duck(duck),
        2 => Action::Mute,
        _ => Action::Gate,
    };
    let keep = params.choice(id::KEEP);
    let (rules, otherwise) = match rules {
        Some(own) if keep >= KEEP_RULES => (own.rules.clone(), own.otherwise),
        _ => (keep_rules(keep), otherwise),
    };
    let open = params.get_f32(id::OPEN);
    let thresholds = Thresholds { open, close: params.get_f32(id::CLOSE).min(open) };
    // The thresholds are those of what is kept; the other labels have the pack's.
    let leading = rules.iter().flat_map(|rule| rule.when.labels()).filter(|label| is_heard(label)).cloned();
    GateSettings {
        thresholds: leading.map(|label| (label, thresholds)).collect(),
        rules,
        otherwise,
        range_db: params.get_f32(id::RANGE_DB),
        attack_ms: params.get_f32(id::ATTACK_MS),
        hold_ms: params.get_f32(id::HOLD_MS),
        release_ms: params.get_f32(id::RELEASE_MS),
        lookahead_ms: params.get_f32(id::LOOKAHEAD_MS),
        wet: params.get_f32(id::WET),
        ..GateSettings::default()
    }
}

/// Whether a network gives the label a probability; silence and unknown are decided otherwise.
fn is_heard(label: &Label) -> bool {
    *label != Label::SILENCE && *label != Label::UNKNOWN
}
