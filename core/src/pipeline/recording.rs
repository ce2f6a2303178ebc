//! Where a recording comes from.

use std::path::{Path, PathBuf};

use super::Observer;
use super::stream::{Origin, Stoppable};
use crate::audio::{AudioError, ChannelChoice, Source, SourceOptions};
#[cfg(feature = "report")]
use crate::decide::Timeline;
#[cfg(feature = "report")]
use crate::report::Report;

/// What errors of the audio call standard input, as [`Source::from_stdin`] does.
const STDIN_NAME: &str = "standard input";

/// A recording to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// A file, or something else with a path: a named pipe, a device.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// One of these, of which something is chosen: a track, a channel, who decodes it.
    Chosen(Box<Recording>, SourceOptions),
    /// A file that is known by another name than its path: an upload.
    Copy {
        /// Where its bytes are.
        path: PathBuf,
        /// What messages and reports call it.
        name: PathBuf,
    },
}

impl Recording {
    /// What a user means by `path`: `-` is standard input.
    pub fn named(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// The same with a choice of what is heard of it.
    #[must_use]
    pub fn with(self, options: SourceOptions) -> Self {
        if options == SourceOptions::default() { self } else { Self::Chosen(Box::new(self), options) }
    }

    /// What is chosen of it.
    pub(super) fn options(&self) -> SourceOptions {
        match self {
            Self::Chosen(_, options) => options.clone(),
            _ => SourceOptions::default(),
        }
    }

    /// The path that its bytes are at; nothing of standard input.
    #[cfg(feature = "render")]
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Copy { path, .. } => Some(path),
            Self::Chosen(recording, _) => recording.file(),
            Self::Stdin => None,
        }
    }

    /// What it is called in messages: `name#N` where one channel is chosen.
    pub fn name(&self) -> String {
        match self.channel() {
            Some(channel) => format!("{}#{channel}", self.source_name()),
            None => self.source_name(),
        }
    }

    /// The one channel that is chosen, from 1.
    pub fn channel(&self) -> Option<u16> {
        match self {
            Self::Chosen(_, SourceOptions { channel: ChannelChoice::One(channel), .. }) => Some(*channel),
            _ => None,
        }
    }

    /// A report of it.
    #[cfg(feature = "report")]
    pub fn report(&self, timeline: Timeline) -> Report {
        Report { channel: self.channel(), ..Report::new(self.source_name(), timeline) }
    }

    /// What it is called whatever is chosen of it; of a file, its path.
    fn source_name(&self) -> String {
        match self {
            Self::Chosen(recording, _) => recording.source_name(),
            Self::File(name) | Self::Copy { name, .. } => name.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
        }
    }

    /// Whether it may still be going on while it is heard: standard input, a named pipe, a device.
    pub fn is_stream(&self) -> bool {
        self.origin().is_some()
    }

    /// Opens it for one pass.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self) -> Result<Source, AudioError> {
        match self {
            Self::File(path) => Source::open(path),
            Self::Stdin => Source::from_stdin(),
            Self::Chosen(recording, options) => match &**recording {
                Self::File(path) => Source::open_with(path, options),
                _ => Source::from_reader_with(STDIN_NAME.as_ref(), Box::new(std::io::stdin()), options),
            },
            Self::Copy { path, name } => Source::open_as(path, name),
        }
    }

    /// Opens it for one pass that `observer` may end; says whether the observer's flag ends it.
    pub(super) fn open_watched(&self, observer: &dyn Observer) -> Result<(Source, bool), AudioError> {
        match (self.origin(), observer.stop_flag()) {
            (Some(origin), Some(stop)) => {
                let stream = Box::new(Stoppable::new(origin, stop));
                Ok((Source::from_reader_with(&self.stream_name(), stream, &self.options())?, true))
            }
            _ => Ok((self.open()?, false)),
        }
    }

    /// What is read, if that is a stream. What is not there and what is a folder is refused by [`Source`], in its words.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            Self::Chosen(recording, _) => recording.origin(),
            Self::Stdin => Some(Origin::Stdin),
            Self::File(path) => {
                let metadata = std::fs::metadata(path).ok()?;
                let stream = !metadata.is_file() && !metadata.is_dir();
                stream.then(|| Origin::Path(path.clone()))
            }
            Self::Copy { .. } => None,
        }
    }

    /// What errors of the audio call it.
    pub(super) fn stream_name(&self) -> PathBuf {
        match self {
            Self::File(name) | Self::Copy { name, .. } => name.clone(),
            Self::Stdin => STDIN_NAME.into(),
            Self::Chosen(recording, _) => recording.stream_name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_goes_by_its_name_and_not_by_where_it_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("upload");
        let copy = |name: &str| Recording::Copy { path: path.clone(), name: name.into() };
        std::fs::write(&path, "no audio at all").unwrap();
        let refused = copy("talk.wav").open().unwrap_err().to_string();
        assert!(refused.starts_with("talk.wav is not audio"), "{refused}");
        let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
        std::fs::copy(&programme, &path).unwrap();
        let copy = copy("folder/programme.flac");
        assert_eq!(copy.open().unwrap().info(), Source::open(&programme).unwrap().info());
        assert_eq!(copy.name(), "folder/programme.flac");
        std::fs::remove_file(&path).unwrap();
        let gone = copy.open().unwrap_err().to_string();
        assert!(gone.starts_with("folder/programme.flac cannot be opened"), "{gone}");
    }
}
