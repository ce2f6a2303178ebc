//! Chapters: ffmpeg's metadata file, and the JSON of podcast players. One chapter per segment; where no two are to overlap,
//! one label per instant has to be asked for.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::draft::{ReportBuilder, confidence, error, number};
use super::escape::{escape, unescape};
use super::{Format, Report, ReportError};

/// First line of every metadata file.
const SIGNATURE: &str = ";FFMETADATA1";
/// Version of the podcast namespace's chapters.
const VERSION: &str = "1.2.0";

/// What ffmpeg reads with `-f ffmetadata`. The confidence is a key of its own, which it hands on or leaves out.
#[expect(clippy::cast_possible_truncation, reason = "times below 31 years in milliseconds")]
pub(super) fn write_ffmetadata(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let ms = |seconds: f64| (seconds * 1_000.0).round() as i64;
    writeln!(out, "{SIGNATURE}")?;
    for s in &report.timeline.segments {
        let title = escaped(&escape(s.label.as_str(), |_| false));
        let (start, end, sure) = (ms(s.start_s), ms(s.end_s), s.confidence);
        writeln!(
            out,
            "\n[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title}\nconfidence={sure:.3}"
        )?;
    }
    Ok(())
}

/// `=`, `;`, `#` and `\` are written behind a backslash.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '=' | ';' | '#' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Entries of a metadata file, with the lines that they begin at: sections as `[NAME]`, or key and value.
fn entries(text: &str) -> Vec<(usize, String, String)> {
    let mut entries = Vec::new();
    let (mut line, mut began) = (1, 1);
    let (mut key, mut value, mut in_value) = (String::new(), String::new(), false);
    let mut chars = text.chars().chain(['\n']).filter(|c| *c != '\r');
    while let Some(c) = chars.next() {
        let part = if in_value { &mut value } else { &mut key };
        match c {
            '\\' => {
                let next = chars.next().unwrap_or('\\');
                line += usize::from(next == '\n');
                part.push(next);
            }
            '=' if !in_value => in_value = true,
            '\n' => {
                entries.push((began, std::mem::take(&mut key), std::mem::take(&mut value)));
                line += 1;
                (began, in_value) = (line, false);
            }
            c => part.push(c),
        }
    }
    entries.retain(|(_, key, _)| !key.is_empty() && !key.starts_with(';') && !key.starts_with('#'));
    entries
}

/// A chapter under way.
struct Chapter {
    line: usize,
    /// Seconds per unit.
    base_s: f64,
    times: [Option<f64>; 2],
    title: String,
    confidence: f32,
}

pub(super) fn parse_ffmetadata(text: &str) -> Result<Report, ReportError> {
    let format = Format::Ffmetadata;
    if !text.starts_with(SIGNATURE) {
        return Err(error(format, 1, format!("it does not begin with {SIGNATURE}")));
    }
    let mut draft = ReportBuilder::new(format, "");
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut in_chapter = false;
    for (line, key, value) in entries(text) {
        if key.starts_with('[') {
            in_chapter = key == "[CHAPTER]";
            if in_chapter {
                // Without a base, times are nanoseconds.
                let (title, times) = (String::new(), [None; 2]);
                chapters.push(Chapter { line, base_s: 1e-9, times, title, confidence: 1.0 });
            }
            continue;
        }
        let Some(chapter) = chapters.last_mut().filter(|_| in_chapter) else { continue };
        match key.as_str() {
            "TIMEBASE" => {
                let parts = value.split_once('/').unwrap_or((value.as_str(), "1"));
                chapter.base_s = number(format, line, parts.0)? / number(format, line, parts.1)?;
            }
            "START" => chapter.times[0] = Some(number(format, line, &value)?),
            "END" => chapter.times[1] = Some(number(format, line, &value)?),
            "title" => chapter.title = unescape(&value),
            "confidence" => chapter.confidence = confidence(format, line, &value)?,
            _ => {}
        }
    }
    for Chapter { line, base_s, times, title, confidence } in chapters {
        let [Some(start), Some(end)] = times else {
            return Err(error(format, line, "a chapter without START or END"));
        };
        draft.add(line, (start * base_s, end * base_s), &title, confidence)?;
    }
    Ok(draft.finish())
}

/// Chapters of the podcast namespace.
#[derive(Serialize, Deserialize)]
struct Podcast {
    version: String,
    #[serde(rename = "fileName", default, skip_serializing_if = "String::is_empty")]
    file_name: String,
    chapters: Vec<PodcastChapter>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodcastChapter {
    start_time: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_time: Option<f64>,
    #[serde(default)]
    title: String,
}

pub(super) fn write_podcast(report: &Report, out: &mut dyn Write) -> Result<(), ReportError> {
    let chapter = |s: &crate::decide::Segment| PodcastChapter {
        start_time: s.start_s,
        end_time: Some(s.end_s),
        title: s.label.as_str().to_owned(),
    };
    let chapters = report.timeline.segments.iter().map(chapter).collect();
    let whole = Podcast { version: VERSION.to_owned(), file_name: report.file.clone(), chapters };
    serde_json::to_writer_pretty(&mut *out, &whole).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

/// Without an end a chapter reaches to the next one, and the last one nowhere.
pub(super) fn parse_podcast(text: &str) -> Result<Report, ReportError> {
    let format = Format::Chapters;
    let read: Podcast = serde_json::from_str(text).map_err(|e| error(format, e.line(), e.to_string()))?;
    let mut draft = ReportBuilder::new(format, read.file_name);
    let starts: Vec<f64> = read.chapters.iter().map(|chapter| chapter.start_time).collect();
    for (index, chapter) in read.chapters.iter().enumerate() {
        let next = starts.get(index + 1).copied().unwrap_or(chapter.start_time);
        let end_s = chapter.end_time.unwrap_or(next);
        draft.add(0, (chapter.start_time, end_s), &chapter.title, 1.0)?;
    }
    Ok(draft.finish())
}
