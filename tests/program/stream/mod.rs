//! `earmark stream`: lines while the input is still open, good ends, rules, sinks, the gate.

mod pace;
mod reactions;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

#[cfg(target_os = "linux")]
pub use pace::resident_kib;

use crate::required::skip;
use crate::support::{code, earmark, noise, ok, programme, run, stderr, workspace, write_wav};

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Events of a running program, as they come.
pub struct Lines(Receiver<(Instant, String)>);

impl Lines {
    pub fn of(output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self(lines)
    }

    /// The next one, with the moment at which it came.
    pub fn timed(&self) -> Option<(Instant, Value)> {
        let (at, line) = self.0.recv_timeout(PATIENCE).ok()?;
        Some((at, valid(&line)))
    }

    pub fn next(&self) -> Option<Value> {
        self.timed().map(|(_, event)| event)
    }

    /// Waits for an event.
    pub fn until(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        while let Some(event) = self.next() {
            let found = wanted(&event);
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("it did not come; there were {seen:#?}");
    }

    /// All that still come until the program ends.
    pub fn rest(self) -> Vec<Value> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// A line that fits the published schema, and has its type first.
pub fn valid(line: &str) -> Value {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        let text = std::fs::read_to_string(workspace().join("docs/events.schema.json")).expect("it is there");
        jsonschema::validator_for(&serde_json::from_str(&text).expect("it is JSON")).expect("it is a schema")
    });
    let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    if let Err(error) = SCHEMA.validate(&event) {
        panic!("{line}: {error}");
    }
    assert!(line.starts_with("{\"type\":\""), "{line}");
    event
}

pub fn kind(event: &Value) -> &str {
    event["type"].as_str().expect("a type")
}

/// The first and the last event, and that each onset has its offset.
pub fn assert_whole(events: &[Value]) {
    assert_eq!(events.first().map(kind), Some("begin"), "{events:#?}");
    assert_eq!(events.last().map(kind), Some("end"), "{events:#?}");
    let ids = |wanted: &str| -> Vec<u64> {
        let mut ids: Vec<u64> =
            events.iter().filter(|e| kind(e) == wanted).map(|e| e["id"].as_u64().expect("an id")).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids("onset"), ids("offset"));
}

