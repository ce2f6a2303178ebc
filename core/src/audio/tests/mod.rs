//! Tests of the module as a whole: files in, samples out.

mod edits;
mod fixtures;
mod hostile;
mod segments;
mod wav;
mod whole;
mod words;

use std::path::{Path, PathBuf};

use super::{AudioError, AudioWarning, Source, SourceInfo};

/// Everything that a source gives until its end or an error.
pub(super) struct Read {
    pub(super) info: SourceInfo,
    pub(super) samples: Vec<f32>,
    pub(super) warnings: Vec<AudioWarning>,
    pub(super) error: Option<AudioError>,
}

impl Read {
    fn all(mut source: Source) -> Self {
        let mut samples = Vec::new();
        let error = loop {
            match source.next_block() {
                Ok(Some(block)) => samples.extend_from_slice(block),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert!(matches!(source.next_block(), Ok(None)), "a source that has ended stays ended");
        let frames = samples.len() / usize::from(source.info().channels);
        assert_eq!(source.position(), frames as u64);
        Self { info: source.info().clone(), samples, warnings: source.warnings().to_vec(), error }
    }

    pub(super) fn file(path: &Path) -> Self {
        Self::all(Source::open(path).unwrap_or_else(|e| panic!("{e}")))
    }

    pub(super) fn stream(bytes: Vec<u8>) -> Self {
        let reader = Box::new(std::io::Cursor::new(bytes));
        Self::all(Source::from_reader("a stream".as_ref(), reader).unwrap_or_else(|e| panic!("{e}")))
    }
}

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/audio").join(name)
}

/// What went wrong, which must be said with the file's name.
fn failure(path: &Path) -> AudioError {
    let error = match Source::open(path) {
        Ok(source) => Read::all(source).error.unwrap_or_else(|| panic!("{} can be read", path.display())),
        Err(error) => error,
    };
    let name = path.file_name().unwrap().to_string_lossy();
    assert!(error.to_string().contains(&*name), "{error}");
    error
}
