//! Which files a list of files and folders names, and what their outputs are called.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::console::Console;

/// Endings that are tried in folders; a file named by itself is always tried.
const AUDIO_EXTENSIONS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "flac", "mp3", "mp2", "m4a", "m4b", "mp4", "aac", "ogg", "oga", "opus",
    "aif", "aiff", "aifc", "caf", "mka", "webm",
];

/// One recording to work on.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file, or `-`.
    pub path: PathBuf,
    /// Path of the outputs below an output folder, without an ending: the file's place below the folder it was found in.
    pub stem: PathBuf,
}

impl Input {
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    pub fn name(&self) -> String {
        if self.is_stdin() { "stdin".to_owned() } else { self.path.display().to_string() }
    }
}

/// Expands folders, sorted and recursive. Unreadable ones are reported and the rest goes on.
pub fn expand(paths: &[PathBuf], console: &Console) -> Vec<Input> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            let before = found.len();
            walk(path, path, &mut found, console);
            if found.len() == before {
                console.warn(&format!("{}: no audio files in this folder", path.display()));
            }
        } else {
            let stem = path.file_stem().filter(|s| *s != "-").unwrap_or(OsStr::new("stdin"));
            found.push(Input { path: path.clone(), stem: stem.into() });
        }
    }
    make_distinct(&mut found);
    found
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<Input>, console: &Console) {
    let unreadable = |e: std::io::Error| {
        console.error(&anyhow::anyhow!(
            "{}: this folder cannot be read: {e}. Check its permissions",
            dir.display()
        ));
    };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) => return unreadable(e),
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(e) => unreadable(e),
        }
    }
    paths.sort();
    for path in paths {
        // Links to folders are not followed: they can lead back up.
        if path.is_dir() && !path.is_symlink() {
            walk(root, &path, found, console);
        } else if has_audio_extension(&path) && path.is_file() {
            let stem = path.strip_prefix(root).unwrap_or(&path).with_extension("");
            found.push(Input { path, stem });
        }
    }
}

fn has_audio_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    AUDIO_EXTENSIONS.contains(&extension.as_str())
}

/// `take.wav` and `take.flac` must not write to the same labels: those get their whole file name as stem.
fn make_distinct(inputs: &mut [Input]) {
    let mut count = HashMap::new();
    for input in inputs.iter() {
        *count.entry(input.stem.clone()).or_insert(0_usize) += 1;
    }
    let mut seen = HashMap::new();
    for input in inputs.iter_mut().filter(|input| count[&input.stem] > 1) {
        if let Some(name) = input.path.file_name() {
            input.stem.set_file_name(name);
        }
        let times = seen.entry(input.stem.clone()).or_insert(0_usize);
        *times += 1;
        if *times > 1 {
            let name = input.stem.file_name().unwrap_or_default().to_string_lossy().into_owned();
            input.stem.set_file_name(format!("{name}-{times}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &str) -> Input {
        Input { path: path.into(), stem: Path::new(path).with_extension("") }
    }

    #[test]
    fn outputs_never_collide() {
        let mut inputs = vec![input("a.wav"), input("a.flac"), input("b.wav"), input("b.wav")];
        make_distinct(&mut inputs);
        let stems: Vec<_> = inputs.iter().map(|i| i.stem.to_str().unwrap()).collect();
        assert_eq!(stems, ["a.wav", "a.flac", "b.wav", "b.wav-2"]);
    }
}
