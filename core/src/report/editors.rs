//! Label files of audio editors: Audacity's label track, REAPER's region list.

use std::io::{self, Write};

use super::draft::{ReportBuilder, error, number};
use super::escape::{escape, unescape};
use super::subtitles::seconds;
use super::{Format, Report, ReportError};

pub(super) fn write_audacity(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for s in &report.timeline.segments {
        // A backslash at the start of a line would be read as a line of frequencies; a label never stands there.
        writeln!(out, "{:.6}\t{:.6}\t{}", s.start_s, s.end_s, escape(s.label.as_str(), |_| false))?;
    }
    Ok(())
}

pub(super) fn parse_audacity(text: &str) -> Result<Report, ReportError> {
    let format = Format::Audacity;
    let mut draft = ReportBuilder::new(format, "");
    for (line, content) in (1..).zip(text.lines()) {
        // Spectral labels have a second line with their frequencies.
        if content.trim().is_empty() || content.starts_with('\\') {
            continue;
        }
        let mut columns = content.splitn(3, '\t');
        let (Some(start), Some(end)) = (columns.next(), columns.next()) else {
            return Err(error(format, line, "expected start, end and label with tabs between"));
        };
        let time = (number(format, line, start)?, number(format, line, end)?);
        draft.add(line, time, &unescape(columns.next().unwrap_or("").trim()), 1.0)?;
    }
    Ok(draft.finish())
}

/// `m:ss.mmm` or `h:mm:ss.mmm`, as REAPER's ruler writes it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are finite and not negative"
)]
fn ruler(seconds: f64) -> String {
    let ms = (seconds * 1_000.0).round() as u64;
    let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    if h > 0 { format!("{h}:{m:02}:{s:02}.{ms:03}") } else { format!("{m}:{s:02}.{ms:03}") }
}

pub(super) fn write_reaper(report: &Report, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["#", "Name", "Start", "End", "Length"]).map_err(io::Error::from)?;
    for (k, s) in (1..).zip(&report.timeline.segments) {
        let (start, end, length) = (ruler(s.start_s), ruler(s.end_s), ruler(s.duration_s()));
        let name = escape(s.label.as_str(), |_| false);
        table.write_record([&format!("R{k}"), &*name, &start, &end, &length]).map_err(io::Error::from)?;
    }
    table.flush()?;
    Ok(())
}

pub(super) fn parse_reaper(text: &str) -> Result<Report, ReportError> {
    let format = Format::Reaper;
    let mut draft = ReportBuilder::new(format, "");
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    for (line, row) in (2..).zip(table.records()) {
        let row = row.map_err(|e| error(format, line, e.to_string()))?;
        let (Some(number), Some(name), Some(start)) = (row.get(0), row.get(1), row.get(2)) else {
            return Err(error(format, line, "expected number, name, start, end and length"));
        };
        // The list may have markers (M1, …) among the regions.
        if number.starts_with('R') {
            let time = (seconds(format, line, start)?, seconds(format, line, row.get(3).unwrap_or(""))?);
            draft.add(line, time, &unescape(name), 1.0)?;
        }
    }
    Ok(draft.finish())
}
