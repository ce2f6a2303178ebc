//! Rules while a stream runs.

use earmark_core::stream::{AlertState, Event};

use super::{GAP, Rule};

/// All rules of a stream with their state.
#[derive(Debug)]
pub struct RuleBook(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    rule: Rule,
    /// Whether its sound is as the rule wants it, and since when.
    holds: bool,
    since_s: f64,
    raised: bool,
}

impl RuleBook {
    /// Watches rules from the beginning of a stream.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        // Nothing is on yet: what is to be absent is absent.
        let watched = |rule: Rule| Watched { holds: rule.negated, rule, since_s: 0.0, raised: false };
        Self(rules.into_iter().map(watched).collect())
    }

    /// Takes an event of the stream, in their order, and gives the alerts that had come due before what it tells, each with
    /// the number of its rule.
    pub fn hear(&mut self, event: &Event, alerts: &mut Vec<(usize, Event)>) {
        let (label, on, at_s) = match event {
            Event::Onset { label, start_s, .. } => (label.as_str(), true, *start_s),
            Event::Offset { label, end_s, .. } => (label.as_str(), false, *end_s),
            Event::Gap { start_s, end_s: None, .. } => (GAP, true, *start_s),
            Event::Gap { end_s: Some(end_s), .. } => (GAP, false, *end_s),
            _ => return,
        };
        for (index, watched) in self.0.iter_mut().enumerate() {
            if watched.rule.label().as_str() == label {
                alerts.extend(watched.due(at_s).map(|alert| (index, alert)));
                let holds = on != watched.rule.negated;
                if holds != watched.holds {
                    (watched.holds, watched.since_s) = (holds, at_s);
                }
            }
        }
    }

    /// All that changes before `now_s` has been told: gives the alerts that are due by then.
    pub fn tick(&mut self, now_s: f64, alerts: &mut Vec<(usize, Event)>) {
        for (index, watched) in self.0.iter_mut().enumerate() {
            alerts.extend(watched.due(now_s).map(|alert| (index, alert)));
        }
    }
}

impl Watched {
    /// The alert that is due at `now_s`, if nothing has changed until then.
    fn due(&mut self, now_s: f64) -> Option<Event> {
        let (wanted_s, state) = if self.raised {
            (self.rule.clear_s, AlertState::Cleared)
        } else {
            (self.rule.raise_s, AlertState::Raised)
        };
        let time_s = self.since_s + wanted_s;
        if self.holds == self.raised || now_s < time_s {
            return None;
        }
        self.raised = !self.raised;
        Some(Event::Alert { when: self.rule.text().to_owned(), state, since_s: self.since_s, time_s })
    }
}

#[cfg(test)]
mod tests {
    use earmark_core::Label;

    use super::*;

    fn onset(label: &str, start_s: f64) -> Event {
        let label = Label::new(label);
        Event::Onset { id: 1, label, start_s, decided_s: start_s + 0.2, confidence: 1.0 }
    }

    fn offset(label: &str, end_s: f64) -> Event {
        let label = Label::new(label);
        Event::Offset { id: 1, label, start_s: 0.0, end_s, decided_s: end_s + 0.2, confidence: 1.0 }
    }

    /// What a rule says of events, and of the time after them.
    fn run(rule: &str, events: &[Event], until_s: f64) -> Vec<(AlertState, f64, f64)> {
        let mut book = RuleBook::new([rule.parse().unwrap()]);
        let mut alerts = Vec::new();
        for event in events {
            book.hear(event, &mut alerts);
        }
        book.tick(until_s, &mut alerts);
        alerts
            .into_iter()
            .map(|(_, alert)| match alert {
                Event::Alert { state, since_s, time_s, .. } => (state, since_s, time_s),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn an_alert_is_raised_once_and_cleared_once() {
        use AlertState::{Cleared, Raised};
        let silent = [onset("silence", 10.0), offset("silence", 50.0), onset("silence", 51.0)];
        assert_eq!(
            run("silence>30s/2s", &silent, 90.0),
            [(Raised, 10.0, 40.0)],
            "a second's break does not clear"
        );
        let silent = [onset("silence", 10.0), offset("silence", 50.0), onset("silence", 53.0)];
        let told = [(Raised, 10.0, 40.0), (Cleared, 50.0, 52.0), (Raised, 53.0, 83.0)];
        assert_eq!(run("silence>30s/2s", &silent, 90.0), told);
        assert_eq!(run("silence>30s/2s", &[onset("silence", 10.0), offset("silence", 39.9)], 90.0), []);
        assert_eq!(run("silence>30s", &[onset("music", 10.0)], 90.0), []);
    }

    #[test]
    fn what_is_absent_is_absent_from_the_start_and_in_gaps() {
        use AlertState::{Cleared, Raised};
        assert_eq!(run("no speech>1m", &[], 59.9), []);
        let spoken = [onset("speech", 70.0), offset("speech", 80.0)];
        let told = [(Raised, 0.0, 60.0), (Cleared, 70.0, 70.0), (Raised, 80.0, 140.0)];
        assert_eq!(run("no speech>1m", &spoken, 150.0), told);
        let gap = |start_s, end_s| Event::Gap { start_s, end_s, reason: "reconnect".into() };
        let gaps = [gap(5.0, None), gap(5.0, Some(25.0))];
        assert_eq!(run("gap>10s", &gaps, 30.0), [(Raised, 5.0, 15.0), (Cleared, 25.0, 25.0)]);
    }

    #[test]
    fn a_duration_of_nothing_tells_each_change() {
        let spoken = [onset("speech", 1.0), offset("speech", 2.0)];
        let told: Vec<f64> = run("speech>0s", &spoken, 3.0).into_iter().map(|alert| alert.2).collect();
        assert_eq!(told, [1.0, 2.0]);
    }
}
