//! What the commands that hear have in common: opening a pack, watching a job, settings from flags.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use earmark_core::Label;
use earmark_core::audio::{ChannelChoice, Source, SourceOptions};
use earmark_core::batch::Input;
use earmark_core::decide::{TimelineChanges, TimelineSettings};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::{Manifest, Pack, Task};
use earmark_core::model::runtime::Runtime;
use earmark_core::noise::SnrEstimator;
use earmark_core::pipeline::{Observer, Pass, PipelineWarning, Recording};
use earmark_core::voice::VoiceModel;

use crate::args::{Channel, Global, PartArgs, ShapeArgs, TimelineArgs};
use crate::console::{Console, Progress, Usage};
use crate::interrupt;

/// Opens a pack.
pub fn open(pack: &str, mode: DetectorMode, global: &Global, console: &Console) -> Result<Detector> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(Detector::load(&runtime, pack, mode)?)
}

/// Opens a noise pack.
pub fn open_noise(
    pack: &str,
    mode: DetectorMode,
    global: &Global,
    console: &Console,
) -> Result<SnrEstimator> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(SnrEstimator::load(&runtime, pack, mode)?)
}

/// Opens a voice pack.
pub fn open_voice(pack: &str, mode: DetectorMode, global: &Global, console: &Console) -> Result<VoiceModel> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(VoiceModel::load(&runtime, pack, mode)?)
}

/// Opens a phrase pack.
pub fn open_phrases(pack: &str, mode: DetectorMode, global: &Global, console: &Console) -> Result<Embedder> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(Embedder::load(&runtime, pack.for_task(Task::Phrase)?, mode)?)
}

/// As the plugin calls a network, or as is fastest.
pub fn mode(live: bool) -> DetectorMode {
    if live { DetectorMode::LowLatency } else { DetectorMode::Throughput }
}

fn start(pack: &str, global: &Global, console: &Console) -> Result<(Runtime, Pack)> {
    let runtime = Runtime::start(global.runtime.as_deref(), global.device)?;
    if let Some(notice) = runtime.notice() {
        console.warn(notice);
    }
    let pack = Pack::find(pack)?;
    console.detail(&format!(
        "pack {} on runtime {}, device {}",
        pack.origin(),
        runtime.name(),
        runtime.device()
    ));
    Ok((runtime, pack))
}

/// The recording that an input names.
pub fn recording(input: &Input, global: &Global) -> Recording {
    Recording::named(&input.path).with(of_all(global))
}

/// What is chosen of every recording.
fn of_all(global: &Global) -> SourceOptions {
    SourceOptions { ffmpeg: global.ffmpeg.clone().unwrap_or_default(), ..SourceOptions::default() }
}

/// Each input with what is heard of it; one for each channel, if that is asked for.
pub fn parts(inputs: &[Input], args: &PartArgs, global: &Global) -> Result<Vec<(Input, SourceOptions)>> {
    let mut parts = Vec::new();
    for input in inputs {
        let options = SourceOptions { track: args.track, ..of_all(global) };
        let channel = match args.channel {
            None => ChannelChoice::All,
            Some(Channel::One(channel)) => ChannelChoice::One(channel),
            Some(Channel::Best) => ChannelChoice::Best,
            Some(Channel::Each) => {
                parts.extend(each_channel(input, &options)?);
                continue;
            }
        };
        parts.push((input.clone(), SourceOptions { channel, ..options }));
    }
    Ok(parts)
}

fn each_channel(input: &Input, options: &SourceOptions) -> Result<Vec<(Input, SourceOptions)>> {
    if input.is_stdin() {
        return Err(
            Usage("--channel each reads a recording several times, so not from `-`".to_owned()).into()
        );
    }
    // What cannot be opened is told when its turn comes.
    let channels = Source::open_with(&input.path, options).map_or(1, |source| source.info().channels);
    let of = |channel: u16| {
        let mut stem = input.stem.clone().into_os_string();
        stem.push(format!(".ch{channel}"));
        let options = SourceOptions { channel: ChannelChoice::One(channel), ..options.clone() };
        (Input { stem: stem.into(), ..input.clone() }, options)
    };
    Ok((1..=channels).map(of).collect())
}

/// Shows how far a job on one recording is, says its warnings and lets Ctrl-C stop it.
pub struct Watch<'a> {
    name: String,
    console: &'a Console,
    progress: Option<Progress>,
}

impl<'a> Watch<'a> {
    pub fn new(input: &Input, console: &'a Console) -> Self {
        Self { name: input.name(), console, progress: None }
    }
}

impl Observer for Watch<'_> {
    fn begin(&mut self, pass: Pass, duration_s: Option<f64>) {
        let what = if pass == Pass::Write { " (writing)" } else { "" };
        // The line of the pass before goes first.
        self.progress = None;
        self.progress = Some(self.console.progress(format!("{}{what}", self.name), duration_s));
    }

    fn at(&mut self, seconds: f64) {
        if let Some(progress) = &self.progress {
            progress.at(seconds);
        }
    }

    fn warn(&mut self, warning: &PipelineWarning) {
        self.console.warn(&format!("{}: {warning}", self.name));
    }

    fn interrupted(&mut self) -> bool {
        interrupt::requested()
    }

    fn stop_flag(&self) -> Option<Arc<AtomicBool>> {
        Some(interrupt::flag())
    }
}

/// Settings as the flags change them.
pub fn with_flags(
    settings: TimelineSettings,
    args: &TimelineArgs,
    shape: Option<&ShapeArgs>,
    manifest: &Manifest,
) -> Result<TimelineSettings> {
    let labels = |names: &[String]| {
        names.iter().filter(|name| !name.is_empty()).map(|name| Label::new(name.as_str())).collect()
    };
    let changes = TimelineChanges {
        threshold: args.threshold.iter().map(|(name, open)| (Label::new(name.as_str()), *open)).collect(),
        silence_dbfs: args.silence_dbfs.map(f64::from),
        exclusive: args.exclusive.as_deref().map(labels),
        refine_borders: args.no_refine.then_some(false),
        ..TimelineChanges::default()
    };
    let changes = shape.map_or(changes.clone(), |shape| shape.with(changes));
    changes.apply(settings, &manifest.labels).map_err(|e| Usage(e.to_string()).into())
}
