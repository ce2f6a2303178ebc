//! Files that clients send.

use std::fs::File;
use std::path::PathBuf;

use earmark_core::pipeline::Recording;
use tempfile::NamedTempFile;

/// A file that a client sends. Where the system allows it (Linux) it has no name on the disk, so that nothing is left of it
/// when the process ends, however it ends.
#[derive(Debug)]
pub struct Upload {
    path: PathBuf,
    kept: Kept,
    /// What the client calls it.
    pub name: String,
}

#[derive(Debug)]
enum Kept {
    #[cfg(target_os = "linux")]
    Nameless(File),
    Named(NamedTempFile),
}

impl Upload {
    /// An empty one.
    ///
    /// # Errors
    /// If the folder for temporary files takes none.
    pub fn create() -> std::io::Result<Self> {
        let name = String::new();
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let file = tempfile::tempfile()?;
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            // Containers may lack /proc.
            if path.exists() {
                return Ok(Self { path, kept: Kept::Nameless(file), name });
            }
        }
        let file = NamedTempFile::new()?;
        Ok(Self { path: file.path().to_owned(), kept: Kept::Named(file), name })
    }

    /// Where its bytes are written.
    ///
    /// # Errors
    /// If the system has no handle left.
    pub fn writer(&self) -> std::io::Result<File> {
        match &self.kept {
            #[cfg(target_os = "linux")]
            Kept::Nameless(file) => file.try_clone(),
            Kept::Named(file) => file.as_file().try_clone(),
        }
    }

    /// What core reads.
    pub fn recording(&self) -> Recording {
        Recording::Copy { path: self.path.clone(), name: self.name.clone().into() }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn it_can_be_read_more_than_once_and_leaves_nothing() {
        let mut upload = Upload::create().unwrap();
        upload.name = "programme.flac".to_owned();
        let programme = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/programme.flac");
        upload.writer().unwrap().write_all(&std::fs::read(programme).unwrap()).unwrap();
        for _ in 0..2 {
            assert_eq!(upload.recording().open().unwrap().info().codec, "flac");
        }
        #[cfg(target_os = "linux")]
        {
            let real = std::fs::read_link(&upload.path).unwrap();
            assert!(!real.exists(), "{} has a name", real.display());
        }
    }
}
