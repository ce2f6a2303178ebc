//! Where the samples of a render go.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::PipelineError;
use crate::output::{SafeFile, create_folder_of};
use crate::render::{AudioOut, Metadata, Movie, MovieFile, StreamFormat};

/// Where the samples of a render go.
pub enum AudioTarget<'a> {
    /// A file, FLAC or WAV by its ending. It takes its name only when it is whole; missing folders are made.
    File(&'a Path),
    /// A WAV into a pipe, such as standard output.
    Pipe {
        /// What it is called in messages.
        name: &'a str,
        /// What takes the bytes.
        out: Box<dyn Write + Send>,
    },
    /// An empty file that is open for writing and that the caller keeps: an answer that is sent when it is whole.
    Handle {
        /// Its name, whose ending says FLAC or WAV.
        name: &'a Path,
        /// Where the bytes go.
        file: File,
    },
}

impl std::fmt::Debug for AudioTarget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AudioTarget").field(&self.name()).finish()
    }
}

impl AudioTarget<'_> {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::Pipe { name: "stdout", out: Box::new(std::io::stdout()) }
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Handle { name: path, .. } => path.display().to_string(),
            Self::Pipe { name, .. } => (*name).to_owned(),
        }
    }

    /// The path that says the container, if it is a file.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Handle { name: path, .. } => Some(path),
            Self::Pipe { .. } => None,
        }
    }

    /// Begins it: the file that is to be committed at the end, and what takes samples.
    pub(super) fn begin(
        self,
        format: StreamFormat,
        metadata: &Metadata,
        samples: u64,
    ) -> Result<(Option<SafeFile>, AudioOut), PipelineError> {
        let name = self.name();
        match self {
            Self::File(path) => {
                create_folder_of(path)?;
                let file = SafeFile::create(path)?;
                let out = AudioOut::file(path, file.handle()?, format, metadata, Some(samples))
                    .map_err(|source| PipelineError::OutputFormat { name, source })?;
                Ok((Some(file), out))
            }
            Self::Handle { name: path, file } => {
                let out = AudioOut::file(path, file, format, metadata, Some(samples))
                    .map_err(|source| PipelineError::OutputFormat { name, source })?;
                Ok((None, out))
            }
            Self::Pipe { out, .. } => {
                let out = AudioOut::pipe(out, format, metadata, Some(samples))
                    .map_err(PipelineError::render(name))?;
                Ok((None, out))
            }
        }
    }
}

/// An output that is being written. Dropped without [`Pending::commit`], it leaves nothing behind.
pub(super) enum Pending {
    /// A file; nothing for what is written as it comes.
    File(Option<SafeFile>),
    Movie(MovieFile),
}

impl Pending {
    /// Begins a movie, and what takes its samples.
    pub(super) fn movie(
        movie: &Movie<'_>,
        format: StreamFormat,
        samples: u64,
    ) -> Result<(Self, AudioOut), PipelineError> {
        let (sound, file) = movie.begin(format.channels)?;
        let out = AudioOut::pipe(Box::new(sound), format, &Metadata::default(), Some(samples))
            .map_err(PipelineError::render("ffmpeg".to_owned()))?;
        Ok((Self::Movie(file), out))
    }

    /// Why writing failed: a broken pipe to ffmpeg has a reason of its own.
    pub(super) fn reason(&mut self, error: PipelineError) -> PipelineError {
        match self {
            Self::Movie(file) if matches!(error, PipelineError::Render { .. }) => {
                file.failure().map_or(error, PipelineError::Movie)
            }
            _ => error,
        }
    }

    /// Gives it its name.
    pub(super) fn commit(self) -> Result<(), PipelineError> {
        match self {
            Self::File(Some(file)) => Ok(file.commit()?),
            Self::File(None) => Ok(()),
            Self::Movie(file) => Ok(file.commit()?),
        }
    }
}
