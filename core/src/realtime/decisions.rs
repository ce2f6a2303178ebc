//! From frames, as they come, to edges for the gain, at the sample where each is due.
//!
//! Real time: reads rings and atomics, writes to queues whose memory was taken at the start. `fetch` waits for the
//! worker only while its caller says that there is time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::link::{HeardFrame, Link, Message};
use super::status::Shared;
use super::stretch::Stretch;
use super::worker::Worker;
use super::{FailMode, MotionRefused};
use crate::gate::{Adaptive, CausalDecider, GainComputer, GainEvent, GateSettings, RuleSet, Target};
use crate::signal::level_dbfs;
use crate::{FrameGrid, LabelSet, ScoredFrame};

/// Frames in a row without a decision (a second) after which the fail mode comes on.
const STALLED_FRAMES: u32 = 100;
/// A waiting thread looks again after this time.
pub(super) const WAIT: Duration = Duration::from_micros(100);

/// A frame that was decided and whose audio has not left yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided {
    /// How many samples have left, since the last reset, when its first one does.
    pub(super) leaves: u64,
    /// The same on the host's timeline.
    pub(super) timeline: i64,
    /// Where the frame was missing: the scores of the last one that came, with this one's number.
    pub(super) scored: ScoredFrame,
    pub(super) heard: LabelSet,
    pub(super) held: bool,
}

/// The rings and the thread behind them.
#[derive(Debug)]
pub(super) struct WorkerLink {
    pub(super) link: Link,
    pub(super) worker: Worker,
}

/// Decides frame after frame and moves the gain.
#[derive(Debug)]
pub(super) struct Decisions {
    pub(super) detector: Option<WorkerLink>,
    pub(super) gain: GainComputer,
    decider: CausalDecider,
    shared: Arc<Shared>,
    grid: FrameGrid,
    labels: usize,
    lookahead: u64,
    fail_mode: FailMode,
    failing: bool,
    replaced: Option<LabelSet>,
    next_frame: u64,
    missed_in_a_row: u32,
    last: ScoredFrame,
    last_edge: u64,
    waiting: VecDeque<Decided>,
    /// The audio that leaves, and the position at which it ends: what lies beyond is never decided.
    stretch: Stretch,
    end: u64,
    adaptive: Adaptive,
    /// Depth of the gate by its settings, dB.
    range_db: f32,
    /// The last ratio that came.
    snr_db: Option<f64>,
}

impl Decisions {
    pub(super) fn new(
        detector: Option<WorkerLink>,
        gain: GainComputer,
        decider: CausalDecider,
        shared: Arc<Shared>,
        fail_mode: FailMode,
        range_db: f32,
        max_piece: usize,
    ) -> Self {
        let (grid, labels) = (decider.grid(), decider.labels().len());
        let lookahead = gain.lookahead_samples();
        let waiting = usize::try_from(grid.frames(lookahead + max_piece as u64)).unwrap_or(0) + 8;
        Self {
            detector,
            gain,
            decider,
            shared,
            grid,
            labels,
            lookahead,
            fail_mode,
            failing: false,
            replaced: None,
            next_frame: 0,
            missed_in_a_row: 0,
            last: ScoredFrame::default(),
            last_edge: 0,
            waiting: VecDeque::with_capacity(waiting),
            stretch: Stretch::default(),
            end: u64::MAX,
            adaptive: Adaptive::default(),
            range_db,
            snr_db: None,
        }
    }

    pub(super) fn reset(&mut self) {
        if let Some(detector) = &mut self.detector {
            let epoch = detector.link.restart();
            self.shared.epoch.store(epoch, Ordering::Release);
        }
        self.gain.reset(0);
        self.failing = false;
        self.missed_in_a_row = 0;
        self.last_edge = 0;
        self.waiting.clear();
        self.end = u64::MAX;
        self.forget(Stretch::default());
    }

