//! A recording through the gate, in two passes: it is heard to its end first, then decoded again through the gate, so that
//! memory stays flat.

use std::path::Path;

use super::detect::Clock;
use super::hear::Heard;
use super::mask::{phrase_spans, with_phrases};
use super::reopen::Reopenable;
use super::target::Pending;
use super::{AudioTarget, Observer, Pass, PipelineError, PipelineWarning, Recording};
use crate::audio::{ReadAhead, SampleFormat, SourceInfo};
use crate::decide::{Segment, Thresholds, Timeline, TimelineSettings, segment};
use crate::detect::Detector;
use crate::gate::{
    CausalDecider, GainEvent, GateError, Preset, RuleSet, edges_from_segments, spans_at_full_gain,
};
use crate::model::pack::Manifest;
use crate::noise::SnrEstimator;
use crate::phrase::Phrases;
use crate::render::{
    Container, CutPlan, Dither, Metadata, Movie, RenderSpec, Renderer, StreamFormat, Summary,
};
use crate::voice::Voices;
use crate::{FrameScores, Label};

/// What renders do, as data.
#[derive(Debug, Clone)]
pub struct RenderSettings {
    /// The gate, and how pauses are cut out if they are.
    pub preset: Preset,
    /// How what is heard becomes segments. These thresholds hold for all decisions, those of `causal` renders too;
    /// the preset's own are in it already ([`TimelineSettings::with_gate`]).
    pub timeline: TimelineSettings,
    /// Decide frame by frame, without knowledge of the future: what the plugin gives, bit for bit. Needs a detector for
    /// [`LowLatency`](crate::detect::DetectorMode::LowLatency).
    pub causal: bool,
    /// Cut only: what stays between the cuts, room tone and breaths, is left at its level, whatever the rules say.
    pub cut_only: bool,
    /// How samples are stored; `None`: as in the recording, 24 bits for lossy ones.
    pub sample_format: Option<SampleFormat>,
    /// How integers are rounded.
    pub dither: Dither,
    /// Whether loudness is measured.
    pub measure_loudness: bool,
    /// Whose speech counts; `None`: everybody's ([`RenderSettings::for_voices`]).
    pub voices: Option<Voices>,
    /// A tone sounds where the gate is closed.
    pub beep: bool,
}

impl RenderSettings {
    /// A preset for a pack, with what both say of thresholds.
    pub fn new(preset: Preset, manifest: &Manifest) -> Self {
        Self {
            timeline: TimelineSettings::for_pack(manifest).with_gate(&preset.gate),
            preset,
            causal: false,
            cut_only: false,
            sample_format: None,
            dither: Dither::Triangular,
            measure_loudness: false,
            voices: None,
            beep: false,
        }
    }

    /// The same for these voices alone: they take the place of speech in the gate's rules, by its thresholds as they are now.
    ///
    /// # Errors
    /// [`GateError::NoSpeechRule`] if no rule names speech.
    pub fn for_voices(mut self, voices: Voices) -> Result<Self, GateError> {
        let labels: Vec<Label> = voices.labels().collect();
        self.preset.gate = self.preset.gate.for_voices(&labels)?;
        self.timeline = voices.in_timeline(self.timeline);
        self.voices = Some(voices);
        Ok(self)
    }

    /// The labels of what is heard with a pack: its own, then those of the voices.
    fn labels(&self, manifest: &Manifest) -> Vec<Label> {
        let mut labels = manifest.labels.clone();
        labels.extend(self.voices.iter().flat_map(Voices::labels));
        labels
    }
}

/// What a render did.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Figures, and all that was changed.
    pub summary: Summary,
    /// The labels of the recording.
    pub timeline: Timeline,
    /// The labels where their sound went: in the time of the output.
    pub output_timeline: Timeline,
}

/// Renders recordings, one after the other or several at once, all in the same way.
#[derive(Debug, Clone)]
pub struct FileRenderer {
    settings: RenderSettings,
    rules: RuleSet,
    phrases: Vec<Label>,
}

impl FileRenderer {
    /// Compiles the rules for the labels of a pack.
    ///
    /// # Errors
    /// [`GateError`] if a setting is out of its range, or a rule names a label that the pack does not have.
    pub fn new(settings: RenderSettings, manifest: &Manifest) -> Result<Self, GateError> {
        Self::with_phrases(settings, manifest, None)
    }

