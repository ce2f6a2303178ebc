//! All figures of one detector for one label.

use serde::Serialize;

use super::{
    Baselines, Calibration, Counts, Intervals, Onsets, Rates, RocPoint, Silences, Spans, Truth, calibration,
    equal_error_rate, intervals, onsets, roc, roc_auc, silences,
};

/// Scores and truth of one recording for one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    spans: Spans,
    truth: Vec<Truth>,
    scores: Vec<f32>,
}

/// All figures; see the functions that compute them for their definitions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Recordings.
    pub recordings: usize,
    /// Frames of 10 ms that were scored.
    pub frames: usize,
    /// Frames left out because they are nearer to a border than the collar.
    pub ignored_frames: usize,
    /// What needs no detector.
    pub baselines: Baselines,
    /// Area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// Where misses and false alarms are equally frequent.
    pub equal_error_rate: Option<f64>,
    /// Frames by truth and call at the threshold.
    pub counts: Counts,
    /// Ratios at the threshold.
    pub rates: Rates,
    /// 95 % intervals over recordings.
    pub intervals: Option<Intervals>,
    /// Delay of onsets.
    pub onsets: Onsets,
    /// Silences noticed.
    pub silences: Silences,
    /// Reliability of the scores as probabilities.
    pub calibration: Calibration,
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
}

impl Scored {
    /// Truth and scores of one recording; one score per frame. Frames nearer than `collar_s` to a border are not scored.
    pub fn new(spans: Spans, scores: Vec<f32>, collar_s: f64) -> Self {
        let truth = spans.frames(scores.len(), collar_s);
        Self { spans, truth, scores }
    }

    /// Score and truth of the frames that count.
    pub fn frames(&self) -> Vec<(f32, bool)> {
        let pairs = self.scores.iter().zip(&self.truth);
        pairs.filter(|(_, t)| **t != Truth::Ignored).map(|(s, t)| (*s, *t == Truth::Present)).collect()
    }
}

/// Computes all figures over the frames of all recordings together: long recordings count more than short ones.
pub fn evaluate(recordings: &[&Scored]) -> Metrics {
    let frames: Vec<(f32, bool)> = recordings.iter().flat_map(|r| r.frames()).collect();
    let counts = Counts::of(&frames);
    Metrics {
        recordings: recordings.len(),
        frames: frames.len(),
        ignored_frames: recordings.iter().map(|r| r.scores.len()).sum::<usize>() - frames.len(),
        baselines: counts.baselines(),
        roc_auc: roc_auc(&frames),
        equal_error_rate: equal_error_rate(&frames),
        counts,
        rates: counts.rates(),
        intervals: intervals(recordings),
        onsets: Onsets::all(recordings.iter().map(|r| onsets(&r.spans, &r.scores))),
        silences: Silences::all(recordings.iter().map(|r| silences(&r.spans, &r.scores))),
        calibration: calibration(&frames),
        roc: roc(&frames),
    }
}
