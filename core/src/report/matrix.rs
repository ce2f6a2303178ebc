//! matrix: CSV with one row per second (or other hop) and one column per label: the share of the row's time that the
//! label is on, 0 to 1. The columns before are the row's start and length in seconds; the last row may be shorter.
//!
//! A share says how long, not where. The reader puts it where a segment would continue: at the start of the row after a
//! row in which the label was on up to the end, else at the end of the row before one in which it is on, else at the
//! start. So a list comes back to the millisecond where every label changes at most once within a row and no segment
//! lies within one row alone; in any case writing what was read gives the same matrix again.

use std::io::{self, Write};

use super::draft::{ReportBuilder, error, number};
use super::{Format, Report, ReportError};
use crate::decide::Segment;

/// Seconds per row unless stated otherwise.
pub(super) const DEFAULT_HOP_S: f64 = 1.0;
/// Shorter rows would be below the resolution of the times.
const MIN_HOP_S: f64 = 0.001;

/// Writes one row per `hop_s` seconds.
///
/// # Errors
///
/// The hop is below a millisecond or no number, or writing fails.
pub fn write_matrix(report: &Report, hop_s: f64, out: &mut dyn Write) -> Result<(), ReportError> {
    if !(hop_s.is_finite() && hop_s >= MIN_HOP_S) {
        return Err(ReportError::Hop(hop_s));
    }
    let timeline = &report.timeline;
    let mut table = csv::Writer::from_writer(out);
    let names = timeline.labels.iter().map(crate::Label::as_str);
    table.write_record(["time", "length"].into_iter().chain(names)).map_err(io::Error::from)?;
    let by_label: Vec<Vec<&Segment>> = timeline.labels.iter().map(|l| timeline.of(l).collect()).collect();
    let mut first = vec![0; by_label.len()];
    for row in 0_u32.. {
        let start = f64::from(row) * hop_s;
        let length = hop_s.min(timeline.duration_s - start);
        if length < MIN_HOP_S / 2.0 {
            break;
        }
        let mut cells = vec![format!("{start:.3}"), format!("{length:.3}")];
        for (segments, first) in by_label.iter().zip(&mut first) {
            while segments.get(*first).is_some_and(|s| s.end_s <= start) {
                *first += 1;
            }
            let inside = segments[*first..].iter().take_while(|s| s.start_s < start + length);
            let on =
                inside.map(|s| s.end_s.min(start + length) - s.start_s.max(start)).fold(0.0, |a, b| a + b);
            let share = format!("{:.6}", (on / length).clamp(0.0, 1.0));
            cells.push(share.trim_end_matches('0').trim_end_matches('.').to_owned());
        }
        table.write_record(cells).map_err(io::Error::from)?;
    }
    table.flush()?;
    Ok(())
}

/// A share this near to 0 or 1 is rounding.
const TOLERANCE: f64 = 2e-6;

pub(super) fn parse(text: &str) -> Result<Report, ReportError> {
    let format = Format::Matrix;
    let mut draft = ReportBuilder::new(format, "");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().map_err(|e| error(format, 1, e.to_string()))?.clone();
    if header.is_empty() {
        return Ok(draft.finish());
    }
    if header.get(0) != Some("time") || header.get(1) != Some("length") {
        return Err(error(format, 1, "the header does not begin with \"time,length\""));
    }
    let mut rows: Vec<(f64, f64)> = Vec::new();
    let mut shares: Vec<Vec<f64>> = vec![Vec::new(); header.len() - 2];
    for (line, row) in (2..).zip(table.records()) {
        let row = row.map_err(|e| error(format, line, e.to_string()))?;
        let cells = row.iter().map(|c| number(format, line, c)).collect::<Result<Vec<f64>, _>>()?;
        rows.push((cells[0], cells[0] + cells[1]));
        for (column, share) in shares.iter_mut().zip(&cells[2..]) {
            if !(0.0..=1.0).contains(share) {
                return Err(error(format, line, format!("the share {share} is not within 0 to 1")));
            }
            column.push(*share);
        }
    }
    draft.duration_s = Some(rows.last().map_or(0.0, |r| r.1));
    for (name, column) in header.iter().skip(2).zip(&shares) {
        draft.name(name);
        let mut open: Option<(f64, f64)> = None;
        for (k, (&share, &(start, end))) in column.iter().zip(&rows).enumerate() {
            let on = share * (end - start);
            let continues = open.is_some_and(|(_, reached)| reached >= start - TOLERANCE);
            let next_on = column.get(k + 1).is_some_and(|next| *next > TOLERANCE);
            let (from, to) = match () {
                () if share >= 1.0 - TOLERANCE => (start, end),
                () if !continues && next_on => (end - on, end),
                () => (start, start + on),
            };
            if share <= TOLERANCE {
                continue;
            }
            open = match open {
                Some((since, _)) if continues && from <= start => Some((since, to)),
                Some(done) => {
                    draft.add(k + 2, done, name, 1.0)?;
                    Some((from, to))
                }
                None => Some((from, to)),
            };
        }
        if let Some(done) = open {
            draft.add(rows.len() + 1, done, name, 1.0)?;
        }
    }
    Ok(draft.finish())
}
