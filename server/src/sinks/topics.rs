//! What an MQTT broker is told: topics, retained states, and how Home Assistant finds them.
//!
//! | topic | payload |
//! |---|---|
//! | `BASE/STREAM/availability` | `online`, `offline`; retained, and the last will |
//! | `BASE/STREAM/LABEL` | `ON`, `OFF`; retained; of a sink of all events |
//! | `BASE/STREAM/alert/RULE` | `ON`, `OFF`; retained; of a sink of that rule |
//! | `BASE/STREAM/events` | every event as JSON; not retained |
//! | `homeassistant/binary_sensor/…/config` | discovery, retained |

use std::collections::BTreeMap;

use earmark_core::stream::{AlertState, Event};
use serde_json::json;

use super::{About, Notice, Scope};

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
    /// By the part of the topic: what Home Assistant shows, and whether it is on.
    states: BTreeMap<String, (String, bool)>,
}

impl Topics {
    pub(super) fn new(base: &str, about: &About) -> Self {
        // Only what this sink is told: nobody would ever update the rest.
        let states = match &about.scope {
            Scope::Labels(labels) => labels.iter().map(|label| of_label(label.as_str())).collect(),
            Scope::Rule(when) => vec![of_rule(when)],
        };
        Self {
            root: format!("{base}/{}", slug(&about.stream)),
            stream: about.stream.clone(),
            states: states.into_iter().map(|(part, shown)| (part, (shown, false))).collect(),
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
            Event::Onset { label, .. } => Some((of_label(label.as_str()), true)),
            Event::Offset { label, .. } => Some((of_label(label.as_str()), false)),
            Event::Alert { when, state, .. } => Some((of_rule(when), *state == AlertState::Raised)),
            _ => None,
        };
        let mut messages = Vec::new();
        if let Some(((part, shown), on)) = change {
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
        let topic = format!("{}/{part}", self.root);
        let id = format!("earmark_{}", token(&topic));
        let config = json!({
            "name": shown,
            "unique_id": id,
            "object_id": format!("earmark_{}", slug(&topic)),
            "state_topic": topic,
            "availability_topic": self.availability(),
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "payload_on": "ON",
            "payload_off": "OFF",
            "device_class": if part.starts_with("alert/") { "problem" } else { "sound" },
            "device": {
                "identifiers": [format!("earmark_{}", token(&self.root))],
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

/// The part of the topic of a label, and what is shown.
fn of_label(label: &str) -> (String, String) {
    (slug(label), label.to_owned())
}

/// The same of a rule.
fn of_rule(when: &str) -> (String, String) {
    (format!("alert/{}", slug(when)), when.to_owned())
}

/// A topic as an id, which has letters, digits, `_` and `-` only: `/` is `--`, another byte is `-` and its two hexadecimal digits. No two
/// topics have the same, so that nothing that is announced takes the place of something else.
fn token(topic: &str) -> String {
    let mut token = String::with_capacity(topic.len());
    for byte in topic.bytes() {
        match byte {
            b'/' => token.push_str("--"),
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => token.push(char::from(byte)),
            other => token.push_str(&format!("-{other:02x}")),
        }
    }
    token
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
    use earmark_core::Label;

    use super::*;

    fn topics(base: &str, scope: Scope) -> Topics {
        Topics::new(base, &About { stream: "Studio 1".into(), scope })
    }

    fn labels() -> Scope {
        Scope::Labels(vec![Label::SPEECH, Label::SILENCE])
    }

    #[test]
    fn a_broker_learns_what_there_is_and_what_is_on() {
        let mut topics = topics("earmark", labels());
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
            of("homeassistant/binary_sensor/earmark_earmark--studio_1--speech/config", &greeting).unwrap();
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        assert!(retain && config["state_topic"] == "earmark/studio_1/speech");
        assert_eq!(config["availability_topic"], "earmark/studio_1/availability");
        let farewell = topics.farewell();
        assert_eq!(of("earmark/studio_1/speech", &farewell), Some(("OFF".into(), true)));
        assert_eq!(farewell.last().unwrap().payload, OFFLINE);
    }

    #[test]
    fn a_sink_of_a_rule_announces_the_rule_and_no_labels() {
        let when = "silence>1s";
        let mut topics = topics("home", Scope::Rule(when.into()));
        let told = |messages: Vec<Message>| -> Vec<(String, String)> {
            messages.into_iter().map(|message| (message.topic, message.payload)).collect()
        };
        let alert = "home/studio_1/alert/silence_1s".to_owned();
        let availability = "home/studio_1/availability".to_owned();
        let greeting = told(topics.greeting());
        let [config, rest @ ..] = greeting.as_slice() else { panic!("{greeting:?}") };
        assert_eq!(rest, [(alert.clone(), "OFF".to_owned()), (availability.clone(), ONLINE.to_owned())]);
        let config: serde_json::Value = serde_json::from_str(&config.1).unwrap();
        assert_eq!((&config["state_topic"], &config["name"]), (&alert.as_str().into(), &when.into()));
        let event = Event::Alert { when: when.into(), state: AlertState::Raised, since_s: 1.0, time_s: 2.0 };
        let raised = told(topics.of(&Notice { event, line: "LINE".into() }));
        assert_eq!(raised[0], (alert.clone(), "ON".to_owned()), "it has been announced before");
        let farewell = told(topics.farewell());
        assert_eq!(farewell, [(alert, "OFF".to_owned()), (availability, OFFLINE.to_owned())]);
    }

    #[test]
    fn no_two_sinks_of_a_broker_announce_the_same() {
        // A base may have any letters; those of streams and labels are few.
        let sinks = [
            topics("all", labels()),
            topics("All", labels()),
            topics("all/studio_1", labels()),
            topics("all_studio_1", labels()),
            topics("all-2fstudio_1", labels()),
            topics("all--studio_1", labels()),
            topics("all", Scope::Rule("speech>1s".into())),
            topics("all", Scope::Rule("silence>1s".into())),
        ];
        let mut announced = std::collections::BTreeSet::new();
        let mut ids = std::collections::BTreeSet::new();
        let mut count = 0;
        for message in sinks.iter().flat_map(Topics::greeting) {
            let Some(id) = message.topic.strip_prefix("homeassistant/binary_sensor/") else { continue };
            let id = id.strip_suffix("/config").unwrap();
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)), "{id}");
            let config: serde_json::Value = serde_json::from_str(&message.payload).unwrap();
            assert_eq!(config["unique_id"], id);
            announced.insert(id.to_owned());
            ids.insert(config["state_topic"].as_str().unwrap().to_owned());
            count += 1;
        }
        assert_eq!((announced.len(), ids.len(), count), (14, 14, 14), "{announced:#?}");
    }

    #[test]
    fn names_are_made_fit_for_topics() {
        assert_eq!(slug("silence>30s/2s"), "silence_30s_2s");
        assert_eq!(slug("http://radio.example:8000/+/#"), "http___radio_example_8000");
        assert_eq!(slug("ж"), "stream");
    }
}
