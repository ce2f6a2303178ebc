//! Which files a list of files and folders names, and what their outputs are called.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::names::{folded, is_dash, names_audio};

/// One recording to work on.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file, or `-`.
    pub path: PathBuf,
    /// Path of the outputs below an output folder, without an ending: the file's place below the folder it was found in.
    pub stem: PathBuf,
}

impl Input {
    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        is_dash(&self.path)
    }

    /// What it is called in messages and reports.
    pub fn name(&self) -> String {
        if self.is_stdin() { "stdin".to_owned() } else { self.path.display().to_string() }
    }
}

/// Whether outputs are to be apart: a folder is named, which may hold any number of recordings tomorrow, or several are.
pub fn are_several(paths: &[PathBuf], inputs: &[Input]) -> bool {
    inputs.len() > 1 || paths.iter().any(|path| !is_dash(path) && path.is_dir())
}

/// What was met on the way through a folder; the rest of it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum FolderNote {
    /// A folder that was named holds no recording.
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder, or part of its list, cannot be read.
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link to a folder that was not looked at yet.
    LinkFollowed {
        /// The link.
        link: PathBuf,
    },
    /// A link to a folder that was looked at already.
    LinkLeft {
        /// The link.
        link: PathBuf,
    },
    /// What macOS puts beside a file.
    Companion {
        /// It.
        path: PathBuf,
    },
}

impl fmt::Display for FolderNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { folder } => write!(f, "{}: no audio files in this folder", folder.display()),
            Self::Unreadable { folder, source } => {
                let folder = folder.display();
                write!(f, "{folder}: this folder cannot be read: {source}. Check its permissions")
            }
            Self::LinkFollowed { link } => write!(f, "{}: a link to a folder, followed", link.display()),
            Self::LinkLeft { link } => {
                let link = link.display();
                write!(f, "{link}: a link to a folder that is looked at already, not followed again")
            }
            Self::Companion { path } => write!(f, "{}: made by macOS, passed over", path.display()),
        }
    }
}

/// Expands folders, sorted and recursive, and gives each recording a stem of its own. `note` is called with what was met;
/// what cannot be read is left out.
pub fn expand(paths: &[PathBuf], note: &mut dyn FnMut(FolderNote)) -> Vec<Input> {
    let mut found = Vec::new();
    for path in paths {
        if !is_dash(path) && path.is_dir() {
            let before = found.len();
            Walk { root: path, found: &mut found, links: Vec::new(), seen: HashSet::new(), note }.run();
            if found.len() == before {
                note(FolderNote::Empty { folder: path.clone() });
            }
        } else {
            let stem = if is_dash(path) { None } else { path.file_stem() };
            found.push(Input { path: path.clone(), stem: stem.unwrap_or(OsStr::new("stdin")).into() });
        }
    }
    make_distinct(&mut found);
    found
}

/// A way through a folder. Every real folder is looked at once, whatever links lead to it; what lies in it by its own name
/// comes before what a link leads to.
struct Walk<'a> {
    root: &'a Path,
    found: &'a mut Vec<Input>,
    /// Links to folders, to be followed when the rest is done.
    links: Vec<PathBuf>,
    /// Real paths of the folders that were looked at.
    seen: HashSet<PathBuf>,
    note: &'a mut dyn FnMut(FolderNote),
}

impl Walk<'_> {
    fn run(mut self) {
        self.folder(self.root);
        while let Some(link) = self.links.pop() {
            if self.is_new(&link) {
                (self.note)(FolderNote::LinkFollowed { link: link.clone() });
                self.folder(&link);
            } else {
                (self.note)(FolderNote::LinkLeft { link });
            }
        }
    }

    fn is_new(&self, folder: &Path) -> bool {
        std::fs::canonicalize(folder).is_ok_and(|real| !self.seen.contains(&real))
    }

    fn folder(&mut self, folder: &Path) {
        let unreadable = |source| FolderNote::Unreadable { folder: folder.to_owned(), source };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(source) => return (self.note)(unreadable(source)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => paths.push(entry.path()),
                Err(source) => (self.note)(unreadable(source)),
            }
        }
        self.seen.extend(std::fs::canonicalize(folder));
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if path.is_symlink() {
                    self.links.push(path);
                } else if self.is_new(&path) {
                    self.folder(&path);
                }
            // A link to nothing is handed on as if it had been named: that it cannot be read is said when it is.
            } else if names_audio(&path) && (path.is_file() || leads_nowhere(&path)) {
                if is_companion(&path) {
                    (self.note)(FolderNote::Companion { path });
                    continue;
                }
                let stem = path.strip_prefix(self.root).unwrap_or(&path).with_extension("");
                self.found.push(Input { path, stem });
            }
        }
    }
}

