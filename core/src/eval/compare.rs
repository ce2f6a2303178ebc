//! Two lists of labels against each other: how well the second agrees with the first.
//!
//! * Frames are those of the [module](super): true where the first list has the label, called where the second has it;
//!   frames nearer than the collar to a border of the first are left out.
//! * A segment of the second list *matches* one of the first if both of its borders lie within the collar; each matches one.
//! * Border errors are of segments that overlap each other most: the second list's border minus the first's.

use serde::Serialize;

use super::borders::nearest_rank;
use super::{Counts, Rates, Spans, Truth, share};
use crate::Label;
use crate::decide::Timeline;
use crate::signal::units::real;

/// Lists that are compared, recording by recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Frames nearer to a border than this are left out, and borders may differ by it, milliseconds.
    pub collar_ms: f64,
    /// Recordings.
    pub recordings: usize,
    /// Figures of each label.
    pub labels: Vec<LabelComparison>,
    /// Where only one list has a label, outside the collar; longest first.
    pub disagreements: Vec<Disagreement>,
}

/// Figures of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelComparison {
    /// The label.
    pub label: Label,
    /// Frames by the first list (true) and the second (called).
    pub frames: Counts,
    /// Their ratios.
    pub rates: Rates,
    /// Segments.
    pub segments: SegmentCounts,
    /// Starts of the second list minus those of the first.
    pub starts: BorderErrors,
    /// Ends of the second list minus those of the first.
    pub ends: BorderErrors,
}

/// Segments of two lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SegmentCounts {
    /// In both, within the collar.
    pub matched: usize,
    /// Of the first list without a match.
    pub only_first: usize,
    /// Of the second list without a match.
    pub only_second: usize,
    /// `2 matched / (2 matched + only_first + only_second)`; `None` where neither has any.
    pub f1: Option<f64>,
}

/// Errors of borders, milliseconds; `None` where there are none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BorderErrors {
    /// Each, ascending.
    #[serde(skip)]
    pub errors_ms: Vec<f64>,
    /// How many.
    pub count: usize,
    /// Half of them are at most this: how early (negative) or late the second list is.
    pub median_ms: Option<f64>,
    /// Half of them are at most this far from 0.
    pub p50_ms: Option<f64>,
    /// Nine tenths are at most this far from 0.
    pub p90_ms: Option<f64>,
    /// The farthest from 0.
    pub max_ms: Option<f64>,
}

/// A stretch in which only one list has a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// The recording, as the lists call it.
    pub file: String,
    /// The label.
    pub label: Label,
    /// First instant, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Whether it is the first list that has it.
    pub in_first: bool,
}

impl Disagreement {
    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// The two lists of one recording.
#[derive(Debug, Clone, Copy)]
pub struct ComparedLists<'a> {
    /// What the recording is called.
    pub file: &'a str,
    /// What counts as true.
    pub first: &'a Timeline,
    /// What is judged by it.
    pub second: &'a Timeline,
}

