//! How much sound a frame needs before its scores are there.

use super::DetectError;
use crate::FrameGrid;
use crate::model::pack::Manifest;
use crate::signal::Resampler;

/// Tells for each frame the sample that completes it: counted from the grid, the calls of the network and the filter of the
/// resampler, so that it does not depend on how a stream is cut into blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    grid: FrameGrid,
    /// Frames of features per call of the network.
    call: u64,
    lookahead: u64,
    hop: u64,
    frame_samples: u64,
    padding: u64,
    feature_rate_hz: u64,
    /// Samples of the source that the resampler's filter reaches beyond.
    filter: u64,
}

impl Reach {
    /// For a source of `rate_hz` and a network that is called with `call_frames` at a time.
    pub(crate) fn new(manifest: &Manifest, rate_hz: u32, call_frames: usize) -> Result<Self, DetectError> {
        let spec = &manifest.features;
        Ok(Self {
            grid: FrameGrid::new(rate_hz),
            call: call_frames.max(1) as u64,
            lookahead: manifest.lookahead_frames as u64,
            hop: spec.hop as u64,
            frame_samples: spec.frame_samples() as u64,
            padding: spec.padding.samples() as u64,
            feature_rate_hz: u64::from(spec.rate_hz),
            filter: Resampler::heard_up_to(spec.mel.high_hz, rate_hz, spec.rate_hz)?.delay_samples() as u64,
        })
    }

    /// Samples of the source after which the level and the scores of `frame` are there, at the latest.
    pub(crate) fn needed(&self, frame: u64) -> u64 {
        // The row about this frame comes with this call; its last feature frame needs samples up to here.
        let calls = (frame + self.lookahead) / self.call + 1;
        let last_feature = calls * self.call - 1;
        let feature_samples =
            (last_feature * self.hop + self.frame_samples).saturating_sub(self.padding).max(self.padding + 1);
        // The last of them lies at this sample of the source, rounded down; the filter reaches beyond it.
        let last = (feature_samples - 1) * u64::from(self.grid.rate_hz()) / self.feature_rate_hz;
        // A frame's level is known at its end.
        (last + 1 + self.filter).max(self.grid.start(frame + 1))
    }

    /// The greatest distance from the first sample of a frame to the end of the samples that its result depends on. Found
    /// by looking at every frame until frames, calls and the resampler's phases repeat.
    pub(crate) fn worst(&self) -> u64 {
        let worst = (0..FrameGrid::FRAMES_PER_SECOND * self.call)
            .map(|frame| self.needed(frame).saturating_sub(self.grid.start(frame)));
        worst.max().unwrap_or(0).max(self.grid.start(1) + 1)
    }
}
