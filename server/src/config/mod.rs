//! What `earmark serve` is told: by flags, and by a file that is read again on SIGHUP.

mod flags;
mod limits;
mod sources;
mod tables;
#[cfg(test)]
mod tests;
mod token;
mod units;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use flags::{PhraseTable, VoiceTable};

pub use flags::{
    LimitFlags, PhraseConfig, PhraseFlags, ServeFlags, VoiceConfig, VoiceFlags, WyomingConfig, WyomingFlags,
};
pub use limits::Limits;
pub use sources::{SourceConfig, TargetsConfig, WhenConfig};
pub use token::Token;
pub use units::{AmountError, Bytes, Seconds};

/// Where the service listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7979";

/// Why the service cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that was named cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not of that form.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A value that cannot be used.
    #[error("{0}")]
    Value(String),
    /// Everybody could use it.
    #[error(
        "{0} can be reached from other machines, and there is no token: everybody could use it. \
         Name one with --token-file FILE, or listen on 127.0.0.1"
    )]
    PublicWithoutToken(SocketAddr),
}

/// The file as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    base_path: Option<String>,
    token_file: Option<PathBuf>,
    origins: Vec<String>,
    limits: Limits,
    voice: VoiceTable,
    phrase: PhraseTable,
    wyoming: WyomingConfig,
    source: Vec<SourceConfig>,
}

/// Everything the service is told, complete and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port.
    pub listen: SocketAddr,
    /// Empty, or `/…` without a slash at its end.
    pub base_path: String,
    /// Who has it may use the service; `None`: everybody who can reach it.
    pub token: Option<Token>,
    /// Origins of web pages that may use the service, beside its own.
    pub origins: Vec<String>,
    /// Limits.
    pub limits: Limits,
    /// Voices.
    pub voice: VoiceConfig,
    /// Phrases.
    pub phrase: PhraseConfig,
    /// What is offered by the Wyoming protocol.
    pub wyoming: WyomingConfig,
    /// Sources.
    pub sources: Vec<SourceConfig>,
}

impl Config {
    /// Reads the file and the token, if any are named.
    ///
    /// # Errors
    /// [`ConfigError`] names the file or the flag and what is wrong with it.
    pub fn load(flags: &ServeFlags) -> Result<Self, ConfigError> {
        let file = flags.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let default_listen = SocketAddr::from(([127, 0, 0, 1], 7979));
        let token_file = match (&flags.token_file, &file.token_file, &flags.config) {
            (Some(path), _, _) => Some(path.clone()),
            // As the file names it: seen from where the file lies.
            (None, Some(path), Some(config)) => Some(config.parent().unwrap_or(Path::new("")).join(path)),
            _ => None,
        };
        let mut sources = file.source;
        sources.extend(flags.sources.iter().map(|(name, url)| {
            let (name, url) = (name.clone(), url.clone());
            SourceConfig { name, url, targets: TargetsConfig::default(), when: Vec::new() }
        }));
        let config = Self {
            listen: flags.listen.or(file.listen).unwrap_or(default_listen),
            base_path: base_path(flags.base_path.as_ref().or(file.base_path.as_ref()))?,
            voice: flags.voice.over(file.voice),
            phrase: flags.phrase.over(file.phrase),
            wyoming: flags.wyoming.over(file.wyoming),
            token: token_file.as_deref().map(Token::read).transpose()?,
            origins: [flags.origins.clone(), file.origins].concat(),
            limits: flags.limits.over(file.limits),
            sources,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if let Some(fault) = self.limits.fault() {
            return Err(ConfigError::Value(fault));
        }
        self.phrase.settings.check().map_err(|error| ConfigError::Value(error.to_string()))?;
        self.wyoming.check()?;
        for origin in &self.origins {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            if host.is_empty() || host.contains('/') {
                return Err(ConfigError::Value(format!(
                    "{origin:?} is not an origin; write it as https://radio.example, without a path"
                )));
            }
        }
        for (place, source) in self.sources.iter().enumerate() {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if source.name.is_empty() || source.name.len() > 64 || !source.name.chars().all(fits) {
                return Err(ConfigError::Value(format!(
                    "{:?} is not a name for a source; use up to 64 letters, digits, '-', '_' and '.'",
                    source.name
                )));
            }
            source.reactions()?;
            if self.sources[..place].iter().any(|other| other.name == source.name) {
                return Err(ConfigError::Value(format!("two sources are called {:?}", source.name)));
            }
        }
        if !self.listen.ip().is_loopback() && self.token.is_none() {
            return Err(ConfigError::PublicWithoutToken(self.listen));
        }
        Ok(())
    }
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|error| ConfigError::File { path: path.to_owned(), reason: error.to_string() })
}

fn base_path(path: Option<&String>) -> Result<String, ConfigError> {
    let Some(path) = path else { return Ok(String::new()) };
    let trimmed = path.trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    if (trimmed.is_empty() || trimmed.starts_with('/'))
        && !trimmed.contains("//")
        && trimmed.chars().all(fits)
    {
        return Ok(trimmed.to_owned());
    }
    Err(ConfigError::Value(format!(
        "{path:?} is not a base path; write it as /earmark, with letters, digits, '-', '_', '.', '~' and '/'"
    )))
}
