//! The detector: samples in, frames of activity out.
//!
//! [`Detector`] is a pack on a backend, compiled once; [`DetectorStream`] is one stream through it. It is fed blocks of any
//! size and appends frames to a [`FrameScores`]: per 10 ms the network's probabilities and the level of the
//! *source* samples. The network's own delay is compensated: frame `k` is about `[k · 10 ms, (k + 1) · 10 ms)`.
//!
//! The same samples give the same bits for any split into blocks: features are made on a fixed hop grid, and the network
//! is always called with the same number of frames, [`DetectorMode`] says how many. Both paces agree to the rounding of f32.
//!
//! A stream has two halves: `preprocess.rs` (level, downmix, resampling) and `score_network.rs` (features, network). [`Detector::detect`]
//! runs them on two threads (`file.rs`).

#[cfg(feature = "files")]
mod file;
mod preprocess;
mod reach;
mod row_network;
mod score_network;
mod stream;

use crate::FrameScores;
use crate::features;
use crate::model::pack::{Pack, PackError, Task};
use crate::model::runtime::{Network, Runtime, RuntimeError};

#[cfg(feature = "files")]
pub(crate) use file::Alone;
pub(crate) use preprocess::{Block, Preprocessor};
pub(crate) use reach::Reach;
pub(crate) use row_network::RowNetwork;
pub use stream::DetectorStream;

/// Why detection stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// The network failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The source cannot be read on.
    #[cfg(feature = "files")]
    #[error(transparent)]
    Audio(#[from] crate::audio::AudioError),
    /// The source's rate cannot be changed to that of the features.
    #[error(transparent)]
    Resample(#[from] crate::signal::ResampleError),
    /// The features cannot be computed.
    #[error(transparent)]
    Features(#[from] crate::features::SpecError),
}

/// How many frames a network is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectorMode {
    /// As few as the pack allows: results come as early as possible.
    LowLatency,
    /// Many at once: several times faster, results come seconds late.
    Throughput,
}

/// The network of a pack, called with as many frames as `pace` says, and the features of a silent frame.
pub(crate) fn compile(
    runtime: &Runtime,
    pack: &Pack,
    pace: DetectorMode,
) -> Result<(Network, Vec<f32>), PackError> {
    let manifest = pack.manifest();
    let silence = features::silent_frame(&manifest.features)
        .map_err(|source| PackError::Features { pack: pack.origin().to_owned(), source })?;
    let frames = match pace {
        DetectorMode::LowLatency => manifest.hop_frames,
        DetectorMode::Throughput => manifest.batch_frames,
    };
    let network = Network::load(runtime, pack.model(), &manifest.network_shape(silence.len()), frames)
        .map_err(|source| PackError::Network { pack: pack.origin().to_owned(), source })?;
    Ok((network, silence))
}

/// A pack, compiled for a pace. Shared by the streams that it hands out; their streams are apart.
///
/// ```
/// # #[cfg(all(feature = "embedded-packs", feature = "embedded-runtime"))] {
/// use earmark_core::detect::{Detector, DetectorMode};
/// use earmark_core::model::pack::{self, Pack};
/// use earmark_core::model::runtime::Runtime;
///
/// let pack = Pack::find(pack::STUDIO)?;
/// let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::Throughput)?;
/// let second_of_silence = vec![0.0; 2 * 48_000];
/// let scores = detector.detect_samples(&second_of_silence, 48_000, 2)?;
/// assert_eq!(scores.frames(), 100);
/// assert!(scores.row(50).iter().all(|probability| (0.0..=1.0).contains(probability)));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Detector {
    pack: Pack,
    network: Network,
    silence: Vec<f32>,
}

impl Detector {
    /// Compiles the network of `pack`, which must be one for [`Task::Activity`].
    ///
    /// # Errors
    /// [`PackError`] if the backend refuses it, its shapes are not those that the pack states or its task is another.
    pub fn load(runtime: &Runtime, pack: Pack, pace: DetectorMode) -> Result<Self, PackError> {
        Self::load_for(Task::Activity, runtime, pack, pace)
    }

    /// Compiles the network of a pack for `task`. Frames then hold the columns of that task.
    ///
    /// # Errors
    /// As [`Detector::load`]; also for a task whose packs give vectors, which an [`Embedder`](crate::embed::Embedder) runs.
    pub fn load_for(
        task: Task,
        runtime: &Runtime,
        pack: Pack,
        pace: DetectorMode,
    ) -> Result<Self, PackError> {
        let pack = pack.for_task(task)?;
        let manifest = pack.manifest();
        if manifest.vectors.is_some() {
            let (pack, is) = (pack.origin().to_owned(), task);
            return Err(PackError::Task { pack, is, wanted: Task::Activity });
        }
        let (network, silence) = compile(runtime, &pack, pace)?;
        Ok(Self { pack, network, silence })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Whether results come as early as the pack allows: what [`DetectorMode::LowLatency`] gives.
    pub fn is_live(&self) -> bool {
        self.network.frames() == self.pack.manifest().hop_frames
    }

    /// How much sound its frames need, from a source of `rate_hz`.
    pub(crate) fn reach(&self, rate_hz: u32) -> Result<Reach, DetectError> {
        Reach::new(self.pack.manifest(), rate_hz, self.network.frames())
    }

    /// A new stream for a source of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`DetectError`] if the rate cannot be resampled.
    pub fn stream(&self, rate_hz: u32, channels: u16) -> Result<DetectorStream, DetectError> {
        DetectorStream::new(self, rate_hz, channels)
    }

    /// Hears a clip that is in memory: interleaved samples, whole frames of `channels`.
    ///
    /// # Errors
    /// [`DetectError`] if the rate cannot be resampled or the network fails.
    pub fn detect_samples(
        &self,
        interleaved: &[f32],
        rate_hz: u32,
        channels: u16,
    ) -> Result<FrameScores, DetectError> {
        let mut stream = self.stream(rate_hz, channels)?;
        let mut scores = stream.scores();
        stream.push(interleaved, &mut scores)?;
        stream.finish(&mut scores)?;
        Ok(scores)
    }
}
