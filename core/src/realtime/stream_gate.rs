//! The live gate for streams that are read and written as interleaved samples, where nobody waits in an audio callback.

use std::sync::Arc;

use super::{LiveConfig, LiveError, LiveGate};
use crate::detect::Detector;
use crate::gate::{GateSettings, MixSettings, Mixer};

/// Samples per channel that are gated at a time. The latency grows by so many, however large the pushed blocks are.
const BLOCK_SAMPLES: usize = 64;

/// A [`LiveGate`] with its [`Mixer`]: as many samples out as in, late by a constant [`latency_samples`](Self::latency_samples),
/// with the very bits of `earmark render --live`. It waits for its worker, so that no decision is ever late.
#[derive(Debug)]
pub struct StreamGate {
    gate: LiveGate,
    mixer: Mixer,
    channels: usize,
    /// One for each channel.
    planes: Vec<Vec<f32>>,
}

impl StreamGate {
    /// For interleaved samples at `rate_hz`. The detector must have been loaded for
    /// [`LowLatency`](crate::detect::DetectorMode::LowLatency).
    ///
    /// # Errors
    /// As for [`LiveGate::new`].
    pub fn new(
        detector: Arc<Detector>,
        settings: &GateSettings,
        rate_hz: u32,
        channels: u16,
    ) -> Result<Self, LiveError> {
        Self::with(settings, rate_hz, channels, |config| LiveGate::new(detector, settings, config))
    }

    /// The same for enrolled voices: [`LiveGate::for_voices`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "profiles")]
    pub fn for_voices(
        detector: Arc<Detector>,
        voices: &crate::voice::Voices,
        settings: &GateSettings,
        rate_hz: u32,
        channels: u16,
    ) -> Result<Self, LiveError> {
        Self::with(settings, rate_hz, channels, |config| {
            LiveGate::for_voices(detector, voices, settings, config)
        })
    }

    fn with(
        settings: &GateSettings,
        rate_hz: u32,
        channels: u16,
        gate: impl FnOnce(&LiveConfig) -> Result<LiveGate, LiveError>,
    ) -> Result<Self, LiveError> {
        let config = LiveConfig {
            rate_hz: f64::from(rate_hz),
            channels,
            max_block_samples: BLOCK_SAMPLES,
            lookahead_ms: settings.envelope.lookahead_ms,
            offline: true,
            ..LiveConfig::default()
        };
        let mix = MixSettings { wet: settings.envelope.wet, ..MixSettings::default() };
        let channels = usize::from(channels);
        Ok(Self {
            gate: gate(&config)?,
            mixer: Mixer::new(&mix, config.rate_hz),
            channels,
            planes: vec![Vec::with_capacity(BLOCK_SAMPLES); channels],
        })
    }

    /// Delay from input to output, samples.
    pub fn latency_samples(&self) -> u32 {
        self.gate.latency_samples()
    }

    /// Gates whole interleaved frames in place: they become those of [`latency_samples`](Self::latency_samples) before, and
    /// silence at first.
    pub fn process(&mut self, interleaved: &mut [f32]) {
        for block in interleaved.chunks_mut(BLOCK_SAMPLES * self.channels) {
            for (channel, plane) in self.planes.iter_mut().enumerate() {
                plane.clear();
                plane.extend(block.iter().skip(channel).step_by(self.channels));
            }
            let mut main: Vec<&mut [f32]> = self.planes.iter_mut().map(Vec::as_mut_slice).collect();
            self.gate.process_and_mix(&mut main, None, true, &mut self.mixer, &mut |_| {});
            for (channel, plane) in self.planes.iter().enumerate() {
                let out = block.iter_mut().skip(channel).step_by(self.channels);
                out.zip(plane).for_each(|(out, sample)| *out = *sample);
            }
        }
    }

    /// What is still on its way when the stream has ended: [`latency_samples`](Self::latency_samples) frames, interleaved.
    pub fn finish(mut self) -> Vec<f32> {
        let latency = usize::try_from(self.gate.latency_samples()).unwrap_or(0);
        let mut rest = vec![0.0; latency * self.channels];
        self.process(&mut rest);
        rest
    }
}
