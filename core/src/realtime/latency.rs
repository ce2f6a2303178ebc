//! Where the latency comes from; `docs/latency.md` tells it with figures.
//!
//! Not part of the audio path: computed once, when a gate is made.

use super::{LiveConfig, LiveError};
use crate::detect::Reach;
use crate::gate::ms_to_samples;
use crate::model::pack::Manifest;
use crate::signal::units::{samples_covering, samples_to_seconds};

/// The parts of a gate's latency, in samples at the host's rate. Their sum is constant while the gate lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencyParts {
    /// How far ahead of a frame its decision may move the gain: the lookahead.
    pub lookahead: u64,
    /// From the first sample of a frame to the last sample that its result depends on, at worst: the frames of one call
    /// of the network, its look-ahead, the window of the features, the resampler's filter.
    pub hearing: u64,
    /// A block is handed over as a whole: its first sample leaves before its last one is heard.
    pub block: u64,
    /// What the worker has to notice new samples and to compute.
    pub budget: u64,
}

/// Share of the audio of one network call that the worker has for it. The call must be over before the next one is due in
/// any case; half of that keeps the load of all instances on a processor under a half, with nothing missed.
const BUDGET_SHARE: f64 = 0.5;
/// The budget for packs with very short calls, seconds: a thread that shares its processor may not run for some
/// milliseconds.
const LEAST_BUDGET_S: f64 = 0.005;
/// How often the worker looks for samples: this share of the audio of one call.
const POLL_SHARE: f64 = 0.125;

impl LatencyParts {
    /// For a pack at a rate in whole Hz.
    ///
    /// # Errors
    /// [`LiveError::Listen`] if the rate cannot be heard.
    pub fn new(manifest: &Manifest, rate_hz: u32, config: &LiveConfig) -> Result<Self, LiveError> {
        let max_block = config.max_block_samples.max(1) as u64;
        Ok(Self {
            lookahead: ms_to_samples(config.lookahead_ms, rate_hz),
            hearing: Reach::new(manifest, rate_hz, manifest.hop_frames)?.worst(),
            block: max_block - 1,
            budget: samples_covering((BUDGET_SHARE * call_s(manifest)).max(LEAST_BUDGET_S), rate_hz),
        })
    }

    /// The same times at another rate: for rates that cannot be heard.
    pub(super) fn at_rate(self, from_hz: u32, to_hz: u32, config: &LiveConfig) -> Self {
        let scaled = |samples: u64| (samples * u64::from(to_hz)).div_ceil(u64::from(from_hz));
        Self {
            lookahead: ms_to_samples(config.lookahead_ms, to_hz),
            hearing: scaled(self.hearing),
            block: self.block,
            budget: scaled(self.budget),
        }
    }

    /// The latency.
    pub fn total(self) -> u64 {
        self.lookahead + self.hearing + self.block + self.budget
    }
}

/// Time between two looks of the worker for new samples, seconds.
pub(super) fn poll_s(manifest: &Manifest) -> f64 {
    POLL_SHARE * call_s(manifest)
}

/// Audio that one call of the network covers, seconds.
fn call_s(manifest: &Manifest) -> f64 {
    let samples = manifest.hop_frames as u64 * manifest.features.hop as u64;
    samples_to_seconds(samples, manifest.features.rate_hz)
}
