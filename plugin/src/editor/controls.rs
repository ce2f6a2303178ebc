//! The lower part: what is kept and how, the knobs that are set every time, and below them the rest.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::app::App;
use super::theme::{CONTROLS_HEIGHT, GAP, font};
use super::widgets::{Cx, Size, keep_menu, knob, menu, segments, switch};
use crate::params::{ParamId, Params, id};
use crate::processor::settings::{KEEP_PRESET, keep_choice};

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
        let rules = self.rules.clone();
        self.with_cx(ui, |ui, cx| {
            ui.spacing_mut().item_spacing = vec2(GAP, GAP);
            first_row(ui, rules.as_deref(), cx);
            ui.add_space(GAP);
            second_row(ui, cx);
            if ducks(cx.params) {
                duck_row(ui, cx);
            }
        });
    }
}

/// Height of all rows, points: ducking has a row of its own.
pub fn height(params: &Params) -> f32 {
    CONTROLS_HEIGHT + if ducks(params) { Size::Small.area().y + GAP } else { 0.0 }
}

fn ducks(params: &Params) -> bool {
    params.choice(id::MODE) == 1 && keep_choice(params) != KEEP_PRESET
}

/// `rules`: a preset's own, in words, where they decide what happens to the rest.
fn first_row(ui: &mut Ui, rules: Option<&str>, cx: &mut Cx<'_>) {
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(196.0);
            keep_menu(ui, "Keep", 186.0, cx);
            match rules {
                None => {
                    caption(ui, "The rest", cx);
                    segments(ui, id::MODE, 28.0, cx);
                }
                Some(rules) => {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let text = RichText::new(rules).font(font(11.0)).color(cx.theme.text);
                    ui.add(egui::Label::new(text).wrap())
                        .on_hover_text("The rules of the preset. The first that holds decides.");
                }
            }
        });
        ui.add_space(GAP);
        let ducks = ducks(cx.params);
        for (id, name) in MAIN {
            // The depth that is in force has the place.
            match id {
                id::RANGE_DB if ducks => knob(ui, id::DUCK_DB, "Depth", Size::Large, cx),
                _ => knob(ui, id, name, Size::Large, cx),
            }
        }
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            knob(ui, id::OUTPUT_DB, "Output", Size::Large, cx);
            knob(ui, id::WET, "Dry / wet", Size::Large, cx);
        });
    });
}

fn second_row(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * GAP;
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            caption(ui, "Listen to", cx);
            segments(ui, id::LISTEN, 26.0, cx);
        });
        menu(ui, id::DETECTOR, "Detector", 92.0, cx);
        menu(ui, id::PACK, "Ear", 64.0, cx);
        menu(ui, id::FAIL_MODE, "Without ear", 70.0, cx);
        menu(ui, id::LABEL_MODE, "Label lanes", 64.0, cx);
        menu(ui, id::LABEL_MIDI, "Label notes", 100.0, cx);
        ui.vertical(|ui| {
            ui.add_space(17.0);
            switch(ui, id::LINK, "Link", cx);
        });
        ui.vertical(|ui| {
            ui.add_space(17.0);
            switch(ui, id::ADAPTIVE, "Adaptive", cx);
        });
        ui.vertical(|ui| {
            ui.add_space(17.0);
            switch(ui, id::LABEL_OUTPUTS, "CV", cx);
        });
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
        }
    });
}

fn caption(ui: &mut Ui, text: &str, cx: &Cx<'_>) {
    ui.label(RichText::new(text).font(font(11.5)).color(cx.theme.dim));
}
