//! What the flags say, and how they go before the file.

use std::net::SocketAddr;
use std::path::PathBuf;

use earmark_core::model::pack;
use earmark_core::model::runtime::Device;
use earmark_core::phrase::SpotterSettings;
use earmark_core::profile::ProfileName;
use serde::Deserialize;

use super::{Bytes, ConfigError, Limits, Seconds};

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
    pub phrase: PhraseFlags,
    /// Where wake words and speech are offered by the Wyoming protocol.
    pub wyoming: WyomingFlags,
    /// Single limits.
    pub limits: LimitFlags,
    /// ONNX Runtime library; `None` is the embedded runtime.
    pub runtime: Option<PathBuf>,
    /// Where networks run.
    pub device: Option<Device>,
    /// Whether only errors are logged.
    pub quiet: bool,
}

/// What the flags say of phrases; see [`PhraseConfig`].
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is that of `PhraseConfig` or of `SpotterSettings`")]
pub struct PhraseFlags {
    pub names: Vec<ProfileName>,
    pub profiles: Option<PathBuf>,
    pub pack: Option<String>,
    pub refractory_ms: Option<u32>,
    pub confirm: Option<u32>,
}

/// Enrolled phrases that are told in all streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseConfig {
    /// Which; none if there are none.
    pub names: Vec<ProfileName>,
    /// Folder of profiles; `None`: that of the user.
    pub profiles: Option<PathBuf>,
    /// Their pack: an embedded name, or a folder.
    pub pack: String,
    /// When they are told.
    pub settings: SpotterSettings,
}

/// `[phrase]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PhraseTable {
    names: Vec<ProfileName>,
    profiles: Option<PathBuf>,
    pack: Option<String>,
    refractory_ms: Option<u32>,
    confirm: Option<u32>,
}

impl PhraseFlags {
    /// Phrases that flags name take the place of the file's.
    pub(super) fn over(&self, table: PhraseTable) -> PhraseConfig {
        let usual = SpotterSettings::default();
        PhraseConfig {
            names: if self.names.is_empty() { table.names } else { self.names.clone() },
            profiles: self.profiles.clone().or(table.profiles),
            pack: self.pack.clone().or(table.pack).unwrap_or_else(|| pack::PHRASE.to_owned()),
            settings: SpotterSettings {
                refractory_ms: self.refractory_ms.or(table.refractory_ms).unwrap_or(usual.refractory_ms),
                confirm_hops: self.confirm.or(table.confirm).unwrap_or(usual.confirm_hops),
            },
        }
    }
}

/// What the flags say of the Wyoming protocol; see [`WyomingConfig`].
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is that of `WyomingConfig`")]
pub struct WyomingFlags {
    pub listen: Option<SocketAddr>,
    pub upstream: Option<String>,
    pub voices: Vec<ProfileName>,
}

/// What is offered by the Wyoming protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WyomingConfig {
    /// Where it is spoken; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// The speech recogniser that is passed speech, HOST:PORT.
    pub upstream: Option<String>,
    /// Enrolled voices; where there are any, theirs is the only speech that is passed on.
    pub voices: Vec<ProfileName>,
}

impl WyomingFlags {
    /// Voices that flags name take the place of the file's.
    pub(super) fn over(&self, table: WyomingConfig) -> WyomingConfig {
        WyomingConfig {
            listen: self.listen.or(table.listen),
            upstream: self.upstream.clone().or(table.upstream),
            voices: if self.voices.is_empty() { table.voices } else { self.voices.clone() },
        }
    }
}

impl WyomingConfig {
    /// Whether it can be.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = match self {
            Self { listen: None, upstream: Some(_), .. } => {
                "an upstream of wyoming needs wyoming.listen (--wyoming) too"
            }
            Self { upstream: None, voices, .. } if !voices.is_empty() => {
                "voices of wyoming are those that an upstream hears: name it with wyoming.upstream (--wyoming-upstream)"
            }
            Self { upstream: Some(upstream), .. } if !is_host_and_port(upstream) => {
                "an upstream of wyoming is written HOST:PORT, for instance whisper.local:10300"
            }
            _ => return Ok(()),
        };
        Err(ConfigError::Value(fault.to_owned()))
    }
}

fn is_host_and_port(text: &str) -> bool {
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
    parts.is_some_and(|(_, port)| matches!(port.parse::<u16>(), Ok(1..)))
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
pub(super) struct VoiceTable {
    profiles: Option<PathBuf>,
    pack: Option<String>,
    owner: Option<ProfileName>,
}

impl VoiceFlags {
    pub(super) fn over(&self, table: VoiceTable) -> VoiceConfig {
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
    pub(super) fn over(self, limits: Limits) -> Limits {
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
