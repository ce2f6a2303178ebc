//! The lower part: what is kept and how, the knobs that are set every time, and below them the rest.

use egui::{Align, Layout, Rect, RichText, Ui, UiBuilder, vec2};

use super::app::App;
use super::filter_panel::filter_button;
use super::theme::{GAP, font};
use super::widgets::{Cx, EarTaken, Ears, Size, ear_menu, keep_menu, knob, menu, segments, switch, transfer};
use crate::made_with::OlderEar;
use crate::params::{ParamId, Params, id, lookahead_id};
use crate::processor::settings::{KEEP_PRESET, duck, keep_choice};

/// The knobs of the first row.
const MAIN: [(ParamId, &str); 7] = [
    (id::OPEN, "Open"),
    (id::CLOSE, "Close"),
    (id::RANGE_DB, "Range"),
    (id::ATTACK_MS, "Attack"),
    (id::HOLD_MS, "Hold"),
    (id::RELEASE_MS, "Release"),
    (id::LOOKAHEAD_MS, "Lookahead"),
];

impl App {
    pub(super) fn controls(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        self.first_row(ui);
        ui.add_space(GAP);
        let wide = self.wide;
        let ears = self.ears_to_choose();
        let mut taken = None;
        self.with_cx(ui, |ui, cx| {
            if wide {
                row(ui, |ui| {
                    listen(ui, cx);
                    taken = sources(ui, &ears, cx);
                    labels(ui, cx);
                });
            } else {
                row(ui, |ui| {
                    listen(ui, cx);
                    taken = sources(ui, &ears, cx);
                });
                row(ui, |ui| {
                    labels(ui, cx);
                    ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                        ui.spacing_mut().item_spacing.x = 0.0;
                        for (id, name) in [(id::OUTPUT_DB, "Output"), (id::WET, "Dry / wet")] {
                            knob(ui, id, name, Size::Small, cx);
                        }
                    });
                });
            }
            if ducks(cx.params) {
                duck_row(ui, cx);
            }
        });
        match taken {
            Some(EarTaken::Shipped) => self.shared.agree_with_ear(),
            Some(EarTaken::Older) => self.shared.hear_with_older_ear(),
            None => {}
        }
    }

    /// The ears that can be had, with what they cost.
    fn ears_to_choose(&self) -> Ears {
        let older = self.shared.replaced_ear().map(|(older, _)| older).filter(OlderEar::is_here);
        Ears {
            costs: self.ear_costs.clone(),
            older_hears: older.as_ref().is_some_and(OlderEar::hears),
            older: older.map(|older| older.made_with.title()),
        }
    }

    /// What is kept, the knobs of every time and, where there is room, those of the output.
    fn first_row(&mut self, ui: &mut Ui) {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(KEEP_WIDTH);
                let mut beside = beside_name(ui, KEEP_WIDTH);
                self.with_cx(ui, |ui, cx| keep_menu(ui, "Keep", KEEP_WIDTH - 10.0, cx));
                self.rules_button(&mut beside);
                let rules = self.rules.clone();
                if rules.is_some() {
                    ui.spacing_mut().item_spacing.y = 2.0;
                }
                ui.horizontal(|ui| {
                    ui.set_width(KEEP_WIDTH);
                    let name = if rules.is_some() { "The preset's rules" } else { "The rest" };
                    self.with_cx(ui, |ui, cx| caption(ui, name, cx));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.thresholds_button(ui));
                });
                match rules {
                    None => self.with_cx(ui, |ui, cx| segments(ui, id::MODE, 28.0, cx)),
                    Some(rules) => {
                        let text = RichText::new(&rules).font(font(11.0)).color(self.theme.text);
                        ui.add(egui::Label::new(text).wrap())
                            .on_hover_text("The first rule that holds decides. Rules\u{2026} changes them.");
                    }
                }
            });
            let wide = self.wide;
            if wide {
                ui.add_space(GAP);
            }
            self.with_cx(ui, |ui, cx| {
                if !wide {
                    ui.spacing_mut().item_spacing.x = 0.0;
                }
                let ducks = ducks(cx.params);
                for (id, name) in MAIN {
                    // The depth that is in force has the place.
                    match id {
                        id::LOOKAHEAD_MS => knob(ui, lookahead_id(cx.params), name, Size::Large, cx),
                        id::RANGE_DB if ducks => knob(ui, id::DUCK_DB, "Depth", Size::Large, cx),
                        _ => knob(ui, id, name, Size::Large, cx),
                    }
                }
                if wide {
                    ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                        knob(ui, id::OUTPUT_DB, "Output", Size::Large, cx);
                        knob(ui, id::WET, "Dry / wet", Size::Large, cx);
                    });
                }
            });
        });
    }
}

