//! The rolling lanes as shapes: a pure function of columns, rectangles and colours.

use egui::epaint::{Mesh, PathShape, PathStroke, Vertex, WHITE_UV};
use egui::{Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::columns::Column;
use super::history::LANES;
use super::theme::{GAP, Theme};
use super::threshold::height_of;

/// Where the lanes lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaneRects {
    /// Waveform and gain.
    pub wave: Rect,
    /// One for each label.
    pub probabilities: [Rect; LANES],
    /// Where silence is marked.
    pub silence: Rect,
    /// Seconds.
    pub axis: Rect,
}

const SILENCE_HEIGHT: f32 = 10.0;
const AXIS_HEIGHT: f32 = 16.0;
const LANE_GAP: f32 = 4.0;

/// Divides an area: the waveform first, then the lanes that are shown, those that decide (they carry the thresholds) taller.
/// A lane that is not shown has no height.
pub fn rects(area: Rect, shown: [bool; LANES], decides: [bool; LANES]) -> LaneRects {
    const WAVE: f32 = 5.0;
    // What is heard and what the gate does stands beside it.
    const WAVE_LEAST: f32 = 92.0;
    let weight = |lane: usize| match (shown[lane], decides[lane]) {
        (false, _) => 0.0,
        (true, true) => 3.0,
        (true, false) => 1.4,
    };
    let lanes: [usize; LANES] = std::array::from_fn(|lane| lane);
    let gaps = lanes.iter().filter(|&&lane| shown[lane]).fold(2.0 * LANE_GAP, |gaps, _| gaps + LANE_GAP);
    let free = (area.height() - SILENCE_HEIGHT - AXIS_HEIGHT - gaps).max(0.0);
    let sum = WAVE + lanes.iter().map(|&lane| weight(lane)).sum::<f32>();
    let mut top = area.top();
    let mut next = |height: f32| {
        let rect = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), height));
        top += height + LANE_GAP;
        rect
    };
    let wave_height = (free * WAVE / sum).max(WAVE_LEAST.min(0.6 * free));
    let (free, sum) = (free - wave_height, (sum - WAVE).max(1.0));
    let wave = next(wave_height);
    let probabilities = lanes.map(|lane| {
        if shown[lane] {
            next(free * weight(lane) / sum)
        } else {
            Rect::from_min_size(area.min, vec2(0.0, 0.0))
        }
    });
    let silence = next(SILENCE_HEIGHT);
    let axis = next(AXIS_HEIGHT);
    LaneRects { wave, probabilities, silence, axis }
}

/// The height of a magnitude in the waveform, as a share of half the lane. The root makes room tone visible
/// beside a shout.
pub fn magnitude_share(magnitude: f32) -> f32 {
    magnitude.clamp(0.0, 1.0).sqrt()
}

/// The deepest gain that the waveform lane can show for a gate of this depth: a round number beyond it.
pub fn gain_floor_db(deepest_db: f32) -> f32 {
    ((deepest_db.max(6.0) * 1.1) / 6.0).ceil() * 6.0
}

/// The height of a gain; what is deeper than the floor lies on the floor.
pub fn gain_height(gain_db: f32, floor_db: f32, lane: Rect) -> f32 {
    let share = (-gain_db / floor_db.max(1.0)).clamp(0.0, 1.0);
    lane.top() + 2.0 + share * (lane.height() - 4.0)
}

/// The waveform: what came in as a shadow, what goes out before it, and the gain as a curtain from above.
pub fn wave(columns: &[Column], lane: Rect, floor_db: f32, theme: &Theme) -> Vec<Shape> {
    let middle = lane.center().y;
    let half = lane.height() * 0.5 - 4.0;
    let band = |magnitude: f32| {
        let height = (magnitude_share(magnitude) * half).max(0.5);
        (middle - height, middle + height)
    };
    let gain_y = |column: &Column| gain_height(column.frame.gain_db, floor_db, lane);
    let curtain = theme.accent.gamma_multiply(if theme.dark { 0.13 } else { 0.12 });
    vec![
        strip(columns, lane.left(), theme.removed, |c| band(c.frame.input)),
        strip(columns, lane.left(), theme.passed, |c| band(c.frame.output)),
        strip(columns, lane.left(), curtain, |c| (lane.top(), gain_y(c))),
        line(columns, lane.left(), Stroke::new(1.5, theme.accent), gain_y),
    ]
}

/// The probability of one label; filled with the accent where the label decides.
pub fn probability(columns: &[Column], lane: Rect, label: usize, decides: bool, theme: &Theme) -> Vec<Shape> {
    let colour = if decides { theme.accent } else { theme.dim };
    let inner = lane.shrink2(vec2(0.0, 2.0));
    let value = |c: &Column| c.frame.probabilities.get(label).copied().unwrap_or(0.0);
    let y = |c: &Column| height_of(value(c), inner.top(), inner.bottom());
    vec![
        strip(columns, lane.left(), colour.gamma_multiply(0.22), |c| (y(c), lane.bottom())),
        line(columns, lane.left(), Stroke::new(1.25, colour), y),
    ]
}

