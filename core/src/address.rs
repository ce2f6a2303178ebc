//! Files as addresses, for pages and edit lists that name them.

use std::fmt::Write;
use std::path::{Component, Path, Prefix};

/// Bytes of a name that may stand in an address (RFC 3986, *unreserved*).
pub(crate) const UNRESERVED: &[u8] = b"-._~";

/// Appends a name; each byte that may not stand in an address, and is not `also` allowed, is written `%XX`, whether or not
/// the name is text.
pub(crate) fn push_name(out: &mut String, name: &[u8], also: &[u8]) {
    for &byte in name {
        if byte.is_ascii_alphanumeric() || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
}

/// The `file:` address of a path (RFC 8089). On Windows a drive is its first name and a server its host, also where the path
/// has the system's long form (`\\?\C:\…`).
pub(crate) fn of_file(path: &Path) -> String {
    let mut url = String::from("file://");
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                    url.extend(['/', char::from(letter), ':']);
                }
                Prefix::UNC(server, share) | Prefix::VerbatimUNC(server, share) => {
                    push_name(&mut url, server.as_encoded_bytes(), UNRESERVED);
                    url.push('/');
                    push_name(&mut url, share.as_encoded_bytes(), UNRESERVED);
                }
                Prefix::Verbatim(name) | Prefix::DeviceNS(name) => {
                    url.push('/');
                    push_name(&mut url, name.as_encoded_bytes(), UNRESERVED);
                }
            },
            Component::RootDir => {}
            name => {
                url.push('/');
                push_name(&mut url, name.as_os_str().as_encoded_bytes(), b"-._~:");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_bytes() {
        let url = |path: &str| of_file(Path::new(path));
        assert_eq!(url("/a b/talk.wav"), "file:///a%20b/talk.wav");
        assert_eq!(url("/é/5:#?%.wav"), "file:///%C3%A9/5:%23%3F%25.wav");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_or_no_folder_stays_what_it_is() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(of_file(Path::new(std::ffi::OsStr::from_bytes(b"/\xff.wav"))), "file:///%FF.wav");
        assert_eq!(of_file(Path::new("/a\\b.wav")), "file:///a%5Cb.wav");
    }

    #[cfg(windows)]
    #[test]
    fn drives_and_servers_are_told() {
        let url = |path: &str| of_file(Path::new(path));
        for drive in [r"D:\a b\talk.wav", r"\\?\D:\a b\talk.wav", "D:/a b/talk.wav"] {
            assert_eq!(url(drive), "file:///D:/a%20b/talk.wav");
        }
        for server in [r"\\nas\music\a\talk.wav", r"\\?\UNC\nas\music\a\talk.wav"] {
            assert_eq!(url(server), "file://nas/music/a/talk.wav");
        }
    }
}
