//! Edges frame by frame, as the frames are heard.

use super::program::{Edge, LabelSet, Program, Target};
use super::{Adapted, GateError, GateSettings};
use crate::pack::Thresholds;
use crate::{Activity, FrameGrid, Label, activity::level_dbfs};

/// A frame below this level is silence, whatever a network says, dBFS.
pub const SILENCE_DBFS: f32 = -60.0;
/// The level before anything was heard, dBFS.
pub(super) const QUIET_DBFS: f32 = -200.0;

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

/// Turns frames of probabilities into edges with two thresholds per label: the causal way, which `render
/// --live` and the plugin share. Frame `k` decides about its own samples, from the grid position `k` on;
/// whoever plays the audio delays it by the lookahead and by the time the decision takes.
#[derive(Debug, Clone)]
pub struct LiveDecider {
    program: Program,
    grid: FrameGrid,
    thresholds: Vec<Thresholds>,
    /// How far the close thresholds have risen towards the open ones, see [`LiveDecider::adapt`].
    close_rise: f32,
    bits: Vec<LabelSet>,
    silence: LabelSet,
    unknown: LabelSet,
    heard: LabelSet,
    level: LevelFollower,
    last: Option<Target>,
}

impl LiveDecider {
    /// A decider for frames of `labels`, one pair of thresholds for each (the pack's); the settings' own win.
    ///
    /// # Errors
    /// As for [`Program::new`].
    pub fn new(
        settings: &GateSettings,
        labels: &[Label],
        pack_thresholds: &[Thresholds],
        rate_hz: u32,
    ) -> Result<Self, GateError> {
        let program = Program::new(settings, labels)?;
        let thresholds = labels.iter().enumerate().map(|(index, label)| {
            let from_pack = pack_thresholds.get(index).copied().unwrap_or_default();
            settings.thresholds.get(label).copied().unwrap_or(from_pack)
        });
        let bit = |label: &Label| program.bit(label).unwrap_or(0);
        Ok(Self {
            grid: FrameGrid::new(rate_hz),
            thresholds: thresholds.collect(),
            close_rise: 0.0,
            bits: labels.iter().map(bit).collect(),
            silence: bit(&Label::SILENCE),
            unknown: bit(&Label::UNKNOWN),
            heard: 0,
            level: LevelFollower::default(),
            last: None,
            program,
        })
    }

    /// The rules that it decides by.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Forgets what was heard; the next frame gives an edge in any case.
    pub fn reset(&mut self) {
        self.heard = 0;
        self.level = LevelFollower::default();
        self.last = None;
    }

    /// From the next frame on the gate is as deep, and closes as early, as the noise floor asks for. Never allocates.
    pub fn adapt(&mut self, adapted: Adapted) {
        self.program.set_range_db(adapted.range_db);
        self.close_rise = adapted.close_rise;
    }

    /// Takes frame `frame` (one probability per label, mean square over channels) and gives an edge when the
    /// target changes. A probability that is no number leaves its label as it is.
    pub fn frame(&mut self, frame: u64, probabilities: &[f32], mean_square: f32) -> Option<Edge> {
        for ((&p, thresholds), &bit) in probabilities.iter().zip(&self.thresholds).zip(&self.bits) {
            let adapted = Adapted { range_db: 0.0, close_rise: self.close_rise };
            if p >= thresholds.open {
                self.heard |= bit;
            } else if p < adapted.thresholds(*thresholds).close {
                self.heard &= !bit;
            }
        }
        let level_dbfs_now = self.level.next(mean_square);
        // The states of the labels go on through a silence; it only covers them.
        let heard = match self.heard {
            _ if level_dbfs(mean_square) < SILENCE_DBFS => self.silence,
            0 => self.unknown,
            heard => heard,
        };
        let target = self.program.decide(heard, level_dbfs_now);
        if self.last == Some(target) {
            return None;
        }
        self.last = Some(target);
        Some(Edge { at: self.grid.start(frame), target })
    }

    /// The edges of a whole activity, from a fresh start: what a live run over it gives.
    pub fn edges(&mut self, activity: &Activity) -> Vec<Edge> {
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
        let mut decider = LiveDecider::new(&GateSettings::default(), &[Label::SPEECH], &thresholds, 44_100)
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
        let target = |edge: Option<Edge>| edge.map(|e| e.target.gain_db);
        assert_eq!(
            target(decider.frame(7, &[0.49], loud)),
            Some(-12.0),
            "it closes at 0.5 now, and less deep"
        );
        decider.adapt(Adapted { range_db: 20.0, close_rise: 0.5 });
        assert_eq!(target(decider.frame(8, &[0.49], loud)), Some(-20.0), "a new depth is an edge");
    }
}
