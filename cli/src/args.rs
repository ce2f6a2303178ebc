//! The command line: help, man page and completions all come from these definitions.

mod eval;
mod lists;
mod phrase;
mod profiles;
mod rate;
mod render;
#[cfg(feature = "serve")]
mod serve;
mod shape;
mod stream;
mod voice;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use earmark_core::audio::Ffmpeg;
use earmark_core::model::pack;
use earmark_core::model::runtime::{Device, LIBRARY_VARIABLE};

pub use eval::{EvalActivityArgs, EvalCommand, EvalNoiseArgs, EvalPhraseArgs, EvalVoiceArgs};
pub use lists::{ArchiveArgs, CompareArgs, CutArgs};
pub use phrase::{
    BesidePhraseArgs, FailModeArg, MaskWith, PaceArg, PhraseBenchArgs, PhraseCommand, PhraseEnrolArgs,
    PhraseMaskArgs, PhraseScoreArgs, PhraseSpotArgs, StrictnessArgs, TellingArgs, WantedArgs,
};
pub use profiles::{
    ExportProfileArgs, ImportProfileArgs, ListProfilesArgs, PassphraseArgs, RemoveProfileArgs, StoreArgs,
};
pub use render::{Bits, RenderAction, RenderArgs};
#[cfg(feature = "serve")]
pub use serve::ServeArgs;
pub use shape::ShapeArgs;
pub use stream::StreamArgs;
pub use voice::{
    EmbedVoiceArgs, EnrolVoiceArgs, FollowArgs, VerifyVoiceArgs, VoiceCommand, VoiceFailure, WhoArgs,
};

/// Hears speech, music and noise in recordings.
#[derive(Debug, Parser)]
#[command(
    name = "earmark",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done; 1 some inputs failed, each is named on stderr; 2 wrong usage; 3 denied (voice verify); 130 interrupted.\n\
                  `-` is stdin or stdout. Results go to stdout, all else to stderr."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// ONNX Runtime library to run networks on, instead of the embedded runtime
    #[arg(long, global = true, value_name = "PATH", env = LIBRARY_VARIABLE)]
    pub runtime: Option<PathBuf>,
    /// Where networks run: cpu, cuda, tensorrt, rocm, migraphx, openvino, coreml, directml or webgpu
    #[arg(long, global = true, default_value = "cpu")]
    pub device: Device,
    /// Say nothing but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: packs, runtimes, what was skipped
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// ffmpeg, for what is not read here (MPEG-TS, AC-3, WMA, HE-AAC …): its path, or `never`. Default: the system's
    #[arg(long, global = true, value_name = "PATH|never", value_parser = ffmpeg)]
    pub ffmpeg: Option<Ffmpeg>,
    /// Write errors as JSON lines
    #[arg(long = "json", global = true)]
    pub json_errors: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Label speech, music, noise and silence over time
    Tag(TagArgs),
    /// Write what was heard every 10 ms, before any decision
    Frames(FramesArgs),
    /// Gate, duck, mute or cut what is not to be kept
    Render(RenderArgs),
    /// Tell what is on in a stream while it is on: JSON lines, alerts, MQTT, a live gate
    Stream(StreamArgs),
    /// Find background noise behind speech: probability, SNR, floor, kind
    Noise(NoiseArgs),
    /// Learn voices, verify clips, say who speaks
    #[command(subcommand)]
    Voice(VoiceCommand),
    /// Enrol commands from a handful of clips; find, mask and score them
    #[command(subcommand)]
    Phrase(PhraseCommand),
    /// Serve recordings and streams over HTTP, with a page for browsers
    #[cfg(feature = "serve")]
    Serve(ServeArgs),
    /// Compare two lists of labels: F1 of frames and segments, errors of borders, what differs most
    Compare(CompareArgs),
    /// Compute the features that a network sees
    Features(FeaturesArgs),
    /// List the packs: hashes, licences, cards
    Models(ModelsArgs),
    /// Measure speed, delay and memory on this machine
    Bench(BenchArgs),
    /// Measure how well a pack hears, against label files
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Mix speech and noise at a given signal-to-noise ratio
    Mix(MixArgs),
    /// Write the man page or the completions of a shell
    Docs(DocsArgs),
}

/// Which part of a recording is heard.
#[derive(Debug, Clone, Args)]
pub struct PartArgs {
    /// Sound track, counted from 1. Default: the first that is not silent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub track: Option<u16>,
    /// One channel (counted from 1), each by itself, or at each moment the best. Default: all, mixed
    #[arg(long, value_name = "N|each|best", value_parser = channel)]
    pub channel: Option<Channel>,
}

/// Which channels are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// This one, counted from 1.
    One(u16),
    /// Every one by itself.
    Each,
    /// At each moment the loudest.
    Best,
}

