//! Events on their way to one client: bounded, and never waited for by who hears.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use earmark_core::stream::Event;
use tokio::sync::Notify;

use crate::hearing::{EarError, Listener};
use crate::metrics::Metrics;

/// Frame events that wait for a slow reader; older ones are dropped.
const MAX_FRAMES: usize = 256;
/// Other events that wait; who is slower yet is let go.
const MAX_EVENTS: usize = 1_024;

/// A line for the client.
#[derive(Debug)]
pub struct Line {
    /// One JSON object.
    pub json: String,
    /// When the sound came that it tells of.
    pub arrived: Option<Instant>,
    frame: bool,
}

/// What comes out of an [`Outbox`].
#[derive(Debug)]
pub enum Next {
    Line(Line),
    /// The stream has ended.
    Ended(Result<(), EarError>),
    /// The client takes too little of what there is.
    TooSlow,
}

/// A queue of events for one client.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    ready: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Line>,
    frames: usize,
    ended: Option<Result<(), EarError>>,
    too_slow: bool,
}

impl Outbox {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { waiting: Mutex::default(), ready: Notify::new(), metrics }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written next.
    pub async fn next(&self) -> Next {
        loop {
            let ready = self.ready.notified();
            if let Some(next) = self.try_next() {
                return next;
            }
            ready.await;
        }
    }

    fn try_next(&self) -> Option<Next> {
        let mut waiting = self.lock();
        if waiting.too_slow {
            return Some(Next::TooSlow);
        }
        if let Some(line) = waiting.lines.pop_front() {
            waiting.frames -= usize::from(line.frame);
            return Some(Next::Line(line));
        }
        waiting.ended.take().map(Next::Ended)
    }

    /// Waits until the client is found to be too slow.
    pub async fn too_slow(&self) {
        loop {
            let ready = self.ready.notified();
            if self.lock().too_slow {
                return;
            }
            ready.await;
        }
    }
}

impl Listener for Outbox {
    fn event(&self, event: &Event, arrived: Option<Instant>) {
        let frame = matches!(event, Event::Frame { .. });
        // An event is plain data: it can always be written.
        let json = serde_json::to_string(event).unwrap_or_default();
        let mut waiting = self.lock();
        if waiting.too_slow {
            return;
        }
        if frame && waiting.frames >= MAX_FRAMES {
            if let Some(oldest) = waiting.lines.iter().position(|line| line.frame) {
                waiting.lines.remove(oldest);
                waiting.frames -= 1;
                self.metrics.dropped("frame", 1);
            }
        } else if !frame && waiting.lines.len() - waiting.frames >= MAX_EVENTS {
            waiting.too_slow = true;
            self.metrics.dropped("stream", 1);
            waiting.lines.clear();
            waiting.frames = 0;
            drop(waiting);
            self.ready.notify_waiters();
            return;
        }
        waiting.frames += usize::from(frame);
        waiting.lines.push_back(Line { json, arrived, frame });
        drop(waiting);
        self.ready.notify_waiters();
    }

    fn ended(&self, how: Result<(), EarError>) {
        self.lock().ended = Some(how);
        self.ready.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn frame(time_s: f64) -> Event {
        Event::Frame { time_s, scores: BTreeMap::new(), level_dbfs: -20.0 }
    }

    fn gap(start_s: f64) -> Event {
        Event::Gap { start_s, end_s: None, reason: "test".to_owned() }
    }

    #[tokio::test]
    async fn frames_are_dropped_first_and_events_never_alone() {
        let outbox = Outbox::new(Arc::new(Metrics::new()));
        outbox.event(&gap(0.0), None);
        for k in 0..2 * MAX_FRAMES {
            outbox.event(&frame(f64::from(u16::try_from(k).unwrap())), None);
        }
        outbox.ended(Ok(()));
        let mut lines = Vec::new();
        loop {
            match outbox.next().await {
                Next::Line(line) => lines.push(line),
                Next::Ended(how) => break how.unwrap(),
                Next::TooSlow => panic!("frames alone are no reason"),
            }
        }
        assert_eq!(lines.len(), 1 + MAX_FRAMES);
        assert!(!lines[0].frame && lines[1].json.contains("256.0"), "{}", lines[1].json);
    }

    #[tokio::test]
    async fn who_takes_nothing_is_let_go() {
        let outbox = Outbox::new(Arc::new(Metrics::new()));
        for k in 0..=MAX_EVENTS {
            outbox.event(&gap(f64::from(u16::try_from(k).unwrap())), None);
        }
        assert!(matches!(outbox.next().await, Next::TooSlow));
        outbox.too_slow().await;
        assert!(outbox.lock().lines.is_empty(), "memory is given back");
    }
}
