//! `GET /v1/stream`: sound up, events down, over a WebSocket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, State};
use axum::response::Response;
use earmark_core::decide::{Purpose, TimelineSettings};
use earmark_core::detect::DetectorMode;
use earmark_core::model::pack;
use earmark_core::stream::{StreamError, StreamSettings};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tungstenite::error::{Error as WsError, ProtocolError};
use utoipa::IntoParams;

use super::super::App;
use super::super::context::RequestId;
use super::super::outbox::{Next, Outbox};
use super::super::problem::{Problem, ProblemBody};
use super::super::query::{Params, Shape, Timeline};
use crate::hearing::{Encoding, PcmFormat, Piece, Slot};

/// The largest message, bytes: more than five seconds of eight channels as float at 48 kHz would need.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// What is written ahead of a client that does not read, bytes.
const MAX_WRITE_BYTES: usize = 1 << 20;
/// The protocol that is spoken here, for clients that offer several.
const PROTOCOL: &str = "earmark";
/// Longest name of a stream.
const MAX_NAME_BYTES: usize = 256;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Query of `GET /v1/stream`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Sample rate, Hz
    #[param(minimum = 1000, maximum = 768_000)]
    pub rate: u32,
    /// Interleaved channels; 1 unless given
    #[param(minimum = 1, maximum = 1536)]
    pub channels: Option<u16>,
    /// How samples are stored: s16le unless given
    pub encoding: Option<Encoding>,
    /// Time between frame events, ms, a multiple of 10; without it there are none
    #[param(minimum = 10, maximum = 60_000)]
    pub frames_ms: Option<u32>,
    /// What the stream is called in its events
    pub name: Option<String>,
    /// Probabilities at which labels begin, as LABEL=P, separated by commas
    pub threshold: Option<String>,
    /// Level at or below which all is silence, dBFS
    pub silence_dbfs: Option<f32>,
    /// A shape for a purpose: subtitles, transcription, archive or editing; the parameters below go before it
    #[serde(rename = "for")]
    #[param(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// Speech that is shorter is dropped, ms
    pub min_speech_ms: Option<u32>,
    /// Pauses of speech that are shorter are filled, and no shorter silence is told, ms
    pub min_silence_ms: Option<u32>,
    /// Speech is widened at both ends, ms
    #[param(maximum = 10_000)]
    pub pad_ms: Option<u32>,
    /// Longer speech is divided where it is least likely and quietest, s
    #[param(minimum = 1, maximum = 3_600)]
    pub max_segment_s: Option<f64>,
}

/// What a client may say beside sending sound.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
enum Control {
    /// What was sent is to be decided now; what is on ends.
    Finalize,
    /// The stream lives, though no sound comes.
    KeepAlive,
    /// No more comes: the rest is decided, then the connection is closed.
    CloseStream,
}

/// A WebSocket: PCM up, events down
///
/// Binary messages are interleaved samples, cut anywhere. Text messages are `{"type":"Finalize"}`, `{"type":"KeepAlive"}`
/// or `{"type":"CloseStream"}`. Each message down is an event; `/asyncapi.json` describes them.
#[utoipa::path(
    get, path = "/v1/stream", tag = "streams", params(StreamQuery),
    responses(
        (status = 101, description = "The stream is open"),
        (status = "default", description = "Why not", body = ProblemBody<'static>, content_type = "application/problem+json"),
    ),
)]
pub async fn stream(
    State(app): State<Arc<App>>,
    Params(query): Params<StreamQuery>,
    Extension(id): Extension<RequestId>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let open = app.open_stream()?;
    let (slot, outbox) = app.slot(query).await?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BYTES);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let begun = Instant::now();
        let end = converse(&app, socket, &slot, &outbox).await;
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(request_id = &*id.0, code = end.code, reason = end.reason, ms, "stream ended");
        drop(open);
    }))
}

/// Counts a stream while it is open.
#[derive(Debug)]
pub struct OpenStream {
    app: Arc<App>,
    #[expect(dead_code, reason = "held: the service waits for it at its end")]
    under_way: TaskTrackerToken,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.app.streams_open.fetch_sub(1, Ordering::Relaxed);
        self.app.metrics.streams_open.dec();
    }
}

