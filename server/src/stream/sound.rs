//! The gated sound of a stream, as a WAV without an end.

use std::io::Write;
use std::sync::Arc;

use earmark_core::Label;
use earmark_core::detect::Detector;
use earmark_core::gate::Preset;
use earmark_core::realtime::{LiveError, StreamGate};
use earmark_core::render::{AudioOut, Dither, Metadata, Quantiser, StreamFormat};
use earmark_core::voice::Voices;

use super::RunError;

/// How samples come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundFormat {
    /// Bits of a sample: 16, 24 or 32.
    pub bits: u16,
    /// Floating point (32 bits).
    pub float: bool,
}

/// Gate and writer.
pub(super) struct Through {
    gate: StreamGate,
    quantiser: Quantiser,
    out: AudioOut,
}

impl std::fmt::Debug for Through {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Through").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Through {
    pub(super) fn new(
        detector: &Arc<Detector>,
        voices: Option<&Voices>,
        (preset, format): &(Preset, SoundFormat),
        (rate_hz, channels): (u32, u16),
        out: Box<dyn Write + Send>,
    ) -> Result<Self, RunError> {
        let detector = Arc::clone(detector);
        let gate = match voices {
            None => StreamGate::new(detector, &preset.gate, rate_hz, channels)?,
            Some(voices) => {
                let labels: Vec<Label> = voices.labels().collect();
                let settings = preset.gate.for_voices(&labels).map_err(LiveError::Gate)?;
                StreamGate::for_voices(detector, voices, &settings, rate_hz, channels)?
            }
        };
        let output = StreamFormat { rate_hz, channels, bits: format.bits, float: format.float };
        // What the source's own format was nobody knows any more: its samples are on some grid or on none.
        let source = StreamFormat { bits: 32, float: true, ..output };
        let out = AudioOut::pipe(Box::new(Prompt(out)), output, &Metadata::default(), None)
            .map_err(RunError::Sound)?;
        Ok(Self { gate, quantiser: Quantiser::new(output, source, Dither::Off), out })
    }

    /// Latency of the sound, samples.
    pub(super) fn latency_samples(&self) -> u32 {
        self.gate.latency_samples()
    }

    /// Gates interleaved frames and writes as many.
    pub(super) fn push(&mut self, mut samples: Vec<f32>) -> Result<(), RunError> {
        self.gate.process(&mut samples);
        self.quantiser.round(&mut samples);
        self.out.write(&samples).map_err(RunError::Sound)
    }

    /// Writes what is on its way.
    pub(super) fn finish(self) -> Result<(), RunError> {
        let Self { gate, mut quantiser, mut out } = self;
        let mut rest = gate.finish();
        quantiser.round(&mut rest);
        out.write(&rest).map_err(RunError::Sound)?;
        out.finish().map_err(RunError::Sound)
    }
}

/// Hands on at once whatever is written.
struct Prompt(Box<dyn Write + Send>);

impl Write for Prompt {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.0.flush()?;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
