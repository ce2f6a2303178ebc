//! Rules and sinks: programs that are run, servers that are posted to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
#[cfg(unix)]
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{assert_whole, kind, pcm, start_raw, valid};
use crate::support::{noise, ok, write_wav};

/// A program of the shell, whose `$TOLD` is the second path.
#[cfg(unix)]
fn script(dir: &Path, text: &str) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (script, told) = (dir.join("tell.sh"), dir.join("told.txt"));
    std::fs::write(&script, format!("#!/bin/sh\nTOLD='{}'\n{text}\n", told.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    (script, told)
}

#[cfg(unix)]
#[test]
fn rules_run_programs_with_the_facts() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        "echo \"$EARMARK_EVENT $EARMARK_STREAM $EARMARK_WHEN $EARMARK_STATE $EARMARK_LABEL\" >> \"$TOLD\"";
    let (script, told) = script(dir.path(), text);
    let silent_then_loud = {
        let mut samples = vec![0.0; 4 * 16_000];
        samples.extend(noise(2 * 16_000, 7).iter().map(|sample| 0.3 * sample));
        samples
    };
    let wav = dir.path().join("in.wav");
    write_wav(&wav, 16_000, 1, &silent_then_loud);
    let (script, wav) = (script.to_str().unwrap(), wav.to_str().unwrap());
    let events = ok(["stream", wav, "--name", "x", "--when", "silence>3s/1s", "--exec", script]);
    let alerts: Vec<Value> = events.lines().map(valid).filter(|event| kind(event) == "alert").collect();
    assert_eq!(alerts.len(), 2, "{alerts:#?}");
    let since = alerts[0]["since"].as_f64().unwrap();
    assert_eq!(
        (alerts[0]["state"].as_str(), alerts[0]["time"].as_f64()),
        (Some("raised"), Some(since + 3.0))
    );
    assert_eq!(alerts[1]["state"], "cleared");
    let lines = std::fs::read_to_string(&told).unwrap();
    assert_eq!(lines, "alert x silence>3s/1s raised \nalert x silence>3s/1s cleared \n");

    std::fs::remove_file(&told).unwrap();
    ok(["stream", wav, "--exec", script]);
    let lines = std::fs::read_to_string(&told).unwrap();
    assert!(
        lines.contains("onset") && lines.contains("silence") && lines.ends_with(&format!("end {wav}   \n")),
        "{lines}"
    );
}

#[cfg(unix)]
#[test]
fn a_program_that_runs_at_the_end_of_the_stream_has_its_time() {
    let dir = tempfile::tempdir().unwrap();
    // Longer than the grace for what waits.
    let (script, told) = script(dir.path(), "sleep 8; echo \"$EARMARK_STATE\" >> \"$TOLD\"");
    let wav = dir.path().join("in.wav");
    write_wav(&wav, 16_000, 1, &[0.0; 3 * 16_000]);
    let [wav, script] = [&wav, &script].map(|path| path.to_str().unwrap());
    ok(["stream", wav, "--when", "silence>1s", "--exec", script]);
    let told = std::fs::read_to_string(&told).unwrap_or_default();
    assert_eq!(told, "raised\n", "the program has ended before the stream's");
}

#[cfg(unix)]
#[test]
fn a_program_that_hangs_is_ended_with_all_it_started_when_the_stream_is_asked_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let text = "( while :; do echo x >> \"$TOLD\"; sleep 0.05; done ) &\nwait";
    let (script, told) = script(dir.path(), text);
    let length = || std::fs::metadata(&told).map_or(0, |file| file.len());
    let (mut child, mut input, lines) =
        start_raw(16_000, &["--when", "silence>1s", "--exec", script.to_str().unwrap()]);
    input.write_all(&[0; 2 * 3 * 16_000]).unwrap();
    lines.until(|event| kind(event) == "alert");
    let began = Instant::now();
    while length() == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "the program does not run");
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let began = Instant::now();
    assert_eq!(lines.rest().last().map(kind), Some("end"));
    assert!(child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    let left = length();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(length(), left, "what the program started goes on");
    drop(input);
}

#[test]
fn a_server_is_posted_to_and_one_that_hangs_delays_nothing() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", server.local_addr().unwrap());
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for connection in server.incoming() {
            let mut connection = connection.unwrap();
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            connection.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            sender.send(String::from_utf8(body).unwrap()).unwrap();
        }
    });
    // It takes connections and never answers.
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}/", hangs.local_addr().unwrap());
    let (bytes, rate) = pcm();
    let (mut child, mut input, lines) = start_raw(rate, &["--post", &url, "--post", &dead]);
    input.write_all(&bytes).unwrap();
    drop(input);
    let started = Instant::now();
    let events = lines.rest();
    assert!(child.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    assert_whole(&events);
    let posted: Vec<Value> = bodies.try_iter().map(|body| valid(&body)).collect();
    assert_eq!(posted, events);
}
