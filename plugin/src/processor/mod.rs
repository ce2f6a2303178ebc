//! One activation: what runs on the audio thread.
//!
//! [`Processor::activate`] allocates everything and starts the ear; [`Processor::process`] neither allocates, locks,
//! waits (unless the host renders offline) nor fails; dropping it stops the ear. The latency is constant for an
//! activation.

pub(crate) mod settings;

use std::sync::Arc;

use crate::params::ParamId;
use crate::shared::Shared;

/// What the host fixes for one activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activation {
    /// Sample rate, Hz; validators ask for 1 234.5 as well as for 1 234 567.8.
    pub rate_hz: f64,
    /// Longest block that will come, samples.
    pub max_block: usize,
    /// Channels of the main input and output; at most [`MAX_CHANNELS`] are gated.
    pub channels: u16,
    /// Channels of the sidechain input, 0 for none.
    pub sidechain_channels: u16,
    /// Whether the host says that it renders offline.
    pub offline: bool,
}

/// More channels than any layout has.
pub const MAX_CHANNELS: usize = 64;

/// Why an activation fails.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// No audio can be processed with these.
    #[error("cannot run at {rate_hz} Hz with {channels} channels")]
    Layout {
        /// Sample rate asked for.
        rate_hz: f64,
        /// Channels asked for.
        channels: u16,
    },
}

/// The buffers of one block. All planes of a block have the same length.
#[derive(Debug)]
pub struct Block<'a, 'b> {
    /// Main channels: hold the input, get the output.
    pub main: &'a mut [&'b mut [f32]],
    /// Sidechain channels; empty when absent.
    pub sidechain: &'a [&'b [f32]],
    /// One plane for each of speech, music, noise; empty when absent. Gets the probabilities, 0 to 1.
    pub label_cv: &'a mut [&'b mut [f32]],
}

/// A parameter change from the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamEvent {
    /// Sample in the block at which it takes effect. Events come in this order.
    pub offset: u32,
    /// The parameter.
    pub id: ParamId,
    /// The plain value.
    pub value: f64,
}

/// Where the processor puts what the host shall record. Events come in time order, offsets inside the block.
pub trait EventSink {
    /// A parameter moved by itself.
    fn param(&mut self, offset: u32, id: ParamId, plain: f64);
    /// The processor begins (`true`) or ends to move a parameter: a gesture, for hosts that record only those.
    fn gesture(&mut self, offset: u32, id: ParamId, begins: bool);
    /// A label begins or ends.
    fn note(&mut self, offset: u32, key: u8, on: bool);
    /// A probability as a MIDI controller value, 0 to 127.
    fn controller(&mut self, offset: u32, controller: u8, value: u8);
}

/// Whether the host needs to call again without new input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Continue,
    /// Everything that went in has come out, and it is silent.
    Sleep,
}

/// The audio-thread half of one activation.
#[derive(Debug)]
pub struct Processor {
    shared: Arc<Shared>,
}

impl Processor {
    /// Allocates all that is needed and starts the ear. On the main thread.
    ///
    /// # Errors
    /// [`ActivateError`] for a layout that cannot be processed. A missing or broken model is no error: the fail mode
    /// holds and the status says so.
    pub fn activate(shared: Arc<Shared>, activation: &Activation) -> Result<Self, ActivateError> {
        let Activation { rate_hz, channels, .. } = *activation;
        if !(rate_hz.is_finite() && rate_hz >= 1.0) || usize::from(channels) > MAX_CHANNELS {
            return Err(ActivateError::Layout { rate_hz, channels });
        }
        let processor = Self { shared };
        processor.shared.note_activation(rate_hz, processor.latency_samples());
        Ok(processor)
    }

    /// The latency that an activation would have, samples: for hosts that ask before they activate.
    pub fn latency_of(shared: &Shared, activation: &Activation) -> u32 {
        let _ = (shared, activation);
        0
    }

    /// By how much the output is late, samples; constant.
    pub fn latency_samples(&self) -> u32 {
        0
    }

    /// How long the output goes on after the input became silent, samples.
    pub fn tail_samples(&self) -> u32 {
        self.latency_samples()
    }

    /// Forgets all audio. On the audio thread, while no block is processed.
    pub fn reset(&mut self) {}

    /// Processes one block in place. `offline`: the host renders, so the ear may be waited for.
    pub fn process(
        &mut self,
        block: Block<'_, '_>,
        events: &[ParamEvent],
        out: &mut dyn EventSink,
        offline: bool,
    ) -> Flow {
        let _ = (block, out, offline);
        for event in events {
            self.shared.set(event.id, event.value);
        }
        Flow::Continue
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        self.shared.note_deactivation();
    }
}
