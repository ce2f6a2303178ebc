//! What is taken away before the ear hears: a button that opens the two filters.

use egui::{Popup, PopupCloseBehavior, RichText, Ui};

use super::app::App;
use super::theme::{GAP, font};
use super::widgets::{Cx, Size, knob, opener};
use crate::params::{ParamId, id};

const ABOUT: &str = "What lies below the high-pass or above the low-pass is not heard by the ear, and decides nothing: neither as \
                     a label nor as level. What passes the gate keeps it. Listen to Detector to hear what is left.";

/// The filters with what stands above their knobs.
const FILTERS: [(ParamId, &str); 2] =
    [(id::DETECTOR_HIGH_PASS_HZ, "High-pass"), (id::DETECTOR_LOW_PASS_HZ, "Low-pass")];

/// The button, lit while a filter is on, and the panel while it is open.
pub(super) fn filter_button(ui: &mut Ui, cx: &mut Cx<'_>) {
    let is_on = FILTERS.iter().any(|(id, _)| !id.spec().is_filter_off(cx.params.get(*id)));
    let colour = if is_on { cx.theme.accent } else { cx.theme.text };
    let button = opener(ui, "Filter\u{2026}", colour);
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(260.0);
        panel(ui, cx);
    });
}

fn panel(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.add(egui::Label::new(RichText::new(ABOUT).font(font(11.0)).color(cx.theme.dim)).wrap());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for (id, name) in FILTERS {
            knob(ui, id, name, Size::Small, cx);
        }
    });
}

impl App {
    /// The panel alone.
    #[cfg(test)]
    pub(super) fn filter_panel(&mut self, ui: &mut Ui) {
        self.with_cx(ui, panel);
    }
}
