//! `earmark phrase`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use earmark_core::model::pack;
use earmark_core::phrase::{PhraseError, SpotterSettings};
use earmark_core::profile::ProfileName;

use super::{ExportProfileArgs, ImportProfileArgs, ListProfilesArgs, PartArgs, RemoveProfileArgs, StoreArgs};

/// What to do with phrases.
#[derive(Debug, Subcommand)]
pub enum PhraseCommand {
    /// Enrol a phrase from 3 to 20 recordings of it: no training, a small profile
    Enrol(PhraseEnrolArgs),
    /// List what is enrolled
    List(ListProfilesArgs),
    /// Forget a phrase
    Remove(RemoveProfileArgs),
    /// Write the profile of a phrase to a file, for another machine
    Export(ExportProfileArgs),
    /// Take in a profile that was exported
    Import(ImportProfileArgs),
    /// Say where phrases are said in recordings: all formats of `tag`, label phrase:NAME
    Spot(PhraseSpotArgs),
    /// Cover phrases in a recording by silence or a beep, or turn them down
    Mask(PhraseMaskArgs),
    /// Score a file of labels, sample by sample, as a suppressor of commands
    Score(PhraseScoreArgs),
    /// Play a recording at its own pace and label every sample: delays, pass or fail
    Bench(PhraseBenchArgs),
}

/// Which network of phrases hears.
#[derive(Debug, Clone, Args)]
pub struct PhrasePackArgs {
    /// Pack of the task `phrase`: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::PHRASE)]
    pub pack: String,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Where phrases come from, in commands with a pack of their own.
#[derive(Debug, Clone, Args)]
pub struct BesidePhraseArgs {
    /// Pack of the phrases: an embedded name, or a folder
    #[arg(long, value_name = "NAME|DIR", default_value = pack::PHRASE, requires = "phrases")]
    pub phrase_pack: String,
}

/// When phrases of a stream are told.
#[derive(Debug, Clone, Copy, Args)]
pub struct TellingArgs {
    /// For so long after a phrase was told it is not told again, ms. Default: 1000
    #[arg(long, value_name = "MS")]
    pub refractory_ms: Option<u32>,
    /// A phrase is recognised once it has stood at its limit for so many hops of 40 ms in a row. Default: 1
    #[arg(long, value_name = "N")]
    pub confirm: Option<u32>,
}

impl TellingArgs {
    /// As core takes them.
    pub fn settings(self) -> Result<SpotterSettings, PhraseError> {
        let usual = SpotterSettings::default();
        let settings = SpotterSettings {
            refractory_ms: self.refractory_ms.unwrap_or(usual.refractory_ms),
            confirm_hops: self.confirm.unwrap_or(usual.confirm_hops),
        };
        settings.check()?;
        Ok(settings)
    }
}

/// Which phrases are looked for.
#[derive(Debug, Clone, Args)]
pub struct WantedArgs {
    /// An enrolled phrase; repeatable
    #[arg(long = "phrase", required = true, value_name = "NAME")]
    pub phrases: Vec<ProfileName>,
    #[command(flatten)]
    pub strictness: StrictnessArgs,
    #[command(flatten)]
    pub pack: PhrasePackArgs,
}

/// How false alarms and misses are weighed.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub struct StrictnessArgs {
    /// Few false alarms: 0.1 an hour
    #[arg(long)]
    pub strict: bool,
    /// Between both: 0.5 an hour. The default of `enrol`
    #[arg(long)]
    pub balanced: bool,
    /// Few misses: 2 false alarms an hour
    #[arg(long)]
    pub keen: bool,
}

#[derive(Debug, Args)]
pub struct PhraseEnrolArgs {
    /// What it shall be called
    pub name: ProfileName,
    /// 3 to 20 recordings of the phrase alone, best by several people and in several places
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// A recording that must not be taken for the phrase (up to a minute), or speech without it (longer); repeatable
    #[arg(long, value_name = "CLIP", num_args = 1..)]
    pub negative: Vec<PathBuf>,
    /// Put it in the place of a phrase of the same name
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub strictness: StrictnessArgs,
    #[command(flatten)]
    pub pack: PhrasePackArgs,
}

#[derive(Debug, Args)]
pub struct PhraseSpotArgs {
    /// Recordings, or folders of them; `-` is stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// Where labels go: a file, or a folder for several inputs or formats. Default: stdout
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Formats, separated by commas: those of `tag`. Default: by the ending of -o, or text
    #[arg(long, short, value_name = "LIST", value_delimiter = ',')]
    pub format: Vec<String>,
    /// Draw where they are said and how sure that is over time, a lane for each phrase: FILE.svg or FILE.png; one recording at a time
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub part: PartArgs,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

/// What is heard in the place of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaskWith {
    /// Digital silence
    Silence,
    /// A tone of 1 kHz
    Beep,
    /// The phrase, 30 dB down
    Duck,
}

#[derive(Debug, Args)]
pub struct PhraseMaskArgs {
    /// A recording; `-` is stdin
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// FILE.wav or FILE.flac, or `-` for WAV on stdout
    #[arg(long, short, value_name = "OUT")]
    pub output: PathBuf,
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// What is heard in the place of the phrase
    #[arg(long, value_enum, default_value = "silence")]
    pub with: MaskWith,
    /// Added before and after the phrase, ms
    #[arg(long, value_name = "MS", default_value_t = 80)]
    pub pad_ms: u16,
    /// Decide as a live channel does, without knowledge of the future
    #[arg(long)]
    pub live: bool,
    /// With --live: delay of the sound, in which a phrase can be known before it goes out, ms
    #[arg(long, value_name = "MS", default_value_t = 0, requires = "live")]
    pub lookahead_ms: u16,
}

#[derive(Debug, Args)]
pub struct PhraseScoreArgs {
    /// Where the commands are: rows `first,last` of samples, and `samples,N`
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// What was labelled when: rows `first,last,label,received,labelled`, as `bench` writes them
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PaceArg {
    /// As a live channel comes
    Realtime,
    /// As fast as can be
    Full,
}

/// What happens to samples once the network has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailModeArg {
    /// They are kept off the air
    Closed,
    /// They go on air
    Open,
}

#[derive(Debug, Args)]
pub struct PhraseBenchArgs {
    /// A recording of at most ten minutes. Default: a minute of noise, 16 kHz
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// How fast it is played
    #[arg(long, value_enum, default_value = "realtime")]
    pub pace: PaceArg,
    /// Samples that come at a time
    #[arg(long, value_name = "SAMPLES", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub frame: u32,
    /// What happens to samples once the network has failed
    #[arg(long, value_enum, default_value = "closed")]
    pub fail_mode: FailModeArg,
    /// Also write every label with its times, for `score`
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
