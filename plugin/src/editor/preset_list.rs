//! What the preset browser lists: the built-in presets and the user's own files.

use std::path::{Path, PathBuf};

use crate::presets::{self, title};

/// One line of the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the preset is loaded by: a built-in name or a path.
    pub source: String,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub about: String,
}

/// All presets, built-in ones first.
#[derive(Debug, Default)]
pub struct PresetList {
    entries: Vec<Entry>,
}

impl PresetList {
    /// The built-in presets, then the `.json` files of a folder by name. A folder that is not there has none.
    pub fn read(folder: Option<&Path>) -> Self {
        let built_in = presets::built_in().map(|(name, about)| Entry {
            source: name.to_owned(),
            title: title(name),
            about,
        });
        let mut own: Vec<PathBuf> = folder
            .and_then(|folder| std::fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")))
            .collect();
        own.sort();
        let own = own.into_iter().filter_map(|path| {
            let title = title(path.file_stem()?.to_str()?);
            Some(Entry { source: path.to_str()?.to_owned(), title, about: "Your own preset.".to_owned() })
        });
        Self { entries: built_in.chain(own).collect() }
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one with a source.
    pub fn find(&self, source: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.source == source)
    }

    /// The preset after (1) or before (−1) the one with this source, around the ends; the first or the last when
    /// none is loaded.
    pub fn beside(&self, source: Option<&str>, step: isize) -> Option<&Entry> {
        let here = source.and_then(|source| self.entries.iter().position(|entry| entry.source == source));
        let count = isize::try_from(self.entries.len()).ok()?;
        let next = match here.and_then(|here| isize::try_from(here).ok()) {
            Some(here) => (here + step).rem_euclid(count.max(1)),
            None if step < 0 => count - 1,
            None => 0,
        };
        self.entries.get(usize::try_from(next).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_follow_the_built_in_ones() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["night_show.json", "a-first.JSON", "notes.txt"] {
            std::fs::write(folder.path().join(name), "{}").expect("written");
        }
        let list = PresetList::read(Some(folder.path()));
        let built_in = PresetList::read(None).entries().len();
        assert!(built_in >= 5);
        let own: Vec<_> = list.entries()[built_in..].iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(own, ["A first", "Night show"]);
        assert!(
            list.find("podcast").is_some_and(|entry| entry.title == "Podcast" && !entry.about.is_empty())
        );
        assert_eq!(PresetList::read(Some(Path::new("/nowhere/at/all"))).entries().len(), built_in);
    }

    #[test]
    fn the_arrows_go_around() {
        let list = PresetList::read(None);
        let sources: Vec<_> = list.entries().iter().map(|entry| entry.source.as_str()).collect();
        let beside = |source, step| list.beside(source, step).map(|entry| entry.source.as_str());
        assert_eq!(beside(Some(sources[0]), 1), Some(sources[1]));
        assert_eq!(beside(Some(sources[0]), -1), sources.last().copied());
        assert_eq!(beside(sources.last().copied(), 1), Some(sources[0]));
        assert_eq!(beside(None, 1), Some(sources[0]));
        assert_eq!(beside(None, -1), sources.last().copied());
        assert_eq!(beside(Some("gone"), 1), Some(sources[0]));
        assert_eq!(PresetList::default().beside(None, 1), None);
    }
}
