//! Onsets and silences: what a listener notices before any frame count does.

use serde::Serialize;

use super::spans::first_frame;
use super::{Spans, THRESHOLD, real, share};
use crate::FrameGrid;

/// Shorter gaps in the truth are neither silences to be found nor do they make a new onset.
pub const MIN_GAP_S: f64 = 0.15;

/// Rounding of times in label files.
const SLACK_S: f64 = 1e-6;

/// When the scores noticed that the label began.
///
/// Counted is every start of a true stretch with at least [`MIN_GAP_S`] of the recording before it that lacks the label.
/// The raw score is compared with [`THRESHOLD`], nothing is smoothed. If the first true frame is called, the run of
/// called frames that it lies in is followed back to its beginning: the delay is then negative (early) or about 0. If the
/// run reaches back over the whole gap there is no moment of opening, and the onset counts as `already_on`. If the first
/// true frame is not called, the first called one of the stretch gives the delay; if there is none, the onset is missed.
/// A delay is the start of the called frame minus the true time. The look-ahead of a pack is no part of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Onsets {
    /// Onsets counted.
    pub count: usize,
    /// Never called in the whole stretch.
    pub missed: usize,
    /// Called without a break since the label last ended: no opening.
    pub already_on: usize,
    /// Delays of all others in milliseconds, ascending.
    #[serde(skip)]
    pub delays_ms: Vec<f64>,
    /// Half of the delays are at most this (nearest rank).
    pub p50_ms: Option<f64>,
    /// Nine tenths of the delays are at most this.
    pub p90_ms: Option<f64>,
    /// Delays below −10 ms: opened more than a frame before the truth.
    pub early: usize,
}

/// Whether the gaps between true stretches of one recording were noticed: those of at least [`MIN_GAP_S`] with the label
/// before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Silences {
    /// Gaps counted.
    pub count: usize,
    /// Gaps with at least one frame that is not called.
    pub any: usize,
    /// Gaps of which at least half of the frames are not called.
    pub half: usize,
    /// `any / count`.
    pub any_share: Option<f64>,
    /// `half / count`.
    pub half_share: Option<f64>,
}

/// The stretches with a gap before them that counts: where the gap begins, where it ends, where the stretch ends.
fn after_gaps(truth: &Spans) -> impl Iterator<Item = (f64, f64, f64)> {
    let gaps = std::iter::once(0.0).chain(truth.iter().map(|(_, end_s)| end_s));
    let stretches = gaps.zip(truth.iter()).map(|(gap_s, (start_s, end_s))| (gap_s, start_s, end_s));
    stretches.filter(|(gap_s, start_s, _)| start_s - gap_s >= MIN_GAP_S - SLACK_S)
}

/// Delays of the onsets of one recording.
pub fn onsets(truth: &Spans, scores: &[f32]) -> Onsets {
    let called = |frame: usize| scores[frame] > THRESHOLD;
    let mut found = Onsets::default();
    for (gap_s, start_s, end_s) in after_gaps(truth) {
        let (gap, first) = (first_frame(gap_s), first_frame(start_s));
        let last = first_frame(end_s).min(scores.len());
        if first >= last {
            continue;
        }
        found.count += 1;
        let opened = if called(first) {
            (gap..first).rev().find(|&k| !called(k)).map(|k| k + 1)
        } else {
            let later = (first..last).find(|&k| called(k));
            found.missed += usize::from(later.is_none());
            later
        };
        match opened {
            Some(frame) => found.delays_ms.push((FrameGrid::seconds(frame as u64) - start_s) * 1_000.0),
            None => found.already_on += usize::from(called(first)),
        }
    }
    found.summed()
}

impl Onsets {
    /// Those of several recordings.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for part in parts {
            sum.count += part.count;
            sum.missed += part.missed;
            sum.already_on += part.already_on;
            sum.delays_ms.extend(part.delays_ms);
        }
        sum.summed()
    }

    fn summed(mut self) -> Self {
        self.delays_ms.sort_by(f64::total_cmp);
        self.p50_ms = nearest_rank(&self.delays_ms, 0.5);
        self.p90_ms = nearest_rank(&self.delays_ms, 0.9);
        self.early = self.delays_ms.iter().filter(|&&ms| ms < -10.0 - 1_000.0 * SLACK_S).count();
        self
    }
}

/// The smallest value that at least the share `q` of all does not exceed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank within the list")]
pub(super) fn nearest_rank(sorted: &[f64], q: f64) -> Option<f64> {
    let rank = (q * real(sorted.len())).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The silences of one recording.
pub fn silences(truth: &Spans, scores: &[f32]) -> Silences {
    let mut found = Silences::default();
    let first_s = truth.iter().next().map_or(0.0, |s| s.0);
    // What lies before the first stretch is no silence between two.
    for (from_s, to_s, _) in after_gaps(truth).filter(|&(_, start_s, _)| start_s > first_s) {
        let (from, to) = (first_frame(from_s), first_frame(to_s).min(scores.len()));
        if from >= to {
            continue;
        }
        let quiet = scores[from..to].iter().filter(|&&s| s <= THRESHOLD).count();
        found.count += 1;
        found.any += usize::from(quiet > 0);
        found.half += usize::from(2 * quiet >= to - from);
    }
    found.shared()
}

impl Silences {
    /// Those of several recordings.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for part in parts {
            sum.count += part.count;
            sum.any += part.any;
            sum.half += part.half;
        }
        sum.shared()
    }

    fn shared(mut self) -> Self {
        self.any_share = share(self.any, self.count);
        self.half_share = share(self.half, self.count);
        self
    }
}
