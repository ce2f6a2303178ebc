//! The detector in use, and the one that takes over from it.
//!
//! Not part of the audio thread. A new detector hears beside the old one until it has settled in, then follows it from one
//! frame to the next: no frame is missing and none comes twice.

use std::collections::VecDeque;

use super::MAX_LABELS;
use super::stream::Stream;
use crate::detect::DetectError;
use crate::model::pack::Thresholds;
use crate::{FrameGrid, FrameScores};

/// Frames that a new detector hears before it is believed: its memory fills.
const SETTLING_FRAMES: u64 = 100;

/// What comes next, in order.
pub(super) enum Next {
    /// Another detector hears from here on; these are its thresholds.
    Thresholds([Thresholds; MAX_LABELS]),
    /// A frame.
    Frame { frame: u64, probabilities: [f32; MAX_LABELS], mean_square: f32 },
}

/// A stream through a detector with its place on the grid.
struct Placed {
    stream: Box<dyn Stream>,
    heard: FrameScores,
    /// Number of the next frame that it gives.
    next_frame: u64,
    ready: VecDeque<(u64, [f32; MAX_LABELS], f32)>,
}

impl Placed {
    fn new(stream: Box<dyn Stream>, next_frame: u64) -> Self {
        Self { heard: stream.scores(), stream, next_frame, ready: VecDeque::new() }
    }

    fn restart(&mut self, frame: u64) {
        self.stream.restart();
        self.next_frame = frame;
        self.ready.clear();
    }

    fn push(&mut self, interleaved: &[f32]) -> Result<(), DetectError> {
        self.stream.push(interleaved, &mut self.heard)?;
        for (row, mean_square) in self.heard.mean_square.iter().enumerate() {
            let mut probabilities = [0.0; MAX_LABELS];
            for (mine, heard) in probabilities.iter_mut().zip(self.heard.row(row)) {
                *mine = *heard;
            }
            self.ready.push_back((self.next_frame, probabilities, *mean_square));
            self.next_frame += 1;
        }
        self.heard.mean_square.clear();
        self.heard.probabilities.clear();
        Ok(())
    }
}

/// A new detector on probation.
struct Successor {
    placed: Placed,
    /// Where it begins to hear, once it is known.
    from_sample: Option<u64>,
    /// The first frame that it gives.
    takes_over: u64,
}

/// The detectors of one worker.
pub(super) struct Detectors {
    current: Placed,
    successor: Option<Successor>,
    grid: FrameGrid,
    /// Number of the next sample, since the last reset.
    position: u64,
    started: bool,
    announce: bool,
}

impl Detectors {
    pub(super) fn new(stream: Box<dyn Stream>, grid: FrameGrid) -> Self {
        let current = Placed::new(stream, 0);
        Self { current, successor: None, grid, position: 0, started: false, announce: false }
    }

    /// The next sample is the first of `frame`, and nothing before it counts.
    pub(super) fn start(&mut self, frame: u64) {
        if let Some(successor) = self.successor.take() {
            self.current = successor.placed;
            self.announce = true;
        }
        self.current.restart(frame);
        self.position = self.grid.start(frame);
        self.started = true;
    }

    /// Another detector, to follow as soon as it can.
    pub(super) fn take_over(&mut self, stream: Box<dyn Stream>) {
        if self.started {
            self.successor =
                Some(Successor { placed: Placed::new(stream, 0), from_sample: None, takes_over: u64::MAX });
        } else {
            self.current = Placed::new(stream, 0);
            self.announce = true;
        }
    }

    /// Hears samples.
    pub(super) fn push(&mut self, interleaved: &[f32], channels: usize) -> Result<(), DetectError> {
        let end = self.position + (interleaved.len() / channels) as u64;
        self.current.push(interleaved)?;
        if let Some(successor) = &mut self.successor {
            let from = *successor.from_sample.get_or_insert_with(|| {
                let (sample, frame) = self.grid.next_exact(self.position);
                successor.placed.restart(frame);
                successor.takes_over = frame + SETTLING_FRAMES;
                sample
            });
            let skip = usize::try_from(from.saturating_sub(self.position)).unwrap_or(usize::MAX);
            let rest = interleaved.get(skip.saturating_mul(channels)..).unwrap_or_default();
            if successor.placed.push(rest).is_err() {
                // The old detector works: it stays.
                self.successor = None;
            }
        }
        self.position = end;
        Ok(())
    }

    /// What is ready.
    pub(super) fn next(&mut self) -> Option<Next> {
        if let Some(successor) = &mut self.successor {
            let takes_over = successor.takes_over;
            let ready = &mut successor.placed.ready;
            while ready.front().is_some_and(|(frame, ..)| *frame < takes_over) {
                ready.pop_front();
            }
            // The old one has given all frames before, and may have given some more already.
            let given = self.current.ready.front().map_or(self.current.next_frame, |(frame, ..)| *frame);
            if given >= takes_over && ready.front().is_some_and(|(frame, ..)| *frame <= given) {
                while ready.front().is_some_and(|(frame, ..)| *frame < given) {
                    ready.pop_front();
                }
                if let Some(successor) = self.successor.take() {
                    self.current = successor.placed;
                    self.announce = true;
                }
            }
        }
        if std::mem::take(&mut self.announce) {
            return Some(Next::Thresholds(self.current.stream.thresholds()));
        }
        let (frame, probabilities, mean_square) = self.current.ready.pop_front()?;
        Some(Next::Frame { frame, probabilities, mean_square })
    }
}
