//! Choices: side by side, as a menu, as a switch.

use egui::{Align2, ComboBox, CursorIcon, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::super::theme::font;
use super::{Cx, focus_ring, keys, stepped, stepped_place, tooltip};
use crate::params::{EAR_CHOICES, Kind, ParamId, ear_choice, ear_values, id};
use crate::processor::settings::{KEEP_CHOICES, keep_choice, keep_values};

fn names(id: ParamId) -> &'static [&'static str] {
    match id.spec().kind {
        Kind::Choice { names, .. } => names,
        Kind::Toggle { .. } => &["Off", "On"],
        Kind::Float { .. } => &[],
    }
}

fn plain_of(index: usize) -> f64 {
    u32::try_from(index).map_or(0.0, f64::from)
}

/// The choices side by side, the one in force lit.
pub fn segments(ui: &mut Ui, id: ParamId, height: f32, cx: &mut Cx<'_>) {
    let names = names(id);
    let widths: Vec<f32> = names.iter().map(|name| text_width(ui, name) + 22.0).collect();
    let size = vec2(widths.iter().sum(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(id.spec().key), Sense::click());
    for step in keys(ui, &response) {
        cx.gestures.set(id, stepped(id.spec(), cx.params.get(id), step));
    }
    let chosen = cx.params.choice(id);
    let pointer = response.hover_pos();
    ui.painter().rect_filled(rect, 6.0, cx.theme.grid);
    let mut left = rect.left();
    for (index, (name, width)) in names.iter().zip(widths).enumerate() {
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, height));
        left += width;
        let over = pointer.is_some_and(|at| part.contains(at));
        if response.clicked() && over && index != chosen {
            cx.gestures.set(id, plain_of(index));
        }
        let colour = if index == chosen {
            ui.painter().rect_filled(part.shrink(2.0), 5.0, cx.theme.accent);
            cx.theme.on_accent
        } else if over {
            cx.theme.text
        } else {
            cx.theme.dim
        };
        ui.painter().text(part.center(), Align2::CENTER_CENTER, name, font(12.5), colour);
    }
    focus_ring(ui, &response, 6.0, cx.theme.accent);
    tooltip(response.on_hover_cursor(CursorIcon::PointingHand), id.spec(), cx.theme);
}

/// A name and a menu of the choices below it.
pub fn menu(ui: &mut Ui, id: ParamId, name: &str, width: f32, cx: &mut Cx<'_>) {
    let chosen = cx.params.choice(id);
    let now = menu_of(ui, (id, name), width, names(id), None, chosen, cx);
    if let Some(now) = now.filter(|now| *now != chosen) {
        cx.gestures.set(id, plain_of(now));
    }
}

/// What can be chosen in the menu of what hears, beside the parameters' own choices.
#[derive(Debug, Clone, Default)]
pub struct Ears {
    /// What stands beside the names.
    pub costs: Vec<String>,
    /// The name of the one that the project was made with, if that is another and can be had.
    pub older: Option<String>,
    /// Whether that one hears.
    pub older_hears: bool,
}

/// What was chosen there, be it the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarTaken {
    /// One of the parameters' choices.
    Shipped,
    /// The one that the project was made with.
    Older,
}

/// The menu of what hears: of two parameters, as one list.
pub fn ear_menu(ui: &mut Ui, name: &str, width: f32, ears: &Ears, cx: &mut Cx<'_>) -> Option<EarTaken> {
    let of_choice = |(id, value): (ParamId, u32)| {
        usize::try_from(value).ok().and_then(|value| names(id).get(value)).copied().unwrap_or_default()
    };
    let names: Vec<&str> = EAR_CHOICES.map(of_choice).into_iter().chain(ears.older.as_deref()).collect();
    let chosen = if ears.older_hears { EAR_CHOICES.len() } else { ear_choice(cx.params) };
    let now = menu_of(ui, (id::PACK, name), width, &names, Some(&ears.costs), chosen, cx)?;
    if now >= EAR_CHOICES.len() {
        return Some(EarTaken::Older);
    }
    for (id, plain) in ear_values(now) {
        if cx.params.get(id) != plain {
            cx.gestures.set(id, plain);
        }
    }
    Some(EarTaken::Shipped)
}

/// The menu of what is kept: of two parameters, as one list.
pub fn keep_menu(ui: &mut Ui, name: &str, width: f32, cx: &mut Cx<'_>) {
    let names = KEEP_CHOICES.map(|(id, value)| {
        usize::try_from(value).ok().and_then(|value| names(id).get(value)).copied().unwrap_or_default()
    });
    if let Some(now) = menu_of(ui, (id::KEEP, name), width, &names, None, keep_choice(cx.params), cx) {
        for (id, plain) in keep_values(now) {
            if cx.params.get(id) != plain {
                cx.gestures.set(id, plain);
            }
        }
    }
}

/// Gives the place of what the user chose, by pointer or keys. `id` is what the tooltip is about; `notes` stand behind the names in the
/// list.
fn menu_of(
    ui: &mut Ui,
    (id, name): (ParamId, &str),
    width: f32,
    names: &[&str],
    notes: Option<&[String]>,
    chosen: usize,
    cx: &Cx<'_>,
) -> Option<usize> {
    let shown = ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.label(egui::RichText::new(name).font(font(11.5)).color(cx.theme.dim));
        let mut taken = None;
        let shown = names.get(chosen).copied().unwrap_or_default();
        let combo = ComboBox::from_id_salt(id.spec().key).width(width).truncate().selected_text(shown);
        let response = combo
            .show_ui(ui, |ui| {
                for (index, name) in names.iter().enumerate() {
                    let note = notes.and_then(|notes| notes.get(index)).filter(|note| !note.is_empty());
                    let line = note.map_or_else(|| (*name).to_owned(), |note| format!("{name}: {note}"));
                    if ui.selectable_label(index == chosen, line).clicked() {
                        taken = Some(index);
                    }
                }
            })
            .response;
        let step = keys(ui, &response).first().map(|step| stepped_place(names.len(), chosen, *step));
        focus_ring(ui, &response, 5.0, cx.theme.accent);
        tooltip(response, id.spec(), cx.theme);
        taken.or(step)
    });
    shown.inner
}

/// A switch with its name.
pub fn switch(ui: &mut Ui, id: ParamId, name: &str, cx: &mut Cx<'_>) {
    let width = text_width(ui, name) + 40.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, 24.0), Sense::click());
    let on = cx.params.is_on(id);
    if response.clicked() {
        cx.gestures.set(id, plain_of(usize::from(!on)));
    }
    let (track, knob) =
        if on { (cx.theme.accent, cx.theme.on_accent) } else { (cx.theme.track, cx.theme.text) };
    let body = Rect::from_center_size(pos2(rect.left() + 14.0, rect.center().y), vec2(28.0, 16.0));
    let side = if on { 6.0 } else { -6.0 };
    ui.painter().rect_filled(body, 8.0, track);
    ui.painter().circle_filled(body.center() + Vec2::new(side, 0.0), 5.5, knob);
    let colour = if on || response.hovered() { cx.theme.text } else { cx.theme.dim };
    ui.painter().text(
        pos2(body.right() + 8.0, rect.center().y),
        Align2::LEFT_CENTER,
        name,
        font(12.5),
        colour,
    );
    focus_ring(ui, &response, 8.0, cx.theme.accent);
    tooltip(response.on_hover_cursor(CursorIcon::PointingHand), id.spec(), cx.theme);
}

fn text_width(ui: &Ui, text: &str) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font(12.5), egui::Color32::WHITE).size().x
}
