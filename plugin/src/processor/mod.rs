//! One activation: what runs on the audio thread.
//!
//! ```text
//! parameters ─▶ settings ─▶ LiveGate (core) ─▶ gains, frames ─▶ Mixer (core) ─▶ output
//!                                                     └──▶ labels ─▶ parameters, notes, controllers, label planes
//! ```
//!
//! [`Processor::activate`] allocates everything and starts the ear; [`Processor::process`] neither allocates, locks,
//! waits (unless the host renders offline) nor fails; dropping it stops the ear. The latency is constant for an
//! activation.

mod activate;
mod automation;
mod detector_filter;
mod labels;
mod notes;
mod profile_columns;
mod run;
pub(crate) mod settings;
mod sidechain;
#[cfg(test)]
mod singing_tests;

use std::sync::Arc;

use earmark_core::gate::{DelayLine, Mixer};
use earmark_core::realtime::{LiveError, LiveFrame, LiveGate};

use crate::meters::MeterFrame;
use crate::params::ParamId;
use crate::shared::Shared;
use automation::Automation;
use detector_filter::DetectorFilter;
use labels::{Columns, LANES, LabelMode, LabelsOut, LanesIn, Pairs};
use profile_columns::ProfileColumns;
use settings::SettingsBank;

pub(crate) use activate::{latency_of_ear_ms, packs_of_ears};
pub use labels::{CONTROLLERS, LABEL_PLANES};
pub use notes::{GAP_FRAMES, LEAST_FRAMES, NOTES};

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
    /// The engine cannot be made, not even without an ear.
    #[error(transparent)]
    Live(#[from] LiveError),
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
    /// Sample in the block from whose audio on it counts; that leaves by the latency later. Events come in this order.
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

/// For whoever has no use for events: they are dropped.
impl EventSink for () {
    fn param(&mut self, _: u32, _: ParamId, _: f64) {}
    fn gesture(&mut self, _: u32, _: ParamId, _: bool) {}
    fn note(&mut self, _: u32, _: u8, _: bool) {}
    fn controller(&mut self, _: u32, _: u8, _: u8) {}
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
    /// One gate for all channels, or one for each.
    gates: Vec<LiveGate>,
    latency: u32,
    channels: usize,
    max_piece: usize,
    bank: SettingsBank,
    automation: Automation,
    /// Where the host's timeline goes on while it plays, and how far beside that a block may begin: a host rounds.
    playhead: Option<i64>,
    slack: u64,
    tolerance: u64,
    /// In whole Hz, as frames are counted.
    rate_hz: i64,
    /// Frames that were decided in the piece that is being processed.
    decided: Vec<LiveFrame>,
    /// The parameters as they were when settings were last derived from them.
    seen: u64,
    pairs: Pairs,
    own_pairs: Pairs,
    mode: LabelMode,
    columns: Columns,
    profiles: ProfileColumns,
    labels: LabelsOut,
    lanes: LanesIn,
    mixer: Mixer,
    /// Frames that leave in the piece that is being processed.
    frames: Vec<LiveFrame>,
    /// The probabilities of the lanes now; the label planes show the first ones.
    shown: [f32; LANES],
    /// The frame that is leaving; told to the window when it is complete.
    leaving: Option<MeterFrame>,
    /// Planes of what the ear hears, of the main input or the sidechain; delayed for who listens to it.
    detector: Vec<Vec<f32>>,
    sidechain_channels: usize,
    detector_filter: DetectorFilter,
    detector_delay: DelayLine,
    /// Stand in for channels that a host does not pass.
    spare: Vec<Vec<f32>>,
    /// Samples of silence at the input, up to now.
    silent_for: u64,
    notes_must_end: bool,
    /// Something in here panicked.
    broken: bool,
}

impl Drop for Processor {
    fn drop(&mut self) {
        self.shared.note_deactivation();
    }
}
