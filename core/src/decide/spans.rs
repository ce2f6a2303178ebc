//! The stretches of one label, shaped for whoever works on them next: a recogniser, a cutter.

use super::Timeline;
use crate::Label;

/// What is done with the stretches of a label. The default leaves them as they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanShape {
    /// Added before and after each, seconds; at most half of the pause between two, and nothing beyond the source.
    pub pad_s: f64,
    /// Longer ones are split into equal parts of at most this, seconds.
    pub max_s: f64,
}

impl Default for SpanShape {
    fn default() -> Self {
        Self { pad_s: 0.0, max_s: f64::INFINITY }
    }
}

/// Start and end of the stretches of `label` in seconds, in order; they do not overlap.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::decide::{Segment, SpanShape, Timeline, shaped_spans};
///
/// let segment = |start_s, end_s| Segment { label: Label::SPEECH, start_s, end_s, confidence: 1.0 };
/// let timeline =
///     Timeline { segments: vec![segment(0.1, 1.0), segment(1.2, 5.2)], duration_s: 6.0, labels: vec![] };
/// let shape = SpanShape { pad_s: 0.25, max_s: 2.0 };
/// assert_eq!(shaped_spans(&timeline, &Label::SPEECH, &shape), [(0.0, 1.1), (1.1, 3.2), (3.2, 5.45)]);
/// ```
pub fn shaped_spans(timeline: &Timeline, label: &Label, shape: &SpanShape) -> Vec<(f64, f64)> {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    for segment in timeline.of(label) {
        let parts = (segment.duration_s() / shape.max_s).ceil().max(1.0);
        let length_s = segment.duration_s() / parts;
        let mut start_s = segment.start_s;
        // Counted in the numbers that it is computed with: any length has its parts.
        let mut part = 1.0;
        while part < parts {
            let end_s = segment.start_s + part * length_s;
            spans.push((start_s, end_s));
            start_s = end_s;
            part += 1.0;
        }
        spans.push((start_s, segment.end_s));
    }
    let pad_s = shape.pad_s.max(0.0);
    let found = spans.clone();
    for (place, (start_s, end_s)) in spans.iter_mut().enumerate() {
        let before_s = match place.checked_sub(1).and_then(|place| found.get(place)) {
            Some((_, end_s)) => (*start_s - end_s) / 2.0,
            None => *start_s,
        };
        let after_s = match found.get(place + 1) {
            Some((start_s, _)) => (start_s - *end_s) / 2.0,
            None => (timeline.duration_s - *end_s).max(0.0),
        };
        *start_s -= pad_s.min(before_s);
        *end_s += pad_s.min(after_s);
    }
    spans
}
