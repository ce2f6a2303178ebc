//! What feeds a stream: standard input, a file or pipe, a URL, a sound card.
//!
//! A source runs on a thread of its own and sends [`Arrival`]s through a short queue, so that whoever hears is never waited
//! for longer than the queue lasts, and a source that blocks blocks nobody else.
//!
//! | file | what |
//! |---|---|
//! | `plain.rs` | what is read to its end: standard input, files, named pipes |
//! | `url.rs` | a URL by the system's `ffmpeg`, connected again whenever it ends: a state machine |
//! | `card.rs` | a sound card, with the cargo feature `sound-card` |
//! | `backoff.rs` | when to try again: [`Limits`], [`Backoff`] |

mod backoff;
#[cfg(feature = "sound-card")]
mod card;
mod plain;
mod url;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use earmark_core::audio::{AudioError, Ffmpeg, PcmFormat};

pub use backoff::{Backoff, Limits};
#[cfg(feature = "sound-card")]
pub use card::{InputDevice, input_devices};

/// Blocks that may wait to be heard.
pub(crate) const WAITING: usize = 16;

/// How often a source that waits looks whether it is to stop.
const WAIT_POLL: Duration = Duration::from_millis(20);

/// Where sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file, a named pipe or a device.
    File(PathBuf),
    /// Whatever the system's ffmpeg can open.
    Url(String),
    /// A sound card by its name, or `default`.
    #[cfg(feature = "sound-card")]
    Card(String),
}

impl Input {
    /// What a user means by `text`: `-`, a URL with a scheme, or else a path.
    pub fn named(text: &str) -> Self {
        match text {
            "-" => Self::Stdin,
            url if url.contains("://") => Self::Url(url.to_owned()),
            path => Self::File(path.into()),
        }
    }

    /// What the stream is called when nobody says.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => without_password(url),
            #[cfg(feature = "sound-card")]
            Self::Card(name) => name.clone(),
        }
    }
}

/// A URL as it may be shown: without user and password.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..host_end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

/// A source as it is to be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSettings {
    /// Where sound comes from.
    pub input: Input,
    /// What the bytes are if they have no header; `None`: a container that says so itself.
    pub pcm: Option<PcmFormat>,
    /// What a URL is decoded to: Hz and channels. A sound card is asked for that rate.
    pub url_format: (u32, u16),
    /// When to try again.
    pub limits: Limits,
    /// Which ffmpeg opens URLs, and decodes what is not read here.
    pub ffmpeg: Ffmpeg,
}

/// What a source sends, in this order: `Opened`, then any number of `Sound` and `Lost`, then `Ended`.
#[derive(Debug)]
pub enum Arrival {
    /// The format is known.
    Opened {
        /// Hz.
        rate_hz: u32,
        /// Interleaved channels.
        channels: u16,
    },
    /// Whole interleaved frames.
    Sound {
        /// The samples.
        samples: Vec<f32>,
        /// When the last of them came.
        at: Instant,
    },
    /// There is no sound until the next `Sound`; the source tries by itself.
    Lost {
        /// Why.
        reason: String,
        /// When that was found.
        at: Instant,
    },
    /// Nothing follows.
    Ended(Result<(), SourceError>),
}

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It is no sound that can be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// There is no ffmpeg.
    #[error(
        "a URL needs the program ffmpeg, which cannot be started: {0}. Install it, or feed the sound: \
         curl URL | earmark stream -"
    )]
    NoFfmpeg(std::io::Error),
    /// There is no such sound card.
    #[cfg(feature = "sound-card")]
    #[error("there is no sound card {0:?} that records now; --inputs lists those that do")]
    NoCard(String),
    /// A sound card cannot be used.
    #[cfg(feature = "sound-card")]
    #[error("{name}: cannot be recorded from: {why}")]
    Card {
        /// The card.
        name: String,
        /// What the system said.
        why: String,
    },
}

