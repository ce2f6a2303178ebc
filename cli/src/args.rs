//! The command line: help, man page and completions all come from these definitions.

mod eval;
mod phrase;
mod profiles;
#[cfg(feature = "serve")]
mod serve;
mod stream;
mod voice;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use earmark_core::audio::Ffmpeg;
use earmark_core::model::pack;
use earmark_core::model::runtime::{Device, LIBRARY_VARIABLE};
use earmark_core::profile::ProfileName;
use earmark_core::render::FrameRate;

pub use eval::{EvalActivityArgs, EvalCommand, EvalNoiseArgs, EvalPhraseArgs, EvalVoiceArgs};
pub use phrase::{
    BesidePhraseArgs, FailModeArg, MaskWith, PaceArg, PhraseBenchArgs, PhraseCommand, PhraseEnrolArgs,
    PhraseExportArgs, PhraseImportArgs, PhraseListArgs, PhraseMaskArgs, PhraseNameArgs, PhraseScoreArgs,
    PhraseSpotArgs, StrictnessArgs, WantedArgs,
};
pub use profiles::{
    ExportProfileArgs, ImportProfileArgs, ListProfilesArgs, PassphraseArgs, RemoveProfileArgs, StoreArgs,
};
#[cfg(feature = "serve")]
pub use serve::ServeArgs;
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
    /// Formats, separated by commas: text, csv, tsv, json, jsonl, audacity, rttm, textgrid, eaf, srt, vtt, cue, reaper, matrix
    #[arg(long, short, value_name = "LIST", value_delimiter = ',', default_value = "text")]
    pub format: Vec<String>,
    /// Draw a picture: FILE.svg or FILE.png; for several inputs a folder
    #[arg(long, value_name = "PATH")]
    pub plot: Option<PathBuf>,
    /// Write one page with an overview, pictures and lists of all inputs: FILE.html
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Start of the pictures in seconds
    #[arg(long, value_name = "S")]
    pub from: Option<f64>,
    /// End of the pictures in seconds
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
pub struct RenderArgs {
    /// Recordings, or folders of them; `-` is stdin
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// FILE.wav or FILE.flac, a folder for several inputs, or `-` for WAV on stdout
    #[arg(long, short, value_name = "OUT|DIR")]
    pub output: PathBuf,
    /// A preset (podcast, voice-over, broadcast-duck, interview, transcription, vocals) or a FILE.json of the same form
    #[arg(long, value_name = "NAME|FILE", default_value = "podcast")]
    pub preset: String,
    /// What stays, in place of the preset's rules: labels, separated by commas (`speech,singing`)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub keep: Option<Vec<String>>,
    /// Take an enrolled phrase out (by `--action`, mute unless said); repeatable. With --keep it is a label, phrase:NAME
    #[arg(long = "phrase", value_name = "NAME")]
    pub phrases: Vec<ProfileName>,
    #[command(flatten)]
    pub phrase_pack: BesidePhraseArgs,
    /// What happens to the rest
    #[arg(long, value_enum)]
    pub action: Option<RenderAction>,
    /// How far the gate closes, or the duck goes down, dB
    #[arg(long, value_name = "DB")]
    pub range_db: Option<f32>,
    /// Time to open, ms
    #[arg(long, value_name = "MS")]
    pub attack_ms: Option<f32>,
    /// Time to stay open after the last speech, ms
    #[arg(long, value_name = "MS")]
    pub hold_ms: Option<f32>,
    /// Time to close, ms
    #[arg(long, value_name = "MS")]
    pub release_ms: Option<f32>,
    /// Time to open before the first speech, ms
    #[arg(long, value_name = "MS")]
    pub lookahead_ms: Option<f32>,
    /// Files only: time added to the lookahead, ms
    #[arg(long, value_name = "MS", conflicts_with = "live")]
    pub pre_roll_ms: Option<f32>,
    /// Files only: how far an opening may move back to where its sound rose above the room's floor, ms
    #[arg(long, alias = "reach-ms", value_name = "MS", conflicts_with = "live")]
    pub onset_backtrack_ms: Option<f32>,
    /// Share of the gated sound in the output, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub wet: Option<f32>,
    /// With --action cut: pauses longer than this are shortened to it, ms
    #[arg(long, value_name = "MS")]
    pub max_pause_ms: Option<f32>,
    /// Let the depth and the closing threshold follow the noise floor: shallow where it is quiet, deep in noise
    #[arg(long)]
    pub adaptive: bool,
    /// Hear and decide as the plugin does: the live pack, no knowledge of the future
    #[arg(long)]
    pub live: bool,
    /// Sample format. Default: the input's; 24 bits for lossy inputs
    #[arg(long, value_enum)]
    pub bits: Option<Bits>,
    /// Round without dither
    #[arg(long)]
    pub no_dither: bool,
    /// Also write what was removed (input minus output): a file, or a folder for several inputs
    #[arg(long, value_name = "PATH")]
    pub listen: Option<PathBuf>,
    /// Also write what was changed as an edit list: FILE.edl (CMX 3600), FILE.otio (OpenTimelineIO), FILE.fcpxml (Final Cut),
    /// FILE.v1 (auto-editor), FILE.rpp (Reaper) or FILE.txt (Audacity)
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Frames per second of that list: 23.976, 24, 25, 29.97, 30, 50, 59.94 or 60; 29.97 and 59.94 count drop-frame, 29.97ndf and
    /// 59.94ndf do not. Without, EDL and Final Cut count 25, auto-editor 30, and OpenTimelineIO samples
    #[arg(long, value_name = "RATE", requires = "list")]
    pub fps: Option<FrameRate>,
    /// Also write the labels, in the output's time, as FILE.csv, .json, .rttm … by its ending
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Also write a summary: one JSON object per line and recording
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Leave outputs alone that are already there, so that a folder can be resumed
    #[arg(long)]
    pub skip_existing: bool,
    /// Pack: an embedded name, or the folder of any other. Default: studio, or live with --live
    #[arg(long, value_name = "NAME|DIR")]
    pub pack: Option<String>,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
    #[command(flatten)]
    pub follow: FollowArgs,
    #[command(flatten)]
    pub timeline: TimelineArgs,
}

/// What happens to what is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RenderAction {
    /// Down by the range, opening and closing smoothly
    Gate,
    /// Down by the range, meant for a bed under speech
    Duck,
    /// Down to digital silence
    Mute,
    /// Long pauses are cut out
    Cut,
}

/// Formats of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    #[value(name = "16")]
    Sixteen,
    #[value(name = "24")]
    TwentyFour,
    #[value(name = "32")]
    ThirtyTwo,
    Float,
}

#[derive(Debug, Args)]
pub struct NoiseArgs {
    /// Recordings, or folders of them; `-` is stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    /// Also say it for every second
    #[arg(long)]
    pub timeline: bool,
    /// text (a table), csv or json
    #[arg(long, short, value_enum, default_value = "text")]
    pub format: NoiseFormat,
    /// Where the list goes. Default: stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw how many recordings have which SNR: FILE.svg or FILE.png
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
