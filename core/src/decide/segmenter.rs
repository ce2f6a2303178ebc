//! The chain of stages for all labels of a source.

use std::collections::VecDeque;

use super::hysteresis::{Bits, CloseGaps, Confirm, DropShort};
use super::pad::Pad;
use super::refine::{EdgeFinder, Refiner};
use super::silence::{Silence, SilenceFinder};
use super::split::Splitter;
use super::{Hysteresis, Segment, TimelineSettings};
use crate::{FrameGrid, Label};

/// What a [`Segmenter`] has decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A segment has begun; it will be long enough to stay.
    Began {
        /// Its label.
        label: Label,
        /// Its first instant, seconds.
        start_s: f64,
    },
    /// A segment is complete.
    Ended(Segment),
}

impl Event {
    /// The complete segment, if this is one.
    pub fn into_segment(self) -> Option<Segment> {
        match self {
            Self::Ended(segment) => Some(segment),
            Self::Began { .. } => None,
        }
    }
}

/// Frames of activity in, events out, as soon as they are certain: at most [`Segmenter::delay_frames`] late.
///
/// Per label, `Began` and `Ended` strictly alternate and never go back in time.
#[derive(Debug, Clone)]
pub struct Segmenter {
    rate_hz: u32,
    exclusive: bool,
    delay_frames: usize,
    columns: usize,
    /// Rows of probabilities that are not yet decided.
    rows: VecDeque<f32>,
    /// Their mean squares.
    levels: VecDeque<f32>,
    edges: EdgeFinder,
    silence: SilenceFinder,
    /// Long ones go to the lanes, all of them to the writer, which is later.
    silent: Silence,
    /// In order of priority.
    lanes: Vec<LabelPipeline>,
    /// Labels as the timeline lists them.
    labels: Vec<Label>,
    writer: Writer,
}

/// The stages of one label.
#[derive(Debug, Clone)]
struct LabelPipeline {
    column: usize,
    hysteresis: Hysteresis,
    close_gaps: CloseGaps,
    closed: Bits,
    /// The probability that confirms, and which frames have it.
    confirm_at: f32,
    confirm_frames: Bits,
    confirm: Confirm,
    confirmed: Bits,
    refiner: Refiner,
    refined: Bits,
    /// Silence, or a label that comes first: this one may not be on.
    blocked: Bits,
    /// The same again, until the lane's own decision joins it.
    blocked_later: Bits,
    drop_short: DropShort,
    kept: Bits,
    pad: Pad,
    fresh: Bits,
    decided: Bits,
}

impl Segmenter {
    /// A segmenter for rows of `labels` over a source at `rate_hz`.
    ///
    /// Columns named `silence` or `unknown` are ignored, since both are decided here; so are repeated ones.
    pub fn new(labels: &[Label], rate_hz: u32, settings: &TimelineSettings) -> Self {
        let refine = settings.refine_frames();
        let mut lanes = Vec::new();
        let mut names: Vec<Label> = Vec::new();
        for (column, label) in labels.iter().enumerate() {
            if names.contains(label) || *label == Label::SILENCE || *label == Label::UNKNOWN {
                continue;
            }
            names.push(label.clone());
            lanes.push(LabelPipeline::new(column, settings, label, refine));
        }
        let (long, any) = (settings.min_silence_frames(), settings.min_pause_frames());
        let silence = SilenceFinder::new(rate_hz, settings.silence_dbfs, long, any);
        let mut segmenter = Self {
            rate_hz: rate_hz.max(1),
            exclusive: settings.exclusive.is_some(),
            delay_frames: delay_frames(settings, &names, refine),
            columns: labels.len(),
            rows: VecDeque::new(),
            levels: VecDeque::new(),
            edges: EdgeFinder::default(),
            silence,
            silent: Silence::default(),
            writer: Writer { frame: 0, columns: lanes.iter().map(|l| l.column).collect(), runs: Vec::new() },
            lanes,
            labels: Vec::new(),
        };
        let run = |label: &Label| Run::new(label.clone(), settings.of(label).max_frames());
        segmenter.writer.runs = names.iter().map(run).collect();
        if let Some(priority) = &settings.exclusive {
            let rank = |l: &LabelPipeline| {
                priority.iter().position(|p| *p == labels[l.column]).unwrap_or(usize::MAX)
            };
            segmenter.lanes.sort_by_key(rank);
        }
        names.extend([Label::SILENCE, Label::UNKNOWN]);
        segmenter.writer.runs.extend([Run::new(Label::SILENCE, None), Run::new(Label::UNKNOWN, None)]);
        segmenter.labels = names;
        segmenter
    }

    /// Every label that may be given.
    pub fn labels(&self) -> Vec<Label> {
        self.labels.clone()
    }