/// Compares the lists of any number of recordings. Silence and unknown are labels as any other.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::decide::{Segment, Timeline};
/// use earmark_core::eval::{ComparedLists, compare};
///
/// let list = |start_s, end_s| {
///     let segment = Segment { label: Label::SPEECH, start_s, end_s, confidence: 1.0 };
///     Timeline { segments: vec![segment], duration_s: 10.0, labels: vec![Label::SPEECH] }
/// };
/// let lists = ComparedLists { file: "talk.wav", first: &list(1.0, 5.0), second: &list(1.04, 7.0) };
/// let compared = compare(&[lists], &[Label::SPEECH], 100.0);
/// let speech = &compared.labels[0];
/// assert_eq!(speech.starts.median_ms.map(f64::round), Some(40.0));
/// assert_eq!((speech.segments.matched, speech.segments.only_second), (0, 1));
/// assert_eq!((compared.disagreements[0].start_s, compared.disagreements[0].end_s), (5.1, 7.0));
/// ```
pub fn compare(lists: &[ComparedLists<'_>], labels: &[Label], collar_ms: f64) -> Comparison {
    let collar_s = collar_ms / 1_000.0;
    let mut disagreements = Vec::new();
    let compared = labels.iter().map(|label| {
        let mut frames = Counts::default();
        let mut segments = SegmentCounts::default();
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for recording in lists {
            let (first, second) = (Spans::of(recording.first, label), Spans::of(recording.second, label));
            let duration_s = recording.first.duration_s.max(recording.second.duration_s);
            frames = frames.plus(counts(&first, &second, duration_s, collar_s));
            let (found, missed) = (segments_of(recording.first, label), segments_of(recording.second, label));
            segments = segments.plus(matched(&found, &missed, collar_s));
            for ((start, end), (other_start, other_end)) in pairs(&found, &missed) {
                starts.push((other_start - start) * 1_000.0);
                ends.push((other_end - end) * 1_000.0);
            }
            let only = |in_first, spans: Vec<(f64, f64)>| {
                let of = move |(start_s, end_s)| Disagreement {
                    file: recording.file.to_owned(),
                    label: label.clone(),
                    start_s,
                    end_s,
                    in_first,
                };
                spans.into_iter().map(of)
            };
            disagreements.extend(only(true, difference(&first, &second, &first, collar_s)));
            disagreements.extend(only(false, difference(&second, &first, &first, collar_s)));
        }
        LabelComparison {
            label: label.clone(),
            frames,
            rates: frames.rates(),
            segments: segments.shared(),
            starts: BorderErrors::of(starts),
            ends: BorderErrors::of(ends),
        }
    });
    let labels = compared.collect();
    disagreements.sort_by(|a, b| {
        let longest = b.duration_s().total_cmp(&a.duration_s());
        longest.then_with(|| a.file.cmp(&b.file)).then(a.start_s.total_cmp(&b.start_s))
    });
    Comparison { collar_ms, recordings: lists.len(), labels, disagreements }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn counts(first: &Spans, second: &Spans, duration_s: f64, collar_s: f64) -> Counts {
    let frames = (duration_s / crate::FrameGrid::FRAME_S - 1e-6).ceil().max(0.0) as usize;
    let called = second.frames(frames, 0.0);
    let truth = first.frames(frames, collar_s);
    let score = |called: &Truth| if *called == Truth::Present { 1.0 } else { 0.0 };
    let counted = truth.iter().zip(&called).filter(|(truth, _)| **truth != Truth::Ignored);
    let frames: Vec<(f32, bool)> = counted.map(|(t, c)| (score(c), *t == Truth::Present)).collect();
    Counts::of(&frames)
}

/// The segments of a label as they are: those that touch stay apart.
fn segments_of(timeline: &Timeline, label: &Label) -> Vec<(f64, f64)> {
    let mut segments: Vec<(f64, f64)> = timeline.of(label).map(|s| (s.start_s, s.end_s)).collect();
    segments.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    segments
}

fn matched(first: &[(f64, f64)], second: &[(f64, f64)], collar_s: f64) -> SegmentCounts {
    let near = |a: f64, b: f64| (a - b).abs() <= collar_s + 1e-9;
    let mut taken = vec![false; second.len()];
    let mut matched = 0;
    let mut from = 0;
    for (start, end) in first {
        while second.get(from).is_some_and(|s| s.0 < start - collar_s - 1e-9) {
            from += 1;
        }
        let candidates = (from..second.len()).take_while(|k| second[*k].0 <= start + collar_s + 1e-9);
        let fits = |k: &usize| !taken[*k] && near(second[*k].0, *start) && near(second[*k].1, *end);
        let error = |k: &usize| (second[*k].0 - start).abs() + (second[*k].1 - end).abs();
        if let Some(best) = candidates.filter(fits).min_by(|a, b| error(a).total_cmp(&error(b))) {
            taken[best] = true;
            matched += 1;
        }
    }
    let (only_first, only_second) = (first.len() - matched, second.len() - matched);
    SegmentCounts { matched, only_first, only_second, f1: None }
}

/// A segment of each list.
type Pair = ((f64, f64), (f64, f64));

/// The pairs of segments each of which overlaps no other as much.
fn pairs(first: &[(f64, f64)], second: &[(f64, f64)]) -> Vec<Pair> {
    let overlap = |a: (f64, f64), b: (f64, f64)| a.1.min(b.1) - a.0.max(b.0);
    let best = |one: (f64, f64), others: &[(f64, f64)]| {
        // Both lists are in order, so those that overlap lie together; the first that does is found by its end.
        let from = others.partition_point(|other| other.1 <= one.0);
        let overlapping = (from..others.len()).take_while(|k| others[*k].0 < one.1);
        overlapping.max_by(|a, b| overlap(one, others[*a]).total_cmp(&overlap(one, others[*b])))
    };
    let mutual = |k: usize| {
        let other = best(first[k], second)?;
        (best(second[other], first)? == k).then_some((first[k], second[other]))
    };
    (0..first.len()).filter_map(mutual).collect()
}

/// Where `one` is and `other` is not, and no border of `reference` is nearer than the collar.
fn difference(one: &Spans, other: &Spans, reference: &Spans, collar_s: f64) -> Vec<(f64, f64)> {
    let collars = reference.iter().flat_map(|(start, end)| [start, end]);
    let collars = collars.map(|border| (border - collar_s, border + collar_s)).filter(|_| collar_s > 0.0);
    let without = Spans::new(other.iter().chain(collars));
    let mut left = Vec::new();
    let holes: Vec<(f64, f64)> = without.iter().collect();
    let mut first_hole = 0;
    for (start, end) in one.iter() {
        let mut at = start;
        while holes.get(first_hole).is_some_and(|hole| hole.1 <= at) {
            first_hole += 1;
        }
        for hole in holes[first_hole..].iter().take_while(|hole| hole.0 < end) {
            if hole.0 > at {
                left.push((at, hole.0));
            }
            at = at.max(hole.1);
        }
        if end > at {
            left.push((at, end));
        }
    }
    // What is left of two times that are written differently is nothing.
    left.retain(|(start, end)| end - start > 1e-6);
    left
}

impl SegmentCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            matched: self.matched + other.matched,
            only_first: self.only_first + other.only_first,
            only_second: self.only_second + other.only_second,
            f1: None,
        }
    }

    fn shared(self) -> Self {
        let Self { matched, only_first, only_second, .. } = self;
        Self { f1: share(2 * matched, 2 * matched + only_first + only_second), ..self }
    }
}