impl App {
    fn open_stream(self: &Arc<Self>) -> Result<OpenStream, Problem> {
        if self.stopping.is_cancelled() {
            return Err(Problem::unavailable("the server is stopping"));
        }
        let max = self.config().limits.max_streams;
        let count: &AtomicUsize = &self.streams_open;
        let taken =
            count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < max).then_some(open + 1));
        if taken.is_err() {
            return Err(Problem::too_many(format!(
                "{max} streams are open, and this server accepts no more"
            )));
        }
        self.metrics.streams_open.inc();
        Ok(OpenStream { app: Arc::clone(self), under_way: self.under_way.token() })
    }

    async fn slot(self: &Arc<Self>, query: StreamQuery) -> Result<(Arc<Slot>, Arc<Outbox>), Problem> {
        let format = PcmFormat {
            rate_hz: query.rate,
            channels: query.channels.unwrap_or(1),
            encoding: query.encoding.unwrap_or(Encoding::S16le),
        };
        let format = format.check().map_err(|error| Problem::bad_request(error.to_string()))?;
        let name = query.name.unwrap_or_default();
        if name.len() > MAX_NAME_BYTES {
            return Err(Problem::bad_request(format!("a name may have {MAX_NAME_BYTES} bytes")));
        }
        let timeline = Timeline {
            threshold: query.threshold.as_deref(),
            silence_dbfs: query.silence_dbfs,
            shape: Shape {
                purpose: query.purpose,
                min_speech_ms: query.min_speech_ms,
                min_silence_ms: query.min_silence_ms,
                pad_ms: query.pad_ms,
                max_segment_s: query.max_segment_s,
            },
            ..Timeline::default()
        };
        let changes = timeline.changes()?;
        let outbox = Arc::new(Outbox::new(Arc::clone(&self.metrics)));
        let (packs, listener) = (Arc::clone(&self.packs), Arc::clone(&outbox));
        let phrases = self.phrases.clone();
        let frame_ms = query.frames_ms;
        // Filters are designed here: milliseconds, in which other bytes are to move.
        let made = tokio::task::spawn_blocking(move || {
            let detector = packs.detector(pack::LIVE, DetectorMode::LowLatency)?;
            let manifest = detector.pack().manifest();
            let timeline = changes.apply(TimelineSettings::for_pack(manifest), &manifest.labels);
            let timeline = timeline.map_err(|error| Problem::bad_request(error.to_string()))?;
            let settings = StreamSettings { name, timeline, frame_ms };
            let slot = Slot::new(&detector, format, &settings, phrases.as_deref(), listener);
            slot.map_err(|error: StreamError| Problem::bad_request(error.to_string()))
        });
        let slot = made.await.map_err(|_| Problem::bad_request("this stream cannot be heard"))??;
        Ok((Arc::new(slot), outbox))
    }
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    code: u16,
    reason: &'static str,
}

