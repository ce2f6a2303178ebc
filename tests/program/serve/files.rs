//! Files by HTTP are what the command makes of them, byte for byte.

use std::io::Write;

use earmark_core::report::Format;

use super::http::{answer, connect, form, get, post, request};
use super::running::Server;
use crate::support::{noise, ok, programme, run, write_wav};

#[test]
fn every_format_equals_the_command() {
    let server = Server::start(&[]);
    let path = programme();
    let (name, bytes) = (path.to_str().unwrap(), std::fs::read(&path).unwrap());
    for format in Format::ALL.map(Format::name) {
        let answer = post(server.address, &format!("/v1/tag?format={format}&name={name}"), &bytes);
        assert_eq!(answer.status, 200, "{format}: {}", answer.text());
        let command = ok(["tag", name, "--format", format]);
        assert!(answer.text() == command, "{format} differs:\n{}\n{command}", answer.text());
    }
    let flags = ["tag", name, "--threshold", "speech=0.9", "--exclusive", "--no-refine", "--pack", "live"];
    let query = "threshold=speech=0.9&exclusive=speech,music,noise&no_refine=true&pack=live&format=text";
    let answer = post(server.address, &format!("/v1/tag?{query}&name={name}"), &bytes);
    assert_eq!(answer.text(), ok(flags));
}

#[test]
fn frames_noise_and_renders_equal_the_command() {
    let server = Server::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let path = programme();
    let (name, bytes) = (path.to_str().unwrap(), std::fs::read(&path).unwrap());
    let at = |file: &str| dir.path().join(file).to_str().unwrap().to_owned();
    for (form, live) in [("csv", false), ("npy", false), ("csv", true)] {
        let file = at(&format!("frames.{form}"));
        let mut args = vec!["frames", name, "-o", &file];
        args.extend(live.then_some("--live"));
        ok(args);
        let answer = post(server.address, &format!("/v1/frames?format={form}&live={live}"), &bytes);
        assert!(answer.body == std::fs::read(&file).unwrap(), "{form} {live}: {}", answer.status);
    }
    for form in ["json", "csv", "text"] {
        for timeline in [false, true] {
            let mut args = vec!["noise", name, "--format", form];
            args.extend(timeline.then_some("--timeline"));
            let query = format!("format={form}&timeline={timeline}&name={name}");
            let answer = post(server.address, &format!("/v1/noise?{query}"), &bytes);
            assert_eq!(answer.text(), ok(args), "{form} {timeline}");
        }
    }
    for (container, flags, query) in [
        ("wav", vec![], ""),
        ("flac", vec!["--preset", "interview", "--bits", "16"], "&preset=interview&bits=16"),
        ("wav", vec!["--action", "cut", "--max-pause-ms", "300"], "&action=cut&max_pause_ms=300"),
        ("wav", vec!["--live", "--adaptive", "--range-db", "20"], "&live=true&adaptive=true&range_db=20"),
    ] {
        let file = at(&format!("out.{container}"));
        ok(["render", name, "-o", &file, "--quiet"].into_iter().chain(flags.clone()));
        let answer = post(server.address, &format!("/v1/render?format={container}{query}"), &bytes);
        assert!(answer.body == std::fs::read(&file).unwrap(), "{flags:?}: {}", answer.status);
    }
}