    /// The next input sample begins another stretch of audio; what leaves until then ends at position `end`.
    pub(super) fn input_jumps(&mut self, end: u64) {
        if let Some(detector) = &mut self.detector {
            detector.link.jump(self.grid.frame_of(end.saturating_sub(1)) + 1);
        }
    }

    /// What leaves now ends at position `end`.
    pub(super) fn ends_at(&mut self, end: u64) {
        self.end = end;
    }

    /// Another stretch of audio begins to leave: the past is forgotten, and the gain goes on from where it is.
    pub(super) fn output_jumps(&mut self, stretch: Stretch) {
        self.gain.move_to(stretch.position);
        self.forget(stretch);
    }

    fn forget(&mut self, stretch: Stretch) {
        self.stretch = stretch;
        self.decider.reset();
        self.adapt(None);
        self.next_frame = self.grid.frame_of(stretch.position);
        self.last = ScoredFrame::default();
        if self.failing {
            self.aim(stretch.position, self.fail_target());
        }
    }

    pub(super) fn set_motion(&mut self, settings: &GateSettings, position: u64) -> Result<(), MotionRefused> {
        self.decider.set_motion(settings)?;
        self.gain.set_motion(settings);
        self.range_db = settings.rules.range_db;
        self.adapt(self.snr_db);
        if self.failing {
            self.aim(position, self.fail_target());
        }
        Ok(())
    }

    pub(super) fn replace_labels(&mut self, labels: Option<LabelSet>) {
        self.replaced = labels;
        if labels.is_some() && self.failing {
            self.failing = false;
            self.decider.forget_target();
        }
        self.decider.replace_labels(labels);
    }

    /// Whether frames that came too late, or are about audio that is gone, wait in the ring; takes them.
    pub(super) fn take_late(&mut self) {
        while let Some(frame) = self.front().filter(|frame| self.is_old(frame)) {
            self.drop_front();
            self.take_old(&frame);
        }
    }

    /// Position from which the next undecided frame may move the gain.
    pub(super) fn next_due(&self) -> u64 {
        let start = self.grid.start(self.next_frame);
        if start < self.end { start.saturating_sub(self.lookahead) } else { u64::MAX }
    }

    /// Decides the next frame; the output is at `position`.
    pub(super) fn decide(&mut self, position: u64, may_wait: impl FnMut() -> bool) -> Decided {
        let frame = self.next_frame;
        let fetched = self.fetch(may_wait);
        self.next_frame += 1;
        self.shared.audio.frames.fetch_add(1, Ordering::Relaxed);
        let held = fetched.is_none();
        match fetched {
            Some(frame) => self.take(&frame.scored),
            None => self.hold(frame, position),
        }
        let start = self.grid.start(frame);
        let decided = Decided {
            leaves: self.stretch.samples + start.saturating_sub(self.stretch.position),
            timeline: self.stretch.timeline_at(start),
            scored: ScoredFrame { index: frame, ..self.last },
            heard: self.decider.decided(),
            held,
        };
        self.waiting.push_back(decided);
        decided
    }

    /// The next decided frame, if it leaves before so many samples have.
    pub(super) fn leaving_before(&mut self, samples: u64) -> Option<Decided> {
        self.waiting.front().filter(|decided| decided.leaves < samples)?;
        self.waiting.pop_front()
    }

    /// The next frame's result, if it is there or there is time to wait for it.
    fn fetch(&mut self, mut may_wait: impl FnMut() -> bool) -> Option<HeardFrame> {
        loop {
            // In this order: what it sent before it died is seen.
            let dead = self.shared.is_dead();
            while let Some(frame) = self.next_message() {
                if self.is_old(&frame) {
                    self.drop_front();
                    self.take_old(&frame);
                } else if frame.scored.index == self.next_frame {
                    self.drop_front();
                    return Some(frame);
                } else {
                    // The next one was never heard.
                    return None;
                }
            }
            let detector = self.detector.as_ref()?;
            if dead || !detector.link.will_come(self.next_frame) || !may_wait() {
                return None;
            }
            detector.worker.wake();
            std::thread::sleep(WAIT);
        }
    }

