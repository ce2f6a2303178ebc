//! A gate that follows the noise floor.
//!
//! In a quiet recording a deep gate is a fault of its own: the room vanishes between the words. In a noisy one a
//! gate must go deep, and a network that listens through noise is less sure that nobody speaks, so the gate must
//! close earlier. [`Adaptive`] turns the ratio of speech to noise into both; all of it is data and arithmetic, so
//! plugin and renderer share it.

use serde::{Deserialize, Serialize};

use super::{GainEvent, GateError};
use crate::decide::Thresholds;
use crate::gate::settings::in_range;

/// How close threshold and range follow the ratio of speech to noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptive {
    /// The gate goes as deep as brings the floor this far below the speech, dB …
    pub floor_below_speech_db: f32,
    /// … but never less deep than this, dB, and never deeper than the gate's own range.
    pub least_range_db: f32,
    /// From this ratio on the close threshold is the pack's, dB.
    pub quiet_snr_db: f32,
    /// At this ratio and below it has risen by its full share, dB.
    pub noisy_snr_db: f32,
    /// How far it rises: share of the way from close to open, 0 to 1.
    pub close_rise: f32,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            floor_below_speech_db: 50.0,
            least_range_db: 6.0,
            quiet_snr_db: 25.0,
            noisy_snr_db: 5.0,
            close_rise: 0.5,
        }
    }
}

/// What a gate is to do at one ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adapted {
    /// Depth, dB, positive.
    pub range_db: f32,
    /// Share of the way from close to open that the close threshold has risen.
    pub close_rise: f32,
}

impl Adaptive {
    /// Steps of the range, dB: finer ones are not heard and would keep the gain moving for ever.
    const STEP_DB: f32 = 1.0;

    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    /// [`GateError::Setting`] names the field and its range.
    pub fn validate(&self) -> Result<(), GateError> {
        in_range("floor_below_speech_db", self.floor_below_speech_db, 0.0, 144.0)?;
        in_range("least_range_db", self.least_range_db, 0.0, 144.0)?;
        in_range("noisy_snr_db", self.noisy_snr_db, -60.0, 60.0)?;
        in_range("quiet_snr_db", self.quiet_snr_db, self.noisy_snr_db, 60.0)?;
        in_range("close_rise", self.close_rise, 0.0, 1.0)
    }

    /// What to do at a ratio of speech to noise, for a gate whose own depth is `range_db`. Without speech the ratio is
    /// not known, and the gate is its own. Never allocates.
    #[expect(clippy::cast_possible_truncation, reason = "a ratio needs no more than f32")]
    pub fn at(&self, snr_db: Option<f64>, range_db: f32) -> Adapted {
        let Some(snr_db) = snr_db.filter(|s| !s.is_nan()) else {
            return Adapted { range_db, close_rise: 0.0 };
        };
        let snr_db = snr_db as f32;
        let wanted = ((self.floor_below_speech_db - snr_db) / Self::STEP_DB).round() * Self::STEP_DB;
        let span = (self.quiet_snr_db - self.noisy_snr_db).max(f32::MIN_POSITIVE);
        let share = ((self.quiet_snr_db - snr_db) / span).clamp(0.0, 1.0);
        Adapted {
            range_db: wanted.max(self.least_range_db).min(range_db),
            close_rise: share * self.close_rise,
        }
    }

    /// Makes the depth of a gate follow the ratio over time: `ratios` are `(first sample, ratio)` in order of time, each
    /// good until the next. Events of [`Action::Gate`](super::Action::Gate) get the depth of their time, and new ones stand
    /// where that changes; the depth of a duck is its own.
    pub fn follow(
        &self,
        edges: &[GainEvent],
        range_db: f32,
        ratios: &[(u64, Option<f64>)],
    ) -> Vec<GainEvent> {
        let depth = |at: u64| {
            let here = ratios.partition_point(|r| r.0 <= at);
            let snr_db = here.checked_sub(1).and_then(|k| ratios[k].1);
            self.at(snr_db, range_db).range_db
        };
        let mut out: Vec<GainEvent> = Vec::with_capacity(edges.len());
        for (index, edge) in edges.iter().enumerate() {
            if !edge.target.is_gate {
                out.push(*edge);
                continue;
            }
            let end = edges.get(index + 1).map_or(u64::MAX, |next| next.at);
            let changes = ratios.iter().map(|r| r.0).filter(|&at| at > edge.at && at < end);
            let mut last = None;
            for at in std::iter::once(edge.at).chain(changes) {
                let mut target = edge.target;
                target.gain_db = 0.0 - depth(at);
                if last != Some(target) {
                    out.push(GainEvent { at, target });
                }
                last = Some(target);
            }
        }
        out
    }
}

