//! One recording through the gate.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use earmark_core::audio::{ReadAhead, Source, SourceInfo};
use earmark_core::decide::{Segment, Timeline, segment};
use earmark_core::detect::Detector;
use earmark_core::gate::{CausalDecider, GainEvent, RuleSet, edges_from_segments, spans_at_full_gain};
use earmark_core::model::pack::Thresholds;
use earmark_core::noise::SnrEstimator;
use earmark_core::output::SafeFile;
use earmark_core::render::{
    AudioOut, CutPlan, Dither, Metadata, RenderSpec, Renderer, StreamFormat, Summary,
};
use earmark_core::report::Report;
use earmark_core::{FrameScores, Label};
use serde::Serialize;

use super::super::hearing;
use super::super::picture::make_parent;
use super::adaptive::FileNoise;
use super::plan::{ListFormat, Plan};
use crate::args::{Bits, RenderAction, RenderArgs};
use crate::console::{Console, Usage};
use crate::inputs::Input;
use crate::interrupt;

/// Frames per second of CMX 3600 lists, which have no finer time.
const EDL_FRAMES_PER_SECOND: u32 = 25;

/// A line of the summary.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The recording.
    file: String,
    /// What was written.
    output: String,
    /// Seconds of the source that carry each label.
    labels_s: BTreeMap<Label, f64>,
    #[serde(flatten)]
    render: Summary,
}

/// Renders one recording; nothing if its output is there already and `--skip-existing` says so.
pub fn render(
    args: &RenderArgs,
    plan: &Plan,
    (detector, gauge): (&Detector, Option<&SnrEstimator>),
    input: &Input,
    console: &Console,
) -> Result<Option<Outcome>> {
    let output = plan.output(args, input);
    if args.skip_existing && output.as_deref().is_some_and(Path::exists) {
        console.detail(&format!("{}: its output is already there, skipped", input.name()));
        return Ok(None);
    }
    // A pipe cannot be read twice.
    let spool = input.is_stdin().then(spool_stdin).transpose()?;
    let path = spool.as_ref().map_or(input.path.as_path(), tempfile::NamedTempFile::path);
    let mut source = Source::open(path)?;
    let name = input.name();
    let (heard, floor) = match gauge {
        None => (hearing::hear_as(args.live, detector, &mut source, &name, console, |_| {})?, None),
        Some(gauge) => {
            let (heard, floor) =
                FileNoise::hear_beside(detector, gauge, args.live, &mut source, &name, console)?;
            (heard, Some(floor))
        }
    };
    let settings = floor.as_ref().map(|floor| floor.settings(&plan.timeline));
    let timeline = segment(&heard, settings.as_ref().unwrap_or(&plan.timeline));
    let edges = match (args.live, &floor) {
        (true, None) => live_decider(plan, detector, &heard)?.edges(&heard),
        (true, Some(floor)) => {
            floor.live_edges(live_decider(plan, detector, &heard)?, &heard, plan.preset.gate.range_db)
        }
        (false, None) => file_edges(plan, &timeline, &heard),
        (false, Some(floor)) => floor.follow(&file_edges(plan, &timeline, &heard), plan.preset.gate.range_db),
    };
    let cut = match &plan.preset.cut {
        Some(settings) => {
            let kept = spans_at_full_gain(&edges, heard.samples);
            Some(CutPlan::new(kept, settings, heard.rate_hz, heard.samples)?)
        }
        None => None,
    };
    let job = Job { args, plan, input, path, heard: &heard, console };
    // What `--action cut` leaves, room tone and breaths, is left as it is; a preset may want both, gate and cut.
    let edges = if args.action == Some(RenderAction::Cut) { Vec::new() } else { edges };
    let summary = job.write(source.info(), edges, cut.clone(), output.as_deref())?;
    job.write_labels(&timeline, cut.as_ref())?;
    job.write_list(&summary)?;
    let labels = &timeline.labels;
    Ok(Some(Outcome {
        file: input.name(),
        output: output.map_or("-".to_owned(), |p| p.display().to_string()),
        labels_s: labels.iter().map(|label| (label.clone(), timeline.total_s(label))).collect(),
        render: summary,
    }))
}