/// Whether it is a link whose file is missing or cannot be reached.
fn leads_nowhere(path: &Path) -> bool {
    path.is_symlink() && std::fs::metadata(path).is_err()
}

/// What macOS puts beside every file on drives that cannot hold all it knows of it (AppleDouble).
fn is_companion(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"._"))
}

/// `take.wav` and `take.flac` must not write to the same labels: those get their whole file name as stem. Names that differ
/// in case only are the same to some file systems.
fn make_distinct(inputs: &mut [Input]) {
    let mut count = HashMap::new();
    for input in inputs.iter() {
        *count.entry(folded(&input.stem)).or_insert(0_usize) += 1;
    }
    let alone = |stem: &Path| count[&folded(stem)] == 1;
    let mut taken: HashSet<Vec<u8>> =
        inputs.iter().filter(|input| alone(&input.stem)).map(|input| folded(&input.stem)).collect();
    for input in inputs.iter_mut().filter(|input| !alone(&input.stem)) {
        if let Some(name) = input.path.file_name().filter(|_| !is_dash(&input.path)) {
            input.stem.set_file_name(name);
        }
        let name = input.stem.file_name().unwrap_or_default().to_owned();
        let mut times = 1;
        while !taken.insert(folded(&input.stem)) {
            times += 1;
            let mut name = name.clone();
            name.push(format!("-{times}"));
            input.stem.set_file_name(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &str) -> Input {
        Input { path: path.into(), stem: Path::new(path).with_extension("") }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_an_input_where_it_is_called_a_recording() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a.wav"), "x").unwrap();
        symlink("gone.wav", at("b.wav")).unwrap();
        symlink("gone.txt", at("b.txt")).unwrap();
        symlink("a.wav", at("c.wav")).unwrap();
        std::fs::create_dir(at("folder.wav")).unwrap();
        let found = expand(&[dir.path().to_owned()], &mut |note| panic!("{note}"));
        let paths: Vec<PathBuf> = found.into_iter().map(|input| input.path).collect();
        assert_eq!(paths, ["a.wav", "b.wav", "c.wav"].map(at));
    }

    #[test]
    fn outputs_never_collide() {
        let mut inputs = vec![input("a.wav"), input("a.flac"), input("b.wav"), input("b.wav")];
        make_distinct(&mut inputs);
        let stems: Vec<_> = inputs.iter().map(|i| i.stem.to_str().unwrap()).collect();
        assert_eq!(stems, ["a.wav", "a.flac", "b.wav", "b.wav-2"]);
    }

    #[test]
    fn names_made_distinct_do_not_collide_again() {
        let stems = |paths: &[&str]| -> Vec<String> {
            let mut inputs: Vec<Input> = paths.iter().map(|path| input(path)).collect();
            make_distinct(&mut inputs);
            inputs.iter().map(|i| i.stem.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(stems(&["x.wav", "x.flac", "x.wav.mp3"]), ["x.wav-2", "x.flac", "x.wav"]);
        assert_eq!(stems(&["x.wav", "x.wav", "x.wav-2.mp3"]), ["x.wav", "x.wav-3", "x.wav-2"]);
        assert_eq!(stems(&["Take.wav", "take.wav", "sub/take.wav"]), ["Take.wav", "take.wav-2", "sub/take"]);
        assert_eq!(stems(&["\u{e9}.wav", "e\u{301}.wav"]), ["\u{e9}.wav", "e\u{301}.wav-2"]);
        assert_eq!(stems(&["\u{3c3}.wav", "\u{3c2}.wav"]), ["\u{3c3}.wav", "\u{3c2}.wav-2"]);
    }
}
