//! What the window shows in each state, and what it takes from a host.

use super::*;

impl Window {
    /// What a pointer can take, in the last picture, but for the lanes and the corner.
    fn reachable(&self) -> Vec<egui::WidgetRect> {
        let lanes = self.lanes();
        self.ctx.viewport(|viewport| {
            let all = viewport.prev_pass.widgets.layers().flat_map(|(_, widgets)| widgets.to_vec());
            let taken = all.filter(|widget| widget.sense.senses_click() || widget.sense.senses_drag());
            let outside = |rect: &Rect| lanes.probabilities.iter().all(|lane| lane != rect);
            taken.filter(|widget| outside(&widget.rect) && widget.rect.size() != vec2(16.0, 16.0)).collect()
        })
    }
}

/// Once with ducking by level a menu was squeezed to one letter a line, and a knob lay over a switch.
#[test]
fn everything_can_be_reached_in_every_mode_and_size() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    for size in [MIN_SIZE, PREFERRED_SIZE, (1_300, 700)] {
        window.size = size;
        for (mode, shape) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (2.0, 0.0)] {
            shared.set(id::MODE, mode);
            shared.set(id::DUCK_SHAPE, shape);
            window.picture(Vec::new());
            window.picture(Vec::new());
            let all = window.reachable();
            assert!(all.len() > 30, "{}", all.len());
            for (index, one) in all.iter().enumerate() {
                let place = one.rect;
                assert!(rect(size).contains_rect(place), "{place:?} is outside of {size:?}");
                assert!(
                    place.width() >= 20.0 && place.height() <= 100.0,
                    "{place:?} is squeezed at {size:?}"
                );
                for other in &all[index + 1..] {
                    let shared = place.intersect(other.rect);
                    let over = shared.is_positive() && shared.area() > 4.0;
                    assert!(!over, "{place:?} and {:?} overlap at {size:?}, mode {mode}", other.rect);
                }
            }
        }
    }
}

/// All that is written in a picture.
fn words(shape: &egui::Shape, into: &mut String) {
    match shape {
        egui::Shape::Text(text) => into.push_str(&format!("{}\n", text.galley.text())),
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| words(shape, into)),
        _ => {}
    }
}

/// Every text with its place and what it is cut by.
fn placed(shape: &egui::Shape, clip: Rect, into: &mut Vec<(String, Rect, Rect)>) {
    match shape {
        egui::Shape::Text(text) if !text.galley.text().is_empty() => {
            into.push((text.galley.text().to_owned(), text.galley.rect.translate(text.pos.to_vec2()), clip));
        }
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| placed(shape, clip, into)),
        _ => {}
    }
}

impl Window {
    /// Clicks on words, the nth of those that are written so.
    pub(super) fn click(&mut self, word: &str, nth: usize) {
        let all = self.placed_words();
        let found = all.iter().filter(|(text, ..)| text == word).nth(nth);
        let place = found.map(|(_, place, _)| place.center());
        let place = place.unwrap_or_else(|| panic!("no {word:?} in {:?}", all.iter().map(|(text, ..)| text)));
        self.picture(vec![Event::PointerMoved(place)]);
        self.button(place, true);
        self.button(place, false);
        self.picture(Vec::new());
    }

    pub(super) fn placed_words(&mut self) -> Vec<(String, Rect, Rect)> {
        self.time_s += 0.1;
        let input =
            RawInput { screen_rect: Some(rect(self.size)), time: Some(self.time_s), ..RawInput::default() };
        let show = self.panel.unwrap_or(App::show);
        let output = self.ctx.run_ui(input, |ui| show(&mut self.app, ui));
        self.textures.update(&output.textures_delta);
        let mut all = Vec::new();
        output.shapes.iter().for_each(|clipped| placed(&clipped.shape, clipped.clip_rect, &mut all));
        all
    }

