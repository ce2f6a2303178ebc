//! The score of a suppressor of commands: which samples of a live channel were commands and kept off the air, and how late
//! each was labelled.
//!
//! # Arithmetic
//!
//! A run is invalid if a sample was labelled more than 50 ms late, out of order (a stamp before that of the row above, a
//! row that does not begin where the one above ends), twice or not at all. Else every one of the `N` samples is a point. A
//! sample that was labelled 20 ms late or later costs 1; of the others a command that was broadcast costs `⌊N / commands⌋`, and what
//! was kept off the air and is no command `⌊N / others⌋`. The score is what is left, over `N`. It may be negative.

mod tables;

use std::fmt;

pub use tables::{parse_labels, write_labels};

/// A sample that is labelled so late or later is lost, nanoseconds.
pub const LATE_NS: i64 = 20_000_000;
/// A sample that is labelled later than this makes the run invalid, nanoseconds.
pub const TOO_LATE_NS: i64 = 50_000_000;

/// What a sample was labelled as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleLabel {
    /// Kept off the air.
    Command,
    /// Goes on air.
    Broadcast,
}

/// A stretch of samples that were labelled alike and at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelRow {
    /// First sample.
    pub first: u64,
    /// Last sample, part of it.
    pub last: u64,
    /// Its label.
    pub label: SampleLabel,
    /// When the samples came, nanoseconds.
    pub received_ns: i64,
    /// When they were labelled, nanoseconds of the same clock.
    pub labelled_ns: i64,
}

/// Where the commands are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// First and last sample of each command, in order.
    pub commands: Vec<(u64, u64)>,
    /// Samples of the recording, where that is stated.
    pub samples: Option<u64>,
}

/// What a run is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Share of the points that is left; an invalid run has none.
    pub score: Result<f64, Invalid>,
    /// Samples of the recording.
    pub samples: u64,
    /// Samples that are commands.
    pub command_samples: u64,
    /// Samples that were labelled 20 ms late or later.
    pub late_samples: u64,
    /// Commands that were broadcast, in time.
    pub missed_samples: u64,
    /// Others that were kept off the air, in time.
    pub lost_samples: u64,
    /// The latest, nanoseconds.
    pub worst_delay_ns: i64,
}

/// Why a run is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// A sample was labelled more than 50 ms late.
    TooLate {
        /// Which.
        sample: u64,
        /// How late, nanoseconds.
        delay_ns: i64,
    },
    /// A stamp lies before one above it, or before its own samples came.
    OutOfOrder {
        /// The first sample of the row.
        sample: u64,
    },
    /// A sample has no label, or two.
    NotOnce {
        /// Which.
        sample: u64,
    },
}

impl fmt::Display for Invalid {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLate { sample, delay_ns } => {
                write!(
                    f,
                    "sample {sample} was labelled {} ms late, 50 ms are allowed",
                    *delay_ns as f64 / 1e6
                )
            }
            Self::OutOfOrder { sample } => write!(f, "sample {sample} was labelled out of order"),
            Self::NotOnce { sample } => write!(f, "sample {sample} was not labelled exactly once"),
        }
    }
}

/// Why a table cannot be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// A line is not as it should be.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Nothing to score.
    #[error("there are no samples to score")]
    Empty,
}

impl Truth {
    /// Commands within `first..=last`, samples.
    fn commands_within(&self, first: u64, last: u64) -> u64 {
        let within = |&(from, to): &(u64, u64)| (to.min(last) + 1).saturating_sub(from.max(first));
        self.commands.iter().map(within).sum()
    }
}

