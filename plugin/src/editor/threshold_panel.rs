//! Thresholds of single labels: a button that opens two knobs for each.

use earmark_core::Label;
use egui::{Popup, PopupCloseBehavior, RichText, Ui, vec2};

use super::app::App;
use super::derived::LABELS;
use super::display::NAMES;
use super::theme::{GAP, font};
use super::widgets::{Size, knob, opener};
use crate::params::{ParamId, id};
use crate::processor::settings::{OWN_THRESHOLDS, open_above_dbfs, own_thresholds_of};

const ABOUT: &str = "Thresholds that a label has for itself. Auto: those of the knobs Open and Close where the label \
                     decides what is kept, else those of the preset or the ear. In the lanes: drag a line, with Alt where it \
                     follows the knobs; a double click gives it back. Level: what is quieter opens nothing, however sure the ear is.";

impl App {
    /// The button, and the panel while it is open.
    pub(super) fn thresholds_button(&mut self, ui: &mut Ui) {
        let is_set = |id| self.shared.params.get(id) > 0.0;
        let any = OWN_THRESHOLDS.iter().any(|(_, open, close)| is_set(*open) || is_set(*close))
            || open_above_dbfs(&self.shared.params).is_some();
        let colour = if any { self.theme.accent } else { self.theme.text };
        let button = opener(ui, "Thresholds\u{2026}", colour);
        Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_width(300.0);
            self.threshold_panel(ui);
        });
    }

    pub(super) fn threshold_panel(&mut self, ui: &mut Ui) {
        ui.add(egui::Label::new(RichText::new(ABOUT).font(font(11.0)).color(self.theme.dim)).wrap());
        let singing = self.shared.has_singing();
        for (label, name) in LABELS.iter().zip(NAMES) {
            // As its lane: where the ear does not tell it there is nothing to set.
            if *label == Label::SINGING && !singing {
                continue;
            }
            let Some((open, close)) = own_thresholds_of(label) else { continue };
            self.threshold_row(ui, name, &[(open, "Open"), (close, "Close")]);
        }
        self.threshold_row(ui, "Level", &[(id::OPEN_ABOVE_DBFS, "Above")]);
    }

    fn threshold_row(&mut self, ui: &mut Ui, name: &str, knobs: &[(ParamId, &str)]) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            ui.allocate_ui(vec2(80.0, Size::Small.area().y), |ui| {
                ui.set_min_width(80.0);
                ui.centered_and_justified(|ui| {
                    ui.label(RichText::new(name).font(font(13.0)).color(self.theme.text));
                });
            });
            self.with_cx(ui, |ui, cx| {
                for (id, caption) in knobs {
                    knob(ui, *id, caption, Size::Small, cx);
                }
            });
        });
    }
}
