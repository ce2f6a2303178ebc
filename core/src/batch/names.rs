//! What the names of inputs and outputs mean.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whether a path means standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether the user means a folder: there is one, or the name ends as one.
pub fn names_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().last().is_some_and(|&b| b == b'/' || b == b'\\')
}

/// The output of one recording below a folder, byte for byte under its name.
pub fn in_folder(folder: &Path, stem: &Path, extension: &str) -> PathBuf {
    let mut path = OsString::from(folder.join(stem));
    path.push(".");
    path.push(extension);
    path.into()
}

/// A path as a file system sees it that does not tell cases apart.
pub(super) fn folded(path: &Path) -> Vec<u8> {
    match path.to_str() {
        Some(text) => text.to_lowercase().into_bytes(),
        None => path.as_os_str().as_encoded_bytes().to_ascii_lowercase(),
    }
}
