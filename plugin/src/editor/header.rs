//! The line at the top: name, presets, A/B, span, theme, bypass.

use egui::{
    Align, Align2, CursorIcon, FontSelection, Key, Layout, Popup, PopupCloseBehavior, Rect, RichText, Sense,
    TextEdit, Ui, vec2,
};

use super::app::App;
use super::compare::Side;
use super::icons::{self, Icon};
use super::settings::Settings;
use super::state::{SPANS_S, ZOOMS, zoom_percent};
use super::theme::{GAP, HEADER_HEIGHT, Theme, font};
use super::undo::Undo;
use super::widgets::{focus_ring, switch};
use crate::params::id;
use crate::presets::title;

const SIDES_HELP: &str = "Two settings to compare. A dot: the other one differs.";

impl App {
    pub(super) fn header(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = GAP;
        ui.horizontal_centered(|ui| {
            logo(ui, self.wide, &self.theme);
            ui.add_space(if self.wide { 3.0 * GAP } else { 0.0 });
            self.preset_browser(ui);
            ui.add_space(GAP);
            self.sides(ui);
            self.undo_buttons(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.with_cx(ui, |ui, cx| switch(ui, id::BYPASS, "Bypass", cx));
                ui.add_space(GAP);
                self.theme_button(ui);
                self.zoom_button(ui);
                self.span(ui);
            });
        });
    }

    fn preset_browser(&mut self, ui: &mut Ui) {
        let width = if self.wide { 210.0 } else { 170.0 };
        let loaded = self.shared.preset();
        let mut wanted = None;
        let (mut defaults, mut deleted, mut renamed) = (false, None, None);
        ui.spacing_mut().item_spacing.x = 2.0;
        if small_button(ui, Icon::Previous, "Previous preset", &self.theme) {
            wanted = self.presets.beside(loaded.as_deref(), -1).map(|entry| entry.source.clone());
        }
        let (rect, response) = ui.allocate_exact_size(vec2(width, 28.0), Sense::click());
        let fill = if response.hovered() { self.theme.track } else { self.theme.panel };
        ui.painter().rect_filled(rect, 6.0, fill);
        let name = match &loaded {
            Some(source) => {
                self.presets.find(source).map_or_else(|| title(source), |entry| entry.title.clone())
            }
            None => "Presets".to_owned(),
        };
        let name = if self.preset_altered { format!("{name} (changed)") } else { name };
        let colour = if loaded.is_some() { self.theme.text } else { self.theme.dim };
        centred(ui, rect, name, colour);
        focus_ring(ui, &response, 6.0, self.theme.accent);
        if small_button(ui, Icon::Next, "Next preset", &self.theme) {
            wanted = self.presets.beside(loaded.as_deref(), 1).map(|entry| entry.source.clone());
        }
        if response.clicked() {
            self.read_presets();
        }
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_width(340.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            let first = RichText::new("Default settings").font(font(13.5)).color(self.theme.text);
            let first = ui.add(egui::Button::new(first).frame(false));
            if first.on_hover_cursor(CursorIcon::PointingHand).clicked() {
                defaults = true;
                ui.close();
            }
            ui.add_space(4.0);
            for entry in self.presets.entries() {
                let chosen = loaded.as_ref() == Some(&entry.source);
                let colour = if chosen { self.theme.accent } else { self.theme.text };
                let button = egui::Button::new(RichText::new(&entry.title).font(font(13.5)).color(colour));
                let clicked = ui
                    .horizontal(|ui| {
                        let chosen = ui.add(button.frame(false)).on_hover_cursor(CursorIcon::PointingHand);
                        // A preset of the user's own gets another name, or is deleted by two clicks.
                        if std::path::Path::new(&entry.source).is_absolute() {
                            let word = RichText::new("Rename").font(font(11.0)).color(self.theme.dim);
                            if ui.add(egui::Button::new(word).frame(false)).clicked() {
                                self.renaming = Some((entry.source.clone(), entry.title.clone()));
                            }
                            let asked = self.deleting.as_ref() == Some(&entry.source);
                            let word = if asked { "Delete it?" } else { "Delete" };
                            let word = RichText::new(word).font(font(11.0)).color(self.theme.dim);
                            if ui.add(egui::Button::new(word).frame(false)).clicked() {
                                deleted = Some((entry.source.clone(), asked));
                            }
                        }
                        chosen.clicked()
                    })
                    .inner;
                if let Some((_, name)) = self.renaming.as_mut().filter(|(source, _)| *source == entry.source)
                    && let Some(written) = name_row(ui, name, "Another name", "Rename")
                {
                    renamed = Some((entry.source.clone(), written));
                }
                ui.indent(&entry.source, |ui| {
                    ui.add(
                        egui::Label::new(RichText::new(&entry.about).font(font(11.5)).color(self.theme.dim))
                            .wrap(),
                    );
                });
                ui.add_space(4.0);
                if clicked {
                    wanted = Some(entry.source.clone());
                    ui.close();
                }
            }
            if let Some(folder) = &self.preset_folder {
                let text = format!("Your own presets: JSON files in {}", folder.display());
                ui.separator();
                ui.add(egui::Label::new(RichText::new(text).font(font(10.5)).color(self.theme.dim)).wrap());
                self.save_row(ui);
            }
        });
        match deleted {
            Some((source, true)) => {
                self.deleting = None;
                self.delete_preset(&source);
            }
            Some((source, false)) => self.deleting = Some(source),
            None => {}
        }
        if let Some((source, name)) = renamed
            && self.rename_preset(&source, &name)
        {
            self.renaming = None;
        }
        if defaults {
            self.load_defaults();
        }
        if let Some(source) = wanted {
            self.load_preset(&source);
        }
        ui.spacing_mut().item_spacing.x = GAP;
    }

    /// A name, and a button that saves what is set under it.
    fn save_row(&mut self, ui: &mut Ui) {
        let written = name_row(ui, &mut self.preset_name, "Save these settings as\u{2026}", "Save");
        if written.is_some() && self.save_preset() {
            ui.close();
        }
    }

    /// A, B, and a button that makes the other side like this one.
    fn sides(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 2.0;
        let differs = self.compare.differs(&Settings::of(&self.shared));
        for (side, name) in [(Side::A, "A"), (Side::B, "B")] {
            let heard = self.compare.heard() == side;
            let name = if differs && !heard { format!("{name} \u{2022}") } else { name.to_owned() };
            if letter(ui, &name, heard, SIDES_HELP, &self.theme) && !heard {
                self.switch_sides();
            }
        }
        let tip = match self.compare.heard() {
            Side::A => "Make B like A",
            Side::B => "Make A like B",
        };
        if small_button(ui, Icon::Copy, tip, &self.theme) {
            self.copy_side();
        }
        ui.spacing_mut().item_spacing.x = GAP;
    }

    /// What was set in the window, taken back or made again.
    fn undo_buttons(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 2.0;
        let (past, future) = (self.undo.has_past(), self.undo.has_future());
        let (back, forth) =
            ("Takes back what was set last (Ctrl Z).", "Sets again what was taken back (Ctrl Shift Z).");
        if letter(ui, "Undo", past, back, &self.theme) {
            self.step(Undo::back);
        }
        if letter(ui, "Redo", future, forth, &self.theme) {
            self.step(Undo::forth);
        }
        ui.spacing_mut().item_spacing.x = GAP;
    }

    fn span(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 2.0;
        if !self.wide {
            let place = SPANS_S.iter().position(|span_s| *span_s == self.span_s).unwrap_or(0);
            let name = format!("{} s", self.span_s);
            if letter(ui, &name, true, "How much of the past is shown: the next span.", &self.theme) {
                self.set_span(SPANS_S[(place + 1) % SPANS_S.len()]);
            }
            return;
        }
        for span_s in SPANS_S.into_iter().rev() {
            let name = format!("{span_s} s");
            if letter(ui, &name, self.span_s == span_s, "How much of the past is shown.", &self.theme) {
                self.set_span(span_s);
            }
        }
        ui.spacing_mut().item_spacing.x = GAP;
    }

    /// How large everything is, on top of the desktop's scale.
    fn zoom_button(&mut self, ui: &mut Ui) {
        let now = zoom_percent(&self.shared);
        let help = "How large the window is (Ctrl +, Ctrl \u{2212}, Ctrl 0).";
        let button = letter_response(ui, &format!("{now} %"), false, help, &self.theme);
        Popup::menu(&button).show(|ui| {
            ui.set_width(70.0);
            for zoom in ZOOMS {
                if ui.selectable_label(zoom == now, format!("{zoom} %")).clicked() {
                    self.set_zoom(zoom);
                }
            }
        });
    }

    fn theme_button(&mut self, ui: &mut Ui) {
        let tip = if self.theme.dark { "Light theme" } else { "Dark theme" };
        if small_button(ui, Icon::Contrast, tip, &self.theme) {
            self.set_theme(ui.ctx(), !self.theme.dark);
        }
    }
}

