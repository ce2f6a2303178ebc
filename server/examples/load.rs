//! How many streams a service hears in time: WebSocket clients at real-time pace, beside one long upload.
//!
//! ```text
//! cargo build --release -p earmark -p earmark-server --bins --example load
//! target/release/examples/load target/release/earmark 200 60
//! ```
//!
//! Each client sends the shipped programme, from a place of its own, in blocks of 20 ms. The delay of an event is from the
//! moment at which the last sample that it needed was handed to the system until its line was read. Scores are held against
//! those of a stream that is alone.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const RATE_HZ: usize = 16_000;
const BLOCK_MS: usize = 20;
const BLOCK_SAMPLES: usize = RATE_HZ * BLOCK_MS / 1_000;
/// What the service promises, ms.
const PROMISE_MS: f64 = 150.0;
/// How far scores may be from those of a stream alone.
const TOLERANCE: f64 = 1e-4;
/// What the threads are called that hear streams and move bytes, as far as the system keeps names.
const STREAM_THREADS: [&str; 2] = ["earmark hearing", "earmark bytes"];

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What one client saw.
#[derive(Default)]
struct Seen {
    delays_ms: Vec<f64>,
    /// How late blocks were sent: what the client's machine adds.
    late_ms: Vec<f64>,
    frames: Vec<(f64, Value)>,
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("usage: load PROGRAM [STREAMS [SECONDS]]")?;
    let streams: usize = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let seconds: usize = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let programme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let samples = earmark_core::audio::read_mono(&programme, 16_000)?;
    let pcm: Arc<Vec<u8>> = Arc::new(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect());
    let mut server = Command::new(&program)
        .args(["serve", "--listen", "127.0.0.1:0", "--max-streams", &(streams + 8).to_string(), "--quiet"])
        .stdout(Stdio::piped())
        .spawn()?;
    let result = measure(&mut server, &pcm, streams, seconds, &programme);
    server.kill()?;
    server.wait()?;
    result
}

fn measure(
    server: &mut Child,
    pcm: &Arc<Vec<u8>>,
    streams: usize,
    seconds: usize,
    programme: &std::path::Path,
) -> Result<(), Error> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let address: SocketAddr = line
        .trim()
        .strip_prefix("listening on http://")
        .and_then(|rest| rest.strip_suffix('/'))
        .ok_or("no address")?
        .parse()?;
    // Every place is heard once alone; as many as there are different ones.
    let places = streams.min(8);
    let alone: Vec<Seen> =
        (0..places).map(|place| client(address, pcm, place, 10, None)).collect::<Result<_, _>>()?;

    let uploading = Arc::new(AtomicBool::new(true));
    let upload = std::thread::spawn({
        let (uploading, programme) = (Arc::clone(&uploading), programme.to_owned());
        move || upload_again_and_again(address, &programme, &uploading)
    });
    let start = Arc::new(Barrier::new(streams));
    let cpu_before_s = cpu_seconds(server.id());
    let threads_before_s = cpu_by_thread(server.id());
    let begun = Instant::now();
    let clients: Vec<_> = (0..streams)
        .map(|number| {
            let (pcm, start) = (Arc::clone(pcm), Arc::clone(&start));
            std::thread::spawn(move || client(address, &pcm, number % places, seconds, Some(&start)))
        })
        .collect();
    let mut seen = Vec::new();
    for client in clients {
        seen.push(client.join().map_err(|_| "a client panicked")??);
    }
    let (wall_s, cpu_s) = (begun.elapsed().as_secs_f64(), cpu_seconds(server.id()) - cpu_before_s);
    let mut threads_s = cpu_by_thread(server.id());
    threads_s.iter_mut().for_each(|(name, s)| *s -= threads_before_s.get(name).copied().unwrap_or(0.0));
    uploading.store(false, Ordering::Relaxed);
    let uploads = upload.join().map_err(|_| "the upload panicked")??;

    let mut delays: Vec<f64> = seen.iter().flat_map(|seen| seen.delays_ms.iter().copied()).collect();
    let mut late: Vec<f64> = seen.iter().flat_map(|seen| seen.late_ms.iter().copied()).collect();
    let worst_score = seen
        .iter()
        .enumerate()
        .map(|(number, seen)| furthest(&alone[number % places].frames, &seen.frames))
        .fold(0.0, f64::max);
    println!("{streams} streams of {seconds} s, {uploads} uploads beside them, {wall_s:.1} s of wall time");
    println!("service: {cpu_s:.1} s of CPU, uploads included ({:.2} cores)", cpu_s / wall_s);
    threads_s.iter().filter(|(_, s)| **s >= 0.1).for_each(|(name, s)| println!("  {name}: {s:.1} s"));
    // What hears streams and moves their bytes: the rest is the uploads'.
    let of_streams = |name: &&String| STREAM_THREADS.iter().any(|own| name.starts_with(own));
    let heard_s: f64 = threads_s.iter().filter(|(name, _)| of_streams(name)).map(|(_, s)| s).sum();
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let sound_s = (streams * seconds) as f64;
    println!(
        "a stream takes {:.2} ms of CPU per second: {:.0} fill a core",
        1e3 * heard_s / sound_s,
        sound_s / heard_s
    );
    println!("events: {}", delays.len());
    println!("delay of events, ms: {}", quantiles(&mut delays));
    println!("blocks sent late by, ms: {}", quantiles(&mut late));
    let over = delays.iter().filter(|delay| **delay > PROMISE_MS).count();
    println!("events later than {PROMISE_MS} ms: {over}");
    println!("furthest score from that of a stream alone: {worst_score:.2e}");
    if over > 0 || worst_score > TOLERANCE || delays.is_empty() {
        return Err("the promise is not kept".into());
    }
    Ok(())
}

