//! json and jsonl.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::draft::{Drafts, error};
use super::{Format, Report, ReportError};
use crate::decide::Segment;

/// Version of the JSON layout; a reader refuses a higher one.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct JsonSource {
    version: u32,
    file: String,
    duration: f64,
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<JsonSegment>>,
}

#[derive(Serialize, Deserialize)]
struct JsonSegment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    start: f64,
    end: f64,
    label: String,
    confidence: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(JsonSource),
    Many(Vec<JsonSource>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Source(JsonSource),
    Segment(JsonSegment),
}

fn source(report: &Report) -> JsonSource {
    let labels = report.timeline.labels.iter().map(|l| l.as_str().to_owned()).collect();
    JsonSource {
        version: VERSION,
        file: report.name().into_owned(),
        duration: report.timeline.duration_s,
        labels,
        segments: None,
    }
}

fn segment(s: &Segment, file: Option<&str>) -> JsonSegment {
    JsonSegment {
        file: file.map(str::to_owned),
        start: s.start_s,
        end: s.end_s,
        label: s.label.as_str().to_owned(),
        confidence: (f64::from(s.confidence) * 1_000.0).round() / 1_000.0,
    }
}

pub(super) fn write(reports: &[Report], out: &mut dyn Write) -> Result<(), ReportError> {
    let whole = |r: &Report| {
        let segments = r.timeline.segments.iter().map(|s| segment(s, None)).collect();
        JsonSource { segments: Some(segments), ..source(r) }
    };
    match reports {
        [report] => serde_json::to_writer_pretty(&mut *out, &whole(report)),
        _ => serde_json::to_writer_pretty(&mut *out, &reports.iter().map(whole).collect::<Vec<_>>()),
    }
    .map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

pub(super) fn write_lines(reports: &[Report], out: &mut dyn Write) -> Result<(), ReportError> {
    for report in reports {
        serde_json::to_writer(&mut *out, &source(report)).map_err(io::Error::from)?;
        writeln!(out)?;
        let name = report.name();
        for s in &report.timeline.segments {
            serde_json::to_writer(&mut *out, &segment(s, Some(&name))).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

pub(super) fn parse(text: &str) -> Result<Vec<Report>, ReportError> {
    let format = Format::Json;
    let bad = |e: serde_json::Error| error(format, e.line(), e.to_string());
    let sources = match serde_json::from_str(text).map_err(bad)? {
        OneOrMany::One(source) => vec![source],
        OneOrMany::Many(sources) => sources,
    };
    let mut reports = Vec::new();
    for source in sources {
        let mut drafts = Drafts::new(format);
        read(Line::Source(source), 0, format, &mut drafts)?;
        reports.append(&mut drafts.finish());
    }
    Ok(reports)
}

pub(super) fn parse_lines(text: &str) -> Result<Vec<Report>, ReportError> {
    let format = Format::Jsonl;
    let mut drafts = Drafts::new(format);
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        let item = serde_json::from_str(content).map_err(|e| error(format, line, e.to_string()))?;
        read(item, line, format, &mut drafts)?;
    }
    Ok(drafts.finish())
}

#[expect(clippy::cast_possible_truncation, reason = "a probability of three decimals")]
fn read(item: Line, line: usize, format: Format, drafts: &mut Drafts) -> Result<(), ReportError> {
    match item {
        Line::Segment(s) => {
            let draft = drafts.of(s.file.as_deref().unwrap_or(""));
            draft.add(line, (s.start, s.end), &s.label, s.confidence as f32)?;
        }
        Line::Source(source) => {
            if source.version > VERSION {
                let what = format!("its version is {}, this program reads up to {VERSION}", source.version);
                return Err(error(format, line, what));
            }
            let draft = drafts.of(&source.file);
            draft.duration_s = Some(source.duration);
            for label in &source.labels {
                draft.name(label);
            }
            for s in source.segments.unwrap_or_default() {
                draft.add(line, (s.start, s.end), &s.label, s.confidence as f32)?;
            }
        }
    }
    Ok(())
}
