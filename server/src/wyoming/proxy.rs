//! A client's conversation with the upstream: its sound filtered, all else as it is.
//!
//! `audio-start` waits until something passes, so that a recogniser is never asked about nothing; where nothing did, the
//! answer to `audio-stop` is an empty transcript.

use std::sync::Arc;

use serde_json::{Value, json};

use super::filter::{Passed, SpeechFilter};
use super::format::{Format, Samples};
use super::message::{Message, Received};
use super::upstream::{Link, Replies, Upstream};

/// What a client has going with the upstream.
#[derive(Debug)]
pub(super) struct Proxy<'a> {
    upstream: &'a Upstream,
    replies: Arc<Replies>,
    /// What is told beside the upstream's own programs.
    wake: Option<Value>,
    link: Option<Link>,
    sound: Option<Sound>,
    words: Vec<i16>,
}

/// Sound that is coming.
#[derive(Debug)]
struct Sound {
    filter: SpeechFilter,
    format: Format,
    /// The message that begins it, until it is sent.
    start: Option<Vec<u8>>,
    /// What the client's clock says at its beginning, ms.
    begun_ms: u64,
    /// Frames that came, and that passed.
    heard_frames: u64,
    passed_frames: u64,
}

/// Why a conversation ends.
#[derive(Debug)]
pub(super) enum Over {
    /// The client is to be told.
    Fault(String),
    /// The client has gone, or has been told.
    Gone,
}

impl From<String> for Over {
    fn from(text: String) -> Self {
        Self::Fault(text)
    }
}

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

impl<'a> Proxy<'a> {
    pub(super) fn new(upstream: &'a Upstream, replies: Arc<Replies>, wake: Option<Value>) -> Self {
        Self { upstream, replies, wake, link: None, sound: None, words: Vec::new() }
    }

    /// Takes a message of the client.
    ///
    /// # Errors
    /// [`Over`] if the conversation ends with it.
    pub(super) fn take(&mut self, received: Received) -> Result<(), Over> {
        match received.message.kind.as_str() {
            "audio-start" => self.begin(&received.message, received.bytes.clone()),
            "audio-chunk" => self.hear(&received.message),
            "audio-stop" => self.end(&received.bytes),
            _ => self.send(&received.bytes),
        }
    }

    fn begin(&mut self, message: &Message, start: Vec<u8>) -> Result<(), Over> {
        let format = Format::of(message, Samples::Narrow)?;
        let filter = self.upstream.filter.filter(format).map_err(|error| error.to_string())?;
        self.sound = Some(Sound {
            filter,
            format,
            start: Some(start),
            begun_ms: message.number("timestamp").unwrap_or(0),
            heard_frames: 0,
            passed_frames: 0,
        });
        Ok(())
    }

    fn hear(&mut self, message: &Message) -> Result<(), Over> {
        let format = Format::of(message, Samples::Narrow)?;
        if self.sound.is_none() {
            // Some clients send no audio-start; a recogniser may need it.
            let start = Message { kind: "audio-start".to_owned(), payload: Vec::new(), ..message.clone() };
            let bytes = start.bytes();
            self.begin(&start, bytes)?;
        }
        // It is put back unless the conversation ends.
        let Some(mut sound) = self.sound.take() else { return Ok(()) };
        if format != sound.format {
            return Err("the format of the sound changed; send audio-stop and audio-start".to_owned().into());
        }
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        format.decode(&message.payload, &mut words)?;
        sound.heard_frames += (words.len() / usize::from(format.channels)) as u64;
        let Sound { filter, start, passed_frames, begun_ms, .. } = &mut sound;
        filter.push(&words, &mut |passed| self.pass(&passed, format, *begun_ms, start, passed_frames))?;
        (self.words, self.sound) = (words, Some(sound));
        Ok(())
    }

    fn end(&mut self, stop: &[u8]) -> Result<(), Over> {
        // A recogniser knows best what a stop without any sound is to it.
        let Some(sound) = self.sound.take() else { return self.send(stop) };
        let Sound { filter, format, mut start, begun_ms, heard_frames, mut passed_frames } = sound;
        filter.finish(&mut |passed| self.pass(&passed, format, begun_ms, &mut start, &mut passed_frames))?;
        let rate_hz = f64::from(format.rate_hz);
        #[expect(clippy::cast_precision_loss, reason = "seconds in a log")]
        let seconds = |frames: u64| frames as f64 / rate_hz;
        tracing::info!(
            heard_s = seconds(heard_frames),
            passed_s = seconds(passed_frames),
            "sound for the speech recogniser"
        );
        if passed_frames > 0 {
            return self.send(stop);
        }
        if let Some(link) = &self.link {
            link.expects_nothing();
        }
        Ok(self.replies.send(&Message::new("transcript", json!({ "text": "" })))?)
    }

    /// Sends what passes, and before it the message that begins the sound.
    fn pass(
        &mut self,
        passed: &Passed<'_>,
        format: Format,
        begun_ms: u64,
        start: &mut Option<Vec<u8>>,
        passed_frames: &mut u64,
    ) -> Result<(), Over> {
        if let Some(start) = start.take() {
            self.send(&start)?;
        } else if self.link.as_ref().is_none_or(Link::is_closed) {
            // A connection made anew would know nothing of this sound; the client has been told.
            return Err(Over::Gone);
        }
        *passed_frames += (passed.samples.len() / usize::from(format.channels)) as u64;
        let timestamp = begun_ms + passed.at_frame * 1_000 / u64::from(format.rate_hz);
        let chunk = Message {
            kind: "audio-chunk".to_owned(),
            data: serde_json::Map::from_iter([
                ("rate".to_owned(), format.rate_hz.into()),
                ("width".to_owned(), format.width.into()),
                ("channels".to_owned(), format.channels.into()),
                ("timestamp".to_owned(), timestamp.into()),
            ]),
            payload: passed.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        };
        self.send(&chunk.bytes())
    }

    /// Sends whole messages to the upstream, which is connected to when it is first asked.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let link = match self.link.take().filter(|link| !link.is_closed()) {
            Some(link) => link,
            None => Link::open(self.upstream, &self.replies, self.wake.clone())?,
        };
        self.link.insert(link).send(bytes).map_err(|told| told.map_or(Over::Gone, Over::Fault))
    }
}
