//! Where a recording comes from.

use std::path::{Path, PathBuf};

use crate::audio::{AudioError, Source};

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
}
