//! The whole window without a display: pictures are made and thrown away, and a pointer and a keyboard are played.

mod kept;
mod pictures;
mod raster;
mod rules;
mod states;

use std::sync::{Arc, Mutex};

use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, pos2, vec2};

use self::raster::Textures;
use super::compare::Side;
use super::gesture::tests::Recorder;
use super::lanes::LaneRects;
use super::undo::Undo;
use super::{App, EditHost, MIN_SIZE, PREFERRED_SIZE};
use crate::meters::{Class, MeterFrame};
use crate::params::{PARAMS, ParamId, id};
use crate::shared::Shared;

/// A host that does what it is asked, and writes it down.
#[derive(Debug)]
struct Host {
    shared: Arc<Shared>,
    recorder: Recorder,
    /// The size that was asked for last.
    asked: Mutex<Option<(u32, u32)>>,
    /// Whether its windows can be made larger.
    grows: bool,
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
    fn request_resize(&self, width: u32, height: u32) -> bool {
        *self.asked.lock().expect("one thread") = Some((width, height));
        self.grows
    }
}

struct Window {
    ctx: Context,
    app: App,
    host: Arc<Host>,
    size: (u32, u32),
    time_s: f64,
    /// A panel alone, as it is when it is open.
    panel: Option<fn(&mut App, &mut egui::Ui)>,
    /// What is held on the keyboard.
    modifiers: Modifiers,
    textures: Textures,
}

#[expect(clippy::cast_precision_loss, reason = "sizes of windows")]
fn rect(size: (u32, u32)) -> Rect {
    Rect::from_min_size(Pos2::ZERO, vec2(size.0 as f32, size.1 as f32))
}

impl Window {
    fn open(shared: &Arc<Shared>) -> Self {
        Self::open_in(shared, true)
    }

    fn open_in(shared: &Arc<Shared>, grows: bool) -> Self {
        let (recorder, asked) = (Recorder::default(), Mutex::default());
        let host = Arc::new(Host { shared: shared.clone(), recorder, asked, grows });
        let mut app = App::new(shared.clone(), host.clone(), true);
        app.preset_folder = None;
        app.read_presets();
        let ctx = Context::default();
        ctx.set_fonts(super::theme::fonts());
        app.set_theme(&ctx, true);
        let mut window = Self {
            ctx,
            app,
            host,
            size: PREFERRED_SIZE,
            time_s: 0.0,
            panel: None,
            modifiers: Modifiers::NONE,
            textures: Textures::default(),
        };
        window.picture(Vec::new());
        window.picture(Vec::new());
        window
    }

