//! What the parsers share: segments that have been read but not yet put in order.

use std::collections::HashMap;

use super::{Format, Report, ReportError};
use crate::Label;
use crate::decide::{Segment, Timeline};

/// Latest time that is believed, seconds: over 31 years. Later ones have no microseconds left in an `f64`, and rounding
/// them could give infinity.
pub(super) const MAX_TIME_S: f64 = 1e9;

/// A report under way.
#[derive(Debug)]
pub(super) struct ReportBuilder {
    format: Format,
    pub(super) file: String,
    channel: Option<u16>,
    /// As stated; a duration that is none counts as not stated.
    pub(super) duration_s: Option<f64>,
    labels: Vec<Label>,
    segments: Vec<Segment>,
}

impl ReportBuilder {
    pub(super) fn new(format: Format, file: impl Into<String>) -> Self {
        Self {
            format,
            file: file.into(),
            channel: None,
            duration_s: None,
            labels: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// Names a label, which then keeps its place in the order.
    pub(super) fn name(&mut self, label: &str) -> Label {
        let found = self.labels.iter().find(|l| l.as_str() == label).cloned();
        found.unwrap_or_else(|| {
            self.labels.push(Label::new(label));
            Label::new(label)
        })
    }

    pub(super) fn add(
        &mut self,
        line: usize,
        (start_s, end_s): (f64, f64),
        label: &str,
        confidence: f32,
    ) -> Result<(), ReportError> {
        // What is not a number is in no range.
        if !(0.0 <= start_s && start_s <= end_s && end_s <= MAX_TIME_S) {
            return Err(error(self.format, line, format!("{start_s} to {end_s} s is no stretch of time")));
        }
        if !(0.0..=1.0).contains(&confidence) {
            return Err(error(
                self.format,
                line,
                format!("the confidence {confidence} is not within 0 to 1"),
            ));
        }
        let label = self.name(label);
        self.segments.push(Segment { label, start_s, end_s, confidence });
        Ok(())
    }

    pub(super) fn finish(self) -> Report {
        let last = self.segments.iter().map(|s| s.end_s).fold(0.0, f64::max);
        let duration_s = self.duration_s.filter(|d| (0.0..=MAX_TIME_S).contains(d)).unwrap_or(last);
        let timeline = Timeline { segments: self.segments, duration_s, labels: self.labels };
        let timeline = timeline.rounded(self.format.steps_per_s());
        Report { file: self.file, channel: self.channel, timeline }
    }
}

/// Drafts of several sources, in the order of their first mention.
#[derive(Debug)]
pub(super) struct Drafts {
    format: Format,
    all: Vec<ReportBuilder>,
}

impl Drafts {
    pub(super) fn new(format: Format) -> Self {
        Self { format, all: Vec::new() }
    }

    pub(super) fn of(&mut self, file: &str) -> &mut ReportBuilder {
        self.of_channel(file, None)
    }

    pub(super) fn of_channel(&mut self, file: &str, channel: Option<u16>) -> &mut ReportBuilder {
        // Files come one after the other, so the last is nearly always the one.
        let own = |d: &ReportBuilder| d.file == file && d.channel == channel;
        let at = self.all.iter().rposition(own).unwrap_or_else(|| {
            self.all.push(ReportBuilder { channel, ..ReportBuilder::new(self.format, file) });
            self.all.len() - 1
        });
        &mut self.all[at]
    }

    pub(super) fn finish(self) -> Vec<Report> {
        self.all.into_iter().map(ReportBuilder::finish).collect()
    }

    /// As [`Drafts::finish`], of a format in which every line has a channel: where a source has the first alone, nobody says
    /// that it has others.
    pub(super) fn finish_numbered(mut self) -> Vec<Report> {
        let mut channels: HashMap<&str, usize> = HashMap::new();
        for draft in &self.all {
            *channels.entry(&draft.file).or_default() += 1;
        }
        let is_whole = |d: &ReportBuilder| d.channel.is_some_and(|c| c <= 1) && channels[&*d.file] == 1;
        let whole: Vec<bool> = self.all.iter().map(is_whole).collect();
        for (draft, whole) in self.all.iter_mut().zip(whole) {
            draft.channel = draft.channel.filter(|_| !whole);
        }
        self.finish()
    }
}

pub(super) fn error(format: Format, line: usize, what: impl Into<String>) -> ReportError {
    ReportError::Parse { format, line, what: what.into() }
}

/// Reads a number of seconds (or a probability), naming the line if it is none. Editors in many languages write a comma
/// before the decimals.
pub(super) fn number(format: Format, line: usize, text: &str) -> Result<f64, ReportError> {
    let text = text.trim();
    let number = text.parse().or_else(|_| text.replacen(',', ".", 1).parse());
    number
        .ok()
        .filter(|n: &f64| n.is_finite())
        .ok_or_else(|| error(format, line, format!("\"{text}\" is no number")))
}

/// Reads a confidence.
#[expect(clippy::cast_possible_truncation, reason = "a probability of three decimals")]
pub(super) fn confidence(format: Format, line: usize, text: &str) -> Result<f32, ReportError> {
    Ok(number(format, line, text)? as f32)
}

/// Segments by label for the formats that have tiers. Segments of one label that overlap, as lists of other origin may
/// have them, come to lie in further tiers of the same name.
pub(super) fn tiers(timeline: &Timeline) -> Vec<(&Label, Vec<&Segment>)> {
    let mut tiers: Vec<(&Label, Vec<&Segment>)> = timeline.labels.iter().map(|l| (l, Vec::new())).collect();
    for segment in &timeline.segments {
        let fits = |(label, tier): &&mut (&Label, Vec<&Segment>)| {
            *label == &segment.label && tier.last().is_none_or(|last| last.end_s <= segment.start_s)
        };
        match tiers.iter_mut().find(fits) {
            Some((_, tier)) => tier.push(segment),
            None => tiers.push((&segment.label, vec![segment])),
        }
    }
    tiers
}
