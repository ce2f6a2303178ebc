//! The folder of profiles.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::file::ProfileFile;
use super::{ModelId, Passphrase, Profile, ProfileError, ProfileKind, ProfileName};
use crate::home::users_folder;
use crate::output::{OutputError, SafeFile};

/// What happens to a profile of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is refused.
    Refuse,
    /// The new one takes its place.
    Replace,
}

/// What can be read of a profile without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The network that it was made with.
    pub model: ModelId,
    /// When it was enrolled: seconds since 1970, UTC.
    pub created_unix_s: u64,
    /// Whether a passphrase is needed.
    pub sealed: bool,
}

/// One profile of a list.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: ProfileName,
    /// Its file.
    pub path: PathBuf,
    /// What it says of itself, or why it cannot be read.
    pub facts: Result<Facts, ProfileError>,
}

/// The profiles of a user, or those in any other folder.
///
/// ```
/// use earmark_core::profile::{ProfileKind, ProfileStore};
///
/// let dir = tempfile::tempdir()?;
/// let store = ProfileStore::open(Some(dir.path()))?;
/// assert!(store.list(ProfileKind::Voice)?.is_empty());
/// assert!(store.remove(ProfileKind::Voice, &"nobody".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProfileStore {
    folder: PathBuf,
}

impl ProfileStore {
    /// The store in `folder`, or that of the user: `$XDG_DATA_HOME/earmark`, else `~/.local/share/earmark` (on Windows
    /// `%APPDATA%\earmark`). It need not be there yet.
    ///
    /// # Errors
    /// [`ProfileError::NoHome`] if the system names no such place.
    pub fn open(folder: Option<&Path>) -> Result<Self, ProfileError> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => users_folder().ok_or(ProfileError::NoHome)?,
        };
        Ok(Self { folder })
    }

    /// Where a profile lies, whether or not it is there.
    pub fn path(&self, kind: ProfileKind, name: &ProfileName) -> PathBuf {
        self.folder.join(kind.folder()).join(format!("{name}.json"))
    }

    /// Writes a profile, readable by its owner only, sealed if there is a passphrase. Gives its path.
    ///
    /// # Errors
    /// [`ProfileError`] if it is not valid or too large, if there is one of this name that must stay, or if it cannot be
    /// written.
    pub fn save<P: Profile>(
        &self,
        name: &ProfileName,
        model: &ModelId,
        profile: &P,
        seal: Option<&Passphrase>,
        existing: Existing,
    ) -> Result<PathBuf, ProfileError> {
        // Before the work of a seal; whoever comes in between is met when the file gets its name.
        self.refuse_existing(P::KIND, name, existing)?;
        self.write(&ProfileFile::new(name, model, profile, seal)?, profile.limit_bytes(), existing)
    }

    /// Reads a profile that was made with the network of `model_sha256`.
    ///
    /// # Errors
    /// [`ProfileError`] if there is none, if it is not valid, was made with another network or is sealed and `passphrase`
    /// does not open it.
    pub fn load<P: Profile>(
        &self,
        name: &ProfileName,
        model_sha256: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<P, ProfileError> {
        let (file, path) = self.read(P::KIND, name)?;
        if !file.model.sha256.eq_ignore_ascii_case(model_sha256) {
            return Err(ProfileError::Model {
                kind: P::KIND,
                name: name.to_string(),
                made_with: file.model,
                running: model_sha256.to_owned(),
            });
        }
        file.open(&path.display().to_string(), passphrase)
    }

    /// The profiles of a kind, by name. Those that cannot be read are listed with the reason; other files are not.
    ///
    /// # Errors
    /// [`ProfileError::Io`] if the folder cannot be read; none at all is an empty list.
    pub fn list(&self, kind: ProfileKind) -> Result<Vec<Entry>, ProfileError> {
        let folder = self.folder.join(kind.folder());
        let io = |source| ProfileError::Io { path: folder.clone(), source };
        let files = match std::fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(error)),
        };
        let mut entries = Vec::new();
        for file in files {
            let name = file.map_err(io)?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
            let Some(name) = name.and_then(|name| name.parse::<ProfileName>().ok()) else { continue };
            let facts = self.read(kind, &name).map(|(file, _)| Facts {
                created_unix_s: file.created_unix_s,
                sealed: file.is_sealed(),
                model: file.model,
            });
            entries.push(Entry { path: self.path(kind, &name), name, facts });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Deletes a profile, readable or not.
    ///
    /// # Errors
    /// [`ProfileError`] if there is none or the system refuses.
    pub fn remove(&self, kind: ProfileKind, name: &ProfileName) -> Result<(), ProfileError> {
        let path = self.path(kind, name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(self.missing(kind, name)),
            done => done.map_err(|source| ProfileError::Io { path, source }),
        }
    }

    /// Writes a profile, sealed or not as it is, to a file that only its owner can read.
    ///
    /// # Errors
    /// [`ProfileError`] if there is none, it is not valid, or the file cannot be written.
    pub fn export(&self, kind: ProfileKind, name: &ProfileName, to: &Path) -> Result<(), ProfileError> {
        let (file, path) = self.read(kind, name)?;
        Ok(written_private(to, &file.to_bytes(&path.display().to_string(), kind.limit_bytes())?)?.commit()?)
    }

    /// Takes in a file that [`ProfileStore::export`] wrote, under `name` or its own, and gives the name. What is not sealed
    /// is checked to its last value.
    ///
    /// # Errors
    /// [`ProfileError`] if it is not valid or there is one of this name that must stay.
    pub fn import<P: Profile>(
        &self,
        from: &Path,
        name: Option<&ProfileName>,
        existing: Existing,
    ) -> Result<ProfileName, ProfileError> {
        let origin = from.display().to_string();
        let opened = File::open(from).map_err(|source| ProfileError::Io { path: from.to_owned(), source })?;
        let mut file = ProfileFile::parse(&read_within(opened, P::KIND, from)?, P::KIND, &origin)?;
        // What is in a sealed one is not known, only what all of the kind may have.
        let limit = if file.is_sealed() {
            P::KIND.limit_bytes()
        } else {
            file.open::<P>(&origin, None)?.limit_bytes()
        };
        if let Some(name) = name {
            file.name = name.clone();
        }
        self.write(&file, limit, existing)?;
        Ok(file.name)
    }

    fn read(&self, kind: ProfileKind, name: &ProfileName) -> Result<(ProfileFile, PathBuf), ProfileError> {
        let path = self.path(kind, name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.missing(kind, name)),
            file => file.map_err(|source| ProfileError::Io { path: path.clone(), source })?,
        };
        let origin = path.display().to_string();
        let file = ProfileFile::parse(&read_within(file, kind, &path)?, kind, &origin)?;
        if file.name != *name {
            let reason = format!("it was enrolled as {}; `earmark {kind} import` gives it a name", file.name);
            return Err(ProfileError::Invalid { path: origin, kind, reason });
        }
        Ok((file, path))
    }

    fn write(&self, file: &ProfileFile, limit: u64, existing: Existing) -> Result<PathBuf, ProfileError> {
        self.refuse_existing(file.kind, &file.name, existing)?;
        let path = self.path(file.kind, &file.name);
        let bytes = file.to_bytes(&path.display().to_string(), limit)?;
        create_private_folder(&self.folder.join(file.kind.folder()))?;
        let written = written_private(&path, &bytes)?;
        match existing {
            Existing::Replace => written.commit()?,
            // Another process may enrol the same name at this moment.
            Existing::Refuse => written.commit_new().map_err(|error| match error {
                OutputError::Exists { .. } => exists(file.kind, &file.name),
                other => other.into(),
            })?,
        }
        Ok(path)
    }

    fn refuse_existing(
        &self,
        kind: ProfileKind,
        name: &ProfileName,
        existing: Existing,
    ) -> Result<(), ProfileError> {
        if existing == Existing::Refuse && self.path(kind, name).exists() {
            return Err(exists(kind, name));
        }
        Ok(())
    }

    fn missing(&self, kind: ProfileKind, name: &ProfileName) -> ProfileError {
        let known = self.list(kind).unwrap_or_default();
        ProfileError::Missing {
            kind,
            name: name.to_string(),
            folder: self.folder.join(kind.folder()),
            known: known.into_iter().map(|entry| entry.name.to_string()).collect(),
        }
    }
}

fn read_within(file: File, kind: ProfileKind, path: &Path) -> Result<Vec<u8>, ProfileError> {
    let limit = kind.limit_bytes();
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ProfileError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(ProfileError::TooLarge { path: path.display().to_string(), kind, limit });
    }
    Ok(bytes)
}

fn exists(kind: ProfileKind, name: &ProfileName) -> ProfileError {
    ProfileError::Exists { kind, name: name.to_string() }
}

/// A file that is the owner's alone, written and without its name yet.
fn written_private(path: &Path, bytes: &[u8]) -> Result<SafeFile, ProfileError> {
    let mut file = SafeFile::create_private(path)?;
    file.write_all(bytes).map_err(|source| ProfileError::Io { path: path.to_owned(), source })?;
    Ok(file)
}

/// Folders that are made here are the owner's alone, as XDG asks.
fn create_private_folder(folder: &Path) -> Result<(), ProfileError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| ProfileError::Io { path: folder.to_owned(), source })
}
