//! Where a user's own things lie.

use std::path::PathBuf;

/// The folder of what Earmark keeps for a user: `$XDG_DATA_HOME/earmark`, else `~/.local/share/earmark` (on Windows
/// `%APPDATA%\earmark`); none where the system names no such place. It need not be there yet.
pub(crate) fn users_folder() -> Option<PathBuf> {
    folder_by(|name| std::env::var_os(name).map(PathBuf::from))
}

/// From the variables of the system; empty and relative ones count as unset, as XDG says.
fn folder_by(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| if cfg!(windows) { absolute("APPDATA") } else { None })
        .or_else(|| absolute("HOME").map(|home| home.join(".local").join("share")))
        .map(|folder| folder.join("earmark"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_users_folder_follows_xdg() {
        let with = |set: &[(&str, &str)]| {
            folder_by(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into()))
        };
        let home = ("HOME", "/home/a");
        assert_eq!(with(&[home]).unwrap(), Path::new("/home/a/.local/share/earmark"));
        assert_eq!(with(&[home, ("XDG_DATA_HOME", "/data")]).unwrap(), Path::new("/data/earmark"));
        for unusable in ["", "relative"] {
            let folder = with(&[home, ("XDG_DATA_HOME", unusable)]).unwrap();
            assert_eq!(folder, Path::new("/home/a/.local/share/earmark"));
        }
        assert_eq!(with(&[]), None);
    }
}