    /// One picture, a tenth of a second later; the number of triangles in it.
    fn picture(&mut self, events: Vec<Event>) -> usize {
        self.time_s += 0.1;
        let input = RawInput {
            screen_rect: Some(self.screen()),
            time: Some(self.time_s),
            events,
            ..RawInput::default()
        };
        let show = self.panel.unwrap_or(App::show);
        let output = self.ctx.run_ui(input, |ui| show(&mut self.app, ui));
        self.textures.update(&output.textures_delta);
        let primitives = self.ctx.tessellate(output.shapes, 1.0);
        let triangles = primitives.iter().map(|p| match &p.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
            egui::epaint::Primitive::Callback(_) => 0,
        });
        triangles.sum()
    }

    /// The window in its own points, which are larger where it is zoomed.
    fn screen(&self) -> Rect {
        rect(self.size) * (1.0 / self.ctx.zoom_factor())
    }

    fn button(&mut self, at: Pos2, pressed: bool) {
        let button = PointerButton::Primary;
        let press = Event::PointerButton { pos: at, button, pressed, modifiers: self.modifiers };
        self.picture(vec![Event::PointerMoved(at), press]);
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.picture(vec![Event::PointerMoved(from)]);
        self.button(from, true);
        self.picture(vec![Event::PointerMoved(from.lerp(to, 0.5))]);
        self.picture(vec![Event::PointerMoved(to)]);
        self.button(to, false);
    }

    fn hold(&mut self, modifiers: Modifiers) {
        self.modifiers = modifiers;
        self.picture(vec![Event::ModifiersChanged(modifiers)]);
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
fn a_label_has_lines_of_its_own() {
    let shared = Arc::new(Shared::new());
    shared.ear(earmark_core::model::pack::LIVE).expect("embedded");
    let mut window = Window::open(&shared);
    window.app.load_preset("broadcast-duck");
    window.picture(Vec::new());
    let lane = |window: &Window, lane: usize| window.lanes().probabilities[lane].shrink2(vec2(0.0, 2.0));
    let y = |lane: Rect, p: f32| lane.bottom() - p * lane.height();
    // Music is named by a rule that it does not lead: its lines are the ear's until they are moved.
    let music = window.app.derived.apart[2].expect("it has lines");
    let place = lane(&window, 2);
    window.host.recorder.take();
    window.drag(pos2(place.center().x, y(place, music.open)), pos2(place.center().x, y(place, 0.875)));
    assert!(
        (shared.params.get(id::MUSIC_OPEN) - 0.875).abs() < 0.02,
        "{}",
        shared.params.get(id::MUSIC_OPEN)
    );
    assert!(window.host.recorder.take().starts_with("begin43 "));
    window.picture(Vec::new());
    assert_eq!(
        window.app.derived.apart[2].map(|own| own.close),
        Some(music.close),
        "only the one that was moved"
    );
    // Alt takes a label away from the knobs.
    let (place, open) = (lane(&window, 0), shared.params.get_f32(id::OPEN));
    window.hold(Modifiers::ALT);
    window.drag(pos2(place.center().x, y(place, open)), pos2(place.center().x, y(place, 0.5)));
    window.hold(Modifiers::NONE);
    assert_eq!(shared.params.get_f32(id::OPEN), open, "the knob stays");
    assert!((shared.params.get(id::SPEECH_OPEN) - 0.5).abs() < 0.02);
    // Two clicks on the line, and it follows the knob again.
    window.picture(Vec::new());
    let at = pos2(place.center().x, y(lane(&window, 0), shared.params.get_f32(id::SPEECH_OPEN)));
    for _ in 0..2 {
        window.button(at, true);
        window.button(at, false);
    }
    assert_eq!(shared.params.get(id::SPEECH_OPEN), 0.0);
}

/// Once the second of two quick clicks closed the field that the first had opened, and what was typed then was lost.
#[test]
fn two_quick_clicks_on_a_value_open_it_as_one_does() {
    let shared = Arc::new(Shared::new());
    let mut window = Window::open(&shared);
    let shown = id::ATTACK_MS.spec().to_text(shared.params.get(id::ATTACK_MS));
    let words = window.placed_words();
    let (_, place, _) = words.iter().find(|(text, ..)| *text == shown).expect("the attack is shown");
    let at = place.center();
    let press = |pressed| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.picture(vec![Event::PointerMoved(at)]);
    window.picture(vec![press(true), press(false)]);
    window.picture(vec![press(true), press(false)]);
    window.picture(Vec::new());
    window.write("27");
    window.key(Key::Enter);
    assert_eq!(shared.params.get(id::ATTACK_MS), 27.0);
    // A click beside it takes what was typed.
    window.picture(vec![press(true), press(false)]);
    window.picture(Vec::new());
    window.write("31");
    window.button(pos2(2.0, 2.0), true);
    window.button(pos2(2.0, 2.0), false);
    assert_eq!(shared.params.get(id::ATTACK_MS), 31.0);
}

#[test]
fn every_setting_is_reached_by_keys_alone() {
    let shared = Arc::new(Shared::new());
    shared.note_activation(48_000.0, 0, true);
    let mut window = Window::open(&shared);
    let mut moved = Vec::new();
    for step in 0..220 {
        // First all that is in the window, then all that is in its panels.
        window.panel = match step {
            0..120 => None,
            120..180 => Some(App::profile_panel),
            180..210 => Some(App::threshold_panel),
            _ => Some(App::filter_panel),
        };
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
