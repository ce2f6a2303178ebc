//! The tables of the file as they are written. serde cannot refuse unknown keys where one struct lies flat in another, and a key
//! that is misspelt must not be passed over.

use std::path::PathBuf;

use serde::Deserialize;

use super::{SourceConfig, TargetsConfig, WhenConfig};

/// `[[source]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceTable {
    name: String,
    url: String,
    #[serde(default)]
    exec: Vec<PathBuf>,
    #[serde(default)]
    post: Vec<String>,
    #[serde(default)]
    mqtt: Vec<String>,
    #[serde(default)]
    when: Vec<WhenConfig>,
}

impl From<SourceTable> for SourceConfig {
    fn from(table: SourceTable) -> Self {
        let SourceTable { name, url, exec, post, mqtt, when } = table;
        Self { name, url, targets: TargetsConfig { exec, post, mqtt }, when }
    }
}

/// `[[source.when]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenTable {
    rule: String,
    #[serde(default)]
    exec: Vec<PathBuf>,
    #[serde(default)]
    post: Vec<String>,
    #[serde(default)]
    mqtt: Vec<String>,
}

impl From<WhenTable> for WhenConfig {
    fn from(table: WhenTable) -> Self {
        let WhenTable { rule, exec, post, mqtt } = table;
        Self { rule, targets: TargetsConfig { exec, post, mqtt } }
    }
}
