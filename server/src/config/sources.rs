//! Sources that are listened to, and what follows from them.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, tables};
use crate::rules::RuleError;
use crate::sinks::Target;
use crate::stream::Reaction;

/// A source that is listened to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "tables::SourceTable")]
pub struct SourceConfig {
    /// What it is called: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where its audio comes from: what the system's ffmpeg can open.
    pub url: String,
    /// What is told whenever a label begins or ends.
    pub targets: TargetsConfig,
    /// What is told when rules come true.
    pub when: Vec<WhenConfig>,
}

/// A rule and what is told when it comes true, and when it no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "tables::WhenTable")]
pub struct WhenConfig {
    /// As `earmark stream --when` has it.
    pub rule: String,
    /// What is told.
    pub targets: TargetsConfig,
}

/// Programs and servers that are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetsConfig {
    /// Programs that are run.
    pub exec: Vec<PathBuf>,
    /// `http://` URLs that are posted to.
    pub post: Vec<String>,
    /// MQTT brokers.
    pub mqtt: Vec<String>,
}

impl TargetsConfig {
    fn targets(&self) -> Result<Vec<Target>, ConfigError> {
        let exec = self.exec.iter().cloned().map(Target::Exec);
        let post = self.post.iter().cloned().map(Target::Post);
        let mqtt = self.mqtt.iter().cloned().map(Target::Mqtt);
        let targets: Vec<Target> = exec.chain(post).chain(mqtt).collect();
        for target in &targets {
            target.check().map_err(|error| ConfigError::Value(error.to_string()))?;
        }
        Ok(targets)
    }
}

impl SourceConfig {
    /// What follows from its events.
    ///
    /// # Errors
    /// [`ConfigError`] for a rule or a target that is none.
    pub fn reactions(&self) -> Result<Vec<Reaction>, ConfigError> {
        let mut reactions = vec![Reaction { rule: None, targets: self.targets.targets()? }];
        for when in &self.when {
            let rule = when.rule.parse().map_err(|error: RuleError| ConfigError::Value(error.to_string()))?;
            reactions.push(Reaction { rule: Some(rule), targets: when.targets.targets()? });
        }
        Ok(reactions)
    }
}