    pub(super) fn words(&mut self) -> String {
        self.time_s += 0.1;
        let input =
            RawInput { screen_rect: Some(self.screen()), time: Some(self.time_s), ..RawInput::default() };
        let output = self.ctx.run_ui(input, |ui| self.app.show(ui));
        self.textures.update(&output.textures_delta);
        let mut all = String::new();
        output.shapes.iter().for_each(|clipped| words(&clipped.shape, &mut all));
        all
    }
}

/// Once while bypassed the window said "open" or "-30 dB", and only a small switch told.
#[test]
fn what_goes_out_instead_of_the_result_is_said() {
    let shared = Arc::new(Shared::new());
    speaking(&shared, 300);
    let mut window = Window::open(&shared);
    let calm = window.words();
    assert!(calm.contains("The gate is") && !calm.contains("Bypassed"), "{calm}");
    shared.set(id::BYPASS, 1.0);
    let bypassed = window.words();
    assert!(bypassed.contains("Bypassed: everything passes"), "{bypassed}");
    assert!(!bypassed.contains("The gate is"), "what the gate would do is not what is heard");
    shared.set(id::BYPASS, 0.0);
    shared.set(id::LISTEN, 1.0);
    assert!(window.words().contains("You hear what is taken away"));
}

/// Once a preset with rules of its own lit "Gate" and showed none of them, nothing told that a preset was altered, and
/// none led back to the defaults or away from a preset of one's own.
#[test]
fn a_preset_says_what_it_does_and_whether_it_was_altered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.load_preset("broadcast-duck");
    let words = window.words();
    assert!(words.contains("music 12 dB down") && words.contains("noise muted"), "{words}");
    assert!(!words.contains("The rest"), "no button is lit that does nothing");
    assert!(!words.contains("(changed)"));
    shared.set(id::HOLD_MS, 777.0);
    assert!(window.words().contains("Broadcast duck (changed)"));
    window.app.preset_folder = Some(folder.path().to_owned());
    window.app.preset_name = "Mine".to_owned();
    assert!(window.app.save_preset());
    assert!(!window.words().contains("(changed)"), "what is saved is as it is saved");
    let mine = shared.preset().expect("saved");
    window.app.load_defaults();
    assert_eq!(shared.preset(), None);
    for spec in PARAMS.iter().filter(|spec| !spec.flags.output) {
        assert_eq!(shared.params.get(spec.id), spec.default_plain(), "{}", spec.key);
    }
    assert!(window.words().contains("The rest"));
    window.app.delete_preset(&mine);
    assert!(!std::path::Path::new(&mine).exists() && window.app.presets.find(&mine).is_none());
    let outside = folder.path().parent().expect("a parent").join("not ours.json");
    std::fs::write(&outside, "{}").expect("written");
    window.app.delete_preset(outside.to_str().expect("a path"));
    assert!(outside.exists(), "nothing outside of the folder goes");
    std::fs::remove_file(outside).expect("tidied up");
}

#[test]
fn labels_are_saved_from_the_window() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    assert!(window.words().contains("Save labels as"));
    let path = folder.path().join("show.regions.csv");
    window.app.labels_path = path.display().to_string();
    assert!(!window.app.save_labels(), "nothing was heard");
    assert!(window.words().contains("nothing was heard yet"));
    for place in 0..500 {
        let (speech, level_dbfs) = (if place >= 200 { 0.97 } else { 0.02 }, -20.0);
        shared.meters.push(MeterFrame { place, speech, level_dbfs, ..MeterFrame::default() });
    }
    assert!(window.app.save_labels(), "{:?}", window.app.notice);
    assert!(window.words().contains("show.regions.csv"), "and it says where");
    let text = std::fs::read_to_string(&path).expect("a region list");
    assert!(text.contains("speech"), "{text}");
}

