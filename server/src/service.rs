//! The service from its start to its end.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use earmark_core::Label;
use earmark_core::detect::DetectorMode;
use earmark_core::model::pack;
use earmark_core::model::runtime::RuntimeError;
use earmark_core::phrase::Phrases;
use earmark_core::raise_thread_priority;
use tokio::net::TcpListener;

use crate::config::{Config, ConfigError, PhraseConfig, ServeFlags, SourceConfig, WyomingConfig};
use crate::hearing::Pool;
use crate::http::{self, App};
use crate::jobs::{JobError, Jobs, Packs};
use crate::stream::check_labels;
use crate::wyoming;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// What it is told cannot be done.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The networks cannot run.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A pack cannot be opened.
    #[error("{0}")]
    Pack(String),
    /// The address is taken, or not this machine's.
    #[error("{address}: cannot listen there: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no thread or no signal.
    #[error("the service cannot start: {0}")]
    System(std::io::Error),
}

/// Runs the service until SIGTERM or SIGINT ends it; SIGHUP lets it read its file again. Once it listens, the line
/// `listening on http://ADDRESS/` goes to standard output; all else is in the log, JSON lines on standard error.
///
/// # Errors
/// [`ServeError`] if it cannot start.
pub fn serve(flags: &ServeFlags) -> Result<(), ServeError> {
    let config = Config::load(flags)?;
    crate::log::start(flags.quiet);
    let packs = Arc::new(Packs::new(flags.runtime.as_deref(), flags.device.unwrap_or_default())?);
    // What is asked for most is ready before anybody asks.
    for (name, mode) in [(pack::STUDIO, DetectorMode::Throughput), (pack::LIVE, DetectorMode::LowLatency)] {
        packs.detector(name, mode).map_err(refused)?;
    }
    let phrases = open_phrases(&config.phrase, &packs)?;
    check_rules(&config.sources, &packs, phrases.as_deref())?;
    let wyoming = open_wyoming(&config, &packs, phrases.clone())?;
    let limits = config.limits;
    let jobs = Jobs::start(limits.jobs, limits.max_queue).map_err(ServeError::System)?;
    // Before any file is worked on: the threads of the networks are then theirs, at their priority.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let hearing = Pool::start(processors).map_err(ServeError::System)?;
    let app = Arc::new(App::new(config, packs, phrases, jobs, hearing));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("earmark bytes")
        // What they carry has been heard in time.
        .on_thread_start(|| {
            raise_thread_priority();
        })
        .enable_all()
        .build()
        .map_err(ServeError::System)?;
    let served = runtime.block_on(run(flags, &app, wyoming));
    // What did not end in the grace is cut off.
    runtime.shutdown_background();
    served
}

/// The phrases that are to be told.
fn open_phrases(config: &PhraseConfig, packs: &Packs) -> Result<Option<Arc<Phrases>>, ServeError> {
    if config.names.is_empty() {
        return Ok(None);
    }
    let phrases = packs.phrases(&config.pack, config.profiles.as_deref(), &config.names).map_err(refused)?;
    Ok(Some(Arc::new(phrases.with_settings(config.settings))))
}

/// Whether each rule of these sources is about a label that they are heard for. Which there are is known once the pack and the
/// phrases are open; a source whose rule is about another would end as soon as it begins.
fn check_rules(sources: &[SourceConfig], packs: &Packs, phrases: Option<&Phrases>) -> Result<(), ServeError> {
    let detector = packs.detector(pack::LIVE, DetectorMode::LowLatency).map_err(refused)?;
    let of_pack = detector.pack().manifest().labels.iter().cloned();
    let labels: Vec<Label> =
        of_pack.chain(phrases.iter().flat_map(|phrases| phrases.labels().cloned())).collect();
    for source in sources {
        check_labels(&source.reactions()?, &labels)
            .map_err(|error| ConfigError::Value(format!("the source {:?}: {error}", source.name)))?;
    }
    Ok(())
}

/// What is offered by Wyoming; nothing where nobody listens.
fn open_wyoming(
    config: &Config,
    packs: &Packs,
    phrases: Option<Arc<Phrases>>,
) -> Result<Option<(SocketAddr, wyoming::Services)>, ServeError> {
    let WyomingConfig { listen: Some(listen), upstream, voices } = &config.wyoming else { return Ok(None) };
    let mut services = wyoming::Services::new(phrases);
    if let Some(upstream) = upstream {
        let voices = (!voices.is_empty()).then(|| packs.voices(&config.voice, voices)).transpose();
        let detector = packs.detector(pack::LIVE, DetectorMode::LowLatency).map_err(refused)?;
        services = services
            .with_upstream(upstream, detector, voices.map_err(refused)?)
            .map_err(|error| ServeError::Pack(error.to_string()))?;
    }
    if services.is_empty() {
        let text = "--wyoming offers phrases as wake words, and speech to a recogniser: name at least one phrase with \
                    --phrase, or the recogniser with --wyoming-upstream";
        return Err(ConfigError::Value(text.to_owned()).into());
    }
    Ok(Some((*listen, services)))
}

