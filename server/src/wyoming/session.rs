//! One client.

use earmark_core::phrase::{Detection, LABEL_PREFIX, PhraseEvent, PhraseStream, Phrases};
use serde_json::{Value, json};

use super::message::Message;

/// Rates and channels that a client may send.
const RATES_HZ: std::ops::RangeInclusive<u64> = 8_000..=192_000;
const CHANNELS: std::ops::RangeInclusive<u64> = 1..=8;

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
    samples: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    rate_hz: u32,
    channels: u16,
    /// Bytes per sample.
    width: usize,
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

    fn info(&self) -> Message {
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
        Message::new(
            "info",
            json!({
                "asr": [], "tts": [], "handle": [], "intent": [], "mic": [], "snd": [],
                "wake": [{
                    "name": "earmark", "description": "Phrases that were enrolled from a few clips",
                    "version": version, "installed": true, "attribution": attribution, "models": models,
                }],
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
        let format = Format::of(message)?;
        let stream =
            self.phrases.stream(format.rate_hz, format.channels).map_err(|error| error.to_string())?;
        let begun_ms = message.number("timestamp").unwrap_or(0);
        self.sound = Some(Sound { stream, format, begun_ms, detected: false, samples: Vec::new() });
        Ok(())
    }

    fn hear(&mut self, message: &Message) -> Result<Vec<Message>, String> {
        let format = Format::of(message)?;
        // Some clients send no audio-start.
        if self.sound.is_none() {
            self.begin(message)?;
        }
        let Some(sound) = &mut self.sound else { return Ok(Vec::new()) };
        if format != sound.format {
            return Err("the format of the sound changed; send audio-stop and audio-start".to_owned());
        }
        sound.samples.clear();
        decode(&message.payload, format.width, &mut sound.samples);
        if !sound.samples.len().is_multiple_of(usize::from(format.channels)) {
            return Err("a chunk has not all channels of its last sample".to_owned());
        }
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

impl Format {
    fn of(message: &Message) -> Result<Self, String> {
        let number = |key: &str| message.number(key).ok_or_else(|| format!("{} has no {key}", message.kind));
        let (rate, width, channels) = (number("rate")?, number("width")?, number("channels")?);
        if !RATES_HZ.contains(&rate) || !CHANNELS.contains(&channels) || !matches!(width, 2 | 4) {
            return Err(format!(
                "{rate} Hz, {channels} channels of {width} bytes cannot be heard; send 16-bit samples at 8000 to 192000 Hz"
            ));
        }
        let fits = |_| "a format that cannot be heard".to_owned();
        Ok(Self {
            rate_hz: u32::try_from(rate).map_err(fits)?,
            channels: u16::try_from(channels).map_err(fits)?,
            width: usize::try_from(width).map_err(fits)?,
        })
    }
}

/// Little-endian integers of 2 or 4 bytes as samples.
fn decode(payload: &[u8], width: usize, samples: &mut Vec<f32>) {
    if width == 2 {
        let (words, _) = payload.as_chunks::<2>();
        samples.extend(words.iter().map(|word| f32::from(i16::from_le_bytes(*word)) / 32_768.0));
    } else {
        let (words, _) = payload.as_chunks::<4>();
        // The upper half says all that is heard.
        samples.extend(words.iter().map(|word| f32::from(i16::from_le_bytes([word[2], word[3]])) / 32_768.0));
    }
}

fn keep(event: PhraseEvent, found: &mut Vec<Detection>) {
    if let PhraseEvent::Said(detection) = event {
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
