//! Why a job on a recording fails.

use crate::audio::AudioError;
use crate::detect::DetectError;
#[cfg(feature = "render")]
use crate::output::OutputError;
#[cfg(feature = "render")]
use crate::render::RenderError;

/// Why a job on a recording fails. Each names the recording or the output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The [`Observer`](super::Observer) stopped the job; what was half written is gone.
    #[error("interrupted")]
    Interrupted,
    /// The recording cannot be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The network or what prepares its input failed.
    #[error("{name}: {source}")]
    Detect {
        /// The recording.
        name: String,
        /// Why.
        source: DetectError,
    },
    /// A stream that is to be read twice cannot be kept.
    #[cfg(feature = "render")]
    #[error("{name}: it is read twice, so it must be kept in a temporary file, which failed: {source}")]
    Spool {
        /// The stream.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was heard of a stream cannot be taken.
    #[error("what was heard cannot be written: {0}")]
    Taken(#[source] std::io::Error),
    /// What is taken into memory as a whole must be short.
    #[error("{name}: longer than {longest_s} s, which is too long here; cut it down to what is meant")]
    TooLong {
        /// The recording.
        name: String,
        /// What is allowed, seconds.
        longest_s: f64,
    },
    /// Nothing can be said of a recording without samples.
    #[error("{name}: has no samples, so nothing can be said of its noise")]
    NoSamples {
        /// The recording.
        name: String,
    },
    /// Nobody can be known by a clip without samples.
    #[error("{name}: has no samples, so nobody is heard in it")]
    NoSound {
        /// The clip.
        name: String,
    },
    /// A clip is a few seconds of one person.
    #[error("{name}: is longer than {most_s} s; cut out a few seconds of the one voice")]
    ClipTooLong {
        /// The clip.
        name: String,
        /// What is taken at most, seconds.
        most_s: u32,
    },
    /// A voice cannot be followed.
    #[error("{name}: {source}")]
    Voice {
        /// The recording.
        name: String,
        /// Why.
        source: crate::voice::VoiceError,
    },
    /// A picture does not get the sound.
    #[cfg(feature = "render")]
    #[error(transparent)]
    Movie(#[from] crate::render::MovieError),
    /// What the recording carries beside its samples cannot be read.
    #[cfg(feature = "render")]
    #[error(transparent)]
    Metadata(RenderError),
    /// The output cannot be created or completed.
    #[cfg(feature = "render")]
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The output's container cannot hold what is to be written; asking for another format or file helps.
    #[cfg(feature = "render")]
    #[error("{name}: {source}")]
    OutputFormat {
        /// The output.
        name: String,
        /// Why.
        source: RenderError,
    },
    /// The recording cannot be rendered, or the output not be written.
    #[cfg(feature = "render")]
    #[error("{name}: {source}")]
    Render {
        /// The output; the recording if the fault is its.
        name: String,
        /// Why.
        source: RenderError,
    },
}

impl PipelineError {
    /// The error of a detector over the recording `name`.
    pub(super) fn detect(name: &str, error: DetectError) -> Self {
        match error {
            // These name the file themselves.
            DetectError::Audio(error) => Self::Audio(error),
            source => Self::Detect { name: name.to_owned(), source },
        }
    }

    /// For `map_err`: the error of the voices of `name`.
    #[cfg(any(feature = "render", feature = "report"))]
    pub(super) fn voice(name: &str) -> impl Fn(crate::voice::VoiceError) -> Self {
        move |source| Self::Voice { name: name.to_owned(), source }
    }

    /// For `map_err`: the error of a render of `name`.
    #[cfg(feature = "render")]
    pub(super) fn render(name: String) -> impl Fn(RenderError) -> Self {
        move |source| Self::Render { name: name.clone(), source }
    }

    /// For `map_err`: the same for one of two outputs, the result and what was removed, whichever failed.
    #[cfg(feature = "render")]
    pub(super) fn render_to(
        result: String,
        removed: Option<&std::path::Path>,
    ) -> impl Fn(RenderError) -> Self {
        let removed = removed.map(|path| path.display().to_string());
        move |error| match (error, &removed) {
            (RenderError::Removed(source), Some(name)) => {
                Self::Render { name: name.clone(), source: *source }
            }
            (source, _) => Self::Render { name: result.clone(), source },
        }
    }
}
