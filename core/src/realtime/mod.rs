//! The live engine: the detector and the gate around an audio callback, for hosts that cannot wait.
//!
//! ```text
//!  audio thread                                             worker thread
//!  ───────────                                              ─────────────
//!  input ─┬─▶ DelayLine (latency) ─▶ Mixer ─▶ output
//!         └─▶ ring of samples ────────────────────────────▶ DetectorStream (network)
//!                       GainComputer ◀─ CausalDecider ◀─ ring of frames ◀┘
//! ```
//!
//! [`LiveGate`] is the half that the audio thread owns; [`LiveMonitor`] is a handle for every other thread. Frames are
//! keyed by sample position, and a frame is decided exactly when the output reaches the sample at which it may first
//! move the gain, however early it came. So the result does not depend on block sizes, nor on the speed of the worker as
//! long as it keeps up, and is that of `earmark render --live`.
//!
//! A host that says where its audio stands on its timeline ([`LiveGate::locate`]) gets frames on that timeline's grid, so
//! that the sound does not depend on where playback began.
//!
//! [`LiveGate::adaptive`] lets a noise pack hear beside the detector, on the worker: once a second it says how loud the noise
//! is, and depth and close threshold follow half a second after that second ended.
//!
//! [`LiveGate::for_voices`] lets enrolled voices be followed beside the detector, on the worker: their columns are labels like
//! any other, so the audio thread does not know them apart. The embeddings cost no latency; a decision about a voice comes
//! when it comes ([`FollowSettings`](crate::voice::FollowSettings)). Enrolled phrases are columns too ([`LivePhrases`]), and
//! [`LiveGate::with_beside`] takes all of these together.
//!
//! # Real time
//!
//! Everything that [`LiveGate`] does after [`LiveGate::new`] takes bounded time: no allocation, no lock, no system call,
//! no wait. The exceptions are declared: `process` with `offline` true, or when audio comes faster than the clock, waits
//! for the worker (see `clock.rs`); the first block after a pause of a second wakes the worker, which is one system call
//! that does not wait; and dropping the gate joins its worker. Each module repeats what it promises.
//!
//! # Modules that are unloaded
//!
//! A worker that hangs inside the network is left to itself after two seconds, and the threads on which the embedded
//! runtime computes never end. Code that was loaded as a module, as a plugin is, must stay loaded once a detector was.
//!
//! # What cannot be heard
//!
//! The detector hears rates from 1 kHz to 768 kHz, in whole hertz. A fractional rate is heard as the nearest whole one: frames
//! are counted in samples, so nothing drifts, a frame only lasts 10 ms to within 0.05 % at 1 kHz and less above. Other
//! rates pass through in the fail mode, with the reason in the status.
//!
//! Input that is not finite counts as zero, and subnormal numbers as zero, in the output too: no NaN comes out, and
//! nothing slows down. All other samples keep their bits wherever the gain is 0 dB.

mod clock;
mod decisions;
mod frame;
mod latency;
mod link;
mod noise_tracker;
#[cfg(feature = "profiles")]
mod phrases;
mod processor;
mod recent;
mod score_stream;
mod status;
mod stream_gate;
mod stretch;
#[cfg(test)]
mod tests;
mod worker;

pub use crate::signal::MAX_LABELS;
pub use frame::LiveFrame;
pub use latency::LatencyParts;
#[cfg(feature = "profiles")]
pub use phrases::{LivePhrases, PhraseSpan, with_wait};
#[cfg(feature = "profiles")]
pub use processor::Beside;
pub use processor::LiveGate;
pub use recent::RecentAudio;
pub use status::{Hearing, LiveFloor, LiveMonitor, LiveStatus, LiveVoice};
pub use stream_gate::StreamGate;

use crate::detect::DetectError;
pub use crate::gate::MotionRefused;
use crate::gate::{GateError, GateSettings};

/// What one activation fixes: everything that needs memory or changes the latency.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveConfig {
    /// Sample rate, Hz. Any positive number is taken; see the module for those that can be heard.
    pub rate_hz: f64,
    /// Channels of the main input and output, 1 or more.
    pub channels: u16,
    /// Channels of the sidechain input; 0 for none.
    pub sidechain_channels: u16,
    /// Longest block that the host will ask for, samples; a longer one is worked off in pieces of this length.
    pub max_block_samples: usize,
    /// How long before its first frame an onset may already move the gain, ms; replaces the settings' own.
    pub lookahead_ms: f32,
    /// What happens without a working detector.
    pub fail_mode: FailMode,
    /// Whether the host said at activation that it renders offline; `process` is told again, per block.
    pub offline: bool,
    /// How much of what was last heard [`LiveMonitor::heard_since`] can give, seconds; 0 keeps nothing.
    pub recent_s: f32,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            rate_hz: 48_000.0,
            channels: 2,
            sidechain_channels: 0,
            max_block_samples: 1_024,
            lookahead_ms: GateSettings::default().envelope.lookahead_ms,
            fail_mode: FailMode::Open,
            offline: false,
            recent_s: 0.0,
        }
    }
}

/// What the gate does while nothing can be heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailMode {
    /// Everything passes.
    #[default]
    Open,
    /// The gate stays where it is when none of its rules holds.
    Closed,
}

/// Why a live gate cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The settings make no gate for this detector.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The stream cannot be heard.
    #[error(transparent)]
    Listen(#[from] DetectError),
    /// The embedded pack that tells the latency is damaged.
    #[error(transparent)]
    Pack(Box<crate::model::pack::PackError>),
    /// A rate, channel count or block size that is none.
    #[error("{what} is {value}, which is not possible")]
    Config {
        /// The field.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The voices cannot be followed.
    #[cfg(feature = "profiles")]
    #[error(transparent)]
    Voice(#[from] crate::voice::VoiceError),
    /// A detector for files gives its results seconds late.
    #[error("the ear was loaded for files; a live gate needs one that was loaded for the live pace")]
    Mode,
    /// More labels than a frame has room for.
    #[error("the pack has {count} labels; the live engine can carry {MAX_LABELS}")]
    TooManyLabels {
        /// How many there are.
        count: usize,
    },
    /// The thread for the worker could not be started.
    #[error("the worker thread cannot be started: {0}")]
    Thread(std::io::Error),
}
