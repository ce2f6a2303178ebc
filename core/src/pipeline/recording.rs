//! Where a recording comes from.

use std::path::{Path, PathBuf};

use super::Observer;
use super::stream::{Origin, Stoppable};
use crate::audio::{AudioError, Source};

/// What errors of the audio call standard input, as [`Source::from_stdin`] does.
const STDIN_NAME: &str = "standard input";

/// A recording to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// A file, or something else with a path: a named pipe, a device.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Recording {
    /// What a user means by `path`: `-` is standard input.
    pub fn named(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// What it is called in messages and reports.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
        }
    }

    /// Opens it for one pass.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self) -> Result<Source, AudioError> {
        match self {
            Self::File(path) => Source::open(path),
            Self::Stdin => Source::from_stdin(),
        }
    }

    /// Opens it for one pass that `observer` may end; says whether the observer's flag ends it.
    pub(super) fn open_watched(&self, observer: &dyn Observer) -> Result<(Source, bool), AudioError> {
        match (self.origin(), observer.stop_flag()) {
            (Some(origin), Some(stop)) => {
                let stream = Box::new(Stoppable::new(origin, stop));
                Ok((Source::from_reader(&self.stream_name(), stream)?, true))
            }
            _ => Ok((self.open()?, false)),
        }
    }

    /// What is read, if that is a stream. What is not there and what is a folder is refused by [`Source`], in its words.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            Self::Stdin => Some(Origin::Stdin),
            Self::File(path) => {
                let metadata = std::fs::metadata(path).ok()?;
                let stream = !metadata.is_file() && !metadata.is_dir();
                stream.then(|| Origin::Path(path.clone()))
            }
        }
    }

    /// What errors of the audio call it.
    pub(super) fn stream_name(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Stdin => STDIN_NAME.into(),
        }
    }
}
