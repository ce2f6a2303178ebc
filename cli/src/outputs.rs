//! Where the outputs of a run go. All of them are claimed before any work, so that none replaces an input, another output
//! or a folder.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use earmark_core::output::end_of_links;

use crate::console::Usage;
use crate::inputs::Input;

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

/// The files of a run.
#[derive(Debug, Default)]
pub struct Outputs {
    read: HashSet<Identity>,
    written: HashSet<Identity>,
    /// Folders that will be made, with what needs them.
    folders: HashMap<Vec<u8>, PathBuf>,
}

impl Outputs {
    /// For a run that reads `inputs`.
    pub fn beside(inputs: &[Input]) -> Self {
        Self::beside_paths(inputs.iter().map(|input| input.path.as_path()))
    }

    /// The same for paths.
    pub fn beside_paths<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut outputs = Self::default();
        paths.into_iter().for_each(|path| outputs.protect(path));
        outputs
    }

    /// Something else that the run reads, such as a preset.
    pub fn protect(&mut self, path: &Path) {
        let path = if is_dash(path) { Path::new("/dev/stdin") } else { path };
        // What does not exist cannot be lost; that it is missing is said when it is read.
        self.read.extend(std::fs::metadata(path).ok().and_then(|found| Identity::of_file(path, &found)));
    }

    /// Claims a path for one output, which may be `-` for standard output.
    pub fn claim(&mut self, path: &Path) -> Result<()> {
        if !is_dash(path) {
            return self.claim_file(path);
        }
        let file = std::fs::metadata("/dev/stdout").ok();
        let identity = file.and_then(|found| Identity::of_file(Path::new("/dev/stdout"), &found));
        self.take(identity.unwrap_or(Identity::Stdout), path)
    }

    /// Claims a path for an output that cannot go to standard output.
    pub fn claim_file(&mut self, path: &Path) -> Result<()> {
        if is_dash(path) {
            return Err(Usage("only one output can be `-`, standard output; name a file".to_owned()).into());
        }
        // A folder on the way may be missing: it will be made, and then the path leads to what is there.
        match std::fs::metadata(path).or_else(|_| std::fs::metadata(future_place(path))) {
            Ok(found) if found.is_dir() => {
                Err(Usage(format!("{}: is a folder; name a file in it", path.display())).into())
            }
            Ok(found) => match Identity::of_file(path, &found) {
                Some(identity) => self.take(identity, path),
                // Devices and pipes hold nothing that could be lost.
                None => Ok(()),
            },
            Err(_) => self.claim_new(path),
        }
    }

    fn claim_new(&mut self, path: &Path) -> Result<()> {
        let place = future_place(path);
        if let Some(other) = self.folders.get(&folded(&place)) {
            let (path, other) = (path.display(), other.display());
            return Err(
                Usage(format!("{path}: this is to be the folder of {other}; name another file")).into()
            );
        }
        for folder in place.ancestors().skip(1) {
            if self.written.contains(&Identity::New(folded(folder))) {
                let (path, folder) = (path.display(), folder.display());
                return Err(Usage(format!("{path}: {folder} is another output, no folder")).into());
            }
            self.folders.entry(folded(folder)).or_insert_with(|| path.to_owned());
        }
        self.take(Identity::New(folded(&place)), path)
    }

    fn take(&mut self, identity: Identity, path: &Path) -> Result<()> {
        let path = path.display();
        if self.read.contains(&identity) {
            let message = format!("{path}: this is the input; name another output, it would be lost");
            return Err(Usage(message).into());
        }
        if !self.written.insert(identity) {
            let message = format!("{path}: two outputs of this run would have this name, one would be lost");
            return Err(Usage(message).into());
        }
        Ok(())
    }
}

/// What makes two paths the same file, by whatever names, links and cases.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    #[cfg(unix)]
    File {
        device: u64,
        inode: u64,
    },
    #[cfg(not(unix))]
    File(same_file::Handle),
    /// A file that is not there yet, by its place. File systems may not tell cases apart, so this does not either.
    New(Vec<u8>),
    Stdout,
}

impl Identity {
    /// Of a file that exists; devices and pipes have none.
    fn of_file(path: &Path, found: &std::fs::Metadata) -> Option<Self> {
        if !found.is_file() {
            return None;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let _ = path;
            Some(Self::File { device: found.dev(), inode: found.ino() })
        }
        #[cfg(not(unix))]
        same_file::Handle::from_path(path).ok().map(Self::File)
    }
}

/// Where a file will lie that is not there yet: links of what is there are followed.
fn future_place(path: &Path) -> PathBuf {
    let path = end_of_links(path).unwrap_or_else(|_| path.to_owned());
    let path = std::path::absolute(&path).unwrap_or(path);
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(place.pop()),
            part => place.push(part),
        }
        if let Ok(real) = std::fs::canonicalize(&place) {
            place = real;
        }
    }
    place
}

/// A path as a file system sees it that does not tell cases apart.
pub fn folded(path: &Path) -> Vec<u8> {
    match path.to_str() {
        Some(text) => text.to_lowercase().into_bytes(),
        None => path.as_os_str().as_encoded_bytes().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(outcome: Result<()>) -> String {
        outcome.expect_err("refused").to_string()
    }

    #[test]
    fn no_output_is_an_input_another_output_or_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["in.wav", "old.csv"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let mut outputs = Outputs::beside_paths([at("in.wav").as_path(), &at("missing.wav")]);
        assert!(said(outputs.claim(&at("in.wav"))).contains("this is the input"));
        assert!(said(outputs.claim(&at("./new/../in.wav"))).contains("this is the input"));
        assert!(said(outputs.claim(dir.path())).contains("is a folder"));
        outputs.claim(&at("old.csv")).unwrap();
        assert!(said(outputs.claim(&at("old.csv"))).contains("two outputs"));
        outputs.claim(&at("out/New.csv")).unwrap();
        assert!(said(outputs.claim(&at("out/./new.CSV"))).contains("two outputs"));
        assert!(said(outputs.claim(&at("out"))).contains("folder of"));
        outputs.claim(&at("single")).unwrap();
        assert!(said(outputs.claim(&at("single/more.csv"))).contains("no folder"));
        assert!(said(outputs.claim_file(Path::new("-"))).contains("name a file"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_what_they_point_to() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("in.wav"), "x").unwrap();
        std::fs::hard_link(at("in.wav"), at("hard.wav")).unwrap();
        symlink("in.wav", at("soft.wav")).unwrap();
        symlink("later.csv", at("dangling.csv")).unwrap();
        symlink(".", at("here")).unwrap();
        let mut outputs = Outputs::beside_paths([at("in.wav").as_path()]);
        for name in ["hard.wav", "soft.wav", "here/in.wav"] {
            assert!(said(outputs.claim(&at(name))).contains("this is the input"), "{name}");
        }
        outputs.claim(&at("dangling.csv")).unwrap();
        assert!(said(outputs.claim(&at("here/later.csv"))).contains("two outputs"));
        outputs.claim(Path::new("/dev/null")).unwrap();
        outputs.claim(Path::new("/dev/null")).unwrap();
    }
}
