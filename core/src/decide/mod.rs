//! The law of decision: from scores per frame to labels.
//!
//! | | |
//! |---|---|
//! | `thresholds.rs` | the law itself: [`Thresholds`], [`Hysteresis`], the silence level; one default of each |
//! | `silence.rs` | the silence rule with and without knowledge of the future |
//! | `causal.rs` | [`CausalLabels`]: the labels that are on now, for live audio |
//! | the rest | [`Segmenter`]: segments, where the future is known |
//!
//! Both ways share the first two. What only the future can tell, minimum durations, confirmation and refined borders, is
//! the second way's alone:
//!
//! ```text
//! probabilities ─▶ Hysteresis ─▶ CloseGaps ─▶ Confirm ─▶ Refiner ─┐
//!                  open, close    min_gap     confirm     borders  ├─▶ minus silence ─▶ DropShort ─▶ segments
//! mean square ──┬────────────────────────────▶ EdgeFinder ────────▶┘   (and, when      min_on        + unknown
//!               └────────────────────────────▶ SilenceFinder ────────▶  exclusive, minus better labels)
//! ```
//!
//! After `DropShort` comes the shape that whoever uses the segments wants: `pad.rs` lets them grow, `split.rs` divides what
//! is too long, and `purpose.rs` has sensible shapes by [`Purpose`].
//!
//! Every stage takes one frame at a time and answers within a bounded delay, so [`Segmenter`] serves a live stream and
//! a whole file alike; [`segment`] only feeds it. Every stage is also *monotone*: fewer active frames in never give
//! more active frames out. Their chain is therefore monotone too, which is why raising a threshold never adds time to
//! a label, whatever else is switched on (see [`refine`] for the one stage where that takes thought).
//!
//! The segments of all labels together cover `[0, duration]`: what is neither silent nor labelled is `unknown`.

mod builder;
mod causal;
mod changes;
pub mod hysteresis;
mod pad;
mod purpose;
pub mod refine;
mod segmenter;
mod settings;
pub mod silence;
mod spans;
mod split;
#[cfg(test)]
mod tests;
mod thresholds;

use crate::{FrameScores, Label};

pub use builder::TimelineBuilder;
pub use causal::CausalLabels;
pub use changes::TimelineChanges;
pub(crate) use pad::Pad;
pub use purpose::{Purpose, UnknownPurpose};
pub use segmenter::{Event, Segmenter};
pub use settings::{
    CONFIRM_NEAR_MS, CONFIRM_WINDOW_MS, LabelSettings, MAX_PAD_MS, MAX_SEGMENT_RANGE_MS, TimelineError,
    TimelineSettings,
};
pub use spans::{SpanShape, shaped_spans};
pub(crate) use split::Splitter;
pub use thresholds::{Hysteresis, HysteresisBank, SILENCE_DBFS, SILENCE_WINDOW_FRAMES, Thresholds};

/// One stretch of one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// What is heard.
    pub label: Label,
    /// First instant, seconds of the source.
    pub start_s: f64,
    /// End, seconds of the source; always later than `start_s`.
    pub end_s: f64,
    /// Mean probability of the label over the segment, 0..=1. Silence is measured, so it has 1; `unknown` has one
    /// minus the mean of the best label's probability.
    pub confidence: f32,
}

impl Segment {
    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// The segments of a source, sorted by start, then end, then label.
///
/// Segments of one label never overlap; those of different labels may. Together they cover `[0, duration_s]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// All segments, of all labels.
    pub segments: Vec<Segment>,
    /// Length of the source in seconds.
    pub duration_s: f64,
    /// Every label that could have been given, in the order of the pack, then silence and unknown.
    pub labels: Vec<Label>,
}

impl Timeline {
    /// The segments of one label in order of time.
    pub fn of<'a>(&'a self, label: &'a Label) -> impl Iterator<Item = &'a Segment> {
        self.segments.iter().filter(move |s| &s.label == label)
    }

    /// Seconds that carry a label.
    pub fn total_s(&self, label: &Label) -> f64 {
        self.of(label).map(Segment::duration_s).sum()
    }

    /// Brings the segments into their order: start, end, label.
    pub fn sort(&mut self) {
        sort_segments(&mut self.segments);
    }

    /// The timeline in a resolution of `steps_per_s` (1000: milliseconds). A segment shorter than half a step may
    /// vanish; its neighbours meet where it was.
    pub fn rounded(&self, steps_per_s: u32) -> Self {
        let steps = f64::from(steps_per_s);
        let round = |s: f64| (s * steps).round() / steps;
        let segments = self.segments.iter().map(|s| Segment {
            start_s: round(s.start_s),
            end_s: round(s.end_s),
            ..s.clone()
        });
        let mut out = Self {
            segments: segments.filter(|s| s.end_s > s.start_s).collect(),
            duration_s: round(self.duration_s),
            labels: self.labels.clone(),
        };
        out.sort();
        out
    }
}

/// By start, end, label.
fn sort_segments(segments: &mut [Segment]) {
    segments.sort_by(|a, b| {
        let by_time = a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s));
        by_time.then_with(|| a.label.cmp(&b.label))
    });
}

/// Segments a whole activity.
///
/// Frames beyond `activity.samples` are ignored; should frames be missing at the end, the last segments reach on to
/// the source's end.
///
/// ```
/// use earmark_core::decide::{TimelineSettings, segment};
/// use earmark_core::{FrameScores, Label};
///
/// // Three seconds, of which somebody speaks during the second one.
/// let mut scores = FrameScores::new(vec![Label::SPEECH], 8_000);
/// scores.probabilities = (0..300).map(|frame| if (100..200).contains(&frame) { 0.9 } else { 0.1 }).collect();
/// scores.mean_square = vec![0.01; 300];
/// scores.samples = 24_000;
///
/// let timeline = segment(&scores, &TimelineSettings::default());
/// let speech: Vec<_> = timeline.of(&Label::SPEECH).map(|s| (s.start_s, s.end_s)).collect();
/// assert_eq!(speech, [(1.0, 2.0)]);
/// assert_eq!(timeline.total_s(&Label::UNKNOWN), 2.0);
/// ```
pub fn segment(activity: &FrameScores, settings: &TimelineSettings) -> Timeline {
    let mut timeline = TimelineBuilder::new(&activity.labels, activity.rate_hz, settings);
    timeline.push(activity);
    timeline.finish(activity.samples)
}
