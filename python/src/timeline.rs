//! Timelines as Python objects, and as files.

use std::borrow::Cow;
use std::path::PathBuf;

use earmark_core::Label;
use earmark_core::decide::{Segment, SpanShape, Timeline, shaped_spans};
use earmark_core::report::plot::{self, PlotInput, PlotOptions};
use earmark_core::report::{Format, Report};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::OrRaise;

/// A report of core. `earmark.Timeline` dresses it.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct TimelineData {
    report: Report,
}

impl From<Report> for TimelineData {
    fn from(report: Report) -> Self {
        Self { report }
    }
}

#[pymethods]
impl TimelineData {
    #[new]
    fn new(
        file: String,
        duration_s: f64,
        labels: Vec<String>,
        segments: Vec<(f64, f64, String, f32)>,
    ) -> Self {
        let segments = segments
            .into_iter()
            .map(|(start_s, end_s, label, confidence)| Segment {
                label: Label::new(label),
                start_s,
                end_s,
                confidence,
            })
            .collect();
        let labels = labels.into_iter().map(Label::new).collect();
        let mut timeline = Timeline { segments, duration_s, labels };
        timeline.sort();
        Report::new(file, timeline).into()
    }

    #[getter]
    fn file(&self) -> Cow<'_, str> {
        self.report.name()
    }

    #[getter]
    fn duration_s(&self) -> f64 {
        self.report.timeline.duration_s
    }

    #[getter]
    fn labels(&self) -> Vec<&str> {
        self.report.timeline.labels.iter().map(Label::as_str).collect()
    }

    /// Start and end in seconds, label, confidence.
    #[getter]
    fn segments(&self) -> Vec<(f64, f64, &str, f32)> {
        let segments = self.report.timeline.segments.iter();
        segments.map(|s| (s.start_s, s.end_s, s.label.as_str(), s.confidence)).collect()
    }

    /// The bytes that the command writes.
    fn write<'py>(&self, py: Python<'py>, format: &str) -> PyResult<Bound<'py, PyBytes>> {
        let format: Format = format.parse().or_raise(None)?;
        let mut bytes = Vec::new();
        format.write_all(std::slice::from_ref(&self.report), &mut bytes).or_raise(None)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Start and end of the stretches of a label in seconds, padded.
    fn padded(&self, label: &str, pad_s: f64) -> Vec<(f64, f64)> {
        let shape = SpanShape { pad_s, ..SpanShape::default() };
        shaped_spans(&self.report.timeline, &Label::from(label), &shape)
    }

    /// A picture as SVG: a lane for each label.
    fn svg(&self, width: u32) -> String {
        let report = &self.report;
        let input =
            PlotInput { title: &report.name(), timeline: &report.timeline, envelope: None, activity: None };
        plot::render(&input, &PlotOptions { width, ..PlotOptions::default() })
    }
}

/// Timelines from a label file.
#[pyfunction]
pub fn parse(format: &str, text: &str) -> PyResult<Vec<TimelineData>> {
    let format: Format = format.parse().or_raise(None)?;
    let reports = format.parse_all(text).or_raise(None)?;
    Ok(reports.into_iter().map(TimelineData::from).collect())
}

/// The format that the ending of a label file names.
#[pyfunction]
pub fn format_of(path: PathBuf) -> Option<&'static str> {
    Format::of_path(&path).map(Format::name)
}