fn spool_stdin() -> Result<tempfile::NamedTempFile> {
    let mut spool =
        tempfile::NamedTempFile::new().context("stdin: there is no place for a temporary file")?;
    std::io::copy(&mut std::io::stdin().lock(), &mut spool)
        .context("stdin: cannot be kept in a temporary file")?;
    spool.flush()?;
    spool.rewind()?;
    Ok(spool)
}

/// The future is known: pauses are bridged, borders are those of the labels.
fn file_edges(plan: &Plan, timeline: &Timeline, heard: &FrameScores) -> Vec<GainEvent> {
    let segments = timeline.segments.iter().map(|s: &Segment| (&s.label, s.start_s, s.end_s));
    edges_from_segments(
        &plan.rules,
        &plan.preset.gate,
        segments,
        &heard.mean_square,
        heard.rate_hz,
        heard.samples,
    )
}

/// Frame by frame, as the plugin decides.
fn live_decider(plan: &Plan, detector: &Detector, heard: &FrameScores) -> Result<CausalDecider> {
    let manifest = detector.pack().manifest();
    let thresholds: Vec<Thresholds> =
        manifest.labels.iter().map(|label| manifest.thresholds_of(label)).collect();
    Ok(CausalDecider::new(&plan.preset.gate, &manifest.labels, &thresholds, heard.rate_hz)?)
}

/// One recording, heard, about to be written.
struct Job<'a> {
    args: &'a RenderArgs,
    plan: &'a Plan,
    input: &'a Input,
    path: &'a Path,
    heard: &'a FrameScores,
    console: &'a Console,
}

