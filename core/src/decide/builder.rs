//! A [`Timeline`] out of frames that come piece by piece.

use super::{Event, Segment, Segmenter, Timeline, TimelineSettings};
use crate::{FrameGrid, FrameScores, Label};

/// Collects the segments of one source while it is heard; keeps no scores.
#[derive(Debug)]
pub struct TimelineBuilder {
    segmenter: Segmenter,
    grid: FrameGrid,
    frames: u64,
    events: Vec<Event>,
    segments: Vec<Segment>,
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
            self.segments.extend(self.events.drain(..).filter_map(Event::into_segment));
        }
    }

    /// The source has ended after `samples` per channel; should frames be missing, the last segments reach on to its end.
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
