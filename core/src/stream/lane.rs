//! One label of a stream: from a decision per frame to what is told of it.

use std::collections::VecDeque;

use super::Event;
use super::time::{FRAME_US, rounded, seconds};
use crate::Label;
use crate::decide::hysteresis::{Bits, CloseGaps, DropShort};
use crate::decide::{LabelSettings, Pad, Splitter};
use crate::signal::units::real;

/// Where events go, and what those that are decided now have in common.
pub(super) struct Tell<'a> {
    pub(super) next_id: &'a mut u64,
    /// End of the last sample that is needed for what is decided now.
    pub(super) decided_us: u64,
    pub(super) out: &'a mut Vec<Event>,
}

/// Minimum durations and shape of a label, frames.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Durations {
    pub(super) min_on: usize,
    pub(super) min_gap: usize,
    pub(super) pad: usize,
    /// The longest stretch; `None`: there is none.
    pub(super) max: Option<usize>,
}

impl Durations {
    pub(super) fn of_label(settings: &LabelSettings) -> Self {
        Self {
            min_on: settings.min_on_frames(),
            min_gap: settings.min_gap_frames(),
            pad: settings.pad_frames(),
            max: settings.max_frames(),
        }
    }
}

/// A label on its way: gaps are closed, where it is silent it is off, what is too short is dropped, what stays is padded, and
/// what is too long is divided. Those are the stages of a file's labels, in their order; each waits only while it does not
/// know.
#[derive(Debug)]
pub(super) struct Lane {
    label: Label,
    durations: Durations,
    close_gaps: CloseGaps,
    closed: Bits,
    /// Frames in which something covers this label, as far as that is decided; `None` if nothing ever does.
    covered: Option<Bits>,
    drop_short: DropShort,
    long_enough: Bits,
    pad: Pad,
    kept: Bits,
    splitter: Splitter,
    /// Scores and mean squares of the frames that are not decided yet.
    heard: VecDeque<(f32, f32)>,
    /// The next frame to be decided.
    frame: u64,
    run: Option<Run>,
    total_us: u64,
}

/// A stretch in which the label is on.
#[derive(Debug)]
struct Run {
    id: u64,
    start_us: u64,
    /// Sum of the scores and their number.
    sum: f64,
    frames: usize,
    /// Whether its onset has been told.
    told: bool,
}

impl Lane {
    pub(super) fn new(label: Label, durations: Durations) -> Self {
        Self {
            label,
            durations,
            close_gaps: CloseGaps::new(durations.min_gap),
            closed: Bits::new(),
            covered: None,
            drop_short: DropShort::new(durations.min_on),
            long_enough: Bits::new(),
            pad: Pad::new(durations.pad),
            kept: Bits::new(),
            splitter: Splitter::new(durations.max),
            heard: VecDeque::new(),
            frame: 0,
            run: None,
            total_us: 0,
        }
    }

    pub(super) fn label(&self) -> &Label {
        &self.label
    }

    /// Seconds that it was on, in stretches that have ended.
    pub(super) fn total_s(&self) -> f64 {
        seconds(self.total_us)
    }

    /// Where the next frame to be decided begins, microseconds.
    pub(super) fn told_until_us(&self) -> u64 {
        self.frame * FRAME_US
    }

    /// The same for a label that something may cover: [`Lane::cover`] says for every frame whether it does.
    pub(super) fn coverable(label: Label, durations: Durations) -> Self {
        Self { covered: Some(Bits::new()), ..Self::new(label, durations) }
    }

    /// Takes score and mean square of the next frame that is heard.
    pub(super) fn hear(&mut self, score: f32, mean_square: f32) {
        self.heard.push_back((score, mean_square));
    }

    /// Takes whether the label is on in the next frame; its score is known by then.
    pub(super) fn push(&mut self, active: bool) {
        self.close_gaps.push(active, &mut self.closed);
    }

    /// Takes for the next frames whether something covers this label.
    pub(super) fn cover(&mut self, covered: &Bits) {
        if let Some(own) = &mut self.covered {
            own.extend(covered);
        }
    }

