//! Flags of `earmark serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use earmark_core::profile::ProfileName;
use earmark_server::config::{Bytes, LimitFlags, PhraseFlags, Seconds, ServeFlags, VoiceFlags, WyomingFlags};

use super::Global;

/// How the service is set up; `--config` holds the same, and flags come first.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:7979]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Settings, sources and limits as TOML; read again on SIGHUP
    #[arg(long, value_name = "F.toml")]
    pub config: Option<PathBuf>,
    /// Path below which everything lies, behind a reverse proxy
    #[arg(long, value_name = "PATH")]
    pub base_path: Option<String>,
    /// Source to listen to; repeatable
    #[arg(long, value_name = "NAME=URL", value_parser = source)]
    pub source: Vec<(String, String)>,
    /// File whose first line is the token that clients must have; needed on any address but this machine's own
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Origin whose web pages may use the service, and by whose name it is known; repeatable
    #[arg(long, value_name = "https://HOST")]
    pub origin: Vec<String>,
    /// Folder of profiles. Default: that of the user, as `earmark voice` has it
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
    /// Pack of the voices: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR")]
    pub voice_pack: Option<String>,
    /// The enrolled voice that `POST /predict` asks about
    #[arg(long, value_name = "NAME")]
    pub owner: Option<ProfileName>,
    /// Tell an enrolled phrase in all streams, as label phrase:NAME; repeatable
    #[arg(long = "phrase", value_name = "NAME")]
    pub phrases: Vec<ProfileName>,
    /// Pack of the phrases: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR")]
    pub phrase_pack: Option<String>,
    #[command(flatten)]
    pub telling: super::TellingArgs,
    /// Offer these phrases as wake words over the Wyoming protocol (Home Assistant)
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = wyoming)]
    pub wyoming: Option<SocketAddr>,
    /// With --wyoming: pass speech, and nothing else, on to this speech recogniser, and its answers back
    #[arg(long, value_name = "HOST:PORT")]
    pub wyoming_upstream: Option<String>,
    /// With --wyoming-upstream: pass on what this enrolled voice says, and nobody else's speech; repeatable
    #[arg(long = "voice", value_name = "NAME")]
    pub voices: Vec<ProfileName>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What clients may ask for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Largest body of a request; more is answered with 413 [default: 2GiB]
    #[arg(long, value_name = "BYTES")]
    pub max_body: Option<Bytes>,
    /// Longest audio of one file; more is answered with 413 [default: 6h]
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Seconds>,
    /// WebSocket streams at a time; more are answered with 429 [default: 256]
    #[arg(long, value_name = "N")]
    pub max_streams: Option<usize>,
    /// Files uploaded, waiting or worked on at a time; more are answered with 429 [default: 64]
    #[arg(long, value_name = "N")]
    pub max_queue: Option<usize>,
    /// Connections at a time; more wait to be accepted [default: 1024]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<usize>,
    /// Files worked on at a time [default: half of the processors]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
    /// How long a client may take for the head of a request [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub header_timeout: Option<Seconds>,
    /// How long a client may send or take nothing within a body [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub stall_timeout: Option<Seconds>,
    /// How long a file may be worked on; then the answer is 503 [default: 10m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Seconds>,
    /// A WebSocket stream that sends neither audio nor KeepAlive for so long is closed [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub stream_idle: Option<Seconds>,
    /// How long what is under way may go on after SIGTERM [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub grace: Option<Seconds>,
}

impl ServeArgs {
    /// As the service takes them.
    pub fn flags(&self, global: &Global) -> ServeFlags {
        let limits = &self.limits;
        ServeFlags {
            listen: self.listen,
            config: self.config.clone(),
            base_path: self.base_path.clone(),
            sources: self.source.clone(),
            token_file: self.token_file.clone(),
            origins: self.origin.clone(),
            voice: VoiceFlags {
                profiles: self.profiles.clone(),
                pack: self.voice_pack.clone(),
                owner: self.owner.clone(),
            },
            phrase: PhraseFlags {
                names: self.phrases.clone(),
                profiles: self.profiles.clone(),
                pack: self.phrase_pack.clone(),
                refractory_ms: self.telling.refractory_ms,
                confirm: self.telling.confirm,
            },
            wyoming: WyomingFlags {
                listen: self.wyoming,
                upstream: self.wyoming_upstream.as_deref().map(without_scheme).map(str::to_owned),
                voices: self.voices.clone(),
            },
            limits: LimitFlags {
                max_body: limits.max_body,
                max_duration: limits.max_duration,
                max_streams: limits.max_streams,
                max_queue: limits.max_queue,
                max_connections: limits.max_connections,
                jobs: limits.jobs,
                header_timeout: limits.header_timeout,
                stall_timeout: limits.stall_timeout,
                timeout: limits.timeout,
                stream_idle: limits.stream_idle,
                grace: limits.grace,
            },
            runtime: global.runtime.clone(),
            device: Some(global.device),
            quiet: global.quiet,
        }
    }
}

/// An address, as Home Assistant writes it or plain.
fn wyoming(text: &str) -> Result<SocketAddr, String> {
    let wrong = |_| "write it as tcp://127.0.0.1:10400 or 127.0.0.1:10400".to_owned();
    without_scheme(text).parse().map_err(wrong)
}

fn without_scheme(text: &str) -> &str {
    text.strip_prefix("tcp://").unwrap_or(text)
}

fn source(text: &str) -> Result<(String, String), String> {
    let (name, url) = text
        .split_once('=')
        .ok_or("write it as NAME=URL, for instance studio=https://radio.example/live.mp3")?;
    Ok((name.to_owned(), url.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use earmark_server::config::{DEFAULT_LISTEN, Limits};

    /// The defaults stand in one place; the help repeats them.
    #[test]
    fn the_help_tells_the_defaults() {
        let mut cli = crate::args::Cli::command();
        let serve = cli.find_subcommand_mut("serve").expect("it is a command");
        let told = |flag: &str| {
            let argument = serve.get_arguments().find(|a| a.get_long() == Some(flag)).expect(flag);
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let default = help.rsplit_once("[default: ").and_then(|(_, rest)| rest.strip_suffix(']'));
            default.unwrap_or_else(|| panic!("{flag}: {help}")).to_owned()
        };
        let limits = Limits::default();
        assert_eq!(told("listen"), DEFAULT_LISTEN);
        for (flag, value) in [
            ("max-body", limits.max_body.to_string()),
            ("max-duration", limits.max_duration.to_string()),
            ("max-streams", limits.max_streams.to_string()),
            ("max-queue", limits.max_queue.to_string()),
            ("max-connections", limits.max_connections.to_string()),
            ("header-timeout", limits.header_timeout.to_string()),
            ("stall-timeout", limits.stall_timeout.to_string()),
            ("timeout", limits.timeout.to_string()),
            ("stream-idle", limits.stream_idle.to_string()),
            ("grace", limits.grace.to_string()),
        ] {
            assert_eq!(told(flag), value, "{flag}");
        }
    }
}
