//! Packs: a network with everything that must be known to run it.
//!
//! A pack is a folder with `pack.json` (the [`Manifest`]), the ONNX file, a card and metrics. The shipped packs are
//! embedded in the binary; any folder of the same form can be used in their place. A network never runs on other features
//! than those that its manifest states.

mod embedded;
mod kept;
mod manifest;
mod voice;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::features::SpecError;
use crate::model::runtime::RuntimeError;

pub use kept::kept_folder;
pub use manifest::{DataSource, Manifest, ModelFile, State, Task, VectorShape};
pub use voice::{CohortFile, VoiceCalibration, VoiceCurve, Words};

pub use crate::decide::Thresholds;

/// Name of the manifest in a pack's folder.
pub const MANIFEST_FILE: &str = "pack.json";

/// The pack that files are tagged with.
pub const STUDIO: &str = "studio";

/// The pack that live audio is heard with: little look-ahead.
pub const LIVE: &str = "live";

/// The pack that answers each frame at once: no look-ahead.
pub const SWIFT: &str = "swift";

/// The pack that finds background noise behind speech.
pub const NOISE: &str = "noise";

/// The pack whose vectors say what is said.
pub const PHRASE: &str = "phrase";

/// The pack whose vectors say who speaks.
pub const VOICE: &str = "voice";

/// Files beside the manifest that some packs bring; what each holds is for its reader to check.
const COMPANIONS: &[&str] = &["cohort.bin", "negatives.bin", "trained.txt"];

/// Companions above this size are refused.
const COMPANION_LIMIT_BYTES: u64 = 64 << 20;

/// Networks above this size are refused before they are read: Earmark's own are a hundred times smaller.
const MODEL_LIMIT_BYTES: u64 = 512 << 20;

/// Why a pack is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// No embedded pack has this name and no folder either.
    #[error(
        "{name}: no such pack. Embedded are {known}; any other is named by its folder, which holds a pack.json"
    )]
    Unknown {
        /// The name asked for.
        name: String,
        /// The embedded names.
        known: String,
    },
    /// A file of the pack cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The network's file is absurdly large.
    #[error("{path}: {bytes} bytes are more than a pack's network may have ({MODEL_LIMIT_BYTES})")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The manifest is no manifest.
    #[error("{pack}: pack.json is not valid: {reason}")]
    Manifest {
        /// The pack.
        pack: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The network is not the one that the manifest was written for.
    #[error(
        "{pack}: the sha256 of its network is {actual}, pack.json states {stated}. The file was changed or is damaged: \
         get the pack anew, or write the right hash into pack.json if you changed it yourself"
    )]
    Hash {
        /// The pack.
        pack: String,
        /// As in the manifest.
        stated: String,
        /// As computed.
        actual: String,
    },
    /// The features cannot be computed.
    #[error("{pack}: its feature spec is not valid: {source}")]
    Features {
        /// The pack.
        pack: String,
        /// Why.
        source: SpecError,
    },
    /// The pack answers another question.
    #[error("{pack}: this pack is for the task {is:?}, what is needed here is one for {wanted:?}; `earmark models` lists them", is = .is.to_string(), wanted = .wanted.to_string())]
    Task {
        /// The pack.
        pack: String,
        /// What it answers.
        is: Task,
        /// What was to be answered.
        wanted: Task,
    },
    /// The network cannot be run.
    #[error("{pack}: {source}")]
    Network {
        /// The pack.
        pack: String,
        /// Why.
        source: RuntimeError,
    },
}

/// A pack whose manifest was checked and whose network has the right hash. Not yet compiled: see
/// [`Detector`](crate::detect::Detector).
#[derive(Debug, Clone)]
pub struct Pack {
    manifest: Manifest,
    model: Cow<'static, [u8]>,
    card: Cow<'static, str>,
    companions: Vec<(&'static str, Cow<'static, [u8]>)>,
    origin: String,
}

impl Pack {
    /// The pack called `name_or_dir`: an embedded one by its name, or else a folder.
    ///
    /// # Errors
    /// [`PackError`] with the reason.
    pub fn find(name_or_dir: &str) -> Result<Self, PackError> {
        if let Some(files) = embedded::PACKS.iter().find(|p| p.name == name_or_dir) {
            let origin = files.name.to_owned();
            let manifest = parse(files.manifest, &origin)?;
            let mut pack =
                Self::checked(manifest, Cow::Borrowed(files.model), Cow::Borrowed(files.card), origin)?;
            pack.companions =
                files.companions.iter().map(|(name, bytes)| (*name, Cow::Borrowed(*bytes))).collect();
            return Ok(pack);
        }
        let dir = Path::new(name_or_dir);
        if !dir.is_dir() {
            let known = Self::embedded_names().collect::<Vec<_>>().join(", ");
            return Err(PackError::Unknown { name: name_or_dir.to_owned(), known });
        }
        Self::open(dir)
    }

