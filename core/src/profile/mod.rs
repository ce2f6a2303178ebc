//! Profiles: what was enrolled, on the disk. One store for phrases and voices.
//!
//! A profile is a file `NAME.json` in the store's folder `phrases/` or `voices/`, readable by its owner only. It states the
//! network that it was made with, and is refused by any other: vectors of two networks have nothing in common. What it
//! holds is the business of the module that enrols ([`Profile`]); the store checks names, sizes, versions and hashes, and
//! trusts nothing that it reads.
//!
//! A profile can be sealed by a [`Passphrase`]: then everything that was measured of the person is encrypted
//! (XChaCha20-Poly1305 under a key that Argon2id derives), and only the name, the kind and the network can be read.

mod error;
mod file;
mod name;
pub mod packed;
mod seal;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::pack::Pack;

pub use error::ProfileError;
pub use name::ProfileName;
pub use seal::Passphrase;
pub use store::{Entry, Existing, Facts, ProfileStore};

/// What a profile is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// A command that is to be found in speech.
    Phrase,
    /// A person's voice.
    Voice,
}

impl ProfileKind {
    /// The folder of the store.
    fn folder(self) -> &'static str {
        match self {
            Self::Phrase => "phrases",
            Self::Voice => "voices",
        }
    }

    /// Largest file that is read, bytes. A voice may have a word, which is a phrase.
    pub fn limit_bytes(self) -> u64 {
        match self {
            Self::Phrase | Self::Voice => 1_000_000,
        }
    }
}

impl fmt::Display for ProfileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phrase => "phrase",
            Self::Voice => "voice",
        })
    }
}

/// What a module that enrols puts into a profile. It is written as JSON; long vectors belong into [`packed`] fields.
pub trait Profile: Serialize + DeserializeOwned {
    /// What it is of.
    const KIND: ProfileKind;

    /// Whether what was read can be used: lengths, ranges, numbers that are finite.
    ///
    /// # Errors
    /// A clause that says what is wrong.
    fn check(&self) -> Result<(), String>;

    /// Largest file that is written of it, bytes.
    fn limit_bytes(&self) -> u64 {
        Self::KIND.limit_bytes()
    }
}

/// The network that a profile was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Name of the pack.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the network's file, hexadecimal.
    pub sha256: String,
}

impl ModelId {
    /// That of a pack.
    pub fn of(pack: &Pack) -> Self {
        let manifest = pack.manifest();
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sha256: manifest.model.sha256.to_ascii_lowercase(),
        }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.sha256.get(..12).unwrap_or(&self.sha256);
        write!(f, "{} {} ({short})", self.name, self.version)
    }
}
