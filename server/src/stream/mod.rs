//! `earmark stream`: one source through one tagger, told as lines, to rules and to sinks.
//!
//! ```text
//! Feed ─▶ Arrival ─▶ Session ─┬─▶ StreamTagger ─▶ Event ─┬─▶ lines out
//!  (thread)                   │                          ├─▶ RuleBook ─▶ alerts ─▶ sinks (a thread each)
//!                             └─▶ StreamGate ─▶ WAV out  └─▶ sinks
//! ```
//!
//! All of it but the source and the sinks happens on the thread that calls [`run`], whose priority is raised for it. It reads no clock but for the length of
//! gaps and for wall times, so what a stream is told of its sound depends on the samples only.

mod clock;
mod session;
mod sound;
mod teller;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use earmark_core::Label;
use earmark_core::detect::Detector;
use earmark_core::gate::Preset;
use earmark_core::phrase::Phrases;
use earmark_core::raise_thread_priority;
use earmark_core::realtime::LiveError;
use earmark_core::render::RenderError;
use earmark_core::stream::{StreamError, StreamSettings};
use earmark_core::voice::Voices;

use crate::rules::Rule;
use crate::sinks::{Say, Target};
use crate::sources::{Arrival, Feed, Input, SourceError, SourceSettings};
use session::Session;
pub use sound::SoundFormat;

/// How often a stream without sound looks whether it is to stop, and at its rules.
const POLL: Duration = Duration::from_millis(20);

/// Where events of a kind go.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The rule whose alerts go there; `None`: all events but frames.
    pub rule: Option<Rule>,
    /// Where to.
    pub targets: Vec<Target>,
}

/// What is to be done with a stream.
#[derive(Debug, Clone)]
pub struct StreamJob {
    /// Where the sound comes from.
    pub source: SourceSettings,
    /// How it is heard.
    pub settings: StreamSettings,
    /// Whether each line has the wall time of what it is about.
    pub wall_clock: bool,
    /// What follows from events.
    pub reactions: Vec<Reaction>,
    /// Enrolled phrases that are told beside the labels of the pack.
    pub phrases: Option<Arc<Phrases>>,
    /// The gate through which the sound goes, and the form in which it comes out.
    pub through: Option<(Preset, SoundFormat)>,
    /// Enrolled voices that are told, and by which the gate opens.
    pub voices: Option<Voices>,
}

impl StreamJob {
    /// Those of the pack, of the voices and of the phrases.
    fn labels(&self, detector: &Detector) -> Vec<Label> {
        let of_pack = detector.pack().manifest().labels.iter().cloned();
        let of_phrases = self.phrases.iter().flat_map(|phrases| phrases.labels().cloned());
        of_pack.chain(self.voices.iter().flat_map(Voices::labels)).chain(of_phrases).collect()
    }
}

/// Why a stream ends otherwise than by its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What hears it.
    #[error("{name}: {source}")]
    Stream {
        /// The stream.
        name: String,
        /// Why.
        source: StreamError,
    },
    /// The gate cannot be made.
    #[error(transparent)]
    Gate(#[from] LiveError),
    /// The gated sound cannot be written.
    #[error("the gated sound: {0}")]
    Sound(RenderError),
    /// The lines cannot be written.
    #[error("the events: {0}")]
    Events(std::io::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A rule is about a label that this pack has not.
    #[error("the rule {rule:?} is about {label:?}; this pack has {known}")]
    Label {
        /// The rule as it was written.
        rule: String,
        /// Its label.
        label: String,
        /// Those that there are.
        known: String,
    },
}

impl RunError {
    /// Whether only the reader went away, which ends a stream as well as its end does.
    pub fn is_broken_pipe(&self) -> bool {
        let error = match self {
            Self::Events(error) | Self::Sound(RenderError::Write(error)) => error,
            _ => return false,
        };
        error.kind() == std::io::ErrorKind::BrokenPipe
    }
}

/// What a stream writes to.
pub struct Outputs {
    /// Lines of JSON.
    pub events: Box<dyn Write>,
    /// The gated sound, where there is one.
    pub sound: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Outputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outputs").finish_non_exhaustive()
    }
}

