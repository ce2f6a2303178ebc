//! Streams by WebSocket: what is heard, and that every line is an event.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use super::http::{connect, get};
use super::running::Server;
use crate::support::{noise, ok, programme};

/// A stream from the client's side.
pub struct Client {
    pub socket: WebSocket<TcpStream>,
}

/// How a stream ended.
#[derive(Debug)]
pub struct Heard {
    pub events: Vec<Value>,
    pub code: u16,
    pub reason: String,
}

impl Client {
    pub fn open(address: SocketAddr, query: &str) -> Self {
        Self::try_open(address, query).unwrap_or_else(|status| panic!("{query}: refused with {status}"))
    }

    /// The status, if it is refused.
    pub fn try_open(address: SocketAddr, query: &str) -> Result<Self, u16> {
        Self::open_at(address, &format!("/v1/stream?{query}"), None)
    }

    /// The same at any path, by any name of the host.
    pub fn open_at(address: SocketAddr, path: &str, host: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        match tungstenite::client(request, connect(address)) {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub fn sound(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).expect("the server takes it");
    }

    pub fn control(&mut self, kind: &str) {
        self.socket.send(Message::text(json!({ "type": kind }).to_string())).expect("the server takes it");
    }

    /// Reads to the end.
    pub fn rest(mut self) -> Heard {
        let mut events = Vec::new();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => events.push(event(&text)),
                Ok(Message::Close(Some(frame))) => {
                    let (code, reason) = (frame.code.into(), frame.reason.to_string());
                    return Heard { events, code, reason };
                }
                Ok(_) => {}
                Err(error) => panic!("{error} after {} events", events.len()),
            }
        }
    }
}

/// A line, held against the published schema.
pub fn event(text: &str) -> Value {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/events.schema.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    });
    let event: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = SCHEMA.validate(&event) {
        panic!("{error}: {text}");
    }
    event
}

