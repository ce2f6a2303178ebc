//! The ear: samples in, frames of activity out.
//!
//! [`Ear`] is a pack on a backend, compiled once; [`Listener`] is one stream through it. A listener is fed blocks of any
//! size and appends frames to an [`Activity`]: per 10 ms the network's probabilities and the level of the
//! *source* samples. The network's own delay is compensated: frame `k` is about `[k · 10 ms, (k + 1) · 10 ms)`.
//!
//! The same samples give the same bits for any split into blocks: features are made on a fixed hop grid, and the network
//! is always called with the same number of frames, [`Pace`] says how many. Both paces agree to the rounding of f32.

mod level;
mod listener;

use crate::Activity;
use crate::audio::Source;
use crate::features;
use crate::pack::{Pack, PackError, Task};
use crate::runtime::{Network, Runtime, RuntimeError};

pub use level::LevelMeter;
pub use listener::Listener;

/// Why listening stopped.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The network failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The source cannot be read on.
    #[error(transparent)]
    Audio(#[from] crate::audio::AudioError),
    /// The source's rate cannot be changed to that of the features.
    #[error(transparent)]
    Resample(#[from] crate::audio::ResampleError),
    /// The features cannot be computed.
    #[error(transparent)]
    Features(#[from] crate::features::SpecError),
}

/// How many frames a network is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As few as the pack allows: results come as early as possible.
    Live,
    /// Many at once: several times faster, results come seconds late.
    Files,
}

/// A pack, compiled for a pace. Shared by the listeners that it hands out; their streams are apart.
#[derive(Debug)]
pub struct Ear {
    pack: Pack,
    network: Network,
    silence: Vec<f32>,
}

impl Ear {
    /// Compiles the network of `pack`, which must be one for [`Task::Activity`].
    ///
    /// # Errors
    /// [`PackError`] if the backend refuses it, its shapes are not those that the pack states or its task is another.
    pub fn load(runtime: &Runtime, pack: Pack, pace: Pace) -> Result<Self, PackError> {
        Self::load_for(Task::Activity, runtime, pack, pace)
    }

    /// Compiles the network of a pack for `task`. Frames then hold the columns of that task.
    ///
    /// # Errors
    /// As [`Ear::load`].
    pub fn load_for(task: Task, runtime: &Runtime, pack: Pack, pace: Pace) -> Result<Self, PackError> {
        let manifest = pack.manifest();
        if manifest.task != task {
            let is = manifest.task;
            return Err(PackError::Task { pack: pack.origin().to_owned(), is, wanted: task });
        }
        let silence = features::silent_frame(&manifest.features)
            .map_err(|source| PackError::Features { pack: pack.origin().to_owned(), source })?;
        let frames = match pace {
            Pace::Live => manifest.hop_frames,
            Pace::Files => manifest.batch_frames,
        };
        let network = Network::load(runtime, pack.model(), &manifest.network_shape(silence.len()), frames)
            .map_err(|source| PackError::Network { pack: pack.origin().to_owned(), source })?;
        Ok(Self { pack, network, silence })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// A new stream for a source of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`ListenError`] if the rate cannot be resampled.
    pub fn listener(&self, rate_hz: u32, channels: u16) -> Result<Listener, ListenError> {
        Listener::new(self, rate_hz, channels)
    }

    /// Hears a source to its end. `observe` sees each block of interleaved samples before it is heard, and may stop the
    /// work by an error of its own.
    ///
    /// # Errors
    /// [`ListenError`] if the source cannot be read or the network fails, or whatever `observe` returns.
    pub fn hear<E: From<ListenError>>(
        &self,
        source: &mut Source,
        mut observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<Activity, E> {
        let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
        let mut listener = self.listener(rate_hz, channels)?;
        let mut heard = listener.activity();
        while let Some(block) = source.next_block().map_err(ListenError::from)? {
            observe(block)?;
            listener.push(block, &mut heard)?;
        }
        listener.finish(&mut heard)?;
        Ok(heard)
    }
}
