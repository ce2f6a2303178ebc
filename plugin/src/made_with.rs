//! Which ear a project was made with. A later Earmark may bring another network under the same name, and thresholds that were
//! set for one should not meet another unsaid: it is told, and where the older one was kept on this machine
//! (`earmark models --keep`) it can hear instead.

use std::path::PathBuf;
use std::sync::OnceLock;

use earmark_core::model::pack::{Pack, PackError};
use serde::{Deserialize, Serialize};

use crate::params::{EAR_CHOICES, Params, ear_choice, pack_name};
use crate::processor::packs_of_ears;
use crate::shared::Shared;

/// A pack as a project's state names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeWith {
    /// Its name, the same in all versions.
    pub(crate) pack: String,
    /// Its version.
    pub(crate) version: String,
    /// Hash of its network, which decides: a version may change texts alone.
    sha256: String,
    /// Whether it shall hear, not the shipped one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hears: bool,
}

impl MadeWith {
    /// As people call it.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.pack, self.version)
    }
}

/// The ear of a loaded project, where it is not the shipped one of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OlderEar {
    /// What the project says.
    pub(crate) made_with: MadeWith,
    /// The folder where it is kept on this machine, if it is.
    folder: Option<String>,
}

impl OlderEar {
    /// Of what a project says. Looks on the disk for what is not inside.
    pub(crate) fn find(made_with: MadeWith, kept: Option<PathBuf>) -> Self {
        let is_shipped = shipped().iter().flatten().any(|shipped| shipped.sha256 == made_with.sha256);
        let kept = kept.filter(|_| !is_shipped);
        let folder = kept.and_then(|kept| Pack::find_kept(&kept, &made_with.pack, &made_with.sha256));
        // Instances share an ear by its name: a folder whose name is no text has none.
        let folder = folder.and_then(|folder| folder.into_os_string().into_string().ok());
        Self { made_with, folder }
    }

    /// Whether it can hear here.
    pub(crate) fn is_here(&self) -> bool {
        self.folder.is_some()
    }

    /// Whether it does.
    pub(crate) fn hears(&self) -> bool {
        self.made_with.hears && self.is_here()
    }
}

/// The shipped ones, in the order of the choices.
fn shipped() -> &'static [Option<MadeWith>; EAR_CHOICES.len()] {
    static SHIPPED: OnceLock<[Option<MadeWith>; EAR_CHOICES.len()]> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        packs_of_ears().map(|pack| {
            let manifest = pack.as_ref()?.manifest();
            Some(MadeWith {
                pack: manifest.name.clone(),
                version: manifest.version.clone(),
                sha256: manifest.model.sha256.clone(),
                hears: false,
            })
        })
    })
}

/// The shipped one that the parameters choose.
fn chosen(params: &Params) -> Option<&'static MadeWith> {
    shipped()[ear_choice(params)].as_ref()
}

impl Shared {
    /// What the state says: the ear that the project was made with until somebody agrees with another one.
    pub(crate) fn made_with(&self) -> Option<MadeWith> {
        let before = self.replaced_ear().map(|(before, _)| before.made_with);
        before.or_else(|| chosen(&self.params).cloned())
    }

    /// The ear that the project was made with and the shipped one of that name, where they differ.
    pub(crate) fn replaced_ear(&self) -> Option<(OlderEar, &'static MadeWith)> {
        let now = chosen(&self.params)?;
        let before = self.kept(|kept| kept.older_ear.clone())?;
        let made_with = &before.made_with;
        (made_with.pack == now.pack && made_with.sha256 != now.sha256).then_some((before, now))
    }

    /// The shipped one is the project's from here on.
    pub(crate) fn agree_with_ear(&self) {
        let heard = self.kept(|kept| kept.older_ear.take().is_some_and(|older| older.hears()));
        if heard {
            self.want_restart();
        }
    }

    /// The one that the project was made with shall hear.
    pub(crate) fn hear_with_older_ear(&self) {
        self.kept(|kept| {
            if let Some(older) = &mut kept.older_ear {
                older.made_with.hears = true;
            }
        });
        self.want_restart();
    }

    /// What hears: the name of a shipped pack, or the folder of a kept one.
    pub(crate) fn pack_source(&self) -> String {
        let older = self.replaced_ear().map(|(older, _)| older).filter(OlderEar::hears);
        older.and_then(|older| older.folder).unwrap_or_else(|| pack_name(&self.params).to_owned())
    }

