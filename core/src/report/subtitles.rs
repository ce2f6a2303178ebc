//! srt and vtt: one cue per segment, the label as its text.

use std::io::{self, Write};

use super::draft::{ReportBuilder, error, number};
use super::escape::{escape, unescape, xml};
use super::{Format, Report, ReportError};

/// `HH:MM:SS,mmm` with the given decimal mark.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are finite and not negative"
)]
fn clock(seconds: f64, mark: char) -> String {
    let ms = (seconds * 1_000.0).round() as u64;
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{h:02}:{m:02}:{s:02}{mark}{:03}", ms % 1_000)
}

pub(super) fn write_srt(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (k, s) in (1..).zip(&report.timeline.segments) {
        let (from, to) = (clock(s.start_s, ','), clock(s.end_s, ','));
        writeln!(out, "{k}\n{from} --> {to}\n{}\n", escape(s.label.as_str(), |_| false))?;
    }
    Ok(())
}

pub(super) fn write_vtt(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // The text after the signature may be anything but the arrow.
    match &*report.name() {
        "" => writeln!(out, "WEBVTT\n")?,
        file => writeln!(out, "WEBVTT {}\n", escape(file, |c| c == '>'))?,
    }
    for s in &report.timeline.segments {
        let (from, to) = (clock(s.start_s, '.'), clock(s.end_s, '.'));
        writeln!(out, "{from} --> {to}\n{}\n", xml(&escape(s.label.as_str(), |_| false)))?;
    }
    Ok(())
}

/// `[H:]M:S[,.]mmm` in seconds.
pub(super) fn seconds(format: Format, line: usize, text: &str) -> Result<f64, ReportError> {
    let mut total = 0.0;
    for part in text.trim().split(':') {
        total = total * 60.0 + number(format, line, &part.replace(',', "."))?;
    }
    Ok(total)
}

/// Reads the cues of either format; everything before the arrow of a block is its number or name.
pub(super) fn parse(text: &str, format: Format) -> Result<Report, ReportError> {
    let mut draft = ReportBuilder::new(format, "");
    let mut lines = (1..).zip(text.lines()).peekable();
    if format == Format::Vtt {
        let file = lines.next().and_then(|(_, first)| first.strip_prefix("WEBVTT"));
        let file = file.ok_or_else(|| error(format, 1, "it does not begin with WEBVTT"))?;
        draft.file = if file.trim().is_empty() { String::new() } else { unescape(file.trim()) };
    }
    while let Some((line, content)) = lines.next() {
        let Some((from, to)) = content.split_once("-->") else { continue };
        // After the end, vtt may have settings of the cue.
        let to = to.split_whitespace().next().unwrap_or("");
        let time = (seconds(format, line, from)?, seconds(format, line, to)?);
        let mut label = String::new();
        while let Some((_, more)) = lines.next_if(|(_, l)| !l.trim().is_empty()) {
            label.push_str(if label.is_empty() { "" } else { "\n" });
            label.push_str(more.trim());
        }
        if format == Format::Vtt {
            for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
                label = label.replace(entity, c);
            }
        }
        draft.add(line, time, &unescape(&label), 1.0)?;
    }
    Ok(draft.finish())
}