/// A field for a name with a button; gives the name when the user is done with it.
fn name_row(ui: &mut Ui, name: &mut String, hint: &str, word: &str) -> Option<String> {
    let done = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        let field = TextEdit::singleline(name)
            .hint_text(hint)
            .font(FontSelection::FontId(font(12.5)))
            .desired_width(250.0);
        let written = ui.add(field);
        let entered = written.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let button = egui::Button::new(RichText::new(word).font(font(12.5)));
        let clicked = ui.add(button).on_hover_cursor(CursorIcon::PointingHand).clicked();
        entered || clicked
    });
    done.inner.then(|| name.clone())
}

/// Five bars, the middle one heard: the mark, and the name where there is room.
fn logo(ui: &mut Ui, with_name: bool, theme: &Theme) {
    let width = if with_name { 112.0 } else { 26.0 };
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEADER_HEIGHT), Sense::hover());
    let mut x = rect.left() + 2.0;
    for (height, kept) in [(7.0, false), (15.0, true), (22.0, true), (12.0, true), (5.0, false)] {
        let bar = Rect::from_center_size(egui::pos2(x, rect.center().y), vec2(3.0, height));
        ui.painter().rect_filled(bar, 1.5, if kept { theme.accent } else { theme.track });
        x += 5.0;
    }
    if !with_name {
        return;
    }
    let at = egui::pos2(x + 5.0, rect.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, crate::NAME, font(19.0), theme.text);
}

