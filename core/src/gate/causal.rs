//! Edges frame by frame, as the frames are heard.

use super::rules::{GainEvent, LabelSet, QUIET_DBFS, RuleSet, Target};
use super::{Adapted, GateError, GateSettings, MotionRefused};
use crate::model::pack::Thresholds;
use crate::signal::level_dbfs;
use crate::{FrameGrid, FrameScores, Label};

/// A frame below this level is silence, whatever a network says, dBFS.
pub const SILENCE_DBFS: f32 = -60.0;

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

/// What a decision is about: labels by their index among those of the decider, and the two that no detector gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeardSet {
    /// Bit `i` for label `i`.
    pub labels: u64,
    /// The level is under the silence threshold; covers the labels.
    pub silence: bool,
    /// Not silent, and no label.
    pub unknown: bool,
}

/// Turns frames of probabilities into edges with two thresholds per label: the causal way, which `render
/// --live` and the plugin share. Frame `k` decides about its own samples, from the grid position `k` on;
/// whoever plays the audio delays it by the lookahead and by the time the decision takes.
#[derive(Debug, Clone)]
pub struct CausalDecider {
    rules: RuleSet,
    grid: FrameGrid,
    labels: Vec<Label>,
    pack_thresholds: Vec<Thresholds>,
    /// What the settings say, where they do.
    own_thresholds: Vec<Option<Thresholds>>,
    /// How far the close thresholds have risen towards the open ones, see [`CausalDecider::adapt`].
    close_rise: f32,
    bits: Vec<LabelSet>,
    silence: LabelSet,
    unknown: LabelSet,
    /// The labels' own states.
    heard: LabelSet,
    /// What the last decision was about: `heard`, or what covers or replaces it.
    decided: LabelSet,
    forced: Option<LabelSet>,
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
        let bit = |label: &Label| rules.bit(label).unwrap_or(0);
        let mut decider = Self {
            grid: FrameGrid::new(rate_hz),
            labels: labels.to_vec(),
            own_thresholds: vec![None; labels.len()],
            pack_thresholds,
            close_rise: 0.0,
            bits: labels.iter().map(bit).collect(),
            silence: bit(&Label::SILENCE),
            unknown: bit(&Label::UNKNOWN),
            heard: 0,
            decided: 0,
            forced: None,
            level: LevelFollower::default(),
            level_dbfs: QUIET_DBFS,
            last: None,
            rules,
        };
        decider.choose_thresholds(settings);
        Ok(decider)
    }

    fn choose_thresholds(&mut self, settings: &GateSettings) {
        for (own, label) in self.own_thresholds.iter_mut().zip(&self.labels) {
            *own = settings.thresholds.get(label).copied();
        }
    }

    /// Takes over rules, depths and thresholds from the next frame on. What was heard is kept.
    ///
    /// # Errors
    /// [`MotionRefused`]; the old settings stay.
    pub fn set_motion(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        self.rules.take_over(settings)?;
        self.choose_thresholds(settings);
        Ok(())
    }

    /// From now on the labels are `forced` (by their bits), whatever is heard; `None` goes back to what is heard. Gives
    /// the target if that changes it at once.
    pub fn force(&mut self, forced: Option<u64>) -> Option<Target> {
        self.forced = forced.map(|labels| {
            let known = self.bits.iter().enumerate().filter(|(index, _)| labels & (1 << index) != 0);
            match known.fold(0, |set, (_, bit)| set | bit) {
                0 => self.unknown,
                set => set,
            }
        });
        self.decided = self.forced?;
        self.aim()
    }

    /// The next decision counts as a change, whatever it is: for a gate that was moved by something else.
    pub fn forget_target(&mut self) {
        self.last = None;
    }

    /// What the last decision was about.
    pub fn decided(&self) -> HeardSet {
        let of_labels = self.bits.iter().enumerate().filter(|(_, bit)| self.decided & **bit != 0);
        HeardSet {
            labels: of_labels.fold(0, |set, (index, _)| set | 1 << index),
            silence: self.decided & self.silence != 0,
            unknown: self.decided & self.unknown != 0,
        }
    }

    fn aim(&mut self) -> Option<Target> {
        let target = self.rules.decide(self.decided, self.level_dbfs);
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
        &self.labels
    }

    /// The grid of its frames.
    pub fn grid(&self) -> FrameGrid {
        self.grid
    }

    /// Forgets what was heard; the next frame gives an edge in any case.
    pub fn reset(&mut self) {
        self.heard = 0;
        self.decided = 0;
        self.level = LevelFollower::default();
        self.level_dbfs = QUIET_DBFS;
        self.last = None;
    }

    /// From the next frame on the gate is as deep, and closes as early, as the noise floor asks for. Never allocates.
    pub fn adapt(&mut self, adapted: Adapted) {
        self.rules.set_range_db(adapted.range_db);
        self.close_rise = adapted.close_rise;
    }

    /// Takes frame `frame` (one probability per label, mean square over channels) and gives an edge when the
    /// target changes. A probability that is no number leaves its label as it is.
    pub fn frame(&mut self, frame: u64, probabilities: &[f32], mean_square: f32) -> Option<GainEvent> {
        let adapted = Adapted { range_db: 0.0, close_rise: self.close_rise };
        let thresholds =
            self.own_thresholds.iter().zip(&self.pack_thresholds).map(|(own, pack)| own.unwrap_or(*pack));
        for ((&p, thresholds), &bit) in probabilities.iter().zip(thresholds).zip(&self.bits) {
            if p >= thresholds.open {
                self.heard |= bit;
            } else if p < adapted.thresholds(thresholds).close {
                self.heard &= !bit;
            }
        }
        self.level_dbfs = self.level.next(mean_square);
        // The states of the labels go on through a silence; it only covers them.
        self.decided = match (self.forced, self.heard) {
            (Some(forced), _) => forced,
            _ if level_dbfs(mean_square) < SILENCE_DBFS => self.silence,
            (None, 0) => self.unknown,
            (None, heard) => heard,
        };
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
        let mut run =
            |frame, p: f32, square| decider.frame(frame, &[p], square).map(|e| (e.at, e.target.gain_db));
        assert_eq!(run(0, 0.5, loud), Some((0, -30.0)));
        assert_eq!(run(1, 0.6, loud), Some((441, 0.0)));
        assert_eq!(run(2, 0.5, loud), None, "between the thresholds nothing changes");
        assert_eq!(run(3, f32::NAN, loud), None);
        assert_eq!(run(4, 0.3, loud), Some((1_764, -30.0)));
        assert_eq!(run(5, 0.9, 0.9e-6), None, "silence covers speech");
        assert_eq!(run(6, 0.5, loud), Some((2_646, 0.0)), "and ends without being forgotten");
        decider.adapt(Adapted { range_db: 12.0, close_rise: 0.5 });
        let target = |edge: Option<GainEvent>| edge.map(|e| e.target.gain_db);
        assert_eq!(
            target(decider.frame(7, &[0.49], loud)),
            Some(-12.0),
            "it closes at 0.5 now, and less deep"
        );
        decider.adapt(Adapted { range_db: 20.0, close_rise: 0.5 });
        assert_eq!(target(decider.frame(8, &[0.49], loud)), Some(-20.0), "a new depth is an edge");
    }
}
