//! A knob: name, arc, value; the value opens as text.

use std::f32::consts::PI;

use egui::{
    Align2, Color32, CursorIcon, FontSelection, Id, Key, Modifiers, Painter, Pos2, Rect, Role, Sense, Shape,
    Stroke, TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::super::theme::{Theme, font};
use super::{Cx, dragged, small_edits, tooltip};
use crate::host_words::{Automation, Indication, Rgb};
use crate::params::{ParamId, ParamSpec};

/// How much a knob matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// What is set every time.
    Large,
    /// What is set now and then.
    Small,
}

impl Size {
    fn radius(self) -> f32 {
        match self {
            Self::Large => 21.0,
            Self::Small => 11.0,
        }
    }

    /// What it takes up.
    pub fn area(self) -> Vec2 {
        match self {
            Self::Large => vec2(72.0, 92.0),
            Self::Small => vec2(64.0, 62.0),
        }
    }
}

const NAME_HEIGHT: f32 = 16.0;
const VALUE_HEIGHT: f32 = 18.0;

/// Shows a knob for a parameter at the place that `ui` is at.
pub fn knob(ui: &mut Ui, id: ParamId, name: &str, size: Size, cx: &mut Cx<'_>) {
    let spec = id.spec();
    let (area, _) = ui.allocate_exact_size(size.area(), Sense::hover());
    let turn = Rect::from_min_max(area.min, pos2(area.right(), area.bottom() - VALUE_HEIGHT));
    let response = ui.interact(turn, ui.scope_id().with(spec.key), Sense::click_and_drag());
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.drag_started() {
        cx.gestures.begin(id);
    }
    if response.dragged() && response.drag_delta().y != 0.0 {
        let fine = ui.input(|input| input.modifiers.shift);
        cx.gestures.perform(id, dragged(spec, cx.params.get(id), -response.drag_delta().y, fine));
    }
    if response.drag_stopped() {
        cx.gestures.end();
    }
    small_edits(ui, &response, id, cx);

    let entry = response.id.with("entry");
    // Consumed, or the entry would take it as its end.
    if response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter)) {
        open_entry(ui, entry, cx.text(id));
    }
    let text = cx.text(id);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, true, spec.name);
        info.value = Some(cx.params.get(id));
        info
    });

    let lit = response.hovered() || response.dragged() || response.has_focus();
    let centre = pos2(area.center().x, area.top() + NAME_HEIGHT + 3.0 + size.radius());
    let painter = ui.painter();
    let name_colour = if lit { cx.theme.text } else { cx.theme.dim };
    painter.text(area.center_top(), Align2::CENTER_TOP, name, font(11.5), name_colour);
    if let Some(indication) = cx.indicated.get(&id) {
        mark(painter, area.right_top() + vec2(-8.0, 8.0), indication, cx.theme);
    }
    arc_knob(painter, centre, size, spec, cx.params.get(id), lit, cx.theme);
    if response.has_focus() {
        painter.circle_stroke(centre, size.radius() + 5.0, Stroke::new(1.0, cx.theme.accent));
    }
    let value = Rect::from_min_max(pos2(area.left(), area.bottom() - VALUE_HEIGHT), area.max);
    value_text(ui, value, (id, &text), (response.id, entry), cx);
    tooltip(response.on_hover_and_drag_cursor(CursorIcon::ResizeVertical), spec, cx.theme);
}

/// What the host says of the parameter: a full mark for a control of some hardware, a ring for a lane, thick while it moves the
/// parameter or takes what moves it.
fn mark(painter: &Painter, at: Pos2, indication: &Indication, theme: &Theme) {
    let colour =
        |own: Rgb, usual| own.map_or(usual, |[red, green, blue]| Color32::from_rgb(red, green, blue));
    if let Some(own) = indication.mapped {
        painter.circle_filled(at, 2.5, colour(own, theme.accent));
    }
    if let Some((automation, own)) = indication.automation {
        let (width, usual) = match automation {
            Automation::Present | Automation::Overridden => (1.0, theme.dim),
            Automation::Playing => (2.0, theme.accent),
            Automation::Recording => (2.0, theme.warn),
        };
        painter.circle_stroke(at, 5.0, Stroke::new(width, colour(own, usual)));
    }
}