/// Room in the line of a menu's name, at the right end of so many points, for a button that opens more: a line of its own would
/// be too much. The menu comes next.
fn beside_name(ui: &mut Ui, width: f32) -> Ui {
    let line = Rect::from_min_size(ui.cursor().min - vec2(0.0, 3.0), vec2(width, 18.0));
    let line = UiBuilder::new().max_rect(line).layout(Layout::right_to_left(Align::Center));
    let mut line = ui.new_child(line);
    line.spacing_mut().button_padding.y = 0.0;
    line.spacing_mut().interact_size.y = 16.0;
    line
}

/// Width of what is kept and of what happens to the rest, points.
const KEEP_WIDTH: f32 = 168.0;
/// Height of a row of menus with what is above it, points.
const MENUS: f32 = 44.0;

/// Height of all rows with what is around them, points: ducking has a row of its own, and so has the output in a narrow window.
pub fn height(params: &Params, wide: bool) -> f32 {
    let around = 4.0 * GAP;
    let first = Size::Large.area().y + 2.0 * GAP;
    let output = if wide { 0.0 } else { Size::Small.area().y + GAP };
    let duck = if ducks(params) { Size::Small.area().y + GAP } else { 0.0 };
    around + first + GAP + MENUS + output + duck
}

fn ducks(params: &Params) -> bool {
    params.choice(id::MODE) == 1 && keep_choice(params) != KEEP_PRESET
}

fn row(ui: &mut Ui, show: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * GAP;
        show(ui);
    });
}

/// What is heard at the output.
fn listen(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        caption(ui, "Listen to", cx);
        segments(ui, id::LISTEN, 26.0, cx);
    });
}

/// What hears, and how. Which ear was chosen, if one was.
fn sources(ui: &mut Ui, ears: &Ears, cx: &mut Cx<'_>) -> Option<EarTaken> {
    let mut beside = beside_name(ui, 100.0);
    menu(ui, id::DETECTOR, "Detector", 92.0, cx);
    filter_button(&mut beside, cx);
    let taken = ear_menu(ui, "Ear", 64.0, ears, cx);
    menu(ui, id::FAIL_MODE, "Without ear", 70.0, cx);
    low_switch(ui, id::LINK, "Link", cx);
    low_switch(ui, id::ADAPTIVE, "Adaptive", cx);
    taken
}

/// Labels for the host.
fn labels(ui: &mut Ui, cx: &mut Cx<'_>) {
    menu(ui, id::LABEL_MODE, "Label lanes", 64.0, cx);
    menu(ui, id::LABEL_MIDI, "Label notes", 100.0, cx);
    low_switch(ui, id::LABEL_OUTPUTS, "CV", cx);
}

/// A switch at the height of the menus beside it.
fn low_switch(ui: &mut Ui, id: ParamId, name: &str, cx: &mut Cx<'_>) {
    ui.vertical(|ui| {
        ui.add_space(17.0);
        switch(ui, id, name, cx);
    });
}

/// How ducking follows the level, when it ducks.
fn duck_row(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * GAP;
        menu(ui, id::DUCK_SHAPE, "Duck shape", 92.0, cx);
        if cx.params.choice(id::DUCK_SHAPE) == 1 {
            knob(ui, id::DUCK_RATIO, "Ratio", Size::Small, cx);
            knob(ui, id::DUCK_ABOVE_DBFS, "Above", Size::Small, cx);
            knob(ui, id::DUCK_KNEE_DB, "Knee", Size::Small, cx);
            transfer(ui, &duck(cx.params), cx.theme);
        }
    });
}

fn caption(ui: &mut Ui, text: &str, cx: &Cx<'_>) {
    ui.label(RichText::new(text).font(font(11.5)).color(cx.theme.dim));
}