    /// Decides what can be decided, tells what changes, and appends the decisions to `decided`.
    pub(super) fn advance(&mut self, tell: &mut Tell<'_>, decided: &mut Bits) {
        let ready = self.covered.as_ref().map_or(usize::MAX, Bits::len).min(self.closed.len());
        for active in self.closed.drain(..ready) {
            let covered = self.covered.as_mut().and_then(Bits::pop_front).unwrap_or(false);
            self.drop_short.push(active && !covered, &mut self.long_enough);
        }
        self.widen();
        self.tell_kept(tell, decided);
    }

    fn widen(&mut self) {
        for active in self.long_enough.drain(..) {
            self.pad.push(active, &mut self.kept);
        }
    }

    fn tell_kept(&mut self, tell: &mut Tell<'_>, decided: &mut Bits) {
        for active in self.kept.drain(..) {
            let now_us = self.frame * FRAME_US;
            let (score, mean_square) = self.heard.pop_front().unwrap_or_default();
            if active {
                let run = self.run.get_or_insert_with(|| Run::new(now_us, tell));
                run.sum += f64::from(score);
                run.frames += 1;
                if let Some(part) = self.splitter.push(f64::from(score), mean_square) {
                    let border_us = run.start_us + part.frames as u64 * FRAME_US;
                    let (sum, frames) = (run.sum - part.sum, run.frames - part.frames);
                    (run.sum, run.frames) = (part.sum, part.frames);
                    if let Some(first) = self.run.take() {
                        self.total_us += first.end(&self.label, border_us, tell);
                    }
                    self.run = Some(Run { sum, frames, ..Run::new(border_us, tell) });
                }
            } else if let Some(run) = self.run.take() {
                self.splitter.clear();
                self.total_us += run.end(&self.label, now_us, tell);
            }
            decided.push_back(active);
            self.frame += 1;
        }
        // Not before: all frames that are decided together count in the onset's confidence.
        if let Some(run) = &mut self.run {
            run.begin(&self.label, tell);
        }
    }

    /// The sound ends at `end_us`: decides the rest, ends what is on, and appends the decisions to `decided`. What has been
    /// on from the first frame to the last stays with `keep_whole`, however short it is.
    pub(super) fn end(&mut self, keep_whole: bool, end_us: u64, tell: &mut Tell<'_>, decided: &mut Bits) {
        self.close_gaps.finish(&mut self.closed);
        self.advance(tell, decided);
        self.drop_short.finish(keep_whole, &mut self.long_enough);
        self.widen();
        self.pad.finish(&mut self.kept);
        self.tell_kept(tell, decided);
        if let Some(run) = self.run.take() {
            self.total_us += run.end(&self.label, end_us, tell);
        }
    }

    /// Begins anew with frame `frame`; what was on before counts on.
    pub(super) fn restart(&mut self, frame: u64) {
        let total_us = self.total_us;
        let covered = self.covered.as_ref().map(|_| Bits::new());
        *self = Self { frame, total_us, covered, ..Self::new(self.label.clone(), self.durations) };
    }
}

impl Run {
    /// One that begins.
    fn new(start_us: u64, tell: &mut Tell<'_>) -> Self {
        *tell.next_id += 1;
        Self { id: *tell.next_id, start_us, sum: 0.0, frames: 0, told: false }
    }

    fn confidence(&self) -> f64 {
        rounded((self.sum / real(self.frames.max(1))).clamp(0.0, 1.0), 3)
    }

    /// Tells that it is on, once.
    fn begin(&mut self, label: &Label, tell: &mut Tell<'_>) {
        if !std::mem::replace(&mut self.told, true) {
            tell.out.push(Event::Onset {
                id: self.id,
                label: label.clone(),
                start_s: seconds(self.start_us),
                decided_s: seconds(tell.decided_us),
                confidence: self.confidence(),
            });
        }
    }

    /// Tells that it is over; gives its length, microseconds.
    fn end(mut self, label: &Label, end_us: u64, tell: &mut Tell<'_>) -> u64 {
        self.begin(label, tell);
        tell.out.push(Event::Offset {
            id: self.id,
            label: label.clone(),
            start_s: seconds(self.start_us),
            end_s: seconds(end_us),
            decided_s: seconds(tell.decided_us),
            confidence: self.confidence(),
        });
        end_us.saturating_sub(self.start_us)
    }
}
