//! Controls for one parameter each. They read the value from the parameters and write through gestures; none keeps
//! a value of its own.
//!
//! All can be reached by the tab key. Arrow keys step, with shift in fine steps, page keys in coarse ones; home and
//! end go to the ends, delete and a double click to the default, enter opens a text entry.

mod choice;
mod knob;
mod step;
mod transfer;

pub use choice::{EarTaken, Ears, ear_menu, keep_menu, menu, segments, switch};
pub use knob::{Size, knob};
pub use step::{Step, dragged, stepped, stepped_place, wheel_step};
pub use transfer::transfer;

use std::collections::BTreeMap;

use egui::{
    Button, Color32, CursorIcon, Event, EventFilter, Key, Response, RichText, Stroke, StrokeKind, Ui,
};

use super::gesture::Gestures;
use super::theme::{Theme, font};
use crate::host_words::Indication;
use crate::params::{ParamId, ParamSpec, Params};

/// What a control needs to know.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Where values are read.
    pub params: &'a Params,
    /// Where they are changed.
    pub gestures: &'a mut Gestures,
    /// How it looks.
    pub theme: &'a Theme,
    /// What the host says of parameters.
    pub indicated: &'a BTreeMap<ParamId, Indication>,
    /// Seconds since the window opened.
    pub now_s: f64,
}

impl Cx<'_> {
    /// The parameter's value as text.
    pub fn text(&self, id: ParamId) -> String {
        id.spec().to_text(self.params.get(id))
    }
}

/// Keeps the arrow keys with a control that has the focus; only the tab key moves on.
pub fn hold_arrows(ui: &Ui, response: &Response) {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, tab: false, escape: false };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
}

/// The same while it has the focus, else an arrow would lead away, to whatever lies above.
pub fn keep_arrows(ui: &Ui, response: &Response) {
    if response.has_focus() {
        hold_arrows(ui, response);
    }
}

/// A word that opens a panel.
pub fn opener(ui: &mut Ui, word: &str, colour: Color32) -> Response {
    let text = RichText::new(word).font(font(11.5)).color(colour);
    let button = ui.add(Button::new(text).frame(false)).on_hover_cursor(CursorIcon::PointingHand);
    keep_arrows(ui, &button);
    button
}

/// The keys that a focused control has for itself, as steps.
fn keys(ui: &Ui, response: &Response) -> Vec<Step> {
    if !response.has_focus() {
        return Vec::new();
    }
    hold_arrows(ui, response);
    ui.input(|input| {
        let key_step = |event: &Event| {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
            Some(match key {
                Key::ArrowUp | Key::ArrowRight if modifiers.shift => Step::Fine(1.0),
                Key::ArrowDown | Key::ArrowLeft if modifiers.shift => Step::Fine(-1.0),
                Key::ArrowUp | Key::ArrowRight => Step::Normal(1.0),
                Key::ArrowDown | Key::ArrowLeft => Step::Normal(-1.0),
                Key::PageUp => Step::Coarse(1.0),
                Key::PageDown => Step::Coarse(-1.0),
                Key::Home => Step::Smallest,
                Key::End => Step::Largest,
                Key::Delete | Key::Backspace => Step::Default,
                _ => return None,
            })
        };
        input.events.iter().filter_map(key_step).collect()
    })
}

/// Steps by keys, the wheel and the double click, as every control of a number has them.
fn small_edits(ui: &Ui, response: &Response, id: ParamId, cx: &mut Cx<'_>) {
    let mut steps = keys(ui, response);
    if response.hovered() {
        steps.extend(wheel_step(ui));
    }
    for step in steps {
        cx.gestures.nudge(id, stepped(id.spec(), cx.params.get(id), step), cx.now_s);
    }
    if response.double_clicked() {
        cx.gestures.set(id, id.spec().default_plain());
    }
}

/// Name and sentence of a parameter, for whoever waits over it.
fn tooltip(response: Response, spec: &'static ParamSpec, theme: &Theme) -> Response {
    let (text, dim) = (theme.text, theme.dim);
    response.on_hover_ui(move |ui| {
        ui.set_max_width(260.0);
        ui.label(egui::RichText::new(spec.name).font(font(13.0)).color(text));
        ui.label(egui::RichText::new(spec.help).font(font(12.0)).color(dim));
    })
}

/// The ring around what the keyboard holds.
pub fn focus_ring(ui: &Ui, response: &Response, corner: f32, colour: Color32) {
    if response.has_focus() {
        hold_arrows(ui, response);
        let ring = Stroke::new(1.5, colour);
        ui.painter().rect_stroke(response.rect.expand(2.0), corner + 2.0, ring, StrokeKind::Outside);
    }
}