/// A host that keeps the keyboard hands keys on; they are used while a field is open, and only then.
#[test]
fn the_hosts_keys_reach_an_open_field_and_no_other() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    let keys = window.app.host_keys();
    assert!(!keys.press(Some(' '), Some(Key::Space), Modifiers::NONE), "space is the transport's");
    for _ in 0..80 {
        window.key(Key::Tab);
        window.host.recorder.take();
        window.key(Key::ArrowUp);
        if window.host.recorder.take().contains("begin19 ") {
            break;
        }
    }
    window.key(Key::Enter);
    window.picture(Vec::new());
    for letter in ['\u{2212}', '1', '8'] {
        assert!(keys.press(Some(letter), None, Modifiers::NONE));
        window.picture(Vec::new());
    }
    assert!(keys.press(None, Some(Key::Enter), Modifiers::NONE));
    window.picture(Vec::new());
    window.picture(Vec::new());
    assert_eq!(shared.params.get(id::OUTPUT_DB), -18.0);
    assert!(!keys.press(Some(' '), Some(Key::Space), Modifiers::NONE), "the field is closed");
}

/// The panel of voices and phrases, as it is drawn while it is open.
fn panel_words(window: &mut Window) -> String {
    window.time_s += 0.1;
    let input =
        RawInput { screen_rect: Some(rect(window.size)), time: Some(window.time_s), ..RawInput::default() };
    let output = window.ctx.run_ui(input, |ui| window.app.profile_panel(ui));
    let mut all = String::new();
    output.shapes.iter().for_each(|clipped| words(&clipped.shape, &mut all));
    all
}

#[test]
fn voices_and_phrases_are_shown_with_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    shared.set_profile_folder(Some(folder.path().to_owned()));
    let mut window = Window::open(&shared);
    assert!(window.words().contains("Voices and phrases"));
    let panel = panel_words(&mut window);
    for said in [
        "Only this voice",
        "no voice chosen",
        "nobody judged yet",
        "Learn from now",
        "no phrase chosen",
        "(0 of 3)",
    ] {
        assert!(panel.contains(said), "{said:?} is not in {panel}");
    }
    assert!(panel.contains("no recording"), "what is kept is said");
    // A profile that is not there, in an activation.
    shared.set(id::VOICE, 1.0);
    shared.choose_profile(earmark_core::profile::ProfileKind::Voice, "anna");
    let activation = crate::Activation {
        rate_hz: 48_000.0,
        max_block: 64,
        channels: 1,
        sidechain_channels: 0,
        offline: false,
    };
    let running = crate::Processor::activate(shared.clone(), &activation).expect("it activates");
    let line = window.words();
    assert!(line.contains("anna") && line.contains("the gate works without it"), "{line}");
    shared.set(id::FAIL_MODE, 1.0);
    assert!(window.words().contains("the gate stays shut"));
    drop(running);
    assert!(!window.words().contains("the gate stays shut"), "nothing runs");
    // What cannot begin is told.
    assert!(shared.learn_voice("a/b").is_err_and(|error| error.to_string().contains("letters")));
    assert!(shared.learn_phrase("hello").is_err_and(|error| error.to_string().contains("0 of 3")));
}

#[test]
fn an_edit_is_taken_back_and_made_again() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    window.app.gestures.set(id::RANGE_DB, 12.0);
    window.picture(Vec::new());
    window.app.gestures.set(id::HOLD_MS, 700.0);
    window.picture(Vec::new());
    let press =
        |modifiers| Event::Key { key: Key::Z, physical_key: None, pressed: true, repeat: false, modifiers };
    window.host.recorder.take();
    window.picture(vec![press(Modifiers::COMMAND)]);
    assert_eq!((shared.params.get(id::HOLD_MS), shared.params.get(id::RANGE_DB)), (200.0, 12.0));
    let told = window.host.recorder.take();
    assert!(told.contains("begin7 ") && told.contains("end7"), "the host sees an edit: {told}");
    window.picture(vec![press(Modifiers::COMMAND)]);
    assert_eq!(shared.params.get(id::RANGE_DB), 30.0);
    window.picture(vec![press(Modifiers::COMMAND)]);
    window.picture(vec![press(Modifiers::COMMAND | Modifiers::SHIFT)]);
    window.picture(vec![press(Modifiers::COMMAND | Modifiers::SHIFT)]);
    assert_eq!((shared.params.get(id::HOLD_MS), shared.params.get(id::RANGE_DB)), (700.0, 12.0));
}

