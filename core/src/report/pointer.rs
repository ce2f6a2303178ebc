//! How a file points to a recording: by its path, or by an address, from where the file lies.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::Report;
use crate::address;

/// The folder of a file that is named without one.
fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Both as they are in the file system.
fn found(folder: &Path, file: &Path) -> io::Result<(PathBuf, PathBuf)> {
    Ok((named(folder).canonicalize()?, file.canonicalize()?))
}

/// The way from a folder to a file, both whole; `None` from one drive to another.
fn way(folder: &Path, file: &Path) -> Option<PathBuf> {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - shared);
    (shared > 0).then(|| up.chain(to[shared..].iter().copied()).collect())
}

/// The address of `file` as a page in `folder` links it: relative, so that both can be moved together, where it can be.
pub(super) fn url_from(folder: &Path, file: &Path) -> io::Result<String> {
    let (folder, file) = found(folder, file)?;
    Ok(relative_url(&folder, &file))
}

pub(super) fn relative_url(folder: &Path, file: &Path) -> String {
    let Some(way) = way(folder, file) else { return address::of_file(file) };
    let mut url = String::new();
    for component in way.components() {
        if !url.is_empty() {
            url.push('/');
        } else if component != Component::ParentDir {
            // A first name with a colon would be taken for a scheme.
            url.push_str("./");
        }
        address::push_name(&mut url, component.as_os_str().as_encoded_bytes(), address::UNRESERVED);
    }
    url
}

/// The recording's path as a file in `folder` names it: the way from there, if it exists, or else what it is called.
pub(super) fn path_from(folder: Option<&Path>, report: &Report) -> String {
    let way = folder.and_then(|folder| {
        let (folder, file) = found(folder, Path::new(&report.file)).ok()?;
        way(&folder, &file)?.into_os_string().into_string().ok()
    });
    way.unwrap_or_else(|| report.file.clone())
}

/// Where a recording is, as addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    /// Its `file:` address, or, where nobody knows whether it exists, a reference that is its path.
    pub(super) url: String,
    /// From the folder of the file that points to it.
    pub(super) relative: Option<String>,
}

/// The addresses of a recording for a file in `folder`; nothing is looked up without one.
pub(super) fn addresses(folder: Option<&Path>, report: &Report) -> Addresses {
    let known = folder.and_then(|folder| found(folder, Path::new(&report.file)).ok());
    match known {
        Some((folder, file)) if file.is_file() => {
            Addresses { url: address::of_file(&file), relative: Some(relative_url(&folder, &file)) }
        }
        _ => {
            let mut url = String::new();
            address::push_name(&mut url, report.file.as_bytes(), b"-._~/");
            Addresses { url, relative: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_and_hold_any_name() {
        let url = |folder: &str, file: &str| relative_url(Path::new(folder), Path::new(file));
        assert_eq!(url("/a/b", "/a/b/x.wav"), "./x.wav");
        assert_eq!(url("/a/b", "/a/c/x.wav"), "../c/x.wav");
        assert_eq!(url("/a/b/d", "/a/c/x.wav"), "../../c/x.wav");
        assert_eq!(url("/", "/c/x.wav"), "./c/x.wav");
        assert_eq!(
            url("/a", "/a/5: \"é\" </script>?#.wav"),
            "./5%3A%20%22%C3%A9%22%20%3C/script%3E%3F%23.wav"
        );
    }

    #[cfg(windows)]
    #[test]
    fn on_another_drive_it_is_the_whole_address() {
        let url = |folder: &str, file: &str| relative_url(Path::new(folder), Path::new(file));
        assert_eq!(url(r"\\?\C:\a\b", r"\\?\C:\a\c\x y.wav"), "../c/x%20y.wav");
        assert_eq!(url(r"\\?\C:\a", r"\\?\D:\c\x y.wav"), "file:///D:/c/x%20y.wav");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let file = Path::new(std::ffi::OsStr::from_bytes(b"/a/\xff.wav"));
        assert_eq!(relative_url(Path::new("/a"), file), "./%FF.wav");
    }

    #[test]
    fn a_recording_is_pointed_to_from_where_the_list_lies() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in ["sound", "labels"] {
            std::fs::create_dir(root.join(folder)).unwrap();
        }
        let file = root.join("sound").join("50% off.wav");
        std::fs::write(&file, "").unwrap();
        // Which channel was heard is no part of where it is.
        let report = |file: &Path| Report {
            channel: Some(2),
            ..Report::new(file.to_str().unwrap(), Default::default())
        };
        let (here, gone) = (report(&file), report(Path::new("no where/50%.wav")));
        let (beside, labels) = (root.join("sound"), root.join("labels"));

        assert_eq!(path_from(Some(&beside), &here), "50% off.wav");
        let way = ["..", "sound", "50% off.wav"].join(std::path::MAIN_SEPARATOR_STR);
        assert_eq!(path_from(Some(&labels), &here), way);
        assert_eq!(path_from(None, &here), here.file);
        assert_eq!(path_from(Some(&labels), &gone), "no where/50%.wav");

        let known = addresses(Some(&labels), &here);
        assert!(
            known.url.starts_with("file:///") && known.url.ends_with("/sound/50%25%20off.wav"),
            "{known:?}"
        );
        assert_eq!(known.relative.as_deref(), Some("../sound/50%25%20off.wav"));
        let unknown = Addresses { url: "no%20where/50%25.wav".to_owned(), relative: None };
        assert_eq!(addresses(Some(&labels), &gone), unknown);
        assert_eq!(addresses(None, &here).relative, None);
        // A folder is no recording.
        assert_eq!(addresses(Some(&labels), &report(&beside)).relative, None);
    }
}