/// Starts a stream on standard input.
pub fn start(arguments: &[&str]) -> (Child, ChildStdin, Lines) {
    let mut child = earmark(["stream", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    let input = child.stdin.take().expect("it is piped");
    let lines = Lines::of(child.stdout.take().expect("it is piped"));
    (child, input, lines)
}

/// The programme as samples of 16 bits, mono, and its rate.
pub fn pcm() -> (Vec<u8>, u32) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("all.wav");
    let args = ["render", "--preset", "podcast", "--wet", "0", "--bits", "16", "-o"].map(Into::into);
    ok(args.into_iter().chain([path.clone().into_os_string(), programme().into_os_string()]));
    let mut reader = hound::WavReader::open(&path).expect("a WAV");
    let (rate, channels) = (reader.spec().sample_rate, usize::from(reader.spec().channels));
    let samples: Vec<i16> = reader.samples::<i16>().map(|sample| sample.expect("a sample")).collect();
    (samples.iter().step_by(channels).flat_map(|sample| sample.to_le_bytes()).collect(), rate)
}

fn raw(rate: u32) -> [String; 6] {
    ["--rate", &rate.to_string(), "--channels", "1", "--encoding", "s16le"].map(str::to_owned)
}

fn start_raw(rate: u32, arguments: &[&str]) -> (Child, ChildStdin, Lines) {
    let raw = raw(rate);
    start(&raw.iter().map(String::as_str).chain(arguments.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn lines_come_while_the_input_is_open_and_the_count_is_exact() {
    let (bytes, rate) = pcm();
    let (mut child, mut input, lines) =
        start_raw(rate, &["--frames", "500", "--wall-clock", "--name", "desk"]);
    // An odd split: a sample may come in two halves.
    let half = bytes.len() / 2 + 1;
    input.write_all(&bytes[..half]).unwrap();
    let mut events = lines.until(|event| kind(event) == "offset" && event["label"] == "speech");
    assert!(child.try_wait().unwrap().is_none(), "it still runs");
    input.write_all(&bytes[half..]).unwrap();
    drop(input);
    events.extend(lines.rest());
    assert!(child.wait().unwrap().success());
    assert_whole(&events);
    let end = events.last().unwrap();
    assert_eq!(end["samples"], bytes.len() / 2);
    assert!(events.iter().all(|event| event["wall"].is_string()));
    assert_eq!(
        (events[0]["stream"].as_str(), events[0]["rate_hz"].as_u64()),
        (Some("desk"), Some(u64::from(rate)))
    );
    let frames = u32::try_from(events.iter().filter(|event| kind(event) == "frame").count()).unwrap();
    assert_eq!(f64::from(frames), (end["duration"].as_f64().unwrap() / 0.5).ceil());
}

#[test]
fn containers_are_heard_while_they_come() {
    let flac = std::fs::read(programme()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("all.wav");
    let args = ["render", "--wet", "0", "--bits", "24", "-o"].map(Into::into);
    ok(args.into_iter().chain([wav.clone().into_os_string(), programme().into_os_string()]));
    for bytes in [flac, std::fs::read(&wav).unwrap()] {
        let (mut child, mut input, lines) = start(&[]);
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        input.write_all(first).unwrap();
        let mut events = lines.until(|event| kind(event) == "onset" && event["label"] == "speech");
        input.write_all(rest).unwrap();
        drop(input);
        events.extend(lines.rest());
        assert!(child.wait().unwrap().success());
        assert_whole(&events);
    }
}

#[cfg(unix)]
#[test]
fn signals_and_readers_that_leave_end_it_well() {
    let (bytes, rate) = pcm();
    let eight_seconds = &bytes[..16 * rate as usize];
    for signal in ["TERM", "INT"] {
        let (mut child, mut input, lines) = start_raw(rate, &[]);
        input.write_all(eight_seconds).unwrap();
        let mut events = lines.until(|event| kind(event) == "onset");
        // Twice, as `timeout` does: to the process and to its group.
        for _ in 0..2 {
            let killed = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            assert!(killed.success());
        }
        events.extend(lines.rest());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        assert_whole(&events);
        drop(input);
    }
    let mut child = earmark(["stream", "-"])
        .args(raw(rate))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    // It may leave before it has read all.
    let _ = input.write_all(&bytes);
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
}

#[test]
fn the_gate_lets_through_what_a_live_render_writes() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (rendered, events) = (at("rendered.wav"), at("events.jsonl"));
    let input = programme().into_os_string();
    let args = ["render", "--live", "--bits", "float", "--preset", "voice-over", "-o"].map(Into::into);
    ok(args.into_iter().chain([rendered.clone().into_os_string(), input]));
    let mut child =
        earmark(["stream", "-", "--through", "gate", "--preset", "voice-over", "--bits", "float"])
            .arg("--events")
            .arg(&events)
            .stdin(std::fs::File::open(programme()).unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut wav = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut wav).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let gated = floats(&wav);
    let mut reader = hound::WavReader::open(&rendered).unwrap();
    let rendered: Vec<f32> = reader.samples::<f32>().map(|sample| sample.unwrap()).collect();
    let late = gated.len() - rendered.len();
    assert!(late > 0 && gated[..late].iter().all(|sample| *sample == 0.0));
    let differs = gated[late..].iter().zip(&rendered).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differs, None, "of {} samples", rendered.len());
    let told: Vec<Value> = std::fs::read_to_string(&events).unwrap().lines().map(valid).collect();
    assert_whole(&told);
    // The latency is told.
    assert!(stderr(&output).contains("ms late"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_second_run_adds_to_what_the_first_has_told() {
    let dir = tempfile::tempdir().unwrap();
    write_wav(&dir.path().join("k.wav"), 16_000, 1, &noise(16_000, 5));
    // A descriptor that writes where it stands, and one that writes at the end, each for several runs, and a file.
    let line = "exec 3>log 4>>log; for place in fd:3 fd:3 fd:4 log; do \"$0\" stream k.wav --events $place || exit; done; \
                \"$0\" stream k.wav --events fd:1 >>log";
    let status = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_earmark")])
        .current_dir(dir.path())
        .status()
        .unwrap();
    assert!(status.success());
    let told: Vec<Value> =
        std::fs::read_to_string(dir.path().join("log")).unwrap().lines().map(valid).collect();
    let begun: Vec<usize> = (0..told.len()).filter(|index| kind(&told[*index]) == "begin").collect();
    assert_eq!(begun.len(), 5, "{told:#?}");
    for (run, first) in begun.iter().enumerate() {
        assert_whole(&told[*first..begun.get(run + 1).copied().unwrap_or(told.len())]);
    }
}

/// Serves `body` whenever it is asked for.
fn served(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let _ = connection.read(&mut [0; 4_096]);
            let head = format!(
                "HTTP/1.0 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&body));
        }
    });
    format!("http://{address}/programme.wav")
}

#[test]
fn a_url_is_heard_from_its_first_sample_to_its_last() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let (bytes, rate) = pcm();
    let samples: Vec<f32> =
        bytes.as_chunks().0.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0).collect();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("programme.wav");
    write_wav(&file, rate, 1, &samples);
    let of_file: Vec<Value> = ok(["stream", file.to_str().unwrap()]).lines().map(valid).collect();
    let url = served(std::fs::read(&file).unwrap());
    let mut child = earmark(["stream", &url, "--channels", "1", "--rate", &rate.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let of_url = Lines::of(child.stdout.take().unwrap()).until(|event| kind(event) == "gap");
    child.kill().unwrap();
    child.wait().unwrap();
    let near = |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 0.06;
    let (gap, end) = (of_url.last().unwrap(), of_file.last().unwrap());
    assert!(near(&gap["start"], &end["duration"]), "{gap} {end}");
    let onsets = |events: &[Value]| -> Vec<Value> {
        events.iter().filter(|event| kind(event) == "onset").cloned().collect()
    };
    let (of_url, of_file) = (onsets(&of_url), onsets(&of_file));
    assert_eq!(of_url.len(), of_file.len(), "{of_url:#?} {of_file:#?}");
    for (a, b) in of_url.iter().zip(&of_file) {
        assert!(a["label"] == b["label"] && near(&a["start"], &b["start"]), "{a} {b}");
    }
}

/// The samples of a WAV of floats, however long its header says that it is.
fn floats(wav: &[u8]) -> Vec<f32> {
    let data = wav.windows(4).position(|name| name == b"data").expect("a data chunk") + 8;
    wav[data..].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn what_cannot_be_is_refused_before_anything_runs() {
    for (arguments, exit, said) in [
        #[cfg(not(feature = "sound-card"))]
        (&["stream", "--input", "hw:0"][..], 2, "arecord -t wav - | earmark stream -"),
        #[cfg(not(feature = "sound-card"))]
        (&["stream", "--inputs"][..], 2, "arecord -t wav - | earmark stream -"),
        #[cfg(feature = "sound-card")]
        (&["stream", "--input", "no such card"][..], 1, "--inputs"),
        (&["stream", "-", "--when", "loud"][..], 2, "is no rule"),
        (&["stream", "-", "--when", "whistle>3s"][..], 2, "this pack has speech, "),
        (&["stream", "-", "--post", "ftp://example.org"][..], 2, "https://"),
        #[cfg(not(feature = "tls"))]
        (&["stream", "-", "--post", "https://example.org"][..], 2, "built without TLS"),
        (&["stream", "-", "--mqtt", "localhost"][..], 2, "mqtt://"),
        (&["stream", "-", "--frames", "15"][..], 2, "multiple of 10"),
        (&["stream", "-", "--encoding", "mp3"][..], 2, "known are s16le"),
        (&["stream", "-", "--through", "gate"][..], 2, "--events"),
        (&["stream", "-", "--min-gap-ms", "70000"][..], 2, "too long"),
        (&["stream", "nothing.wav"][..], 1, "nothing.wav"),
        (&["stream", "-"][..], 1, "standard input"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), exit, "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn rows_of_a_pipe_come_while_it_is_open_and_are_those_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("all.wav");
    let args = ["render", "--wet", "0", "--bits", "16", "-o"].map(Into::into);
    ok(args.into_iter().chain([wav.clone().into_os_string(), programme().into_os_string()]));
    let bytes = std::fs::read(&wav).unwrap();
    let file = wav.to_str().unwrap();
    for arguments in [&["tag"][..], &["tag", "--format", "csv"], &["tag", "--format", "rttm"], &["frames"]] {
        let whole = ok(arguments.iter().copied().chain([file]));
        let mut child = earmark(arguments.iter().copied().chain(["-"]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).for_each(|line| sender.send(line).unwrap());
        });
        input.write_all(&bytes[..bytes.len() / 2]).unwrap();
        let mut told: Vec<String> = (0..3).map(|_| lines.recv_timeout(PATIENCE).expect("a row")).collect();
        input.write_all(&bytes[bytes.len() / 2..]).unwrap();
        drop(input);
        told.extend(lines);
        assert!(child.wait().unwrap().success());
        let named = |text: &str| text.replace("stdin", file);
        assert_eq!(named(&told.join("\n")), whole.trim_end(), "{arguments:?}");
    }
}
