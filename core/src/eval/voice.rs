//! How well voices are told apart: trials of enrolled voices against clips.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bootstrap::{DRAWS, DRAWS_SEED, central};
use super::{Interval, RocPoint, equal_error_rate, roc, share};
use crate::signal::random::SplitMix;
use crate::signal::units::single;
use crate::voice::OWNER_THRESHOLD;

/// Fewer speakers tell nothing about others.
const MIN_SPEAKERS: usize = 5;

/// One enrolled voice against one clip.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceTrial {
    /// The enrolled voice, by number.
    pub enrolled: usize,
    /// Whether it speaks in the clip.
    pub is_target: bool,
    /// What was said: calibrated log-odds that it does.
    pub log_odds: f64,
    /// The groups that the clip belongs to, by way of grouping: its length, its noise, what the manifest says.
    pub groups: BTreeMap<String, String>,
}

/// Figures of some trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoiceFigures {
    /// Trials in which the enrolled voice speaks.
    pub targets: usize,
    /// Trials in which somebody else does.
    pub impostors: usize,
    /// Voices that were enrolled.
    pub speakers: usize,
    /// Equal error rate.
    pub eer: Option<f64>,
    /// Its interval, by drawing enrolled voices.
    pub eer_interval: Option<Interval>,
    /// Share of the target trials that the default threshold refuses.
    pub false_rejection_rate: Option<f64>,
    /// Share of the impostor trials that it accepts.
    pub false_acceptance_rate: Option<f64>,
}

/// Figures of all trials and of their groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoiceEvaluation {
    /// The probability above which a clip is the enrolled voice's.
    pub threshold: f64,
    /// Of all trials.
    pub all: VoiceFigures,
    /// Way of grouping, then group.
    pub groups: BTreeMap<String, BTreeMap<String, VoiceFigures>>,
    /// Detection error trade-off: `1 - hit_rate` against `false_alarm_rate`, thresholds in log-odds.
    pub det: Vec<RocPoint>,
}

impl VoiceEvaluation {
    /// Counts trials.
    pub fn new(trials: &[VoiceTrial]) -> Self {
        let mut grouped: BTreeMap<String, BTreeMap<String, Vec<&VoiceTrial>>> = BTreeMap::new();
        for trial in trials {
            for (way, group) in &trial.groups {
                grouped.entry(way.clone()).or_default().entry(group.clone()).or_default().push(trial);
            }
        }
        let figures = |groups: BTreeMap<String, Vec<&VoiceTrial>>| {
            groups.into_iter().map(|(group, trials)| (group, figures_of(&trials))).collect()
        };
        let all: Vec<&VoiceTrial> = trials.iter().collect();
        Self {
            threshold: OWNER_THRESHOLD,
            all: figures_of(&all),
            groups: grouped.into_iter().map(|(way, groups)| (way, figures(groups))).collect(),
            det: roc(&scored(&all)),
        }
    }

    /// Tables for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{:<28} {:>8} {:>9} {:>8} {:>17} {:>8} {:>8}",
            "", "targets", "impostors", "EER", "95 %", "FRR", "FAR"
        )?;
        row(out, "all trials", &self.all)?;
        for (way, groups) in &self.groups {
            for (group, figures) in groups {
                row(out, &format!("{way} {group}"), figures)?;
            }
        }
        writeln!(out, "FRR, FAR: refused and accepted at a probability above {}", self.threshold)
    }
}

fn row(out: &mut impl std::io::Write, name: &str, figures: &VoiceFigures) -> std::io::Result<()> {
    let percent = |rate: Option<f64>| rate.map_or("-".to_owned(), |rate| format!("{:.2} %", rate * 100.0));
    let interval = figures.eer_interval.map_or("-".to_owned(), |interval| {
        format!("{:.2} to {:.2}", interval.low * 100.0, interval.high * 100.0)
    });
    writeln!(
        out,
        "{name:<28} {:>8} {:>9} {:>8} {interval:>17} {:>8} {:>8}",
        figures.targets,
        figures.impostors,
        percent(figures.eer),
        percent(figures.false_rejection_rate),
        percent(figures.false_acceptance_rate)
    )
}

