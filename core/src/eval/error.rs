//! Why recordings cannot be scored.

use std::path::PathBuf;

use super::TableError;
use crate::render::ListError;
use crate::report::{Format, ReportError};

/// Why a recording, or all of them, cannot be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// No labels.
    #[error(
        "{}: no label file beside it; expected {}.csv (start,end,label), .labels.csv, .truth.csv, .rttm, .TextGrid \
         or another format of `earmark tag`",
        audio.display(),
        audio.with_extension("").display()
    )]
    NoLabels {
        /// The recording.
        audio: PathBuf,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in a label file, not even a header.
    #[error("{}: is empty; the labels of a recording without any are the header alone", path.display())]
    EmptyLabels {
        /// The file.
        path: PathBuf,
    },
    /// A label file that is not of its format.
    #[error("{}: {source}", path.display())]
    Labels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReportError,
    },
    /// A list of cuts that is not of its form.
    #[error("{}: {source}", path.display())]
    Cuts {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ListError,
    },
    /// A name that says no format.
    #[error(
        "{}: its ending says no format; known are {known}, .edl, .otio, .fcpxml, .v1 and .rpp",
        path.display(),
        known = Format::ALL.map(|format| format!(".{}", format.extension())).join(", ")
    )]
    NoFormat {
        /// The file.
        path: PathBuf,
    },
    /// Labels beyond the end.
    #[error(
        "{name}: its labels reach to {end_s:.3} s, but it ends at {duration_s:.3} s; are they of this recording?"
    )]
    LabelsTooLong {
        /// The recording.
        name: String,
        /// End of the last label.
        end_s: f64,
        /// Length of the recording.
        duration_s: f64,
    },
    /// A table that is not of its form.
    #[error("{}: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TableError,
    },
    /// Another detector's scores that cannot be used.
    #[error("scores of {name}: {source}")]
    Peer {
        /// The detector.
        name: String,
        /// What is wrong.
        source: TableError,
    },
    /// A folder without a list of its recordings.
    #[error(
        "{}: there is no manifest.csv in it; it must list the recordings with the columns file,snr_db (empty: clean)",
        folder.display()
    )]
    NoManifest {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder without recordings of known speakers.
    #[error(
        "{}: neither a manifest.csv with the columns file,speaker is in it, nor a sub-folder of recordings for each speaker",
        folder.display()
    )]
    NoSpeakers {
        /// The folder.
        folder: PathBuf,
    },
    /// Noise cannot be added.
    #[error("{}: {source}", path.display())]
    Mix {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: crate::audio::MixError,
    },
    /// A voice cannot be heard.
    #[error("{}: {source}", path.display())]
    Voice {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: crate::voice::VoiceError,
    },
    /// A recording without samples.
    #[error("{}: has no samples", path.display())]
    NoSamples {
        /// The recording.
        path: PathBuf,
    },
    /// A recording that cannot be read.
    #[error(transparent)]
    Audio(#[from] crate::audio::AudioError),
    /// The network failed.
    #[error("{}: {source}", path.display())]
    Detect {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: crate::detect::DetectError,
    },
    /// Figures cannot be written.
    #[error("the figures cannot be written: {0}")]
    Write(#[from] std::io::Error),
}
