//! What an MQTT broker is told: topics, retained states, and how Home Assistant finds them.
//!
//! | topic | payload |
//! |---|---|
//! | `BASE/STREAM/availability` | `online`, `offline`; retained, and the last will |
//! | `BASE/STREAM/LABEL` | `ON`, `OFF`; retained |
//! | `BASE/STREAM/alert/RULE` | `ON`, `OFF`; retained |
//! | `BASE/STREAM/events` | every event as JSON; not retained |
//! | `homeassistant/binary_sensor/…/config` | discovery, retained |

use std::collections::BTreeMap;

use earmark_core::Label;
use earmark_core::stream::{AlertState, Event};
use serde_json::json;

use super::{About, Notice};

/// Where Home Assistant looks.
const DISCOVERY: &str = "homeassistant/binary_sensor";
pub(super) const ONLINE: &str = "online";
pub(super) const OFFLINE: &str = "offline";

/// A message to a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) retain: bool,
}

/// The topics of a stream, and what is on in it.
#[derive(Debug)]
pub(super) struct Topics {
    root: String,
    stream: String,
    id: String,
    /// By the part of the topic: what Home Assistant shows, and whether it is on.
    states: BTreeMap<String, (String, bool)>,
}

impl Topics {
    pub(super) fn new(base: &str, about: &About) -> Self {
        let id = slug(&about.stream);
        let state = |label: &Label| (slug(label.as_str()), (label.to_string(), false));
        Self {
            root: format!("{base}/{id}"),
            stream: about.stream.clone(),
            states: about.labels.iter().map(state).collect(),
            id,
        }
    }

    pub(super) fn availability(&self) -> String {
        format!("{}/availability", self.root)
    }

    /// All that a broker must know which has just been connected to: discovery, states, availability.
    pub(super) fn greeting(&self) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        for (part, (shown, on)) in &self.states {
            messages.push(self.discovery(part, shown));
            messages.push(self.state(part, *on));
        }
        messages.push(retained(self.availability(), ONLINE));
        messages
    }

    /// The last message of a stream that ends.
    pub(super) fn farewell(&mut self) -> Vec<Message> {
        let parts: Vec<String> = self.states.keys().cloned().collect();
        let mut messages: Vec<Message> = parts.iter().map(|part| self.state(part, false)).collect();
        messages.push(retained(self.availability(), OFFLINE));
        messages
    }

    /// What follows from an event.
    pub(super) fn of(&mut self, notice: &Notice) -> Vec<Message> {
        let change = match &notice.event {
            Event::Onset { label, .. } => Some((slug(label.as_str()), label.to_string(), true)),
            Event::Offset { label, .. } => Some((slug(label.as_str()), label.to_string(), false)),
            Event::Alert { when, state, .. } => {
                Some((format!("alert/{}", slug(when)), when.clone(), *state == AlertState::Raised))
            }
            _ => None,
        };
        let mut messages = Vec::new();
        if let Some((part, shown, on)) = change {
            if self.states.insert(part.clone(), (shown.clone(), on)).is_none() {
                messages.push(self.discovery(&part, &shown));
            }
            messages.push(self.state(&part, on));
        }
        let topic = format!("{}/events", self.root);
        messages.push(Message { topic, payload: notice.line.to_string(), retain: false });
        messages
    }

    fn state(&self, part: &str, on: bool) -> Message {
        retained(format!("{}/{part}", self.root), if on { "ON" } else { "OFF" })
    }

    fn discovery(&self, part: &str, shown: &str) -> Message {
        let id = format!("earmark_{}_{}", self.id, part.replace('/', "_"));
        let config = json!({
            "name": shown,
            "unique_id": id,
            "object_id": id,
            "state_topic": format!("{}/{part}", self.root),
            "availability_topic": self.availability(),
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "payload_on": "ON",
            "payload_off": "OFF",
            "device_class": if part.starts_with("alert/") { "problem" } else { "sound" },
            "device": {
                "identifiers": [format!("earmark_{}", self.id)],
                "name": format!("Earmark {}", self.stream),
                "manufacturer": "Earmark",
                "sw_version": env!("CARGO_PKG_VERSION"),
            },
        });
        retained(format!("{DISCOVERY}/{id}/config"), &config.to_string())
    }
}

fn retained(topic: String, payload: &str) -> Message {
    Message { topic, payload: payload.to_owned(), retain: true }
}

/// A name as part of a topic and of an id: letters, digits, `_` and `-`.
pub(super) fn slug(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' };
    let slug: String = name.chars().map(kept).collect();
    let slug = slug.trim_matches('_');
    if slug.is_empty() { "stream".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Topics {
        let labels = vec![Label::SPEECH, Label::SILENCE];
        Topics::new("earmark", &About { stream: "Studio 1".into(), labels })
    }

    #[test]
    fn a_broker_learns_what_there_is_and_what_is_on() {
        let mut topics = topics();
        let event =
            Event::Onset { id: 1, label: Label::SPEECH, start_s: 1.0, decided_s: 1.2, confidence: 0.9 };
        let told = topics.of(&Notice { event, line: "LINE".into() });
        let of = |topic: &str, messages: &[Message]| -> Option<(String, bool)> {
            let found = messages.iter().find(|message| message.topic == topic)?;
            Some((found.payload.clone(), found.retain))
        };
        assert_eq!(of("earmark/studio_1/speech", &told), Some(("ON".into(), true)));
        assert_eq!(of("earmark/studio_1/events", &told), Some(("LINE".into(), false)));
        let greeting = topics.greeting();
        assert_eq!(
            of("earmark/studio_1/speech", &greeting),
            Some(("ON".into(), true)),
            "after a lost connection"
        );
        assert_eq!(of("earmark/studio_1/silence", &greeting), Some(("OFF".into(), true)));
        assert_eq!(greeting.last().unwrap().payload, ONLINE);
        let (config, retain) =
            of("homeassistant/binary_sensor/earmark_studio_1_speech/config", &greeting).unwrap();
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        assert!(retain && config["state_topic"] == "earmark/studio_1/speech");
        assert_eq!(config["availability_topic"], "earmark/studio_1/availability");
        let farewell = topics.farewell();
        assert_eq!(of("earmark/studio_1/speech", &farewell), Some(("OFF".into(), true)));
        assert_eq!(farewell.last().unwrap().payload, OFFLINE);
    }

    #[test]
    fn names_are_made_fit_for_topics() {
        assert_eq!(slug("silence>30s/2s"), "silence_30s_2s");
        assert_eq!(slug("http://radio.example:8000/+/#"), "http___radio_example_8000");
        assert_eq!(slug("ж"), "stream");
    }
}
