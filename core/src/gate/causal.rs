//! Gain events frame by frame, as the frames come.

use super::rules::{GainEvent, QUIET_DBFS, RuleSet, Target};
use super::{Adapted, GateError, GateSettings, MotionRefused};
use crate::decide::{CausalLabels, SILENCE_DBFS, Thresholds};
use crate::signal::level_dbfs;
use crate::{FrameGrid, FrameScores, Label, LabelSet};

/// Momentary level: a mean square with a time constant of 400 ms on the 10 ms grid.
#[derive(Debug, Clone, Default)]
pub(super) struct LevelFollower {
    mean_square: Option<f32>,
}

impl LevelFollower {
    /// `1 − e^(−10/400)`.
    const SHARE: f32 = 0.024_690_088;

    pub(super) fn next(&mut self, mean_square: f32) -> f32 {
        let new = if mean_square.is_finite() { mean_square.max(0.0) } else { 0.0 };
        let old = self.mean_square.unwrap_or(new);
        let followed = old + Self::SHARE * (new - old);
        self.mean_square = Some(followed);
        level_dbfs(followed)
    }
}

/// [`CausalLabels`] and a [`RuleSet`]: frames of scores in, gain events out, the causal way, which `render --live` and the
/// plugin share. Frame `k` decides about its own samples, from the grid position `k` on; whoever plays the audio delays it
/// by the lookahead and by the time the decision takes.
#[derive(Debug, Clone)]
pub struct CausalDecider {
    rules: RuleSet,
    grid: FrameGrid,
    names: Vec<Label>,
    pack_thresholds: Vec<Thresholds>,
    labels: CausalLabels,
    /// What is silent whatever the settings say.
    silence_dbfs: f64,
    level: LevelFollower,
    level_dbfs: f32,
    last: Option<Target>,
}

impl CausalDecider {
    /// A decider for frames of `labels`, one pair of thresholds for each (the pack's); the settings' own win.
    ///
    /// # Errors
    /// As for [`RuleSet::new`].
    pub fn new(
        settings: &GateSettings,
        labels: &[Label],
        pack_thresholds: &[Thresholds],
        rate_hz: u32,
    ) -> Result<Self, GateError> {
        let rules = RuleSet::new(settings, labels)?;
        let of_pack = |index| pack_thresholds.get(index).copied().unwrap_or_default();
        let pack_thresholds: Vec<Thresholds> = (0..labels.len()).map(of_pack).collect();
        let mut decider = Self {
            rules,
            grid: FrameGrid::new(rate_hz),
            names: labels.to_vec(),
            labels: CausalLabels::new(labels, &pack_thresholds, rate_hz),
            pack_thresholds,
            silence_dbfs: SILENCE_DBFS,
            level: LevelFollower::default(),
            level_dbfs: QUIET_DBFS,
            last: None,
        };
        decider.choose_thresholds(settings);
        Ok(decider)
    }

    /// The same with another silence level, dBFS, which the level threshold of the settings may raise.
    #[must_use]
    pub fn with_silence_dbfs(mut self, settings: &GateSettings, silence_dbfs: f64) -> Self {
        self.silence_dbfs = silence_dbfs;
        self.choose_thresholds(settings);
        self
    }

    fn choose_thresholds(&mut self, settings: &GateSettings) {
        for (column, (label, of_pack)) in self.names.iter().zip(&self.pack_thresholds).enumerate() {
            self.labels
                .set_thresholds(column, settings.thresholds.by_label.get(label).copied().unwrap_or(*of_pack));
        }
        self.labels.set_silence_dbfs(settings.thresholds.silence_dbfs(self.silence_dbfs));
    }

    /// Takes over rules, depths and thresholds from the next frame on. What is on stays on.
    ///
    /// # Errors
    /// [`MotionRefused`]; the old settings stay.
    pub fn set_motion(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        self.rules.take_over(settings)?;
        self.choose_thresholds(settings);
        Ok(())
    }

    /// From the next frame on `labels` are on, whatever the scores say ([`CausalLabels::replace`]); `None` goes back to the
    /// scores.
    pub fn replace_labels(&mut self, labels: Option<LabelSet>) {
        self.labels.replace(labels);
    }

    /// The next decision counts as a change, whatever it is: for a gate that was moved by something else.
    pub fn forget_target(&mut self) {
        self.last = None;
    }

    /// The labels that the last decision was about.
    pub fn decided(&self) -> LabelSet {
        self.labels.decided()
    }

