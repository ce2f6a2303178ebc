//! From edges to a gain for every sample.

use std::collections::VecDeque;

use super::ramp::Ramp;
use super::{Curve, GainEvent, GateError, GateSettings, MIN_RAMP_MS, Target, ms_to_samples};

/// Why an edge was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The queue holds as many edges as it was made for.
    #[error("the gate's queue is full")]
    Full,
    /// It lies before an edge that was pushed earlier.
    #[error("the edge lies before one that came earlier")]
    OutOfOrder,
}

/// A stretch of the decision stream inside the window of lookahead and hold.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    target: Target,
    /// First sample after the stretch.
    end: u64,
}

/// Turns edges into a gain per sample, with lookahead, hold, attack and release.
///
/// At position `t` the winner is the rule of the first priority among the edges in force anywhere in `[t − hold, t +
/// lookahead]`; when the winner changes, a ramp leads to its gain, and only positions decide: any split of
/// the samples into blocks gives the same bits. An edge that comes too late takes effect at the next sample.
/// At the first sample after a start there is no ramp: the gate is where it would be had it always run.
///
/// Nothing here allocates after [`new`](Self::new), except for [`extend`](Self::extend), which is for files.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::gate::{GainComputer, GateSettings, RuleSet, edges_from_segments};
///
/// // Speech stays, all else goes down by 30 dB; somebody speaks from 1 s to 2 s of 3 s at 8 kHz.
/// let settings = GateSettings::default();
/// let rules = RuleSet::new(&settings, &[Label::SPEECH])?;
/// let edges = edges_from_segments(&rules, &settings, [(&Label::SPEECH, 1.0, 2.0)], &[], 8_000, 24_000);
///
/// let mut computer = GainComputer::new(&settings, rules.default_target(), 8_000)?;
/// computer.extend(edges)?;
/// let mut gains = vec![0.0; 24_000];
/// computer.fill(&mut gains);
/// assert!(gains[8_000..16_000].iter().all(|gain| *gain == 1.0));
/// assert!((20.0 * gains[0].log10() + 30.0).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct GainComputer {
    rate_hz: u32,
    attack: u64,
    hold: u64,
    release: u64,
    lookahead: u64,
    curve: Curve,
    rest: Target,
    /// Position of the next sample.
    position: u64,
    started: bool,
    /// Edges that lie beyond the lookahead.
    queue: VecDeque<GainEvent>,
    /// Stretches in the window, from the first priority and the earliest to the worst and latest: the front wins.
    window: VecDeque<Candidate>,
    last_pushed: u64,
    /// What the gain is or moves to.
    winner: Target,
    gain: f32,
    ramp: Option<Ramp>,
}

impl GainComputer {
    /// Edges that may wait beyond those of the lookahead.
    const SPARE_EDGES: usize = 256;

    /// A gate at rest at position 0.
    ///
    /// `rest` is the target before the first edge ([`super::RuleSet::default_target`] or [`super::RuleSet::unity`]).
    ///
    /// # Errors
    /// [`GateError::Setting`] for a number out of its range.
    pub fn new(settings: &GateSettings, rest: Target, rate_hz: u32) -> Result<Self, GateError> {
        settings.validate()?;
        // One edge per 10 ms frame, and room for a worker that runs ahead.
        let frames = usize::try_from(ms_to_samples(settings.envelope.lookahead_ms, 100)).unwrap_or(0);
        let mut computer = Self {
            rate_hz,
            attack: 1,
            hold: 0,
            release: 1,
            lookahead: ms_to_samples(settings.envelope.lookahead_ms, rate_hz),
            curve: settings.envelope.curve,
            rest,
            position: 0,
            started: false,
            queue: VecDeque::with_capacity(frames + Self::SPARE_EDGES),
            // Ranks rise strictly from front to back.
            window: VecDeque::with_capacity(usize::from(u8::MAX) + 1),
            last_pushed: 0,
            winner: rest,
            gain: rest.gain(),
            ramp: None,
        };
        computer.set_motion(settings);
        computer.reset(0);
        Ok(computer)
    }

    /// Takes over attack, hold, release and curve, from the next ramp on; for a plugin's knobs. The
    /// lookahead is latency and stays.
    pub fn set_motion(&mut self, settings: &GateSettings) {
        self.attack = ms_to_samples(settings.envelope.attack_ms.max(MIN_RAMP_MS), self.rate_hz).max(1);
        self.release = ms_to_samples(settings.envelope.release_ms.max(MIN_RAMP_MS), self.rate_hz).max(1);
        self.hold = ms_to_samples(settings.envelope.hold_ms, self.rate_hz);
        self.curve = settings.envelope.curve;
    }

    /// Forgets everything; the next sample is `position`.
    pub fn reset(&mut self, position: u64) {
        self.position = position;
        self.started = false;
        self.queue.clear();
        self.window.clear();
        self.window.push_back(Candidate { target: self.rest, end: u64::MAX });
        self.last_pushed = 0;
        self.winner = self.rest;
        self.gain = self.rest.gain();
        self.ramp = None;
    }