/// Sends `seconds` of sound from a place of its own at real-time pace (alone: as fast as it is taken).
fn client(
    address: SocketAddr,
    pcm: &[u8],
    place: usize,
    seconds: usize,
    start: Option<&Barrier>,
) -> Result<Seen, Error> {
    let request = format!("ws://{address}/v1/stream?rate={RATE_HZ}&encoding=f32le&frames_ms=500")
        .into_client_request()?;
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let reading = stream.try_clone()?;
    let (mut socket, _) = tungstenite::client(request, stream).map_err(|error| error.to_string())?;
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let reader = std::thread::spawn({
        let sent = Arc::clone(&sent);
        move || read(reading, &sent)
    });
    if let Some(start) = start {
        start.wait();
    }
    let begun = Instant::now();
    let mut late_ms = Vec::new();
    let offset = place * 7 * RATE_HZ * 4;
    for block in 0..seconds * 1_000 / BLOCK_MS {
        if start.is_some() {
            // Not all at the same moment: a block is there when its last sample is.
            let shift = Duration::from_micros((place as u64 * 7_919) % 20_000);
            let due = begun + shift + Duration::from_millis(((block + 1) * BLOCK_MS) as u64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            late_ms.push(due.elapsed().as_secs_f64() * 1e3);
        }
        let bytes: Vec<u8> = (0..BLOCK_SAMPLES * 4)
            .map(|k| pcm[(offset + block * BLOCK_SAMPLES * 4 + k) % pcm.len()])
            .collect();
        sent.lock().map_err(|_| "poisoned")?.push(Instant::now());
        socket.send(Message::binary(bytes))?;
    }
    socket.send(Message::text(r#"{"type":"CloseStream"}"#))?;
    let mut seen = reader.join().map_err(|_| "a reader panicked")??;
    seen.late_ms = late_ms;
    Ok(seen)
}

fn read(stream: TcpStream, sent: &Mutex<Vec<Instant>>) -> Result<Seen, Error> {
    let mut socket = WebSocket::from_raw_socket(stream, tungstenite::protocol::Role::Client, None);
    let mut seen = Seen::default();
    loop {
        let text = match socket.read()? {
            Message::Text(text) => text,
            Message::Close(_) => return Ok(seen),
            _ => continue,
        };
        let now = Instant::now();
        let event: Value = serde_json::from_str(&text)?;
        match event["type"].as_str() {
            Some("frame") => {
                seen.frames.push((event["time"].as_f64().ok_or("no time")?, event["scores"].clone()))
            }
            Some("onset" | "offset") => {
                let decided_s = event["decided"].as_f64().ok_or("no moment")?;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
                let sample = (decided_s * 16_000.0).round().max(1.0) as usize;
                let sent = sent.lock().map_err(|_| "poisoned")?;
                // What is decided by the end of the stream needed no sample more.
                if let Some(when) = sent.get((sample - 1) / BLOCK_SAMPLES) {
                    seen.delays_ms.push(now.duration_since(*when).as_secs_f64() * 1e3);
                }
            }
            Some("end") => return Ok(seen),
            _ => {}
        }
    }
}

/// One file of an hour after the other.
fn upload_again_and_again(
    address: SocketAddr,
    programme: &std::path::Path,
    go_on: &AtomicBool,
) -> Result<usize, Error> {
    let samples = earmark_core::audio::read_mono(programme, 16_000)?;
    let hour: Vec<u8> = (0..60)
        .flat_map(|_| samples.iter())
        .flat_map(|sample| {
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates at full scale")]
            let value = (sample * 32_768.0) as i16;
            value.to_le_bytes()
        })
        .collect();
    let size = u32::try_from(hour.len())?;
    let mut body = b"RIFF".to_vec();
    body.extend((size + 36).to_le_bytes());
    body.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data");
    body.extend(size.to_le_bytes());
    body.extend(hour);
    let mut count = 0;
    while go_on.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address)?;
        let head = format!(
            "POST /v1/tag HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
        stream.set_read_timeout(Some(Duration::from_millis(200)))?;
        let mut answer = Vec::new();
        let mut bytes = [0; 1 << 16];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => answer.extend_from_slice(&bytes[..read]),
                Err(_) if go_on.load(Ordering::Relaxed) => {}
                // The streams have ended; this one would go on.
                Err(_) => return Ok(count),
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&answer).into());
        }
        count += 1;
    }
    Ok(count)
}