    /// After frame `k + delay_frames()` all is said about frame `k`.
    pub fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Takes a frame: one probability per label, and the mean square (full scale 1). Appends what is certain now.
    ///
    /// # Panics
    ///
    /// If `row` has not one value per label.
    pub fn push(&mut self, row: &[f32], mean_square: f32, out: &mut Vec<Event>) {
        assert_eq!(row.len(), self.columns, "one probability per label");
        self.rows.extend(row.iter().map(|p| if p.is_nan() { 0.0 } else { *p }));
        self.levels.push_back(mean_square);
        self.edges.push(mean_square);
        self.silence.push(mean_square, &mut self.silent);
        for lane in &mut self.lanes {
            lane.push(row[lane.column]);
        }
        self.advance(false);
        self.write(out);
    }

    /// No frame follows; the source has `samples` samples per channel. Ends what is under way at exactly that sample.
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    pub fn finish(mut self, samples: u64, out: &mut Vec<Event>) {
        self.edges.finish();
        self.silence.finish(samples, &mut self.silent);
        for lane in &mut self.lanes {
            lane.end();
        }
        self.advance(true);
        self.write(out);
        let duration_s = samples as f64 / f64::from(self.rate_hz);
        self.writer.finish(duration_s, out);
    }

    /// Moves decisions from stage to stage and from lane to lane.
    fn advance(&mut self, at_end: bool) {
        let mut blocked = std::mem::take(&mut self.silent.long);
        for lane in &mut self.lanes {
            lane.blocked.append(&mut blocked);
            lane.advance(&self.edges, at_end);
            for active in lane.fresh.drain(..) {
                lane.decided.push_back(active);
                let was_blocked = lane.blocked_later.pop_front().unwrap_or(false);
                blocked.push_back(was_blocked || (self.exclusive && active));
            }
        }
        self.edges
            .forget_before(self.lanes.iter().map(|l| l.refiner.needs_from()).min().unwrap_or(usize::MAX));
    }

    /// Hands the frames that every lane has decided to the writer.
    fn write(&mut self, out: &mut Vec<Event>) {
        while !self.silent.any.is_empty() && self.lanes.iter().all(|l| !l.decided.is_empty()) {
            // A long one is among all; what is too short to part a label is silent all the same where none is on.
            let silent = self.silent.any.pop_front().unwrap_or(false);
            for lane in &mut self.lanes {
                let active = lane.decided.pop_front().unwrap_or(false);
                self.writer.set(lane.column, active);
            }
            let mean_square = self.levels.pop_front().unwrap_or(0.0);
            self.writer.write(silent, &self.rows, mean_square, out);
            self.rows.drain(..self.columns);
        }
    }
}

/// Upper bound of the chain's delay.
fn delay_frames(settings: &TimelineSettings, labels: &[Label], refine: usize) -> usize {
    let each = |f: fn(&super::LabelSettings) -> usize| labels.iter().map(move |l| f(&settings.of(l)));
    let refining = if refine > 0 { 2 * refine + EdgeFinder::LOOKAHEAD_FRAMES } else { 0 };
    let closing = each(super::LabelSettings::min_gap_frames).max().unwrap_or(0);
    let confirming = each(super::LabelSettings::confirm_frames).max().unwrap_or(0);
    let min_on = each(super::LabelSettings::min_on_frames);
    let dropping = if settings.exclusive.is_some() { min_on.sum() } else { min_on.max().unwrap_or(0) };
    let padding = labels.iter().map(|l| Pad::delay_frames(settings.of(l).pad_frames())).max().unwrap_or(0);
    let dividing = labels.iter().filter_map(|l| settings.of(l).max_frames()).max().unwrap_or(0);
    let shaping = dropping + padding + dividing;
    SilenceFinder::DELAY_FRAMES + settings.min_silence_frames() + refining + closing + confirming + shaping
}

impl LabelPipeline {
    fn new(column: usize, settings: &TimelineSettings, label: &Label, refine: usize) -> Self {
        let own = settings.of(label);
        Self {
            column,
            hysteresis: Hysteresis::new(own.thresholds()),
            close_gaps: CloseGaps::new(own.min_gap_frames()),
            closed: Bits::new(),
            confirm_at: own.confirm,
            confirm_frames: Bits::new(),
            confirm: Confirm::new(own.confirm_frames(), own.near_frames()),
            confirmed: Bits::new(),
            refiner: Refiner::new(refine),
            refined: Bits::new(),
            blocked: Bits::new(),
            blocked_later: Bits::new(),
            drop_short: DropShort::new(own.min_on_frames()),
            kept: Bits::new(),
            pad: Pad::new(own.pad_frames()),
            fresh: Bits::new(),
            decided: Bits::new(),
        }
    }

    /// Takes a frame's probability.
    fn push(&mut self, probability: f32) {
        let active = self.hysteresis.push(probability);
        self.confirm_frames.push_back(probability >= self.confirm_at);
        self.close_gaps.push(active, &mut self.closed);
        self.confirm();
    }