/// The value below a knob: a click turns it into a text entry.
fn value_text(
    ui: &mut Ui,
    rect: Rect,
    (id, text): (ParamId, &str),
    (knob, entry): (Id, Id),
    cx: &mut Cx<'_>,
) {
    let written = ui.data(|data| data.get_temp::<String>(entry));
    let Some(mut written) = written else {
        let response = ui.interact(rect, entry.with("value"), Sense::CLICK);
        let colour = if response.hovered() { cx.theme.accent } else { cx.theme.text };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font(12.5), colour);
        if response.on_hover_cursor(CursorIcon::Text).clicked() {
            open_entry(ui, entry, text.to_owned());
        }
        return;
    };
    let edit = TextEdit::singleline(&mut written)
        .id(entry)
        .font(FontSelection::FontId(font(12.5)))
        .align(Align2::CENTER_CENTER)
        .margin(vec2(2.0, 1.0))
        .desired_width(rect.width());
    let response = ui.put(rect, edit);
    // The second of two quick clicks may come before the field is there to take it: that is no click beside it.
    let is_clicked_again = ui.input(|input| {
        let at = input.pointer.interact_pos();
        (input.pointer.any_pressed() || input.pointer.any_click()) && at.is_some_and(|at| rect.contains(at))
    });
    if response.lost_focus() && is_clicked_again {
        open_entry(ui, entry, written);
    } else if response.lost_focus() {
        let cancelled = ui.input(|input| input.key_pressed(Key::Escape));
        if let Some(plain) = id.spec().from_text(&written).filter(|_| !cancelled) {
            cx.gestures.set(id, plain);
        }
        ui.data_mut(|data| data.remove::<String>(entry));
        if cancelled || ui.input(|input| input.key_pressed(Key::Enter)) {
            ui.memory_mut(|memory| memory.request_focus(knob));
        }
    } else {
        ui.data_mut(|data| data.insert_temp(entry, written));
    }
}

fn open_entry(ui: &Ui, entry: Id, text: String) {
    let end = egui::text::CCursor::new(text.chars().count());
    let mut state = egui::text_edit::TextEditState::default();
    let all = egui::text::CCursorRange::two(egui::text::CCursor::default(), end);
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), entry);
    ui.data_mut(|data| data.insert_temp(entry, text));
    ui.memory_mut(|memory| memory.request_focus(entry));
}

/// Where the arc begins and ends, radians from the right, clockwise: it leaves a quarter open below.
const START: f32 = 0.75 * PI;
const SWEEP: f32 = 1.5 * PI;

#[expect(clippy::cast_possible_truncation, reason = "0 to 1, for pixels")]
fn arc_knob(
    painter: &Painter,
    centre: Pos2,
    size: Size,
    spec: &ParamSpec,
    plain: f64,
    lit: bool,
    theme: &Theme,
) {
    let radius = size.radius();
    let share = spec.normalise(plain) as f32;
    // A value that can be on both sides of zero has its arc from there.
    let zero = if spec.min() < 0.0 && spec.max() > 0.0 { spec.normalise(0.0) as f32 } else { 0.0 };
    let width = if size == Size::Large { 3.5 } else { 2.5 };
    let body = if lit { theme.track } else { theme.grid };
    painter.circle_filled(centre, radius - if size == Size::Large { 5.0 } else { 3.5 }, body);
    arc(painter, centre, radius, (0.0, 1.0), Stroke::new(width, theme.track));
    arc(painter, centre, radius, (zero.min(share), zero.max(share)), Stroke::new(width, theme.accent));
    let towards = Vec2::angled(START + SWEEP * share);
    let needle = [centre + towards * (radius - 12.0).max(3.0), centre + towards * (radius - 6.5)];
    painter.line_segment(needle, Stroke::new(2.0, theme.text));
}

fn arc(painter: &Painter, centre: Pos2, radius: f32, (from, to): (f32, f32), stroke: Stroke) {
    const POINTS: u8 = 32;
    if to - from < 1e-3 || stroke.color == Color32::TRANSPARENT {
        return;
    }
    let at = |i: u8| {
        let share = from + (to - from) * f32::from(i) / f32::from(POINTS);
        centre + Vec2::angled(START + SWEEP * share) * radius
    };
    painter.add(Shape::line((0..=POINTS).map(at).collect(), stroke));
}
