//! Recordings through the gate.

use std::path::PathBuf;

use earmark_core::audio::SampleFormat;
use earmark_core::decide::TimelineChanges;
use earmark_core::gate::{PresetChanges, load_preset};
use earmark_core::noise::SnrEstimator;
use earmark_core::pipeline::{AudioTarget, FileRenderer, Recording, RenderSettings, Rendered};
use earmark_core::render::Dither;
use earmark_core::report::Report;
use pyo3::prelude::*;
use serde::Deserialize;

use crate::detector::Detector;
use crate::errors::{OrRaise, Raise};
use crate::observer::Watch;
use crate::source::renamed;
use crate::timeline::TimelineData;

/// How a recording is rendered, as `earmark.render` says it in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// A built-in preset or the path of one.
    preset: String,
    /// What changes about it.
    gate: PresetChanges,
    /// What changes about thresholds.
    timeline: TimelineChanges,
    /// Decide as the plugin does.
    live: bool,
    /// 16, 24 or 32; with `float`, 32-bit float.
    bits: Option<u16>,
    /// See `bits`.
    float: bool,
    /// Whether integers are rounded with dither.
    dither: bool,
    /// Whether loudness is measured.
    loudness: bool,
}

impl Wanted {
    fn renderer(&self, detector: &Detector) -> PyResult<FileRenderer> {
        let manifest = detector.inner().pack().manifest();
        let mut preset = load_preset(&self.preset).or_raise(None)?;
        self.gate.apply(&mut preset);
        let settings = RenderSettings::new(preset, manifest);
        let settings = RenderSettings {
            timeline: self.timeline.apply(settings.timeline, &manifest.labels).or_raise(None)?,
            causal: self.live,
            cut_only: self.gate.cut_only(),
            sample_format: self.bits.map(|bits| SampleFormat { bits, float: self.float }),
            dither: if self.dither { Dither::Triangular } else { Dither::Off },
            measure_loudness: self.loudness,
            ..settings
        };
        FileRenderer::new(settings, manifest).or_raise(None)
    }
}

/// Renders a file into another; gives figures as JSON, the labels, and the labels in the time of the output.
#[pyfunction]
#[pyo3(signature = (detector, source, name, output, removed, wanted, progress=None))]
#[expect(clippy::too_many_arguments, reason = "called from one place, by earmark.render")]
pub fn render(
    py: Python<'_>,
    detector: &Detector,
    source: PathBuf,
    name: &str,
    output: PathBuf,
    removed: Option<PathBuf>,
    wanted: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, TimelineData, TimelineData)> {
    let wanted: Wanted = serde_json::from_str(wanted).or_raise(None)?;
    let renderer = wanted.renderer(detector)?;
    let recording = Recording::File(source);
    let mut watch = Watch::new(progress);
    let rendered = py.detach(|| {
        let target = AudioTarget::File(&output);
        let noise: Option<&SnrEstimator> = None;
        renderer
            .render(detector.inner(), noise, &recording, target, removed.as_deref(), &mut watch)
            .map_err(|error| renamed(error, name).raise(Some(name)))
    });
    let Rendered { summary, timeline, output_timeline } = watch.result(rendered)?;
    let json = serde_json::to_string(&summary).or_raise(None)?;
    let timeline = Report::new(name, timeline);
    let output_timeline = Report::new(output.display().to_string(), output_timeline);
    Ok((json, timeline.into(), output_timeline.into()))
}