impl BorderErrors {
    fn of(mut errors_ms: Vec<f64>) -> Self {
        errors_ms.sort_by(f64::total_cmp);
        let mut sizes: Vec<f64> = errors_ms.iter().map(|ms| ms.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        Self {
            count: errors_ms.len(),
            median_ms: nearest_rank(&errors_ms, 0.5),
            p50_ms: nearest_rank(&sizes, 0.5),
            p90_ms: nearest_rank(&sizes, 0.9),
            max_ms: sizes.last().copied(),
            errors_ms,
        }
    }

    /// How many lie within each of some distances from 0, as shares; `None` where there are none.
    pub fn within(&self, limit_ms: f64) -> Option<f64> {
        let near = self.errors_ms.iter().filter(|ms| ms.abs() <= limit_ms + 1e-6).count();
        (self.count > 0).then(|| real(near) / real(self.count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decide::Segment;

    /// Speech on hundredths of a second, with pauses.
    fn any_list() -> impl Strategy<Value = Timeline> {
        prop::collection::vec((1_u32..300, 1_u32..300), 0..20).prop_map(|lengths| {
            let mut at = 0;
            let segment = |(pause, length): (u32, u32)| {
                let start = at + pause;
                at = start + length;
                let (start_s, end_s) = (f64::from(start) / 100.0, f64::from(at) / 100.0);
                Segment { label: Label::SPEECH, start_s, end_s, confidence: 1.0 }
            };
            let segments: Vec<Segment> = lengths.into_iter().map(segment).collect();
            Timeline { segments, duration_s: f64::from(at) / 100.0, labels: vec![Label::SPEECH] }
        })
    }

    fn speech(first: &Timeline, second: &Timeline, collar_ms: f64) -> (LabelComparison, f64) {
        let lists = ComparedLists { file: "x", first, second };
        let mut compared = compare(&[lists], &[Label::SPEECH], collar_ms);
        let different_s = compared.disagreements.iter().map(Disagreement::duration_s).sum();
        (compared.labels.remove(0), different_s)
    }

    proptest! {
        #[test]
        fn a_list_agrees_with_itself(list in any_list(), collar_ms in prop::sample::select(vec![0.0, 100.0])) {
            let (found, different_s) = speech(&list, &list, collar_ms);
            prop_assert_eq!(found.segments.matched, list.segments.len());
            prop_assert_eq!((found.frames.misses, found.frames.false_alarms), (0, 0));
            prop_assert_eq!(found.starts.max_ms.unwrap_or(0.0), 0.0);
            prop_assert_eq!(different_s, 0.0);
        }

        #[test]
        fn the_lists_change_places(first in any_list(), second in any_list()) {
            let (one, one_s) = speech(&first, &second, 0.0);
            let (other, other_s) = speech(&second, &first, 0.0);
            prop_assert_eq!((one.frames.hits, one.frames.misses), (other.frames.hits, other.frames.false_alarms));
            prop_assert_eq!(one.segments.only_first, other.segments.only_second);
            prop_assert_eq!(one.segments.f1, other.segments.f1);
            // On the grid, frames and seconds say the same.
            prop_assert!((one_s - other_s).abs() < 1e-6);
            let frames = one.frames.misses + one.frames.false_alarms;
            prop_assert!((one_s - real(frames) / 100.0).abs() < 1e-6, "{one_s} s, {frames} frames");
        }
    }
}
