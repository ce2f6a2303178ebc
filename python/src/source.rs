//! What Python gives to be heard.

use std::path::{Path, PathBuf};

use earmark_core::audio::{AudioError, Source};
use earmark_core::pipeline::{PipelineError, Recording};
use earmark_core::signal::{Resampler, downmix};
use numpy::{PyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::errors::OrRaise;

/// A recording, or samples in memory. `earmark._source` makes either from whatever it gets.
#[derive(FromPyObject)]
pub enum Given<'py> {
    /// The path of a file.
    Path(PathBuf),
    /// Samples, `frames × channels`, and their rate in Hz.
    Samples(PyReadonlyArray2<'py, f32>, u32),
}

/// The same, no longer Python's: it can be heard without the interpreter's lock.
#[derive(Debug)]
pub enum Sound {
    /// A file.
    File(Recording),
    /// Interleaved samples.
    Samples {
        /// Whole frames of `channels`.
        interleaved: Vec<f32>,
        /// Their rate.
        rate_hz: u32,
        /// How many channels.
        channels: u16,
    },
}

impl Given<'_> {
    /// Takes what is heard out of Python; samples are copied, so that nobody changes them meanwhile.
    pub fn take(self) -> PyResult<Sound> {
        match self {
            Self::Path(path) => Ok(Sound::File(Recording::File(path))),
            Self::Samples(array, rate_hz) => {
                let channels = u16::try_from(array.shape()[1]).map_err(|_| {
                    pyo3::exceptions::PyValueError::new_err("at most 65535 channels can be heard")
                })?;
                let interleaved = match array.as_slice() {
                    Ok(samples) => samples.to_vec(),
                    Err(_) => array.as_array().iter().copied().collect(),
                };
                Ok(Sound::Samples { interleaved, rate_hz, channels })
            }
        }
    }
}

/// A recording as one channel at `rate_hz`.
#[pyfunction]
pub fn decode(py: Python<'_>, path: PathBuf, rate_hz: u32) -> PyResult<Bound<'_, PyArray1<f32>>> {
    let samples = py.detach(|| decode_to(&path, rate_hz))?;
    Ok(PyArray1::from_vec(py, samples))
}

fn decode_to(path: &Path, rate_hz: u32) -> PyResult<Vec<f32>> {
    let name = path.display().to_string();
    let mut source = Source::open(path).or_raise(Some(&name))?;
    let channels = source.info().channels;
    let mut resampler = Resampler::new(source.info().rate_hz, rate_hz).or_raise(Some(&name))?;
    let (mut mono, mut samples) = (Vec::new(), Vec::new());
    while let Some(block) = source.next_block().or_raise(Some(&name))? {
        mono.clear();
        downmix(block, channels, &mut mono);
        resampler.push(&mono, &mut samples);
    }
    resampler.finish(&mut samples);
    Ok(samples)
}

/// An error about a recording that the user knows as `name`: what was spooled lies elsewhere.
pub fn renamed(error: PipelineError, name: &str) -> PipelineError {
    match error {
        PipelineError::Audio(error) => PipelineError::Audio(AudioError::of(error, name.as_ref())),
        PipelineError::Detect { source, .. } => PipelineError::Detect { name: name.to_owned(), source },
        PipelineError::NoSamples { .. } => PipelineError::NoSamples { name: name.to_owned() },
        other => other,
    }
}
