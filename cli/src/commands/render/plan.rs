//! What the flags ask for: a gate, perhaps a cut, and where everything goes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use earmark_core::Label;
use earmark_core::audio::SampleFormat;
use earmark_core::batch::{Input, Outputs, are_several, in_folder, is_dash, names_folder};
use earmark_core::gate::{GateAction, GateError, PresetChanges, load_preset};
use earmark_core::model::pack::Pack;
use earmark_core::phrase::{LABEL_PREFIX, Phrases};
use earmark_core::pipeline::{FileRenderer, RenderSettings};
use earmark_core::render::{Container, Dither, ListFormat, MovieContainer};
use earmark_core::report::Format;
use earmark_core::voice::Voices;

use super::super::cuts::list_format;
use super::super::hearing::with_flags;
use crate::args::{Bits, RenderAction, RenderArgs};
use crate::console::{Console, Usage};

/// The gate of all recordings and where their outputs go.
#[derive(Debug)]
pub struct Plan {
    pub renderer: FileRenderer,
    /// Of `--labels`, by its ending.
    pub label_format: Option<Format>,
    /// Of `--list`, by its ending.
    pub list_format: Option<ListFormat>,
    several: bool,
}

impl Plan {
    /// Checks everything that can be checked before any work.
    pub fn new(
        args: &RenderArgs,
        inputs: &[Input],
        pack: &Pack,
        (voices, phrases): (Option<Voices>, Option<&Phrases>),
        console: &Console,
    ) -> Result<Self> {
        let usage = |e: GateError| anyhow::Error::from(Usage(e.to_string()));
        refuse_what_needs_the_future(args)?;
        let mut preset = load_preset(&args.preset).map_err(usage)?;
        let changes = changes(args);
        changes.apply(&mut preset);
        if let (Some(phrases), None) = (phrases, &args.keep) {
            preset.take_out(phrases.labels().cloned().collect(), &changes);
        }
        let manifest = pack.manifest();
        let settings = RenderSettings::new(preset, manifest);
        let settings = RenderSettings {
            timeline: with_flags(settings.timeline, &args.timeline, None, manifest)?,
            causal: args.live,
            // A phrase that is too short for a cut, or what is left of one, is not to be heard.
            cut_only: changes.cut_only() && (phrases.is_none() || args.keep.is_some()),
            sample_format: args.bits.map(sample_format),
            dither: if args.no_dither { Dither::Off } else { Dither::Triangular },
            measure_loudness: args.summary.is_some(),
            ..settings
        };
        let settings = match voices {
            Some(voices) => settings.for_voices(voices).map_err(usage)?,
            None => settings,
        };
        let is_singing = |label: &Label| *label == Label::SINGING;
        if settings.preset.gate.labels().any(is_singing) && !manifest.labels.iter().any(is_singing) {
            console
                .warn(&format!("pack {} does not tell singing from music: all music counts", manifest.name));
        }
        let renderer = FileRenderer::with_phrases(settings, manifest, phrases).map_err(usage)?;
        let several = are_several(&args.inputs, inputs);
        if is_dash(&args.output) && inputs.len() > 1 {
            return Err(Usage("several inputs need a folder: name one with -o".to_owned()).into());
        }
        if inputs.len() > 1 && (args.list.is_some() || args.labels.is_some()) {
            return Err(Usage(
                "--list and --labels are for one input; render a folder file by file for them".to_owned(),
            )
            .into());
        }
        let label_format = args.labels.as_deref().map(label_format).transpose()?;
        let list_format = args.list.as_deref().map(list_format).transpose()?.map(|(_, format)| format);
        if let (Some(rate), Some(false)) = (args.fps, list_format.map(ListFormat::counts_frames)) {
            return Err(Usage(format!("--fps {rate}: that list counts no frames; leave it out")).into());
        }
        let plan = Self { renderer, label_format, list_format, several };
        plan.claim(args, inputs)?;
        Ok(plan)
    }

    /// The output of one recording; nothing for stdout.
    pub fn output(&self, args: &RenderArgs, input: &Input) -> Option<PathBuf> {
        (!is_dash(&args.output)).then(|| self.place(&args.output, input))
    }

    /// Where `--listen` puts what was removed from one recording.
    pub fn listen(&self, args: &RenderArgs, input: &Input) -> Option<PathBuf> {
        args.listen.as_deref().map(|path| self.place(path, input))
    }

