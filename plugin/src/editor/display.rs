//! The upper part: what the ear hears, what the gate does, the lanes with the thresholds, the meters.

use earmark_core::decide::Thresholds;
use egui::{Align2, CursorIcon, Painter, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::bars::{self, Level};
use super::columns::{Column, columns};
use super::derived::{Derived, LABELS};
use super::history::{History, LANES};
use super::lanes::{self, INSET, LaneRects};
use super::theme::{GAP, Theme, font};
use super::threshold::{Line, Lines, height_of, probability_at};
use super::widgets::Cx;
use crate::meters::Class;
use crate::params::{ParamId, Params, id};
use crate::processor::settings::own_thresholds_of;

const GUTTER: f32 = 116.0;
const METERS: f32 = 112.0;
/// How near to a line a pointer takes it, points.
const REACH: f32 = 7.0;
/// What the labels of the lanes are called.
pub const NAMES: [&str; LANES] = ["Speech", "Singing", "Music", "Noise"];

/// What the display keeps between pictures.
#[derive(Debug, Default)]
pub struct Display {
    columns: Vec<Column>,
    input: Level,
    output: Level,
    /// The line that is dragged, and what it moves.
    dragged: Option<(Line, ParamId)>,
    /// Where the lanes were drawn last.
    pub lanes: Option<LaneRects>,
}

/// What is shown now.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// The frames.
    pub history: &'a History,
    /// The newest class.
    pub class: Class,
    /// Seconds across.
    pub span_s: usize,
    /// What follows from the parameters.
    pub derived: &'a Derived,
}

/// Both lines of a lane.
#[derive(Debug, Clone, Copy)]
struct LanePair {
    lines: Lines,
    /// The parameters of opening and closing.
    ids: (ParamId, ParamId),
    /// Those of the label alone.
    own: (ParamId, ParamId),
    /// Whether the knobs move them.
    by_knobs: bool,
}

fn line_id((open, close): (ParamId, ParamId), line: Line) -> ParamId {
    match line {
        Line::Open => open,
        Line::Close => close,
    }
}

/// The lines in a lane, where there are any.
fn pair_of(lane: usize, derived: &Derived, params: &Params) -> Option<LanePair> {
    let own = own_thresholds_of(LABELS.get(lane)?)?;
    if let Some(Thresholds { open, close }) = derived.apart[lane] {
        return Some(LanePair { lines: Lines { open, close }, ids: own, own, by_knobs: false });
    }
    let lines = Lines { open: params.get_f32(id::OPEN), close: params.get_f32(id::CLOSE) };
    let knobs = LanePair { lines, ids: (id::OPEN, id::CLOSE), own, by_knobs: true };
    (derived.shown[lane] && derived.decides[lane]).then_some(knobs)
}

impl Display {
    /// Takes the peaks since the last picture. Says whether the meters still move.
    pub fn update(&mut self, (input, output): (f32, f32), now_s: f64) -> bool {
        self.input.update(input, now_s);
        self.output.update(output, now_s);
        self.input.moves() || self.output.moves()
    }

    /// Draws it all.
    pub fn show(&mut self, ui: &mut Ui, area: Rect, now: Now<'_>, cx: &mut Cx<'_>) {
        let frame = Rect::from_min_max(pos2(area.left() + GUTTER, area.top()), area.max - vec2(METERS, 0.0));
        let with_lines = std::array::from_fn(|lane| pair_of(lane, now.derived, cx.params).is_some());
        let lanes = lanes::rects(frame, now.derived.shown, with_lines);
        columns(now.history, now.span_s, frame.width(), &mut self.columns);
        let theme = cx.theme;
        let painter = ui.painter_at(area);
        self.lanes = Some(lanes);
        self.draw_lanes(&painter, &lanes, &now, theme);
        let instead = heard_instead(cx.params);
        gutter(&painter, area.left(), &lanes, &now, instead, theme);
        if let Some((_, sentence)) = instead {
            banner(&painter, lanes.wave, sentence, theme);
        }
        for (lane, rect) in lanes.probabilities.iter().enumerate() {
            if let Some(pair) = pair_of(lane, now.derived, cx.params) {
                self.thresholds(ui, &painter, (lane, *rect), pair, cx);
            }
        }
        let meters = Rect::from_min_max(pos2(frame.right() + 2.0 * GAP, area.top()), area.max);
        self.meters(&painter, meters, &now, theme);
    }

