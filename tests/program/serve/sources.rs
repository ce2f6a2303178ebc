//! Sources that are listened to: a real HTTP server with a real file, through the system's ffmpeg.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use super::http::{connect, get};
use super::running::Server;
use super::streams::event;
use crate::required::skip;
use crate::support::{noise, programme, write_wav};

/// Serves the programme over and over, at any number of connections.
fn radio() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head);
                let bytes = std::fs::read(programme()).unwrap();
                let head = "HTTP/1.0 200 OK\r\nContent-Type: audio/flac\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes));
            });
        }
    });
    format!("http://{address}/live.flac")
}

pub fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        skip("there is no ffmpeg");
    }
    found
}

#[test]
fn a_source_has_a_state_and_tells_what_it_hears() {
    if !has_ffmpeg() {
        return;
    }
    let url = radio();
    let server = Server::start(&["--source", &format!("desk={url}")]);
    let status = || get(server.address, "/v1/streams/desk/status").json();
    let begun = Instant::now();
    while !matches!(status()["state"].as_str(), Some("running" | "waiting")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}: {}", status(), server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut stream = connect(server.address);
    let head = format!("GET /v1/streams/desk/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).unwrap();
    let mut seen = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix("data: ") else { continue };
        seen.push(event(data));
        let told = |kind: &str| seen.iter().any(|event| event["type"] == kind);
        // The file ends: that is a gap, and it is connected again.
        if told("gap") && told("frame") && told("offset") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?}");
    }
    assert_eq!(seen[0]["type"], "begin");
    assert!(seen.iter().any(|event| event["type"] == "onset" && event["label"] == "speech"));
    let list = get(server.address, "/v1/streams").json();
    assert_eq!(list["streams"][0]["name"], "desk");
    assert!(list["streams"][0]["since"].as_str().unwrap().ends_with('Z'), "{list}");
    assert_eq!(get(server.address, "/v1/streams/nobody/status").status, 404);
    assert!(
        get(server.address, "/metrics")
            .text()
            .contains("earmark_stream_label_seconds_total{stream=\"desk\",label=\"speech\"}")
    );
}

/// By a signal, and with a script of the shell.
#[cfg(unix)]
#[test]
fn sources_change_while_the_service_runs_and_rules_run_programs() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_wav(&at("silence.wav"), 16_000, 1, &vec![0.0; 16_000 * 20]);
    write_wav(&at("noise.wav"), 16_000, 1, &noise(16_000 * 20, 1));
    let alarm = at("alarm.sh");
    std::fs::write(&alarm, format!("#!/bin/sh\necho \"$EARMARK_WHEN\" >> {}\n", at("told").display()))
        .unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&alarm).status().unwrap().success());
    let source = |name: &str, file: &str, more: &str| {
        format!("[[source]]\nname = '{name}'\nurl = 'file://{}'\n{more}\n", at(file).display())
    };
    let rule = format!("[[source.when]]\nrule = 'silence>3s'\nexec = ['{}']", alarm.display());
    let config = at("serve.toml");
    std::fs::write(&config, source("quiet", "silence.wav", &rule) + &source("loud", "noise.wav", ""))
        .unwrap();
    let mut server = Server::start(&["--config", config.to_str().unwrap()]);
    let told = server.wait_for_line(&at("told"));
    assert!(told.lines().all(|line| line == "silence>3s"), "{told}");
    let names = || {
        let list = get(server.address, "/v1/streams").json();
        let names =
            list["streams"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(), ["loud", "quiet"]);
    // A rule about a label that there is not is a fault of the file as any other: all goes on as it was.
    let typo = format!("[[source.when]]\nrule = 'spech>1s/1s'\nexec = ['{}']", alarm.display());
    std::fs::write(&config, source("quiet", "silence.wav", &typo) + &source("fourth", "noise.wav", ""))
        .unwrap();
    server.signal("HUP");
    server.wait_for_log("is not read again: it has a fault");
    server.wait_for_log("spech");
    assert_eq!(names(), ["loud", "quiet"]);
    assert_ne!(get(server.address, "/v1/streams/quiet/status").json()["state"], "ended");
    assert!(!server.log().contains("a source ended"), "{}", server.log());
    std::fs::write(&config, source("loud", "noise.wav", "") + &source("third", "silence.wav", "")).unwrap();
    server.signal("HUP");
    server.wait_for_log("is read again\"");
    assert_eq!(names(), ["loud", "third"]);
    server.signal("TERM");
    assert!(server.wait(Duration::from_secs(20)).success(), "{}", server.log());
}
