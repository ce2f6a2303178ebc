//! Each state of the window at three sizes and two scales, drawn without a display and compared with what it looked like.
//!
//! `EARMARK_PICTURES=DIR` writes them as large as they are, for people; `EARMARK_WRITE_PICTURES=1` keeps them as what is
//! expected, when they were looked at.

use std::path::{Path, PathBuf};

use super::raster::Picture;
use super::*;
use crate::meters::MeterFrame;

/// Brings the window there.
type State = fn(&mut Window);

/// What a person may have before them.
const STATES: [(&str, State); 13] = [
    ("speech", |_| {}),
    ("light", |window| {
        let ctx = window.ctx.clone();
        window.app.set_theme(&ctx, false);
    }),
    ("preset-rules", |window| window.app.load_preset("broadcast-duck")),
    ("duck-by-level", |window| {
        window.app.shared.set(id::MODE, 1.0);
        window.app.shared.set(id::DUCK_SHAPE, 1.0);
    }),
    ("singing-adaptive", |window| {
        window.app.shared.note_activation(48_000.0, 6_828, true);
        window.app.shared.set(id::KEEP_SINGING, 1.0);
        window.app.shared.set(id::ADAPTIVE, 1.0);
    }),
    ("bypassed", |window| window.app.shared.set(id::BYPASS, 1.0)),
    ("removed", |window| window.app.shared.set(id::LISTEN, 1.0)),
    ("told", |window| {
        window.app.load_preset("podcast");
        window.app.shared.set(id::HOLD_MS, 777.0);
        window.app.notice =
            Some("/home/somebody/of some name/.config/earmark/presets/Mine.json: no such file".to_owned());
    }),
    ("another-ear", |window| {
        let shared = &window.app.shared;
        let mut state: serde_json::Value = serde_json::from_slice(&shared.save_state()).expect("JSON");
        state["ear"]["version"] = "0.6.0".into();
        state["ear"]["sha256"] = "0".repeat(64).into();
        shared.load_state(state.to_string().as_bytes()).expect("a state");
    }),
    ("thresholds", |window| {
        window.app.shared.note_activation(48_000.0, 6_828, true);
        window.app.shared.set(id::MUSIC_OPEN, 0.625);
        window.panel = Some(App::threshold_panel);
    }),
    ("filter", |window| {
        window.app.shared.set(id::DETECTOR_HIGH_PASS_HZ, 120.0);
        window.click("Filter\u{2026}", 0);
    }),
    ("rules-open", |window| {
        window.app.load_preset("broadcast-duck");
        window.click("Rules\u{2026}", 0);
    }),
    ("rules", |window| {
        window.app.load_preset("broadcast-duck");
        let mut rules = window.app.shared.rules();
        rules.rules[3].when.none = vec![earmark_core::Label::SPEECH];
        rules.otherwise = earmark_core::gate::Action::Duck(earmark_core::gate::Duck {
            ratio: Some(4.0),
            ..earmark_core::gate::Duck::default()
        });
        window.app.edit_rules(&rules);
        window.panel = Some(App::rules_panel);
    }),
];
const SIZES: [(u32, u32); 3] = [MIN_SIZE, PREFERRED_SIZE, (1_500, 900)];
const SCALES: [u8; 2] = [1, 2];

/// Something to look at: talk, a pause, music under it, all of it with a level.
fn programme(shared: &Shared) {
    for number in 0..1_000_u16 {
        let t = f32::from(number);
        let talks = number % 250 < 170;
        let wave = 0.5 + 0.5 * (t * 0.37).sin() * (t * 0.11).cos();
        shared.meters.push(MeterFrame {
            place: i64::from(number),
            speech: if talks { 0.9 + 0.1 * wave } else { 0.05 * wave },
            singing: 0.1 * wave,
            music: 0.3 + 0.4 * (t * 0.01).sin().abs(),
            noise: 0.1 + 0.1 * wave,
            level_dbfs: -20.0,
            gain_db: if talks { 0.0 } else { -30.0 },
            input_peak: if talks { 0.1 + 0.4 * wave } else { 0.05 * wave },
            output_peak: if talks { 0.1 + 0.4 * wave } else { 0.002 * wave },
            class: if talks { Class::Speech } else { Class::Music },
            ..MeterFrame::default()
        });
    }
    shared.meters.note_block(0.4, 0.4, 0.0);
}

fn drawn(state: State, size: (u32, u32), scale: u8) -> Picture {
    let shared = Arc::new(Shared::new());
    shared.ear(earmark_core::model::pack::LIVE).expect("embedded");
    shared.note_activation(48_000.0, 6_828, false);
    programme(&shared);
    let mut window = Window::open(&shared);
    window.app.preset_folder = Some(PathBuf::from("/home/somebody/.config/earmark/presets"));
    window.size = size;
    state(&mut window);
    window.draw(f32::from(scale))
}