    fn draw_lanes(&self, painter: &Painter, lanes: &LaneRects, now: &Now<'_>, theme: &Theme) {
        let shown = lanes.probabilities.iter().zip(now.derived.shown).filter(|(_, shown)| *shown);
        let shown = shown.map(|(rect, _)| *rect);
        let all: Vec<Rect> = [lanes.wave].into_iter().chain(shown).chain([lanes.silence]).collect();
        for lane in &all {
            painter.rect_filled(*lane, 4.0, theme.lane);
        }
        for (seconds, x) in lanes::seconds(now.span_s, lanes.wave) {
            for lane in &all {
                painter.vline(x, lane.y_range(), Stroke::new(1.0, theme.grid));
            }
            let at = pos2(x, lanes.axis.center().y);
            painter.text(at, Align2::CENTER_CENTER, format!("{seconds} s"), font(10.0), theme.dim);
        }
        let right = lanes.axis.right_center();
        painter.text(right, Align2::RIGHT_CENTER, "now", font(10.0), theme.dim);

        let floor_db = now.derived.floor_db;
        let wave = painter.with_clip_rect(lanes.wave);
        wave.extend(lanes::wave(&self.columns, lanes.wave, floor_db, theme));
        gain_scale(painter, lanes.wave, floor_db, theme);
        for (label, rect) in
            lanes.probabilities.iter().enumerate().filter(|(label, _)| now.derived.shown[*label])
        {
            let decides = now.derived.decides[label];
            painter.with_clip_rect(*rect).extend(lanes::probability(
                &self.columns,
                *rect,
                label,
                decides,
                theme,
            ));
        }
        painter.with_clip_rect(lanes.silence).extend(lanes::silence(&self.columns, lanes.silence, theme));
    }

    /// The two lines: seen, dragged, reset by a double click. With Alt a label that follows the knobs gets lines of its own.
    fn thresholds(
        &mut self,
        ui: &mut Ui,
        painter: &Painter,
        (lane, rect): (usize, Rect),
        pair: LanePair,
        cx: &mut Cx<'_>,
    ) {
        let inner = rect.shrink2(vec2(0.0, 2.0));
        let lines = pair.lines;
        let y_of = |line: Line| height_of(lines.get(line), inner.top(), inner.bottom());
        let response =
            ui.interact(rect, ui.scope_id().with(("thresholds", lane)), Sense::DRAG | Sense::CLICK);
        let at = |y: f32| probability_at(y, inner.top(), inner.bottom());
        let near = |y: f32| lines.pick(at(y), REACH / inner.height().max(1.0));

        let hovered = response.hover_pos().and_then(|pos| near(pos.y));
        if response.drag_started() {
            // Where the button went down, not where the pointer was when that became a drag.
            let (origin, alone) = ui.input(|input| (input.pointer.press_origin(), input.modifiers.alt));
            let ids = if alone { pair.own } else { pair.ids };
            self.dragged = origin.and_then(|pos| near(pos.y)).map(|line| (line, line_id(ids, line)));
            if let Some((_, id)) = self.dragged {
                cx.gestures.begin(id);
            }
        }
        if let (Some((line, id)), Some(pos), true) =
            (self.dragged, response.interact_pointer_pos(), response.dragged())
        {
            cx.gestures.perform(id, f64::from(lines.dragged(line, at(pos.y))).max(id.spec().least()));
        }
        if response.drag_stopped() {
            self.dragged = None;
            cx.gestures.end();
        }
        if let (true, Some(line)) = (response.double_clicked(), hovered) {
            let id = line_id(pair.ids, line);
            cx.gestures.set(id, id.spec().default_plain());
        }
        let lit = self.dragged.map(|(line, _)| line).filter(|_| response.dragged()).or(hovered);
        if lit.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
        }
        for line in [Line::Close, Line::Open] {
            threshold_line(painter, rect, y_of(line), (line, lines.get(line)), (lit, pair.by_knobs), cx);
        }
    }

    fn meters(&self, painter: &Painter, area: Rect, now: &Now<'_>, theme: &Theme) {
        const WIDTH: f32 = 14.0;
        const NUMBERS: f32 = 34.0;
        let bars = Rect::from_min_max(pos2(area.left(), area.top() + 18.0), area.max - vec2(0.0, NUMBERS));
        let third = area.width() / 3.0;
        let column = |index: f32| area.left() + third * (index + 0.5);
        let bar = |index: f32| {
            Rect::from_x_y_ranges(column(index) - 0.5 * WIDTH..=column(index) + 0.5 * WIDTH, bars.y_range())
        };
        let gain_db = now.history.newest().map_or(0.0, |frame| frame.gain_db);
        for (index, name) in [(0.0, "In"), (1.0, "Gain"), (2.0, "Out")] {
            painter.text(pos2(column(index), area.top()), Align2::CENTER_TOP, name, font(11.0), theme.dim);
        }
        bars::level(painter, bar(0.0), &self.input, theme);
        bars::reduction(painter, bar(1.0), gain_db, theme);
        bars::level(painter, bar(2.0), &self.output, theme);
        bars::scale(painter, bars, column(0.0) + 0.5 * third, theme);
        let below = bars.bottom() + 5.0;
        bars::number(painter, column(0.0), below, self.input.peak_dbfs(), bars::LOWEST_DBFS, theme);
        bars::number(painter, column(1.0), below, gain_db, -100.0, theme);
        bars::number(painter, column(2.0), below, self.output.peak_dbfs(), bars::LOWEST_DBFS, theme);
        let unit = pos2(area.center().x, area.bottom());
        painter.text(unit, Align2::CENTER_BOTTOM, "dB", font(10.0), theme.dim);
    }
}

