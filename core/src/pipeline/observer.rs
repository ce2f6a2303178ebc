//! Who watches a job.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::audio::AudioWarning;

/// Sees how far a job is, and may stop it. All methods do nothing unless implemented; `&mut ()` watches nothing.
///
/// ```
/// use earmark_core::pipeline::{Observer, Pass};
///
/// /// Stops after ten seconds of audio.
/// struct Taste(f64);
///
/// impl Observer for Taste {
///     fn at(&mut self, seconds: f64) {
///         self.0 = seconds;
///     }
///     fn interrupted(&mut self) -> bool {
///         self.0 > 10.0
///     }
/// }
/// ```
pub trait Observer {
    /// A pass over the recording begins; `duration_s` is its length in seconds, where that is known.
    fn begin(&mut self, _pass: Pass, _duration_s: Option<f64>) {}

    /// `seconds` of the recording are done in this pass.
    fn at(&mut self, _seconds: f64) {}

    /// Something that the user should know; the job goes on.
    fn warn(&mut self, _warning: &PipelineWarning) {}

    /// Asked before each block: whether the job shall stop with [`PipelineError::Interrupted`](super::PipelineError).
    fn interrupted(&mut self) -> bool {
        false
    }

    /// A flag that, once set, ends what is heard from a stream (standard input, a named pipe, a device) where it is, also
    /// while nothing comes: the job goes on with what was heard so far, and is not
    /// [`interrupted`](Self::interrupted) while it hears. Without one, only the writer ends a stream.
    fn stop_flag(&self) -> Option<Arc<AtomicBool>> {
        None
    }
}

impl Observer for () {}

/// A way through the recording, from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pass {
    /// The network hears.
    Hear,
    /// The output is written.
    Write,
}

/// What was odd, but stops nothing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PipelineWarning {
    /// About the recording's audio.
    Audio(AudioWarning),
    /// A chunk of metadata stays behind.
    ChunkDropped {
        /// Its four characters.
        id: String,
    },
    /// Markers in what was cut out stand where it was.
    MarkersMoved {
        /// How many.
        markers: usize,
    },
    /// Times in what is carried over are still those of the input.
    TimesNotMoved {
        /// What holds them.
        names: Vec<String>,
    },
    /// Channels cancelled each other in their mean, so that one was heard alone instead.
    HeardAlone {
        /// For how long.
        seconds: f64,
        /// Which one it was last, counted from 1.
        channel: usize,
    },
    /// The output had samples over full scale.
    Clipped {
        /// How many.
        samples: u64,
    },
}

impl fmt::Display for PipelineWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audio(warning) => warning.fmt(f),
            Self::ChunkDropped { id } => {
                write!(
                    f,
                    "its chunk {id:?} is not carried over: it is too large, or of a form that has no place there"
                )
            }
            Self::MarkersMoved { markers } => {
                write!(f, "{markers} marker(s) lay in what was cut out and now stand at the cut")
            }
            Self::TimesNotMoved { names } => write!(
                f,
                "{} carried over as before the cut: times in there, if any, were not moved with the sound",
                names.join(", ")
            ),
            Self::HeardAlone { seconds, channel } => write!(
                f,
                "its channels cancel each other for {seconds:.1} s (inverted, or only one of them carries sound), where \
                 channel {channel} is heard alone"
            ),
            Self::Clipped { samples } => write!(f, "{samples} samples were over full scale and are limited"),
        }
    }
}
