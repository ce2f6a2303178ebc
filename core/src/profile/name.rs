//! Names of profiles: parts of file names, labels and columns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ProfileError;

/// Longest name, bytes.
const LIMIT_BYTES: usize = 64;

/// Names that are devices on Windows, whatever their ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// A checked name: letters and digits of any script, `-`, `_`, and dots inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(String);

impl ProfileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        let refuse = |reason| Err(ProfileError::Name { name: name.to_owned(), reason });
        if name.is_empty() || name.len() > LIMIT_BYTES {
            return refuse("it must have 1 to 64 bytes");
        }
        if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            return refuse("it may have letters, digits, `-`, `_` and dots");
        }
        if name.starts_with(['.', '-']) || name.ends_with('.') {
            return refuse("it must not begin with a dot or a dash, nor end in a dot");
        }
        let stem = name.split('.').next().unwrap_or_default().to_lowercase();
        let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        if DEVICES.contains(&stem.as_str()) || port.is_some_and(|n| n.len() == 1 && n != "0") {
            return refuse("Windows keeps it for a device");
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for ProfileName {
    type Error = ProfileError;

    fn try_from(name: String) -> Result<Self, ProfileError> {
        name.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> Self {
        name.0
    }
}
