//! What `earmark serve` is told: by flags, and by a file that is read again on SIGHUP.

mod limits;
mod tables;
mod token;
mod units;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use earmark_core::model::pack;
use earmark_core::model::runtime::Device;
use earmark_core::profile::ProfileName;
use serde::Deserialize;

use crate::rules::RuleError;
use crate::sinks::Target;
use crate::stream::Reaction;

pub use limits::Limits;
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

/// What the flags say. What they leave open is taken from the file, and what that leaves open is the default.
#[derive(Debug, Clone, Default)]
pub struct ServeFlags {
    /// Address and port; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// The file.
    pub config: Option<PathBuf>,
    /// Path below which everything lies, behind a reverse proxy.
    pub base_path: Option<String>,
    /// Sources to listen to, beside those of the file: name and URL.
    pub sources: Vec<(String, String)>,
    /// File with the token.
    pub token_file: Option<PathBuf>,
    /// Origins of web pages that may use the service, beside its own.
    pub origins: Vec<String>,
    /// Where voices lie and whose the service is.
    pub voice: VoiceFlags,
    /// Enrolled phrases that are told in all streams.
    pub phrases: Vec<ProfileName>,
    /// Their pack: an embedded name or a folder.
    pub phrase_pack: String,
    /// Folder of their profiles; `None` is the user's.
    pub profiles: Option<PathBuf>,
    /// Where phrases are offered as wake words by the Wyoming protocol.
    pub wyoming: Option<SocketAddr>,
    /// Single limits.
    pub limits: LimitFlags,
    /// ONNX Runtime library; `None` is the embedded runtime.
    pub runtime: Option<PathBuf>,
    /// Where networks run.
    pub device: Option<Device>,
    /// Whether only errors are logged.
    pub quiet: bool,
}

/// What the flags say of voices; see [`VoiceConfig`].
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is that of `VoiceConfig`")]
pub struct VoiceFlags {
    pub profiles: Option<PathBuf>,
    pub pack: Option<String>,
    pub owner: Option<ProfileName>,
}

/// Where voices lie and whose the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceConfig {
    /// Folder of profiles; `None`: that of the user.
    pub profiles: Option<PathBuf>,
    /// Pack of the voices: an embedded name, or a folder.
    pub pack: String,
    /// Whom `POST /predict` asks about.
    pub owner: Option<ProfileName>,
}

/// `[voice]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct VoiceTable {
    profiles: Option<PathBuf>,
    pack: Option<String>,
    owner: Option<ProfileName>,
}

impl VoiceFlags {
    fn over(&self, table: VoiceTable) -> VoiceConfig {
        VoiceConfig {
            profiles: self.profiles.clone().or(table.profiles),
            pack: self.pack.clone().or(table.pack).unwrap_or_else(|| pack::VOICE.to_owned()),
            owner: self.owner.clone().or(table.owner),
        }
    }
}

/// Limits that flags change; see [`Limits`].
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is that of `Limits`")]
pub struct LimitFlags {
    pub max_body: Option<Bytes>,
    pub max_duration: Option<Seconds>,
    pub max_streams: Option<usize>,
    pub max_queue: Option<usize>,
    pub max_connections: Option<usize>,
    pub jobs: Option<usize>,
    pub header_timeout: Option<Seconds>,
    pub stall_timeout: Option<Seconds>,
    pub timeout: Option<Seconds>,
    pub stream_idle: Option<Seconds>,
    pub grace: Option<Seconds>,
}

impl LimitFlags {
    fn over(self, limits: Limits) -> Limits {
        Limits {
            max_body: self.max_body.unwrap_or(limits.max_body),
            max_duration: self.max_duration.unwrap_or(limits.max_duration),
            max_streams: self.max_streams.unwrap_or(limits.max_streams),
            max_queue: self.max_queue.unwrap_or(limits.max_queue),
            max_connections: self.max_connections.unwrap_or(limits.max_connections),
            jobs: self.jobs.unwrap_or(limits.jobs),
            header_timeout: self.header_timeout.unwrap_or(limits.header_timeout),
            stall_timeout: self.stall_timeout.unwrap_or(limits.stall_timeout),
            timeout: self.timeout.unwrap_or(limits.timeout),
            stream_idle: self.stream_idle.unwrap_or(limits.stream_idle),
            grace: self.grace.unwrap_or(limits.grace),
        }
    }
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
    source: Vec<SourceConfig>,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, flags: ServeFlags) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("serve.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(dir.path().join("token"), "a-token-of-sixteen-letters\n").unwrap();
        Config::load(&ServeFlags { config: Some(path), ..flags }).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_come_before_the_file_and_the_file_before_the_defaults() {
        let text = "base_path = '/a'\n[limits]\nmax_queue = 3\nmax_body = '1MiB'\n[[source]]\nname = 'one'\nurl = 'x'\n";
        let limits = LimitFlags { max_body: Some(Bytes(7)), ..LimitFlags::default() };
        let sources = vec![("two".to_owned(), "y".to_owned())];
        let config = load(text, ServeFlags { limits, sources, ..ServeFlags::default() }).unwrap();
        let default = Limits::default();
        assert_eq!(config.limits, Limits { max_queue: 3, max_body: Bytes(7), ..default });
        assert_eq!((config.base_path.as_str(), config.listen.to_string().as_str()), ("/a", DEFAULT_LISTEN));
        let names: Vec<&str> = config.sources.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
    }

    #[test]
    fn a_public_address_wants_a_token() {
        let said = load("listen = '0.0.0.0:80'", ServeFlags::default()).unwrap_err();
        assert!(said.contains("--token-file"), "{said}");
        let said = load("listen = '[::]:80'", ServeFlags::default()).unwrap_err();
        assert!(said.contains("--token-file"), "{said}");
        let config = load("listen = '0.0.0.0:80'\ntoken_file = 'token'", ServeFlags::default()).unwrap();
        assert!(config.token.unwrap().is("a-token-of-sixteen-letters"));
    }

    #[test]
    fn faults_are_named() {
        for (text, names) in [
            ("listne = 'x'", "listne"),
            ("base_path = 'a b'", "base path"),
            ("origins = ['radio.example']", "https://radio.example"),
            ("[limits]\njobs = 0", "limits.jobs"),
            ("[limits]\nmax_body = '2GB'", "2GiB"),
            ("[[source]]\nname = 'a b'\nurl = 'x'", "a b"),
            ("[[source]]\nname = 'a'\nurl = 'x'\n[[source]]\nname = 'a'\nurl = 'y'", "two sources"),
            ("[[source]]\nname = 'a'\nurl = 'x'\n[[source.when]]\nrule = 'silence'", "no rule"),
            ("[[source]]\nname = 'a'\nurl = 'x'\npost = ['ftp://x']", "ftp://x"),
            ("[[source]]\nname = 'a'\nurl = 'x'\nwehn = 1", "wehn"),
            ("token_file = 'missing'", "missing"),
        ] {
            let said = load(text, ServeFlags::default()).unwrap_err();
            assert!(said.contains(names), "{text}: {said}");
        }
    }
}
