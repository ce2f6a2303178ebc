//! What the picture needs to know of the gate, derived from the parameters when they change.

use earmark_core::Label;
use earmark_core::gate::{Action, GateSettings, When};

use super::history::LANES;
use super::lanes::gain_floor_db;
use crate::processor::settings::{SettingsBank, leading_labels};
use crate::shared::Shared;

/// The labels of the lanes.
const LABELS: [Label; LANES] = [Label::SPEECH, Label::MUSIC, Label::NOISE];

/// What follows from the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derived {
    /// Lanes whose label decides: the thresholds are drawn there.
    pub decides: [bool; LANES],
    /// Labels that pass when they are heard alone.
    pub kept: [bool; LANES],
    /// The lower edge of the gain, dB below zero.
    pub floor_db: f32,
}

impl Derived {
    /// From the parameters and the rules of a preset.
    pub fn of(shared: &Shared) -> Self {
        let mut bank = shared.kept(|kept| SettingsBank::new(&kept.extras));
        let settings = bank.update(&shared.params).cloned().unwrap_or_default();
        Self {
            decides: LABELS.map(|label| leading_labels(&settings.rules).any(|leading| *leading == label)),
            kept: LABELS.map(|label| passes(&settings, &label)),
            floor_db: gain_floor_db(deepest_db(&settings)),
        }
    }
}

fn passes(settings: &GateSettings, label: &Label) -> bool {
    let decided = settings.rules.iter().find(|rule| holds_alone(&rule.when, label));
    decided.map_or(settings.otherwise, |rule| rule.action) == Action::Keep
}

/// Whether a condition holds when nothing but this label is heard.
fn holds_alone(when: &When, label: &Label) -> bool {
    when.all.iter().all(|wanted| wanted == label)
        && (when.any.is_empty() || when.any.contains(label))
        && !when.none.contains(label)
        && (when.other_than.is_empty() || !when.other_than.contains(label))
}

/// The deepest gain that the settings lead to; what is muted is shown at 60 dB.
fn deepest_db(settings: &GateSettings) -> f32 {
    const MUTED_DB: f32 = 60.0;
    let depth = |action: &Action| match action {
        Action::Keep => 0.0,
        Action::Gate => settings.range_db,
        Action::Duck(duck) => duck.by_db,
        Action::Mute => MUTED_DB,
    };
    let actions = settings.rules.iter().map(|rule| &rule.action).chain([&settings.otherwise]);
    actions.map(depth).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    fn with(set: &[(crate::params::ParamId, f64)]) -> Derived {
        let shared = Shared::new();
        set.iter().for_each(|&(id, plain)| shared.set(id, plain));
        Derived::of(&shared)
    }

    #[test]
    fn thresholds_are_in_the_lanes_that_decide() {
        let speech = with(&[]);
        assert_eq!((speech.decides, speech.kept), ([true, false, false], [true, false, false]));
        let both = with(&[(id::KEEP, 1.0)]);
        assert_eq!((both.decides, both.kept), ([true, true, false], [true, true, false]));
        let all_but_noise = with(&[(id::KEEP, 5.0)]);
        assert_eq!((all_but_noise.decides, all_but_noise.kept), ([false, false, true], [true, true, false]));
    }

    #[test]
    fn the_gain_lane_is_as_deep_as_the_gate() {
        assert_eq!(with(&[(id::RANGE_DB, 30.0)]).floor_db, 36.0);
        assert_eq!(with(&[(id::MODE, 1.0), (id::DUCK_DB, 12.0)]).floor_db, 18.0);
        assert_eq!(with(&[(id::MODE, 2.0)]).floor_db, 66.0);
    }

    #[test]
    fn rules_of_a_preset_are_understood() {
        let shared = Shared::new();
        shared.load_preset("broadcast-duck").expect("built in");
        let derived = Derived::of(&shared);
        assert_eq!(derived.kept, [true, false, false]);
        assert_eq!(derived.decides, [true, false, false], "the first rule has the thresholds");
        assert_eq!(derived.floor_db, 66.0, "it mutes noise");
    }
}
