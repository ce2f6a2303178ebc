//! The proxy in front of a speech recogniser, between a real client and a real server of Wyoming.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::free_port;
use super::http::get;
use super::running::Server;
use super::streams::speech_pcm;
use crate::required::required;
use crate::support::{code, ok, run, stderr, workspace};

const RATE_HZ: u32 = 16_000;

/// The programme, or a part of it in seconds, as a WAV of 16 bits.
fn recording(path: &Path, part: Option<std::ops::Range<usize>>) -> String {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let pcm = speech_pcm();
    let samples = pcm.as_chunks::<2>().0.iter().map(|word| i16::from_le_bytes(*word));
    let rate = RATE_HZ as usize;
    let part = part.unwrap_or(0..usize::MAX / rate);
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples
        .skip(part.start * rate)
        .take((part.end - part.start) * rate)
        .for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    path.display().to_string()
}

/// Lets the judge stand on both sides of a proxy.
fn judge(mode: &str, more: &[&str]) {
    // A Python with tests/requirements.txt.
    let Some(python) = required("EARMARK_TEST_HOSTS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let whole = recording(&dir.path().join("programme.wav"), None);
    let port = free_port().to_string();
    let upstream = format!("tcp://127.0.0.1:{port}");
    let args = ["--wyoming", "127.0.0.1:0", "--wyoming-upstream", &upstream];
    let server = Server::start(&args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    let address = server.logged("wyoming", "address");
    let output = Command::new(python)
        .arg(workspace().join("tests/judges/wyoming_proxy.py"))
        .args([&format!("tcp://{address}"), &port, &whole, mode])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}{}{}", stderr(&output), server.log());
}

#[test]
fn a_speech_recogniser_hears_speech_alone() {
    judge("speech", &[]);
}

#[test]
fn a_speech_recogniser_hears_the_enrolled_voice_alone() {
    let dir = tempfile::tempdir().unwrap();
    let profiles = dir.path().join("profiles").display().to_string();
    let clips: Vec<String> = [1..3, 3..5, 5..8]
        .into_iter()
        .enumerate()
        .map(|(n, part)| recording(&dir.path().join(format!("{n}.wav")), Some(part)))
        .collect();
    ok(["voice", "enrol", "anna", &clips[0], &clips[1], &clips[2], "--profiles", &profiles, "--quiet"]);
    judge("voice", &["--voice", "anna", "--profiles", &profiles]);
}

/// A message of the protocol: a line of JSON, and bytes.
fn message(kind: &str, data: &serde_json::Value, payload: &[u8]) -> Vec<u8> {
    let head = serde_json::json!({ "type": kind, "data": data, "payload_length": payload.len() });
    [format!("{head}\n").as_bytes(), payload].concat()
}

#[test]
fn a_speech_recogniser_that_takes_nothing_is_left_and_its_client_told() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    // It answers the call and then reads nothing, until the test is over.
    let stuck = std::thread::spawn(move || upstream.accept().unwrap());
    let server =
        Server::start(&["--wyoming", "127.0.0.1:0", "--wyoming-upstream", &format!("tcp://{address}")]);
    let client = TcpStream::connect(server.logged("wyoming", "address")).unwrap();
    client.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // As much as a sound card sends, so that the system's buffers are full soon.
    let pcm = speech_pcm();
    let wide: Vec<u8> = pcm.as_chunks::<2>().0.iter().flat_map(|word| [*word; 6]).flatten().collect();
    let format = serde_json::json!({ "rate": 48_000, "width": 2, "channels": 2, "timestamp": 0 });
    let mut sending = client.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let mut send = |kind, payload: &[u8]| sending.write_all(&message(kind, &format, payload)).is_ok();
        send("audio-start", &[]);
        // It ends when the service has left the client.
        while wide.chunks(96_000).all(|chunk| send("audio-chunk", chunk)) {}
    });
    let mut told = String::new();
    BufReader::new(&client).read_line(&mut told).unwrap();
    assert!(told.contains("\"error\"") && told.contains("takes nothing any more"), "{told}");
    assert!(told.contains(&address.to_string()), "{told}");
    assert_eq!(get(server.address, "/health/live").status, 200);
    drop(client.shutdown(std::net::Shutdown::Both));
    sender.join().unwrap();
    drop(stuck.join().unwrap());
}

#[test]
fn a_client_that_sends_what_is_no_message_is_told_and_left() {
    let upstream = format!("127.0.0.1:{}", free_port());
    let server = Server::start(&["--wyoming", "127.0.0.1:0", "--wyoming-upstream", &upstream]);
    let address = server.logged("wyoming", "address");
    let head = |head: &str| format!("{head}\n").into_bytes();
    let sound = |width: u64| {
        let format = serde_json::json!({ "rate": RATE_HZ, "width": width, "channels": 1 });
        message("audio-start", &format, &[])
    };
    for (bytes, says) in [
        (head("hello"), "no JSON"),
        ([0, 0xff].repeat(50).into_iter().chain(*b"\n").collect(), "no JSON"),
        (head("[]"), "without a type"),
        (head("{\"type\":5}"), "without a type"),
        (head("{\"type\":\"describe\",\"data\":5}"), "no JSON object"),
        (head("{\"type\":\"audio-chunk\",\"payload_length\":-5}"), "no number of bytes"),
        (head("{\"type\":\"audio-chunk\",\"payload_length\":99999999999}"), "longer than 1048576 bytes"),
        (head("{\"type\":\"describe\",\"data_length\":9999999999}"), "longer than 1048576 bytes"),
        (vec![b'a'; 3_000_000], "does not end"),
        (sound(4), "send samples of 16 bits at 8000 to 192000 Hz"),
    ] {
        let mut client = TcpStream::connect(&address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        client.write_all(&bytes).unwrap();
        let told: Vec<String> = BufReader::new(&client).lines().map(Result::unwrap).collect();
        let [told] = told.as_slice() else { panic!("{says}: {told:?}") };
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        assert_eq!(told["type"], "error");
        assert!(told["data"]["text"].as_str().unwrap().contains(says), "{says}: {told}");
    }
}

#[test]
fn what_cannot_be_passed_on_is_refused_before_anything_runs() {
    let own = free_port();
    let (own, other) = (format!("127.0.0.1:{own}"), format!("127.0.0.1:{}", free_port()));
    for (args, exit, said) in [
        (&["--wyoming", &own][..], 2, "--wyoming-upstream"),
        (&["--wyoming-upstream", &other], 2, "wyoming.listen (--wyoming)"),
        (&["--wyoming", &own, "--voice", "anna"], 2, "--wyoming-upstream"),
        (&["--wyoming", &own, "--wyoming-upstream", "here"], 2, "HOST:PORT"),
        (&["--wyoming", &own, "--wyoming-upstream", &own], 1, "this service itself"),
        (&["--wyoming", &own, "--wyoming-upstream", &other, "--voice", "nobody"], 1, "nobody"),
    ] {
        let output = run(["serve", "--listen", "127.0.0.1:0", "--quiet"].iter().chain(args));
        assert_eq!(code(&output), exit, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
}
