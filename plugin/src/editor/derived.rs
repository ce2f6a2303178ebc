//! What the picture needs to know of the gate, derived from the parameters when they change.

use earmark_core::Label;
use earmark_core::decide::Thresholds;
use earmark_core::gate::{Action, GateSettings};

use super::history::{LANES, SINGING};
use super::lanes::gain_floor_db;
use crate::processor::settings::{SettingsBank, leading_labels, own_thresholds_of};
use crate::shared::Shared;

/// The labels of the lanes.
pub const LABELS: [Label; LANES] = [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE];

/// What follows from the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derived {
    /// Lanes that are drawn: those of the labels that the ear gives.
    pub shown: [bool; LANES],
    /// Lanes whose label decides: the thresholds are drawn there.
    pub decides: [bool; LANES],
    /// Labels that pass when they are heard alone.
    pub kept: [bool; LANES],
    /// The thresholds in the lanes of labels that have them apart from the knobs: their own, the preset's or the ear's.
    pub apart: [Option<Thresholds>; LANES],
    /// The lower edge of the gain, dB below zero.
    pub floor_db: f32,
}

impl Derived {
    /// From the parameters and the rules of a preset.
    pub fn of(shared: &Shared) -> Self {
        let mut bank = shared
            .kept(|kept| SettingsBank::new(&kept.extras))
            .with_others(|label| shared.thresholds_of_ear(label));
        let settings = bank.update(&shared.params).cloned().unwrap_or_default();
        let mut shown = [true; LANES];
        shown[SINGING] = shared.has_singing();
        let given = LABELS.iter().zip(shown).filter(|(_, shown)| *shown).map(|(label, _)| label);
        // Rules may name labels that no lane has.
        let others = settings.labels().filter(|label| !LABELS.contains(label));
        let labels: Vec<Label> = given.chain(others).cloned().collect();
        let keeps =
            |label: &Label| settings.action_on(&labels, [label]).is_ok_and(|action| action == Action::Keep);
        let decides =
            LABELS.map(|label| leading_labels(&settings.rules.list).any(|leading| *leading == label));
        let apart = std::array::from_fn(|lane| {
            let label = &LABELS[lane];
            let ids = own_thresholds_of(label)?;
            let has_own = [ids.0, ids.1].iter().any(|id| shared.params.get(*id) > 0.0);
            let named = shown[lane] && settings.labels().any(|other| other == label);
            let apart = named && (has_own || !decides[lane]);
            settings.thresholds.by_label.get(label).copied().filter(|_| apart)
        });
        Self {
            shown,
            decides,
            apart,
            kept: LABELS.each_ref().map(keeps),
            floor_db: gain_floor_db(deepest_db(&settings)),
        }
    }
}

/// The deepest gain that the settings lead to; what is muted is shown at 60 dB.
fn deepest_db(settings: &GateSettings) -> f32 {
    const MUTED_DB: f32 = 60.0;
    let depth = |action: &Action| match action {
        Action::Keep => 0.0,
        Action::Gate => settings.rules.range_db,
        Action::Duck(duck) => duck.by_db,
        Action::Mute => MUTED_DB,
    };
    let actions = settings.rules.list.iter().map(|rule| &rule.action).chain([&settings.rules.otherwise]);
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
        let of = |derived: &Derived| {
            // Without the lane of singing, which is not drawn.
            let three = |[speech, _, music, noise]: [bool; LANES]| [speech, music, noise];
            (three(derived.decides), three(derived.kept))
        };
        assert_eq!(of(&with(&[])), ([true, false, false], [true, false, false]));
        assert_eq!(of(&with(&[(id::KEEP, 1.0)])), ([true, true, false], [true, true, false]));
        assert_eq!(of(&with(&[(id::KEEP, 5.0)])), ([false, false, true], [true, true, false]));
    }

    #[test]
    fn singing_has_a_lane_where_the_ear_tells_it_from_music() {
        let shared = Shared::new();
        shared.set(id::KEEP_SINGING, 1.0);
        let without = Derived::of(&shared);
        assert_eq!(without.shown, [true, false, true, true]);
        assert_eq!(without.kept, [true, true, true, false], "all music passes");
        shared.note_activation(48_000.0, 0, true);
        let with = Derived::of(&shared);
        assert_eq!((with.shown, with.decides), ([true; 4], [true, true, false, false]));
        assert_eq!(with.kept, [true, true, false, false]);
        shared.set(id::KEEP_SINGING, 0.0);
        shared.set(id::KEEP, 2.0);
        assert_eq!(Derived::of(&shared).kept, [false, true, true, false], "singing is music too");
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
        assert_eq!(derived.kept, [true, false, false, false]);
        assert_eq!(derived.decides, [true, false, false, false], "the first rule has the thresholds");
        assert_eq!(derived.floor_db, 66.0, "it mutes noise");
        assert_eq!(derived.apart, [None; LANES], "no ear says where the others open");
    }

    /// Once music and noise, which decide in this preset, had no threshold lines.
    #[test]
    fn every_label_that_a_rule_names_has_its_thresholds() {
        let shared = Shared::new();
        shared.load_preset("broadcast-duck").expect("built in");
        let ear = shared.ear(earmark_core::model::pack::LIVE).expect("embedded");
        let of = |label| Some(ear.pack().manifest().thresholds_of(&label));
        let derived = Derived::of(&shared);
        assert_eq!(derived.apart, [None, None, of(Label::MUSIC), of(Label::NOISE)]);
        shared.set(id::KEEP, 0.0);
        assert_eq!(Derived::of(&shared).apart, [None; LANES], "those that no rule names have none");
    }
}
