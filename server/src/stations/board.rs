//! What is known of a source at this moment, and of the last minutes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use earmark_core::Label;
use earmark_core::stream::Event;
use serde::Serialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use crate::metrics::Metrics;

/// What is kept for those who come later, seconds.
const KEEP_S: f64 = 660.0;
/// Frames are kept no closer than this, seconds.
const KEEP_FRAMES_S: f64 = 0.5;
/// Lines that a reader may be behind; then it has to begin anew.
const BEHIND: usize = 1_024;
/// The label that is told when several are on: the first of these.
static PRIORITY: [Label; 6] =
    [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE, Label::SILENCE, Label::UNKNOWN];

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No sound has come yet.
    Connecting,
    /// Sound comes.
    Running,
    /// The sound stopped; it is connected again.
    Waiting,
    /// Nothing comes any more.
    Ended,
}

/// A source at this moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Status {
    /// Its name.
    name: String,
    /// How it is.
    state: State,
    /// Since when it is so, UTC.
    since: String,
    /// What is on: the first of speech, music, noise, silence, unknown; null where nothing is known.
    label: Option<String>,
    /// All that is on.
    labels: Vec<String>,
    /// How long it has been silent, seconds; 0 where it is not.
    silence_s: f64,
    /// Level of the last tenth of a second, dBFS; null where there is no sound.
    level_dbfs: Option<f64>,
    /// Where the stream's clock is, seconds.
    position_s: f64,
    /// Why there is no sound, if so.
    reason: Option<String>,
}

/// A line as it is sent: one JSON object.
#[derive(Debug, Clone)]
pub struct Told {
    pub json: Arc<str>,
    /// Whether it is a frame event, which not everybody wants.
    pub frame: bool,
}

/// Takes what a source tells; may be looked at by any number.
#[derive(Debug)]
pub struct Board {
    name: String,
    now: Mutex<Now>,
    live: broadcast::Sender<Told>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Now {
    state: State,
    since: SystemTime,
    /// What is on: label, start, and the line that told it.
    on: BTreeMap<u64, (Label, f64, Told)>,
    level_dbfs: Option<f64>,
    position_s: f64,
    reason: Option<String>,
    begin: Option<Told>,
    recent: VecDeque<(f64, Told)>,
    last_frame_s: f64,
}

impl Board {
    pub fn new(name: String, metrics: Arc<Metrics>) -> Self {
        let now = Now {
            state: State::Connecting,
            since: SystemTime::now(),
            on: BTreeMap::new(),
            level_dbfs: None,
            position_s: 0.0,
            reason: None,
            begin: None,
            recent: VecDeque::new(),
            last_frame_s: f64::NEG_INFINITY,
        };
        let (live, _) = broadcast::channel(BEHIND);
        Self { name, now: Mutex::new(now), live, metrics }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one line of the stream.
    pub fn take(&self, line: &str) {
        // Every line is an event that was written a moment ago.
        let Ok(event) = serde_json::from_str::<Event>(line) else { return };
        let frame = matches!(event, Event::Frame { .. });
        let told = Told { json: line.into(), frame };
        let mut now = self.lock();
        now.take(&event, &told);
        self.measure(&event, &now);
        // Under the lock, so that who comes in between misses nothing and gets nothing twice.
        let _ = self.live.send(told);
    }

    /// The stream is over, for a reason if it did not end by itself.
    pub fn ended(&self, reason: Option<String>) {
        let mut now = self.lock();
        now.set(State::Ended);
        now.reason = reason;
        now.on.clear();
        now.level_dbfs = None;
    }

    fn measure(&self, event: &Event, now: &Now) {
        match event {
            Event::Offset { label, start_s, end_s, .. } => {
                self.metrics.label_heard(&self.name, label.as_str(), end_s - start_s);
            }
            Event::Frame { level_dbfs, .. } => {
                self.metrics.level(&self.name, *level_dbfs, now.silence_s());
            }
            _ => {}
        }
    }

    pub fn status(&self) -> Status {
        let now = self.lock();
        let mut labels: Vec<&Label> = now.on.values().map(|(label, _, _)| label).collect();
        labels
            .sort_by_key(|label| PRIORITY.iter().position(|known| known == *label).unwrap_or(PRIORITY.len()));
        let labels: Vec<String> = labels.into_iter().map(|label| label.as_str().to_owned()).collect();
        Status {
            name: self.name.clone(),
            state: now.state,
            since: humantime::format_rfc3339_millis(now.since).to_string(),
            label: labels.first().cloned(),
            labels,
            silence_s: now.silence_s(),
            level_dbfs: now.level_dbfs,
            position_s: now.position_s,
            reason: now.reason.clone(),
        }
    }

    /// What was told in the last minutes, and all that will be.
    pub fn follow(&self) -> (Vec<Told>, broadcast::Receiver<Told>) {
        let now = self.lock();
        let oldest_s = now.recent.front().map_or(f64::INFINITY, |(time_s, _)| *time_s);
        let long_on = now.on.values().filter(|(_, start_s, _)| *start_s < oldest_s).map(|(_, _, told)| told);
        let past = now.begin.iter().chain(long_on).chain(now.recent.iter().map(|(_, told)| told));
        (past.cloned().collect(), self.live.subscribe())
    }
}

impl Now {
    fn set(&mut self, state: State) {
        if self.state != state {
            (self.state, self.since) = (state, SystemTime::now());
        }
    }