impl Adapted {
    /// The thresholds of a label whose own are `own`.
    pub fn thresholds(&self, own: Thresholds) -> Thresholds {
        own.with_close_raised(self.close_rise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::gate::{Action, CausalDecider, GateSettings, RuleSet, Rules, Target, edges_from_segments};

    #[test]
    fn the_noisier_the_deeper_and_the_earlier_closed() {
        let adaptive = Adaptive::default();
        assert_eq!(adaptive.at(Some(48.0), 30.0), Adapted { range_db: 6.0, close_rise: 0.0 });
        assert_eq!(adaptive.at(Some(30.0), 30.0).range_db, 20.0);
        assert_eq!(adaptive.at(Some(-3.0), 30.0), Adapted { range_db: 30.0, close_rise: 0.5 });
        assert_eq!(adaptive.at(None, 24.0), Adapted { range_db: 24.0, close_rise: 0.0 });
        assert_eq!(adaptive.at(Some(48.0), 4.0).range_db, 4.0, "never deeper than the gate itself");
        let ladder: Vec<Adapted> = (-10_i16..60).map(|s| adaptive.at(Some(f64::from(s)), 40.0)).collect();
        assert!(
            ladder.windows(2).all(|w| w[1].range_db <= w[0].range_db && w[1].close_rise <= w[0].close_rise)
        );
        let own = Thresholds { open: 0.6, close: 0.4 };
        assert!((adaptive.at(Some(0.0), 30.0).thresholds(own).close - 0.5).abs() < 1e-6);
        assert!(Adaptive { close_rise: 1.5, ..adaptive }.validate().is_err() && adaptive.validate().is_ok());
    }

    #[test]
    fn the_depth_changes_where_the_ratio_does_and_nowhere_else() {
        let edge = |at, priority, gain_db: f32| GainEvent {
            at,
            target: Target { priority, gain_db, is_gate: gain_db < 0.0 },
        };
        let edges = [edge(0, 1, -30.0), edge(500, 0, 0.0), edge(900, 1, -30.0)];
        let ratios = [(0, Some(40.0)), (200, Some(40.0)), (300, Some(10.0)), (600, Some(30.0)), (950, None)];
        let out = Adaptive::default().follow(&edges, 30.0, &ratios);
        let list: Vec<(u64, f32)> = out.iter().map(|e| (e.at, e.target.gain_db)).collect();
        assert_eq!(list, [(0, -10.0), (300, -30.0), (500, 0.0), (900, -20.0), (950, -30.0)]);
        assert_eq!(
            Adaptive::default().follow(&edges, 30.0, &[]),
            edges,
            "nothing known: the gate is its own"
        );
    }

    /// The same rules on a file and live: a gate follows the floor on both ways, a duck as deep as the gate on neither.
    #[test]
    fn a_duck_as_deep_as_the_gate_is_its_own_in_files_and_live() {
        let adaptive = Adaptive::default();
        let ratio = Some(40.0);
        for (otherwise, expected_db) in [(Action::duck(30.0), -30.0), (Action::Gate, -10.0)] {
            let settings =
                GateSettings { rules: Rules { otherwise, ..Rules::default() }, ..GateSettings::default() };
            let rules = RuleSet::new(&settings, &[Label::SPEECH]).unwrap();
            let speech = [(&Label::SPEECH, 1.0, 2.0)];
            let events = edges_from_segments(&rules, &settings, speech, &[], 1_000, 3_000);
            let in_file = adaptive.follow(&events, settings.rules.range_db, &[(0, ratio)]);
            let mut live = CausalDecider::new(&settings, &[Label::SPEECH], &[], 1_000).unwrap();
            live.adapt(adaptive.at(ratio, settings.rules.range_db));
            let score = |frame: u64| if (100..200).contains(&frame) { 0.9 } else { 0.1 };
            let live: Vec<GainEvent> =
                (0..300).filter_map(|frame| live.frame(frame, &[score(frame)], 0.01)).collect();
            let gains: Vec<f32> = in_file.iter().map(|event| event.target.gain_db).collect();
            assert_eq!(gains, [expected_db, 0.0, expected_db], "{otherwise:?}");
            assert_eq!(in_file, live, "{otherwise:?}");
        }
    }
}