/// Runs a stream until its source ends, `stop` is set or nobody reads its events any more; each of these is a good end: what
/// is on is ended, and `end` is told. `say` gets sentences for the user, from any thread.
///
/// # Errors
/// [`RunError`]; what was heard before it has been told, and ended.
pub fn run(
    job: StreamJob,
    detector: &Arc<Detector>,
    stop: &AtomicBool,
    outputs: Outputs,
    say: &Say,
) -> Result<(), RunError> {
    check_labels(&job.reactions, &job.labels(detector))?;
    let is_live = !matches!(job.source.input, Input::File(_));
    let feed = Feed::start(job.source.clone()).map_err(RunError::Thread)?;
    let mut waiting = Some((job, outputs));
    let mut session: Option<Session> = None;
    let ended = loop {
        if stop.load(Ordering::Relaxed) {
            break Ok(());
        }
        let step = match (feed.next(POLL), &mut session) {
            (Some(Arrival::Opened { rate_hz, channels }), _) => match waiting.take() {
                Some((job, outputs)) => {
                    let begun = Session::begin(job, detector, rate_hz, channels, outputs, say);
                    // Only now: what the sinks run is no live work. Where the system refuses, this is a thread as others.
                    if is_live {
                        raise_thread_priority();
                    }
                    begun.map(|begun| session = Some(begun))
                }
                None => Ok(()),
            },
            (Some(Arrival::Sound { samples, at }), Some(session)) => session.sound(samples, at),
            (Some(Arrival::Lost { reason, at }), Some(session)) => session.lost(&reason, at),
            (Some(Arrival::Ended(ended)), _) => break ended.map_err(RunError::Source),
            (None, Some(session)) => session.idle(),
            (_, None) => Ok(()),
        };
        if let Err(error) = step {
            break Err(error);
        }
    };
    // What has come by now is heard, though not what comes for ever.
    let ended = match (ended, &mut session) {
        (Ok(()), Some(session)) => drain(&feed, session),
        (ended, _) => ended,
    };
    let finished = session.map_or(Ok(()), |session| session.finish(stop));
    let good_end = |result: Result<(), RunError>| match result {
        Err(error) if error.is_broken_pipe() => Ok(()),
        other => other,
    };
    good_end(ended).and(good_end(finished))
}

/// Hears what already waits.
fn drain(feed: &Feed, session: &mut Session) -> Result<(), RunError> {
    for _ in 0..crate::sources::WAITING {
        match feed.next(Duration::ZERO) {
            Some(Arrival::Sound { samples, at }) => session.sound(samples, at)?,
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Whether each rule is about something that is heard: one of `of_pack`, silence, what is unknown, or a gap.
///
/// # Errors
/// [`RunError::Label`] on the first that is not.
pub(crate) fn check_labels(reactions: &[Reaction], of_pack: &[Label]) -> Result<(), RunError> {
    let beside = ["silence", "unknown", crate::rules::GAP];
    for rule in reactions.iter().filter_map(|reaction| reaction.rule.as_ref()) {
        if !of_pack.contains(rule.label()) && !beside.contains(&rule.label().as_str()) {
            let known: Vec<&str> = of_pack.iter().map(|label| label.as_str()).chain(beside).collect();
            return Err(RunError::Label {
                rule: rule.text().to_owned(),
                label: rule.label().to_string(),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}

/// The file that `--events PLACE` is written to, as a path by which it can be told from other files; `-` is standard output.
pub fn events_path(place: &str) -> PathBuf {
    match place.strip_prefix("fd:").and_then(|number| number.parse::<u32>().ok()) {
        Some(1) => PathBuf::from("-"),
        // The system's own name for it.
        Some(number) => PathBuf::from(format!("/dev/fd/{number}")),
        None => PathBuf::from(place),
    }
}

/// Opens where `--events` goes: a file, or a descriptor that whoever started us has opened. Both are added to.
///
/// # Errors
/// It cannot be opened.
pub fn open_events(place: &str) -> std::io::Result<Box<dyn Write>> {
    let path = events_path(place);
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdout()));
    }
    if place == "fd:2" {
        return Ok(Box::new(std::io::stderr()));
    }
    // A descriptor's file is opened once more, and that begins at the file's beginning: only at its end is what was written
    // before safe. A missing /dev/fd/N is no file to make.
    let create = path == Path::new(place);
    Ok(Box::new(std::fs::File::options().append(true).create(create).open(path)?))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn what_a_descriptor_holds_already_stays() {
        let log = std::env::temp_dir().join(format!("earmark-events-{}", std::process::id()));
        let held = std::fs::File::create(&log).unwrap();
        let place = format!("fd:{}", held.as_raw_fd());
        for line in ["first, the longer one\n", "second\n"] {
            open_events(&place).unwrap().write_all(line.as_bytes()).unwrap();
        }
        open_events(log.to_str().unwrap()).unwrap().write_all(b"third\n").unwrap();
        let told = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert_eq!(told, "first, the longer one\nsecond\nthird\n");
    }

    #[test]
    fn a_place_is_a_file_a_descriptor_or_standard_output() {
        for (place, path) in [("fd:1", "-"), ("-", "-"), ("fd:3", "/dev/fd/3"), ("e.jsonl", "e.jsonl")] {
            assert_eq!(events_path(place), Path::new(path), "{place}");
        }
    }
}
