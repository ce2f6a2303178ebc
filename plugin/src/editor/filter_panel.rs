//! What is taken away before the ear hears: a button that opens the two filters.

use egui::{CursorIcon, Popup, PopupCloseBehavior, RichText, Ui};

use super::app::App;
use super::theme::{GAP, font};
use super::widgets::{Cx, Size, hold_arrows, knob};
use crate::params::{ParamId, id};

const ABOUT: &str = "What lies below the high-pass or above the low-pass is not heard by the ear, and decides nothing: neither as \
                     a label nor as level. What passes the gate keeps it. Listen to Detector to hear what is left.";

/// The filters with what stands above their knobs.
const FILTERS: [(ParamId, &str); 2] =
    [(id::DETECTOR_HIGH_PASS_HZ, "High-pass"), (id::DETECTOR_LOW_PASS_HZ, "Low-pass")];

/// The button, lit while a filter is on, and the panel while it is open.
pub(super) fn filter_button(ui: &mut Ui, cx: &mut Cx<'_>) {
    let is_on = FILTERS.iter().any(|(id, _)| cx.params.get(*id) != id.spec().default_plain());
    let colour = if is_on { cx.theme.accent } else { cx.theme.text };
    let text = RichText::new("Filter\u{2026}").font(font(11.5)).color(colour);
    let button = ui.add(egui::Button::new(text).frame(false)).on_hover_cursor(CursorIcon::PointingHand);
    if button.has_focus() {
        // Else an arrow would lead away, to whatever lies above.
        hold_arrows(ui, &button);
    }
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