/// What goes out in the place of the gate's result: a word and a sentence.
fn heard_instead(params: &Params) -> Option<(&'static str, &'static str)> {
    match params.choice(id::LISTEN) {
        _ if params.is_on(id::BYPASS) => {
            Some(("Bypassed", "Bypassed: everything passes, whatever the gate does"))
        }
        1 => Some(("Removed", "You hear what is taken away")),
        2 => Some(("Detector", "You hear what the ear hears")),
        _ => None,
    }
}

/// A line across the waveform that cannot be overlooked.
fn banner(painter: &Painter, wave: Rect, sentence: &str, theme: &Theme) {
    let galley = painter.layout_no_wrap(sentence.to_owned(), font(14.0), theme.window);
    let place = Rect::from_center_size(wave.center(), galley.size() + vec2(24.0, 10.0));
    painter.rect_filled(place, 4.0, theme.warn);
    painter.galley(place.center() - 0.5 * galley.size(), galley, theme.window);
}

/// Names and newest values, left of the lanes.
fn gutter(
    painter: &Painter,
    left: f32,
    lanes: &LaneRects,
    now: &Now<'_>,
    instead: Option<(&'static str, &'static str)>,
    theme: &Theme,
) {
    let newest = now.history.newest();
    let top = lanes.wave.left_top();
    let caption = |y: f32, text: &str| {
        painter.text(pos2(left, y), Align2::LEFT_TOP, text, font(11.0), theme.dim);
    };
    let headline = |y: f32, text: String, colour| {
        painter.text(pos2(left, y), Align2::LEFT_TOP, text, font(22.0), colour);
    };
    let (heard, kept) = match now.class {
        Class::Silence => ("Silence", false),
        Class::Unknown => ("Other", false),
        Class::Noise => ("Noise", now.derived.kept[3]),
        Class::Music => ("Music", now.derived.kept[2]),
        Class::Singing => ("Singing", now.derived.kept[1]),
        Class::Speech => ("Speech", now.derived.kept[0]),
    };
    caption(top.y + 2.0, "The ear hears");
    match newest {
        Some(_) => headline(top.y + 15.0, heard.to_owned(), if kept { theme.accent } else { theme.text }),
        None => headline(top.y + 15.0, "nothing".to_owned(), theme.dim),
    }
    caption(top.y + 50.0, if instead.is_some() { "The output is" } else { "The gate is" });
    if let Some((word, _)) = instead {
        // A longer word than the others, beside the numbers of the gain.
        let at = pos2(left, top.y + 65.0);
        painter.text(at, Align2::LEFT_TOP, word, font(19.0), theme.warn);
    }
    match newest.filter(|_| instead.is_none()).map(|frame| frame.gain_db) {
        Some(gain_db) if gain_db > -0.05 => headline(top.y + 63.0, "open".to_owned(), theme.accent),
        Some(gain_db) if gain_db <= -100.0 => headline(top.y + 63.0, "closed".to_owned(), theme.text),
        Some(gain_db) => headline(top.y + 63.0, format!("{} dB", bars::decibels(gain_db)), theme.text),
        None if instead.is_some() => {}
        None => headline(top.y + 63.0, "at rest".to_owned(), theme.dim),
    }
    for (label, rect) in lanes.probabilities.iter().enumerate().filter(|(label, _)| now.derived.shown[*label])
    {
        let decides = now.derived.decides[label];
        let colour = if decides { theme.text } else { theme.dim };
        let middle = rect.center().y;
        painter.text(pos2(left, middle), Align2::LEFT_CENTER, NAMES[label], font(13.0), colour);
        if let Some(frame) = newest {
            let percent = format!("{:.0} %", 100.0 * frame.probabilities[label]);
            let at = pos2(rect.left() - INSET, middle);
            painter.text(at, Align2::RIGHT_CENTER, percent, font(12.0), colour);
        }
    }
    let middle = pos2(left, lanes.silence.center().y);
    painter.text(middle, Align2::LEFT_CENTER, "Silence", font(11.0), theme.dim);
}

