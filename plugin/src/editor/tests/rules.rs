//! The rules of a preset, edited in the window.

use earmark_core::Label;
use earmark_core::gate::{Action, When};

use super::*;

fn undo(window: &mut Window, modifiers: Modifiers) {
    let panel = window.panel.take();
    window.picture(vec![Event::Key {
        key: Key::Z,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    }]);
    window.panel = panel;
    window.picture(Vec::new());
}

/// Clicks in the panel, on what opens no menu, and then there is a picture of the whole window, as it is behind an open panel.
fn click(window: &mut Window, word: &str, nth: usize) {
    window.click(word, nth);
    let panel = window.panel.take();
    window.picture(Vec::new());
    window.panel = panel;
    window.picture(Vec::new());
}

/// Once a preset's rules were words that nobody could change.
#[test]
fn rules_are_edited_one_by_one_and_taken_back() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    assert!(window.words().contains("Rules\u{2026}"));
    window.app.load_preset("broadcast-duck");
    window.picture(Vec::new());
    let loaded = shared.rules();
    window.panel = Some(App::rules_panel);
    window.picture(Vec::new());
    // A line of labels for each rule; in the second one speech joins music.
    click(&mut window, "Speech", 1);
    let edited = shared.rules();
    assert_eq!(edited.rules[1].when, When::any([Label::MUSIC, Label::SPEECH]));
    assert_eq!((&edited.rules[0], &edited.rules[2..]), (&loaded.rules[0], &loaded.rules[2..]));
    // And leaves again; the last one of a rule stays.
    click(&mut window, "Speech", 1);
    click(&mut window, "Music", 1);
    assert_eq!(shared.rules(), loaded);
    // What it does, by the menu.
    window.click("Duck", 0);
    // The first is that of the last rule.
    click(&mut window, "Mute", 1);
    assert_eq!(shared.rules().rules[1].action, Action::Mute);
    // The order, one less, one more.
    click(&mut window, "Down", 0);
    assert_eq!(shared.rules().rules[1], loaded.rules[0]);
    click(&mut window, "Remove", 0);
    assert_eq!(
        shared.rules().rules,
        [&loaded.rules[0], &loaded.rules[2], &loaded.rules[3]].map(Clone::clone)
    );
    click(&mut window, "Add a rule", 0);
    let added = shared.rules().rules.pop().expect("one more");
    assert_eq!((added.when, added.action), (When::any([Label::MUSIC]), Action::Mute));
    // The kind of the condition, and a second part of it.
    window.click("any of", 0);
    click(&mut window, "anything but", 0);
    click(&mut window, "And\u{2026}", 0);
    let other_than = vec![Label::SPEECH];
    assert_eq!(
        shared.rules().rules[0].when,
        When { other_than, none: vec![Label::MUSIC], ..When::default() }
    );

    window.panel = None;
    let words = window.words();
    assert!(words.contains("Broadcast duck (changed)") && words.contains("Without music"), "{words}");
    let last = shared.rules();
    for _ in 0..7 {
        undo(&mut window, Modifiers::COMMAND);
    }
    // Two clicks that changed nothing in the end were two steps.
    assert_ne!(shared.rules(), loaded);
    undo(&mut window, Modifiers::COMMAND);
    assert_eq!(shared.rules(), loaded);
    assert!(!window.words().contains("(changed)"));
    undo(&mut window, Modifiers::COMMAND);
    assert_eq!(shared.preset(), None, "the preset was a step, too");
    for _ in 0..10 {
        undo(&mut window, Modifiers::COMMAND | Modifiers::SHIFT);
    }
    assert_eq!((shared.rules(), shared.preset().as_deref()), (last, Some("broadcast-duck")));
}

/// A number counts when it is let go: each change of rules restarts a running gate.
#[test]
fn a_number_is_dragged_in_one_edit() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.load_preset("broadcast-duck");
    window.panel = Some(App::rules_panel);
    window.picture(Vec::new());
    let all = window.placed_words();
    let place = all.iter().find(|(text, ..)| text == "12.0").map(|(_, place, _)| place.center());
    let place = place.unwrap_or_else(|| panic!("{all:?}"));
    shared.take_restart_wanted();
    window.picture(vec![Event::PointerMoved(place)]);
    window.button(place, true);
    for step in [5.0, 10.0, 20.0, 40.0] {
        window.picture(vec![Event::PointerMoved(place + vec2(step, 0.0))]);
        assert!(!shared.take_restart_wanted());
    }
    window.button(place + vec2(40.0, 0.0), false);
    window.picture(Vec::new());
    let Action::Duck(duck) = shared.rules().rules[1].action else { panic!("it ducks") };
    assert!((18.0..=30.0).contains(&duck.by_db), "{duck:?}");
    assert!(shared.take_restart_wanted());
}

#[test]
fn a_choice_of_the_menu_becomes_rules_and_is_saved_with_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.panel = Some(App::rules_panel);
    window.picture(Vec::new());
    window.click("Add a rule", 0);
    window.panel = None;
    let words = window.words();
    assert!(words.contains("Speech kept, music muted, the rest down by Range"), "{words}");
    window.app.preset_folder = Some(folder.path().to_owned());
    window.app.preset_name = "Mine".to_owned();
    assert!(window.app.save_preset());
    assert!(!window.words().contains("(changed)"), "what is saved is as it is saved");
    // Saved over, it is as it is saved, too.
    let mut rules = shared.rules();
    rules.rules.swap(0, 1);
    assert_eq!(window.app.edit_rules(&rules), None);
    assert!(window.words().contains("Mine (changed)"));
    window.app.preset_name = "Mine".to_owned();
    assert!(window.app.save_preset() && !window.words().contains("(changed)"));
    let again = Shared::new();
    again.load_preset(&shared.preset().expect("saved")).expect("a preset");
    assert_eq!(again.rules(), rules);
}
