//! Edges from a finished list of segments, where the future is known.

use std::ops::Range;

use super::causal::LevelFollower;
use super::onset::backtrack;
use super::rules::{GainEvent, QUIET_DBFS, RuleSet, Target};
use super::{GateSettings, ms_to_samples, seconds_to_samples};
use crate::{FrameGrid, Label, LabelSet};

/// The decision stream of a whole file: what each instant's labels ask for, sample-accurate, openings moved back to
/// where their sound began (at most `onset_backtrack_ms`), pauses shorter than `min_gap_ms` filled. The first edge lies at 0.
///
/// `segments` are `(label, start in s, end in s)` in any order and may overlap; `mean_square` has one value
/// per 10 ms frame (an `FrameScores`'s) and is only looked at when a rule follows the level or openings move back. `samples` is the
/// length per channel.
pub fn edges_from_segments<'a>(
    program: &RuleSet,
    settings: &GateSettings,
    segments: impl IntoIterator<Item = (&'a Label, f64, f64)>,
    mean_square: &[f32],
    rate_hz: u32,
    samples: u64,
) -> Vec<GainEvent> {
    // Position, index of the label, and whether a segment of it begins or ends.
    let mut borders: Vec<(u64, usize, i32)> = Vec::new();
    for (label, start_s, end_s) in segments {
        let (start, end) = (seconds_to_samples(start_s, rate_hz), seconds_to_samples(end_s, rate_hz));
        if let Some(index) = program.labels().iter().position(|known| known == label)
            && end > start
        {
            borders.push((start, index, 1));
            borders.push((end, index, -1));
        }
    }
    borders.sort_unstable_by_key(|&(at, ..)| at);

    let levels = if program.follows_level() { levels(mean_square, rate_hz) } else { vec![(0, 0.0)] };
    let mut instants: Vec<u64> = borders.iter().map(|b| b.0).chain(levels.iter().map(|l| l.0)).collect();
    instants.sort_unstable();
    instants.dedup();

    let mut edges: Vec<GainEvent> = Vec::new();
    let mut open = vec![0_i32; program.labels().len()];
    let mut heard = LabelSet::EMPTY;
    let mut level_dbfs = levels.first().map_or(QUIET_DBFS, |l| l.1);
    let (mut borders, mut levels) = (borders.into_iter().peekable(), levels.into_iter().peekable());
    for at in std::iter::once(0).chain(instants.into_iter().skip_while(|&at| at == 0)) {
        if at > 0 && at >= samples {
            break;
        }
        while let Some((_, index, change)) = borders.next_if(|b| b.0 <= at) {
            open[index] += change;
            let bit = program.bit(&program.labels()[index]).unwrap_or_default();
            heard = if open[index] > 0 { heard.union(bit) } else { heard.without(bit) };
        }
        while let Some((_, level)) = levels.next_if(|l| l.0 <= at) {
            level_dbfs = level;
        }
        push_change(&mut edges, GainEvent { at, target: program.decide(heard, level_dbfs) });
    }
    let edges =
        backtrack(edges, mean_square, rate_hz, ms_to_samples(settings.files.onset_backtrack_ms, rate_hz));
    close_gaps(edges, ms_to_samples(settings.files.min_gap_ms, rate_hz))
}

/// Momentary level at the start of each frame.
fn levels(mean_square: &[f32], rate_hz: u32) -> Vec<(u64, f32)> {
    let grid = FrameGrid::new(rate_hz);
    let mut follower = LevelFollower::default();
    (0..).zip(mean_square).map(|(frame, &square)| (grid.start(frame), follower.next(square))).collect()
}

fn push_change(edges: &mut Vec<GainEvent>, edge: GainEvent) {
    if edges.last().is_none_or(|last| last.target != edge.target) {
        edges.push(edge);
    }
}

/// Fills what is shorter than `longest` between two stretches of one rule, the first priority first.
fn close_gaps(mut edges: Vec<GainEvent>, longest: u64) -> Vec<GainEvent> {
    let mut priorities: Vec<u8> = edges.iter().map(|edge| edge.target.priority).collect();
    priorities.sort_unstable();
    priorities.dedup();
    for priority in priorities {
        let mut bridged: Vec<GainEvent> = Vec::with_capacity(edges.len());
        // Where the pause after a stretch of this priority begins: index in `bridged` and position.
        let mut pause: Option<(usize, u64)> = None;
        for edge in edges {
            match edge.target.priority.cmp(&priority) {
                std::cmp::Ordering::Less => pause = None,
                std::cmp::Ordering::Greater => {
                    if bridged.last().is_some_and(|last| last.target.priority == priority) {
                        pause = Some((bridged.len(), edge.at));
                    }
                }
                std::cmp::Ordering::Equal => {
                    if let Some((index, start)) = pause.take()
                        && edge.at - start < longest
                    {
                        bridged.truncate(index);
                    }
                }
            }
            push_change(&mut bridged, edge);
        }
        edges = bridged;
    }
    edges
}

