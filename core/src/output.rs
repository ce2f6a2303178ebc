//! Files that appear complete or not at all.
//!
//! Every output is written under a temporary name in its own folder, handed to the disk (`fsync`) and renamed when it is
//! finished. Whatever ends a run early (an error, a full disk, an interruption, a power failure) leaves the previous file,
//! or none. A process that ends without unwinding calls [`remove_partial_files`] first.
//!
//! A file that is replaced hands its mode on, and its owner where the system permits that; a symbolic link stays a link,
//! and what it points to is replaced or made. Other names of the same file (hard links) keep the old contents: a file that
//! is replaced whole cannot keep them, and one that is written in place could be seen half-written.

mod system;

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{Builder, NamedTempFile};

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The folder of the output cannot be written to.
    #[error("{} cannot be created: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder where a file should be written.
    #[error("{} is a folder; name a file in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A file that its owner has protected, or that belongs to somebody else.
    #[error("{} may not be written ({source}); change its permissions, or name another output", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is one already, and it was not to be replaced.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No space left.
    #[error("{} cannot be written: the disk is full; free some space and run again", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Any other failure while writing.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A sample format, rate or channel count that the format does not have.
    #[error("{} cannot be written: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the format does not have.
        what: String,
    },
}

impl OutputError {
    /// The sentence for a failure of the system while writing `path`.
    pub fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if is_disk_full(&source) { Self::DiskFull { path } } else { Self::Write { path, source } }
    }
}

/// Whether there was no room for what was to be written.
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Makes the folder that a file is to be written in, and those above it, where they are missing.
///
/// # Errors
///
/// [`OutputError::Create`] names the folder.
pub fn create_folder_of(file: &Path) -> Result<(), OutputError> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .map_err(|source| OutputError::Create { path: folder.to_owned(), source }),
        None => Ok(()),
    }
}

/// A file being written. Dropped without [`SafeFile::commit`], it leaves nothing behind.
///
/// Devices and pipes (`/dev/stdout`, a FIFO) are written directly: they cannot be replaced and hold no old contents.
#[derive(Debug)]
pub struct SafeFile {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Temporary(BufWriter<NamedTempFile>, Partial),
    Direct(BufWriter<File>),
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Whom the user's mask, or the mode of the file that is replaced, allows.
    ByMask,
    Owner,
}

/// Start of every temporary name. It does not hold the file's own, which may be as long as the system allows.
const PREFIX: &str = ".earmark-";
/// End of every temporary name.
const SUFFIX: &str = ".part";
/// Links that are followed from one to the next, as the system does.
const MAX_LINKS: usize = 40;

