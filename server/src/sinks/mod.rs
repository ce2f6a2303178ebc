//! Where events go beside the output: a program, an HTTP server, an MQTT broker.
//!
//! Each sink has a thread and a short queue of its own. [`Sink::offer`] never waits: what finds the queue full is dropped and
//! counted, so that a slow receiver never delays the sound.
//!
//! | file | what |
//! |---|---|
//! | `exec.rs` | a program per event, with the facts in environment variables |
//! | `post.rs` | an HTTP POST per event |
//! | `tls.rs`, `no_tls.rs` | TLS for both, with the cargo feature `tls` |
//! | `mqtt.rs`, `topics.rs` | MQTT with Home Assistant's discovery, retained states and a last will |

mod exec;
mod mqtt;
mod post;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod topics;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use earmark_core::Label;
use earmark_core::stream::Event;

/// Events that may wait for a sink.
const WAITING: usize = 256;
/// How long sinks have at the end of a stream for what still waits.
pub const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether they are done.
const POLL: Duration = Duration::from_millis(5);
/// What ending a program may take beyond its time.
const ENDING: Duration = Duration::from_secs(1);

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Runs a program, once for each event and one at a time.
    Exec(PathBuf),
    /// Posts each event to an `http://` or `https://` URL.
    Post(String),
    /// Publishes to the broker of an `mqtt://[user:password@]host[:port][/base]` URL; `mqtts://` is the same by TLS.
    Mqtt(String),
}

/// A target that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{target}: {why}")]
pub struct TargetError {
    target: String,
    why: String,
}

/// What a sink has to know of its stream.
#[derive(Debug, Clone)]
pub struct About {
    /// What the stream is called.
    pub stream: String,
    /// What of it the sink is told.
    pub scope: Scope,
}

/// What a sink is told of a stream.
#[derive(Debug, Clone)]
pub enum Scope {
    /// All events but frames; these labels may be on.
    Labels(Vec<Label>),
    /// The alerts of one rule, as it was written.
    Rule(String),
}

/// One event on its way.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The event.
    pub event: Event,
    /// The same as the line that is written of it.
    pub line: Arc<str>,
}

/// A sink that runs.
#[derive(Debug)]
pub struct Sink {
    sender: Option<SyncSender<Notice>>,
    thread: Option<JoinHandle<()>>,
    closing: Arc<Closing>,
    /// It has programs of this machine run, which are not to outlive it.
    has_programs: bool,
    name: String,
    dropped: u64,
}

/// How far a stream is in its end.
#[derive(Debug, Default)]
struct Closing {
    late: AtomicBool,
    cut: AtomicBool,
}

impl Closing {
    /// Nothing more is to be begun.
    fn no_more(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// What runs is to be ended, too.
    fn cut(&self) {
        self.no_more();
        self.cut.store(true, Ordering::Relaxed);
    }

    fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }
}

/// Says something to the user, from any thread.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

impl Target {
    /// Whether it can be one at all, before anything runs.
    ///
    /// # Errors
    /// [`TargetError`] with the reason.
    pub fn check(&self) -> Result<(), TargetError> {
        let (target, why) = match self {
            Self::Exec(path) if path.as_os_str().is_empty() => {
                (String::new(), Some("names no program".to_owned()))
            }
            Self::Exec(_) => return Ok(()),
            Self::Post(url) => (crate::sources::without_password(url), post::problem(url)),
            Self::Mqtt(url) => (crate::sources::without_password(url), mqtt::Broker::parse(url).err()),
        };
        why.map_or(Ok(()), |why| Err(TargetError { target, why }))
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Exec(path) => path.display().to_string(),
            Self::Post(url) | Self::Mqtt(url) => crate::sources::without_password(url),
        }
    }
}

impl Sink {
    /// Starts a sink.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(target: &Target, about: &About, say: &Say) -> std::io::Result<Self> {
        let (sender, notices) = sync_channel(WAITING);
        let (name, own, about, say) = (target.name(), target.clone(), about.clone(), Arc::clone(say));
        let has_programs = matches!(target, Target::Exec(_));
        let closing = Arc::new(Closing::default());
        let shared = Arc::clone(&closing);
        let run = move || match own {
            Target::Exec(program) => exec::run(&program, &about, &notices, &shared, &say),
            Target::Post(url) => post::run(&url, &about, &notices, &say),
            Target::Mqtt(url) => mqtt::run(&url, &about, &notices, &say),
        };
        let thread = std::thread::Builder::new().name("earmark sink".to_owned()).spawn(run)?;
        Ok(Self { sender: Some(sender), thread: Some(thread), closing, has_programs, name, dropped: 0 })
    }

    /// Hands an event over, if there is room.
    pub fn offer(&mut self, notice: &Notice) {
        let Some(sender) = &self.sender else { return };
        match sender.try_send(notice.clone()) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.dropped += 1,
        }
    }

    fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// A sentence for the user if something was not delivered.
    fn problem(&self) -> Option<String> {
        match (self.dropped, self.is_done()) {
            (0, true) => None,
            (0, false) => Some(format!("{}: it did not take the last events in time", self.name)),
            (dropped, _) => Some(format!("{}: it is too slow; {dropped} events were left out", self.name)),
        }
    }
}

impl Drop for Sink {
    /// One that was not closed, since its stream failed before it was begun, takes its program with it.
    fn drop(&mut self) {
        self.sender = None;
        self.closing.cut();
        wait_until(Instant::now() + ENDING, || self.is_done() || !self.has_programs);
    }
}

/// No event follows to any of these sinks. What still waits is delivered for [`GRACE`]. A program that runs then has what is left of its
/// own limit; once `stop` is set, by which somebody asks the stream to end, it is ended. Gives sentences for the user where
/// something was not delivered.
pub fn close(mut sinks: Vec<Sink>, stop: &AtomicBool) -> Vec<String> {
    // All at once, so that none has only what another leaves of the time.
    sinks.iter_mut().for_each(|sink| sink.sender = None);
    wait_until(Instant::now() + GRACE, || sinks.iter().all(Sink::is_done));
    sinks.iter().for_each(|sink| sink.closing.no_more());
    wait_until(Instant::now() + exec::PATIENCE + ENDING, || {
        if stop.load(Ordering::Relaxed) {
            sinks.iter().for_each(|sink| sink.closing.cut());
        }
        sinks.iter().all(|sink| sink.is_done() || !sink.has_programs)
    });
    // Others that hang are left to the end of the process.
    sinks.iter().filter_map(Sink::problem).collect()
}

fn wait_until(deadline: Instant, mut is_done: impl FnMut() -> bool) {
    while !is_done() && Instant::now() < deadline {
        std::thread::sleep(POLL);
    }
}

/// The next event; `None` when no more come.
fn next(notices: &Receiver<Notice>) -> Option<Notice> {
    notices.recv().ok()
}
