//! What the order of the scores is worth, whatever the threshold.

use serde::Serialize;

use super::real;

/// Smallest step of a thinned ROC curve, along either axis.
const ROC_STEP: f64 = 0.005;

/// One threshold. A DET curve plots `1 - hit_rate` against `false_alarm_rate`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RocPoint {
    /// Frames that score at least this are called; infinite at the start of the curve.
    pub threshold: f32,
    /// Share of the true frames that are called.
    pub hit_rate: f64,
    /// Share of the other frames that are called.
    pub false_alarm_rate: f64,
}

/// Hits and false alarms as the threshold falls, one entry for each different score, highest first.
fn sweep(frames: &[(f32, bool)]) -> Vec<(f32, usize, usize)> {
    let mut sorted = frames.to_vec();
    sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut alarms) = (0, 0);
    let mut steps: Vec<(f32, usize, usize)> = Vec::new();
    for (score, present) in sorted {
        if present {
            hits += 1;
        } else {
            alarms += 1;
        }
        match steps.last_mut() {
            Some(last) if last.0 == score => (last.1, last.2) = (hits, alarms),
            _ => steps.push((score, hits, alarms)),
        }
    }
    steps
}

/// Area under the ROC curve: the probability that a true frame, drawn at random, scores higher than another frame, a tie
/// counting one half (Mann-Whitney's U over the number of pairs; Hanley & McNeil, Radiology 143, 1982). Exact, by ranks.
/// `None` unless there are frames of both kinds.
pub fn roc_auc(frames: &[(f32, bool)]) -> Option<f64> {
    let steps = sweep(frames);
    let &(_, positives, negatives) = steps.last()?;
    if positives == 0 || negatives == 0 {
        return None;
    }
    // Twice the number of pairs in the right order, by trapezes: an integer up to the last division.
    let (mut doubled, mut before) = (0_u128, (0, 0));
    for &(_, hits, alarms) in &steps {
        doubled += ((alarms - before.1) as u128) * ((hits + before.0) as u128);
        before = (hits, alarms);
    }
    #[expect(clippy::cast_precision_loss, reason = "relative rounding of 2^-53")]
    let doubled = doubled as f64;
    Some(doubled / 2.0 / (real(positives) * real(negatives)))
}

/// The ROC curve from (0, 0) to (1, 1), thinned to steps of at least half a percent along an axis. Empty unless there
/// are frames of both kinds.
pub fn roc(frames: &[(f32, bool)]) -> Vec<RocPoint> {
    let steps = sweep(frames);
    let Some(&(_, positives, negatives)) = steps.last() else { return Vec::new() };
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let start = RocPoint { threshold: f32::INFINITY, hit_rate: 0.0, false_alarm_rate: 0.0 };
    let mut curve = vec![start];
    for (index, &(threshold, hits, alarms)) in steps.iter().enumerate() {
        let point = RocPoint {
            threshold,
            hit_rate: real(hits) / real(positives),
            false_alarm_rate: real(alarms) / real(negatives),
        };
        let last = curve.last().unwrap_or(&start);
        let moved = (point.hit_rate - last.hit_rate).max(point.false_alarm_rate - last.false_alarm_rate);
        if moved >= ROC_STEP || index + 1 == steps.len() {
            curve.push(point);
        }
    }
    curve
}

/// The error rate where misses and false alarms are equally frequent, between two thresholds if need be. `None` unless
/// there are frames of both kinds.
pub fn equal_error_rate(frames: &[(f32, bool)]) -> Option<f64> {
    let steps = sweep(frames);
    let &(_, positives, negatives) = steps.last()?;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut miss_before, mut alarm_before) = (1.0, 0.0);
    for &(_, hits, alarms) in &steps {
        let (miss, alarm) = (1.0 - real(hits) / real(positives), real(alarms) / real(negatives));
        if alarm >= miss {
            // On the straight line between the two points, where both rates are the same.
            let (was, is) = (miss_before - alarm_before, miss - alarm);
            let along = if was > is { was / (was - is) } else { 1.0 };
            return Some(alarm_before + along * (alarm - alarm_before));
        }
        (miss_before, alarm_before) = (miss, alarm);
    }
    None
}
