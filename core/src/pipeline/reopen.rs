//! Recordings that are read twice, streams among them.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::stream::Stoppable;
use super::{Observer, PipelineError, Recording};
use crate::audio::{AudioError, Source, SourceOptions};

/// Bytes of a stream that are copied at a time.
const COPY_BYTES: usize = 1 << 16;

impl Recording {
    /// The recording as something that can be read more than once: itself, or a copy of what comes through the pipe.
    pub(super) fn reopenable(&self, observer: &mut dyn Observer) -> Result<Reopenable, PipelineError> {
        let Some(origin) = self.origin() else {
            let name = self.stream_name();
            let (path, known_as) = match self {
                Self::Copy { path, .. } => (path.clone(), Some(name)),
                _ => (name, None),
            };
            return Ok(Reopenable { path, known_as, options: self.options(), copy_of: None });
        };
        let mut stream = Stoppable::new(origin, observer.stop_flag().unwrap_or_default());
        let name = self.name();
        let failed = |source| PipelineError::Spool { name: name.clone(), source };
        let mut copy = NamedTempFile::new().map_err(failed)?;
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            if observer.interrupted() {
                return Err(PipelineError::Interrupted);
            }
            match stream.read(&mut buffer) {
                Ok(0) if observer.interrupted() => return Err(PipelineError::Interrupted),
                Ok(0) => break,
                Ok(bytes) => copy.write_all(&buffer[..bytes]).map_err(failed)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let path = copy.path().to_owned();
        Ok(Reopenable { path, known_as: None, options: self.options(), copy_of: Some((copy, name.into())) })
    }
}

/// A recording that can be opened any number of times. The copy of a stream goes with it.
#[derive(Debug)]
pub(super) struct Reopenable {
    path: PathBuf,
    options: SourceOptions,
    /// What an upload is called, which is not where it lies.
    known_as: Option<PathBuf>,
    /// The copy, and what the stream is called.
    copy_of: Option<(NamedTempFile, PathBuf)>,
}

impl Reopenable {
    /// Where its bytes are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How it is read.
    pub(super) fn options(&self) -> &SourceOptions {
        &self.options
    }

    /// The same as a recording, for a pass of its own.
    pub(super) fn recording(&self) -> Recording {
        match &self.known_as {
            Some(name) => Recording::Copy { path: self.path.clone(), name: name.clone() },
            None => Recording::File(self.path.clone()).with(self.options.clone()),
        }
    }

    pub(super) fn open(&self) -> Result<Source, AudioError> {
        match &self.known_as {
            Some(name) => Source::open_as(&self.path, name),
            None => Source::open_with(&self.path, &self.options).map_err(|error| self.named(error)),
        }
    }

    /// An error about the copy, said of the stream.
    pub(super) fn named(&self, error: AudioError) -> AudioError {
        match &self.copy_of {
            Some((_, name)) => error.of(name),
            None => error,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_named_pipe_can_be_read_twice() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
        let bytes = std::fs::read(&programme).unwrap();
        let (sent, into) = (bytes.clone(), pipe.clone());
        let writer = std::thread::spawn(move || std::fs::write(into, sent).unwrap());
        let copy = Recording::File(pipe.clone()).reopenable(&mut ()).unwrap();
        writer.join().unwrap();
        assert_ne!(copy.path(), pipe);
        assert!(std::fs::read(copy.path()).unwrap() == bytes);
        let original = Source::open(&programme).unwrap();
        for _ in 0..2 {
            assert_eq!(copy.open().unwrap().info(), original.info());
        }
        let path = copy.path().to_owned();
        drop(copy);
        assert!(!path.exists(), "the copy goes when the work is done");
    }

    #[test]
    fn faults_of_a_copy_are_said_of_the_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let into = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(into, "no audio at all").unwrap());
        let copy = Recording::File(pipe.clone()).reopenable(&mut ()).unwrap();
        writer.join().unwrap();
        let said = copy.open().unwrap_err().to_string();
        assert!(said.contains(pipe.to_str().unwrap()), "{said}");
        let plain = Recording::File(dir.path().join("there-is-none.wav"));
        let said = plain.reopenable(&mut ()).unwrap().open().unwrap_err().to_string();
        assert!(said.contains("there-is-none.wav"), "{said}");
    }
}
