//! Files through the gate: what a render writes, and what it tells about it.
//!
//! ```text
//! Source blocks ─▶ Renderer ─┬─ GainComputer ─▶ (cut) ─▶ Quantiser ─▶ AudioOut   the result: WAV, RF64, FLAC
//!                            ├─ in − out ──────────────────────────▶ AudioOut   what was removed
//!                            └─ GainStatistics, Loudness ──────────▶ Summary    for JSON
//! edges ─▶ CutPlan ─▶ EditList (CMX 3600, Reaper, Audacity …), labels in the output's time
//! ```
//!
//! Everything streams: memory does not depend on the length of a file. What is written depends on the samples
//! only, never on how they are cut into blocks.

mod cut;
mod cutter;
mod edits;
mod flac;
mod format;
mod measure;
mod metadata;
mod movie;
mod output;
mod quantise;
mod renderer;
mod sink;
mod tags;
mod wav;
mod wav_file;

use crate::output::is_disk_full;

pub use cut::{CutPlan, Region};
pub use edits::{CutListEntry, EditKind, EditList, FrameRate, ListError, ListFormat, UnknownRate};
pub use flac::FlacOut;
pub use format::{Container, StreamFormat};
pub use measure::{GainChange, GainFigures, GainStatistics, Loudness, LoudnessFigures};
pub use metadata::{Chunk, Metadata, Picture, Remapped};
pub use movie::{Movie, MovieContainer, MovieError, MovieFile};
pub use output::AudioOut;
pub use quantise::{Dither, Quantiser};
pub use renderer::{RenderSpec, Renderer, Summary};
pub use wav::{MAX_RIFF_BYTES, WavOut};
pub use wav_file::WavWriter;

use std::path::PathBuf;

/// Why a render fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// No space left.
    #[error("cannot write the output: the disk is full; free some space and run again")]
    DiskFull,
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Write(std::io::Error),
    /// A chunk list that makes no sense.
    #[error("cannot read the metadata of {path}: {source}")]
    Metadata {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A format that the container cannot hold.
    #[error("{container} cannot hold {what}; use {instead}")]
    Format {
        /// The container.
        container: &'static str,
        /// What was asked for.
        what: String,
        /// What can.
        instead: &'static str,
    },
    /// The ending of an output's name stands for nothing that is written here.
    #[error("its ending names no format that is written here; name a FILE.wav or FILE.flac")]
    Container,
    /// The FLAC encoder refused.
    #[error("the FLAC encoder refused: {0}")]
    Flac(String),
    /// The gate's settings or its edges do not work.
    #[error(transparent)]
    Gate(#[from] crate::gate::GateError),
    /// The decisions are out of order.
    #[error("the decisions for the gate are out of order: {0}")]
    Edges(#[from] crate::gate::PushError),
    /// What is wrong with the output for what was removed, not with the result.
    #[error(transparent)]
    Removed(Box<RenderError>),
    /// A pipe was promised another length.
    #[error(
        "the output was announced with {announced} samples per channel and got {written}; the input's header is wrong"
    )]
    Length {
        /// In the header.
        announced: u64,
        /// Written.
        written: u64,
    },
}

impl RenderError {
    pub(super) fn of_removed(self) -> Self {
        Self::Removed(Box::new(self))
    }
}

impl From<std::io::Error> for RenderError {
    fn from(error: std::io::Error) -> Self {
        if is_disk_full(&error) { Self::DiskFull } else { Self::Write(error) }
    }
}
