//! Frame events: what was heard, at a steady pace.

use super::Event;
use super::time::{FRAME_US, rounded, seconds};
use crate::Label;
use crate::signal::level_dbfs;
use crate::signal::units::{real, single};

/// Collects frames of the grid and tells their means.
#[derive(Debug)]
pub(super) struct FrameMeans {
    labels: Vec<Label>,
    /// Frames of an event.
    every: usize,
    sums: Vec<f64>,
    mean_square: f64,
    frames: usize,
    /// The first of them.
    first: u64,
}

impl FrameMeans {
    pub(super) fn new(every: usize, labels: &[Label]) -> Self {
        Self {
            labels: labels.to_vec(),
            every: every.max(1),
            sums: vec![0.0; labels.len()],
            mean_square: 0.0,
            frames: 0,
            first: 0,
        }
    }

    /// Takes a frame, and tells an event when it is the last of one.
    pub(super) fn push(&mut self, scores: &[f32], mean_square: f32, out: &mut Vec<Event>) {
        self.sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += f64::from(*score));
        self.mean_square += f64::from(mean_square);
        self.frames += 1;
        if self.frames == self.every {
            self.tell(out);
        }
    }

    /// Tells what there is, if there is anything.
    pub(super) fn tell(&mut self, out: &mut Vec<Event>) {
        if self.frames == 0 {
            return;
        }
        let frames = real(self.frames);
        let means = self.sums.iter().map(|sum| rounded(sum / frames, 6));
        out.push(Event::Frame {
            time_s: seconds(self.first * FRAME_US),
            scores: self.labels.iter().cloned().zip(means).collect(),
            level_dbfs: rounded(f64::from(level_dbfs(single(self.mean_square / frames))), 2),
        });
        self.restart(self.first + self.frames as u64);
    }

    /// Begins anew with frame `frame`.
    pub(super) fn restart(&mut self, frame: u64) {
        self.sums.fill(0.0);
        self.mean_square = 0.0;
        self.frames = 0;
        self.first = frame;
    }
}
