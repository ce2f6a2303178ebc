//! Where a page finds the sound.

use std::path::Path;

use crate::address;

/// The sound of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Audio {
    /// Nowhere; the user may choose a file.
    Absent,
    /// At this address, relative to the page where it can be.
    Linked(String),
    /// Inside the page.
    Embedded {
        /// The media type.
        kind: &'static str,
        /// The file as it is.
        bytes: Vec<u8>,
    },
}

/// The media type of a file that browsers play, by its ending.
pub fn media_type(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "wav" | "wave" => "audio/wav",
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "m4a" | "mp4" | "m4b" => "audio/mp4",
        "aac" => "audio/aac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "webm" | "mka" => "audio/webm",
        _ => return None,
    })
}

/// The address of `file` as a page in `folder` links it; both must exist. Relative, so that both can be moved together; on
/// another drive a `file:` address. Each byte of a name that may not stand in an address is written `%XX`, whether or not the
/// name is text.
///
/// # Errors
/// One of them cannot be found.
pub fn url_from(folder: &Path, file: &Path) -> std::io::Result<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    Ok(relative_url(&folder.canonicalize()?, &file.canonicalize()?))
}

fn relative_url(folder: &Path, file: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return address::of_file(file);
    }
    let mut url = String::new();
    for _ in shared..from.len() {
        url.push_str("../");
    }
    if url.is_empty() {
        // A first name with a colon would be taken for a scheme.
        url.push_str("./");
    }
    for (index, component) in to[shared..].iter().enumerate() {
        if index > 0 {
            url.push('/');
        }
        address::push_name(&mut url, component.as_os_str().as_encoded_bytes(), address::UNRESERVED);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_and_hold_any_name() {
        let url = |folder: &str, file: &str| relative_url(Path::new(folder), Path::new(file));
        assert_eq!(url("/a/b", "/a/b/x.wav"), "./x.wav");
        assert_eq!(url("/a/b", "/a/c/x.wav"), "../c/x.wav");
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
}