impl Window {
    /// A second, in which a host may do what it was asked for.
    fn second(&mut self) {
        for _ in 0..10 {
            self.picture(Vec::new());
        }
    }
}

/// Everything is as large as the user wants it. Once a window of a host that gave no room was cut.
#[test]
fn the_window_has_a_zoom_of_its_own() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    let command = |key| Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND,
    };
    let asked = |window: &Window| window.host.asked.lock().expect("one thread").take();
    assert_eq!((window.ctx.zoom_factor(), asked(&window)), (1.0, None));
    window.picture(vec![command(Key::Plus)]);
    assert_eq!((window.ctx.zoom_factor(), asked(&window)), (1.0, Some((1_250, 825))), "first there is room");
    window.size = (1_250, 825);
    window.second();
    assert_eq!((window.ctx.zoom_factor(), asked(&window)), (1.25, None));
    assert!(window.words().contains("125 %"));
    // It comes back with the project, and goes no further than the ends.
    let again = Arc::new(Shared::new());
    again.load_state(&shared.save_state()).expect("a state");
    let mut window = Window::open(&again);
    window.size = (2_000, 1_400);
    window.second();
    assert_eq!(window.ctx.zoom_factor(), 1.25);
    for _ in 0..9 {
        window.picture(vec![command(Key::Plus)]);
    }
    window.second();
    assert_eq!(window.ctx.zoom_factor(), 2.0);
    window.picture(vec![command(Key::Num0)]);
    window.picture(vec![command(Key::Minus)]);
    window.second();
    assert_eq!(window.ctx.zoom_factor(), 1.0);
    // A host that gives no more room: the zoom stays as it was, unless there is enough already.
    for (grows, size, zoom) in
        [(false, PREFERRED_SIZE, 1.0), (true, PREFERRED_SIZE, 1.0), (false, (1_250, 850), 1.25)]
    {
        let mut fixed = Window::open_in(&Arc::new(Shared::new()), grows);
        fixed.size = size;
        fixed.picture(vec![command(Key::Plus)]);
        fixed.second();
        assert_eq!(fixed.ctx.zoom_factor(), zoom);
        assert_eq!(fixed.words().contains("no room for that zoom"), zoom == 1.0, "{size:?}");
        assert_eq!(super::super::state::zoom_percent(&fixed.app.shared), if zoom > 1.0 { 125 } else { 100 });
    }
}

/// Nothing that is written is cut, lies over other words or outside of the window.
#[test]
fn no_words_are_cut_or_lie_over_others() {
    let shared = Arc::new(Shared::new());
    shared.note_activation(48_000.0, 6_828, true);
    speaking(&shared, 300);
    let mut window = Window::open(&shared);
    for size in [MIN_SIZE, PREFERRED_SIZE, (1_300, 700)] {
        window.size = size;
        for (mode, shape) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (2.0, 0.0)] {
            shared.set(id::MODE, mode);
            shared.set(id::DUCK_SHAPE, shape);
            shared.set(id::ADAPTIVE, f64::from(u8::from(mode > 0.0)));
            shared.set(id::BYPASS, f64::from(u8::from(mode > 1.0)));
            window.picture(Vec::new());
            let all = window.placed_words();
            assert!(all.len() > 50, "{}", all.len());
            for (index, (text, place, clip)) in all.iter().enumerate() {
                let what = format!("{text:?} at {place:?}, {size:?}, mode {mode}, shape {shape}");
                assert!(rect(size).contains_rect(*place), "{what} is outside");
                assert!(
                    clip.expand(1.0).contains_rect(place.shrink2(vec2(0.0, 2.0))),
                    "{what} is cut by {clip:?}"
                );
                for (other, over, _) in &all[index + 1..] {
                    let both = place.shrink(1.0).intersect(over.shrink(1.0));
                    // The lines' names lie in the lanes, over nothing else's words.
                    assert!(!both.is_positive(), "{what} and {other:?} at {over:?}");
                }
            }
        }
    }
}
