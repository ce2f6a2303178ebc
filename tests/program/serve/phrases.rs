//! Enrolled phrases in the streams of a service.

use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::connect;
use super::running::Server;
use super::sources::has_ffmpeg;
use super::streams::{Client, event, speech_pcm};
use crate::phrase::{Bench, END_S, START_S, pack};

const LABEL: &str = "phrase:hello";

fn of_phrase(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["label"] == LABEL).collect()
}

/// What is told first of the phrase: an onset and its offset, as long as it is; gives the offset.
fn first_told(events: &[Value]) -> &Value {
    assert!(events[0]["labels"].as_array().unwrap().contains(&LABEL.into()), "{}", events[0]);
    let told = of_phrase(events);
    assert!(told.len() >= 2, "{told:?}");
    assert_eq!((&told[0]["type"], &told[1]["type"]), (&"onset".into(), &"offset".into()));
    assert_eq!(told[0]["id"], told[1]["id"]);
    let at = |key: &str| told[1][key].as_f64().unwrap();
    assert!((at("end") - at("start") - (END_S - START_S)).abs() < 0.3, "{told:?}");
    assert!(at("decided") < at("end") + 0.6, "{told:?}");
    told[1]
}

#[test]
fn a_phrase_is_told_over_a_websocket() {
    let bench = Bench::new();
    bench.enrol();
    let (profiles, pack) = (bench.text("profiles"), pack());
    let args = ["--phrase", "hello", "--phrase-pack", &pack, "--profiles", &profiles];
    let pcm = speech_pcm();
    let hear = |more: &[&str]| {
        let server = Server::start(&args.iter().chain(more).copied().collect::<Vec<_>>());
        let mut client = Client::open(server.address, "rate=16000");
        pcm.chunks(3_200).for_each(|chunk| client.sound(chunk));
        client.control("CloseStream");
        client.rest().events
    };
    let told = hear(&[]);
    let start_s = first_told(&told)["start"].as_f64().unwrap();
    assert!((start_s - START_S).abs() < 0.2, "{start_s}");
    assert_eq!(of_phrase(&told).len(), 2, "{told:?}");
    // Two hops in a row are there a hop later; what is told of its borders stays.
    let confirmed = hear(&["--refractory-ms", "0", "--confirm", "2"]);
    assert_eq!(first_told(&confirmed), first_told(&told));
    let onset_s = |events: &[Value]| of_phrase(events)[0]["decided"].as_f64().unwrap();
    assert!((onset_s(&confirmed) - onset_s(&told) - 0.04).abs() < 0.03, "{confirmed:?}");
    // Nothing stands at its limit for four seconds.
    let never = hear(&["--confirm", "100"]);
    assert!(never[0]["labels"].as_array().unwrap().contains(&LABEL.into()));
    assert!(of_phrase(&never).is_empty(), "{:?}", of_phrase(&never));
    let without = |events: &[Value]| {
        let kept = events.iter().filter(|event| event["label"] != LABEL && event["type"] != "end");
        let mut kept: Vec<Value> = kept.cloned().collect();
        // Onsets are counted together.
        kept.iter_mut().for_each(|event| event["id"] = Value::Null);
        kept
    };
    assert_eq!(without(&never), without(&told), "other labels are told as without");
}

/// A script of the shell.
#[cfg(unix)]
#[test]
fn a_phrase_of_the_configuration_is_told_in_a_source_and_runs_a_program() {
    if !has_ffmpeg() {
        return;
    }
    let bench = Bench::new();
    bench.enrol();
    let alarm = bench.path("alarm.sh");
    std::fs::write(&alarm, format!("#!/bin/sh\necho \"$EARMARK_WHEN\" >> '{}'\n", bench.text("told")))
        .unwrap();
    assert!(std::process::Command::new("chmod").arg("+x").arg(&alarm).status().unwrap().success());
    let config = bench.path("serve.toml");
    let text = format!(
        "[phrase]\nnames = ['hello']\npack = '{}'\nprofiles = '{}'\nrefractory_ms = 500\n\
         [[source]]\nname = 'desk'\nurl = 'file://{}'\nwhen = [{{ rule = '{LABEL}>100ms', exec = ['{}'] }}]\n",
        pack(),
        bench.text("profiles"),
        bench.text("mono.wav"),
        alarm.display()
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(&["--config", config.to_str().unwrap()]);
    let mut stream = connect(server.address);
    let head = format!("GET /v1/streams/desk/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    let mut seen = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix("data: ") else { continue };
        seen.push(event(data));
        // The recording ends: that is a gap, and it begins anew.
        if seen.last().is_some_and(|event| event["type"] == "gap") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?}");
    }
    // What ffmpeg looks at first is not heard: the clock begins a little later.
    first_told(&seen);
    let told = server.wait_for_line(&bench.path("told"));
    assert!(told.starts_with("phrase:hello>100ms\n"), "{told}");
}