impl SafeFile {
    /// Begins to write `path`.
    ///
    /// # Errors
    ///
    /// If its folder does not exist or cannot be written to, if it is a folder, or a file that may not be written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        Self::begin(path, Readers::ByMask)
    }

    /// The same for what only its owner may read (mode 0600), whoever could read the file that it replaces.
    ///
    /// # Errors
    ///
    /// As for [`SafeFile::create`].
    pub fn create_private(path: &Path) -> Result<Self, OutputError> {
        Self::begin(path, Readers::Owner)
    }

    fn begin(path: &Path, readers: Readers) -> Result<Self, OutputError> {
        let create_error = |source| OutputError::Create { path: path.to_owned(), source };
        let old = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(OutputError::Folder { path: path.to_owned() }),
            Ok(metadata) if !metadata.is_file() => {
                let file = File::options().write(true).open(path).map_err(create_error)?;
                return Ok(Self { path: path.to_owned(), target: Target::Direct(BufWriter::new(file)) });
            }
            Ok(metadata) => {
                refuse_protected(path, &metadata)?;
                Some(metadata)
            }
            // What is wrong with it shows when the file is made.
            Err(_) => None,
        };
        let path = end_of_links(path).map_err(create_error)?;
        let folder = folder_of(&path);
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        if readers == Readers::ByMask {
            // As any new file: readable as the user's mask allows. The default for temporary files is the owner only.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(create_error)?;
        let partial = Partial::new(file.path());
        system::mark_as_written(file.as_file());
        if let Some(old) = old.filter(|_| readers == Readers::ByMask) {
            system::hand_on(&old, file.as_file()).map_err(create_error)?;
        }
        Ok(Self { path, target: Target::Temporary(BufWriter::new(file), partial) })
    }

    /// The file that will appear.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is being written, for another program to write; nothing for devices and pipes.
    pub fn temporary_path(&self) -> Option<&Path> {
        match &self.target {
            Target::Temporary(file, _) => Some(file.get_ref().path()),
            Target::Direct(_) => None,
        }
    }

    /// Another handle on the file being written, for writers that want to own one. Flush it before
    /// [`SafeFile::commit`].
    ///
    /// # Errors
    ///
    /// If the system has no handle left.
    pub fn handle(&self) -> Result<File, OutputError> {
        let file = match &self.target {
            Target::Temporary(file, _) => file.get_ref().as_file(),
            Target::Direct(file) => file.get_ref(),
        };
        file.try_clone().map_err(|e| OutputError::from_io(&self.path, e))
    }

    /// Writes what is buffered, waits until the disk has it, and gives the file its name.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written; nothing is left behind then.
    pub fn commit(self) -> Result<(), OutputError> {
        self.commit_by(system::name)
    }

    /// The same where nothing may be replaced: of several that write one file at once, one gives it its name.
    ///
    /// # Errors
    ///
    /// As for [`SafeFile::commit`]; [`OutputError::Exists`] if there is such a file by now.
    pub fn commit_new(self) -> Result<(), OutputError> {
        self.commit_by(system::name_new)
    }

    fn commit_by(self, name: fn(NamedTempFile, &Path) -> io::Result<()>) -> Result<(), OutputError> {
        let path = self.path;
        match self.target {
            Target::Temporary(file, _partial) => {
                let file = file.into_inner().map_err(|e| OutputError::from_io(&path, e.into_error()))?;
                synchronise(file.as_file()).map_err(|e| OutputError::from_io(&path, e))?;
                name(file, &path).map_err(|e| match e.kind() {
                    ErrorKind::AlreadyExists => OutputError::Exists { path: path.clone() },
                    _ => OutputError::from_io(&path, e),
                })?;
            }
            Target::Direct(mut file) => file.flush().map_err(|e| OutputError::from_io(&path, e))?,
        }
        Ok(())
    }

    /// Writes `bytes` as the whole of `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the previous file, if any, is then still there.
    pub fn write_all_to(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
        let mut file = Self::create(path)?;
        file.write_all(bytes).map_err(|e| OutputError::from_io(path, e))?;
        file.commit()
    }
}

impl Write for SafeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Temporary(file, _) => file.write(bytes),
            Target::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Temporary(file, _) => file.flush(),
            Target::Direct(file) => file.flush(),
        }
    }
}

/// Removes what processes left half-written in `folder` that were killed and could not clean up; gives how many files.
/// What another process is writing there stays.
pub fn remove_abandoned_files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let is_partial = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    };
    let partial = entries.flatten().map(|entry| entry.path()).filter(is_partial);
    partial.filter(|path| system::remove_abandoned(path)).count()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Renaming needs only the folder's permission; a file that could not be opened for writing shall not be lost that way.
fn refuse_protected(path: &Path, metadata: &Metadata) -> Result<(), OutputError> {
    let protected = |source| OutputError::Protected { path: path.to_owned(), source };
    // The system lets root write everything.
    if metadata.permissions().readonly() {
        return Err(protected(io::Error::other("it is read-only")));
    }
    File::options().write(true).open(path).map(drop).map_err(protected)
}

/// The file that a path with symbolic links stands for, whether it exists or not.
///
/// # Errors
///
/// If links lead round in a circle.
pub fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    // What Windows makes of it (`\\?\C:\…`) is nothing that people know; there links are followed one by one.
    if cfg!(not(windows))
        && let Ok(path) = std::fs::canonicalize(path)
    {
        return Ok(path);
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            // Relative to the folder of the link; an absolute one replaces all of it.
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Waits until the disk has the file, where the file system can say so.
fn synchronise(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

/// Temporary files of this process. It is shared because a signal ends the whole process, whichever thread writes what.
static PARTIAL: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary file in [`PARTIAL`].
#[derive(Debug)]
struct Partial(PathBuf);

impl Partial {
    fn new(path: &Path) -> Self {
        PARTIAL.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        PARTIAL.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Removes the temporary files of all outputs that are being written. For the moment before a process ends without
/// unwinding: nothing that is being written can be committed afterwards.
pub fn remove_partial_files() {
    for path in PARTIAL.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // Whoever finished it in the meantime has renamed it.
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