    /// The pack that hears.
    ///
    /// # Errors
    /// As [`Pack::find`].
    pub(crate) fn pack(&self) -> Result<Pack, PackError> {
        Pack::find(&self.pack_source())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::params::ear_values;
    use crate::processor::{Activation, Processor};

    fn state_with(shared: &Shared, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut state: Value = serde_json::from_slice(&shared.save_state()).unwrap();
        edit(&mut state["ear"]);
        serde_json::to_vec(&state).unwrap()
    }

    fn saved_ear(shared: &Shared) -> Value {
        let mut state: Value = serde_json::from_slice(&shared.save_state()).unwrap();
        state["ear"].take()
    }

    #[test]
    fn another_network_of_the_same_name_is_told_until_somebody_agrees() {
        let shared = Shared::new();
        assert_eq!(saved_ear(&shared)["pack"], "live");
        shared.load_state(&shared.save_state()).unwrap();
        assert_eq!(shared.replaced_ear(), None);
        let older = state_with(&shared, |ear| {
            ear["version"] = "0.6.0".into();
            ear["sha256"] = "0".repeat(64).into();
        });
        shared.load_state(&older).unwrap();
        let (before, now) = shared.replaced_ear().expect("another one");
        assert_eq!((before.made_with.version.as_str(), now.pack.as_str()), ("0.6.0", "live"));
        assert!(!before.is_here());
        let asked: Value = serde_json::from_slice(&older).unwrap();
        assert_eq!(saved_ear(&shared), asked["ear"], "a host that saves at once takes nothing away");
        ear_values(1).for_each(|(id, value)| shared.set(id, value));
        assert_eq!(shared.replaced_ear(), None, "the other ear was never another");
        ear_values(0).for_each(|(id, value)| shared.set(id, value));
        shared.agree_with_ear();
        assert_eq!(shared.replaced_ear(), None);
        assert_eq!(saved_ear(&shared)["version"], now.version);
    }

    /// The live pack as another version: texts in its network differ, and so its hash.
    fn keep_another_live(kept: &Path) -> Pack {
        let live = Pack::find("live").unwrap();
        let folder = live.keep(kept).unwrap();
        let mut network = live.model().to_vec();
        // ONNX: field 6 of the model is a text for people.
        network.extend([6 << 3 | 2, 5]);
        network.extend(b"older");
        std::fs::write(folder.join(&live.manifest().model.file), &network).unwrap();
        let mut manifest = live.manifest().clone();
        manifest.version = "0.9.0".to_owned();
        manifest.model.sha256 = sha256(&network);
        // It hears otherwise, so that one can tell.
        manifest.lookahead_frames += 1;
        std::fs::write(folder.join("pack.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
        Pack::open(&folder).unwrap()
    }

    fn sha256(bytes: &[u8]) -> String {
        use sha2::Digest;
        sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_older_ear_hears_where_it_was_kept_and_somebody_wants_it() {
        let kept = tempfile::tempdir().unwrap();
        let older = keep_another_live(kept.path());
        let shared = Arc::new(Shared::new());
        shared.set_profile_folder(Some(kept.path().to_owned()));
        let packs = kept.path().join("packs");
        std::fs::create_dir(&packs).unwrap();
        std::fs::rename(older.origin(), packs.join("live")).unwrap();
        let state = state_with(&shared, |ear| {
            ear["version"] = "0.9.0".into();
            ear["sha256"] = older.manifest().model.sha256.clone().into();
        });
        shared.load_state(&state).unwrap();
        let (before, _) = shared.replaced_ear().expect("another one");
        assert!(before.is_here() && !before.hears(), "it is offered");
        assert_eq!(shared.pack().unwrap().origin(), "live");
        let activation = Activation {
            rate_hz: 48_000.0,
            max_block: 512,
            channels: 1,
            sidechain_channels: 0,
            offline: false,
        };
        let latency = |shared: &Arc<Shared>| {
            let told = Processor::latency_of(shared, &activation);
            drop(Processor::activate(Arc::clone(shared), &activation).unwrap());
            assert_eq!(told, shared.latency_samples());
            told
        };
        let new = latency(&shared);
        shared.hear_with_older_ear();
        assert!(shared.take_restart_wanted());
        assert_eq!(latency(&shared), new + 480, "a frame more of look-ahead");
        assert_eq!(shared.with_ear(|ear| ear.pack().manifest().version.clone()).as_deref(), Some("0.9.0"));
        // A project that was saved so is so again; without that pack it is heard by the shipped one and told.
        let saved = shared.save_state();
        let again = Shared::new();
        let empty = tempfile::tempdir().unwrap();
        again.set_profile_folder(Some(empty.path().to_owned()));
        again.load_state(&saved).unwrap();
        assert!(again.replaced_ear().is_some_and(|(before, _)| !before.is_here()));
        assert_eq!(again.pack().unwrap().origin(), "live");
        assert_eq!(again.save_state(), saved);
        again.set_profile_folder(Some(kept.path().to_owned()));
        again.load_state(&saved).unwrap();
        assert_eq!(again.pack().unwrap().manifest().version, "0.9.0");
        again.agree_with_ear();
        assert!(again.take_restart_wanted());
        assert_eq!(again.pack().unwrap().origin(), "live");
    }

    #[test]
    fn a_project_that_says_nothing_is_told_nothing() {
        let shared = Shared::new();
        shared.load_state(br#"{"earmark_state": 1, "params": {}}"#).unwrap();
        assert_eq!(shared.replaced_ear(), None);
    }
}
