//! What was heard in one source.

use std::borrow::Cow;

use crate::decide::Timeline;

/// A source and what was heard in it.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::decide::{Segment, Timeline};
/// use earmark_core::report::{Format, Report};
///
/// let segment = Segment { label: Label::SPEECH, start_s: 1.0, end_s: 2.5, confidence: 0.9 };
/// let timeline = Timeline { segments: vec![segment], duration_s: 2.5, labels: vec![Label::SPEECH] };
/// let report = Report::new("talk.wav", timeline);
///
/// let mut csv = Vec::new();
/// Format::Csv.write(&report, &mut csv)?;
/// let text = String::from_utf8(csv)?;
/// assert_eq!(text.lines().nth(1), Some("talk.wav,1.000,2.500,speech,0.900"));
/// assert_eq!(Format::Csv.parse(&text)?.timeline.segments, report.timeline.segments);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The source's name, of a file its path: what formats that point to the sound point to.
    pub file: String,
    /// The channel that was heard by itself, from 1; `None` if all were.
    pub channel: Option<u16>,
    /// Its segments.
    pub timeline: Timeline,
}

impl Report {
    /// Of all channels of `file`.
    pub fn new(file: impl Into<String>, timeline: Timeline) -> Self {
        Self { file: file.into(), channel: None, timeline }
    }

    /// What it is called where a name is all that there is: `file`, or `file#N` if that is about one channel.
    pub fn name(&self) -> Cow<'_, str> {
        match self.channel {
            Some(channel) => Cow::Owned(format!("{}#{channel}", self.file)),
            None => Cow::Borrowed(&self.file),
        }
    }

    /// The same with all of its name in `file`, for whoever tells lists apart by their names.
    #[must_use]
    pub fn with_whole_name(self) -> Self {
        Self { file: self.name().into_owned(), channel: None, ..self }
    }
}