/// Scores a run.
///
/// # Errors
/// [`ChallengeError::Empty`] if there are no samples.
pub fn score(truth: &Truth, labels: &[LabelRow]) -> Result<Score, ChallengeError> {
    let labelled = labels.last().map_or(0, |row| row.last.saturating_add(1));
    let samples = truth.samples.unwrap_or(labelled);
    if samples == 0 {
        return Err(ChallengeError::Empty);
    }
    let command_samples = truth.commands_within(0, samples - 1);
    let others = samples - command_samples;
    let mut found = Score {
        score: Ok(0.0),
        samples,
        command_samples,
        late_samples: 0,
        missed_samples: 0,
        lost_samples: 0,
        worst_delay_ns: 0,
    };
    let mut invalid = None;
    let mut say = |fault: Invalid| {
        invalid.get_or_insert(fault);
    };
    let (mut next, mut stamp) = (0, i64::MIN);
    for row in labels {
        if row.first != next || row.last >= samples {
            say(Invalid::NotOnce {
                sample: row.first.min(next).max(if row.first == next { samples } else { 0 }),
            });
        }
        let delay_ns = row.labelled_ns.saturating_sub(row.received_ns);
        if row.labelled_ns < stamp || delay_ns < 0 {
            say(Invalid::OutOfOrder { sample: row.first });
        }
        if delay_ns > TOO_LATE_NS {
            say(Invalid::TooLate { sample: row.first, delay_ns });
        }
        (next, stamp) = (row.last.saturating_add(1), row.labelled_ns);
        found.worst_delay_ns = found.worst_delay_ns.max(delay_ns);
        let length = row.last.saturating_sub(row.first).saturating_add(1);
        let commands = truth.commands_within(row.first, row.last);
        if delay_ns >= LATE_NS {
            found.late_samples += length;
        } else if row.label == SampleLabel::Broadcast {
            found.missed_samples += commands;
        } else {
            found.lost_samples += length - commands;
        }
    }
    if next != samples {
        say(Invalid::NotOnce { sample: next.min(samples) });
    }
    let cost_of = |count: u64| samples.checked_div(count).unwrap_or(0);
    let cost = u128::from(found.late_samples)
        + u128::from(found.missed_samples) * u128::from(cost_of(command_samples))
        + u128::from(found.lost_samples) * u128::from(cost_of(others));
    found.score = match invalid {
        Some(fault) => Err(fault),
        None => Ok(points_left(samples, cost)),
    };
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples stay far below 2^53")]
fn points_left(samples: u64, cost: u128) -> f64 {
    (samples as f64 - cost as f64) / samples as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: u64 = 964_096;
    const FRAME: u64 = 512;

    fn truth() -> Truth {
        let text =
            "# a recording\nfirst,last\n142000,160000\n340000\t360000\n620000 635000\nsamples,964096\n";
        Truth::parse(text).unwrap()
    }

    /// Every frame labelled by `label` and so late.
    fn run(label: impl Fn(u64) -> SampleLabel, delay_ns: impl Fn(u64) -> i64) -> Vec<LabelRow> {
        let mut rows: Vec<LabelRow> = Vec::new();
        for first in 0..SAMPLES {
            let received_ns = i64::try_from(first / FRAME * 32_000_000).unwrap();
            let row = LabelRow {
                first,
                last: first,
                label: label(first),
                received_ns,
                labelled_ns: received_ns + delay_ns(first),
            };
            match rows.last_mut() {
                Some(last)
                    if last.label == row.label
                        && last.received_ns == row.received_ns
                        && last.labelled_ns == row.labelled_ns =>
                {
                    last.last = first;
                }
                _ => rows.push(row),
            }
        }
        rows
    }

    fn right(sample: u64) -> SampleLabel {
        let commands = [(142_000, 160_000), (340_000, 360_000), (620_000, 635_000)];
        let is_command = commands.iter().any(|&(first, last)| (first..=last).contains(&sample));
        if is_command { SampleLabel::Command } else { SampleLabel::Broadcast }
    }

    #[test]
    fn the_known_runs_have_the_known_scores() {
        let of = |rows: Vec<LabelRow>| {
            // What is written is what is read.
            let mut text = Vec::new();
            write_labels(&rows, &mut text).unwrap();
            assert_eq!(parse_labels(std::str::from_utf8(&text).unwrap()).unwrap(), rows);
            score(&truth(), &rows).unwrap().score
        };
        let close = |found: Result<f64, Invalid>, wanted: f64| (found.unwrap() - wanted).abs() < 1e-9;
        assert!(close(of(run(|_| SampleLabel::Broadcast, |_| 0)), 0.010_415_975_172_596_92));
        assert!(close(of(run(|_| SampleLabel::Command, |_| 0)), 0.054_976_890_268_189_06));
        assert_eq!(of(run(right, |_| 19_999_999)), Ok(1.0));
        assert_eq!(of(run(right, |_| 20_000_000)), Ok(0.0));
        assert_eq!(of(run(right, |_| 50_000_000)), Ok(0.0));
        let one = |sample| if sample == 500_000 { 50_001_000 } else { 0 };
        let found = of(run(right, one)).unwrap_err();
        assert_eq!(found, Invalid::TooLate { sample: 500_000, delay_ns: 50_001_000 });
    }

    #[test]
    fn what_is_out_of_order_missing_or_twice_is_invalid() {
        let rows = run(right, |_| 1_000_000);
        let of = |rows: &[LabelRow]| score(&truth(), rows).unwrap().score.unwrap_err();
        let mut swapped = rows.clone();
        swapped[100].labelled_ns = swapped[99].labelled_ns - 1;
        swapped[100].received_ns = swapped[100].labelled_ns;
        assert_eq!(of(&swapped), Invalid::OutOfOrder { sample: rows[100].first });
        let mut early = rows.clone();
        early[100].labelled_ns = early[100].received_ns - 1;
        assert_eq!(of(&early), Invalid::OutOfOrder { sample: rows[100].first });
        let mut exchanged = rows.clone();
        exchanged.swap(100, 101);
        assert!(matches!(of(&exchanged), Invalid::NotOnce { .. }));
        let missing: Vec<LabelRow> = rows.iter().filter(|row| row.first != rows[7].first).copied().collect();
        assert_eq!(of(&missing), Invalid::NotOnce { sample: rows[7].first });
        assert_eq!(of(&rows[..rows.len() - 1]), Invalid::NotOnce { sample: rows[rows.len() - 1].first });
        let mut more = rows.clone();
        let last = rows[rows.len() - 1];
        more.push(LabelRow { first: last.last + 1, last: last.last + 5, ..last });
        assert_eq!(of(&more), Invalid::NotOnce { sample: SAMPLES });
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        for (text, said) in [
            ("first,last\n1,2\n2,3\n", "line 3"),
            ("5,4\n", "line 1"),
            ("1\n", "line 1"),
            ("a,b\n", "\"a\" is no number"),
        ] {
            let error = Truth::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        for text in ["0,511,2,0,0", "0,511,1,0", "9,3,1,0,0", "0,511,1,0,x"] {
            assert!(parse_labels(text).is_err(), "{text}");
        }
        assert!(matches!(score(&Truth::default(), &[]), Err(ChallengeError::Empty)));
    }
}
