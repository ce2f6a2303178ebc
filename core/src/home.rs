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
        // A path without a drive is a relative one on Windows.
        let [home_folder, data_folder] =
            if cfg!(windows) { [r"C:\home\a", r"D:\data"] } else { ["/home/a", "/data"] };
        let home = ("HOME", home_folder);
        let without_xdg = Path::new(home_folder).join(".local/share/earmark");
        assert_eq!(with(&[home]).unwrap(), without_xdg);
        let data = Path::new(data_folder).join("earmark");
        assert_eq!(with(&[home, ("XDG_DATA_HOME", data_folder)]).unwrap(), data);
        for unusable in ["", "relative"] {
            assert_eq!(with(&[home, ("XDG_DATA_HOME", unusable)]).unwrap(), without_xdg);
        }
        let roaming = with(&[home, ("APPDATA", data_folder)]).unwrap();
        assert_eq!(roaming, if cfg!(windows) { data } else { without_xdg });
        assert_eq!(with(&[]), None);
    }
}
