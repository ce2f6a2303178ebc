//! Settings that are compared, loaded and saved.

use super::*;

#[test]
fn two_settings_are_compared_and_found_again() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.switch_sides();
    assert_eq!(window.host.recorder.take(), "", "B begins like A");
    shared.set(id::RANGE_DB, 12.0);
    window.app.switch_sides();
    assert_eq!(window.host.recorder.take(), "begin9 9=30 end9");
    drop(window);
    let mut again = Window::open(&shared);
    again.app.switch_sides();
    assert_eq!(shared.params.get(id::RANGE_DB), 12.0, "it lives in the state");
}

#[test]
fn presets_are_compared_with_their_rules_and_the_way_back_is_one_step() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.picture(Vec::new());
    let first = shared.rules();
    window.app.switch_sides();
    window.app.load_preset("broadcast-duck");
    window.picture(Vec::new());
    let second = shared.rules();
    assert_ne!(first, second);
    window.app.switch_sides();
    window.picture(Vec::new());
    assert_eq!((shared.rules(), shared.preset()), (first, None));
    window.app.step(Undo::back);
    assert_eq!((shared.rules(), shared.preset().as_deref()), (second.clone(), Some("broadcast-duck")));
    drop(window);
    let mut again = Window::open(&shared);
    assert_eq!(again.app.compare.heard(), Side::A);
    again.app.switch_sides();
    assert_eq!(shared.rules(), second, "it lives in the state");
}

#[test]
fn presets_load_and_a_missing_one_is_told() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.load_preset("interview");
    assert_eq!(shared.params.get(id::RANGE_DB), 10.0);
    assert_eq!(window.app.notice, None);
    window.app.load_preset("/nowhere/mine.json");
    assert!(window.app.notice.as_ref().is_some_and(|notice| notice.contains("mine.json")));
    window.picture(Vec::new());
}

#[test]
fn settings_are_saved_as_a_preset_by_keys_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.preset_folder = Some(folder.path().to_owned());
    shared.set(id::RANGE_DB, 11.0);
    // The browser is behind the arrow to the previous preset.
    window.key(Key::Tab);
    window.key(Key::Tab);
    window.key(Key::Enter);
    for _ in 0..40 {
        window.key(Key::Tab);
        window.write("Night show");
        if !window.app.preset_name.is_empty() {
            break;
        }
    }
    assert_eq!(window.app.preset_name, "Night show");
    window.key(Key::Enter);
    assert_eq!(window.app.notice, None);
    let saved = folder.path().join("Night show.json");
    assert_eq!(shared.preset().as_deref(), saved.to_str());
    assert!(window.app.presets.entries().iter().any(|entry| entry.title == "Night show"), "it is listed");
    window.app.load_preset("interview");
    window.app.load_preset(saved.to_str().expect("a path"));
    assert_eq!(shared.params.get(id::RANGE_DB), 11.0);
    // The same name again, over another preset: told, and nothing lost.
    window.app.load_preset("interview");
    window.app.preset_name = "Night show".to_owned();
    assert!(!window.app.save_preset());
    assert!(window.app.notice.as_ref().is_some_and(|notice| notice.contains("Night show")));
    window.picture(Vec::new());
}
