//! The whole window without a display: pictures are made and thrown away, and a pointer and a keyboard are played.

mod states;

use std::sync::Arc;

use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, pos2, vec2};

use super::gesture::tests::Recorder;
use super::lanes::LaneRects;
use super::{App, EditHost, MIN_SIZE, PREFERRED_SIZE};
use crate::meters::{Class, MeterFrame};
use crate::params::{PARAMS, ParamId, id};
use crate::shared::Shared;

/// A host that does what it is asked, and writes it down.
#[derive(Debug)]
struct Host {
    shared: Arc<Shared>,
    recorder: Recorder,
}

impl EditHost for Host {
    fn begin(&self, id: ParamId) {
        self.recorder.begin(id);
    }
    fn perform(&self, id: ParamId, plain: f64) {
        self.shared.set(id, plain);
        self.recorder.perform(id, plain);
    }
    fn end(&self, id: ParamId) {
        self.recorder.end(id);
    }
    fn request_resize(&self, _: u32, _: u32) -> bool {
        false
    }
}

struct Window {
    ctx: Context,
    app: App,
    host: Arc<Host>,
    size: (u32, u32),
    time_s: f64,
    /// The panel of voices and phrases alone, as it is when it is open.
    panel: bool,
}

#[expect(clippy::cast_precision_loss, reason = "sizes of windows")]
fn rect(size: (u32, u32)) -> Rect {
    Rect::from_min_size(Pos2::ZERO, vec2(size.0 as f32, size.1 as f32))
}

impl Window {
    fn open(shared: &Arc<Shared>) -> Self {
        let host = Arc::new(Host { shared: shared.clone(), recorder: Recorder::default() });
        let mut app = App::new(shared.clone(), host.clone(), true);
        app.preset_folder = None;
        app.read_presets();
        let ctx = Context::default();
        ctx.set_fonts(super::theme::fonts());
        app.set_theme(&ctx, true);
        let mut window = Self { ctx, app, host, size: PREFERRED_SIZE, time_s: 0.0, panel: false };
        window.picture(Vec::new());
        window.picture(Vec::new());
        window
    }

    /// One picture, a tenth of a second later; the number of triangles in it.
    fn picture(&mut self, events: Vec<Event>) -> usize {
        self.time_s += 0.1;
        let input = RawInput {
            screen_rect: Some(rect(self.size)),
            time: Some(self.time_s),
            events,
            ..RawInput::default()
        };
        let output = self
            .ctx
            .run_ui(input, |ui| if self.panel { self.app.profile_panel(ui) } else { self.app.show(ui) });
        let primitives = self.ctx.tessellate(output.shapes, 1.0);
        let triangles = primitives.iter().map(|p| match &p.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
            egui::epaint::Primitive::Callback(_) => 0,
        });
        triangles.sum()
    }

    fn button(&mut self, at: Pos2, pressed: bool) {
        let button = PointerButton::Primary;
        let press = Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE };
        self.picture(vec![Event::PointerMoved(at), press]);
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.picture(vec![Event::PointerMoved(from)]);
        self.button(from, true);
        self.picture(vec![Event::PointerMoved(from.lerp(to, 0.5))]);
        self.picture(vec![Event::PointerMoved(to)]);
        self.button(to, false);
    }

    fn key(&mut self, key: Key) {
        let press = |pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        self.picture(vec![press(true)]);
        self.picture(vec![press(false)]);
    }

    fn write(&mut self, text: &str) {
        self.picture(vec![Event::Text(text.to_owned())]);
    }

    fn lanes(&self) -> LaneRects {
        self.app.display.lanes.expect("a picture was made")
    }
}

fn speaking(shared: &Shared, frames: u32) {
    for number in 0..frames {
        let speech = if number % 200 < 120 { 0.95 } else { 0.03 };
        shared.meters.push(MeterFrame {
            speech,
            gain_db: if speech > 0.5 { 0.0 } else { -30.0 },
            input_peak: 0.3,
            output_peak: 0.3,
            class: Class::Speech,
            ..MeterFrame::default()
        });
    }
    shared.meters.note_block(0.3, 0.3, 0.0);
}