/// Marks where it is silent.
pub fn silence(columns: &[Column], lane: Rect, theme: &Theme) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for run in columns.chunk_by(|a, b| a.frame.silent == b.frame.silent) {
        if let (Some(first), Some(last)) = (run.first(), run.last())
            && first.frame.silent
        {
            let mark = Rect::from_x_y_ranges(
                lane.left() + first.left..=lane.left() + last.right,
                lane.center().y - 2.0..=lane.center().y + 2.0,
            );
            shapes.push(Shape::rect_filled(mark, 2.0, theme.dim));
        }
    }
    shapes
}

/// A vertical line for each `step_s` seconds before now, and its distance from now.
pub fn seconds(span_s: usize, lane: Rect) -> impl Iterator<Item = (usize, f32)> {
    let step_s = if span_s > 20 { 5 } else { 2 };
    (step_s..span_s).step_by(step_s).map(move |s| (s, lane.right() - lane.width() * ratio(s, span_s)))
}

#[expect(clippy::cast_precision_loss, reason = "seconds on a screen")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

/// Heights that differ by less than this are one level, points.
const LEVEL: f32 = 0.25;

/// A band through the middles of the columns: left, top and bottom. What stays on one level needs its two ends only.
fn outline(columns: &[Column], left: f32, ends: impl Fn(&Column) -> (f32, f32)) -> Vec<[f32; 3]> {
    let mut points: Vec<[f32; 3]> = Vec::with_capacity(columns.len() + 2);
    for (x, column) in spread(columns, left) {
        let (top, bottom) = ends(column);
        let is_level = |[_, a, b]: [f32; 3]| (a - top).abs() < LEVEL && (b - bottom).abs() < LEVEL;
        if let [.., a, b] = points[..]
            && is_level(a)
            && is_level(b)
        {
            points.pop();
        }
        points.push([x, top, bottom]);
    }
    points
}

/// A filled band through the middles of the columns, one mesh.
fn strip(columns: &[Column], left: f32, colour: Color32, ends: impl Fn(&Column) -> (f32, f32)) -> Shape {
    let outline = outline(columns, left, ends);
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(2 * outline.len());
    mesh.reserve_triangles(2 * outline.len());
    for [x, top, bottom] in outline {
        for y in [top, bottom] {
            mesh.vertices.push(Vertex { pos: pos2(x, y), uv: WHITE_UV, color: colour });
        }
    }
    let points = u32::try_from(mesh.vertices.len() / 2).unwrap_or(0);
    for i in 1..points {
        let (a, b) = (2 * i - 2, 2 * i);
        mesh.add_triangle(a, a + 1, b);
        mesh.add_triangle(a + 1, b, b + 1);
    }
    Shape::mesh(mesh)
}

/// A curve through the middles of the columns.
fn line(columns: &[Column], left: f32, stroke: Stroke, height: impl Fn(&Column) -> f32) -> Shape {
    let outline = outline(columns, left, |column| (height(column), 0.0));
    let points: Vec<Pos2> = outline.into_iter().map(|[x, y, _]| pos2(x, y)).collect();
    let stroke = PathStroke::new(stroke.width, stroke.color);
    Shape::Path(PathShape { points, closed: false, fill: Color32::TRANSPARENT, stroke })
}

/// The columns by their middles, from the left edge of the first to the right edge of the last.
fn spread(columns: &[Column], left: f32) -> impl Iterator<Item = (f32, &Column)> {
    let first = columns.first().map(|c| (left + c.left, c));
    let last = columns.last().map(|c| (left + c.right, c));
    let middles = columns.iter().map(move |c| (left + 0.5 * (c.left + c.right), c));
    first.into_iter().chain(middles).chain(last)
}

/// Distance between text and the edge of a lane.
pub const INSET: f32 = GAP;

#[cfg(test)]
mod tests {
    use super::super::history::Frame;
    use super::*;

    const LANE: Rect = Rect { min: Pos2 { x: 100.0, y: 50.0 }, max: Pos2 { x: 500.0, y: 250.0 } };

    fn list(frames: &[Frame]) -> Vec<Column> {
        let mut left = 0.0;
        let column = |frame: &Frame| {
            left += 2.0;
            Column { left: left - 2.0, right: left, frame: *frame }
        };
        frames.iter().map(column).collect()
    }

    fn bounds(shape: &Shape) -> Rect {
        shape.visual_bounding_rect()
    }