fn scored(trials: &[&VoiceTrial]) -> Vec<(f32, bool)> {
    trials.iter().map(|trial| (single(trial.log_odds), trial.is_target)).collect()
}

fn figures_of(trials: &[&VoiceTrial]) -> VoiceFigures {
    let accepted = |trial: &&&VoiceTrial| 1.0 / (1.0 + (-trial.log_odds).exp()) > OWNER_THRESHOLD;
    let targets = trials.iter().filter(|trial| trial.is_target).count();
    let impostors = trials.len() - targets;
    let hits = trials.iter().filter(|trial| trial.is_target).filter(accepted).count();
    let alarms = trials.iter().filter(|trial| !trial.is_target).filter(accepted).count();
    let mut by_voice: BTreeMap<usize, Vec<(f32, bool)>> = BTreeMap::new();
    for trial in trials {
        by_voice.entry(trial.enrolled).or_default().push((single(trial.log_odds), trial.is_target));
    }
    let by_voice: Vec<Vec<(f32, bool)>> = by_voice.into_values().collect();
    VoiceFigures {
        targets,
        impostors,
        speakers: by_voice.len(),
        eer: equal_error_rate(&scored(trials)),
        eer_interval: interval(&by_voice),
        false_rejection_rate: share(targets - hits, targets),
        false_acceptance_rate: share(alarms, impostors),
    }
}

/// Trials of one voice are not independent: voices are drawn, with all of their trials.
fn interval(by_voice: &[Vec<(f32, bool)>]) -> Option<Interval> {
    if by_voice.len() < MIN_SPEAKERS {
        return None;
    }
    let mut random = SplitMix::new(DRAWS_SEED);
    let mut rates = Vec::with_capacity(DRAWS);
    let mut drawn = Vec::new();
    for _ in 0..DRAWS {
        drawn.clear();
        (0..by_voice.len()).for_each(|_| drawn.extend_from_slice(&by_voice[random.below(by_voice.len())]));
        rates.extend(equal_error_rate(&drawn));
    }
    central(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten voices; one of ten target trials and two of ninety impostor trials of each go wrong.
    fn trials() -> Vec<VoiceTrial> {
        let trial = |enrolled, is_target, log_odds, length: &str| VoiceTrial {
            enrolled,
            is_target,
            log_odds,
            groups: [("length".to_owned(), length.to_owned())].into(),
        };
        let of_voice = |enrolled: usize| {
            let target = (0..10).map(move |n| trial(enrolled, true, if n == 0 { -1.0 } else { 3.0 }, "1 s"));
            let impostor = (0..90).map(move |n| {
                trial(enrolled, false, if n < 2 { 4.0 } else { -3.0 }, if n < 2 { "1 s" } else { "2 s" })
            });
            target.chain(impostor)
        };
        (0..10).flat_map(of_voice).collect()
    }

    #[test]
    fn errors_are_counted_at_the_default_threshold() {
        let evaluation = VoiceEvaluation::new(&trials());
        let all = &evaluation.all;
        assert_eq!((all.targets, all.impostors, all.speakers), (100, 900, 10));
        assert_eq!(all.false_rejection_rate, Some(0.1));
        assert_eq!(all.false_acceptance_rate, Some(20.0 / 900.0));
        let eer = all.eer.unwrap();
        assert!(eer > 0.02 && eer < 0.1, "{eer}");
        // All voices are alike, so drawing them changes nothing.
        let interval = all.eer_interval.unwrap();
        assert!((interval.low - eer).abs() < 1e-9 && (interval.high - eer).abs() < 1e-9);
        assert_eq!(evaluation.groups["length"]["2 s"].false_acceptance_rate, Some(0.0));
        assert_eq!(evaluation.groups["length"]["1 s"].false_acceptance_rate, Some(1.0));
        assert_eq!(evaluation.det.last().map(|point| point.hit_rate), Some(1.0));
        let mut text = Vec::new();
        evaluation.write_text(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("all trials") && text.contains("10.00 %") && text.contains("length 1 s"),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_not_zero() {
        let none = VoiceEvaluation::new(&[]);
        assert_eq!((none.all.eer, none.all.false_rejection_rate, none.all.eer_interval), (None, None, None));
    }
}
