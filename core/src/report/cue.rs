//! Cue sheets: one track per segment, exact times in remarks.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use super::draft::{ReportBuilder, confidence, error, number};
use super::pointer::path_from;
use super::{Format, Report, ReportError};

/// Frames per second of a cue sheet's times.
const FRAMES: f64 = 75.0;
/// Most tracks of a compact disc, for which cue sheets were made. Most programs read on beyond them.
pub(super) const MOST_TRACKS: usize = 99;

/// What cannot stand between quotes on one line, and the sign that says so.
const HARD: [(&str, char); 4] = [("%22", '"'), ("%25", '%'), ("%0A", '\n'), ("%0D", '\r')];

/// Cue sheets have no escapes, and a path must stay what it is for whoever opens it: only quotes and the ends of lines are
/// written `%XX`, and `%` only where it would be read as one of those (or alone, which older sheets have for nothing).
fn quoted(text: &str) -> Cow<'_, str> {
    if text == "%" {
        return Cow::Borrowed("%25");
    }
    if !text.contains(HARD.map(|(_, sign)| sign)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let stays = c == '%' && !HARD.iter().any(|(code, _)| text[at..].starts_with(code));
        match HARD.iter().find(|(_, sign)| *sign == c && !stays) {
            Some((code, _)) => out.push_str(code),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The reverse of [`quoted`].
fn unquoted(text: &str) -> String {
    if text == "%" {
        return String::new();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = HARD.iter().find(|(code, _)| rest.starts_with(code));
        out.push(code.map_or(c, |(_, sign)| *sign));
        rest = &rest[code.map_or(c.len_utf8(), |(code, _)| code.len())..];
    }
    out
}

/// A cue sheet knows only where tracks start, to 1/75 s, and cannot let them overlap. Players show those starts; the
/// exact stretch of each segment stands in a remark, which they skip. Paths count from the folder of the sheet.
pub(super) fn write(report: &Report, folder: Option<&Path>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "REM DURATION {:.3}", report.timeline.duration_s)?;
    writeln!(out, "FILE \"{}\" WAVE", quoted(&path_from(folder, report)))?;
    for (k, s) in (1..).zip(&report.timeline.segments) {
        let frames = index(s.start_s);
        let (m, sec, f) = (frames / 75 / 60, frames / 75 % 60, frames % 75);
        writeln!(out, "  TRACK {k:02} AUDIO\n    TITLE \"{}\"", quoted(s.label.as_str()))?;
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
    (seconds * FRAMES).round() as u64
}

/// A track under way.
#[derive(Default)]
struct Track {
    line: usize,
    title: String,
    exact: Option<(f64, f64, f32)>,
    start_s: f64,
}

pub(super) fn parse(text: &str) -> Result<Report, ReportError> {
    let format = Format::Cue;
    let mut draft = ReportBuilder::new(format, "");
    let mut tracks: Vec<Track> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        let (word, rest) = content.split_once(' ').unwrap_or((content, ""));
        let columns: Vec<&str> = rest.split_whitespace().collect();
        let text = || unquoted(rest.split('"').nth(1).unwrap_or(rest.trim()));
        match (word, tracks.last_mut()) {
            ("FILE", _) => draft.file = text(),
            ("TRACK", _) => tracks.push(Track { line, ..Track::default() }),
            ("TITLE", Some(track)) => track.title = text(),
            ("INDEX", Some(track)) if columns.first() == Some(&"01") => {
                let parts = columns.get(1).unwrap_or(&"").split(':').map(|p| number(format, line, p));
                let [m, s, f] = parts.collect::<Result<Vec<_>, _>>()?[..] else {
                    return Err(error(format, line, "expected INDEX 01 mm:ss:ff"));
                };
                track.start_s = m * 60.0 + s + f / FRAMES;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_what_it_is_unless_it_cannot() {
        for (text, written) in [
            ("50% off.wav", "50% off.wav"),
            ("a\"b.wav", "a%22b.wav"),
            ("two\r\nlines", "two%0D%0Alines"),
            ("50%25 off %2 %2F%41", "50%2525 off %2 %2F%41"),
            ("%\"", "%%22"),
            ("%%22", "%%2522"),
            ("%2%25", "%2%2525"),
            (" 5: é\t", " 5: é\t"),
            ("%", "%25"),
            ("", ""),
        ] {
            assert_eq!(quoted(text), written);
            assert_eq!(unquoted(written), text);
        }
        // As sheets were written before.
        assert_eq!((unquoted("50%25 off.wav"), unquoted("%")), ("50% off.wav".to_owned(), String::new()));
    }

    #[test]
    fn a_sheet_names_the_recording_from_its_own_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("bes");
        std::fs::create_dir(&folder).unwrap();
        let recording = folder.join("50% off.wav");
        std::fs::write(&recording, "").unwrap();
        let report = Report::new(recording.to_str().unwrap(), Default::default());
        let mut sheet = Vec::new();
        Format::Cue.write_all_in(&folder, std::slice::from_ref(&report), &mut sheet).unwrap();
        let sheet = String::from_utf8(sheet).unwrap();
        assert!(sheet.contains("\nFILE \"50% off.wav\" WAVE\n"), "{sheet}");
        assert_eq!(Format::Cue.parse(&sheet).unwrap().file, "50% off.wav");
    }
}