fn small_button(ui: &mut Ui, icon: Icon, tip: &str, theme: &Theme) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(28.0, 28.0), Sense::click());
    let (ground, colour) =
        if response.hovered() { (theme.track, theme.text) } else { (theme.window, theme.dim) };
    ui.painter().rect_filled(rect, 6.0, ground);
    icons::draw(ui.painter(), icon, rect.center(), colour, ground);
    focus_ring(ui, &response, 6.0, theme.accent);
    response.on_hover_text(tip).on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// A line in the middle of a place, cut with an ellipsis where it is too long.
fn centred(ui: &Ui, rect: Rect, text: String, colour: egui::Color32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text, font(13.5), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width() - 12.0);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(rect.center() - 0.5 * galley.size(), galley, colour);
}

/// A button that is lit while its choice is in force.
fn letter(ui: &mut Ui, name: &str, lit: bool, tip: &str, theme: &Theme) -> bool {
    letter_response(ui, name, lit, tip, theme).clicked()
}

fn letter_response(ui: &mut Ui, name: &str, lit: bool, tip: &str, theme: &Theme) -> egui::Response {
    let galley = ui.painter().layout_no_wrap(name.to_owned(), font(12.5), theme.text);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 16.0, 26.0), Sense::click());
    if lit || response.hovered() {
        ui.painter().rect_filled(rect, 6.0, if lit { theme.track } else { theme.panel });
    }
    let colour = if lit { theme.text } else { theme.dim };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, name, font(12.5), colour);
    focus_ring(ui, &response, 6.0, theme.accent);
    response.on_hover_text(tip).on_hover_cursor(CursorIcon::PointingHand)
}