    /// The same where phrases are looked for too: rules may name their labels.
    ///
    /// # Errors
    /// As [`FileRenderer::new`].
    pub fn with_phrases(
        mut settings: RenderSettings,
        manifest: &Manifest,
        phrases: Option<&Phrases>,
    ) -> Result<Self, GateError> {
        let of_phrases: Vec<Label> = phrases.into_iter().flat_map(Phrases::labels).cloned().collect();
        settings.timeline = with_phrases(settings.timeline, &of_phrases);
        let labels: Vec<Label> = settings.labels(manifest).into_iter().chain(of_phrases.clone()).collect();
        Ok(Self { phrases: of_phrases, ..Self::of_labels(settings, &labels)? })
    }

    /// For what is heard as `labels`.
    pub(super) fn of_labels(mut settings: RenderSettings, labels: &[Label]) -> Result<Self, GateError> {
        // A silence level that was chosen beside the preset lowers nothing of what its gate asks for, as live.
        let timeline = &mut settings.timeline;
        timeline.silence_dbfs = settings.preset.gate.thresholds.silence_dbfs(timeline.silence_dbfs);
        if let Some(cut) = &settings.preset.cut {
            cut.validate()?;
        }
        let rules = RuleSet::new(&settings.preset.gate, labels)?;
        Ok(Self { settings, rules, phrases: Vec::new() })
    }

