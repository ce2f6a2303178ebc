//! Hits and false alarms at [`THRESHOLD`].

use serde::Serialize;

use super::{THRESHOLD, share};

/// Frames by truth and call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// True and called.
    pub hits: usize,
    /// True, not called.
    pub misses: usize,
    /// Called, not true.
    pub false_alarms: usize,
    /// Neither.
    pub rejections: usize,
}

/// The usual ratios; `None` where the denominator is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Share of the called frames that are true.
    pub precision: Option<f64>,
    /// Share of the true frames that are called.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall, `2 hits / (2 hits + misses + false alarms)`; `None` without true frames.
    pub f1: Option<f64>,
    /// Share of all frames whose call is right.
    pub accuracy: Option<f64>,
    /// Share of the frames without the label that are called.
    pub false_alarm_rate: Option<f64>,
}

/// What needs no detector: to call every frame, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Baselines {
    /// Share of true frames: the precision and the accuracy of calling every frame.
    pub base_rate: Option<f64>,
    /// F1 of calling every frame, `2 b / (1 + b)`. Calling none has no precision, and F1 0.
    pub all_one_f1: Option<f64>,
    /// Accuracy of calling every frame.
    pub all_one_accuracy: Option<f64>,
    /// Accuracy of calling none.
    pub all_zero_accuracy: Option<f64>,
}

impl Counts {
    /// Counts frames of score and truth.
    pub fn of(frames: &[(f32, bool)]) -> Self {
        let mut counts = Self::default();
        for &(score, present) in frames {
            match (present, score > THRESHOLD) {
                (true, true) => counts.hits += 1,
                (true, false) => counts.misses += 1,
                (false, true) => counts.false_alarms += 1,
                (false, false) => counts.rejections += 1,
            }
        }
        counts
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            false_alarms: self.false_alarms + other.false_alarms,
            rejections: self.rejections + other.rejections,
        }
    }

    /// Frames with the label.
    pub fn positives(self) -> usize {
        self.hits + self.misses
    }

    /// All frames.
    pub fn frames(self) -> usize {
        self.positives() + self.false_alarms + self.rejections
    }

    /// The ratios.
    pub fn rates(self) -> Rates {
        let Self { hits, misses, false_alarms, rejections } = self;
        let f1 = share(2 * hits, 2 * hits + misses + false_alarms);
        Rates {
            precision: share(hits, hits + false_alarms),
            recall: share(hits, hits + misses),
            f1: f1.filter(|_| self.positives() > 0),
            accuracy: share(hits + rejections, self.frames()),
            false_alarm_rate: share(false_alarms, false_alarms + rejections),
        }
    }

    /// The ratios of the two detectors that do not listen.
    pub fn baselines(self) -> Baselines {
        let negatives = self.false_alarms + self.rejections;
        let positives = self.positives();
        let all = Self { hits: positives, false_alarms: negatives, ..Self::default() }.rates();
        let none = Self { misses: positives, rejections: negatives, ..Self::default() }.rates();
        Baselines {
            base_rate: share(positives, self.frames()),
            all_one_f1: all.f1,
            all_one_accuracy: all.accuracy,
            all_zero_accuracy: none.accuracy,
        }
    }
}