impl Job<'_> {
    fn write(
        &self,
        info: &SourceInfo,
        edges: Vec<GainEvent>,
        cut: Option<CutPlan>,
        output: Option<&Path>,
    ) -> Result<Summary> {
        let source_format = StreamFormat {
            rate_hz: info.rate_hz,
            channels: info.channels,
            bits: info.sample_format.bits,
            float: info.sample_format.float,
        };
        let format = self.output_format(info, source_format, output);
        let metadata = self.metadata(cut.as_ref())?;
        let out_samples = cut.as_ref().map_or(self.heard.samples, CutPlan::out_samples);
        let result = Target::begin(output, format, &metadata, out_samples)?;
        let listen = self.plan.listen(self.args, self.input);
        let removed = match &listen {
            Some(path) => Some(Target::begin(Some(path), format, &Metadata::default(), self.heard.samples)?),
            None => None,
        };
        let gate = &self.plan.preset.gate;
        let spec = RenderSpec {
            source: source_format,
            output: format,
            dither: if self.args.no_dither { Dither::Off } else { Dither::Triangular },
            gate: if self.args.live { gate.clone() } else { gate.for_files() },
            rest: if edges.is_empty() { RuleSet::unity() } else { self.plan.rules.default_target() },
            edges,
            cut,
            measure_loudness: self.args.summary.is_some(),
        };
        let (result_file, result_out) = result.split();
        let (removed_file, removed_out) = removed.map_or((None, None), |r| {
            let (file, out) = r.split();
            (file, Some(out))
        });
        let named = || output.map_or_else(|| "stdout".to_owned(), |p| p.display().to_string());
        let mut renderer = Renderer::new(spec, Some(result_out), removed_out).with_context(named)?;
        self.pass(info, |block| renderer.push(block).with_context(named))?;
        let summary = renderer.finish().with_context(named)?;
        for file in [removed_file, result_file].into_iter().flatten() {
            file.commit()?;
        }
        if summary.clipped_samples > 0 {
            let name = self.input.name();
            self.console.warn(&format!(
                "{name}: {} samples were over full scale and are limited",
                summary.clipped_samples
            ));
        }
        if summary.saved_s > 0.0 {
            let name = self.input.name();
            self.console
                .tell(&format!("{name}: {:.1} s of {:.1} s cut out", summary.saved_s, summary.source_s));
        }
        Ok(summary)
    }

    /// The second pass over the source.
    fn pass(&self, info: &SourceInfo, mut each: impl FnMut(&[f32]) -> Result<()>) -> Result<()> {
        let mut source = ReadAhead::new(Source::open(self.path)?);
        let progress =
            self.console.progress(format!("{} (writing)", self.input.name()), Some(self.heard.duration_s()));
        let per_second = f64::from(self.heard.rate_hz) * f64::from(info.channels);
        let mut samples = 0;
        while let Some(block) = source.next_block()? {
            interrupt::check()?;
            each(block)?;
            samples += block.len() as u64;
            progress.at(hearing::whole(samples) / per_second);
        }
        Ok(())
    }

    /// The input's own, unless asked otherwise; lossy codecs have no bits, 24 keep all that they have.
    fn output_format(&self, info: &SourceInfo, source: StreamFormat, output: Option<&Path>) -> StreamFormat {
        let flac = output.and_then(Path::extension).is_some_and(|e| e.eq_ignore_ascii_case("flac"));
        let (bits, float) = match self.args.bits {
            Some(Bits::Sixteen) => (16, false),
            Some(Bits::TwentyFour) => (24, false),
            Some(Bits::ThirtyTwo) => (32, false),
            Some(Bits::Float) => (32, true),
            None if info.lossy || (flac && (source.float || source.bits > 24)) => (24, false),
            None if source.float => (32, true),
            None => (source.bits.next_multiple_of(8).clamp(16, 32), false),
        };
        StreamFormat { bits, float, ..source }
    }

    fn metadata(&self, cut: Option<&CutPlan>) -> Result<Metadata> {
        let mut metadata = Metadata::read(self.path)?;
        for name in &metadata.dropped {
            self.console
                .warn(&format!("{}: its chunk {name:?} is too large to carry over", self.input.name()));
        }
        metadata.invalidate_loudness();
        if let Some(plan) = cut {
            metadata.remap(plan.source_position(0), |sample| plan.out_position(sample));
        }
        Ok(metadata)
    }

    /// The labels of the source, moved to where their sound went.
    fn write_labels(&self, timeline: &Timeline, cut: Option<&CutPlan>) -> Result<()> {
        let (Some(path), Some(format)) = (&self.args.labels, self.plan.label_format) else { return Ok(()) };
        let mut moved = timeline.clone();
        if let Some(plan) = cut {
            let rate_hz = self.heard.rate_hz;
            moved.segments.retain_mut(|segment| {
                match plan.out_seconds(segment.start_s, segment.end_s, rate_hz) {
                    Some((start_s, end_s)) => {
                        (segment.start_s, segment.end_s) = (start_s, end_s);
                        end_s > start_s
                    }
                    None => false,
                }
            });
            moved.duration_s = hearing::whole(plan.out_samples()) / f64::from(rate_hz);
            moved.sort();
        }
        let mut bytes = Vec::new();
        format
            .write(&Report { file: self.args.output.display().to_string(), timeline: moved }, &mut bytes)?;
        make_parent(path)?;
        Ok(SafeFile::write_all_to(path, &bytes)?)
    }

    fn write_list(&self, summary: &Summary) -> Result<()> {
        let (Some(path), Some(format)) = (&self.args.list, self.plan.list_format) else { return Ok(()) };
        let text = match format {
            ListFormat::Cmx3600 => summary.edits.to_cmx3600(&self.input.path, EDL_FRAMES_PER_SECOND),
            ListFormat::Reaper => summary.edits.to_reaper(&absolute(&self.input.path)),
            ListFormat::Audacity => summary.edits.to_audacity(),
        };
        make_parent(path)?;
        Ok(SafeFile::write_all_to(path, text.as_bytes())?)
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// An output that takes its final name only when it is whole.
struct Target {
    file: Option<SafeFile>,
    out: AudioOut,
}

impl Target {
    fn begin(path: Option<&Path>, format: StreamFormat, metadata: &Metadata, samples: u64) -> Result<Self> {
        let Some(path) = path else {
            let out = AudioOut::pipe(Box::new(std::io::stdout()), format, metadata, Some(samples))
                .context("stdout")?;
            return Ok(Self { file: None, out });
        };
        make_parent(path)?;
        let file = SafeFile::create(path)?;
        let out = AudioOut::file(path, file.handle()?, format, metadata, Some(samples))
            .map_err(|e| Usage(format!("{}: {e}", path.display())))?;
        Ok(Self { file: Some(file), out })
    }

    fn split(self) -> (Option<SafeFile>, AudioOut) {
        (self.file, self.out)
    }
}