impl End {
    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

const DONE: End = End::new(close_code::NORMAL, "done");
/// A close frame came in place of `CloseStream`. Nothing may be sent after it but the answer to it.
const CLOSED: End = End::new(close_code::NORMAL, "closed by the client");
const GONE: End = End::new(close_code::ABNORMAL, "the client is gone");
const IDLE: End = End::new(close_code::POLICY, "neither audio nor KeepAlive for too long");
const NO_CONTROL: End =
    End::new(close_code::POLICY, "a text message is to be {\"type\":\"Finalize\"}, KeepAlive or CloseStream");
const TOO_LARGE: End = End::new(close_code::SIZE, "a message may have 1 MiB");
const BROKEN: End = End::new(close_code::PROTOCOL, "these bytes are no WebSocket frame");
const STOPPING: End = End::new(close_code::AWAY, "the server is stopping");
const TOO_SLOW: End = End::new(close_code::AGAIN, "the events are not taken as fast as they come");
const FAILED: End = End::new(close_code::ERROR, "the stream cannot be heard on");

async fn converse(app: &App, socket: WebSocket, slot: &Arc<Slot>, outbox: &Outbox) -> End {
    let (mut sink, mut source) = socket.split();
    let end = until_end(app, &mut sink, &mut source, slot, outbox).await;
    if end != GONE {
        let goodbye = async {
            if end == CLOSED {
                // The answer waits already.
                let _ = sink.flush().await;
            } else {
                let frame = CloseFrame { code: end.code, reason: end.reason.into() };
                let _ = sink.send(Message::Close(Some(frame))).await;
            }
            // The other side says goodbye, too.
            while let Some(Ok(_)) = source.next().await {}
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
    end
}

async fn until_end(
    app: &App,
    sink: &mut SplitSink<WebSocket, Message>,
    source: &mut SplitStream<WebSocket>,
    slot: &Arc<Slot>,
    outbox: &Outbox,
) -> End {
    let mut reading = std::pin::pin!(read(app, source, slot));
    let mut writing = std::pin::pin!(write(app, sink, outbox));
    tokio::select! {
        end = &mut reading => {
            app.hearing.give(slot, Piece::Close);
            match end {
                GONE | CLOSED => end,
                // The rest is written, whatever the client did wrong.
                end => match writing.await { DONE => end, other => other },
            }
        }
        end = &mut writing => {
            app.hearing.give(slot, Piece::Close);
            end
        }
    }
}

async fn read(app: &App, source: &mut SplitStream<WebSocket>, slot: &Arc<Slot>) -> End {
    let idle = app.config().limits.stream_idle.duration();
    loop {
        // Who sends faster than is heard is not read on.
        app.hearing.room(slot).await;
        let message = tokio::select! {
            message = tokio::time::timeout(idle, source.next()) => message,
            () = app.stopping.cancelled() => return STOPPING,
        };
        match message {
            Err(_) => return IDLE,
            Ok(None) => return GONE,
            Ok(Some(Err(error))) => return broken(error),
            Ok(Some(Ok(Message::Binary(bytes)))) => {
                let piece = Piece::Audio { bytes: bytes.into(), arrived: Instant::now() };
                app.hearing.give(slot, piece);
            }
            Ok(Some(Ok(Message::Text(text)))) => match serde_json::from_str(&text) {
                Ok(Control::Finalize) => app.hearing.give(slot, Piece::Finalize),
                Ok(Control::KeepAlive) => {}
                Ok(Control::CloseStream) => return DONE,
                Err(_) => return NO_CONTROL,
            },
            Ok(Some(Ok(Message::Close(_)))) => return CLOSED,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
        }
    }
}

/// What a client did, by the error of who reads its bytes.
fn broken(error: axum::Error) -> End {
    match error.into_inner().downcast_ref() {
        Some(WsError::Capacity(_)) => TOO_LARGE,
        Some(WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => GONE,
        Some(WsError::Protocol(_) | WsError::Utf8(_)) => BROKEN,
        _ => GONE,
    }
}

async fn write(app: &App, sink: &mut SplitSink<WebSocket, Message>, outbox: &Outbox) -> End {
    let stall = app.config().limits.stall_timeout.duration();
    loop {
        let line = match outbox.next().await {
            Next::Line(line) => line,
            Next::Ended(Ok(())) => return DONE,
            Next::Ended(Err(error)) => {
                tracing::error!(%error, "a stream broke off");
                return FAILED;
            }
            Next::TooSlow => return TOO_SLOW,
        };
        let sent = tokio::select! {
            sent = tokio::time::timeout(stall, sink.send(Message::Text(line.json.into()))) => sent,
            () = outbox.too_slow() => return TOO_SLOW,
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return GONE,
            Err(_) => return TOO_SLOW,
        }
        if let Some(arrived) = line.arrived {
            app.metrics.stream_delay.observe(arrived.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_broken_off_is_told_why() {
        let capacity = tungstenite::error::CapacityError::MessageTooLong { size: 2, max_size: 1 };
        for (error, end) in [
            (WsError::Capacity(capacity), TOO_LARGE),
            (WsError::Protocol(ProtocolError::ControlFrameTooBig), BROKEN),
            (WsError::Protocol(ProtocolError::UnmaskedFrameFromClient), BROKEN),
            (WsError::Protocol(ProtocolError::UnexpectedContinueFrame), BROKEN),
            (WsError::Utf8("at 0".to_owned()), BROKEN),
            (WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake), GONE),
            (WsError::Io(std::io::ErrorKind::ConnectionReset.into()), GONE),
        ] {
            let said = error.to_string();
            assert_eq!(broken(axum::Error::new(error)), end, "{said}");
        }
    }
}