/// The largest difference between scores of the same moments.
fn furthest(alone: &[(f64, Value)], beside: &[(f64, Value)]) -> f64 {
    // The last ones of a stream that ended earlier are about its end.
    let whole = alone.len().saturating_sub(4);
    let mut furthest: f64 = 0.0;
    for ((at, one), (same, other)) in alone[..whole].iter().zip(beside) {
        if (at - same).abs() > 1e-9 {
            return f64::INFINITY;
        }
        for (label, score) in one.as_object().into_iter().flatten() {
            let difference =
                score.as_f64().zip(other[label].as_f64()).map_or(f64::INFINITY, |(a, b)| (a - b).abs());
            furthest = furthest.max(difference);
        }
    }
    furthest
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index"
)]
fn quantiles(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let at =
        |share: f64| values.get(((values.len().saturating_sub(1)) as f64 * share).round() as usize).copied();
    let text = |share| at(share).map_or("–".to_owned(), |value| format!("{value:.1}"));
    format!("p50 {}, p99 {}, p99.9 {}, most {}", text(0.5), text(0.99), text(0.999), text(1.0))
}

/// CPU time that the threads of a process have used, in seconds, by what the threads are called.
fn cpu_by_thread(pid: u32) -> BTreeMap<String, f64> {
    let mut by_name = BTreeMap::new();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    for stat in tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok()) {
        let name =
            stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(name, _)| name);
        *by_name.entry(name.to_owned()).or_default() += seconds_of(&stat);
    }
    by_name
}

/// CPU time that a process has used, in seconds; 0 where the system does not tell.
fn cpu_seconds(pid: u32) -> f64 {
    seconds_of(&std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default())
}

/// The same of a line of `/proc`.
fn seconds_of(stat: &str) -> f64 {
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    // In hundredths on every system that has it.
    (ticks(11) + ticks(12)) / 100.0
}
