//! The noise behind the speech of a recording.

use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::detect::DetectorMode;
use earmark_core::noise::{NoiseEstimate, SnrEstimator};
use earmark_core::pipeline::{PipelineError, noise_of_file};
use pyo3::prelude::*;

use crate::detector::{scores, start};
use crate::errors::{OrRaise, Raise};
use crate::observer::Watch;
use crate::source::{Given, Sound, renamed};

/// A noise pack on a runtime.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct NoiseEstimator {
    inner: Arc<SnrEstimator>,
}

#[pymethods]
impl NoiseEstimator {
    #[new]
    #[pyo3(signature = (pack, runtime=None, device="cpu"))]
    fn new(py: Python<'_>, pack: &str, runtime: Option<PathBuf>, device: &str) -> PyResult<Self> {
        py.detach(|| {
            let (runtime, pack) = start(pack, runtime, device)?;
            let inner = SnrEstimator::load(&runtime, pack, DetectorMode::Throughput).or_raise(None)?;
            Ok(Self { inner: Arc::new(inner) })
        })
    }

    /// The verdict, and the seconds that it is from, both as JSON.
    #[pyo3(signature = (given, name, threshold=None, progress=None))]
    fn estimate(
        &self,
        py: Python<'_>,
        given: Given<'_>,
        name: &str,
        threshold: Option<f32>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(String, String)> {
        let sound = given.take()?;
        let mut watch = Watch::new(progress);
        let estimate = py.detach(|| self.of(&sound, name, threshold, &mut watch));
        let estimate = watch.result(estimate)?;
        let json = serde_json::to_string(&estimate).or_raise(None)?;
        Ok((json, serde_json::to_string(&estimate.windows).or_raise(None)?))
    }
}

impl NoiseEstimator {
    /// The estimator of core.
    pub fn shared(&self) -> Arc<SnrEstimator> {
        Arc::clone(&self.inner)
    }

    fn of(
        &self,
        sound: &Sound,
        name: &str,
        threshold: Option<f32>,
        watch: &mut Watch,
    ) -> PyResult<NoiseEstimate> {
        if let Sound::File(recording) = sound {
            return noise_of_file(&self.inner, recording, threshold, watch)
                .map_err(|error| renamed(error, name).raise(Some(name)));
        }
        let heard = scores(self.inner.detector(), sound, name, watch)?;
        if heard.samples == 0 {
            return Err(PipelineError::NoSamples { name: name.to_owned() }.raise(Some(name)));
        }
        Ok(match threshold {
            Some(open) => self.inner.assess_at(&heard, open),
            None => self.inner.assess(&heard),
        })
    }
}