#[test]
fn forms_name_their_files_and_accept_chooses_the_format() {
    let server = Server::start(&[]);
    let bytes = std::fs::read(programme()).unwrap();
    let (kind, body) = form("talk.flac", &bytes, &[]);
    let tag = |accept: &str| {
        request(server.address, "POST", "/v1/tag", &[("Content-Type", &kind), ("Accept", accept)], &body)
    };
    let csv = tag("text/csv");
    assert!(csv.text().lines().nth(1).unwrap().starts_with("talk.flac,0.000,"), "{}", csv.text());
    assert_eq!(csv.header("content-disposition"), Some("inline; filename=\"talk.csv\""));
    assert_eq!(tag("*/*").json()["file"], "talk.flac");
    assert_eq!(tag("image/png").status, 406);

    let fields = [("min_silence_duration_ms", "500"), ("speech_pad_ms", "0"), ("model", "any")];
    let (kind, body) = form("talk.flac", &bytes, &fields);
    let answer =
        request(server.address, "POST", "/v1/audio/speech/timestamps", &[("Content-Type", &kind)], &body);
    let spans = answer.json();
    let spans = spans.as_array().unwrap_or_else(|| panic!("{}", answer.text()));
    assert!(spans.len() >= 3, "{spans:?}");
    let time = |span: &serde_json::Value, name: &str| span[name].as_u64().unwrap();
    assert!(spans.iter().all(|span| time(span, "start") < time(span, "end")));
    assert!(spans.windows(2).all(|two| time(&two[0], "end") + 500 <= time(&two[1], "start")), "{spans:?}");
}

/// A form is bounded by `--max-body` and by nothing below it.
#[test]
fn a_form_may_be_as_large_as_a_body() {
    let server = Server::start(&["--max-body", "8MiB"]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("talk.wav");
    // Four bytes a sample.
    write_wav(&path, 48_000, 1, &noise(48_000 * 16, 5));
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 2 << 20, "{}", bytes.len());
    let (kind, body) = form("talk.wav", &bytes, &[]);
    let headers = [("Content-Type", kind.as_str())];
    for route in ["/v1/tag", "/v1/frames", "/v1/noise", "/v1/render", "/v1/audio/speech/timestamps"] {
        let answer = request(server.address, "POST", route, &headers, &body);
        assert_eq!(answer.status, 200, "{route}: {}", answer.text());
        if route == "/v1/tag" {
            let file = post(server.address, "/v1/tag?name=talk.wav", &bytes);
            assert!(answer.body == file.body, "{}\n{}", answer.text(), file.text());
        }
    }
    let (_, body) = form("talk.wav", &vec![0; 9 << 20], &[]);
    let refused = request(server.address, "POST", "/v1/tag", &headers, &body);
    assert_eq!(refused.status, 413);
    assert!(refused.problem().contains("8MiB"), "{}", refused.problem());
    // One that does not tell its length is stopped where the limit is.
    let mut stream = connect(server.address);
    let head = format!(
        "POST /v1/tag HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    for part in body.chunks(0x10000) {
        let sent = stream
            .write_all(format!("{:x}\r\n", part.len()).as_bytes())
            .and_then(|()| stream.write_all(part))
            .and_then(|()| stream.write_all(b"\r\n"));
        if sent.is_err() {
            break;
        }
    }
    let refused = answer(&mut stream);
    assert_eq!(refused.status, 413, "{}", refused.text());
    // What lies in memory until it is whole has a bound of its own.
    let (_, body) = form(&"x".repeat(4 << 20), b"RIFF", &[]);
    let refused = request(server.address, "POST", "/v1/tag", &headers, &body);
    assert_eq!(refused.status, 400);
    assert!(refused.problem().contains("the form cannot be read"), "{}", refused.problem());
}

#[test]
fn what_cannot_be_heard_is_said_in_the_words_of_the_command() {
    let server = Server::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.flac");
    let bytes = std::fs::read(programme()).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let nan = dir.path().join("nan.wav");
    let mut samples = noise(48_000, 1);
    samples[24_000] = f32::NAN;
    write_wav(&nan, 48_000, 1, &samples);
    let text = dir.path().join("notes.wav");
    std::fs::write(&text, "dear diary").unwrap();
    let empty = dir.path().join("empty.wav");
    std::fs::write(&empty, "").unwrap();
    for (path, status) in [(&broken, 422), (&nan, 422), (&text, 415), (&empty, 422)] {
        let name = path.to_str().unwrap();
        let answer = post(server.address, &format!("/v1/tag?name={name}"), &std::fs::read(path).unwrap());
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        let output = run(["tag", name]);
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().expect("the command says why");
        assert_eq!(answer.problem(), said.trim_start_matches("error: "));
    }
}