fn channel(text: &str) -> Result<Channel, String> {
    match text {
        "each" => Ok(Channel::Each),
        "best" => Ok(Channel::Best),
        number => match number.parse() {
            Ok(number @ 1..) => Ok(Channel::One(number)),
            _ => Err("name a channel, counted from 1, or `each` or `best`".to_owned()),
        },
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a parser of the command line")]
fn ffmpeg(text: &str) -> Result<Ffmpeg, String> {
    Ok(if text == "never" { Ffmpeg::Never } else { Ffmpeg::Path(text.into()) })
}

impl Command {
    /// Whether it listens for signals itself.
    pub fn handles_signals(&self) -> bool {
        #[cfg(feature = "serve")]
        return matches!(self, Self::Serve(_));
        #[cfg(not(feature = "serve"))]
        false
    }
}

/// Which pack hears.
#[derive(Debug, Clone, Args)]
pub struct PackArgs {
    /// Pack: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::STUDIO)]
    pub pack: String,
}

#[derive(Debug, Args)]
pub struct TagArgs {
    /// Recordings, or folders of them; `-` is stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    /// Where labels go: a file, or a folder for several inputs or formats. Default: stdout
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Formats, separated by commas: text, csv, tsv, json, jsonl, audacity, rttm, textgrid, eaf, srt, vtt, cue, reaper, matrix,
    /// clips, nemo, lhotse, iiif, ffmetadata, chapters, parquet. Default: by the ending of -o, or text
    #[arg(long, short, value_name = "LIST", value_delimiter = ',')]
    pub format: Vec<String>,
    /// Draw a picture: FILE.svg or FILE.png; for several inputs a folder
    #[arg(long, value_name = "PATH")]
    pub plot: Option<PathBuf>,
    /// Write a page to see, hear and correct the labels: one FILE.html for all inputs, or DIR/ with a page each and an index
    #[arg(long, value_name = "PATH")]
    pub report: Option<PathBuf>,
    /// Put the recordings into the page, which links them otherwise
    #[arg(long)]
    pub embed: bool,
    /// Another list of the same recordings, which the page compares with
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Start of the pictures and of what the page shows first, in seconds
    #[arg(long, value_name = "S")]
    pub from: Option<f64>,
    /// Their end, in seconds
    #[arg(long, value_name = "S")]
    pub to: Option<f64>,
    #[command(flatten)]
    pub pack: PackArgs,
    #[command(flatten)]
    pub part: PartArgs,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
    #[command(flatten)]
    pub timeline: TimelineArgs,
    #[command(flatten)]
    pub shape: ShapeArgs,
    #[command(flatten)]
    pub cuts: CutArgs,
    #[command(flatten)]
    pub archive: ArchiveArgs,
}

/// How frames become segments.
#[derive(Debug, Clone, Args)]
pub struct TimelineArgs {
    /// Probability at which a label begins, as LABEL=P (0 to 1); repeatable
    #[arg(long, value_name = "LABEL=P", value_parser = label_value)]
    pub threshold: Vec<(String, f32)>,
    /// Level at or below which all is silence, dBFS
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub silence_dbfs: Option<f32>,
    /// One label per instant, by priority: a comma-separated list, highest first. Without one: speech, singing, music, noise
    #[arg(long, value_name = "LIST", num_args = 0..=1, default_missing_value = "", value_delimiter = ',')]
    pub exclusive: Option<Vec<String>>,
    /// Keep the network's own borders, do not move them to the nearest step of the level
    #[arg(long)]
    pub no_refine: bool,
}

#[derive(Debug, Args)]
pub struct FramesArgs {
    /// A recording; `-` is stdin
    pub input: PathBuf,
    /// FILE.csv or FILE.npy. Default: CSV on stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub pack: PackArgs,
    /// Call the network with as few frames as the pack allows, as live audio does
    #[arg(long)]
    pub live: bool,
}

#[derive(Debug, Args)]
pub struct NoiseArgs {
    /// Recordings, or folders of them; `-` is stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    /// Also say it for every second
    #[arg(long)]
    pub timeline: bool,
    /// text (a table), csv or json. Default: by the ending of -o, or text
    #[arg(long, short, value_enum)]
    pub format: Option<NoiseFormat>,
    /// Where the list goes. Default: stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw how many recordings have which SNR, or with --timeline the SNR of one over time: FILE.svg or FILE.png
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Probability at which a recording counts as noisy. Default: the pack's
    #[arg(long, value_name = "P", value_parser = probability)]
    pub threshold: Option<f32>,
    /// Pack: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::NOISE)]
    pub pack: String,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Forms of the list of `earmark noise`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoiseFormat {
    Text,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub struct FeaturesArgs {
    /// A recording; `-` is stdin
    pub input: PathBuf,
    /// A preset (earmark, s0, s1, s2, s3, s4) or a FeatureSpec as FILE.json
    #[arg(long, value_name = "NAME|FILE")]
    pub spec: String,
    /// FILE.npy, frames × bands, float32
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Packs to show: embedded names or folders. Default: all embedded
    pub packs: Vec<String>,
    /// Print the whole card of each
    #[arg(long)]
    pub card: bool,
    /// Keep a copy of each in the user's folder, where projects of the plugin find it after an update
    #[arg(long, conflicts_with = "card")]
    pub keep: bool,
}

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// A recording. Default: a minute of synthetic audio, 48 kHz stereo
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub pack: PackArgs,
    /// Threads for the parallel figure. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub struct MixArgs {
    /// The speech, kept as it is
    pub speech: PathBuf,
    /// The noise, repeated or cut to the speech's length
    pub noise: PathBuf,
    /// Signal-to-noise ratio in dB: mean power of the whole speech file over that of the noise
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub snr: f64,
    /// FILE.wav
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct DocsArgs {
    /// What to write to stdout
    #[arg(value_enum)]
    pub kind: DocsKind,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DocsKind {
    Man,
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

fn label_value(text: &str) -> Result<(String, f32), String> {
    let (label, value) = text.split_once('=').ok_or("write it as LABEL=P, for instance speech=0.6")?;
    Ok((label.to_owned(), probability(value)?))
}

fn probability(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{value} is not a probability (0 to 1)"))
    }
}
