//! What the names of inputs and outputs mean.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use crate::audio::FILE_ENDINGS;

/// Whether a path means standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether the user means a folder: there is one, or the name ends as one.
pub fn names_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().last().is_some_and(|&b| b == b'/' || b == b'\\')
}

/// Whether a file would be taken for a recording by its name.
pub fn names_audio(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    FILE_ENDINGS.contains(&ending.as_str())
}

/// The output of one recording below a folder, byte for byte under its name.
pub fn in_folder(folder: &Path, stem: &Path, extension: &str) -> PathBuf {
    let mut path = OsString::from(folder.join(stem));
    path.push(".");
    path.push(extension);
    path.into()
}

/// A path as a file system sees it that tells neither cases apart nor an accented letter from a letter and an accent.
pub(super) fn folded(path: &Path) -> Vec<u8> {
    match path.to_str() {
        // Upper case first: some letters have several forms in lower case.
        Some(text) => text.to_uppercase().to_lowercase().nfd().collect::<String>().into_bytes(),
        None => path.as_os_str().as_encoded_bytes().to_ascii_lowercase(),
    }
}