/// The stretches that the edges leave untouched (0 dB): what a cut keeps.
pub fn spans_at_full_gain(edges: &[GainEvent], samples: u64) -> Vec<Range<u64>> {
    let full = |target: Target| target.gain_db == 0.0;
    let mut spans: Vec<Range<u64>> = Vec::new();
    for (index, edge) in edges.iter().enumerate() {
        let end = edges.get(index + 1).map_or(samples, |next| next.at.min(samples));
        if !full(edge.target) || end <= edge.at {
            continue;
        }
        match spans.last_mut() {
            Some(last) if last.end == edge.at => last.end = end,
            _ => spans.push(edge.at..end),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Action, Duck, FileTiming, Rule, Rules, When};

    fn program(settings: &GateSettings) -> RuleSet {
        RuleSet::new(settings, &[Label::SPEECH, Label::MUSIC]).expect("compiles")
    }

    fn list(edges: &[GainEvent]) -> Vec<(u64, f32)> {
        edges.iter().map(|edge| (edge.at, edge.target.gain_db)).collect()
    }

    #[test]
    fn overlapping_segments_give_one_stream() {
        let settings = GateSettings {
            rules: Rules {
                list: vec![
                    Rule { when: When::any([Label::SPEECH]), action: Action::Keep },
                    Rule { when: When::any([Label::MUSIC]), action: Action::duck(12.0) },
                ],
                otherwise: Action::Mute,
                ..Rules::default()
            },
            ..GateSettings::default()
        };
        let segments = [(&Label::MUSIC, 1.0, 3.0), (&Label::SPEECH, 2.0, 2.5), (&Label::SPEECH, 2.5, 4.0)];
        let edges = edges_from_segments(&program(&settings), &settings, segments, &[], 1_000, 5_000);
        let mute = f32::NEG_INFINITY;
        assert_eq!(list(&edges), [(0, mute), (1_000, -12.0), (2_000, 0.0), (4_000, mute)]);
        assert_eq!(spans_at_full_gain(&edges, 5_000), std::slice::from_ref(&(2_000..4_000)));
        assert_eq!(spans_at_full_gain(&edges, 3_000), std::slice::from_ref(&(2_000..3_000)));
    }

    #[test]
    fn short_pauses_are_bridged_and_long_ones_stay() {
        let settings = GateSettings {
            files: FileTiming { min_gap_ms: 300.0, ..FileTiming::default() },
            ..GateSettings::default()
        };
        let segments = [(&Label::SPEECH, 1.0, 2.0), (&Label::SPEECH, 2.2, 3.0), (&Label::SPEECH, 3.5, 4.0)];
        let edges = edges_from_segments(&program(&settings), &settings, segments, &[], 1_000, 5_000);
        assert_eq!(list(&edges), [(0, -30.0), (1_000, 0.0), (3_000, -30.0), (3_500, 0.0), (4_000, -30.0)]);
    }

    #[test]
    fn a_ratio_follows_the_level() {
        let duck = Duck { by_db: 20.0, ratio: Some(2.0), above_dbfs: -40.0, knee_db: 0.0 };
        let settings = GateSettings {
            rules: Rules { otherwise: Action::Duck(duck), ..Rules::default() },
            ..GateSettings::default()
        };
        let squares: Vec<f32> = (0..400).map(|frame| if frame < 200 { 1e-6 } else { 1e-2 }).collect();
        let edges = edges_from_segments(&program(&settings), &settings, [], &squares, 1_000, 4_000);
        assert_eq!(edges[0], GainEvent { at: 0, target: Target::fixed(1, 0.0) });
        assert_eq!(edges.last().expect("edges").target.gain_db, -10.0, "20 dB over at 2:1");
        assert!(edges.windows(2).all(|pair| pair[1].at > pair[0].at));
    }

    #[test]
    fn a_hostile_list_still_starts_at_zero() {
        let settings = GateSettings::default();
        let segments = [
            (&Label::SPEECH, f64::NAN, 1.0),
            (&Label::SPEECH, -5.0, f64::INFINITY),
            (&Label::MUSIC, 3.0, 2.0),
        ];
        let edges = edges_from_segments(&program(&settings), &settings, segments, &[], 48_000, 48_000);
        assert_eq!(list(&edges), [(0, 0.0)]);
        assert_eq!(
            list(&edges_from_segments(&program(&settings), &settings, [], &[], 48_000, 0)),
            [(0, -30.0)]
        );
    }
}
