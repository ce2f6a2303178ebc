//! Embeddings: samples in, vectors out, one for each few frames of the source.
//!
//! The front is that of [`detect`](crate::detect): level, downmix, resampling, features and a streaming network with its
//! state. What comes out is not probabilities but [`Vectors`]; what they mean is the pack's task:
//!
//! * [`Task::Phrase`]: the cosine of two vectors is the likeness of what is said around them, whoever says it.
//! * [`Task::Voice`]: the sum of the vectors of any stretch, normalised, is the speaker of that stretch. The network
//!   weighs silence and noise down by itself.
//!
//! Row `i` is about the frames `[i · hop_frames, (i + 1) · hop_frames)` of the 10 ms grid: the network's own delay is
//! compensated. The same samples give the same bits for any split into blocks.
//!
//! [`Task::Phrase`]: crate::model::pack::Task::Phrase
//! [`Task::Voice`]: crate::model::pack::Task::Voice

mod stream;
#[cfg(test)]
mod tests;
mod vectors;

use crate::detect::{DetectError, DetectorMode, compile};
use crate::model::pack::{Pack, PackError, Task, VectorShape};
use crate::model::runtime::{Network, Runtime};

pub use stream::EmbedStream;
pub use vectors::Vectors;

/// Why embedding stopped.
pub type EmbedError = DetectError;

/// A pack of vectors, compiled for a pace. Shared by the streams that it hands out; their states are apart.
///
/// ```no_run
/// use std::path::Path;
///
/// use earmark_core::detect::DetectorMode;
/// use earmark_core::embed::Embedder;
/// use earmark_core::model::pack::{Pack, Task};
/// use earmark_core::model::runtime::Runtime;
///
/// let pack = Pack::open(Path::new("a-phrase-pack"))?.for_task(Task::Phrase)?;
/// let embedder = Embedder::load(&Runtime::embedded()?, pack, DetectorMode::Throughput)?;
/// let vectors = embedder.embed(&[0.0; 48_000], 48_000, 1)?;
/// assert_eq!(vectors.rows.len(), vectors.len() * embedder.dim());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Embedder {
    pack: Pack,
    network: Network,
    silence: Vec<f32>,
    dim: usize,
}

impl Embedder {
    /// Compiles the network of `pack`, whichever task its vectors are for: [`Pack::for_task`] refuses the wrong one.
    ///
    /// # Errors
    /// [`PackError`] if the backend refuses it, its shapes are not those that the pack states, or it gives no vectors.
    pub fn load(runtime: &Runtime, pack: Pack, pace: DetectorMode) -> Result<Self, PackError> {
        let manifest = pack.manifest();
        let Some(VectorShape { dim }) = manifest.vectors else {
            let (pack, is) = (pack.origin().to_owned(), manifest.task);
            return Err(PackError::Task { pack, is, wanted: Task::Phrase });
        };
        let (network, silence) = compile(runtime, &pack, pace)?;
        Ok(Self { pack, network, silence, dim })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Values per vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Frames of 10 ms that a vector stands for.
    pub fn hop_frames(&self) -> usize {
        self.pack.manifest().hop_frames
    }

    /// Seconds from one vector to the next.
    pub fn hop_s(&self) -> f64 {
        vectors::hop_s(self.hop_frames())
    }

    /// SHA-256 of the network in hexadecimal: vectors of different networks cannot be compared.
    pub fn model_sha256(&self) -> &str {
        &self.pack.manifest().model.sha256
    }

    /// A new stream for a source of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`EmbedError`] if the rate cannot be resampled.
    pub fn stream(&self, rate_hz: u32, channels: u16) -> Result<EmbedStream, EmbedError> {
        EmbedStream::new(self, rate_hz, channels)
    }

    /// The vectors of a clip that is in memory: interleaved samples, whole frames of `channels`.
    ///
    /// # Errors
    /// [`EmbedError`] if the rate cannot be resampled or the network fails.
    pub fn embed(&self, interleaved: &[f32], rate_hz: u32, channels: u16) -> Result<Vectors, EmbedError> {
        let mut stream = self.stream(rate_hz, channels)?;
        let mut vectors = stream.vectors();
        stream.push(interleaved, &mut vectors)?;
        stream.finish(&mut vectors)?;
        Ok(vectors)
    }
}
