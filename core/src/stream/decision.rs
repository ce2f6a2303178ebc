//! Which labels are on, frame by frame, and what is told of it.

use super::lane::{Durations, Lane, Tell};
use crate::decide::hysteresis::Bits;
use crate::decide::{CausalLabels, SILENCE_WINDOW_FRAMES, TimelineSettings};
use crate::{Label, LabelSet};

/// The causal law with the lanes of all labels behind it.
#[derive(Debug)]
pub(super) struct Decision {
    labels: CausalLabels,
    /// The next frame.
    frame: u64,
    silence: Lane,
    /// The pack's labels, each with its column.
    named: Vec<(usize, Lane)>,
    unknown: Lane,
    /// Decisions that wait until those of all lanes are there, which is when `unknown` is known.
    silent: Bits,
    on: Vec<Bits>,
    /// What silence decided last.
    fresh: Bits,
}

impl Decision {
    pub(super) fn new(labels: &[Label], settings: &TimelineSettings, rate_hz: u32) -> Self {
        let of = |label: &Label| settings.of(label);
        let thresholds: Vec<_> = labels.iter().map(|label| of(label).thresholds()).collect();
        let mut causal = CausalLabels::new(labels, &thresholds, rate_hz);
        causal.set_silence_dbfs(settings.silence_dbfs);
        // The columns that the law ignores have no lane.
        let is_decided = |column: &usize| {
            let label = &labels[*column];
            *label != Label::SILENCE && *label != Label::UNKNOWN && !labels[..*column].contains(label)
        };
        let named: Vec<(usize, Lane)> = (0..labels.len().min(LabelSet::MAX_LABELS))
            .filter(is_decided)
            .map(|column| {
                let label = labels[column].clone();
                let durations = Durations::of_label(&of(&label));
                (column, Lane::coverable(label, durations))
            })
            .collect();
        // A causal silence begins with the last frame of the window that it is judged over.
        let min_silence = settings.min_silence_frames().saturating_sub(SILENCE_WINDOW_FRAMES - 1);
        let unknown = Durations { min_on: of(&Label::UNKNOWN).min_on_frames(), ..Durations::default() };
        Self {
            labels: causal,
            frame: 0,
            silence: Lane::new(Label::SILENCE, Durations { min_on: min_silence, ..Durations::default() }),
            unknown: Lane::new(Label::UNKNOWN, unknown),
            silent: Bits::new(),
            on: vec![Bits::new(); named.len()],
            fresh: Bits::new(),
            named,
        }
    }

    /// The next frame.
    pub(super) fn frame(&self) -> u64 {
        self.frame
    }

    /// In the order of the pack, then silence and unknown.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.named.iter().map(|(_, lane)| lane).chain([&self.silence, &self.unknown])
    }

    /// Where the first frame begins that some lane has not decided about, microseconds.
    pub(super) fn told_until_us(&self) -> u64 {
        self.lanes().map(Lane::told_until_us).min().unwrap_or(0)
    }

    /// Takes the next frame and tells what is known now.
    pub(super) fn push(&mut self, scores: &[f32], mean_square: f32, tell: &mut Tell<'_>) {
        let on = self.labels.push(self.frame, scores, mean_square);
        self.frame += 1;
        self.silence.hear(1.0, mean_square);
        self.silence.push(on.contains(LabelSet::SILENCE));
        self.silence.advance(tell, &mut self.fresh);
        let mut best = 0.0_f32;
        for ((column, lane), decided) in self.named.iter_mut().zip(&mut self.on) {
            lane.hear(scores[*column], mean_square);
            lane.push(on.has_label(*column));
            lane.cover(&self.fresh);
            lane.advance(tell, decided);
            best = best.max(scores[*column]);
        }
        self.silent.append(&mut self.fresh);
        self.unknown.hear(1.0 - best, mean_square);
        self.tell_unknown(tell);
    }

    /// The sound ends at `end_us`.
    pub(super) fn end(&mut self, end_us: u64, tell: &mut Tell<'_>) {
        // What is silent, or unknown, as a whole is told however short it is.
        self.silence.end(true, end_us, tell, &mut self.fresh);
        for ((_, lane), decided) in self.named.iter_mut().zip(&mut self.on) {
            lane.cover(&self.fresh);
            lane.end(false, end_us, tell, decided);
        }
        self.silent.append(&mut self.fresh);
        self.tell_unknown(tell);
        self.unknown.end(true, end_us, tell, &mut self.fresh);
        self.fresh.clear();
    }

    /// Begins anew with frame `frame`.
    pub(super) fn restart(&mut self, frame: u64) {
        self.labels.reset();
        self.frame = frame;
        self.silence.restart(frame);
        self.named.iter_mut().for_each(|(_, lane)| lane.restart(frame));
        self.unknown.restart(frame);
    }

    /// Decides about unknown as far as everything else is decided.
    fn tell_unknown(&mut self, tell: &mut Tell<'_>) {
        while !self.silent.is_empty() && self.on.iter().all(|bits| !bits.is_empty()) {
            let mut known = self.silent.pop_front().unwrap_or(false);
            for bits in &mut self.on {
                known |= bits.pop_front().unwrap_or(false);
            }
            self.unknown.push(!known);
        }
        // Nothing waits for what is unknown.
        let mut nobody = std::mem::take(&mut self.fresh);
        self.unknown.advance(tell, &mut nobody);
        nobody.clear();
        self.fresh = nobody;
    }
}