#[test]
fn a_threshold_is_dragged_in_its_lane() {
    let shared = Arc::new(Shared::new());
    speaking(&shared, 500);
    let mut window = Window::open(&shared);
    let lane = window.lanes().probabilities[0].shrink2(vec2(0.0, 2.0));
    let y = |p: f32| lane.bottom() - p * lane.height();
    let open = shared.params.get_f32(id::OPEN);
    window.drag(pos2(lane.center().x, y(open) + 2.0), pos2(lane.center().x, y(0.6)));
    assert!((shared.params.get(id::OPEN) - 0.6).abs() < 0.01, "{}", shared.params.get(id::OPEN));
    let log = window.host.recorder.take();
    assert!(log.starts_with("begin4 4=") && log.ends_with(" end4"), "{log}");
    assert_eq!(log.matches("begin").count(), 1, "one edit");

    // The other line stops at the first.
    let close = shared.params.get_f32(id::CLOSE);
    window.drag(pos2(lane.center().x, y(close)), pos2(lane.center().x, lane.top() - 100.0));
    assert!((shared.params.get(id::CLOSE) - 0.6).abs() < 0.01);
    // Far from both, nothing is taken.
    window.host.recorder.take();
    window.drag(pos2(lane.center().x, y(0.2)), pos2(lane.center().x, y(0.5)));
    assert_eq!(window.host.recorder.take(), "");
}

#[test]
fn every_setting_is_reached_by_keys_alone() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    let mut moved = Vec::new();
    for step in 0..180 {
        // First all that is in the window, then all that is in its panel.
        window.panel = step >= 120;
        window.key(Key::Tab);
        let before = shared.params.generation();
        window.key(Key::ArrowUp);
        if shared.params.generation() == before {
            // At the upper end already.
            window.key(Key::ArrowDown);
        }
    }
    let log = window.host.recorder.take();
    for spec in PARAMS {
        let begun = log.split(' ').any(|word| word == format!("begin{}", spec.id.0));
        if begun {
            moved.push(spec.id);
        }
    }
    let hidden = [id::DUCK_DB, id::DUCK_SHAPE, id::DUCK_RATIO, id::DUCK_ABOVE_DBFS, id::DUCK_KNEE_DB];
    // Switches turn by enter or space, not by arrows.
    let switches = [id::BYPASS, id::LINK, id::ADAPTIVE, id::LABEL_OUTPUTS, id::VOICE];
    let wanted = PARAMS.iter().filter(|spec| !spec.flags.output).map(|spec| spec.id);
    let missing: Vec<_> = wanted
        .filter(|id| !moved.contains(id) && !hidden.contains(id) && !switches.contains(id))
        .map(|id| id.spec().key)
        .collect();
    assert!(missing.is_empty(), "not reached: {missing:?}");
}

#[test]
fn a_value_is_written_and_nonsense_is_not_taken() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    // The first knob in the order of the tab key is the open threshold: find it by its effect.
    for _ in 0..40 {
        window.key(Key::Tab);
        window.host.recorder.take();
        window.key(Key::ArrowUp);
        if window.host.recorder.take().starts_with("begin4 ") {
            break;
        }
    }
    window.key(Key::Enter);
    window.write("73 %");
    window.key(Key::Enter);
    assert!((shared.params.get(id::OPEN) - 0.73).abs() < 1e-9, "{}", shared.params.get(id::OPEN));
}

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

#[test]
fn any_size_and_any_value_make_a_picture() {
    let shared = Arc::new(Shared::new());
    speaking(&shared, 4_100);
    let mut window = Window::open(&shared);
    let sizes = [MIN_SIZE, PREFERRED_SIZE, (3_200, 2_000), (1, 1), (40, 2_000)];
    for size in sizes {
        window.size = size;
        for value in [0.0, 0.5, 1.0] {
            for spec in PARAMS {
                shared.set(spec.id, spec.plain(value));
            }
            shared.meters.push(MeterFrame {
                gain_db: f32::NEG_INFINITY,
                speech: f32::NAN,
                input_peak: f32::INFINITY,
                ..MeterFrame::default()
            });
            for span_s in super::state::SPANS_S {
                window.app.set_span(span_s);
                let dark = !window.app.theme.dark;
                let ctx = window.ctx.clone();
                window.app.set_theme(&ctx, dark);
                window.picture(Vec::new());
            }
        }
    }
}

/// Not a test of time: it prints what a picture costs without drawing it, for the notes.
#[test]
fn a_picture_is_small() {
    let shared = Arc::new(Shared::new());
    speaking(&shared, 4_000);
    let mut window = Window::open(&shared);
    let began = std::time::Instant::now();
    let pictures = 200;
    let mut triangles = 0;
    for _ in 0..pictures {
        speaking(&shared, 3);
        triangles = window.picture(Vec::new());
    }
    println!("{triangles} triangles, {:?} each", began.elapsed() / pictures);
    assert!(triangles > 1_000 && triangles < 40_000, "{triangles}");
}
