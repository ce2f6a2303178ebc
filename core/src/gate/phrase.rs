//! A gate in which an enrolled phrase has a say.

use super::{Action, GateSettings, Rule, When};
use crate::Label;

impl GateSettings {
    /// The same gate, but `action` happens while `phrase` (its label) is on, above every rule.
    #[must_use]
    pub fn while_said(&self, phrase: &Label, action: Action) -> Self {
        let mut settings = self.clone();
        settings.rules.list.insert(0, Rule { when: When::any([phrase.clone()]), action });
        // To the rules below a phrase is no sound of its own.
        settings.rules.list.iter_mut().skip(1).for_each(|rule| pass_over(&mut rule.when, phrase));
        settings
    }

    /// The same gate while `phrase` (its label) is on; else all of the sound is treated as `locked` says. `labels` are all
    /// others that are heard (a pack's): where none of them is on, the sound is unknown, whether or not the phrase is on.
    #[must_use]
    pub fn only_after(&self, phrase: &Label, locked: Action, labels: &[Label]) -> Self {
        let mut settings = self.clone();
        let mut list = Vec::new();
        let otherwise = Rule { when: When::default(), action: self.rules.otherwise };
        for rule in self.rules.list.iter().chain([&otherwise]) {
            let mut when = rule.when.clone();
            let of_unknown = !when.other_than.is_empty() && !when.other_than.contains(&Label::UNKNOWN)
                || when.any.contains(&Label::UNKNOWN);
            pass_over(&mut when, phrase);
            when.all.push(phrase.clone());
            list.push(Rule { when, action: rule.action });
            if of_unknown {
                let none = labels.iter().filter(|label| *label != phrase).cloned().collect();
                let when = When { all: vec![phrase.clone()], none, ..When::default() };
                list.push(Rule { when, action: rule.action });
            }
        }
        settings.rules.list = list;
        settings.rules.otherwise = locked;
        settings
    }
}

/// "Anything but this" does not mean the phrase.
fn pass_over(when: &mut When, phrase: &Label) {
    if !when.other_than.is_empty() {
        when.other_than.push(phrase.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{preset, preset_names};

    const LABELS: [Label; 4] = [Label::SPEECH, Label::MUSIC, Label::NOISE, Label::SINGING];

    fn phrase() -> Label {
        Label::new("phrase:on-air")
    }

    /// What happens while all of these are heard.
    fn action(settings: &GateSettings, heard: &[Label]) -> Action {
        let labels: Vec<Label> = LABELS.into_iter().chain([phrase()]).collect();
        settings.action_on(&labels, heard).unwrap()
    }

    fn gates() -> Vec<GateSettings> {
        let presets = preset_names().map(|name| preset(name).unwrap().gate);
        let but = LABELS.map(|label| GateSettings::keep_all_but([label], Action::Mute));
        presets.chain(but).chain([GateSettings::default()]).collect()
    }

    /// What may be heard without the phrase.
    fn sounds() -> Vec<Vec<Label>> {
        let [speech, music, noise, singing] = LABELS;
        vec![
            vec![speech.clone()],
            vec![speech, music.clone()],
            vec![music.clone(), singing],
            vec![music],
            vec![noise],
        ]
    }

    #[test]
    fn while_a_phrase_is_said_its_action_stands_above_all_others() {
        for plain in gates() {
            let own = plain.while_said(&phrase(), Action::Mute);
            for sound in sounds() {
                assert_eq!(action(&own, &sound), action(&plain, &sound));
                assert_eq!(action(&own, &[&sound[..], &[phrase()]].concat()), Action::Mute);
            }
            assert_eq!(action(&own, &[Label::UNKNOWN]), action(&plain, &[Label::UNKNOWN]));
        }
    }

    #[test]
    fn after_a_phrase_the_gate_is_what_it_was_and_before_it_is_locked() {
        for plain in gates() {
            let own = plain.only_after(&phrase(), Action::Gate, &LABELS);
            for sound in sounds() {
                assert_eq!(action(&own, &sound), Action::Gate, "{sound:?}");
                let unlocked = action(&own, &[&sound[..], &[phrase()]].concat());
                assert_eq!(unlocked, action(&plain, &sound), "{sound:?}");
            }
            assert_eq!(action(&own, &[Label::SILENCE]), Action::Gate);
            assert_eq!(action(&own, &[Label::UNKNOWN]), Action::Gate);
            assert_eq!(action(&own, &[phrase()]), action(&plain, &[Label::UNKNOWN]));
        }
    }
}