    /// The next sample is `position`, no earlier than it would have been, and what was decided about those before is
    /// forgotten. The gain itself goes on from where it is: no step is heard.
    pub fn move_to(&mut self, position: u64) {
        if !self.started {
            return self.reset(position);
        }
        match self.ramp {
            Some(ramp) if ramp.end() <= self.position => {
                self.gain = ramp.target();
                self.ramp = None;
            }
            ramp => self.ramp = ramp.map(|ramp| ramp.moved(self.position, position)),
        }
        self.position = position;
        self.queue.clear();
        self.window.clear();
        self.window.push_back(Candidate { target: self.rest, end: u64::MAX });
        self.last_pushed = 0;
    }

    /// Position of the next sample that [`fill`](Self::fill) gives.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How far beyond a sample its decisions must be known, in samples.
    pub fn lookahead_samples(&self) -> u64 {
        self.lookahead
    }

    /// Takes one edge; never allocates.
    ///
    /// # Errors
    /// The edge is not taken when the queue is full or when it is out of order.
    pub fn push(&mut self, edge: GainEvent) -> Result<(), PushError> {
        if self.queue.len() == self.queue.capacity() {
            return Err(PushError::Full);
        }
        self.append(edge)
    }

    /// Takes any number of edges, allocating as needed: for files, where all are known.
    ///
    /// # Errors
    /// Stops at the first edge that is out of order.
    pub fn extend(&mut self, edges: impl IntoIterator<Item = GainEvent>) -> Result<(), PushError> {
        edges.into_iter().try_for_each(|edge| self.append(edge))
    }

    fn append(&mut self, edge: GainEvent) -> Result<(), PushError> {
        if edge.at < self.last_pushed {
            return Err(PushError::OutOfOrder);
        }
        self.last_pushed = edge.at;
        self.queue.push_back(edge);
        Ok(())
    }

    /// The gains of the next `out.len()` samples, each in 0..=1.
    pub fn fill(&mut self, out: &mut [f32]) {
        let mut rest = out;
        while !rest.is_empty() {
            self.take_events();
            let available = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            let until_event = self.next_event().saturating_sub(self.position);
            let until_arrival = self.ramp.map_or(u64::MAX, |ramp| ramp.end() - self.position);
            let count = available.min(until_event).min(until_arrival).max(1);
            let (now, later) = rest.split_at_mut(usize::try_from(count).unwrap_or(usize::MAX));
            match &self.ramp {
                Some(ramp) => ramp.fill(self.position, now),
                None => now.fill(self.gain),
            }
            self.position += count;
            self.started = true;
            rest = later;
        }
    }

    /// Position at which the winner may next change.
    fn next_event(&self) -> u64 {
        let enters = self.queue.front().map_or(u64::MAX, |edge| edge.at.saturating_sub(self.lookahead));
        let leaves = self.window.front().map_or(u64::MAX, |front| front.end.saturating_add(self.hold));
        enters.min(leaves)
    }

    /// Brings window, winner and ramp to the current position.
    fn take_events(&mut self) {
        if let Some(ramp) = self.ramp
            && ramp.end() <= self.position
        {
            self.gain = ramp.target();
            self.ramp = None;
        }
        while let Some(edge) = self.queue.front().copied()
            && edge.at.saturating_sub(self.lookahead) <= self.position
        {
            self.queue.pop_front();
            self.enter(edge);
        }
        // A stretch ends where its successor, behind it in the window, begins: the window is never empty.
        while self.window.len() > 1
            && self.window.front().is_some_and(|front| front.end.saturating_add(self.hold) <= self.position)
        {
            self.window.pop_front();
        }
        let Some(front) = self.window.front() else { return };
        let target = front.target;
        self.aim(target);
    }

    fn enter(&mut self, edge: GainEvent) {
        if let Some(last) = self.window.back_mut() {
            last.end = edge.at;
        }
        // Whatever has no better priority than the new edge also leaves before it.
        while self.window.back().is_some_and(|last| last.target.priority >= edge.target.priority) {
            self.window.pop_back();
        }
        self.window.push_back(Candidate { target: edge.target, end: u64::MAX });
    }

    fn aim(&mut self, target: Target) {
        if !self.started {
            self.winner = target;
            self.gain = target.gain();
            return;
        }
        if target == self.winner {
            return;
        }
        // A rule whose gain follows the level changes it often. Restarted at each change the ramp would never
        // arrive, so it arrives first; this is asked again then.
        if target.priority == self.winner.priority && self.ramp.is_some() {
            return;
        }
        let len = if target.priority < self.winner.priority { self.attack } else { self.release };
        self.winner = target;
        let to = target.gain();
        if self.ramp.is_some_and(|ramp| ramp.target().to_bits() == to.to_bits()) {
            return;
        }
        self.gain = self.ramp.map_or(self.gain, |ramp| ramp.gain(self.position));
        let moves = self.gain.to_bits() != to.to_bits();
        self.ramp = moves.then(|| Ramp::new(self.position, len, self.gain, to, self.curve));
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are small numbers")]
#[path = "envelope_tests.rs"]
mod tests;
