//! A preset's rules in words: where a preset brings its own, neither a menu nor a knob says what they are.

use earmark_core::Label;
use earmark_core::gate::{Action, When};

use crate::params::Rules;

/// One sentence for all rules, in their order: the first that holds decides.
pub fn in_words(rules: &Rules) -> String {
    let mut parts: Vec<String> = rules
        .rules
        .iter()
        .map(|rule| format!("{} {}", condition(&rule.when), outcome(&rule.action)))
        .collect();
    parts.push(format!("the rest {}", outcome(&rules.otherwise)));
    let mut all = parts.join(", ");
    if let Some(first) = all.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    all
}

fn condition(when: &When) -> String {
    let list = |labels: &[Label], word: &str| {
        let names: Vec<&str> = labels.iter().map(Label::as_str).collect();
        names.join(&format!(" {word} "))
    };
    let parts = [
        (list(&when.all, "and"), ""),
        (list(&when.any, "or"), ""),
        (list(&when.none, "or"), "without "),
        (list(&when.other_than, "and"), "anything but "),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, word)| format!("{word}{names}"))
        .collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}

fn outcome(action: &Action) -> String {
    match action {
        Action::Keep => "kept".to_owned(),
        Action::Gate => "down by Range".to_owned(),
        Action::Mute => "muted".to_owned(),
        Action::Duck(duck) => match duck.ratio {
            None => format!("{:.0} dB down", duck.by_db),
            Some(ratio) => format!("{ratio:.0} : 1 above {:.0} dBFS", duck.above_dbfs),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::Shared;

    #[test]
    fn the_rules_of_a_preset_are_told_in_their_order() {
        let shared = Shared::new();
        shared.load_preset("broadcast-duck").expect("built in");
        let rules = shared.kept(|kept| kept.extras.rules.clone()).expect("its own");
        assert_eq!(
            in_words(&rules),
            "Speech kept, music 12 dB down, silence kept, noise muted, the rest kept"
        );
    }
}