    /// No frame follows.
    fn end(&mut self) {
        self.close_gaps.finish(&mut self.closed);
        self.confirm();
        self.confirm.finish(&mut self.confirmed);
    }

    fn confirm(&mut self) {
        for active in self.closed.drain(..) {
            let confirms = self.confirm_frames.pop_front().unwrap_or(false);
            self.confirm.push(active, confirms, &mut self.confirmed);
        }
    }

    fn advance(&mut self, edges: &EdgeFinder, at_end: bool) {
        while !self.confirmed.is_empty() && (at_end || self.refiner.is_ready(edges)) {
            let active = self.confirmed.pop_front().unwrap_or(false);
            self.refiner.push(active, edges, &mut self.refined);
        }
        if at_end {
            self.refiner.finish(&mut self.refined);
        }
        let n = self.refined.len().min(self.blocked.len());
        for (active, blocked) in self.refined.drain(..n).zip(self.blocked.drain(..n)) {
            self.drop_short.push(active && !blocked, &mut self.kept);
            self.blocked_later.push_back(blocked);
        }
        if at_end {
            self.drop_short.finish(false, &mut self.kept);
        }
        for active in self.kept.drain(..) {
            self.pad.push(active, &mut self.fresh);
        }
        if at_end {
            self.pad.finish(&mut self.fresh);
        }
    }
}

/// Turns decisions per frame into events.
#[derive(Debug, Clone)]
struct Writer {
    frame: u64,
    /// Column of each run of a label.
    columns: Vec<usize>,
    /// One for each label, then silence, then unknown.
    runs: Vec<Run>,
}

/// One label's segment under way.
#[derive(Debug, Clone)]
struct Run {
    label: Label,
    active: bool,
    start: Option<u64>,
    sum: f64,
    splitter: Splitter,
}

impl Run {
    fn new(label: Label, max_frames: Option<usize>) -> Self {
        Self { label, active: false, start: None, sum: 0.0, splitter: Splitter::new(max_frames) }
    }

    fn begin(&mut self, frame: u64, out: &mut Vec<Event>) {
        self.start = Some(frame);
        out.push(Event::Began { label: self.label.clone(), start_s: FrameGrid::seconds(frame) });
    }

    /// Takes a frame in which it is on; what has become too long ends at its best place, and goes on there.
    fn hear(&mut self, probability: f64, mean_square: f32, out: &mut Vec<Event>) {
        self.sum += probability;
        let (Some(part), Some(start)) = (self.splitter.push(probability, mean_square), self.start) else {
            return;
        };
        let rest = self.sum - part.sum;
        let border = start + part.frames as u64;
        self.sum = part.sum;
        self.end(border, FrameGrid::seconds(border), out);
        self.begin(border, out);
        self.sum = rest;
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a mean of probabilities"
    )]
    fn end(&mut self, frame: u64, end_s: f64, out: &mut Vec<Event>) {
        let Some(start) = self.start.take() else { return };
        let confidence =
            (std::mem::take(&mut self.sum) / (frame - start).max(1) as f64).clamp(0.0, 1.0) as f32;
        let start_s = FrameGrid::seconds(start);
        out.push(Event::Ended(Segment { label: self.label.clone(), start_s, end_s, confidence }));
    }
}

impl Writer {
    fn set(&mut self, column: usize, active: bool) {
        for (run, _) in self.runs.iter_mut().zip(&self.columns).filter(|(_, c)| **c == column) {
            run.active = active;
        }
    }

    fn write(&mut self, silent: bool, rows: &VecDeque<f32>, mean_square: f32, out: &mut Vec<Event>) {
        let labels = self.columns.len();
        let labelled = self.runs[..labels].iter().any(|r| r.active);
        // Padding reaches into silence, and a label runs through a short one.
        let silent = silent && !labelled;
        self.runs[labels].active = silent;
        self.runs[labels + 1].active = !silent && !labelled;
        for run in self.runs.iter_mut().filter(|r| !r.active) {
            run.end(self.frame, FrameGrid::seconds(self.frame), out);
            run.splitter.clear();
        }
        let probability = |i: usize| self.columns.get(i).map(|c| f64::from(rows[*c]));
        let best = (0..labels).filter_map(probability).fold(0.0, f64::max);
        for (i, run) in self.runs.iter_mut().enumerate().filter(|(_, r)| r.active) {
            if run.start.is_none() {
                run.begin(self.frame, out);
            }
            run.hear(probability(i).unwrap_or(if silent { 1.0 } else { 1.0 - best }), mean_square, out);
        }
        self.frame += 1;
    }

    fn finish(mut self, duration_s: f64, out: &mut Vec<Event>) {
        if self.frame == 0 && duration_s > 0.0 {
            let unknown = self.runs.last_mut().expect("there is always a run of unknown");
            unknown.begin(0, out);
        }
        for run in &mut self.runs {
            run.end(self.frame, duration_s, out);
        }
    }
}
