//! What is refused, and how the service starts and ends.

use std::io::Write;
use std::time::{Duration, Instant};

use super::http::{answer, connect, form, get, post, request};
use super::running::Server;
use crate::support::{code, noise, programme, run, stderr, write_wav};

#[test]
fn errors_say_what_helps() {
    let server = Server::start(&[]);
    let tag = |query: &str| post(server.address, &format!("/v1/tag?{query}"), b"x");
    for (query, says) in [
        ("format=mp3", "json, jsonl"),
        ("colour=red", "unknown field `colour`"),
        ("threshold=speech", "LABEL=P"),
        ("threshold=speech=2", "0 to 1"),
        ("silence_dbfs=loud", "silence_dbfs"),
    ] {
        let answer = tag(query);
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().contains(says), "{query}: {}", answer.problem());
    }
    // These need the pack, and so come after the upload.
    let bytes = std::fs::read(programme()).unwrap();
    for (query, says) in [
        ("threshold=sneeze=0.5", "\"sneeze\" is not a label"),
        ("silence_dbfs=nan", "silence level"),
        ("pack=../../etc/passwd", "not a pack"),
        ("pack=noise", "noise"),
    ] {
        let answer = post(server.address, &format!("/v1/tag?{query}"), &bytes);
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().contains(says), "{query}: {}", answer.problem());
    }
    let render = |query: &str| post(server.address, &format!("/v1/render?{query}"), &bytes).problem();
    assert!(render("preset=/etc/passwd").contains("podcast"));
    assert!(render("live=true&pre_roll_ms=5").contains("pre_roll_ms"));
    assert!(
        render("format=flac&bits=float").contains("FLAC")
            || render("format=flac&bits=float").contains("flac")
    );

    assert_eq!(get(server.address, "/nothing").status, 404);
    assert!(get(server.address, "/nothing").problem().contains("nothing"));
    let wrong_method = get(server.address, "/v1/tag");
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, Some("POST")));
    wrong_method.problem();
    let json = [("Content-Type", "application/json")];
    let wrong_kind = request(server.address, "POST", "/v1/tag", &json, b"{}");
    assert_eq!(wrong_kind.status, 415);
    assert!(wrong_kind.problem().contains("multipart/form-data"));
    let (kind, _) = form("x", b"", &[]);
    let headers = [("Content-Type", kind.as_str())];
    for body in ["", "no form at all", "------earmark-test\r\nContent-Dis"] {
        let broken = request(server.address, "POST", "/v1/tag", &headers, body.as_bytes());
        assert_eq!(broken.status, 400, "{body}");
        broken.problem();
    }
    let (_, twice) = form("x", b"a", &[("file", "b")]);
    let answer = request(server.address, "POST", "/v1/tag", &headers, &twice);
    assert!(answer.problem().contains("two fields"), "{}", answer.text());
    // Not even the page may be framed or load anything from elsewhere.
    let page = get(server.address, "/");
    let csp = page.header("content-security-policy").unwrap();
    assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{csp}");
    assert!(!csp.contains("unsafe"), "{csp}");
}

#[test]
fn limits_are_kept() {
    let server =
        Server::start(&["--max-body", "4MiB", "--max-duration", "10s", "--max-queue", "1", "--jobs", "1"]);
    let told = post(server.address, "/v1/tag", &vec![0; (4 << 20) + 1]);
    assert_eq!(told.status, 413);
    assert!(told.problem().contains("4MiB"));
    // A body that does not tell its length is stopped where the limit is.
    let mut stream = connect(server.address);
    let head = format!(
        "POST /v1/tag HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[0; 0x10000], b"\r\n"].concat();
    for _ in 0..128 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    assert_eq!(answer(&mut stream).status, 413);
    let long = post(server.address, "/v1/tag", &std::fs::read(programme()).unwrap()[..]);
    assert_eq!(long.status, 413, "a minute is more than ten seconds");
    assert!(long.problem().contains("--max-duration"));

    // One place in the queue: who is uploading has it.
    let mut holder = connect(server.address);
    let head = format!("POST /v1/tag HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\n\r\n", server.address);
    holder.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    let refused = loop {
        let answer = post(server.address, "/v1/tag", b"x");
        if answer.status == 429 {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", answer.status);
    };
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    refused.problem();
    drop(holder);
    let begun = Instant::now();
    while post(server.address, "/v1/tag", b"x").status == 429 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the place is not given back");
    }
}

/// Who has not sent all when he is refused may go on, so that on Windows, too, he gets to read why: a reset takes the answer away.
#[test]
fn who_still_sends_what_is_refused_is_not_reset() {
    let server = Server::start(&["--max-body", "1MiB"]);
    let mut stream = connect(server.address);
    let head = format!(
        "POST /v1/tag HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        server.address,
        64 << 20
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).status, 413);
    // The answer has been read to its end.
    let chunk = [0; 0x10000];
    for _ in 0..16 {
        stream.write_all(&chunk).expect("it is still read");
        std::thread::sleep(Duration::from_millis(5));
    }
    // But not for ever.
    let begun = Instant::now();
    while stream.write_all(&chunk).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is read without an end");
    }
}

