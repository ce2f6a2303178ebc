//! Rules that a person edits: those in force, whatever says them, and others in their place.
//!
//! Rules that the parameters can say are theirs, so that hosts automate them; any others are kept beside the parameters,
//! and *keep* says "Preset's rules". No parameter counts or names rules: a list of them is state of the project.

use earmark_core::Label;
use earmark_core::gate::{self, Action, GateError, GateSettings};

use crate::params::{ParamId, PresetExtras, Rules, id};
use crate::presets::PresetError;
use crate::processor::settings::{KEEP_PRESET, SettingsBank, keep_rules, keep_values};
use crate::shared::Shared;

/// Rules that a person can have at most; a gate has room for more while audio runs.
pub(crate) const MOST_RULES: usize = 16;

/// What is set beside the parameters: what a preset says, and its name.
pub(crate) type Beside = (PresetExtras, Option<String>);

/// What *keep*, *the rest* and the duck's knobs are for these rules, and the rules where they cannot say them.
pub(crate) fn rules_as_parameters(rules: &Rules) -> (Vec<(ParamId, f64)>, Option<Rules>) {
    let mut values = Vec::new();
    let mode = match rules.otherwise {
        Action::Gate => Some(0.0),
        Action::Duck(duck) => {
            values.push((id::DUCK_DB, f64::from(duck.by_db)));
            values.push((id::DUCK_SHAPE, f64::from(u8::from(duck.ratio.is_some()))));
            if let Some(ratio) = duck.ratio {
                values.push((id::DUCK_RATIO, f64::from(ratio)));
            }
            values.push((id::DUCK_ABOVE_DBFS, f64::from(duck.above_dbfs)));
            values.push((id::DUCK_KNEE_DB, f64::from(duck.knee_db)));
            Some(1.0)
        }
        Action::Mute => Some(2.0),
        Action::Keep => None,
    };
    let said = (0..KEEP_PRESET).find(|&keep| keep_rules(keep) == rules.rules);
    if let (Some(keep), Some(mode)) = (said, mode) {
        values.extend(keep_values(keep));
        values.push((id::MODE, mode));
        return (values, None);
    }
    values.extend(keep_values(KEEP_PRESET));
    (values, Some(rules.clone()))
}

impl Shared {
    /// The rules in force, whether parameters say them or a preset did.
    pub fn rules(&self) -> Rules {
        let mut bank = self.kept(|kept| SettingsBank::new(&kept.extras));
        let rules = bank.update(&self.params).map(|settings| settings.rules.clone()).unwrap_or_default();
        Rules { rules: rules.list, otherwise: rules.otherwise }
    }

    /// Puts other rules in the place of those in force, as a preset would; the preset that was loaded counts as altered.
    /// The host hears of it by an edit of *keep*, be it that *keep* stays what it is: nothing else would tell it that the
    /// project is another one.
    ///
    /// # Errors
    /// [`PresetError`] for rules that make no gate, or about labels that the ear does not give; nothing is changed then.
    pub fn edit_rules(&self, rules: &Rules) -> Result<(), PresetError> {
        let count = rules.rules.len();
        if count > MOST_RULES {
            return Err(GateError::TooManyRules { count, max: MOST_RULES }.into());
        }
        let pack = self.pack()?;
        let settings = GateSettings {
            rules: gate::Rules {
                list: rules.rules.clone(),
                otherwise: rules.otherwise,
                ..gate::Rules::default()
            },
            ..GateSettings::default()
        };
        // Asked of silence only to hear whether there is an answer: numbers and labels are looked at as a gate does.
        settings.action_on(&pack.manifest().labels, [&Label::SILENCE])?;
        let (values, own) = rules_as_parameters(rules);
        let (extras, preset) = self.beside_parameters();
        self.put_beside_parameters((PresetExtras { rules: own, ..extras }, preset));
        for (id, plain) in values {
            if id == id::KEEP || self.params.get(id) != id.spec().clamp(plain) {
                self.edit(id, plain);
            }
        }
        Ok(())
    }

