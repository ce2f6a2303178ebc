//! The shape of segments of speech, the same for recordings and streams.

use clap::Args;
use earmark_core::decide::{Purpose, TimelineChanges};

/// What segments of speech look like.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Shape of speech")]
pub struct ShapeArgs {
    /// A shape for a purpose: subtitles, transcription, archive or editing; the flags below go before it
    #[arg(long = "for", value_name = "PURPOSE")]
    pub purpose: Option<Purpose>,
    /// Drop speech that is shorter, ms. Default: 100
    #[arg(long, value_name = "MS")]
    pub min_speech_ms: Option<u32>,
    /// Fill pauses of speech that are shorter, and let no shorter silence part a label, ms. Default: 200
    #[arg(long, value_name = "MS")]
    pub min_silence_ms: Option<u32>,
    /// Widen speech at both ends, ms (at most 10000); a pause that has no room for it and 100 ms more closes. Default: 0
    #[arg(long, value_name = "MS")]
    pub pad_ms: Option<u32>,
    /// Divide longer speech where it is least likely and quietest, s (1 to 3600). Default: as long as it is
    #[arg(long, value_name = "S")]
    pub max_segment_s: Option<f64>,
}

impl ShapeArgs {
    /// `changes` with these.
    pub fn with(&self, changes: TimelineChanges) -> TimelineChanges {
        TimelineChanges {
            purpose: self.purpose,
            min_speech_ms: self.min_speech_ms,
            min_silence_ms: self.min_silence_ms,
            pad_ms: self.pad_ms,
            max_segment_s: self.max_segment_s,
            ..changes
        }
    }
}
