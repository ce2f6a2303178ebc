//! How much a figure owes to the choice of recordings.

use serde::Serialize;

use super::{Counts, Scored, real};
use crate::signal::random::SplitMix;

/// Draws per interval.
pub(super) const DRAWS: usize = 400;
/// What all draws begin with.
pub(super) const DRAWS_SEED: u64 = 0x0EA2_3A2C;

/// Classes of score that a draw's AUC is computed from: quantiles of all scores, so little is lost.
const CLASSES: usize = 1_024;

/// Fewer recordings tell nothing about others.
const MIN_RECORDINGS: usize = 5;

/// A central 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 % of the draws lie below.
    pub low: f64,
    /// 2.5 % of the draws lie above.
    pub high: f64,
}

/// Intervals of the main figures; `None` where a draw in two has no such figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Intervals {
    /// Of the ROC-AUC.
    pub roc_auc: Option<Interval>,
    /// Of F1 at the threshold.
    pub f1: Option<Interval>,
    /// Of the false-alarm rate at the threshold.
    pub false_alarm_rate: Option<Interval>,
}

/// Percentile bootstrap (Efron, 1979) over whole recordings, because frames of one recording are not independent: as many
/// recordings as there are, drawn with replacement, 400 times, from a fixed seed. `None` for fewer than five recordings.
pub fn intervals(recordings: &[&Scored]) -> Option<Intervals> {
    if recordings.len() < MIN_RECORDINGS {
        return None;
    }
    let frames: Vec<Vec<(f32, bool)>> = recordings.iter().map(|r| r.frames()).collect();
    let borders = class_borders(&frames);
    let parts: Vec<(Counts, Vec<[usize; 2]>)> =
        frames.iter().map(|f| (Counts::of(f), histogram(f, &borders))).collect();
    let mut random = SplitMix::new(DRAWS_SEED);
    let (mut aucs, mut f1s, mut alarms) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let mut counts = Counts::default();
        let mut sum = vec![[0_usize; 2]; borders.len() + 1];
        for _ in &parts {
            let (c, h) = &parts[random.below(parts.len())];
            counts = counts.plus(*c);
            for (sum, part) in sum.iter_mut().zip(h) {
                sum[0] += part[0];
                sum[1] += part[1];
            }
        }
        let rates = counts.rates();
        aucs.extend(auc(&sum));
        f1s.extend(rates.f1);
        alarms.extend(rates.false_alarm_rate);
    }
    Some(Intervals { roc_auc: central(aucs), f1: central(f1s), false_alarm_rate: central(alarms) })
}

/// Scores that part all frames into classes of about the same size.
fn class_borders(frames: &[Vec<(f32, bool)>]) -> Vec<f32> {
    let mut scores: Vec<f32> = frames.iter().flatten().map(|f| f.0).collect();
    scores.sort_unstable_by(f32::total_cmp);
    let mut borders: Vec<f32> =
        (1..CLASSES).filter_map(|i| scores.get(i * scores.len() / CLASSES).copied()).collect();
    borders.dedup();
    borders
}

/// Frames per class: without the label, with it.
fn histogram(frames: &[(f32, bool)], borders: &[f32]) -> Vec<[usize; 2]> {
    let mut classes = vec![[0; 2]; borders.len() + 1];
    for &(score, present) in frames {
        classes[borders.partition_point(|&b| b <= score)][usize::from(present)] += 1;
    }
    classes
}

fn auc(classes: &[[usize; 2]]) -> Option<f64> {
    let (mut below, mut positives, mut doubled) = (0, 0, 0.0);
    for &[absent, present] in classes {
        doubled += real(present) * real(2 * below + absent);
        below += absent;
        positives += present;
    }
    (below > 0 && positives > 0).then(|| doubled / 2.0 / (real(below) * real(positives)))
}

pub(super) fn central(mut values: Vec<f64>) -> Option<Interval> {
    if values.len() * 2 < DRAWS {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 40;
    Some(Interval { low: values[cut], high: values[values.len() - 1 - cut] })
}
