//! Frames gathered into columns of a few pixels: all that the lanes are drawn from, without a pixel of egui.

use super::history::{FRAMES_PER_S, Frame, History, LANES};

/// No column is narrower than this, points: finer detail only costs.
const MIN_COLUMN_POINTS: f32 = 2.0;

/// Some frames side by side, as one vertical slice of the lanes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Left edge, points from the left of the lanes.
    pub left: f32,
    /// Right edge.
    pub right: f32,
    /// Loudest, deepest and most probable of its frames.
    pub frame: Frame,
}

/// Frames per column, so that `width` points show `span_s` seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a span of 40 s has 4 000 frames"
)]
fn frames_per_column(span_s: usize, width: f32) -> u64 {
    let frames = (span_s * FRAMES_PER_S) as f32;
    (frames * MIN_COLUMN_POINTS / width.max(1.0)).ceil().max(1.0) as u64
}

/// The columns of the last `span_s` seconds, oldest first, the newest frame at the right edge of `width`.
///
/// A column always holds the same frames while it moves to the left, so that the picture slides and never
/// shimmers.
#[expect(clippy::cast_precision_loss, reason = "differences of at most 4 100 frames")]
pub fn columns(history: &History, span_s: usize, width: f32, out: &mut Vec<Column>) {
    out.clear();
    let end = history.end();
    let span = u64::try_from(span_s * FRAMES_PER_S).unwrap_or(u64::MAX);
    let per_column = frames_per_column(span_s, width);
    let oldest = end.saturating_sub(span).max(history.start());
    let points_per_frame = width / span as f32;
    let x = |index: u64| width - (end - index.min(end)) as f32 * points_per_frame;

    let mut from = oldest - oldest % per_column;
    while from < end {
        let to = (from + per_column).min(end);
        let frames = (from.max(oldest)..to).filter_map(|index| history.get(index));
        if let Some(frame) = frames.copied().reduce(gather) {
            out.push(Column { left: x(from.max(oldest)), right: x(to), frame });
        }
        from += per_column;
    }
}

fn gather(a: Frame, b: Frame) -> Frame {
    let mut probabilities = [0.0; LANES];
    for ((to, a), b) in probabilities.iter_mut().zip(a.probabilities).zip(b.probabilities) {
        *to = a.max(b);
    }
    Frame {
        input: a.input.max(b.input),
        output: a.output.max(b.output),
        gain_db: a.gain_db.min(b.gain_db),
        probabilities,
        silent: a.silent && b.silent,
    }
}

#[cfg(test)]
mod tests {
    use super::super::history;
    use super::*;

    fn history(frames: u32) -> History {
        // One click and one dip, to see that neither is lost.
        let frame = |number| Frame {
            input: if number == 1_234 { 1.0 } else { 0.1 },
            gain_db: if number == 2_345 { -30.0 } else { 0.0 },
            ..Frame::UNKNOWN
        };
        history::tests::of((0..frames).map(frame))
    }

    #[test]
    fn columns_cover_the_span_without_holes_and_lose_no_peak() {
        for span_s in [10, 20, 40] {
            for width in [97.0, 640.0, 1_777.0] {
                let mut list = Vec::new();
                columns(&history(3_000), span_s, width, &mut list);
                assert!(list.windows(2).all(|w| (w[0].right - w[1].left).abs() < 1e-3));
                let newest = list.last().expect("some");
                assert!((newest.right - width).abs() < 1e-3, "now is at the right edge");
                assert!(list.iter().all(|c| c.left >= -1e-3 && c.right - c.left > 0.0));
                let longest = list.iter().map(|c| c.right - c.left).fold(0.0, f32::max);
                assert!(longest < 2.0 * MIN_COLUMN_POINTS.max(width / 1_000.0) + 1.0, "{longest}");
                let loudest = list.iter().map(|c| c.frame.input).fold(0.0, f32::max);
                let deepest = list.iter().map(|c| c.frame.gain_db).fold(0.0, f32::min);
                // The click is 17.66 s before the end, the dip 6.55 s.
                assert_eq!(loudest, if span_s == 10 { 0.1 } else { 1.0 });
                assert_eq!(deepest, -30.0);
            }
        }
    }

    #[test]
    fn a_column_keeps_its_frames_while_it_slides() {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        columns(&history(3_000), 40, 500.0, &mut before);
        columns(&history(3_001), 40, 500.0, &mut after);
        for (a, b) in before.iter().zip(&after).take(before.len() - 1) {
            assert_eq!(a.frame, b.frame);
            assert!((a.left - b.left - 500.0 / 4_000.0).abs() < 1e-3);
        }
    }

    #[test]
    fn nothing_heard_draws_nothing() {
        let mut list = vec![Column { left: 0.0, right: 1.0, frame: Frame::UNKNOWN }];
        columns(&History::default(), 10, 640.0, &mut list);
        assert!(list.is_empty());
        columns(&history(5), 10, 1_000.0, &mut list);
        assert_eq!(list.len(), 3, "five frames, one point each, in columns of at least two points");
        assert!((list[0].left - 995.0).abs() < 1e-3);
    }
}
