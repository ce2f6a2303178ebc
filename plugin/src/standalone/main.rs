//! Earmark as a program of its own: the plugin's editor over a sound card, or over a file.
//!
//! ```text
//! feed    what is heard: a file (a thread decodes ahead), a device's input, or nothing
//!   ▼ ring
//! engine  the audio side: one Processor, exchanged when a setting needs a new activation
//!   ▼
//! devices │ paced    a device's callback calls the engine, or a thread that keeps real time
//! ```
//!
//! `main` puts them together and opens the window.

mod args;
mod devices;
mod engine;
mod feed;
mod paced;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use earmark_plugin::editor::{EditHost, Editor};
use earmark_plugin::params::ParamId;
use earmark_plugin::{Activation, NAME, Shared};

use args::{Args, Output};
use engine::Exchange;
use feed::Feed;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = if args.list_devices { devices::list(&args) } else { run(&args) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("earmark-standalone: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Here the window is its own host: what it sets is set.
struct OwnHost(Arc<Shared>);

impl EditHost for OwnHost {
    fn begin(&self, _: ParamId) {}
    fn perform(&self, id: ParamId, plain: f64) {
        self.0.set(id, plain);
    }
    fn end(&self, _: ParamId) {}
    fn request_resize(&self, _: u32, _: u32) -> bool {
        false
    }
}

fn run(args: &Args) -> Result<()> {
    let shared = Arc::new(Shared::new());
    if let Some(preset) = &args.preset {
        shared.load_preset(preset).with_context(|| format!("cannot load the preset {preset}"))?;
    }
    if let Some(theme) = args.theme {
        shared.window_set("dark", (theme == args::Theme::Dark).into());
    }
    if let Some(span_s) = args.span {
        shared.window_set("span_s", span_s.into());
    }
    let file = args.input.as_deref().map(feed::open).transpose()?;
    let (rate_hz, channels) = match &file {
        Some(source) => (source.info().rate_hz, source.info().channels),
        None => (args.rate.unwrap_or(48_000), 2),
    };

    let sound = match &args.output {
        Output::Device => Some(devices::Sound::choose(args, rate_hz, channels)?),
        Output::None | Output::File(_) => None,
    };
    let rate_hz = sound.as_ref().map_or(args.rate.unwrap_or(rate_hz), devices::Sound::rate_hz);
    let activation = Activation {
        rate_hz: f64::from(rate_hz),
        max_block: engine::MAX_BLOCK,
        channels,
        sidechain_channels: 0,
        offline: false,
    };
    let (feed, reader) = match file {
        Some(source) => {
            let (feed, reader) = feed::file(source, rate_hz, args.repeat)?;
            (feed, Some(reader))
        }
        None => (Feed::silence(), None),
    };
    let (mut exchange, engine) = Exchange::new(shared.clone(), activation, feed)?;

    // From here on it sounds.
    let playing = match (sound, &args.output) {
        (Some(sound), _) => Playing::Device(Box::new(sound.play(args, engine)?)),
        (None, Output::File(path)) => {
            Playing::Paced(paced::Paced::start(engine, rate_hz, channels, args.block(), Some(path))?)
        }
        (None, _) => Playing::Paced(paced::Paced::start(engine, rate_hz, channels, args.block(), None)?),
    };
    let keeper = std::thread::Builder::new().name("earmark-keeper".to_owned());
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let keeper = keeper.spawn(move || {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        while stopped.recv_timeout(Duration::from_millis(50)) == Err(Timeout) {
            if let Err(error) = exchange.renew_if_wanted() {
                eprintln!("earmark-standalone: {error:#}");
            }
        }
    })?;

    let shown = if args.no_window {
        wait_for_the_end(reader.as_ref(), &shared);
        Ok(())
    } else {
        Editor::open_window(NAME, shared.clone(), Arc::new(OwnHost(shared)))
            .and_then(Editor::run)
            .context("no window (is there a display? `--no-window` goes without)")
    };
    drop(stop);
    let finished = playing.finish();
    drop(reader);
    // It only sleeps and exchanges: it has nothing to say at its end.
    let _ = keeper.join();
    shown.and(finished)
}

/// What keeps the engine going.
enum Playing {
    /// As large as the system's handles are, and there is one.
    Device(Box<devices::Streams>),
    Paced(paced::Paced),
}

impl Playing {
    fn finish(self) -> Result<()> {
        match self {
            Self::Device(streams) => {
                drop(streams);
                Ok(())
            }
            Self::Paced(paced) => paced.finish(),
        }
    }
}

/// Until the file has been heard and what is late has come out; without a file, until the program is ended.
fn wait_for_the_end(reader: Option<&feed::Reader>, shared: &Shared) {
    loop {
        std::thread::sleep(Duration::from_millis(20));
        if reader.is_some_and(feed::Reader::has_ended) {
            let status = shared.status();
            let late_s = f64::from(status.latency_samples) / status.rate_hz.max(1.0);
            std::thread::sleep(Duration::from_secs_f64(late_s.min(60.0)));
            return;
        }
    }
}