    /// Reads a pack's folder.
    ///
    /// # Errors
    /// [`PackError`] with the reason.
    pub fn open(dir: &Path) -> Result<Self, PackError> {
        let origin = dir.display().to_string();
        let path = dir.join(MANIFEST_FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| PackError::Read { path, source })?;
        let manifest = parse(&text, &origin)?;
        let path = dir.join(&manifest.model.file);
        let bytes =
            std::fs::metadata(&path).map_err(|source| PackError::Read { path: path.clone(), source })?.len();
        if bytes > MODEL_LIMIT_BYTES {
            return Err(PackError::TooLarge { path, bytes });
        }
        let model = std::fs::read(&path).map_err(|source| PackError::Read { path, source })?;
        // A card is for people; a pack without one works.
        let card = std::fs::read_to_string(dir.join(&manifest.card)).unwrap_or_default();
        let mut pack = Self::checked(manifest, Cow::Owned(model), Cow::Owned(card), origin)?;
        for name in COMPANIONS {
            let path = dir.join(name);
            let Ok(bytes) = std::fs::metadata(&path).map(|file| file.len()) else { continue };
            if bytes > COMPANION_LIMIT_BYTES {
                return Err(PackError::TooLarge { path, bytes });
            }
            let bytes = std::fs::read(&path).map_err(|source| PackError::Read { path, source })?;
            pack.companions.push((*name, Cow::Owned(bytes)));
        }
        Ok(pack)
    }

    /// This pack, if it is one for `task`.
    ///
    /// # Errors
    /// [`PackError::Task`] if it is for another.
    pub fn for_task(self, task: Task) -> Result<Self, PackError> {
        let is = self.manifest.task;
        if is == task {
            return Ok(self);
        }
        Err(PackError::Task { pack: self.origin, is, wanted: task })
    }

    /// The names of the packs inside this binary.
    pub fn embedded_names() -> impl Iterator<Item = &'static str> {
        embedded::PACKS.iter().map(|p| p.name)
    }

    fn checked(
        manifest: Manifest,
        model: Cow<'static, [u8]>,
        card: Cow<'static, str>,
        origin: String,
    ) -> Result<Self, PackError> {
        let actual = sha256_hex(&model);
        if !actual.eq_ignore_ascii_case(&manifest.model.sha256) {
            return Err(PackError::Hash { pack: origin, stated: manifest.model.sha256, actual });
        }
        manifest
            .features
            .validate()
            .map_err(|source| PackError::Features { pack: origin.clone(), source })?;
        Ok(Self { manifest, model, card, companions: Vec::new(), origin })
    }

    /// What the pack says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The ONNX file.
    pub fn model(&self) -> &[u8] {
        &self.model
    }

    /// The card for people, in Markdown; empty if the pack has none.
    pub fn card(&self) -> &str {
        &self.card
    }

    /// A file that the pack brings beside its manifest and network, if it does.
    pub fn companion(&self, name: &str) -> Option<&[u8]> {
        self.companions.iter().find(|(known, _)| *known == name).map(|(_, bytes)| &**bytes)
    }

    /// Where it came from: an embedded name or a folder.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

fn parse(text: &str, pack: &str) -> Result<Manifest, PackError> {
    Manifest::parse(text).map_err(|reason| PackError::Manifest { pack: pack.to_owned(), reason })
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// A digest in hexadecimal.
pub(crate) fn hex(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_pack_opens() {
        for name in Pack::embedded_names() {
            let pack = Pack::find(name).unwrap();
            assert_eq!(pack.manifest().name, name);
            assert!(!pack.card().is_empty(), "{name} has no card");
        }
    }

    /// Packs that were made before the setting had this name stay usable.
    #[test]
    fn a_manifest_may_say_sure_for_confirm() {
        let files = embedded::PACKS.iter().find(|files| files.name == LIVE).unwrap();
        let newer = files.manifest.replace("\"sure\"", "\"confirm\"");
        let older = newer.replace("\"confirm\"", "\"sure\"");
        assert_ne!(newer, older);
        let [newer, older] = [newer, older].map(|text| Manifest::parse(&text).unwrap());
        assert_eq!(newer, older);
        assert!(!older.confirm.is_empty());
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = Pack::find("no-such-pack").unwrap_err().to_string();
        assert!(error.contains("no-such-pack") && error.contains(LIVE), "{error}");
    }

    #[test]
    fn a_changed_network_is_refused_by_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let files = &embedded::PACKS[0];
        std::fs::write(dir.path().join(MANIFEST_FILE), files.manifest).unwrap();
        let mut model = files.model.to_vec();
        let last = model.len() - 1;
        model[last] ^= 1;
        std::fs::write(dir.path().join("model.onnx"), model).unwrap();
        assert!(matches!(Pack::open(dir.path()), Err(PackError::Hash { .. })));
    }
}
