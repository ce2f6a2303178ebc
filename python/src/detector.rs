//! The detector: whole recordings and clips.

use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::FrameScores;
use earmark_core::decide::{TimelineChanges, TimelineSettings, segment};
use earmark_core::detect::{self, DetectorMode};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::{self, Runtime};
use earmark_core::pipeline::{PipelineError, detect_file, tag_file};
use earmark_core::report::Report;
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::errors::{OrRaise, Raise};
use crate::observer::Watch;
use crate::source::{Given, Sound, renamed};
use crate::timeline::TimelineData;

/// How much of a clip is heard before Python is asked for signals, seconds.
const STRETCH_S: usize = 30;

/// A pack on a runtime, compiled once. May be used by several threads at a time.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct Detector {
    inner: Arc<detect::Detector>,
}

/// Starts what hears; Python is warned where it does so on another device than `device`.
pub fn start(pack: &str, library: Option<PathBuf>, device: &str) -> PyResult<(Runtime, Pack)> {
    let device = device.parse().or_raise(None)?;
    let runtime = Runtime::start(library.as_deref(), device).or_raise(None)?;
    if let Some(notice) = runtime.notice() {
        Python::attach(|py| {
            py.import("earmark._errors")?.call_method1("warn_of_device", (notice,)).map(drop)
        })?;
    }
    Ok((runtime, Pack::find(pack).or_raise(None)?))
}

/// Scores of probabilities and levels, for NumPy: `frames × columns` row by row, the number of columns, rate, samples.
type Frames<'py> = (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>, u32, u64);

#[pymethods]
impl Detector {
    #[new]
    #[pyo3(signature = (pack, runtime=None, device="cpu", live=false))]
    fn new(py: Python<'_>, pack: &str, runtime: Option<PathBuf>, device: &str, live: bool) -> PyResult<Self> {
        let mode = if live { DetectorMode::LowLatency } else { DetectorMode::Throughput };
        py.detach(|| {
            let (runtime, pack) = start(pack, runtime, device)?;
            Ok(Self { inner: Arc::new(detect::Detector::load(&runtime, pack, mode).or_raise(None)?) })
        })
    }

    /// The pack's manifest as JSON.
    fn manifest(&self) -> PyResult<String> {
        serde_json::to_string(self.inner.pack().manifest()).or_raise(None)
    }

    /// The names of the probabilities' columns.
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.inner.pack().manifest().labels.iter().map(ToString::to_string).collect()
    }

    /// Labels of a recording; `changes` are `TimelineChanges` as JSON.
    fn tag(
        &self,
        py: Python<'_>,
        given: Given<'_>,
        name: String,
        changes: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<TimelineData> {
        let manifest = self.inner.pack().manifest();
        let changes: TimelineChanges = serde_json::from_str(changes).or_raise(None)?;
        let settings =
            changes.apply(TimelineSettings::for_pack(manifest), &manifest.labels).or_raise(None)?;
        let sound = given.take()?;
        let mut watch = Watch::new(progress);
        let report = py.detach(|| match &sound {
            Sound::File(recording) => tag_file(&self.inner, recording, &settings, &mut watch)
                .map(|report| Report { file: name.clone(), ..report })
                .map_err(|error| renamed(error, &name).raise(Some(&name))),
            Sound::Samples { interleaved, rate_hz, channels } => {
                let scores = hear(&self.inner, interleaved, *rate_hz, *channels, &name, &mut watch)?;
                Ok(Report::new(name.clone(), segment(&scores, &settings)))
            }
        });
        Ok(watch.result(report)?.into())
    }

    /// Probabilities and levels frame by frame.
    fn frames<'py>(
        &self,
        py: Python<'py>,
        given: Given<'_>,
        name: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Frames<'py>> {
        let sound = given.take()?;
        let mut watch = Watch::new(progress);
        let heard = py.detach(|| scores(&self.inner, &sound, name, &mut watch));
        let scores = watch.result(heard)?;
        let levels: Vec<f32> = (0..scores.frames()).map(|frame| scores.level_dbfs(frame)).collect();
        let probabilities = PyArray1::from_vec(py, scores.probabilities);
        Ok((probabilities, PyArray1::from_vec(py, levels), scores.rate_hz, scores.samples))
    }
}

impl Detector {
    /// The detector of core.
    pub fn inner(&self) -> &detect::Detector {
        &self.inner
    }

    /// The same, to be kept.
    pub fn shared(&self) -> Arc<detect::Detector> {
        Arc::clone(&self.inner)
    }
}

/// What a detector hears in a recording or in samples.
pub fn scores(
    detector: &detect::Detector,
    sound: &Sound,
    name: &str,
    watch: &mut Watch,
) -> PyResult<FrameScores> {
    match sound {
        Sound::File(recording) => {
            detect_file(detector, recording, watch).map_err(|error| renamed(error, name).raise(Some(name)))
        }
        Sound::Samples { interleaved, rate_hz, channels } => {
            hear(detector, interleaved, *rate_hz, *channels, name, watch)
        }
    }
}

/// Hears samples, with a word for Python in between.
fn hear(
    detector: &detect::Detector,
    interleaved: &[f32],
    rate_hz: u32,
    channels: u16,
    name: &str,
    watch: &mut Watch,
) -> PyResult<FrameScores> {
    let failed = |source| PipelineError::Detect { name: name.to_owned(), source };
    let mut stream = detector.stream(rate_hz, channels).map_err(|error| failed(error).raise(Some(name)))?;
    let mut scores = stream.scores();
    let stretch = usize::try_from(rate_hz).unwrap_or(48_000) * usize::from(channels).max(1) * STRETCH_S;
    for block in interleaved.chunks(stretch.max(1)) {
        runtime::enter("earmark python", || stream.push(block, &mut scores))
            .map_err(|error| failed(error).raise(Some(name)))?;
        watch.heard(scores.duration_s())?;
    }
    runtime::enter("earmark python", || stream.finish(&mut scores))
        .map_err(|error| failed(error).raise(Some(name)))?;
    Ok(scores)
}
