//! The noise of a recording, second by second, for a gate that follows it.

use crate::decide::TimelineSettings;
use crate::gate::{Adaptive, CausalDecider, GainEvent};
use crate::noise::{NoiseEstimate, NoiseSchedule, SnrEstimator};
use crate::{FrameGrid, FrameScores};

/// Ratios of speech to noise over a recording.
#[derive(Debug)]
pub(super) struct NoiseTrack {
    adaptive: Adaptive,
    grid: FrameGrid,
    estimate: NoiseEstimate,
    /// Frames after a second until it can be judged.
    later_frames: u64,
}

impl NoiseTrack {
    /// From what the estimator's detector heard.
    pub(super) fn new(estimator: &SnrEstimator, scores: &FrameScores) -> Self {
        Self {
            adaptive: Adaptive::default(),
            grid: FrameGrid::new(scores.rate_hz),
            estimate: estimator.assess(scores),
            later_frames: estimator.later_frames(),
        }
    }

    /// Close thresholds for the recording as a whole.
    pub(super) fn settings(&self, settings: &TimelineSettings) -> TimelineSettings {
        let adapted = self.adaptive.at(self.estimate.snr_db, 0.0);
        let mut changed = settings.clone();
        for label in changed.labels.values_mut().chain(std::iter::once(&mut changed.default)) {
            label.close = adapted.thresholds(label.thresholds()).close;
        }
        changed
    }

    /// The depth of the gate, second by second.
    pub(super) fn follow(&self, edges: &[GainEvent], range_db: f32) -> Vec<GainEvent> {
        let first_sample = |second: u64| self.grid.start(second * FrameGrid::FRAMES_PER_SECOND);
        let ratios: Vec<(u64, Option<f64>)> =
            (0..).zip(&self.estimate.windows).map(|(k, second)| (first_sample(k), second.snr_db)).collect();
        self.adaptive.follow(edges, range_db, &ratios)
    }

    /// Decides frame by frame; what a second says of the noise counts from where it can be judged, as it would live.
    pub(super) fn causal_edges(
        &self,
        mut decider: CausalDecider,
        scores: &FrameScores,
        range_db: f32,
    ) -> Vec<GainEvent> {
        let mut schedule = NoiseSchedule::new(self.later_frames);
        self.estimate.windows.iter().for_each(|second| schedule.push(second.clone()));
        let mut edges = Vec::new();
        for (frame, row) in (0_u64..).zip(0..scores.frames()) {
            while let Some(second) = schedule.next_at(frame) {
                decider.adapt(self.adaptive.at(second.snr_db, range_db));
            }
            edges.extend(decider.frame(frame, scores.row(row), scores.mean_square[row]));
        }
        edges
    }
}
