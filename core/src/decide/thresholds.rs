//! The law of decision in its smallest parts, each stated once: where a label opens and closes, and what is silent.
//!
//! A label opens at a score of at least `open` and closes at one below `close`; a score that is not a number closes. A
//! source is silent where its mean square over [`SILENCE_WINDOW_FRAMES`] is at most the silence level. Segments of files,
//! the causal decider of live audio, the plugin's lanes and the verdict on noise all decide by these.

use serde::{Deserialize, Serialize};

/// Silent is what has at most this level, dBFS (RMS; a full-scale square wave has 0 dBFS).
pub const SILENCE_DBFS: f64 = -60.0;

/// Silence is judged over this many frames: 100 ms. Over such a window every sine of a multiple of 10 Hz has its true RMS,
/// so the level is exact, which it cannot be on 10 ms frames (a 10 Hz sine has frames far above and far below its RMS).
pub const SILENCE_WINDOW_FRAMES: usize = 10;

/// Scores at which a label begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// A label begins where its score reaches this, 0 to 1.
    pub open: f32,
    /// It lasts until its score falls below this. Never above `open`: a higher value counts as `open`.
    pub close: f32,
}

impl Default for Thresholds {
    /// For labels that a pack says nothing about. Scores are calibrated, so at 0.5 a label is as likely as not. The
    /// thresholds that were measured for the shipped packs close at half of their opening value on average, at three
    /// quarters at most; 0.35 lies on the careful side of that, so that a pause between two words hardly closes.
    fn default() -> Self {
        Self { open: 0.5, close: 0.35 }
    }
}

impl Thresholds {
    /// The same pair with its closing threshold moved towards the opening one by `share` of the way, 0 to 1.
    #[must_use]
    pub fn with_close_raised(self, share: f32) -> Self {
        Self { open: self.open, close: self.close + share * (self.open - self.close).max(0.0) }
    }
}

/// Two thresholds and the state between them. Answers at once, allocates nothing.
///
/// ```
/// use earmark_core::decide::{Hysteresis, Thresholds};
///
/// let mut speech = Hysteresis::new(Thresholds { open: 0.6, close: 0.4 });
/// assert_eq!([0.5, 0.6, 0.5, 0.3].map(|score| speech.push(score)), [false, true, true, false]);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hysteresis {
    thresholds: Thresholds,
    active: bool,
}

impl Hysteresis {
    /// Off at first.
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, active: false }
    }

    /// Other thresholds, from the next score on.
    pub fn set_thresholds(&mut self, thresholds: Thresholds) {
        self.thresholds = thresholds;
    }

    /// Takes the next frame's score; returns whether the label is on. A NaN is no evidence: it closes.
    pub fn push(&mut self, score: f32) -> bool {
        let Thresholds { open, close } = self.thresholds;
        self.active = score >= if self.active { close.min(open) } else { open };
        self.active
    }

    /// The decision on the last frame.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Off again.
    pub fn reset(&mut self) {
        self.active = false;
    }
}

/// One [`Hysteresis`] for each of `N` labels, for thresholds that may change from one score to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HysteresisBank<const N: usize>([Hysteresis; N]);

impl<const N: usize> Default for HysteresisBank<N> {
    fn default() -> Self {
        Self([Hysteresis::default(); N])
    }
}

impl<const N: usize> HysteresisBank<N> {
    /// Takes the next score of the label in place `index`, decided at `thresholds`; returns whether it is on.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    pub fn push(&mut self, index: usize, score: f32, thresholds: Thresholds) -> bool {
        self.0[index].set_thresholds(thresholds);
        self.0[index].push(score)
    }

    /// The last decision on the label in place `index`.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    pub fn is_active(&self, index: usize) -> bool {
        self.0[index].is_active()
    }
}

/// A level in dBFS as a mean square.
pub(super) fn mean_square_of(dbfs: f64) -> f64 {
    10_f64.powf(dbfs / 10.0)
}

/// Whether frames, given as mean square and number of samples, are silent as a whole: their mean square is at most
/// `level`. A NaN is not silent.
#[expect(clippy::cast_precision_loss, reason = "a frame has far fewer than 2^52 samples")]
pub(super) fn is_silent(frames: impl IntoIterator<Item = (f64, u64)>, level: f64) -> bool {
    let (sum, count) = frames.into_iter().fold((0.0, 0.0), |(sum, count), (square, samples)| {
        (sum + square * samples as f64, count + samples as f64)
    });
    sum <= level * count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_high_and_closes_low() {
        let mut gate = Hysteresis::new(Thresholds { open: 0.7, close: 0.4 });
        let on: Vec<bool> = [0.6, 0.7, 0.5, 0.4, 0.39, 0.6, 0.9, f32::NAN].map(|p| gate.push(p)).to_vec();
        assert_eq!(on, [false, true, true, true, false, false, true, false]);
        assert!(!gate.is_active());
    }

    #[test]
    fn new_thresholds_keep_the_state_and_a_close_above_open_counts_as_open() {
        let mut gate = Hysteresis::new(Thresholds { open: 0.7, close: 0.4 });
        assert!(gate.push(0.8));
        gate.set_thresholds(Thresholds { open: 0.5, close: 0.9 });
        assert!(gate.push(0.6), "it stays on down to what opens it");
        assert!(!gate.push(0.49));
    }

    #[test]
    fn a_raised_close_stays_between_the_two() {
        let own = Thresholds { open: 0.6, close: 0.4 };
        assert_eq!(own.with_close_raised(0.0), own);
        assert!((own.with_close_raised(0.5).close - 0.5).abs() < 1e-6);
        let upside_down = Thresholds { open: 0.3, close: 0.4 };
        assert_eq!(upside_down.with_close_raised(1.0), upside_down);
    }
}
