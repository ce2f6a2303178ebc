//! Where the latency comes from; `docs/latency.md` tells it with figures.
//!
//! Not part of the audio path: computed once, when a gate is made.

use super::{LiveConfig, LiveError};
use crate::FrameGrid;
use crate::gate::ms_to_samples;
use crate::model::pack::Manifest;
use crate::signal::Resampler;
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
const LEAST_BUDGET_S: f64 = 0.01;
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
            hearing: hearing_samples(manifest, rate_hz)?,
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

/// The greatest distance from the first sample of a frame to the end of the samples that its result depends on. Found by
/// looking at every frame until frames, calls and the resampler's phases repeat.
fn hearing_samples(manifest: &Manifest, rate_hz: u32) -> Result<u64, LiveError> {
    let spec = &manifest.features;
    let resampler = Resampler::new(rate_hz, spec.rate_hz).map_err(crate::detect::DetectError::from)?;
    let reach = resampler.delay_samples() as u64;
    let grid = FrameGrid::new(rate_hz);
    let call = manifest.hop_frames.max(1) as u64;
    let padding = spec.padding.samples() as u64;
    let worst = (0..FrameGrid::FRAMES_PER_SECOND * call).map(|frame| {
        // The row about this frame comes with this call; its last feature frame needs samples up to here.
        let calls = (frame + manifest.lookahead_frames as u64) / call + 1;
        let last_feature = calls * call - 1;
        let feature_samples = (last_feature * spec.hop as u64 + spec.frame_samples() as u64)
            .saturating_sub(padding)
            .max(padding + 1);
        // The last of them lies at this sample of the source, rounded down; the filter reaches beyond it.
        let last = (feature_samples - 1) * u64::from(rate_hz) / u64::from(spec.rate_hz);
        (last + 1 + reach).saturating_sub(grid.start(frame))
    });
    // A frame's level is known at its end.
    Ok(worst.max().unwrap_or(0).max(grid.start(1) + 1))
}
