//! Events on their way out: as lines, to rules, to sinks.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_core::Label;
use earmark_core::stream::Event;
use serde::Serialize;

use super::clock::Clock;
use super::{Reaction, RunError};
use crate::rules::RuleBook;
use crate::sinks::{About, Notice, Say, Scope, Sink, close};

/// Writes events and passes them on.
pub(super) struct Teller {
    lines: Box<dyn Write>,
    wall_clock: bool,
    rules: RuleBook,
    /// The sinks of each rule.
    of_rules: Vec<Vec<Sink>>,
    /// Those of all events but frames.
    of_all: Vec<Sink>,
    alerts: Vec<(usize, Event)>,
    say: Say,
}

/// An event as it is written.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<String>,
}

impl Teller {
    pub(super) fn new(
        stream: &str,
        labels: &[Label],
        reactions: Vec<Reaction>,
        wall_clock: bool,
        lines: Box<dyn Write>,
        say: &Say,
    ) -> Result<Self, RunError> {
        let labels: Vec<Label> = labels.iter().cloned().chain([Label::SILENCE, Label::UNKNOWN]).collect();
        let (mut rules, mut of_rules, mut of_all) = (Vec::new(), Vec::new(), Vec::new());
        for Reaction { rule, targets } in reactions {
            let scope = match &rule {
                Some(rule) => Scope::Rule(rule.text().to_owned()),
                None => Scope::Labels(labels.clone()),
            };
            let about = About { stream: stream.to_owned(), scope };
            let sinks = targets.iter().map(|target| Sink::start(target, &about, say));
            let sinks: Vec<Sink> = sinks.collect::<std::io::Result<_>>().map_err(RunError::Thread)?;
            match rule {
                Some(rule) => {
                    rules.push(rule);
                    of_rules.push(sinks);
                }
                None => of_all.extend(sinks),
            }
        }
        let rules = RuleBook::new(rules);
        Ok(Self { lines, wall_clock, rules, of_rules, of_all, alerts: Vec::new(), say: Arc::clone(say) })
    }

    /// Tells events; all that changes before `until_s` is among them or has been told before.
    pub(super) fn tell(
        &mut self,
        events: &mut Vec<Event>,
        clock: &Clock,
        until_s: f64,
    ) -> Result<(), RunError> {
        let mut written = Ok(());
        // The end of a stream comes behind all that follows from it.
        let end = events.pop_if(|event| matches!(event, Event::End { .. }));
        for event in events.drain(..) {
            self.rules.hear(&event, &mut self.alerts);
            written = written.and(self.tell_alerts(clock));
            written = written.and(self.tell_one(event, clock, None));
        }
        self.rules.tick(until_s, &mut self.alerts);
        written = written.and(self.tell_alerts(clock));
        if let Some(end) = end {
            written = written.and(self.tell_one(end, clock, None));
        }
        written.and_then(|()| self.lines.flush()).map_err(RunError::Events)
    }

    fn tell_alerts(&mut self, clock: &Clock) -> std::io::Result<()> {
        let mut written = Ok(());
        for (rule, alert) in std::mem::take(&mut self.alerts) {
            written = written.and(self.tell_one(alert, clock, Some(rule)));
        }
        written
    }

    /// Sinks are told even if nobody reads the lines.
    fn tell_one(&mut self, event: Event, clock: &Clock, rule: Option<usize>) -> std::io::Result<()> {
        let wall = self.wall_clock.then(|| clock.wall(event.time_s()));
        let mut line = serde_json::to_string(&Line { event: &event, wall }).map_err(std::io::Error::from)?;
        line.push('\n');
        let written = self.lines.write_all(line.as_bytes());
        let mut sinks: Vec<&mut Sink> = match rule {
            Some(rule) => self.of_rules.get_mut(rule).into_iter().flatten().collect(),
            None if matches!(event, Event::Frame { .. }) => Vec::new(),
            None => self.of_all.iter_mut().collect(),
        };
        if !sinks.is_empty() {
            let notice = Notice { event, line: line.trim_end().into() };
            sinks.iter_mut().for_each(|sink| sink.offer(&notice));
        }
        written
    }

    /// Waits for the sinks, as long as [`close`] does.
    pub(super) fn close(self, stop: &AtomicBool) {
        let sinks = self.of_rules.into_iter().flatten().chain(self.of_all).collect();
        close(sinks, stop).iter().for_each(|problem| (self.say)(problem));
    }
}