fn refused(error: JobError) -> ServeError {
    ServeError::Pack(error.to_string())
}

/// Threads that move bytes; they do nothing else.
const WORKERS: usize = 2;

async fn run(
    flags: &ServeFlags,
    app: &Arc<App>,
    wyoming: Option<(SocketAddr, wyoming::Services)>,
) -> Result<(), ServeError> {
    let config = app.config();
    let address = config.listen;
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|source| ServeError::Listen { address, source })?;
    let address = listener.local_addr().unwrap_or(address);
    let signals = Signals::new().map_err(ServeError::System)?;
    let watching = tokio::spawn(watch_signals(signals, flags.clone(), Arc::clone(app)));
    tracing::info!(%address, base_path = config.base_path, token = config.token.is_some(), "listening");
    // Nobody may read it.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}{}/", config.base_path);
    if let Some((address, services)) = wyoming {
        let started = wyoming::start(address, services);
        let address = started.map_err(|source| ServeError::Listen { address, source })?;
        tracing::info!(%address, "wyoming");
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "wyoming has no token: everybody who can reach it may send it sound");
        }
        let _ = writeln!(std::io::stdout(), "wyoming on tcp://{address}");
    }
    let _ = std::io::stdout().flush();
    set_stations(app, &config.sources);
    http::accept(listener, Arc::clone(app), http::router(app)).await;
    watching.abort();
    // Their sinks have a grace of their own.
    let stations = Arc::clone(app);
    let _ = tokio::task::spawn_blocking(move || stations.stations.stop()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Lets these sources run, and no others.
fn set_stations(app: &App, sources: &[SourceConfig]) {
    // It is open since the start.
    match app.packs.detector(pack::LIVE, DetectorMode::LowLatency) {
        Ok(detector) => app.stations.set(sources, &detector, app.phrases.as_ref(), &app.metrics),
        Err(error) => tracing::error!(%error, "sources cannot be heard"),
    }
}

/// What the system may ask for.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    /// What one program asks another by.
    #[cfg(windows)]
    stop: tokio::signal::windows::CtrlBreak,
    /// The console's window is closed.
    #[cfg(windows)]
    close: tokio::signal::windows::CtrlClose,
    #[cfg(windows)]
    shut_down: tokio::signal::windows::CtrlShutdown,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { terminate: signal(SignalKind::terminate())?, hang_up: signal(SignalKind::hangup())? })
        }
        #[cfg(windows)]
        {
            use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
            let (interrupt, stop, close, shut_down) =
                (ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?);
            Ok(Self { interrupt, stop, close, shut_down })
        }
    }

    /// Waits for the next; whether it is the end.
    async fn next(&mut self) -> bool {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = tokio::signal::ctrl_c() => true,
            _ = self.hang_up.recv() => false,
        }
        #[cfg(windows)]
        tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.stop.recv() => true,
            _ = self.close.recv() => true,
            _ = self.shut_down.recv() => true,
        }
    }
}

async fn watch_signals(mut signals: Signals, flags: ServeFlags, app: Arc<App>) {
    while !signals.next().await {
        reload(&flags, &app);
    }
    tracing::info!("stopping");
    app.stopping.cancel();
    // Who asks twice does not want to wait.
    while !signals.next().await {}
    tracing::warn!("stopped at once");
    std::process::exit(130);
}

/// Reads the file again. What is wrong with it is told, and then all stays as it is.
fn reload(flags: &ServeFlags, app: &App) {
    let old = app.config();
    let checked = |new: Config| {
        // The phrases are those that the service was started with.
        check_rules(&new.sources, &app.packs, app.phrases.as_deref()).map(|()| new)
    };
    let new = match Config::load(flags).map_err(ServeError::from).and_then(checked) {
        Ok(new) => new,
        Err(error) => {
            tracing::error!(%error, "the configuration is not read again: it has a fault");
            return;
        }
    };
    let fixed = [
        ("listen", old.listen == new.listen),
        ("base_path", old.base_path == new.base_path),
        ("phrase", old.phrase == new.phrase),
        ("wyoming", old.wyoming == new.wyoming),
        ("limits.jobs", old.limits.jobs == new.limits.jobs),
        ("limits.max_queue", old.limits.max_queue == new.limits.max_queue),
        ("limits.max_connections", old.limits.max_connections == new.limits.max_connections),
    ];
    for (name, _) in fixed.iter().filter(|(_, same)| !same) {
        tracing::warn!(name, "this takes effect when the server is started anew");
    }
    set_stations(app, &new.sources);
    // Of what is fixed, requests see what the service was started with.
    let (base_path, phrase) = (old.base_path.clone(), old.phrase.clone());
    app.reconfigure(Config { listen: old.listen, base_path, phrase, ..new });
    tracing::info!("the configuration is read again");
}
