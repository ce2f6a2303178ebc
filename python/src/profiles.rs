//! The store of enrolled phrases and voices: what Python does with the profiles of either kind.

use std::path::{Path, PathBuf};

use earmark_core::phrase::PhraseProfile;
use earmark_core::pipeline::Recording;
use earmark_core::profile::{Entry, Existing, Passphrase, ProfileKind, ProfileName, ProfileStore};
use earmark_core::voice::VoiceProfile;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::errors::{Kind, OrRaise, exception};

/// A file and what it is called: `earmark._source` makes one of whatever a clip is.
pub type NamedFile = (PathBuf, String);

/// The recording of a file. What was spooled goes by its name.
pub fn recording((path, name): &NamedFile) -> Recording {
    if path.as_os_str() == name.as_str() {
        Recording::File(path.clone())
    } else {
        Recording::Copy { path: path.clone(), name: name.into() }
    }
}

/// The store in a folder, or the user's.
pub fn store(folder: Option<&Path>) -> PyResult<ProfileStore> {
    ProfileStore::open(folder).or_raise(None)
}

/// A checked name.
pub fn name(text: &str) -> PyResult<ProfileName> {
    text.parse().or_raise(None)
}

/// What happens to a profile of the same name.
pub fn existing(replace: bool) -> Existing {
    if replace { Existing::Replace } else { Existing::Refuse }
}

/// What opens or seals a profile.
pub fn passphrase(text: Option<&str>) -> PyResult<Option<Passphrase>> {
    text.map(Passphrase::new).transpose().or_raise(None)
}

/// All profiles of a kind.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct Profiles {
    kind: ProfileKind,
    store: ProfileStore,
}

#[pymethods]
impl Profiles {
    /// `kind` is `phrase` or `voice`.
    #[new]
    #[pyo3(signature = (kind, folder=None))]
    fn new(kind: &str, folder: Option<PathBuf>) -> PyResult<Self> {
        let kind = match kind {
            "phrase" => ProfileKind::Phrase,
            "voice" => ProfileKind::Voice,
            other => return Err(exception(Kind::Settings, &format!("{other} is no kind of profile"), None)),
        };
        Ok(Self { kind, store: store(folder.as_deref())? })
    }

    /// What is enrolled, as a JSON list of objects.
    fn list(&self) -> PyResult<String> {
        let entry = |Entry { name, path, facts }: &Entry| -> Value {
            let mut found = json!({ "name": name, "path": path });
            found["error"] = facts.as_ref().err().map(ToString::to_string).into();
            if let Ok(facts) = facts {
                found["pack"] = format!("{} {}", facts.model.name, facts.model.version).into();
                found["pack_sha256"] = facts.model.sha256.as_str().into();
                found["enrolled_unix_s"] = facts.created_unix_s.into();
                found["sealed"] = facts.sealed.into();
            }
            found
        };
        let entries = self.store.list(self.kind).or_raise(None)?;
        serde_json::to_string(&entries.iter().map(entry).collect::<Vec<_>>()).or_raise(None)
    }

    fn remove(&self, called: &str) -> PyResult<()> {
        self.store.remove(self.kind, &name(called)?).or_raise(None)
    }

    fn export(&self, called: &str, output: PathBuf) -> PyResult<()> {
        self.store.export(self.kind, &name(called)?, &output).or_raise(None)
    }

    /// Takes in an exported profile; gives its name.
    #[pyo3(signature = (file, called=None, replace=false))]
    fn import_file(&self, file: PathBuf, called: Option<&str>, replace: bool) -> PyResult<String> {
        let called = called.map(name).transpose()?;
        let taken = match self.kind {
            ProfileKind::Phrase => {
                self.store.import::<PhraseProfile>(&file, called.as_ref(), existing(replace))
            }
            ProfileKind::Voice => {
                self.store.import::<VoiceProfile>(&file, called.as_ref(), existing(replace))
            }
        };
        Ok(taken.or_raise(None)?.to_string())
    }
}
