//! Lists for recognisers and their training: clips, NeMo's manifest, lhotse's supervisions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::draft::{Drafts, ReportBuilder, error, number};
use super::{Format, Report, ReportError};
use crate::Label;

/// `start,end,start,end…` of speech on one line, as faster-whisper's `clip_timestamps` takes it.
pub(super) fn write_clips(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let times: Vec<String> =
        report.timeline.of(&Label::SPEECH).map(|s| format!("{:.3},{:.3}", s.start_s, s.end_s)).collect();
    writeln!(out, "{}", times.join(","))
}

pub(super) fn parse_clips(text: &str) -> Result<Report, ReportError> {
    let format = Format::Clips;
    let mut draft = ReportBuilder::new(format, "");
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        let times =
            content.split(',').map(|time| number(format, line, time)).collect::<Result<Vec<_>, _>>()?;
        for pair in times.chunks(2) {
            let [start, end] = pair else { return Err(error(format, line, "the last clip has no end")) };
            draft.add(line, (*start, *end), Label::SPEECH.as_str(), 1.0)?;
        }
    }
    Ok(draft.finish())
}

/// A line of NeMo's manifest.
#[derive(Serialize, Deserialize)]
struct NemoLine {
    audio_filepath: String,
    /// Ours: the channel that was heard by itself, from 1. What others call so may be anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<serde_json::Value>,
    #[serde(default)]
    offset: f64,
    duration: f64,
    label: String,
    #[serde(default = "certain")]
    confidence: f64,
}

fn certain() -> f64 {
    1.0
}

/// Whole milliseconds as seconds, without the digits of binary fractions.
fn ms(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

pub(super) fn write_nemo(reports: &[Report], out: &mut dyn Write) -> Result<(), ReportError> {
    for report in reports {
        for s in &report.timeline.segments {
            let line = NemoLine {
                audio_filepath: report.file.clone(),
                channel: report.channel.map(Into::into),
                offset: ms(s.start_s),
                duration: ms(s.end_s - s.start_s),
                label: s.label.as_str().to_owned(),
                confidence: ms(f64::from(s.confidence)),
            };
            write_line(&line, out)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "a probability of three decimals")]
pub(super) fn parse_nemo(text: &str) -> Result<Vec<Report>, ReportError> {
    let format = Format::Nemo;
    let mut drafts = Drafts::new(format);
    each_line(format, text, |at, line: NemoLine| {
        let time = (line.offset, line.offset + line.duration);
        let channel = line.channel.and_then(|channel| u16::try_from(channel.as_u64()?).ok());
        let draft = drafts.of_channel(&line.audio_filepath, channel);
        draft.add(at, time, &line.label, line.confidence as f32)
    })?;
    Ok(drafts.finish())
}

/// One of lhotse's supervisions. What it has no field for stands in `custom`.
#[derive(Serialize, Deserialize)]
struct Supervision {
    id: String,
    recording_id: String,
    start: f64,
    duration: f64,
    channel: serde_json::Value,
    #[serde(default)]
    custom: Custom,
}

#[derive(Default, Serialize, Deserialize)]
struct Custom {
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    confidence: Option<f64>,
}

pub(super) fn write_lhotse(reports: &[Report], out: &mut dyn Write) -> Result<(), ReportError> {
    // Segments are numbered on where a recording comes again.
    let mut numbers: HashMap<Cow<'_, str>, usize> = HashMap::new();
    for report in reports {
        // Channels of one recording share its identity, not those of their segments.
        let name = report.name();
        let number = numbers.entry(name.clone()).or_default();
        for s in &report.timeline.segments {
            let line = Supervision {
                id: format!("{name}-{number:06}"),
                recording_id: report.file.clone(),
                start: ms(s.start_s),
                duration: ms(s.end_s - s.start_s),
                channel: report.channel.map_or(0, |channel| channel.saturating_sub(1)).into(),
                custom: Custom {
                    label: Some(s.label.as_str().to_owned()),
                    confidence: Some(ms(f64::from(s.confidence))),
                },
            };
            write_line(&line, out)?;
            *number += 1;
        }
    }
    Ok(())
}

/// A supervision of another program has no label: it is about speech.
#[expect(clippy::cast_possible_truncation, reason = "a probability of three decimals")]
pub(super) fn parse_lhotse(text: &str) -> Result<Vec<Report>, ReportError> {
    let format = Format::Lhotse;
    let mut drafts = Drafts::new(format);
    each_line(format, text, |at, line: Supervision| {
        let time = (line.start, line.start + line.duration);
        let label = line.custom.label.as_deref().unwrap_or(Label::SPEECH.as_str());
        // A list of channels is all of them.
        let channel = line.channel.as_u64().and_then(|channel| u16::try_from(channel).ok()?.checked_add(1));
        let draft = drafts.of_channel(&line.recording_id, channel.or(Some(1)));
        draft.add(at, time, label, line.custom.confidence.unwrap_or(1.0) as f32)
    })?;
    Ok(drafts.finish_numbered())
}

fn write_line(line: &impl Serialize, out: &mut dyn Write) -> Result<(), ReportError> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

fn each_line<T: for<'a> Deserialize<'a>>(
    format: Format,
    text: &str,
    mut take: impl FnMut(usize, T) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    for (at, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        take(at, serde_json::from_str(content).map_err(|e| error(format, at, e.to_string()))?)?;
    }
    Ok(())
}
