//! Labels while the sound is still on.

use earmark_core::decide::{TimelineChanges, TimelineSettings};
use earmark_core::model::runtime;
use earmark_core::stream::{self, Event, StreamError, StreamSettings};
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::detector::Detector;
use crate::errors::{Kind, OrRaise, Raise, exception};

impl Raise for StreamError {
    fn kind(&self) -> Kind {
        match self {
            Self::Detect(_) => Kind::Model,
            _ => Kind::Settings,
        }
    }
}

/// One stream. `earmark.Detector` dresses it.
#[pyclass(module = "earmark._earmark")]
#[derive(Debug)]
pub struct StreamTagger {
    /// `None` once it is finished.
    inner: Option<stream::StreamTagger>,
}

#[pymethods]
impl StreamTagger {
    #[new]
    #[pyo3(signature = (detector, rate_hz, channels, name, changes, frame_ms=None))]
    fn new(
        detector: &Detector,
        rate_hz: u32,
        channels: u16,
        name: String,
        changes: &str,
        frame_ms: Option<u32>,
    ) -> PyResult<Self> {
        let manifest = detector.inner().pack().manifest();
        let changes: TimelineChanges = serde_json::from_str(changes).or_raise(None)?;
        let timeline =
            changes.apply(TimelineSettings::for_pack(manifest), &manifest.labels).or_raise(None)?;
        let settings = StreamSettings { name, timeline, frame_ms };
        let tagger = stream::StreamTagger::new(detector.inner(), rate_hz, channels, &settings);
        Ok(Self { inner: Some(tagger.or_raise(None)?) })
    }

    /// Hears `frames × channels` samples; gives events as JSON.
    fn push(&mut self, py: Python<'_>, block: PyReadonlyArray2<'_, f32>) -> PyResult<Vec<String>> {
        let tagger = self.inner.as_mut().ok_or_else(finished)?;
        if block.shape()[1] != usize::from(tagger.channels()) {
            let message = format!(
                "the block has {} channels, the stream {}; give (frames, channels)",
                block.shape()[1],
                tagger.channels()
            );
            return Err(exception(Kind::Settings, &message, None));
        }
        let samples: Vec<f32> = block.as_array().iter().copied().collect();
        let mut events = Vec::new();
        py.detach(|| runtime::enter("earmark python", || tagger.push(&samples, &mut events)))
            .or_raise(None)?;
        lines(&events)
    }

    /// The source gives nothing for so many samples per channel.
    fn gap(&mut self, py: Python<'_>, samples: u64, reason: &str) -> PyResult<Vec<String>> {
        let tagger = self.inner.as_mut().ok_or_else(finished)?;
        let mut events = Vec::new();
        py.detach(|| runtime::enter("earmark python", || tagger.gap(samples, reason, &mut events)))
            .or_raise(None)?;
        lines(&events)
    }

    /// The stream has ended.
    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<String>> {
        let tagger = self.inner.take().ok_or_else(finished)?;
        let mut events = Vec::new();
        py.detach(|| runtime::enter("earmark python", || tagger.finish(&mut events))).or_raise(None)?;
        lines(&events)
    }
}

fn finished() -> PyErr {
    exception(Kind::Settings, "the stream has ended; begin another one", None)
}

fn lines(events: &[Event]) -> PyResult<Vec<String>> {
    events.iter().map(|event| serde_json::to_string(event).or_raise(None)).collect()
}