    #[test]
    fn lanes_fill_the_area_in_order_and_deciding_ones_are_taller() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(640.0, 400.0));
        let lanes = rects(area, [true; LANES], [true, false, false, false]);
        let all = [&[lanes.wave][..], &lanes.probabilities, &[lanes.silence, lanes.axis]].concat();
        assert!(all.windows(2).all(|w| (w[1].top() - w[0].bottom() - LANE_GAP).abs() < 1e-3));
        assert!((lanes.axis.bottom() - area.bottom()).abs() < 1e-2 && lanes.wave.top() == area.top());
        assert!(lanes.probabilities[0].height() > 2.0 * lanes.probabilities[1].height());
        let three = rects(area, [true, false, true, true], [true, false, false, false]);
        assert!(three.probabilities[1].height() == 0.0 && (three.axis.bottom() - area.bottom()).abs() < 1e-2);
        let below = three.probabilities[2].top() - three.probabilities[0].bottom();
        assert!((below - LANE_GAP).abs() < 1e-3, "no hole where a lane is not shown: {below}");
        let tiny = rects(Rect::from_min_size(pos2(0.0, 0.0), vec2(10.0, 5.0)), [true; LANES], [true; LANES]);
        assert!(tiny.wave.height() >= 0.0);
    }

    #[test]
    fn the_gain_falls_from_the_top_to_its_floor() {
        assert_eq!(gain_floor_db(30.0), 36.0);
        assert_eq!(gain_floor_db(0.0), 12.0);
        assert_eq!(gain_height(0.0, 36.0, LANE), 52.0);
        assert_eq!(gain_height(-18.0, 36.0, LANE), 150.0);
        assert_eq!(gain_height(f32::NEG_INFINITY, 36.0, LANE), 248.0);
    }

    #[test]
    fn what_is_removed_stands_out_behind_what_passes() {
        let frames = [Frame { input: 1.0, output: 0.04, gain_db: -28.0, ..Frame::UNKNOWN }; 10];
        let shapes = wave(&list(&frames), LANE, 36.0, &Theme::DARK);
        let (input, output) = (bounds(&shapes[0]), bounds(&shapes[1]));
        assert!(LANE.contains_rect(input) && input.contains_rect(output));
        assert!((output.height() / input.height() - 0.2).abs() < 0.02, "the root of 0.04");
        assert_eq!(input.x_range(), output.x_range());
        assert!((input.left() - 100.0).abs() < 1e-3 && (input.right() - 120.0).abs() < 1e-3);
    }

    #[test]
    fn a_probability_stays_inside_its_lane_and_flat_lines_are_two_points() {
        for p in [0.0, 0.3, 1.0] {
            let frames = [Frame { probabilities: [p; LANES], ..Frame::UNKNOWN }; 50];
            let shapes = probability(&list(&frames), LANE, 1, true, &Theme::LIGHT);
            assert!(shapes.iter().all(|shape| LANE.expand(1.0).contains_rect(bounds(shape))));
            let Shape::Path(path) = &shapes[1] else { panic!("a line") };
            assert_eq!(path.points.len(), 2);
            let expected = 248.0 - p * 196.0;
            assert!((path.points[0].y - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn what_is_left_out_moves_nothing_that_can_be_seen() {
        // A slow climb, in steps that are one level each, and a step.
        let value = |index: u16| 0.000_5 * f32::from(index) + if index < 60 { 0.0 } else { 0.4 };
        let frames: Vec<Frame> =
            (0..100).map(|index| Frame { probabilities: [value(index); LANES], ..Frame::UNKNOWN }).collect();
        let shapes = probability(&list(&frames), LANE, 0, true, &Theme::DARK);
        let Shape::Path(path) = &shapes[1] else { panic!("a line") };
        assert!(path.points.len() < 60, "{}", path.points.len());
        for index in 0..100_u16 {
            let x = 101.0 + 2.0 * f32::from(index);
            let at =
                path.points.windows(2).find(|ends| (ends[0].x..=ends[1].x).contains(&x)).expect("a piece");
            let share = (x - at[0].x) / (at[1].x - at[0].x);
            let drawn = at[0].y + share * (at[1].y - at[0].y);
            let wanted = 248.0 - value(index) * 196.0;
            assert!((drawn - wanted).abs() <= 2.0 * LEVEL, "{index}: {drawn}, not {wanted}");
        }
    }

    #[test]
    fn silence_is_marked_where_it_is() {
        let mut frames = [Frame::UNKNOWN; 10];
        frames[2..5].iter_mut().for_each(|f| f.silent = true);
        frames[9].silent = true;
        let marks: Vec<_> = silence(&list(&frames), LANE, &Theme::DARK).iter().map(bounds).collect();
        assert_eq!(marks.len(), 2);
        assert_eq!((marks[0].left(), marks[0].right()), (104.0, 110.0));
        assert_eq!((marks[1].left(), marks[1].right()), (118.0, 120.0));
    }

    #[test]
    fn nothing_draws_nothing() {
        assert!(wave(&[], LANE, 36.0, &Theme::DARK).iter().all(|s| !bounds(s).is_positive()));
        let ticks: Vec<_> = seconds(10, LANE).collect();
        assert_eq!(ticks[0], (2, 420.0));
        assert_eq!(ticks.len(), 4);
    }
}
