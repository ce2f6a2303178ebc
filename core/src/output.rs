//! Files that appear complete or not at all.
//!
//! Every output is written under a temporary name in its own folder and renamed when it is finished. Whatever ends a
//! run early (an error, a full disk, an interruption) leaves the previous file, or none. Renaming does not wait for the
//! disk: after a power failure a finished file may still be lost.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

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
    /// More audio than the format can hold.
    #[error("{} would exceed the 4 GiB that a WAV file can hold; write fewer bits or shorter pieces", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
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
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Write { path, source },
        }
    }
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
    Temporary(BufWriter<NamedTempFile>),
    Direct(BufWriter<File>),
}

impl SafeFile {
    /// Begins to write `path`.
    ///
    /// # Errors
    ///
    /// If its folder does not exist or cannot be written to.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let create_error = |source| OutputError::Create { path: path.to_owned(), source };
        let path = path.to_owned();
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return Err(OutputError::Folder { path }),
            Ok(metadata) if !metadata.is_file() => {
                let file = File::options().write(true).open(&path).map_err(create_error)?;
                return Ok(Self { path, target: Target::Direct(BufWriter::new(file)) });
            }
            _ => {}
        }
        // A link keeps being a link: what it points to is replaced.
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            // As any new file: readable as the user's mask allows. The default for temporary files is the owner only.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(create_error)?;
        Ok(Self { path, target: Target::Temporary(BufWriter::new(file)) })
    }

    /// The file that will appear.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle on the file being written, for writers that want to own one. Flush it before
    /// [`SafeFile::commit`].
    ///
    /// # Errors
    ///
    /// If the system has no handle left.
    pub fn handle(&self) -> Result<File, OutputError> {
        let file = match &self.target {
            Target::Temporary(file) => file.get_ref().as_file(),
            Target::Direct(file) => file.get_ref(),
        };
        file.try_clone().map_err(|e| OutputError::from_io(&self.path, e))
    }

    /// Writes what is buffered and gives the file its name.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written; nothing is left behind then.
    pub fn commit(self) -> Result<(), OutputError> {
        let path = self.path;
        match self.target {
            Target::Temporary(file) => {
                let file = file.into_inner().map_err(|e| OutputError::from_io(&path, e.into_error()))?;
                file.persist(&path).map_err(|e| OutputError::from_io(&path, e.error))?;
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
            Target::Temporary(file) => file.write(bytes),
            Target::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Temporary(file) => file.flush(),
            Target::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn appears_complete_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        let mut file = SafeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert!(names(folder.path()).is_empty());

        SafeFile::write_all_to(&path, b"old").unwrap();
        let mut file = SafeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["labels.txt"]);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/folder.csv");
        let text = SafeFile::create(&missing).unwrap_err().to_string();
        assert!(text.contains("folder.csv"), "{text}");
        assert!(matches!(SafeFile::create(folder.path()), Err(OutputError::Folder { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_is_said() {
        let error = SafeFile::write_all_to(Path::new("/dev/full"), &[0; 100_000]).unwrap_err();
        assert!(matches!(error, OutputError::DiskFull { .. }), "{error}");
        assert!(error.to_string().contains("/dev/full"));
    }

    #[cfg(unix)]
    #[test]
    fn has_the_permissions_of_a_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (safe, plain) = (folder.path().join("safe"), folder.path().join("plain"));
        SafeFile::write_all_to(&safe, b"x").unwrap();
        std::fs::write(&plain, b"x").unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&safe), mode(&plain));
    }
}
