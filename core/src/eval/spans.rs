//! Truth: stretches of time, and the frames in them.

use crate::decide::Timeline;
use crate::{FrameGrid, Label};

/// Times closer than this are the same: label files hold milliseconds, sums of them round.
const SAME_S: f64 = 1e-6;

/// What the truth says of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The label is there.
    Present,
    /// It is not.
    Absent,
    /// Too near a border to tell: not scored.
    Ignored,
}

/// Stretches of one label in seconds: in order, apart from each other, none empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spans(Vec<(f64, f64)>);

impl Spans {
    /// The union of stretches in any order. Those that overlap or touch become one; nothing else is bridged.
    pub fn new(stretches: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut sorted: Vec<_> = stretches.into_iter().filter(|(start, end)| end > start).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut merged: Vec<(f64, f64)> = Vec::with_capacity(sorted.len());
        for (start, end) in sorted {
            match merged.last_mut() {
                Some(last) if start <= last.1 + SAME_S => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        Self(merged)
    }

    /// The stretches of `label` in a timeline. Singing is music too: who labels a song `singing` need not say `music` again.
    pub fn of(timeline: &Timeline, label: &Label) -> Self {
        let sung = timeline.of(&Label::SINGING).filter(|_| *label == Label::MUSIC);
        Self::new(timeline.of(label).chain(sung).map(|s| (s.start_s, s.end_s)))
    }

    /// Start and end of each stretch, in order.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.0.iter().copied()
    }

    /// Truth of the first `frames` frames. Frame `k` is [`Truth::Present`] if its middle, `(k + ½) · 10 ms`, lies in a
    /// stretch, and [`Truth::Ignored`] if the middle is less than `collar_s` from a border of one.
    pub fn frames(&self, frames: usize, collar_s: f64) -> Vec<Truth> {
        let mut truth = vec![Truth::Absent; frames];
        let mut fill = |from_s: f64, to_s: f64, value: Truth| {
            let (from, to) = (first_frame(from_s), first_frame(to_s).min(frames));
            if from < to {
                truth[from..to].fill(value);
            }
        };
        self.iter().for_each(|(start, end)| fill(start, end, Truth::Present));
        if collar_s > 0.0 {
            for border in self.iter().flat_map(|(start, end)| [start, end]) {
                fill(border - collar_s, border + collar_s, Truth::Ignored);
            }
        }
        truth
    }
}

/// The first frame whose middle is not before `time_s`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times of a recording are small; `as` saturates"
)]
pub(super) fn first_frame(time_s: f64) -> usize {
    ((time_s - SAME_S) / FrameGrid::FRAME_S - 0.5).ceil().max(0.0) as usize
}