    /// Hears `recording` and writes it through the gate; into `removed`, if wanted, what the gate takes away (recording
    /// minus output, in the recording's time). Nothing appears under a final name before all of it is whole.
    ///
    /// `noise` makes the gate follow the noise floor. `detector` must have the pack that the renderer was made for.
    ///
    /// # Errors
    /// [`PipelineError`] if the recording cannot be read, an output not be written, the network fails or the observer
    /// stops it.
    pub fn render(
        &self,
        detector: &Detector,
        noise: Option<&SnrEstimator>,
        recording: &Recording,
        output: AudioTarget<'_>,
        removed: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<Rendered, PipelineError> {
        self.render_with_phrases((detector, noise, None), recording, output, removed, observer)
    }

    /// The same with phrases: each is a label like those of the pack.
    ///
    /// # Errors
    /// As [`FileRenderer::render`].
    pub fn render_with_phrases(
        &self,
        ears: (&Detector, Option<&SnrEstimator>, Option<&Phrases>),
        recording: &Recording,
        output: AudioTarget<'_>,
        removed: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<Rendered, PipelineError> {
        let input = recording.reopenable(observer)?;
        // What cannot be written is refused before anything is heard.
        self.movie(&input, &output)?;
        let heard = Heard::of(&self.settings, ears, recording, &input, observer)?;
        self.write(recording, &input, &heard, (output, removed), observer)
    }

    /// The second pass.
    pub(super) fn write(
        &self,
        recording: &Recording,
        input: &Reopenable,
        heard: &Heard,
        (output, removed): (AudioTarget<'_>, Option<&Path>),
        observer: &mut dyn Observer,
    ) -> Result<Rendered, PipelineError> {
        let timeline = match &heard.noise {
            None => segment(&heard.scores, &self.settings.timeline),
            Some(noise) => segment(&heard.scores, &noise.settings(&self.settings.timeline)),
        };
        let failed = PipelineError::render(recording.name());
        let edges = self.edges(heard, &timeline).map_err(|e| failed(e.into()))?;
        let cut = self.cut_plan(&edges, &heard.scores).map_err(|e| failed(e.into()))?;
        let edges = if self.settings.cut_only { Vec::new() } else { edges };
        let output_timeline = match &cut {
            Some(plan) => moved(&timeline, plan, heard.scores.rate_hz),
            None => timeline.clone(),
        };
        let write = Write { renderer: self, input, heard };
        let summary = write.run(edges, cut, output, removed, observer)?;
        Ok(Rendered { summary, timeline, output_timeline })
    }

    /// The picture that an output asks for by its name.
    fn movie<'a>(
        &self,
        input: &'a Reopenable,
        output: &AudioTarget<'a>,
    ) -> Result<Option<Movie<'a>>, PipelineError> {
        let AudioTarget::File(path) = output else { return Ok(None) };
        let movie = Movie::plan(path, input.path(), &input.options().ffmpeg)?;
        match movie {
            Some(movie) if self.settings.preset.cut.is_some() => Err(movie.refuse_cut().into()),
            movie => Ok(movie),
        }
    }

    /// All decisions for the gate.
    fn edges(&self, heard: &Heard, timeline: &Timeline) -> Result<Vec<GainEvent>, GateError> {
        let range_db = self.settings.preset.gate.rules.range_db;
        Ok(match (self.settings.causal, &heard.noise) {
            (true, None) => self.causal_decider(&heard.scores)?.edges(&heard.scores),
            (true, Some(noise)) => {
                noise.causal_edges(self.causal_decider(&heard.scores)?, &heard.scores, range_db)
            }
            (false, None) => self.edges_of(timeline, &heard.scores),
            (false, Some(noise)) => noise.follow(&self.edges_of(timeline, &heard.scores), range_db),
        })
    }

    /// The future is known: pauses are bridged, borders are those of the labels, or as a mask has a phrase.
    fn edges_of(&self, timeline: &Timeline, scores: &FrameScores) -> Vec<GainEvent> {
        let others = timeline.segments.iter().filter(|s: &&Segment| !self.phrases.contains(&s.label));
        let of_phrase = |label| phrase_spans(scores, label).map(move |s| (label, s.0, s.1));
        let others = others.map(|s| (&s.label, s.start_s, s.end_s));
        let segments = others.chain(self.phrases.iter().flat_map(of_phrase));
        let gate = &self.settings.preset.gate;
        edges_from_segments(&self.rules, gate, segments, &scores.mean_square, scores.rate_hz, scores.samples)
    }

    /// Frame by frame, as the plugin decides, at the thresholds and the silence level of the timeline.
    fn causal_decider(&self, scores: &FrameScores) -> Result<CausalDecider, GateError> {
        let mut gate = self.settings.preset.gate.clone();
        gate.thresholds.by_label.clear();
        let thresholds: Vec<Thresholds> =
            scores.labels.iter().map(|label| self.settings.timeline.of(label).thresholds()).collect();
        let decider = CausalDecider::new(&gate, &scores.labels, &thresholds, scores.rate_hz)?;
        Ok(decider.with_silence_dbfs(&gate, self.settings.timeline.silence_dbfs))
    }

    fn cut_plan(&self, edges: &[GainEvent], scores: &FrameScores) -> Result<Option<CutPlan>, GateError> {
        let Some(settings) = &self.settings.preset.cut else { return Ok(None) };
        let kept = spans_at_full_gain(edges, scores.samples);
        CutPlan::new(kept, settings, scores.rate_hz, scores.samples).map(Some)
    }

    /// The recording's own, unless asked otherwise; lossy codecs have no bits, 24 keep all that they have.
    fn output_format(&self, info: &SourceInfo, source: StreamFormat, output: Option<&Path>) -> StreamFormat {
        let flac = output.is_some_and(|path| Container::of_path(path) == Some(Container::Flac));
        let (bits, float) = match self.settings.sample_format {
            Some(format) => (format.bits, format.float),
            None if info.lossy || (flac && (source.float || source.bits > 24)) => (24, false),
            None if source.float => (32, true),
            None => (source.bits.next_multiple_of(8).clamp(16, 32), false),
        };
        StreamFormat { bits, float, ..source }
    }
}

/// The second pass over one recording.
struct Write<'a> {
    renderer: &'a FileRenderer,
    input: &'a Reopenable,
    heard: &'a Heard,
}

