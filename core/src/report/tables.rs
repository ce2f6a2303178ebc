//! text, csv and tsv: one row per segment.

use std::io::{self, Write};

use super::draft::{Drafts, ReportBuilder, confidence, error, number};
use super::escape::{escape, unescape};
use super::{Format, Report, ReportError};

/// Columns of csv and tsv.
const HEADER: [&str; 5] = ["file", "start", "end", "label", "confidence"];

pub(super) fn write_text(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for s in &report.timeline.segments {
        let label = escape(s.label.as_str(), |c| c.is_whitespace() || c == '#');
        writeln!(out, "{:.3} {:.3} {label} {:.3}", s.start_s, s.end_s, s.confidence)?;
    }
    Ok(())
}

/// Reads `start end label [confidence]`; skips empty lines and those that begin with `#`.
pub(super) fn parse_text(text: &str) -> Result<Report, ReportError> {
    let format = Format::Text;
    let mut draft = ReportBuilder::new(format, "");
    for (line, content) in (1..).zip(text.lines()) {
        let columns: Vec<&str> = content.split_whitespace().collect();
        let (time, label, sure) = match columns[..] {
            [] => continue,
            [first, ..] if first.starts_with('#') => continue,
            [start, end, label] => ((start, end), label, "1"),
            [start, end, label, sure] => ((start, end), label, sure),
            _ => return Err(error(format, line, "expected \"start end label confidence\"")),
        };
        let time = (number(format, line, time.0)?, number(format, line, time.1)?);
        draft.add(line, time, &unescape(label), confidence(format, line, sure)?)?;
    }
    Ok(draft.finish())
}

pub(super) fn write(reports: &[Report], delimiter: u8, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(write_rows(reports, delimiter, true, out)?)
}

/// Rows, below the header if that is wanted.
pub(super) fn write_rows(
    reports: &[Report],
    delimiter: u8,
    header: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    if header {
        table.write_record(HEADER)?;
    }
    for report in reports {
        let name = report.name();
        for s in &report.timeline.segments {
            let (start, end) = (format!("{:.3}", s.start_s), format!("{:.3}", s.end_s));
            let row = [&*name, &start, &end, s.label.as_str(), &format!("{:.3}", s.confidence)];
            table.write_record(row)?;
        }
    }
    table.flush()
}

/// Reads a table by the names of its columns; `file` and `confidence` may be missing, others may be there.
pub(super) fn parse(text: &str, delimiter: u8, format: Format) -> Result<Vec<Report>, ReportError> {
    let header = text.lines().next().unwrap_or_default();
    // Where commas stand before decimals, spreadsheets put semicolons between columns.
    let delimiter =
        if delimiter == b',' && header.contains(';') && !header.contains(',') { b';' } else { delimiter };
    let mut table = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let bad = |e: csv::Error| {
        let line = e.position().map_or(0, csv::Position::line);
        error(format, usize::try_from(line).unwrap_or(0), e.to_string())
    };
    let header = table.headers().map_err(bad)?.clone();
    let mut drafts = Drafts::new(format);
    if header.is_empty() {
        return Ok(drafts.finish());
    }
    let column = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
    let required = |name: &str| {
        column(name).ok_or_else(|| error(format, 1, format!("the header has no column \"{name}\"")))
    };
    let (start, end, label) = (required("start")?, required("end")?, required("label")?);
    let (file, sure) = (column("file"), column("confidence"));
    for row in table.records() {
        let row = row.map_err(bad)?;
        let line = row.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
        let cell = |at: usize| row.get(at).unwrap_or("");
        let time = (number(format, line, cell(start))?, number(format, line, cell(end))?);
        let sure = sure.map_or(Ok(1.0), |at| confidence(format, line, cell(at)))?;
        drafts.of(file.map_or("", cell)).add(line, time, cell(label), sure)?;
    }
    Ok(drafts.finish())
}
