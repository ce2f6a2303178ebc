//! The transfer curve of ducking by level: what goes in across, what comes out upwards.

use earmark_core::gate::Duck;
use egui::{Pos2, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::Size;
use crate::editor::theme::Theme;

/// The lowest level of both sides, dBFS.
const FLOOR_DBFS: f32 = -60.0;
/// Levels at which the curve is drawn, from the floor to 0 dBFS, one every half decibel: its own step.
const POINTS: u16 = 121;
/// Points across.
const WIDTH: f32 = 92.0;

const ABOUT: &str = "What becomes of the rest by its level: in across, out upwards, both from \u{2212}60 to 0 dBFS. The thin line is no change, the upright \
                     one stands at Above.";

/// The levels that come out where `duck` turns down, dBFS, with those that go in.
fn curve(duck: &Duck) -> impl Iterator<Item = (f32, f32)> {
    (0..POINTS).map(|index| {
        let level = FLOOR_DBFS * (1.0 - f32::from(index) / f32::from(POINTS - 1));
        (level, level + duck.gain_db(level))
    })
}

/// Draws it.
pub fn transfer(ui: &mut Ui, duck: &Duck, theme: &Theme) -> Response {
    let (area, response) = ui.allocate_exact_size(vec2(WIDTH, Size::Small.area().y), Sense::hover());
    let side = area.height() - 6.0;
    let square = Rect::from_min_size(area.min + vec2((WIDTH - side) / 2.0, 3.0), vec2(side, side));
    let at = |level: f32, out: f32| -> Pos2 {
        let share = |dbfs: f32| (1.0 - dbfs / FLOOR_DBFS).clamp(0.0, 1.0);
        pos2(square.left() + square.width() * share(level), square.bottom() - square.height() * share(out))
    };
    let painter = ui.painter();
    painter.rect_filled(square, 3.0, theme.lane);
    painter.line_segment([square.left_bottom(), square.right_top()], Stroke::new(1.0, theme.grid));
    let above = at(duck.above_dbfs, FLOOR_DBFS).x;
    painter.vline(above, square.y_range(), Stroke::new(1.0, theme.track));
    let line = curve(duck).map(|(level, out)| at(level, out)).collect();
    painter.line(line, Stroke::new(1.5, theme.accent));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Transfer curve"));
    response.on_hover_text(ABOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_bends_at_the_threshold_and_goes_down_no_further_than_the_depth() {
        let duck = Duck { by_db: 12.0, ratio: Some(4.0), above_dbfs: -30.0, knee_db: 0.0 };
        for (level, wanted) in [
            (-60.0, -60.0),
            (-40.0, -40.0),
            (-30.0, -30.0),
            // A quarter of what is above.
            (-18.0, -27.0),
            // By the depth at most.
            (0.0, -12.0),
        ] {
            let near = |&(at, _): &(f32, f32)| (at - level).abs() < 0.01;
            let (_, out) = curve(&duck).find(near).expect("a point");
            assert!((out - wanted).abs() < 0.01, "{level} comes out as {out}");
        }
        let falls = |((_, one), (_, next)): ((f32, f32), (f32, f32))| next < one - 0.01;
        assert!(!curve(&duck).zip(curve(&duck).skip(1)).any(falls), "never back");
    }
}
