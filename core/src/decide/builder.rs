//! A [`Timeline`] out of frames that come piece by piece.

use super::{Event, Segment, Segmenter, Timeline, TimelineSettings, sort_segments};
use crate::{FrameGrid, FrameScores, Label};

/// Collects the segments of one source while it is heard; keeps no scores.
#[derive(Debug)]
pub struct TimelineBuilder {
    segmenter: Segmenter,
    grid: FrameGrid,
    frames: u64,
    events: Vec<Event>,
    segments: Vec<Segment>,
    /// What has begun and not ended: label and start.
    open: Vec<(Label, f64)>,
}

impl TimelineBuilder {
    /// For scores of `labels` over a source at `rate_hz`.
    pub fn new(labels: &[Label], rate_hz: u32, settings: &TimelineSettings) -> Self {
        Self {
            segmenter: Segmenter::new(labels, rate_hz, settings),
            grid: FrameGrid::new(rate_hz.max(1)),
            frames: 0,
            events: Vec::new(),
            segments: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Takes the next frames. Those that do not begin within the first `scores.samples` samples of the source are
    /// ignored.
    pub fn push(&mut self, scores: &FrameScores) {
        let in_source = self.grid.frames(scores.samples);
        for row in 0..scores.frames() {
            if self.frames >= in_source {
                return;
            }
            self.frames += 1;
            self.segmenter.push(scores.row(row), scores.mean_square[row], &mut self.events);
            self.take_events();
        }
    }

    /// The segments that none can come before any more, in the order of a [`Timeline`]; each is given once, and
    /// [`finish`](Self::finish) gives the others.
    pub fn take_settled(&mut self) -> Vec<Segment> {
        let first_open_s = self.open.iter().map(|(_, start_s)| *start_s).fold(f64::INFINITY, f64::min);
        // One that began with an open one has ended before it.
        let mut settled: Vec<Segment> =
            self.segments.extract_if(.., |segment| segment.start_s <= first_open_s).collect();
        sort_segments(&mut settled);
        settled
    }

    fn take_events(&mut self) {
        for event in self.events.drain(..) {
            match event {
                Event::Began { label, start_s } => self.open.push((label, start_s)),
                Event::Ended(segment) => {
                    self.open.retain(|(label, _)| *label != segment.label);
                    self.segments.push(segment);
                }
            }
        }
    }

    /// The source has ended after `samples` per channel: its segments but for those that were taken. Should frames be missing, the last segments reach on to its end.
    pub fn finish(mut self, samples: u64) -> Timeline {
        let labels = self.segmenter.labels();
        let duration_s =
            FrameScores { samples, ..FrameScores::new(Vec::new(), self.grid.rate_hz()) }.duration_s();
        self.segmenter.finish(samples, &mut self.events);
        self.segments.extend(self.events.drain(..).filter_map(Event::into_segment));
        let mut timeline = Timeline { segments: self.segments, duration_s, labels };
        timeline.sort();
        timeline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_taken_early_and_the_rest_are_the_timeline(
            columns in proptest::collection::vec((0.0_f32..1.0, 0.0_f32..1.0, any::<bool>()), 1..40),
            piece in 1_usize..50,
        ) {
            // Stretches of 150 ms, some of them silent.
            let mut scores = FrameScores::new(vec![Label::SPEECH, Label::MUSIC], 8_000);
            for (speech, music, silent) in columns {
                for _ in 0..15 {
                    scores.probabilities.extend([speech, music]);
                    scores.mean_square.push(if silent { 0.0 } else { 0.01 });
                }
            }
            scores.samples = scores.frames() as u64 * 80 - 33;
            let settings = TimelineSettings::default();
            let whole = super::super::segment(&scores, &settings);

            let mut builder = TimelineBuilder::new(&scores.labels, 8_000, &settings);
            let mut taken = Vec::new();
            for first in (0..scores.frames()).step_by(piece) {
                let rows = first..scores.frames().min(first + piece);
                let mut part = FrameScores::new(scores.labels.clone(), 8_000);
                part.probabilities = scores.probabilities[2 * rows.start..2 * rows.end].to_vec();
                part.mean_square = scores.mean_square[rows].to_vec();
                part.samples = scores.samples;
                builder.push(&part);
                taken.extend(builder.take_settled());
            }
            taken.extend(builder.finish(scores.samples).segments);
            prop_assert_eq!(taken, whole.segments);
        }
    }
}
