//! The files of a score: where the commands are, and what was labelled when.
//!
//! Both are tables of text, columns apart by commas, tabs or blanks; empty lines and lines that begin with `#` are passed over,
//! and so is a first line of column names.
//!
//! *Truth*: `first,last`, the first and the last sample of each command, both counted from 0 and both part of it. A line
//! `samples,N` says how many samples the recording has; without it, they are as many as were labelled.
//!
//! *Labels*: `first,last,label,received,labelled`: a stretch of samples (one row per frame is usual), its label (`0` or
//! `command`: kept off the air; `1` or `broadcast`), when its samples came, and when they were labelled, in seconds of one
//! clock. Times are decimal numbers, read to the nanosecond, so that "20 ms late" has no rounding in it.

use std::io::Write;

use super::{ChallengeError, LabelRow, SampleLabel, Truth};

impl Truth {
    /// Reads the table.
    ///
    /// # Errors
    /// [`ChallengeError`] with the line.
    pub fn parse(text: &str) -> Result<Self, ChallengeError> {
        let mut truth = Self::default();
        for (line, columns) in lines(text, "first") {
            let wrong = |reason: &str| ChallengeError::Line { line, reason: reason.to_owned() };
            let [first, last, ..] = columns.as_slice() else {
                return Err(wrong("two columns are needed, first and last sample"));
            };
            if *first == "samples" {
                truth.samples = Some(number(last).map_err(|reason| wrong(&reason))?);
                continue;
            }
            let span = (number(first).map_err(|r| wrong(&r))?, number(last).map_err(|r| wrong(&r))?);
            if span.1 < span.0 || truth.commands.last().is_some_and(|before| before.1 >= span.0) {
                return Err(wrong("commands are in order, apart, and end after they begin"));
            }
            truth.commands.push(span);
        }
        Ok(truth)
    }
}

/// Reads a table of labels.
///
/// # Errors
/// [`ChallengeError`] with the line.
pub fn parse_labels(text: &str) -> Result<Vec<LabelRow>, ChallengeError> {
    let mut rows = Vec::new();
    for (line, columns) in lines(text, "first") {
        let wrong = |reason: String| ChallengeError::Line { line, reason };
        let [first, last, label, received, labelled] = columns.as_slice() else {
            return Err(wrong("five columns are needed: first, last, label, received, labelled".to_owned()));
        };
        let label = match *label {
            "0" | "command" => SampleLabel::Command,
            "1" | "broadcast" => SampleLabel::Broadcast,
            other => return Err(wrong(format!("{other:?} is neither 0 (command) nor 1 (broadcast)"))),
        };
        let row = LabelRow {
            first: number(first).map_err(wrong)?,
            last: number(last).map_err(wrong)?,
            label,
            received_ns: nanoseconds(received).map_err(wrong)?,
            labelled_ns: nanoseconds(labelled).map_err(wrong)?,
        };
        if row.last < row.first {
            return Err(wrong("its last sample lies before its first".to_owned()));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Writes a table of labels that [`parse_labels`] reads.
///
/// # Errors
/// Those of `out`.
pub fn write_labels(rows: &[LabelRow], out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "first,last,label,received,labelled")?;
    for row in rows {
        let label = match row.label {
            SampleLabel::Command => "command",
            SampleLabel::Broadcast => "broadcast",
        };
        let [received, labelled] = [row.received_ns, row.labelled_ns].map(decimal);
        writeln!(out, "{},{},{label},{received},{labelled}", row.first, row.last)?;
    }
    Ok(())
}

/// The columns of each line that has any, with its number.
fn lines<'a>(text: &'a str, header: &'a str) -> impl Iterator<Item = (usize, Vec<&'a str>)> {
    (1..).zip(text.lines()).filter_map(move |(number, line)| {
        let columns: Vec<&str> =
            line.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()).collect();
        let is_text = columns.first().is_none_or(|first| first.starts_with('#') || *first == header);
        (!is_text).then_some((number, columns))
    })
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number of a sample"))
}

/// A decimal number of seconds as whole nanoseconds.
fn nanoseconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time in seconds with at most nine decimals");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || part.len() > 9 || (whole.is_empty() && part.is_empty()) {
        return Err(wrong());
    }
    let padded = format!("{whole}{part:0<9}");
    padded.parse::<i64>().map(|nanoseconds| sign * nanoseconds).map_err(|_| wrong())
}

fn decimal(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", size / 1_000_000_000, size % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_nanosecond() {
        assert_eq!(nanoseconds("10.02"), Ok(10_020_000_000));
        assert_eq!(nanoseconds("-0.000000001"), Ok(-1));
        assert_eq!(nanoseconds(".5"), Ok(500_000_000));
        for wrong in ["", ".", "1e3", "1.0000000001", "nan", "--1", "99999999999999999999"] {
            assert!(nanoseconds(wrong).is_err(), "{wrong}");
        }
        for number in [0, 1, -1, 20_000_000, 1_234_567_890_123] {
            assert_eq!(nanoseconds(&decimal(number)), Ok(number));
        }
    }
}