    fn place(&self, path: &Path, input: &Input) -> PathBuf {
        if !self.several && !names_folder(path) {
            return path.to_owned();
        }
        let flac = input.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("flac"));
        in_folder(path, &input.stem, if flac { "flac" } else { "wav" })
    }

    /// Claims every file that the run will write, and refuses names that do not say what they are.
    fn claim(&self, args: &RenderArgs, inputs: &[Input]) -> Result<()> {
        let mut outputs = Outputs::beside(inputs);
        outputs.protect(Path::new(&args.preset));
        for input in inputs {
            let output = self.output(args, input).map(|path| (path, true));
            let listen = self.listen(args, input).map(|path| (path, false));
            for (path, movie) in output.iter().chain(&listen) {
                outputs.claim_file(path)?;
                check_container(path, *movie)?;
            }
        }
        if is_dash(&args.output) {
            outputs.claim(&args.output)?;
        }
        for path in [&args.list, &args.labels].into_iter().flatten() {
            outputs.claim_file(path)?;
        }
        Ok(args.summary.as_deref().map_or(Ok(()), |path| outputs.claim(path))?)
    }
}

/// With `--keep` a phrase is a label as others are. One that it does not name would change nothing: who gives it to have it off
/// the air would put it on the air.
pub fn refuse_phrases_without_a_say(args: &RenderArgs) -> Result<()> {
    let Some(keep) = &args.keep else { return Ok(()) };
    let label = |phrase| format!("{LABEL_PREFIX}{phrase}");
    match args.phrases.iter().map(label).find(|label| !keep.contains(label)) {
        Some(label) => Err(Usage(format!(
            "--keep says what stays, and {label} is not in it, so --phrase would change nothing; leave --keep out to take the phrase \
             out, or name {label} in --keep to let it stay"
        ))
        .into()),
        None => Ok(()),
    }
}

/// Live, every frame is decided as it comes: what shapes whole segments has no say there, and is refused rather than
/// ignored, as clap does with `--pre-roll-ms`. (These two flags are also those of `tag`, which has no `--live`.)
fn refuse_what_needs_the_future(args: &RenderArgs) -> Result<()> {
    let flags =
        [("--exclusive", args.timeline.exclusive.is_some()), ("--no-refine", args.timeline.no_refine)];
    match flags.into_iter().find(|(_, given)| args.live && *given) {
        Some((flag, _)) => Err(Usage(format!(
            "{flag} is for whole files, whose future is known; leave it out, or leave --live out"
        ))
        .into()),
        None => Ok(()),
    }
}

fn check_container(path: &Path, movie: bool) -> Result<()> {
    if Container::of_path(path).is_some() || movie && MovieContainer::of_path(path).is_some() {
        return Ok(());
    }
    let message = "its ending names no format that is written here; name a FILE.wav or FILE.flac, a FILE.mp4, .mov, .mkv or .webm \
         for what has a picture, or a folder/";
    Err(Usage(format!("{}: {message}", path.display())).into())
}

/// What single flags change about the preset.
fn changes(args: &RenderArgs) -> PresetChanges {
    let labels = |names: &Vec<String>| names.iter().map(|name| Label::new(name.as_str())).collect();
    PresetChanges {
        range_db: args.range_db,
        attack_ms: args.attack_ms,
        hold_ms: args.hold_ms,
        release_ms: args.release_ms,
        lookahead_ms: args.lookahead_ms,
        pre_roll_ms: args.pre_roll_ms,
        onset_backtrack_ms: args.onset_backtrack_ms,
        open_above_dbfs: args.open_above_dbfs,
        wet: args.wet,
        max_pause_ms: args.max_pause_ms,
        keep: args.keep.as_ref().map(labels),
        action: args.action.map(|action| match action {
            RenderAction::Gate => GateAction::Gate,
            RenderAction::Duck => GateAction::Duck,
            RenderAction::Mute => GateAction::Mute,
            RenderAction::Cut => GateAction::Cut,
        }),
    }
}

fn sample_format(bits: Bits) -> SampleFormat {
    let (bits, float) = match bits {
        Bits::Sixteen => (16, false),
        Bits::TwentyFour => (24, false),
        Bits::ThirtyTwo => (32, false),
        Bits::Float => (32, true),
    };
    SampleFormat { bits, float }
}

fn label_format(path: &Path) -> Result<Format> {
    Format::of_path(path).ok_or_else(|| {
        let known = Format::ALL.map(|f| format!(".{}", f.extension())).join(", ");
        Usage(format!("--labels {}: its ending says no format; known are {known}", path.display())).into()
    })
}