    fn silence_s(&self) -> f64 {
        let silent = self.on.values().find(|(label, _, _)| *label == Label::SILENCE);
        silent.map_or(0.0, |(_, start_s, _)| (self.position_s - start_s).max(0.0))
    }

    fn take(&mut self, event: &Event, told: &Told) {
        self.position_s = self.position_s.max(event.time_s());
        let mut keep = true;
        match event {
            Event::Begin { .. } => {
                self.begin = Some(told.clone());
                keep = false;
            }
            Event::Onset { id, label, start_s, .. } => {
                self.on.insert(*id, (label.clone(), *start_s, told.clone()));
            }
            Event::Offset { id, .. } => drop(self.on.remove(id)),
            Event::Frame { time_s, level_dbfs, .. } => {
                self.set(State::Running);
                (self.level_dbfs, self.reason) = (Some(*level_dbfs), None);
                keep = time_s - self.last_frame_s >= KEEP_FRAMES_S;
                if keep {
                    self.last_frame_s = *time_s;
                }
            }
            Event::Gap { end_s: None, reason, .. } => {
                self.set(State::Waiting);
                (self.level_dbfs, self.reason) = (None, Some(reason.clone()));
            }
            _ => {}
        }
        if keep {
            self.recent.push_back((event.time_s(), told.clone()));
        }
        let oldest_s = self.position_s - KEEP_S;
        while self.recent.front().is_some_and(|(time_s, _)| *time_s < oldest_s) {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        Board::new("desk".to_owned(), Arc::new(Metrics::new()))
    }

    fn onset(id: u64, label: &str, start: f64) -> String {
        format!(
            r#"{{"type":"onset","id":{id},"label":"{label}","start":{start},"decided":{start},"confidence":1.0}}"#
        )
    }

    fn frame(time: f64) -> String {
        format!(r#"{{"type":"frame","time":{time},"scores":{{"speech":0.5}},"level_dbfs":-20.5}}"#)
    }

    #[test]
    fn the_status_is_what_is_on() {
        let board = board();
        assert_eq!(board.status().state, State::Connecting);
        for line in [onset(1, "music", 0.5), onset(2, "speech", 1.0), frame(1.5)] {
            board.take(&line);
        }
        let status = board.status();
        assert_eq!((status.state, status.label.as_deref()), (State::Running, Some("speech")));
        assert_eq!(
            (status.labels, status.level_dbfs, status.silence_s),
            (vec!["speech".to_owned(), "music".to_owned()], Some(-20.5), 0.0)
        );
        board.take(r#"{"type":"offset","id":2,"label":"speech","start":1.0,"end":2.0,"decided":2.0,"confidence":1.0}"#);
        board.take(r#"{"type":"offset","id":1,"label":"music","start":0.5,"end":2.0,"decided":2.0,"confidence":1.0}"#);
        board.take(&onset(3, "silence", 2.0));
        board.take(&frame(5.0));
        assert_eq!((board.status().label.as_deref(), board.status().silence_s), (Some("silence"), 3.0));
        board.take(r#"{"type":"gap","start":6.0,"reason":"no sound"}"#);
        let status = board.status();
        assert_eq!(
            (status.state, status.reason.as_deref(), status.level_dbfs),
            (State::Waiting, Some("no sound"), None)
        );
    }

    #[test]
    fn who_comes_late_gets_the_last_minutes_and_what_is_on_since_long_ago() {
        let board = board();
        board.take(&onset(1, "music", 0.0));
        for tenth in 0..20_000_u32 {
            board.take(&frame(f64::from(tenth) / 10.0));
        }
        let (past, mut live) = board.follow();
        assert!(past[0].json.contains("\"music\""), "{}", past[0].json);
        assert!((1_300..1_350).contains(&past.len()), "{}", past.len());
        board.take(&onset(2, "speech", 2_000.0));
        assert!(live.try_recv().unwrap().json.contains("\"speech\""));
        assert!(live.try_recv().is_err());
    }
}