/// The shipped programme as 16 bits, 16 kHz, one channel.
pub fn speech_pcm() -> Vec<u8> {
    let samples = earmark_core::audio::read_mono(&programme(), 16_000).expect("it can be read");
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates at full scale")]
    samples.iter().flat_map(|s| ((s * 32_768.0).round() as i16).to_le_bytes()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn sound_goes_up_and_events_come_down() {
    let server = Server::start(&[]);
    let pcm = speech_pcm();
    let hear = |cut: usize, query: &str| {
        let mut client = Client::open(server.address, query);
        pcm.chunks(cut).for_each(|chunk| client.sound(chunk));
        client.control("CloseStream");
        client.rest()
    };
    let heard = hear(640, "rate=16000&name=desk&frames_ms=500");
    assert_eq!((heard.code, heard.reason.as_str()), (1000, "done"));
    let events = &heard.events;
    assert_eq!((events[0]["type"].as_str(), events[0]["stream"].as_str()), (Some("begin"), Some("desk")));
    let end = events.last().unwrap();
    assert_eq!(end["type"], "end");
    assert_eq!(end["samples"].as_u64().unwrap(), pcm.len() as u64 / 2);
    assert!(end["seconds"]["speech"].as_f64().unwrap() > 10.0, "{end}");
    let frames = kinds(events).iter().filter(|kind| **kind == "frame").count();
    assert_eq!(frames, (pcm.len() / 2).div_ceil(8_000), "one per half second");
    for event in events.iter().filter(|event| event["type"] == "onset") {
        let off = events.iter().find(|off| off["type"] == "offset" && off["id"] == event["id"]);
        assert_eq!(off.expect("every onset has an offset")["start"], event["start"]);
    }
    // However the bytes are cut, also within a sample.
    assert_eq!(hear(3_333, "rate=16000&name=desk&frames_ms=500").events, *events);
}

#[test]
fn frames_are_those_of_the_command() {
    let server = Server::start(&[]);
    let pcm = speech_pcm();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("same.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    pcm.chunks_exact(2).for_each(|two| writer.write_sample(i16::from_le_bytes([two[0], two[1]])).unwrap());
    writer.finalize().unwrap();
    let csv = ok(["frames", path.to_str().unwrap(), "--pack", "live", "--live"]);
    let mut client = Client::open(server.address, "rate=16000&frames_ms=10");
    // A second at a time, each read before the next: who reads as fast as events come loses none.
    let mut frames = Vec::new();
    for (second, chunk) in (1_u32..).zip(pcm.chunks(32_000)) {
        client.sound(chunk);
        let until_s = f64::from(second) - 0.5;
        while frames.last().is_none_or(|frame: &Value| frame["time"].as_f64().unwrap() < until_s)
            && chunk.len() == 32_000
        {
            let Message::Text(text) = client.socket.read().unwrap() else { continue };
            let event = event(&text);
            frames.extend((event["type"] == "frame").then_some(event));
        }
    }
    client.control("CloseStream");
    let heard = client.rest();
    frames.extend(heard.events.into_iter().filter(|event| event["type"] == "frame"));
    let mut lines = csv.lines();
    let labels: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<&str> = lines.collect();
    assert_eq!(frames.len(), rows.len());
    for frame in frames {
        let time = frame["time"].as_f64().unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let row: Vec<f64> =
            rows[(time * 100.0).round() as usize].split(',').map(|x| x.parse().unwrap()).collect();
        assert!((row[0] - time).abs() < 1e-6);
        for (label, expected) in labels.iter().zip(&row).skip(1).take(labels.len() - 2) {
            let score = frame["scores"][label].as_f64().unwrap();
            assert!((score - expected).abs() < 1e-4, "{label} at {time}: {score}, {expected}");
        }
    }
}

#[test]
fn controls_are_followed() {
    let server = Server::start(&["--stream-idle", "2s"]);
    let speech = speech_pcm();
    let mut client = Client::open(server.address, "rate=16000");
    // Four seconds, in which somebody speaks at the end: what is on is ended at once.
    client.sound(&speech[..4 * 32_000]);
    client.control("Finalize");
    let begun = Instant::now();
    let mut seen = Vec::new();
    while !seen.iter().any(|event: &Value| event["type"] == "gap") {
        let Message::Text(text) = client.socket.read().unwrap() else { continue };
        seen.push(event(&text));
        assert!(begun.elapsed() < Duration::from_secs(20), "{seen:?}");
    }
    assert_eq!(seen.last().unwrap()["reason"], "finalize");
    assert_eq!(
        kinds(&seen).iter().filter(|k| **k == "onset").count(),
        kinds(&seen).iter().filter(|k| **k == "offset").count()
    );
    // It lives as long as it says so, and not longer.
    for _ in 0..3 {
        std::thread::sleep(Duration::from_secs(1));
        client.control("KeepAlive");
    }
    let heard = client.rest();
    assert_eq!((heard.code, heard.events.last().unwrap()["type"].as_str()), (1008, Some("end")));
    assert!(heard.reason.contains("KeepAlive"), "{}", heard.reason);
}

/// RFC 6455, 5.5.1: who gets a close frame answers it.
#[test]
fn a_close_frame_is_answered() {
    let server = Server::start(&[]);
    let pcm = speech_pcm();
    // With events on their way, and with nothing but what was told at the beginning.
    for (seconds, query) in [(20, "rate=16000&frames_ms=10"), (0, "rate=16000")] {
        let mut client = Client::open(server.address, query);
        client.sound(&pcm[..seconds * 32_000]);
        let frame = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
        client.socket.close(Some(frame)).unwrap();
        assert_eq!(client.rest().code, 1000, "{query}");
    }
    let begun = Instant::now();
    while server.log().matches("\"closed by the client\"").count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!server.log().contains("\"code\":1006"), "{}", server.log());
}

#[test]
fn what_cannot_be_a_stream_is_refused_before_it_begins() {
    let server = Server::start(&["--max-streams", "1"]);
    let refused = |query: &str| Client::try_open(server.address, query).err();
    for query in [
        "",
        "rate=0",
        "rate=-1",
        "rate=999999999",
        "rate=16000&channels=0",
        "rate=768000&channels=65535",
        "rate=16000&encoding=mp3",
        "rate=16000&frames_ms=15",
        "rate=16000&threshold=sneeze=0.5",
        "rate=16000&colour=red",
        "rate=NaN",
        "rate=16000&silence_dbfs=inf",
    ] {
        assert_eq!(refused(query), Some(400), "{query}");
    }
    // Not a WebSocket at all.
    let plain = get(server.address, "/v1/stream?rate=16000");
    assert!((400..500).contains(&plain.status), "{}", plain.status);
    plain.problem();
    let open = Client::open(server.address, "rate=16000");
    assert_eq!(refused("rate=16000"), Some(429));
    drop(open);
    let begun = Instant::now();
    while refused("rate=16000") == Some(429) {
        assert!(begun.elapsed() < Duration::from_secs(15), "the place is not given back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_token_comes_as_a_protocol_and_pages_from_elsewhere_do_not_listen() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "a-token-of-sixteen-letters").unwrap();
    let server = Server::start(&["--token-file", file.to_str().unwrap()]);
    let open = |headers: &[(&'static str, &str)]| {
        let mut request =
            format!("ws://{}/v1/stream?rate=16000", server.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tungstenite::client(request, connect(server.address)) {
            Ok((_, response)) => {
                assert_eq!(
                    response.headers().get("sec-websocket-protocol").map(|p| p.to_str().unwrap()),
                    Some("earmark")
                );
                101
            }
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                response.status().as_u16()
            }
            Err(error) => panic!("{error}"),
        }
    };
    let protocol = "sec-websocket-protocol";
    assert_eq!(open(&[(protocol, "earmark, bearer.a-token-of-sixteen-letters")]), 101);
    assert_eq!(open(&[(protocol, "earmark, bearer.a-token-of-sixteen-letter")]), 401);
    assert_eq!(open(&[(protocol, "earmark")]), 401);
    let origin =
        [(protocol, "earmark, bearer.a-token-of-sixteen-letters"), ("origin", "https://evil.example")];
    assert_eq!(open(&origin), 403);
}

/// Windows asks through the console, which `kill` does not know.
#[cfg(unix)]
#[test]
fn streams_end_with_the_service() {
    let mut server = Server::start(&[]);
    let mut client = Client::open(server.address, "rate=16000");
    client.sound(&noise(16_000, 1).iter().flat_map(|_| [0, 0]).collect::<Vec<u8>>());
    std::thread::sleep(Duration::from_millis(300));
    server.signal("TERM");
    let heard = client.rest();
    assert_eq!(CloseCode::from(heard.code), CloseCode::Away);
    assert_eq!(heard.events.last().unwrap()["type"], "end");
    assert!(server.wait(Duration::from_secs(10)).success(), "{}", server.log());
}