impl Window {
    /// The picture when it has come to rest.
    fn draw(&mut self, scale: f32) -> Picture {
        let mut input = RawInput { screen_rect: Some(rect(self.size)), ..RawInput::default() };
        let viewport = input.viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.native_pixels_per_point = Some(scale);
        let show = self.panel.unwrap_or(App::show);
        let mut shapes = Vec::new();
        for _ in 0..3 {
            self.time_s += 0.1;
            let input = RawInput { time: Some(self.time_s), ..input.clone() };
            let output = self.ctx.run_ui(input, |ui| show(&mut self.app, ui));
            self.textures.update(&output.textures_delta);
            shapes = output.shapes;
        }
        let primitives = self.ctx.tessellate(shapes, scale);
        let pixels = |points: u32| usize::try_from(points).expect("small") * if scale > 1.5 { 2 } else { 1 };
        Picture::of((pixels(self.size.0), pixels(self.size.1)), scale, &primitives, &self.textures)
    }
}

/// Brightness by squares of so many points, 0 to 255.
fn squares(picture: &Picture, scale: u8) -> Vec<Vec<u8>> {
    const POINTS: usize = 12;
    let side = POINTS * usize::from(scale);
    let brightness = |x: usize, y: usize| {
        let mut sum = 0.0;
        for row in y..y + side {
            for [red, green, blue] in &picture.pixels[row * picture.width + x..][..side] {
                sum += (red + green + blue) / 3.0;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
        let mean = sum / (side * side) as f32;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let byte = mean.round().clamp(0.0, 255.0) as u8;
        byte
    };
    let places = |length: usize| (0..length / side).map(move |place| place * side);
    places(picture.height).map(|y| places(picture.width).map(|x| brightness(x, y)).collect()).collect()
}

/// Two letters a square, a line a row: as much as a person can compare, too.
fn written(rows: &[Vec<u8>]) -> String {
    rows.iter().map(|row| row.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n").collect()
}

fn read(text: &str) -> Vec<Vec<u8>> {
    let byte =
        |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("letters"), 16).expect("a byte");
    text.lines().map(|line| line.as_bytes().chunks_exact(2).map(byte).collect()).collect()
}

#[test]
fn every_state_looks_as_it_looked() {
    // What fonts and rounding may do; a letter that moved or a control that went does more.
    const TOLERANCE: u8 = 12;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    let keep = std::env::var_os("EARMARK_WRITE_PICTURES").is_some();
    let show = std::env::var_os("EARMARK_PICTURES").map(PathBuf::from);
    let mut other: Vec<String> = Vec::new();
    for (name, state) in STATES {
        let mut at_one_point = None;
        for (size, scale) in SIZES.into_iter().flat_map(|size| SCALES.map(|scale| (size, scale))) {
            let picture = drawn(state, size, scale);
            let what = format!("{name}-{}x{}", size.0, size.1);
            if let Some(show) = &show {
                std::fs::create_dir_all(show).expect("a folder");
                std::fs::write(show.join(format!("{what}@{scale}.ppm")), picture.to_ppm()).expect("written");
            }
            let got = squares(&picture, scale);
            // The scale changes how sharp it is, not what is where.
            let expected = if scale == 1 {
                let path = folder.join(format!("{what}.txt"));
                if keep {
                    std::fs::create_dir_all(&folder).expect("a folder");
                    std::fs::write(&path, written(&got)).expect("written");
                }
                let expected = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                at_one_point = Some(got.clone());
                read(&expected)
            } else {
                at_one_point.clone().expect("the first scale comes first")
            };
            let size_of = |rows: &[Vec<u8>]| (rows.len(), rows.first().map_or(0, Vec::len));
            if size_of(&got) != size_of(&expected) {
                other.push(format!("{what}@{scale}: another size"));
                continue;
            }
            // Finer edges are other edges.
            let tolerance = if scale == 1 { TOLERANCE } else { 3 * TOLERANCE };
            let pairs = got.iter().flatten().zip(expected.iter().flatten());
            let apart = pairs.enumerate().filter(|(_, (got, expected))| got.abs_diff(**expected) > tolerance);
            let places: Vec<(usize, usize)> =
                apart.map(|(place, _)| (place % got[0].len(), place / got[0].len())).collect();
            if let Some((x, y)) = places.first() {
                let count = places.len();
                other.push(format!("{what}@{scale}: {count} squares of 12 points, the first at {x}, {y}"));
            }
        }
    }
    assert!(other.is_empty(), "EARMARK_PICTURES=DIR shows them:\n{}", other.join("\n"));
}