/// Numbers for the gain, left of the waveform.
fn gain_scale(painter: &Painter, lane: Rect, floor_db: f32, theme: &Theme) {
    let step = if floor_db > 48.0 {
        24.0
    } else if floor_db > 20.0 {
        12.0
    } else {
        6.0
    };
    let mut gain_db = -step;
    while gain_db > -floor_db {
        let y = lanes::gain_height(gain_db, floor_db, lane);
        let text = format!("\u{2212}{:.0}", -gain_db);
        painter.text(pos2(lane.left() - INSET, y), Align2::RIGHT_CENTER, text, font(10.0), theme.dim);
        gain_db -= step;
    }
}

/// `lit`: the line that the pointer has; `by_knobs`: whether the large knobs move it.
fn threshold_line(
    painter: &Painter,
    rect: Rect,
    y: f32,
    (line, value): (Line, f32),
    (lit, by_knobs): (Option<Line>, bool),
    cx: &Cx<'_>,
) {
    /// Lower lanes have no room for two texts.
    const ROOM: f32 = 40.0;
    let lit = lit == Some(line);
    let colour = match (lit, by_knobs) {
        (true, _) => cx.theme.text,
        (false, true) => cx.theme.text.gamma_multiply(0.65),
        (false, false) => cx.theme.dim,
    };
    let ends = [pos2(rect.left(), y), pos2(rect.right(), y)];
    let stroke = Stroke::new(if lit { 1.5 } else { 1.0 }, colour);
    match line {
        Line::Open => {
            painter.line_segment(ends, stroke);
        }
        Line::Close => painter.extend(Shape::dashed_line(&ends, stroke, 5.0, 4.0)),
    }
    // The handle: a tab at the right edge, with the value beside it.
    let tab =
        [pos2(rect.right() + 1.0, y), pos2(rect.right() + 8.0, y - 5.0), pos2(rect.right() + 8.0, y + 5.0)];
    painter.add(Shape::convex_polygon(tab.to_vec(), colour, Stroke::NONE));
    let name = match line {
        Line::Open => "open",
        Line::Close => "close",
    };
    if rect.height() < ROOM && !lit {
        return;
    }
    let text = format!("{name} {:.1} %", 100.0 * value);
    let (anchor, y) = match line {
        Line::Open => (Align2::RIGHT_BOTTOM, y - 1.0),
        Line::Close => (Align2::RIGHT_TOP, y + 1.0),
    };
    let galley = painter.layout_no_wrap(text, font(10.5), colour);
    let place = anchor.anchor_size(pos2(rect.right() - 6.0, y), galley.size());
    // A line at the very edge of the lane has its text on the other side.
    let place = place.translate(vec2(
        0.0,
        (rect.top() - place.top()).max(0.0) - (place.bottom() - rect.bottom()).max(0.0),
    ));
    painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 3.0, cx.theme.lane.gamma_multiply(0.8));
    painter.galley(place.min, galley, colour);
}
