//! What the scripts of a page read: JSON that can stand inside a `<script>` element.

use serde::Serialize;

use super::{Audio, Figures, FirstView, Overview, PageRecording};
use crate::Label;
use crate::decide::{Segment, Timeline};
use crate::report::Report;
use crate::report::plot::colour;

/// All of a page.
#[derive(Debug, Serialize)]
pub(super) struct PageData {
    /// First instant, seconds.
    from: Option<f64>,
    /// Last instant, seconds.
    to: Option<f64>,
    /// Whether this is an index, or a page below one.
    folder: bool,
    /// Where the index is.
    index: Option<String>,
    /// Labels that anything may be called, and their colours.
    known: Vec<(Label, &'static str)>,
    /// Colours of other labels, in turn.
    further: [&'static str; 2],
    recordings: Vec<RecordingData>,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RecordingData {
    list: ListData,
    compared: Option<ListData>,
    figures: Figures,
    /// Seconds of each label of `list`.
    totals: Vec<f64>,
    /// Number of its segments.
    count: usize,
    overview: Option<Overview>,
    audio: Option<AudioData>,
    rate_hz: u32,
    channels: u16,
    /// The page of the recording, where this is a row of an index.
    page: Option<String>,
}

/// A list of segments as it is written to label files.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ListData {
    /// What it is called.
    file: String,
    /// The recording's path where that is not its name: one channel was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<u16>,
    duration: f64,
    labels: Vec<Label>,
    /// Start, end, place of the label and confidence of each.
    segments: Vec<(f64, f64, usize, f32)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum AudioData {
    Href(String),
    /// The media type; the bytes stand in an element of their own.
    Embedded(&'static str),
}

pub(super) fn of_recording(recording: &PageRecording, page: Option<&str>) -> RecordingData {
    let timeline = &recording.report.timeline;
    let row_only = page.is_some();
    let mut list = ListData::of(&recording.report);
    if row_only {
        list.segments.clear();
    }
    let audio = match &recording.audio {
        Audio::Absent => None,
        Audio::Linked(url) => Some(AudioData::Href(url.clone())),
        Audio::Embedded { kind, .. } => Some(AudioData::Embedded(kind)),
    };
    RecordingData {
        compared: recording.compared.as_ref().filter(|_| !row_only).map(ListData::of),
        figures: recording.figures.clone(),
        totals: list.labels.iter().map(|label| timeline.total_s(label)).collect(),
        count: timeline.segments.len(),
        list,
        overview: (!row_only).then(|| recording.overview.clone()),
        audio: audio.filter(|_| !row_only),
        rate_hz: recording.rate_hz,
        channels: recording.channels,
        page: page.map(str::to_owned),
    }
}

impl ListData {
    fn of(report: &Report) -> Self {
        let Timeline { segments, duration_s, labels } = &report.timeline;
        let mut labels = labels.clone();
        let mut place_of = |label: &Label| {
            labels.iter().position(|known| known == label).unwrap_or_else(|| {
                labels.push(label.clone());
                labels.len() - 1
            })
        };
        let segment = |s: &Segment| (s.start_s, s.end_s, place_of(&s.label), s.confidence);
        let segments = segments.iter().map(segment).collect();
        let path = report.channel.map(|_| report.file.clone());
        let file = report.name().into_owned();
        Self { file, path, channel: report.channel, duration: *duration_s, labels, segments }
    }
}

pub(super) fn of_page(recordings: Vec<RecordingData>, view: FirstView, folder: bool) -> PageData {
    let known = [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE, Label::SILENCE, Label::UNKNOWN];
    let known = known.map(|label| (colour(&label, 0), label)).map(|(colour, label)| (label, colour));
    let further = [0, 1].map(|place| colour(&Label::new(""), place));
    PageData {
        from: view.from_s,
        to: view.to_s,
        folder,
        index: None,
        known: known.into(),
        further,
        recordings,
    }
}

impl PageData {
    pub(super) fn with_index(self, index: &str) -> Self {
        Self { index: Some(index.to_owned()), ..self }
    }

    /// JSON in which nothing ends an element or begins one.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("text, numbers and lists").replace('<', "\\u003c")
    }
}
