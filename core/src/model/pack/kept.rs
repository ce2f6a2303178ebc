//! Packs of other versions, kept in the user's folder for projects that were made with them.
//!
//! A version brings its packs inside. What another version brought can be had only where it was kept: as an ordinary pack's
//! folder, `packs/NAME-VERSION-HASH` beside the user's profiles.

use std::path::{Path, PathBuf};

use super::{MANIFEST_FILE, Manifest, Pack};
use crate::home::users_folder;

/// More folders than these are not looked through.
const FOLDERS_LIMIT: usize = 1_000;

/// The folder of kept packs, whether or not it is there; none where the system names no folder of the user's.
pub fn kept_folder() -> Option<PathBuf> {
    Some(users_folder()?.join("packs"))
}

impl Pack {
    /// The folder in `kept` whose pack has this name and this network, if there is one that opens.
    pub fn find_kept(kept: &Path, name: &str, sha256: &str) -> Option<PathBuf> {
        let is_it = |folder: &PathBuf| {
            let manifest = std::fs::read_to_string(folder.join(MANIFEST_FILE)).ok();
            let manifest = manifest.and_then(|text| Manifest::parse(&text).ok());
            manifest.is_some_and(|it| it.name == name && it.model.sha256.eq_ignore_ascii_case(sha256))
                && Self::open(folder).is_ok()
        };
        let folders = std::fs::read_dir(kept).ok()?.take(FOLDERS_LIMIT);
        folders.filter_map(|entry| entry.ok().map(|entry| entry.path())).find(is_it)
    }

    /// Keeps a copy in `kept`, which is made if it is not there, and gives its folder. One that is there stays as it is.
    ///
    /// # Errors
    /// [`OutputError`](crate::output::OutputError) if it cannot be written; nothing is left of it then.
    #[cfg(feature = "output")]
    pub fn keep(&self, kept: &Path) -> Result<PathBuf, crate::output::OutputError> {
        use crate::output::OutputError;

        let manifest = self.manifest();
        if let Some(there) = Self::find_kept(kept, &manifest.name, &manifest.model.sha256) {
            return Ok(there);
        }
        let hash: String = manifest.model.sha256.chars().take(8).collect();
        let folder = kept.join(format!("{}-{}-{hash}", manifest.name, manifest.version));
        let failed = |source| OutputError::from_io(&folder, source);
        std::fs::create_dir_all(kept).map_err(failed)?;
        // A pack is there whole or not at all.
        let new = tempfile::tempdir_in(kept).map_err(failed)?;
        let text = serde_json::to_string_pretty(manifest).map_err(|error| failed(error.into()))?;
        let files = [
            (MANIFEST_FILE, text.as_bytes()),
            (&*manifest.model.file, self.model()),
            (&*manifest.card, self.card().as_bytes()),
        ];
        let companions = self.companions.iter().map(|(name, bytes)| (*name, &**bytes));
        for (name, bytes) in files.into_iter().chain(companions) {
            let path = new.path().join(name);
            std::fs::write(&path, bytes).map_err(|source| OutputError::from_io(&path, source))?;
        }
        std::fs::rename(new.path(), &folder).map_err(failed)?;
        // It has another name now; nothing is left to be taken away.
        let _ = new.keep();
        Ok(folder)
    }
}

#[cfg(all(test, feature = "output"))]
mod tests {
    use super::*;
    use crate::model::pack::{LIVE, PHRASE};

    #[test]
    fn what_was_kept_is_found_by_its_network_and_is_the_same() {
        let kept = tempfile::tempdir().unwrap();
        let kept = kept.path().join("not there yet");
        for name in [LIVE, PHRASE] {
            let pack = Pack::find(name).unwrap();
            let sha256 = &pack.manifest().model.sha256;
            assert_eq!(Pack::find_kept(&kept, name, sha256), None);
            let folder = pack.keep(&kept).unwrap();
            assert_eq!(pack.keep(&kept).unwrap(), folder, "one copy is enough");
            assert_eq!(Pack::find_kept(&kept, name, sha256), Some(folder.clone()));
            assert_eq!(Pack::find_kept(&kept, name, &"0".repeat(64)), None);
            let again = Pack::open(&folder).unwrap();
            assert_eq!((again.manifest(), again.model()), (pack.manifest(), pack.model()));
            assert_eq!((again.card(), &again.companions), (pack.card(), &pack.companions));
            // Damaged, it is none.
            std::fs::write(folder.join(&pack.manifest().model.file), b"no network").unwrap();
            assert_eq!(Pack::find_kept(&kept, name, sha256), None);
        }
        let left = std::fs::read_dir(&kept).unwrap().count();
        assert_eq!(left, 2, "nothing half-made stays");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Pack::find(LIVE).unwrap().keep(file.path()).unwrap_err().to_string();
        assert!(error.contains(&*file.path().to_string_lossy()), "{error}");
    }
}
