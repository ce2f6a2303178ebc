//! Wake words: what a client asks and what it is told.

use earmark_core::phrase::{Detection, LABEL_PREFIX, PhraseEvent, PhraseStream, Phrases};
use serde_json::{Value, json};

use super::format::{Format, Samples, as_floats};
use super::message::Message;

/// What a client has asked for, and its sound.
pub(super) struct Session<'a> {
    phrases: &'a Phrases,
    /// Those that it wants to be told of; all if it named none.
    wanted: Vec<String>,
    sound: Option<Sound>,
    over: bool,
}

/// Sound that is coming.
struct Sound {
    stream: PhraseStream,
    format: Format,
    /// What the client's clock says at its beginning, ms.
    begun_ms: u64,
    detected: bool,
    words: Vec<i16>,
    samples: Vec<f32>,
}

impl<'a> Session<'a> {
    pub(super) fn new(phrases: &'a Phrases) -> Self {
        Self { phrases, wanted: Vec::new(), sound: None, over: false }
    }

    /// Whether nothing more is to be said: the client sent what cannot be heard.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Takes a message; gives what is to be told. Messages of other services are passed over.
    pub(super) fn answer(&mut self, message: &Message) -> Vec<Message> {
        let answered = match message.kind.as_str() {
            "describe" => Ok(vec![self.info()]),
            "ping" => Ok(vec![Message::new("pong", Value::Object(message.data.clone()))]),
            "detect" => self.detect(message),
            "audio-start" => self.begin(message).map(|()| Vec::new()),
            "audio-chunk" => self.hear(message),
            "audio-stop" => self.end(),
            _ => Ok(Vec::new()),
        };
        answered.unwrap_or_else(|text| {
            self.over = true;
            vec![Message::new("error", json!({ "text": text }))]
        })
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.phrases.labels().map(|label| name_of(label.as_str()))
    }

    /// The program that offers the phrases, as `info` tells it among others.
    pub(super) fn program(&self) -> Value {
        let version = env!("CARGO_PKG_VERSION");
        let attribution = json!({ "name": "Earmark", "url": "" });
        let manifest = self.phrases.embedder().pack().manifest();
        let models: Vec<Value> = self
            .names()
            .map(|name| {
                json!({
                    "name": name, "phrase": name, "description": format!("the enrolled phrase {name}"),
                    "version": manifest.version, "languages": [], "installed": true, "attribution": attribution,
                })
            })
            .collect();
        json!({
            "name": "earmark", "description": "Phrases that were enrolled from a few clips",
            "version": version, "installed": true, "attribution": attribution, "models": models,
        })
    }

    fn info(&self) -> Message {
        Message::new(
            "info",
            json!({
                "asr": [], "tts": [], "handle": [], "intent": [], "mic": [], "snd": [],
                "wake": [self.program()],
            }),
        )
    }

    fn detect(&mut self, message: &Message) -> Result<Vec<Message>, String> {
        let names = message.data.get("names").and_then(Value::as_array).cloned().unwrap_or_default();
        let wanted: Vec<String> = names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        let known: Vec<&str> = self.names().collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("no phrase is called {unknown}; there are {}", known.join(", ")));
        }
        self.wanted = wanted;
        Ok(Vec::new())
    }

    fn begin(&mut self, message: &Message) -> Result<(), String> {
        let format = Format::of(message, Samples::Wide)?;
        let stream =
            self.phrases.stream(format.rate_hz, format.channels).map_err(|error| error.to_string())?;
        let begun_ms = message.number("timestamp").unwrap_or(0);
        self.sound =
            Some(Sound { stream, format, begun_ms, detected: false, words: Vec::new(), samples: Vec::new() });
        Ok(())
    }

    fn hear(&mut self, message: &Message) -> Result<Vec<Message>, String> {
        let format = Format::of(message, Samples::Wide)?;
        // Some clients send no audio-start.
        if self.sound.is_none() {
            self.begin(message)?;
        }
        let Some(sound) = &mut self.sound else { return Ok(Vec::new()) };
        if format != sound.format {
            return Err("the format of the sound changed; send audio-stop and audio-start".to_owned());
        }
        sound.words.clear();
        format.decode(&message.payload, &mut sound.words)?;
        sound.samples.clear();
        sound.samples.extend(as_floats(&sound.words));
        let mut found = Vec::new();
        let heard = sound.stream.push(&sound.samples, &mut |event| keep(event, &mut found));
        heard.map_err(|error| error.to_string())?;
        Ok(self.tell(&found))
    }

    fn end(&mut self) -> Result<Vec<Message>, String> {
        let Some(sound) = &mut self.sound else { return Ok(vec![Message::new("not-detected", json!({}))]) };
        let mut found = Vec::new();
        let heard = sound.stream.finish(&mut |event| keep(event, &mut found));
        heard.map_err(|error| error.to_string())?;
        let mut answers = self.tell(&found);
        if self.sound.take().is_some_and(|sound| !sound.detected) {
            answers.push(Message::new("not-detected", json!({})));
        }
        Ok(answers)
    }

    fn tell(&mut self, found: &[Detection]) -> Vec<Message> {
        let Some(sound) = &mut self.sound else { return Vec::new() };
        let wanted = &self.wanted;
        let told = found.iter().filter_map(|found| {
            let name = name_of(found.label.as_str());
            let is_wanted = wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
            is_wanted.then(|| {
                let timestamp = sound.begun_ms + milliseconds(found.end_s);
                Message::new("detection", json!({ "name": name, "timestamp": timestamp }))
            })
        });
        let told: Vec<Message> = told.collect();
        sound.detected |= !told.is_empty();
        told
    }
}

fn keep(event: PhraseEvent, found: &mut Vec<Detection>) {
    // A client waits for the word, not for its borders.
    if let PhraseEvent::Recognised(detection) = event {
        found.push(detection);
    }
}

fn name_of(label: &str) -> &str {
    label.strip_prefix(LABEL_PREFIX).unwrap_or(label)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1e3).round() as u64
}