#[test]
fn only_the_token_lets_in() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "a-token-of-sixteen-letters\n").unwrap();
    let server = Server::start(&["--token-file", file.to_str().unwrap()]);
    for path in ["/v1/models", "/metrics", "/v1/streams"] {
        let refused = get(server.address, path);
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        refused.problem();
    }
    let with =
        |value: &str| request(server.address, "GET", "/v1/models", &[("Authorization", value)], b"").status;
    assert_eq!(with("Bearer a-token-of-sixteen-letters"), 200);
    assert_eq!(with("bearer a-token-of-sixteen-letters"), 200);
    assert_eq!(with("Bearer a-token-of-sixteen-letter"), 401);
    assert_eq!(with("Basic a-token-of-sixteen-letters"), 401);
    for open in ["/", "/assets/app.js", "/health/live", "/openapi.json", "/asyncapi.json"] {
        assert_eq!(get(server.address, open).status, 200, "{open}");
    }
    assert!(get(server.address, "/openapi.json").json()["security"][0]["token"].is_array());
    assert!(!server.log().contains("sixteen"), "the token is not logged");
    // Another token counts from the next SIGHUP on, and a file with a fault changes nothing. Windows has no such signal.
    #[cfg(unix)]
    {
        std::fs::write(&file, "short\n").unwrap();
        server.signal("HUP");
        server.wait_for_log("at least 16 characters");
        assert_eq!(with("Bearer a-token-of-sixteen-letters"), 200);
        std::fs::write(&file, "another-token-of-letters\n").unwrap();
        server.signal("HUP");
        server.wait_for_log("is read again\"");
        assert_eq!(with("Bearer a-token-of-sixteen-letters"), 401);
        assert_eq!(with("Bearer another-token-of-letters"), 200);
    }
}

#[test]
fn pages_from_elsewhere_are_refused() {
    let server = Server::start(&["--origin", "https://radio.example"]);
    let with = |headers: &[(&str, &str)]| request(server.address, "GET", "/v1/models", headers, b"").status;
    assert_eq!(with(&[("Origin", "https://radio.example")]), 200);
    assert_eq!(with(&[("Origin", "https://evil.example")]), 403);
    assert_eq!(with(&[("Host", "evil.example"), ("Origin", "http://evil.example")]), 421);
    assert_eq!(with(&[("Host", "radio.example")]), 200);
}

#[test]
fn wrong_usage_is_refused_before_anything_is_opened() {
    for (args, says) in [
        (vec!["--listen", "0.0.0.0:0"], "--token-file"),
        (vec!["--listen", "nowhere"], "--listen"),
        (vec!["--max-body", "2GB"], "2GiB"),
        (vec!["--base-path", "a b"], "base path"),
        (vec!["--source", "nourl"], "NAME=URL"),
        (vec!["--source", "a b=http://x"], "a b"),
        (vec!["--config", "/nothing/here.toml"], "cannot be read"),
        (vec!["--jobs", "0"], "limits.jobs"),
    ] {
        let output = run(["serve"].into_iter().chain(args.clone()));
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
    // The syntax of a rule is right, its label is none: the source would end as soon as it began.
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("serve.toml");
    let text =
        "[[source]]\nname = 'desk'\nurl = 'http://127.0.0.1:9/'\n[[source.when]]\nrule = 'spech>1s/1s'\n";
    std::fs::write(&config, text).unwrap();
    let output = run(["serve", "--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    for says in ["\"desk\"", "spech", "speech, singing"] {
        assert!(stderr(&output).contains(says), "{says}: {}", stderr(&output));
    }
    let taken = Server::start(&[]);
    let output = run(["serve", "--listen", &taken.address.to_string()]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("cannot listen there"), "{}", stderr(&output));
}

/// Windows asks through the console, which `kill` does not know.
#[cfg(unix)]
#[test]
fn it_ends_when_what_is_under_way_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.wav");
    write_wav(&path, 16_000, 1, &noise(16_000 * 600, 3));
    let bytes = std::fs::read(&path).unwrap();
    let mut server = Server::start(&[]);
    let address = server.address;
    let asked = std::thread::spawn(move || post(address, "/v1/tag?format=csv", &bytes));
    let begun = Instant::now();
    while !get(address, "/metrics").text().contains("earmark_queue_size 1") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the upload never came");
    }
    server.signal("TERM");
    let status = server.wait(Duration::from_secs(40));
    assert!(status.success(), "{status:?}: {}", server.log());
    assert_eq!(asked.join().unwrap().status, 200, "the answer is whole");
}

/// Nothing is left behind by a service that is killed in the middle of an upload and of a job.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_service_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.wav");
    write_wav(&path, 16_000, 1, &noise(16_000 * 900, 3));
    let bytes = std::fs::read(&path).unwrap();
    let spool = dir.path().join("tmp");
    std::fs::create_dir(&spool).unwrap();
    let server = {
        // The variable is that of the child alone.
        let spool = spool.to_str().unwrap().to_owned();
        Server::start_with(&[], &[("TMPDIR", &spool)])
    };
    let mut upload = connect(server.address);
    let head =
        format!("POST /v1/render HTTP/1.1\r\nHost: {}\r\nContent-Length: 100000000\r\n\r\n", server.address);
    upload.write_all(head.as_bytes()).unwrap();
    upload.write_all(&vec![1; 1 << 20]).unwrap();
    let address = server.address;
    let asked = std::thread::spawn(move || {
        let mut stream = connect(address);
        let head =
            format!("POST /v1/render HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", bytes.len());
        stream.write_all(head.as_bytes()).unwrap();
        let _ = stream.write_all(&bytes);
        std::thread::sleep(Duration::from_millis(500));
    });
    let begun = Instant::now();
    while !get(server.address, "/metrics").text().contains("earmark_queue_size 2") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the uploads never came");
    }
    asked.join().unwrap();
    drop(server);
    let left: Vec<_> = std::fs::read_dir(&spool).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