impl Write<'_> {
    fn run(
        &self,
        edges: Vec<GainEvent>,
        cut: Option<CutPlan>,
        output: AudioTarget<'_>,
        removed: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<Summary, PipelineError> {
        let settings = &self.renderer.settings;
        let info = &self.heard.info;
        let samples = self.heard.scores.samples;
        let source = StreamFormat {
            rate_hz: info.rate_hz,
            channels: info.channels,
            bits: info.sample_format.bits,
            float: info.sample_format.float,
        };
        let format = self.renderer.output_format(info, source, output.path());
        let failed = PipelineError::render_to(output.name(), removed);
        let metadata = self.metadata(cut.as_ref(), observer)?;
        let out_samples = cut.as_ref().map_or(samples, CutPlan::out_samples);
        let (mut pending, output) = match self.renderer.movie(self.input, &output)? {
            Some(movie) => Pending::movie(&movie, format, out_samples)?,
            None => {
                let (file, out) = output.begin(format, &metadata, out_samples)?;
                (Pending::File(file), out)
            }
        };
        let removed =
            removed.map(|path| AudioTarget::File(path).begin(format, &Metadata::default(), samples));
        let (removed_file, removed) =
            removed.transpose()?.map_or((None, None), |(file, out)| (file, Some(out)));
        let gate = &settings.preset.gate;
        let spec = RenderSpec {
            source,
            output: format,
            dither: settings.dither,
            gate: if settings.causal { gate.clone() } else { gate.for_files() },
            rest: if edges.is_empty() { RuleSet::unity() } else { self.renderer.rules.default_target() },
            edges,
            cut,
            measure_loudness: settings.measure_loudness,
            beep: settings.beep,
        };
        let mut renderer = Renderer::new(spec, Some(output), removed).map_err(&failed)?;
        let passed = self.pass(observer, |block| renderer.push(block).map_err(&failed));
        let summary = passed.and_then(|()| renderer.finish().map_err(&failed));
        let summary = summary.map_err(|error| pending.reason(error))?;
        if let Some(file) = removed_file {
            file.commit()?;
        }
        pending.commit()?;
        if summary.clipped_samples > 0 {
            observer.warn(&PipelineWarning::Clipped { samples: summary.clipped_samples });
        }
        Ok(summary)
    }

    fn pass(
        &self,
        observer: &mut dyn Observer,
        mut each: impl FnMut(&[f32]) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let mut source = ReadAhead::new(self.input.open()?);
        observer.begin(Pass::Write, Some(self.heard.scores.duration_s()));
        let mut clock = Clock::new(&self.heard.info);
        while let Some(block) = source.next_block().map_err(|error| self.input.named(error))? {
            if observer.interrupted() {
                return Err(PipelineError::Interrupted);
            }
            each(block)?;
            observer.at(clock.after(block));
        }
        Ok(())
    }

    /// What the recording carries beside its samples, as it is true of the output.
    fn metadata(
        &self,
        cut: Option<&CutPlan>,
        observer: &mut dyn Observer,
    ) -> Result<Metadata, PipelineError> {
        let mut metadata = Metadata::read(self.input.path()).map_err(PipelineError::Metadata)?;
        for id in &metadata.dropped {
            observer.warn(&PipelineWarning::ChunkDropped { id: id.clone() });
        }
        metadata.invalidate_loudness();
        metadata.check_mask(self.heard.info.channels);
        if let Some(plan) = cut {
            let (join, is_cut) = (
                |at| plan.out_position_or_join(at),
                |at| at < plan.source_samples() && plan.out_position(at).is_none(),
            );
            let rate_hz = self.heard.scores.rate_hz;
            let remapped = metadata.remap(rate_hz, plan.source_position(0), join, is_cut);
            if remapped.joined > 0 {
                observer.warn(&PipelineWarning::MarkersMoved { markers: remapped.joined });
            }
            if !remapped.unmoved.is_empty() {
                observer.warn(&PipelineWarning::TimesNotMoved { names: remapped.unmoved });
            }
        }
        Ok(metadata)
    }
}

/// The labels of a recording where a cut moves their sound.
fn moved(timeline: &Timeline, plan: &CutPlan, rate_hz: u32) -> Timeline {
    let mut moved = timeline.clone();
    moved.segments.retain_mut(|segment| match plan.out_seconds(segment.start_s, segment.end_s, rate_hz) {
        Some((start_s, end_s)) => {
            (segment.start_s, segment.end_s) = (start_s, end_s);
            end_s > start_s
        }
        None => false,
    });
    moved.duration_s = crate::signal::units::samples_to_seconds(plan.out_samples(), rate_hz);
    moved.sort();
    moved
}
