//! The noise floor beside the detector, on the worker's thread.

use crate::FrameGrid;
use crate::noise::{NoiseSchedule, StreamingSnr};

/// The noise floor beside the detector, where the gate follows it.
pub(super) struct NoiseTracker {
    follower: Option<StreamingSnr>,
    pub(super) schedule: NoiseSchedule,
    channels: usize,
    /// Samples until the next whole second: its seconds are those of the grid.
    until_second: usize,
}

impl NoiseTracker {
    pub(super) fn new(follower: Option<StreamingSnr>, channels: usize) -> Self {
        let later_frames = follower.as_ref().map_or(0, StreamingSnr::later_frames);
        Self { follower, schedule: NoiseSchedule::new(later_frames), channels, until_second: 0 }
    }

    /// The next sample has position `sample`.
    pub(super) fn start(&mut self, grid: FrameGrid, sample: u64) {
        if let Some(follower) = &mut self.follower {
            follower.reset();
        }
        let rate = u64::from(grid.rate_hz());
        let second = sample.div_ceil(rate);
        self.until_second = usize::try_from(second * rate - sample).unwrap_or(0);
        self.schedule.restart(second * FrameGrid::FRAMES_PER_SECOND);
    }

    /// Hears samples. If the network fails the gate is its own from then on: the detector works without it.
    pub(super) fn push(&mut self, interleaved: &[f32]) {
        let Some(follower) = &mut self.follower else { return };
        let skipped = self.until_second.min(interleaved.len() / self.channels);
        self.until_second -= skipped;
        let interleaved = &interleaved[skipped * self.channels..];
        if follower.push(interleaved).is_err() {
            self.follower = None;
            return;
        }
        while let Some(window) = follower.next_window() {
            self.schedule.push(window);
        }
    }
}
