//! Where the outputs of a run go. All of them are claimed before any work, so that none replaces an input, another output
//! or a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::inputs::Input;
use super::names::{folded, is_dash};
use crate::output::end_of_links;

/// Why a path cannot be an output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputRefused {
    /// `-`, where that cannot be.
    #[error("only one output can be `-`, standard output; name a file")]
    Stdout,
    /// A folder.
    #[error("{}: is a folder; name a file in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Another output will lie below it.
    #[error("{}: this is to be the folder of {}; name another file", path.display(), other.display())]
    FutureFolder {
        /// What was claimed.
        path: PathBuf,
        /// The other output.
        other: PathBuf,
    },
    /// It would lie below another output.
    #[error("{}: {} is another output, no folder", path.display(), folder.display())]
    BelowOutput {
        /// What was claimed.
        path: PathBuf,
        /// The other output.
        folder: PathBuf,
    },
    /// The run reads it.
    #[error("{}: this is the input; name another output, it would be lost", path.display())]
    Input {
        /// What was claimed.
        path: PathBuf,
    },
    /// The run writes it already.
    #[error("{}: two outputs of this run would have this name, one would be lost", path.display())]
    Twice {
        /// What was claimed.
        path: PathBuf,
    },
}

type Result<T> = std::result::Result<T, OutputRefused>;

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
        self.read.extend(Identity::at(path));
    }

    /// Refuses a folder for outputs whose number is not known yet, if something that the run reads lies in it under the
    /// name of one of them. `output` says which of them the name of a file there could be, by that output's own name.
    ///
    /// # Errors
    /// [`OutputRefused::Input`].
    pub fn check_folder(&self, folder: &Path, output: impl Fn(&str) -> Option<String>) -> Result<()> {
        // A folder that is missing holds nothing.
        let Ok(entries) = std::fs::read_dir(future_place(folder)) else { return Ok(()) };
        let names = entries.flatten().filter_map(|entry| output(entry.file_name().to_str()?));
        let first = names.filter(|name| self.reads(&future_place(folder).join(name))).min();
        first.map_or(Ok(()), |name| Err(OutputRefused::Input { path: folder.join(name) }))
    }

    fn reads(&self, path: &Path) -> bool {
        Identity::at(path).is_some_and(|identity| self.read.contains(&identity))
    }

    /// Claims a path for one output, which may be `-` for standard output.
    ///
    /// # Errors
    /// [`OutputRefused`] with the reason.
    pub fn claim(&mut self, path: &Path) -> Result<()> {
        if !is_dash(path) {
            return self.claim_file(path);
        }
        self.take(Identity::at(Path::new("/dev/stdout")).unwrap_or(Identity::Stdout), path)
    }

    /// Claims a path for an output that cannot go to standard output.
    ///
    /// # Errors
    /// [`OutputRefused`] with the reason.
    pub fn claim_file(&mut self, path: &Path) -> Result<()> {
        if is_dash(path) {
            return Err(OutputRefused::Stdout);
        }
        // A folder on the way may be missing: it will be made, and then the path leads to what is there.
        match std::fs::metadata(path).or_else(|_| std::fs::metadata(future_place(path))) {
            Ok(found) if found.is_dir() => Err(OutputRefused::Folder { path: path.to_owned() }),
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
            return Err(OutputRefused::FutureFolder { path: path.to_owned(), other: other.clone() });
        }
        for folder in place.ancestors().skip(1) {
            if self.written.contains(&Identity::New(folded(folder))) {
                let (path, folder) = (path.to_owned(), folder.to_owned());
                return Err(OutputRefused::BelowOutput { path, folder });
            }
            self.folders.entry(folded(folder)).or_insert_with(|| path.to_owned());
        }
        self.take(Identity::New(folded(&place)), path)
    }

    fn take(&mut self, identity: Identity, path: &Path) -> Result<()> {
        if self.read.contains(&identity) {
            return Err(OutputRefused::Input { path: path.to_owned() });
        }
        if !self.written.insert(identity) {
            return Err(OutputRefused::Twice { path: path.to_owned() });
        }
        Ok(())
    }
}

/// What makes two paths the same file, by whatever names, links and cases.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// Numbers, and no handle: what is held open cannot be replaced on Windows.
    File {
        device: u64,
        number: u64,
    },
    /// A file that is not there yet, by its place. File systems may not tell cases apart, so this does not either.
    New(Vec<u8>),
    Stdout,
}

impl Identity {
    /// Of what is at a path; nothing is where nothing can be found.
    fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().and_then(|found| Self::of_file(path, &found))
    }

    /// Of a file that exists; devices and pipes have none.
    fn of_file(path: &Path, found: &std::fs::Metadata) -> Option<Self> {
        if !found.is_file() {
            return None;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let _ = path;
            Some(Self::File { device: found.dev(), number: found.ino() })
        }
        #[cfg(windows)]
        {
            let about =
                winapi_util::Handle::from_path_any(path).and_then(winapi_util::file::information).ok()?;
            Some(Self::File { device: about.volume_serial_number(), number: about.file_index() })
        }
        // Its one name, without links.
        #[cfg(not(any(unix, windows)))]
        std::fs::canonicalize(path).ok().map(|path| Self::New(folded(&path)))
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

    #[test]
    fn an_input_under_the_name_of_an_output_to_come_refuses_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("clips")).unwrap();
        for name in ["clips/1.wav", "clips/2.wav", "clips/talk.wav"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let numbered = |name: &str| {
            let number: u32 = name.strip_suffix(".wav")?.parse().ok()?;
            Some(format!("{number}.wav"))
        };
        let outputs = Outputs::beside_paths([at("clips/2.wav").as_path(), &at("clips/talk.wav")]);
        let refused = outputs.check_folder(&at("clips"), numbered);
        assert_eq!(refused, Err(OutputRefused::Input { path: at("clips/2.wav") }));
        let refused = outputs.check_folder(&at("new/../clips"), numbered);
        assert_eq!(refused, Err(OutputRefused::Input { path: at("new/../clips/2.wav") }));
        outputs.check_folder(&at("missing"), numbered).unwrap();
        outputs.check_folder(dir.path(), numbered).unwrap();
        Outputs::beside_paths([at("clips/talk.wav").as_path()]).check_folder(&at("clips"), numbered).unwrap();
    }

    #[test]
    fn what_is_claimed_can_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.csv");
        std::fs::write(&path, "old").unwrap();
        let mut outputs = Outputs::default();
        outputs.claim(&path).unwrap();
        // Windows replaces nothing that is held open.
        crate::output::SafeFile::write_all_to(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        drop(outputs);
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
