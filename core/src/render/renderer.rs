//! The whole chain for one file, block by block.

use serde::Serialize;

use super::cutter::Cutter;
use super::measure::LoudnessThread;
use super::output::OutThread;
use super::{
    AudioOut, CutPlan, Dither, EditList, GainFigures, GainStatistics, LoudnessFigures, Quantiser,
    RenderError, StreamFormat,
};
use crate::gate::{GainComputer, GainEvent, GateSettings, Target, Tone, apply_gains, mix_dry};
use crate::signal::units::samples_to_seconds;

/// Frames that are worked on at a time, however the source is cut into blocks.
const PIECE_FRAMES: usize = 8_192;

/// What to render.
#[derive(Debug, Clone)]
pub struct RenderSpec {
    /// The source, as decoded.
    pub source: StreamFormat,
    /// The output; rate and channels are the source's.
    pub output: StreamFormat,
    /// How integers are rounded.
    pub dither: Dither,
    /// Times, curve and wet.
    pub gate: GateSettings,
    /// What the gate does before the first edge.
    pub rest: Target,
    /// The decisions for the whole source, sorted.
    pub edges: Vec<GainEvent>,
    /// What is cut out, if anything.
    pub cut: Option<CutPlan>,
    /// Whether loudness is measured, on two threads of their own.
    pub measure_loudness: bool,
    /// A tone sounds where the gate is closed, as loud as it is closed.
    pub beep: bool,
}

/// Renders one source: push its samples, then finish. Outputs are encoded and written on threads of their own.
///
/// ```
/// use earmark_core::gate::{GainEvent, GateSettings, RuleSet, Target};
/// use earmark_core::render::{AudioOut, Dither, Metadata, RenderSpec, Renderer, StreamFormat};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("out.wav");
/// let format = StreamFormat { rate_hz: 8_000, channels: 1, bits: 16, float: false };
/// let muted = Target::fixed(1, f32::NEG_INFINITY);
/// let spec = RenderSpec {
///     source: format,
///     output: format,
///     dither: Dither::Off,
///     gate: GateSettings::default(),
///     rest: RuleSet::unity(),
///     // Mute from half a second on.
///     edges: vec![GainEvent { at: 4_000, target: muted }],
///     cut: None,
///     measure_loudness: false,
///     beep: false,
/// };
/// let out = AudioOut::file(&path, std::fs::File::create(&path)?, format, &Metadata::default(), None)?;
/// let mut renderer = Renderer::new(spec, Some(out), None)?;
/// renderer.push(&[0.25; 8_000])?;
/// let summary = renderer.finish()?;
/// assert_eq!((summary.source_s, summary.output_s), (1.0, 1.0));
/// assert!(summary.gain.changed_s > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Renderer {
    spec: RenderSpec,
    computer: GainComputer,
    tone: Option<Tone>,
    cutter: Option<Cutter>,
    quantiser: Quantiser,
    result: Option<OutThread>,
    removed: Option<OutThread>,
    statistics: GainStatistics,
    before: Option<LoudnessThread>,
    after: Option<LoudnessThread>,
    position: u64,
    written: u64,
    gains: Vec<f32>,
    work: Vec<f32>,
    kept: Vec<f32>,
}

impl Renderer {
    /// A renderer that writes the result, what was removed (source − result, in the source's time), or both.
    ///
    /// # Errors
    /// Settings out of range or edges out of order.
    pub fn new(
        mut spec: RenderSpec,
        result: Option<AudioOut>,
        removed: Option<AudioOut>,
    ) -> Result<Self, RenderError> {
        let mut computer = GainComputer::new(&spec.gate, spec.rest, spec.source.rate_hz)?;
        computer.extend(std::mem::take(&mut spec.edges))?;
        let meter = || {
            let wanted = spec.measure_loudness.then_some((spec.source.rate_hz, spec.source.channels));
            wanted.and_then(|(rate_hz, channels)| LoudnessThread::new(rate_hz, channels))
        };
        Ok(Self {
            computer,
            tone: spec.beep.then(|| Tone::new(spec.source.rate_hz)),
            cutter: spec.cut.clone().map(|plan| Cutter::new(plan, usize::from(spec.source.channels))),
            quantiser: Quantiser::new(spec.output, spec.source, spec.dither),
            result: result.map(OutThread::new),
            removed: removed.map(OutThread::new),
            statistics: GainStatistics::default(),
            before: meter(),
            after: meter(),
            position: 0,
            written: 0,
            gains: vec![0.0; PIECE_FRAMES],
            work: Vec::new(),
            kept: Vec::new(),
            spec,
        })
    }