    /// The frame at the front of the ring; takes ratios over on the way.
    fn next_message(&mut self) -> Option<HeardFrame> {
        loop {
            let messages = &mut self.detector.as_mut()?.link.messages;
            match *messages.peek().ok()? {
                Message::Frame(frame) => return Some(frame),
                Message::Ratio { epoch, snr_db } => {
                    if self.detector.as_ref().is_some_and(|detector| detector.link.epoch() == epoch) {
                        self.adapt(snr_db);
                    }
                    self.drop_front();
                }
            }
        }
    }

    /// The frame at the front of the ring, if nothing stands before it.
    fn front(&self) -> Option<HeardFrame> {
        match self.detector.as_ref()?.link.messages.peek().ok()? {
            Message::Frame(frame) => Some(*frame),
            Message::Ratio { .. } => None,
        }
    }

    /// Depth and close threshold follow the floor. Without a ratio the gate is its own.
    fn adapt(&mut self, snr_db: Option<f64>) {
        self.snr_db = snr_db;
        self.decider.adapt(self.adaptive.at(snr_db, self.range_db));
    }

    fn drop_front(&mut self) {
        if let Some(detector) = &mut self.detector {
            // It was seen there.
            let _ = detector.link.messages.pop();
        }
    }

    fn is_old(&self, frame: &HeardFrame) -> bool {
        let epoch = self.detector.as_ref().map_or(0, |detector| detector.link.epoch());
        frame.epoch != epoch || frame.scored.index < self.next_frame
    }

    fn take_old(&mut self, frame: &HeardFrame) {
        // Of audio that left before a jump nothing is wanted any more.
        let wanted = frame.scored.index >= self.grid.frame_of(self.stretch.position);
        if wanted && self.detector.as_ref().is_some_and(|detector| detector.link.epoch() == frame.epoch) {
            self.shared.audio.late.fetch_add(1, Ordering::Relaxed);
            self.take(&frame.scored);
        }
    }

    fn take(&mut self, scored: &ScoredFrame) {
        self.missed_in_a_row = 0;
        if self.failing {
            self.failing = false;
            self.decider.forget_target();
        }
        self.shared.audio.stalled.store(false, Ordering::Relaxed);
        self.last = *scored;
        self.ask(scored.index);
    }

    /// What the last scores, or a host's lanes, say of a frame.
    fn ask(&mut self, frame: u64) {
        let scores = &self.last.scores[..self.labels];
        if let Some(edge) = self.decider.frame(frame, scores, self.last.mean_square) {
            self.aim(edge.at, edge.target);
        }
    }

    fn hold(&mut self, frame: u64, position: u64) {
        let dead = self.shared.is_dead();
        if !dead {
            self.shared.audio.underruns.fetch_add(1, Ordering::Relaxed);
            self.missed_in_a_row = self.missed_in_a_row.saturating_add(1);
        }
        let stalled = self.missed_in_a_row >= STALLED_FRAMES;
        if stalled {
            self.shared.audio.stalled.store(true, Ordering::Relaxed);
        }
        if self.replaced.is_some() {
            // The lanes need no detector.
            self.ask(frame);
        } else if (dead || stalled) && !self.failing {
            self.failing = true;
            self.aim(position, self.fail_target());
        }
    }

    fn fail_target(&self) -> Target {
        match self.fail_mode {
            FailMode::Open => RuleSet::unity(),
            FailMode::Closed => self.decider.rules().default_target(),
        }
    }

    fn aim(&mut self, at: u64, target: Target) {
        // Decisions that come late, or from elsewhere, may lie before one that was taken already.
        self.last_edge = self.last_edge.max(at);
        if self.gain.push(GainEvent { at: self.last_edge, target }).is_err() {
            // A storm of settings between two samples filled the queue: the next frame says it again.
            self.decider.forget_target();
        }
    }
}

/// A frame's level for people, finite whatever came in.
pub(super) fn shown_level_dbfs(mean_square: f32) -> f32 {
    level_dbfs(mean_square).clamp(-200.0, 200.0)
}
