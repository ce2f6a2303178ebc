//! Why a profile is refused.

use std::path::PathBuf;

use super::{ModelId, ProfileKind};
use crate::output::OutputError;

/// What goes wrong with profiles.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The system does not say where a user's data lie.
    #[error(
        "no folder for profiles: neither XDG_DATA_HOME nor a home folder is set; name one with --profiles DIR"
    )]
    NoHome,
    /// A name that cannot be a file's on every system, or a column in a table.
    #[error("{name:?} cannot be a profile's name: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such profile.
    #[error("no {kind} is called {name} in {folder}; {known}", folder = folder.display(), known = known_names(known))]
    Missing {
        /// What was looked for.
        kind: ProfileKind,
        /// Its name.
        name: String,
        /// Where.
        folder: PathBuf,
        /// The names that are there.
        known: Vec<String>,
    },
    /// There is one already.
    #[error("there is a {kind} called {name} already; give --replace to put the new one in its place")]
    Exists {
        /// What it is.
        kind: ProfileKind,
        /// Its name.
        name: String,
    },
    /// A file or folder cannot be read or removed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The profile cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// More bytes than a profile may have.
    #[error("{path}: more than {limit} bytes, too large for the profile of a {kind}")]
    TooLarge {
        /// The file, or the profile's name.
        path: String,
        /// What it is.
        kind: ProfileKind,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is none of ours, or damaged.
    #[error("{path}: not a profile of a {kind}: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// What was expected.
        kind: ProfileKind,
        /// A clause that says what is wrong.
        reason: String,
    },
    /// It was made with another network.
    #[error("the {kind} {name} was enrolled with the network {made_with}, and here runs {running}: enrol it again \
             (`earmark {kind} enrol {name} CLIP… --replace`)", running = running.get(..12).unwrap_or(running))]
    Model {
        /// What it is.
        kind: ProfileKind,
        /// Its name.
        name: String,
        /// The network of the profile.
        made_with: ModelId,
        /// SHA-256 of the one that runs.
        running: String,
    },
    /// It is sealed and no passphrase was given.
    #[error(
        "the {kind} {name} is sealed: give its passphrase with --passphrase-file FILE or EARMARK_PASSPHRASE"
    )]
    Sealed {
        /// What it is.
        kind: ProfileKind,
        /// Its name.
        name: String,
    },
    /// The passphrase does not open it, or it was changed.
    #[error("the {kind} {name} cannot be opened: the passphrase is another, or the file was changed")]
    WrongPassphrase {
        /// What it is.
        kind: ProfileKind,
        /// Its name.
        name: String,
    },
    /// An empty passphrase.
    #[error("a passphrase must not be empty")]
    EmptyPassphrase,
    /// The system has no randomness, or no memory for the key.
    #[error("a profile cannot be sealed here: {0}")]
    Seal(String),
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() {
        "none is enrolled".to_owned()
    } else {
        format!("enrolled are {}", known.join(", "))
    }
}
