//! The detector: samples in, frames of activity out.
//!
//! [`Detector`] is a pack on a backend, compiled once; [`DetectorStream`] is one stream through it. A listener is fed blocks of any
//! size and appends frames to a [`FrameScores`]: per 10 ms the network's probabilities and the level of the
//! *source* samples. The network's own delay is compensated: frame `k` is about `[k · 10 ms, (k + 1) · 10 ms)`.
//!
//! The same samples give the same bits for any split into blocks: features are made on a fixed hop grid, and the network
//! is always called with the same number of frames, [`DetectorMode`] says how many. Both paces agree to the rounding of f32.
//!
//! A listener has two halves: `preprocess.rs` (level, downmix, resampling) and `score_network.rs` (features, network). [`Detector::detect`]
//! runs them on two threads.

mod preprocess;
mod score_network;
mod stream;

use crate::FrameScores;
use crate::audio::Source;
use crate::features;
use crate::model::pack::{Pack, PackError, Task};
use crate::model::runtime::{Network, Runtime, RuntimeError};
use crate::signal::recycling;

use preprocess::Block;
pub use stream::DetectorStream;

/// Why listening stopped.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// The network failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The source cannot be read on.
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

/// A pack, compiled for a pace. Shared by the listeners that it hands out; their streams are apart.
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
    /// As [`Detector::load`].
    pub fn load_for(
        task: Task,
        runtime: &Runtime,
        pack: Pack,
        pace: DetectorMode,
    ) -> Result<Self, PackError> {
        let manifest = pack.manifest();
        if manifest.task != task {
            let is = manifest.task;
            return Err(PackError::Task { pack: pack.origin().to_owned(), is, wanted: task });
        }
        let silence = features::silent_frame(&manifest.features)
            .map_err(|source| PackError::Features { pack: pack.origin().to_owned(), source })?;
        let frames = match pace {
            DetectorMode::LowLatency => manifest.hop_frames,
            DetectorMode::Throughput => manifest.batch_frames,
        };
        let network = Network::load(runtime, pack.model(), &manifest.network_shape(silence.len()), frames)
            .map_err(|source| PackError::Network { pack: pack.origin().to_owned(), source })?;
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

    /// A new stream for a source of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`DetectError`] if the rate cannot be resampled.
    pub fn stream(&self, rate_hz: u32, channels: u16) -> Result<DetectorStream, DetectError> {
        DetectorStream::new(self, rate_hz, channels)
    }

    /// Hears a source to its end. `observe` sees each block of interleaved samples before it is heard, and may stop the
    /// work by an error of its own.
    ///
    /// Decoding and resampling are done on this thread, features and network on another: one file uses two processors.
    /// What is heard is what a [`DetectorStream`] hears, bit for bit.
    ///
    /// # Errors
    /// [`DetectError`] if the source cannot be read or the network fails, or whatever `observe` returns.
    pub fn detect<E: From<DetectError>>(
        &self,
        source: &mut Source,
        mut observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<FrameScores, E> {
        let listener = self.stream(source.info().rate_hz, source.info().channels)?;
        let mut heard = listener.scores();
        let DetectorStream { mut preprocess, mut score, .. } = listener;
        let (sender, receiver) = recycling::<Block, Block>(Self::PIECES);
        std::thread::scope(|scope| {
            let network = scope.spawn(move || {
                while let Some(piece) = receiver.receive() {
                    score.push(&piece, &mut heard)?;
                    receiver.give_back(piece);
                }
                Ok::<_, DetectError>(heard)
            });
            // When nobody takes a piece the network has failed, and says why below.
            let mut read = || -> Result<(), E> {
                while let Some(block) = source.next_block().map_err(DetectError::from)? {
                    observe(block)?;
                    let mut piece = sender.buffer();
                    preprocess.push(block, &mut piece);
                    if !sender.send(piece) {
                        return Ok(());
                    }
                }
                let mut piece = Block::default();
                preprocess.finish(&mut piece);
                sender.send(piece);
                Ok(())
            };
            let read = read();
            drop(sender);
            let heard = network.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            read?;
            Ok(heard?)
        })
    }

    /// Pieces of a source on their way from the decoder to the network: a few, so that memory stays flat.
    const PIECES: usize = 8;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{SampleFormat, WavWriter};
    use crate::model::pack;

    const RATE_HZ: u32 = 44_100;

    fn detector() -> Detector {
        Detector::load(
            &Runtime::embedded().unwrap(),
            Pack::find(pack::LIVE).unwrap(),
            DetectorMode::LowLatency,
        )
        .unwrap()
    }

    /// A stereo file of noise, as samples and as a file.
    fn noise(dir: &tempfile::TempDir, samples: usize) -> (Vec<f32>, Source) {
        let mut state = 1_u32;
        let samples: Vec<f32> = (0..2 * samples)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 65_536.0
            })
            .collect();
        let path = dir.path().join("noise.wav");
        let format = SampleFormat { bits: 32, float: true };
        let mut writer = WavWriter::create(&path, RATE_HZ, 2, format).unwrap();
        writer.write(&samples).unwrap();
        writer.finish().unwrap();
        (samples, Source::open(&path).unwrap())
    }

    #[test]
    fn two_threads_hear_what_one_listener_hears() {
        let dir = tempfile::tempdir().unwrap();
        let (samples, mut source) = noise(&dir, 7 * 44_100 + 222);
        let detector = detector();
        let mut observed = Vec::new();
        let heard = detector
            .detect::<DetectError>(&mut source, |block| {
                observed.extend_from_slice(block);
                Ok(())
            })
            .unwrap();
        assert!(observed == samples);
        assert_eq!(heard.frames(), 701);
        for block in [882, 2 * 160, samples.len()] {
            let mut listener = detector.stream(RATE_HZ, 2).unwrap();
            let mut alone = listener.scores();
            samples.chunks(block).for_each(|block| listener.push(block, &mut alone).unwrap());
            listener.finish(&mut alone).unwrap();
            assert!(alone == heard, "blocks of {block}");
        }
    }

    #[test]
    fn an_observer_may_stop_the_work() {
        #[derive(Debug, PartialEq)]
        struct Stop;
        impl From<DetectError> for Stop {
            fn from(error: DetectError) -> Self {
                panic!("{error}");
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let (_, mut source) = noise(&dir, 100_000);
        let mut blocks = 0;
        let stopped = detector().detect(&mut source, |_| {
            blocks += 1;
            if blocks == 3 { Err(Stop) } else { Ok(()) }
        });
        assert_eq!(stopped, Err(Stop));
    }
}
