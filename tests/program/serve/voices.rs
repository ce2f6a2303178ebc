//! `POST /v1/voice/verify` and `POST /predict`.

use std::io::Write;
use std::path::Path;

use earmark_core::model::pack::{self, Pack};

use super::http::{self, connect, get, post, request};
use super::running::Server;
use crate::required::skip;
use crate::support::{noise, ok, programme, run, stderr, workspace, write_wav};

const RATE_HZ: u32 = 16_000;

/// The first sentence of the programme.
fn welcome() -> Vec<f32> {
    let samples = earmark_core::audio::read_mono(&programme(), RATE_HZ).unwrap();
    samples[16_000..16_000 * 8].to_vec()
}

fn wav(dir: &Path, name: &str, rate_hz: u32, samples: &[f32]) -> String {
    let path = dir.join(name);
    write_wav(&path, rate_hz, 1, samples);
    path.display().to_string()
}

#[test]
fn the_service_judges_clips_refuses_what_is_none_and_stays_up() {
    let dir = tempfile::tempdir().unwrap();
    let pack = workspace().join("tests/fixtures/embed/voice").display().to_string();
    let profiles = dir.path().join("profiles").display().to_string();
    let own = wav(dir.path(), "own.wav", RATE_HZ, &welcome());
    ok(["voice", "enrol", "anna", &own, "--profiles", &profiles, "--voice-pack", &pack, "--quiet"]);
    let server = Server::start(&["--profiles", &profiles, "--voice-pack", &pack, "--owner", "anna"]);
    let verify = |query: &str, path: &str| {
        post(server.address, &format!("/v1/voice/verify{query}"), &std::fs::read(path).unwrap())
    };
    let granted = verify("?name=anna", &own);
    assert_eq!(granted.status, 200, "{}", granted.text());
    let json: serde_json::Value = serde_json::from_str(&granted.text()).unwrap();
    assert_eq!((&json["outcome"], &json["name"]), (&"granted".into(), &"anna".into()));
    assert_eq!(verify("?name=nobody", &own).status, 404);
    assert_eq!(verify("", &own).status, 400);
    assert_eq!(verify("?name=../anna", &own).status, 400);
    let nan = wav(dir.path(), "nan.wav", RATE_HZ, &[f32::NAN; 16_000]);
    assert_eq!(verify("?name=anna", &nan).status, 422);
    let empty = wav(dir.path(), "empty.wav", RATE_HZ, &[]);
    assert_eq!(verify("?name=anna", &empty).status, 422);
    let long = wav(dir.path(), "long.wav", 8_000, &vec![0.0; 8_000 * 600]);
    assert_eq!(verify("?name=anna", &long).status, 413);

    let kind = [("Content-Type", "application/json")];
    let predict = |body: &str| request(server.address, "POST", "/predict", &kind, body.as_bytes());
    let clips =
        serde_json::json!({ "query": [[welcome(), RATE_HZ], [noise(16_000, 5), RATE_HZ]] }).to_string();
    let answer = predict(&clips);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    let owner: Vec<f64> = serde_json::from_value(json["speaker_proba"].clone()).unwrap();
    assert!(owner[0] > 0.85 && owner[1] < 0.85, "{json}");
    assert_eq!(json["label_proba"], serde_json::json!([null, null]));
    for body in [
        "{",
        "{}",
        r#"{"query": []}"#,
        r#"{"query": [[[], 16000]]}"#,
        r#"{"query": [[[0.0], 0]]}"#,
        r#"{"query": [[[NaN], 16000]]}"#,
        r#"{"query": [[[1e40], 16000]]}"#,
    ] {
        let refused = predict(body);
        assert_eq!(refused.status, 400, "{body}");
        refused.problem();
    }
    let ten_minutes = format!("{{\"query\": [[[{}0], 1000]]}}", "0,".repeat(600_000));
    assert_eq!(predict(&ten_minutes).status, 413);
    // A body that breaks, and one that ends early, are not too large.
    for body in ["Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n", "Content-Length: 1000\r\n\r\n{"] {
        let mut stream = connect(server.address);
        let head = format!("POST /predict HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
        stream.write_all((head + body).as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let refused = http::answer(&mut stream);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        refused.problem();
    }
    assert_eq!(get(server.address, "/health/ready").status, 200);
    assert_eq!(verify("?name=anna", &own).status, 200);

    let document = get(server.address, "/openapi.json").text();
    assert!(document.contains("/v1/voice/verify") && document.contains("/predict"));
}

#[test]
fn the_word_of_a_voice_is_asked_for_by_both_ways() {
    if !Pack::embedded_names().any(|name| name == pack::PHRASE) {
        return skip("this build has no phrase pack");
    }
    let dir = tempfile::tempdir().unwrap();
    let fixture = workspace().join("tests/fixtures/embed/voice").display().to_string();
    let profiles = dir.path().join("profiles").display().to_string();
    let programme = earmark_core::audio::read_mono(&programme(), RATE_HZ).unwrap();
    let said = &programme[16_000..16_000 * 26 / 10];
    let takes = [(1, 1.0), (2, 0.5), (3, 0.8)].map(|(seed, gain)| {
        let quiet = [0.0; 6_400];
        let take: Vec<f32> = quiet.iter().chain(said).chain(&quiet).map(|x| gain * x).collect();
        let take: Vec<f32> = take.iter().zip(noise(take.len(), seed)).map(|(x, n)| x + 0.001 * n).collect();
        wav(dir.path(), &format!("take{seed}.wav"), RATE_HZ, &take)
    });
    let enrol = ["voice", "enrol", "anna", &takes[0], &takes[1], &takes[2], "--word", "welcome"];
    ok(enrol.into_iter().chain(["--profiles", &profiles, "--voice-pack", &fixture, "--quiet"]));
    for phrase in ["hello", "other"] {
        let clips = [phrase, &takes[0], &takes[1], &takes[2]];
        ok(["phrase", "enrol"].into_iter().chain(clips).chain(["--profiles", &profiles, "--quiet"]));
    }
    let args = ["--profiles", &profiles, "--voice-pack", &fixture, "--owner", "anna", "--phrase", "hello"];
    let server = Server::start(&args);
    let verify = |query: &str| {
        post(server.address, &format!("/v1/voice/verify{query}"), &std::fs::read(&takes[1]).unwrap())
    };
    let answer: serde_json::Value = serde_json::from_str(&verify("?name=anna&word=welcome").text()).unwrap();
    assert!(answer["outcome"] == "granted" && answer["word_probability"].as_f64() > Some(0.5), "{answer}");
    let owner: serde_json::Value = serde_json::from_str(&verify("?name=anna").text()).unwrap();
    assert_eq!(owner["word_probability"], serde_json::Value::Null);
    // Byte for byte the command's, with the word of the voice, a phrase of the service, and none.
    for word in [Some("welcome"), Some("hello"), None] {
        let query = word.map_or("?name=anna".to_owned(), |word| format!("?name=anna&word={word}"));
        let answer = verify(&query);
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let command = ["voice", "verify", "anna", &takes[1], "--json", "--quiet", "--profiles", &profiles];
        let flags =
            ["--voice-pack", &fixture].into_iter().chain(word.iter().flat_map(|word| ["--word", word]));
        let command = run(command.into_iter().chain(flags));
        assert_eq!(answer.text(), String::from_utf8_lossy(&command.stdout), "{query}: {}", stderr(&command));
    }
    // Neither a phrase that the service was not started with, nor what nobody knows.
    for word in ["other", "farewell"] {
        let refused = verify(&format!("?name=anna&word={word}"));
        assert_eq!(refused.status, 409, "{word}");
        assert!(refused.problem().contains("--phrase"), "{word}");
    }
    let body = serde_json::json!({ "query": [[said, RATE_HZ], [noise(16_000, 5), RATE_HZ]] }).to_string();
    let kind = [("Content-Type", "application/json")];
    let predicted = request(server.address, "POST", "/predict", &kind, body.as_bytes());
    let predicted: serde_json::Value = serde_json::from_str(&predicted.text()).unwrap();
    let words: Vec<f64> = serde_json::from_value(predicted["label_proba"].clone()).unwrap();
    assert!(words[0] > 0.5 && words[1] < 0.5, "{predicted}");
}

#[test]
fn without_an_owner_nothing_is_predicted() {
    let server = Server::start(&[]);
    let kind = [("Content-Type", "application/json")];
    let answer = request(server.address, "POST", "/predict", &kind, br#"{"query": [[[0.0], 16000]]}"#);
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.problem().contains("--owner"));
    // Nor is the body waited for.
    let mut stream = connect(server.address);
    let head = format!(
        "POST /predict HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{{",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    assert_eq!(http::answer(&mut stream).status, 409);
}