/// What a source does now.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceState {
    /// It waits for its first sound, or for the first after a loss.
    Connecting,
    /// Sound comes.
    Running,
    /// It failed, and will try again.
    Waiting {
        /// When.
        until: Instant,
        /// Failures in a row.
        failures: u32,
        /// Whether there were so many that it only tries seldom.
        breaker_open: bool,
    },
    /// Nothing follows.
    Ended,
}

/// A source that runs.
#[derive(Debug)]
pub struct Feed {
    arrivals: Receiver<Arrival>,
    state: Arc<Mutex<SourceState>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Feed {
    /// Starts a source on a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(settings: SourceSettings) -> std::io::Result<Self> {
        let (sender, arrivals) = sync_channel(WAITING);
        let state = Arc::new(Mutex::new(SourceState::Connecting));
        let stop = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { sender, state: Arc::clone(&state), stop: Arc::clone(&stop) };
        // A read of standard input cannot be ended from outside; such a thread is left to the end of the process.
        let joins = !matches!(settings.input, Input::Stdin | Input::File(_));
        let run = move || match settings.input.clone() {
            Input::Url(url) => url::run(&url, &settings, &outlet),
            #[cfg(feature = "sound-card")]
            Input::Card(name) => card::run(&name, &settings, &outlet),
            _ => plain::run(&settings, &outlet),
        };
        let thread = std::thread::Builder::new().name("earmark source".to_owned()).spawn(run)?;
        Ok(Self { arrivals, state, stop, thread: joins.then_some(thread) })
    }

    /// Waits for what comes next; `None` if nothing came in time.
    pub fn next(&self, timeout: Duration) -> Option<Arrival> {
        match self.arrivals.recv_timeout(timeout) {
            Ok(arrival) => Some(arrival),
            Err(RecvTimeoutError::Timeout) => None,
            // It ends with `Ended`, and if it panicked there is nothing to come either.
            Err(RecvTimeoutError::Disconnected) => Some(Arrival::Ended(Ok(()))),
        }
    }

    /// What it does now.
    pub fn state(&self) -> SourceState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Feed {
    /// Ends the source, and the program that it runs.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Whoever waits for room in the queue is let go.
        while self.arrivals.try_recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() {
                while self.arrivals.try_recv().is_ok() {}
                std::thread::sleep(Duration::from_millis(5));
            }
            // Its panic has been told on stderr.
            let _ = thread.join();
        }
    }
}

/// The source's own end.
#[derive(Debug, Clone)]
struct Outlet {
    sender: SyncSender<Arrival>,
    state: Arc<Mutex<SourceState>>,
    stop: Arc<AtomicBool>,
}

impl Outlet {
    /// Whether somebody still listens.
    fn send(&self, arrival: Arrival) -> bool {
        !self.stopped() && self.sender.send(arrival).is_ok()
    }

    fn set(&self, state: SourceState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells that there is no sound any more, after so much of it, and waits until it is time to try again. Says whether
    /// somebody still listens to that.
    fn lose(&self, backoff: &mut Backoff, sound: Duration, reason: String) -> bool {
        if !self.send(Arrival::Lost { reason, at: Instant::now() }) {
            return false;
        }
        let until = Instant::now() + backoff.failed(sound);
        let (failures, breaker_open) = (backoff.failures(), backoff.breaker_open());
        self.set(SourceState::Waiting { until, failures, breaker_open });
        while Instant::now() < until && !self.stopped() {
            std::thread::sleep(WAIT_POLL);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_apart_and_passwords_are_not_told() {
        assert_eq!(Input::named("-"), Input::Stdin);
        assert_eq!(Input::named("a/b.wav"), Input::File("a/b.wav".into()));
        let url = "http://me:se@cret@radio.example/live?a@b";
        assert_eq!(Input::named(url), Input::Url(url.into()));
        assert_eq!(Input::named(url).name(), "http://radio.example/live?a@b");
        assert_eq!(Input::named("rtsp://10.0.0.1/1").name(), "rtsp://10.0.0.1/1");
    }
}