/// The answer is the command's, and so is the warning beside it.
#[test]
fn an_upload_that_was_cut_short_is_answered_with_a_warning() {
    let server = Server::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.wav");
    write_wav(&path, 16_000, 1, &noise(16_000 * 10, 7));
    let bytes = std::fs::read(&path).unwrap();
    let cut = &bytes[..bytes.len() * 6 / 10];
    let name = path.to_str().unwrap();
    let whole = post(server.address, &format!("/v1/tag?name={name}"), &bytes);
    assert_eq!((whole.status, whole.header("earmark-warning")), (200, None));
    std::fs::write(&path, cut).unwrap();
    let output = run(["tag", name, "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    let tagged = post(server.address, &format!("/v1/tag?format=json&name={name}"), cut);
    assert_eq!(tagged.text(), String::from_utf8_lossy(&output.stdout));
    let warning = tagged.header("earmark-warning").expect("a warning");
    assert!(warning.starts_with("truncated after "), "{warning}");
    assert!(said.contains(&format!("{name}: {warning}")), "{warning}\n{said}");
    server.wait_for_log(warning);
    let (kind, body) = form("cut.wav", cut, &[]);
    let headers = [("Content-Type", kind.as_str())];
    for route in ["/v1/frames", "/v1/render", "/v1/audio/speech/timestamps"] {
        let answer = request(server.address, "POST", route, &headers, &body);
        let told = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("earmark-warning"));
        let told: Vec<&str> = told.map(|(_, value)| value.as_str()).collect();
        assert!(answer.status == 200 && told.contains(&warning), "{route}: {} {told:?}", answer.status);
    }
    let openapi = get(server.address, "/openapi.json").json();
    let told = &openapi["paths"]["/v1/tag"]["post"]["responses"]["200"];
    assert!(told["headers"]["Earmark-Warning"].is_object() && told["content"].is_object(), "{told}");
}

#[test]
fn the_service_tells_of_itself() {
    let server = Server::start(&[]);
    post(server.address, "/v1/tag", &std::fs::read(programme()).unwrap());
    let models = get(server.address, "/v1/models").json();
    let names: Vec<&str> =
        models["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"studio") && names.contains(&"noise"), "{names:?}");
    assert_eq!(get(server.address, "/health/live").json()["status"], "ok");
    assert_eq!(get(server.address, "/health/ready").status, 200);
    let metrics = get(server.address, "/metrics").text();
    let line = |start: &str| {
        metrics.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{metrics}"))
    };
    assert!(line("earmark_http_requests_total{route=\"/v1/tag\",status=\"200\"}").ends_with(" 1"));
    let seconds: f64 =
        line("earmark_audio_seconds_total{route=\"/v1/tag\"}").rsplit(' ').next().unwrap().parse().unwrap();
    assert!((51.0..53.0).contains(&seconds), "{seconds}");
    let openapi = get(server.address, "/openapi.json").json();
    for path in ["/v1/tag", "/v1/frames", "/v1/noise", "/v1/render", "/v1/stream", "/v1/streams", "/metrics"]
    {
        assert!(openapi["paths"][path].is_object(), "{path}");
    }
    let asyncapi = get(server.address, "/asyncapi.json").json();
    assert!(asyncapi["components"]["schemas"]["event"]["$defs"]["onset"].is_object());
    let log: Vec<serde_json::Value> =
        server.log().lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let tagged = log.iter().find(|line| line["path"] == "/v1/tag").expect("the request is logged");
    assert!(tagged["status"] == 200 && tagged["request_id"].is_string() && tagged["ms"].is_u64(), "{tagged}");
}
