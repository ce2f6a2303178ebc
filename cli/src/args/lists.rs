//! What `earmark tag` writes beside labels, and how it shares and resumes work; `earmark compare`.

use std::path::PathBuf;

use clap::Args;
use earmark_core::batch::Shard;
use earmark_core::render::FrameRate;

use super::rate::fps_help;

/// What is cut out, or would be.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cuts")]
pub struct CutArgs {
    /// Write the stretches that --keep names as cuts: FILE.edl (CMX 3600), FILE.otio (OpenTimelineIO), FILE.fcpxml (Final Cut),
    /// FILE.v1 (auto-editor), FILE.rpp (Reaper) or FILE.txt (Audacity); one recording at a time
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    // Frames per second of that list.
    #[arg(long, value_name = "RATE", requires = "list", help = fps_help())]
    pub fps: Option<FrameRate>,
    /// Labels that are kept by --list and cut by --clips, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "speech")]
    pub keep: Vec<String>,
    /// Write each stretch that --keep names as a WAV in this folder: NAME/0001.wav …, with NAME.clips.jsonl to say where each
    /// is from
    #[arg(long, value_name = "DIR")]
    pub clips: Option<PathBuf>,
}

/// How a run is shared and resumed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Archives")]
pub struct ArchiveArgs {
    /// Pass over recordings whose outputs are all there, so that a folder can be resumed, after a crash too
    #[arg(long)]
    pub skip_existing: bool,
    /// Work on one of N equal shares of the recordings, I from 1 to N: for N machines at a time
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Labels that count as true: any format that `tag` writes but parquet, or an .edl, .otio, .fcpxml, .v1 or .rpp
    pub first: PathBuf,
    /// Labels that are judged by them
    pub second: PathBuf,
    /// How far borders may differ, ms; frames nearer to a border of the first list are left out
    #[arg(long, value_name = "MS", default_value_t = 200.0)]
    pub collar_ms: f64,
    /// Labels to compare, separated by commas. Default: all that either list has, but silence and unknown
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub label: Vec<String>,
    /// How many of the longest disagreements are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub worst: usize,
    /// Frames per second of an .edl or .v1 that does not say its own
    #[arg(long, value_name = "RATE")]
    pub fps: Option<FrameRate>,
    /// Draw both lists and what differs: FILE.svg or FILE.png; one recording at a time
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Also write all figures, and every disagreement, as JSON
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
