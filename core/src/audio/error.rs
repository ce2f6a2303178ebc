//! What can be wrong with audio, said in sentences that name the file.

use std::io;
use std::path::{Path, PathBuf};

use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Why a source cannot be opened, or cannot be read any further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file does not exist or may not be read.
    #[error("{} cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder where a file was expected.
    #[error("{} is a folder, not an audio file; name the files in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("{} is empty (0 bytes); was it copied or recorded completely?", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Nothing in the file is audio in a known format.
    #[error(
        "{} is not audio in a format that can be read here ({detail}); \
         WAV, FLAC, MP3, AAC/M4A, ALAC, Vorbis, Opus, AIFF, CAF and Matroska/WebM can be",
        path.display()
    )]
    NotAudio {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        detail: String,
    },
    /// A known container with a codec or a layout that is not supported.
    #[error("{} uses {what}, which is not supported; convert it, for instance to WAV or FLAC", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The codec or feature.
        what: String,
    },
    /// The header is damaged or contradicts itself.
    #[error("{} has a damaged header: {detail}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The header states no channels.
    #[error("{} has no channels, so there is nothing to hear; its header is damaged", path.display())]
    NoChannels {
        /// The file.
        path: PathBuf,
    },
    /// A sound track that the file does not have was asked for.
    #[error("{} has no sound track {wanted}; it has {tracks}", path.display())]
    NoTrack {
        /// The file.
        path: PathBuf,
        /// The track, counted from 1.
        wanted: u16,
        /// How many there are.
        tracks: usize,
    },
    /// A channel that the file does not have was asked for.
    #[error("{} has no channel {wanted}; it has {channels}", path.display())]
    NoChannel {
        /// The file.
        path: PathBuf,
        /// The channel, counted from 1.
        wanted: u16,
        /// How many there are.
        channels: u16,
    },
    /// The rate is outside what is supported.
    #[error(
        "{} has a rate of {rate_hz} Hz; rates from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are supported, so convert it first",
        path.display()
    )]
    Rate {
        /// The file.
        path: PathBuf,
        /// The rate in its header.
        rate_hz: u32,
    },
    /// A losslessly compressed file that ends before the length in its header.
    #[error(
        "{} is cut off: it ends after {at_s:.3} s of the {told_s:.3} s that its header announces; \
         copy it again from its source",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Seconds that could be decoded.
        at_s: f64,
        /// Seconds that the header announces.
        told_s: f64,
    },
    /// Damage in the middle of a losslessly compressed file.
    #[error("{} is damaged at {at_s:.3} s: {detail}; copy it again from its source", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Seconds decoded before the damage.
        at_s: f64,
        /// What the decoder found.
        detail: String,
    },
    /// A sample that is not a finite number.
    #[error("{} has a sample at {at_s:.3} s that is not a number (NaN or infinite); export it again", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Time of the sample.
        at_s: f64,
    },
    /// The system failed to read.
    #[error("{} cannot be read further than {at_s:.3} s: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Seconds read before.
        at_s: f64,
        /// What the system said.
        source: io::Error,
    },
    /// The rate asked for cannot be resampled to.
    #[error("{} cannot be resampled: {source}", path.display())]
    Resample {
        /// The file.
        path: PathBuf,
        /// Why.
        source: crate::signal::ResampleError,
    },
}

impl AudioError {
    /// The same with more of the reason.
    pub(super) fn with(mut self, more: &str) -> Self {
        if let Self::NotAudio { detail: what, .. } | Self::Unsupported { what, .. } = &mut self {
            what.push_str("; ");
            what.push_str(more);
        }
        self
    }

    /// The same of a file that the user knows by another name: a copy of a stream, say.
    #[must_use]
    pub fn of(mut self, name: &Path) -> Self {
        let (Self::Open { path, .. }
        | Self::Folder { path }
        | Self::Empty { path }
        | Self::NotAudio { path, .. }
        | Self::Unsupported { path, .. }
        | Self::Header { path, .. }
        | Self::NoChannels { path }
        | Self::NoTrack { path, .. }
        | Self::NoChannel { path, .. }
        | Self::Rate { path, .. }
        | Self::Truncated { path, .. }
        | Self::Corrupt { path, .. }
        | Self::NotFinite { path, .. }
        | Self::Read { path, .. }
        | Self::Resample { path, .. }) = &mut self;
        name.clone_into(path);
        self
    }
}