    /// Takes whole interleaved frames of the source.
    ///
    /// # Errors
    /// An output cannot be written; [`RenderError::Removed`] if it is what was removed.
    pub fn push(&mut self, interleaved: &[f32]) -> Result<(), RenderError> {
        let channels = usize::from(self.spec.source.channels).max(1);
        interleaved.chunks(PIECE_FRAMES * channels).try_for_each(|piece| self.push_piece(piece, channels))
    }

    fn push_piece(&mut self, source: &[f32], channels: usize) -> Result<(), RenderError> {
        let frames = source.len() / channels;
        let gains = &mut self.gains[..frames];
        self.computer.fill(gains);
        mix_dry(gains, self.spec.gate.envelope.wet);
        self.statistics.add(gains);
        self.work.clear();
        self.work.extend_from_slice(source);
        apply_gains(gains, &mut self.work, channels);
        if let Some(tone) = &self.tone {
            tone.cover(gains, self.position, &mut self.work, channels);
        }
        if let Some(meter) = &self.before {
            meter.add(source);
        }
        let kept = if let Some(cutter) = &mut self.cutter {
            self.kept.clear();
            cutter.push(&self.work, &mut self.kept);
            &mut self.kept
        } else {
            &mut self.work
        };
        self.quantiser.round(kept);
        self.written += (kept.len() / channels) as u64;
        if let Some(meter) = &self.after {
            meter.add(kept);
        }
        if let Some(result) = &mut self.result {
            result.write(kept)?;
        }
        if let Some(removed) = &mut self.removed {
            // Both are on the grid of the output where the source is: the difference is exact.
            match &self.spec.cut {
                None => {
                    self.work.iter_mut().zip(source).for_each(|(sample, source)| *sample = source - *sample)
                }
                Some(plan) => difference(plan, self.position, channels, source, &mut self.work),
            }
            removed.write(&self.work).map_err(RenderError::of_removed)?;
        }
        self.position += frames as u64;
        Ok(())
    }

    /// Completes the outputs and gives the figures.
    ///
    /// # Errors
    /// An output cannot be written; [`RenderError::Removed`] if it is what was removed.
    pub fn finish(mut self) -> Result<Summary, RenderError> {
        self.result.take().map_or(Ok(()), OutThread::finish)?;
        self.removed.take().map_or(Ok(()), OutThread::finish).map_err(RenderError::of_removed)?;
        let rate_hz = self.spec.source.rate_hz;
        let whole = CutPlan::whole(self.position);
        let plan = self.spec.cut.as_ref().unwrap_or(&whole);
        let changes = self.statistics.finish();
        Ok(Summary {
            rate_hz,
            channels: self.spec.source.channels,
            source_s: samples_to_seconds(self.position, rate_hz),
            output_s: samples_to_seconds(self.written, rate_hz),
            saved_s: samples_to_seconds(self.position.saturating_sub(self.written), rate_hz),
            edits: EditList::new(plan, changes, rate_hz, self.spec.source.channels),
            gain: self.statistics.figures(rate_hz),
            clipped_samples: self.quantiser.clipped(),
            loudness_before: self.before.map(LoudnessThread::finish),
            loudness_after: self.after.map(LoudnessThread::finish),
        })
    }
}

/// Source minus gated sound where the plan keeps it, all of the source where it does not.
fn difference(plan: &CutPlan, position: u64, channels: usize, source: &[f32], gated: &mut [f32]) {
    for ((at, source), gated) in
        (position..).zip(source.chunks_exact(channels)).zip(gated.chunks_exact_mut(channels))
    {
        let kept = plan.out_position(at).is_some();
        for (source, gated) in source.iter().zip(gated) {
            *gated = if kept { source - *gated } else { *source };
        }
    }
}

/// What a render did, for the user and for JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Rate of source and output.
    pub rate_hz: u32,
    /// Channels of source and output.
    pub channels: u16,
    /// Length of the source.
    pub source_s: f64,
    /// Length of the output.
    pub output_s: f64,
    /// What the cut saved.
    pub saved_s: f64,
    /// Gain reduction.
    pub gain: GainFigures,
    /// Samples that were over full scale and are limited to it.
    pub clipped_samples: u64,
    /// Loudness of the source.
    pub loudness_before: Option<LoudnessFigures>,
    /// Loudness of the output.
    pub loudness_after: Option<LoudnessFigures>,
    /// Everything that happened, in order; not part of the JSON.
    #[serde(skip)]
    pub edits: EditList,
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "test signals are small numbers"
)]
#[path = "renderer_tests.rs"]
mod tests;