    /// What a preset says beside the parameters, and the name of the one that was loaded last.
    pub(crate) fn beside_parameters(&self) -> Beside {
        self.kept(|kept| (kept.extras.clone(), kept.preset.clone()))
    }

    /// Puts it back, or something else in its place. A gate that runs gets it by another activation.
    pub(crate) fn put_beside_parameters(&self, (extras, preset): Beside) {
        let is_new = self.kept(|kept| {
            kept.preset = preset;
            std::mem::replace(&mut kept.extras, extras.clone()) != extras
        });
        if is_new {
            self.want_restart();
        }
    }
}

#[cfg(test)]
mod tests {
    use earmark_core::gate::{Rule, When};

    use super::*;

    fn rule(label: Label, action: Action) -> Rule {
        Rule { when: When::any([label]), action }
    }

    #[test]
    fn what_parameters_can_say_is_theirs_and_all_else_is_kept_beside_them() {
        let shared = Shared::new();
        shared.load_preset("broadcast-duck").expect("built in");
        shared.take_restart_wanted();
        let mut rules = shared.rules();
        assert_eq!(rules, shared.kept(|kept| kept.extras.rules.clone()).expect("its own"));
        rules.rules[1].action = Action::duck(18.0);
        shared.edit_rules(&rules).expect("a gate");
        assert_eq!(shared.rules(), rules);
        assert!(shared.take_restart_wanted(), "a running gate has the old ones");
        assert_eq!(shared.preset().as_deref(), Some("broadcast-duck"), "it is altered, not gone");
        // The project keeps them.
        let again = Shared::new();
        again.load_state(&shared.save_state()).expect("a state");
        assert_eq!(again.rules(), rules);

        // Down to what a menu says: the menu says it, and the duck's knobs have its numbers.
        let duck = Action::duck(18.0);
        let simple = Rules { rules: vec![rule(Label::MUSIC, Action::Keep)], otherwise: duck };
        shared.edit_rules(&simple).expect("a gate");
        assert_eq!(shared.kept(|kept| kept.extras.rules.clone()), None);
        let said = [id::KEEP, id::MODE, id::DUCK_DB].map(|id| shared.params.get(id));
        assert_eq!((said, shared.rules()), ([2.0, 1.0, 18.0], simple));
    }

    #[test]
    fn the_host_hears_of_every_edit_and_nothing_changes_by_one_that_is_refused() {
        use crate::edits::{EditReader, ParamGesture};
        let (shared, reader) = (Shared::new(), EditReader::default());
        let told = || {
            let mut ids = Vec::new();
            reader.take(&shared.edits, |step| {
                if let ParamGesture::Value(id) = step {
                    ids.push(id);
                }
            });
            ids
        };
        let mut rules = shared.rules();
        rules.rules.push(rule(Label::NOISE, Action::Mute));
        shared.edit_rules(&rules).expect("a gate");
        assert_eq!(told(), [id::KEEP]);
        rules.rules.push(rule(Label::SILENCE, Action::Keep));
        shared.edit_rules(&rules).expect("a gate");
        assert_eq!(told(), [id::KEEP], "though it is what it was");
        let before = shared.save_state();
        let unknown = Rules { rules: vec![rule(Label::new("birdsong"), Action::Keep)], ..rules.clone() };
        assert!(shared.edit_rules(&unknown).is_err_and(|error| error.to_string().contains("birdsong")));
        let deep = Rules { otherwise: Action::duck(900.0), ..rules.clone() };
        assert!(shared.edit_rules(&deep).is_err());
        let many = Rules { rules: vec![rule(Label::SPEECH, Action::Keep); MOST_RULES + 1], ..rules };
        assert!(shared.edit_rules(&many).is_err());
        assert_eq!((shared.save_state(), told()), (before, Vec::new()));
    }
}