    fn aim(&mut self) -> Option<Target> {
        let target = self.rules.decide(self.labels.decided(), self.level_dbfs);
        let changed = self.last != Some(target);
        self.last = Some(target);
        changed.then_some(target)
    }

    /// The rules that it decides by.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The labels of its frames.
    pub fn labels(&self) -> &[Label] {
        &self.names
    }

    /// The grid of its frames.
    pub fn grid(&self) -> FrameGrid {
        self.grid
    }

    /// Forgets all frames; the next one gives an event in any case.
    pub fn reset(&mut self) {
        self.labels.reset();
        self.level = LevelFollower::default();
        self.level_dbfs = QUIET_DBFS;
        self.last = None;
    }

    /// From the next frame on the gate is as deep, and closes as early, as the noise floor asks for. Never allocates.
    pub fn adapt(&mut self, adapted: Adapted) {
        self.rules.set_range_db(adapted.range_db);
        self.labels.raise_close(adapted.close_rise);
    }

    /// Takes frame `frame` (one score per label, mean square over channels) and gives an event when the target changes.
    pub fn frame(&mut self, frame: u64, scores: &[f32], mean_square: f32) -> Option<GainEvent> {
        self.labels.push(frame, scores, mean_square);
        self.level_dbfs = self.level.next(mean_square);
        self.aim().map(|target| GainEvent { at: self.grid.start(frame), target })
    }

    /// The edges of a whole activity, from a fresh start: what a live run over it gives.
    pub fn edges(&mut self, activity: &FrameScores) -> Vec<GainEvent> {
        self.reset();
        (0..)
            .zip(0..activity.frames())
            .filter_map(|(frame, row)| self.frame(frame, activity.row(row), activity.mean_square[row]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thresholds_and_silence() {
        let thresholds = [Thresholds { open: 0.6, close: 0.4 }];
        let mut decider = CausalDecider::new(&GateSettings::default(), &[Label::SPEECH], &thresholds, 44_100)
            .expect("compiles");
        let loud = 0.01;
        let run = |decider: &mut CausalDecider, frame, p: f32, square| {
            decider.frame(frame, &[p], square).map(|e| (e.at, e.target.gain_db))
        };
        assert_eq!(run(&mut decider, 0, 0.5, loud), Some((0, -30.0)));
        assert_eq!(run(&mut decider, 1, 0.6, loud), Some((441, 0.0)));
        assert_eq!(run(&mut decider, 2, 0.5, loud), None, "between the thresholds nothing changes");
        assert_eq!(run(&mut decider, 3, f32::NAN, loud), Some((1_323, -30.0)), "a NaN closes");
        assert_eq!(run(&mut decider, 4, 0.7, loud), Some((1_764, 0.0)));
        let silent: Vec<_> = (5..16).map(|frame| run(&mut decider, frame, 0.5, 0.9e-6)).collect();
        let covered: Vec<usize> = (0..11).filter(|&index| silent[index].is_some()).collect();
        assert_eq!(covered, [9], "silence covers speech when it has lasted 100 ms");
        assert_eq!(run(&mut decider, 16, 0.5, loud), Some((7_056, 0.0)), "and ends without being forgotten");
        let mut own = GateSettings::default();
        own.thresholds.open_above_dbfs = Some(-15.0);
        decider.set_motion(&own).expect("the same rules");
        assert_eq!(
            run(&mut decider, 17, 0.9, loud),
            Some((7_497, -30.0)),
            "both must hold: the last 100 ms were under -15 dBFS"
        );
        assert_eq!(run(&mut decider, 18, 0.9, 0.04), Some((7_938, 0.0)), "loud enough opens at once");
        assert_eq!(run(&mut decider, 19, 0.3, 0.04), Some((8_379, -30.0)), "loud alone does not");
        decider.set_motion(&GateSettings::default()).expect("the same rules");
        assert_eq!(run(&mut decider, 20, 0.9, loud), Some((8_820, 0.0)));
        decider.adapt(Adapted { range_db: 12.0, close_rise: 0.5 });
        let target = |edge: Option<GainEvent>| edge.map(|e| e.target.gain_db);
        assert_eq!(
            target(decider.frame(21, &[0.49], loud)),
            Some(-12.0),
            "it closes at 0.5 now, and less deep"
        );
        decider.adapt(Adapted { range_db: 20.0, close_rise: 0.5 });
        assert_eq!(target(decider.frame(22, &[0.49], loud)), Some(-20.0), "a new depth is an edge");
    }
}
