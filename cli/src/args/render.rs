//! `earmark render`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use earmark_core::profile::ProfileName;
use earmark_core::render::FrameRate;

use super::rate::fps_help;
use super::{BesidePhraseArgs, FollowArgs, TimelineArgs};

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
    /// Level that a label must exceed beside its probability to count for the gate, dBFS
    #[arg(long, value_name = "DBFS", allow_negative_numbers = true)]
    pub open_above_dbfs: Option<f32>,
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
    // Frames per second of that list.
    #[arg(long, value_name = "RATE", requires = "list", help = fps_help())]
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
