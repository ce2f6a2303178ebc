//! Label files of audio editors: Audacity's label track, REAPER's region list, cue sheets.

use std::io::{self, Write};

use super::draft::{ReportBuilder, confidence, error, number};
use super::escape::{escape, unescape};
use super::subtitles::seconds;
use super::{Format, Report, ReportError};

/// Frames per second of a cue sheet's times.
const CUE_FRAMES: f64 = 75.0;
/// Most tracks of a compact disc, for which cue sheets were made. Most programs read on beyond them.
pub(super) const MOST_CUE_TRACKS: usize = 99;

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

/// A cue sheet knows only where tracks start, to 1/75 s, and cannot let them overlap. Players show those starts; the
/// exact stretch of each segment stands in a remark, which they skip.
pub(super) fn write_cue(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let hard = |c: char| c == '"';
    writeln!(out, "REM DURATION {:.3}", report.timeline.duration_s)?;
    writeln!(out, "FILE \"{}\" WAVE", escape(&report.file, hard))?;
    for (k, s) in (1..).zip(&report.timeline.segments) {
        let frames = index(s.start_s);
        let (m, sec, f) = (frames / 75 / 60, frames / 75 % 60, frames % 75);
        writeln!(out, "  TRACK {k:02} AUDIO\n    TITLE \"{}\"", escape(s.label.as_str(), hard))?;
        writeln!(out, "    REM SEGMENT {:.3} {:.3} {:.3}", s.start_s, s.end_s, s.confidence)?;
        writeln!(out, "    INDEX 01 {m:02}:{sec:02}:{f:02}")?;
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are finite and not negative"
)]
fn index(seconds: f64) -> u64 {
    (seconds * CUE_FRAMES).round() as u64
}

/// A track under way.
#[derive(Default)]
struct Track {
    line: usize,
    title: String,
    exact: Option<(f64, f64, f32)>,
    start_s: f64,
}

pub(super) fn parse_cue(text: &str) -> Result<Report, ReportError> {
    let format = Format::Cue;
    let mut draft = ReportBuilder::new(format, "");
    let mut tracks: Vec<Track> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        let (word, rest) = content.split_once(' ').unwrap_or((content, ""));
        let columns: Vec<&str> = rest.split_whitespace().collect();
        let quoted = || unescape(rest.split('"').nth(1).unwrap_or(rest.trim()));
        match (word, tracks.last_mut()) {
            ("FILE", _) => draft.file = quoted(),
            ("TRACK", _) => tracks.push(Track { line, ..Track::default() }),
            ("TITLE", Some(track)) => track.title = quoted(),
            ("INDEX", Some(track)) if columns.first() == Some(&"01") => {
                let parts = columns.get(1).unwrap_or(&"").split(':').map(|p| number(format, line, p));
                let [m, s, f] = parts.collect::<Result<Vec<_>, _>>()?[..] else {
                    return Err(error(format, line, "expected INDEX 01 mm:ss:ff"));
                };
                track.start_s = m * 60.0 + s + f / CUE_FRAMES;
            }
            ("REM", track) => match (&columns[..], track) {
                (["DURATION", seconds], _) => draft.duration_s = Some(number(format, line, seconds)?),
                (["SEGMENT", start, end, sure], Some(track)) => {
                    let time = (number(format, line, start)?, number(format, line, end)?);
                    track.exact = Some((time.0, time.1, confidence(format, line, sure)?));
                }
                _ => {}
            },
            _ => {}
        }
    }
    // Without the remark a track reaches to the next, the last one to the end.
    let starts: Vec<f64> = tracks.iter().map(|t| t.start_s).collect();
    for (k, track) in tracks.iter().enumerate() {
        let next = starts.get(k + 1).copied().or(draft.duration_s).unwrap_or(track.start_s);
        let (start, end, sure) = track.exact.unwrap_or((track.start_s, next, 1.0));
        draft.add(track.line, (start, end), &track.title, sure)?;
    }
    Ok(draft.finish())
}
