//! Where a page finds the sound.

use std::path::Path;

use crate::report::pointer;

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
    pointer::url_from(folder, file)
}
