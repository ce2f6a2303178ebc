//! Rich transcription time marked, the format of speech evaluation:
//! `type file channel start duration orthography subtype name confidence lookahead`.
//!
//! Tools that score speech activity or diarisation count every `SPEAKER` line as speech, so only speech is written as
//! one; all else is `NON-SPEECH`, with the subtype of the format's definition (`music`, also for singing, `noise`, `other`).
//! The label stands in the name column of both; an enrolled voice (`voice:NAME`) is a speaker, and beside such voices
//! `unknown` is one, too: somebody else who speaks.

use std::io::{self, Write};

use super::draft::{Drafts, confidence, error, number};
use super::escape::{escape, unescape};
use super::{Format, Report, ReportError};
use crate::Label;

/// Not applicable.
const NONE: &str = "<NA>";

/// Whether a label names somebody who speaks.
fn is_voice(label: &Label) -> bool {
    label.as_str().starts_with(Label::VOICE_PREFIX)
}

pub(super) fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let hard = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ';');
    for report in reports {
        let (file, channel) = (escape(&report.file, hard), report.channel.unwrap_or(1));
        let tells_voices = report.timeline.labels.iter().any(is_voice);
        for s in &report.timeline.segments {
            let (kind, subtype) = match &s.label {
                l if *l == Label::SPEECH || is_voice(l) => ("SPEAKER", NONE),
                l if *l == Label::UNKNOWN && tells_voices => ("SPEAKER", NONE),
                l if *l == Label::MUSIC || *l == Label::SINGING => ("NON-SPEECH", "music"),
                l if *l == Label::NOISE => ("NON-SPEECH", "noise"),
                _ => ("NON-SPEECH", "other"),
            };
            // Both are whole milliseconds, so start and duration add up to the end again.
            let (start, duration) = (s.start_s, s.end_s - s.start_s);
            let label = escape(s.label.as_str(), hard);
            let sure = s.confidence;
            writeln!(
                out,
                "{kind} {file} {channel} {start:.3} {duration:.3} {NONE} {subtype} {label} {sure:.3} {NONE}"
            )?;
        }
    }
    Ok(())
}

/// Reads every line that has a time; the label is the name or, without one, the subtype or the type.
pub(super) fn parse(text: &str) -> Result<Vec<Report>, ReportError> {
    let format = Format::Rttm;
    let mut drafts = Drafts::new(format);
    for (line, content) in (1..).zip(text.lines()) {
        let columns: Vec<&str> = content.split_whitespace().collect();
        if columns.is_empty() || columns[0].starts_with(";;") || columns.get(3) == Some(&NONE) {
            continue;
        }
        let [kind, file, channel, start, duration, _orthography, subtype, name, ..] = columns[..] else {
            return Err(error(format, line, "expected at least eight columns"));
        };
        let start = number(format, line, start)?;
        let end = start + number(format, line, duration)?;
        let given = [name, subtype].into_iter().find(|c| *c != NONE);
        let label = given.map_or_else(|| kind.to_lowercase(), unescape);
        let sure = columns.get(8).filter(|c| **c != NONE).map_or(Ok(1.0), |c| confidence(format, line, c))?;
        // Who writes no number has one channel.
        let channel = channel.parse().unwrap_or(1);
        drafts.of_channel(&unescape(file), Some(channel)).add(line, (start, end), &label, sure)?;
    }
    Ok(drafts.finish_numbered())
}