/// What was odd about a source whose audio can nevertheless be used.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AudioWarning {
    /// The audio ends before the length in the header.
    Truncated {
        /// Seconds that were there.
        after_s: f64,
        /// Seconds that the header announces, if it says.
        told_s: Option<f64>,
    },
    /// The header has no usable length (a streamed WAV); everything up to the end of the file was taken as audio.
    LengthUnknown,
    /// The file goes on behind the length in its header with something that is no chunk: sizes that wrapped round at
    /// 4 GiB, or that were not brought up to date.
    GoesOn {
        /// Seconds that the header announces, which are all that is heard.
        told_s: f64,
        /// Seconds of sound that the rest would be.
        unheard_s: f64,
    },
    /// The container's clock begins so late that the recording was taken out of a longer stream.
    BeginsLate {
        /// Where its clock begins, seconds; here that is 0.
        at_s: f64,
    },
    /// There is more than one sound track.
    Tracks {
        /// How many.
        tracks: usize,
        /// The one that is heard, counted from 1.
        heard: usize,
        /// Those before it are silent.
        skipped_silent: bool,
    },
    /// HE-AAC, of which only the core is decoded.
    UpperHalfMissing {
        /// Nothing is heard above, Hz.
        above_hz: u32,
    },
    /// An edit list that shows a part again, or parts in another order, which is followed only as far as it goes forward.
    EditsGoBack {
        /// Seconds of sound that are not heard.
        unheard_s: f64,
    },
    /// What ffmpeg said while it decoded, its first words.
    Ffmpeg {
        /// Its words.
        said: String,
    },
    /// Packets of a lossy stream that could not be decoded; silence of the same length stands in their place.
    BadPackets {
        /// How many.
        count: u64,
        /// Time of the first.
        first_at_s: f64,
    },
}

impl std::fmt::Display for AudioWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated { after_s, told_s: Some(told_s) } => {
                write!(f, "truncated after {after_s:.3} s; its header announces {told_s:.3} s")
            }
            Self::Truncated { after_s, told_s: None } => write!(f, "truncated after {after_s:.3} s"),
            Self::LengthUnknown => write!(f, "the header states no length; read to the end of the file"),
            Self::GoesOn { told_s, unheard_s } => write!(
                f,
                "its header announces {told_s:.3} s, but the file goes on for what would be {unheard_s:.3} s more, which \
                 are not heard; if they are sound, repair its header (does it hold more than 4 GiB?)"
            ),
            Self::BeginsLate { at_s } => {
                write!(f, "its clock begins at {at_s:.3} s, which is taken for 0")
            }
            Self::Tracks { tracks, heard, skipped_silent: false } => {
                write!(f, "{tracks} sound tracks; track {heard} is heard")
            }
            Self::Tracks { tracks, heard, skipped_silent: true } => {
                write!(f, "{tracks} sound tracks; track {heard} is heard, as what comes before it is silent")
            }
            Self::UpperHalfMissing { above_hz } => {
                write!(
                    f,
                    "HE-AAC without its upper half: nothing above {above_hz} Hz is heard; ffmpeg would decode all of it"
                )
            }
            Self::EditsGoBack { unheard_s } => write!(
                f,
                "its edit list goes back to what was shown before; {unheard_s:.3} s from there on are not heard, which \
                 ffmpeg would decode"
            ),
            Self::Ffmpeg { said } => write!(f, "ffmpeg, which decodes it, says: {said}"),
            Self::BadPackets { count, first_at_s } => {
                write!(f, "{count} damaged packet(s), the first at {first_at_s:.3} s, replaced by silence")
            }
        }
    }
}
