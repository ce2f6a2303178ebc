//! The arguments of `earmark eval`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use earmark_core::model::pack;
use earmark_core::profile::ProfileName;

use super::PackArgs;

#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Score every 10 ms frame against label files, beside trivial baselines and other detectors
    #[command(after_help = EVAL_HELP)]
    Activity(EvalActivityArgs),
    /// Score the noise pack against recordings of known SNR, beside classifiers that know nothing
    #[command(after_help = EVAL_NOISE_HELP)]
    Noise(EvalNoiseArgs),
    /// Try enrolled voices against clips of known speakers
    #[command(after_help = EVAL_VOICE_HELP)]
    Voice(EvalVoiceArgs),
    /// Score an enrolled phrase: misses against false alarms per hour, delay
    #[command(after_help = EVAL_PHRASE_HELP)]
    Phrase(EvalPhraseArgs),
}

const EVAL_VOICE_HELP: &str = "\
Each folder has a manifest.csv with the columns file,speaker and any others, by which trials are grouped (language, age …), or a \
sub-folder for each speaker. The first clips of a speaker, by their order, are enrolled; each of the others is tried against every \
enrolled voice.";

#[derive(Debug, Args)]
pub struct EvalVoiceArgs {
    /// Folders of recordings of known speakers
    #[arg(required = true, value_name = "DIR")]
    pub inputs: Vec<PathBuf>,
    /// Clips of each speaker that are enrolled
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub enrol: usize,
    /// Try only the first seconds of a clip, separated by commas for several lengths
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub length_s: Vec<f64>,
    /// A recording of noise to add to the clips that are tried, at --snr-db
    #[arg(long, value_name = "FILE", requires = "snr_db")]
    pub noise: Option<PathBuf>,
    /// Ratios of speech to that noise, dB, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true, requires = "noise")]
    pub snr_db: Vec<f64>,
    #[command(flatten)]
    pub pack: super::voice::VoicePackArgs,
    /// Also write all figures, with the DET curve, as JSON
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Clips worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

const EVAL_HELP: &str = "\
Labels of NAME.flac lie beside it: NAME.csv, NAME.labels.csv or NAME.truth.csv with the columns start,end,label, or any \
other format that `earmark tag` writes (NAME.rttm, NAME.TextGrid …). They are the whole truth: what they do not name was \
not there. Groups are the sub-folders, or the columns of a manifest.csv (file,group,…) in the folder. Scores of other \
detectors are CSV files with the columns time,score (for speech), one per recording, under the recording's name; \
tests/peers makes them.";

#[derive(Debug, Args)]
pub struct EvalActivityArgs {
    /// Recordings, or folders of them, each with a label file beside it
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub pack: PackArgs,
    /// Call the network with as few frames as the pack allows, as live audio does
    #[arg(long)]
    pub live: bool,
    /// Labels to score, separated by commas. Default: all that the truth names and the pack knows
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub label: Vec<String>,
    /// Leave out frames whose middle is nearer than this to a border of the truth
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    pub collar_ms: f64,
    /// How far the borders of a decided segment may be from those of the truth for it to count as found
    #[arg(long, value_name = "MS", default_value_t = 200.0)]
    pub segment_collar_ms: f64,
    /// Hear everything again with these gains, separated by commas, to see what they change
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub gain_db: Vec<f64>,
    /// Scores of another detector: a CSV file, or a folder of them; repeatable
    #[arg(long, value_name = "NAME=PATH", value_parser = name_and_path)]
    pub peer: Vec<(String, PathBuf)>,
    /// Also write all figures as JSON
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

const EVAL_NOISE_HELP: &str = "\
Each folder has a manifest.csv with the columns file,snr_db and any others, by which recordings are grouped. snr_db is the \
true ratio of speech to noise in dB (mean powers over the whole recording, as `earmark mix` makes them); it is empty for \
clean recordings. The shortcuts are classifiers that know nothing of noise, each with the best threshold on this very set: \
where one of them does well, the set gives its answers away.";

#[derive(Debug, Args)]
pub struct EvalNoiseArgs {
    /// Folders of recordings, each with a manifest.csv
    #[arg(required = true, value_name = "DIR")]
    pub inputs: Vec<PathBuf>,
    /// Pack: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::NOISE)]
    pub pack: String,
    /// Hear everything again with these gains, separated by commas, to see how far they move the probability
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub gain_db: Vec<f64>,
    /// Also write all figures as JSON
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Also write what was said of each recording as CSV
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

const EVAL_PHRASE_HELP: &str = "\
Each recording has the phrase in it once; where a label file lies beside it (NAME.csv with start,end,label, or any other \
format of `tag`), the end of the stretch phrase:NAME says from when on the delay counts. Recordings are grouped by the folder \
that they lie in, so put each ratio of speech to noise into a folder of its own (`earmark mix` makes them). A phrase whose \
clips were used to train its pack is refused: the pack says which those are, by their SHA-256. Scores of other detectors are \
CSV files with the columns time,score (or time,phrase:NAME), one per recording, with and without the phrase, under the \
recording's name; time is when a score was known. tests/peers makes them.";

#[derive(Debug, Args)]
pub struct EvalPhraseArgs {
    /// Recordings that have the phrase in them, or folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    /// The enrolled phrase
    #[arg(long, value_name = "NAME")]
    pub phrase: ProfileName,
    /// Speech, music and noise without the phrase: recordings or folders; best ten hours and more
    #[arg(long, required = true, value_name = "FILE|DIR", num_args = 1..)]
    pub negative: Vec<PathBuf>,
    #[command(flatten)]
    pub strictness: super::StrictnessArgs,
    #[command(flatten)]
    pub pack: super::phrase::PhrasePackArgs,
    /// Scores of another detector for all these recordings: a folder of CSV files; repeatable
    #[arg(long, value_name = "NAME=DIR", value_parser = name_and_path)]
    pub peer: Vec<(String, PathBuf)>,
    /// The score at which the detector NAME tells the phrase. Default: 0.5
    #[arg(long, value_name = "NAME=SCORE", value_parser = name_and_score, requires = "peer")]
    pub peer_limit: Vec<(String, f32)>,
    /// Also write all figures as JSON
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Files worked on at once. Default: the number of processors
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
}

fn name_and_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), path.into())),
        _ => Err("write it as NAME=PATH, for instance silero=scores/silero".to_owned()),
    }
}

fn name_and_score(text: &str) -> Result<(String, f32), String> {
    let read = |score: &str| score.parse::<f32>().ok().filter(|score| score.is_finite());
    match text.split_once('=').map(|(name, score)| (name, read(score))) {
        Some((name, Some(score))) if !name.is_empty() => Ok((name.to_owned(), score)),
        _ => Err("write it as NAME=SCORE, for instance openwakeword=0.5".to_owned()),
    }
}
