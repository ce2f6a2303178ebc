//! `earmark stream` to a real HTTPS server and a real broker with TLS, by an authority of their own.
#![cfg(all(target_os = "linux", feature = "tls"))]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::required::required;
use crate::stream::valid;
use crate::stream_services::{Broker, Running, open_folder, program};
use crate::support::{code, earmark, noise, stderr, workspace, write_wav};

/// An authority, and what it signed for this machine.
pub struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    fn new() -> Option<Self> {
        let openssl = program("openssl")?;
        let dir = open_folder();
        let run = |arguments: &[&str]| {
            let output = Command::new(&openssl).args(arguments).current_dir(dir.path()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let of = |name: &str| format!("/CN={name}");
        let (authority, server) = (of("authority"), of("localhost"));
        let new = |more: &[&str]| run(&[&["req"], &key[..], more].concat());
        new(&["-x509", "-days", "2", "-subj", &authority, "-keyout", "ca.key", "-out", "ca.pem"]);
        new(&["-subj", &server, "-keyout", "key.pem", "-out", "request.pem"]);
        std::fs::write(dir.path().join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
        run(&[
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            "request.pem",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "names",
            "-out",
            "certificate.pem",
        ]);
        // Daemons read it as somebody else.
        let status = Command::new("chmod").arg("a+r").arg(dir.path().join("key.pem")).status();
        assert!(status.unwrap().success());
        Some(Self { dir })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn recording(dir: &Path) -> String {
    let wav = dir.join("in.wav");
    let mut samples = vec![0.0; 16_000 * 2];
    samples.extend(noise(16_000 * 2, 3));
    write_wav(&wav, 16_000, 1, &samples);
    wav.display().to_string()
}

#[test]
fn events_are_posted_by_tls_to_those_who_prove_their_name() {
    // Any Python.
    let Some(python) = required("EARMARK_TEST_HOSTS") else { return };
    let Some(authority) = Authority::new() else { return };
    let mut server = Command::new(python);
    server.arg(workspace().join("tests/judges/https_server.py"));
    server.args([authority.file("certificate.pem"), authority.file("key.pem")]).stdout(Stdio::piped());
    let mut server = Running(server.spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let wav = recording(dir.path());
    let stream = |authorities: &Path| {
        earmark(["stream", &wav, "--post", &url]).env("SSL_CERT_FILE", authorities).output().unwrap()
    };
    // Of its own word alone it is not believed, nor by another authority.
    let stranger = Authority::new().unwrap();
    let refused = stream(&stranger.file("ca.pem"));
    assert_eq!(code(&refused), 0);
    assert!(
        stderr(&refused).contains("certificate") && stderr(&refused).contains("SSL_CERT_FILE"),
        "{}",
        stderr(&refused)
    );
    let told = stream(&authority.file("ca.pem"));
    assert_eq!((code(&told), stderr(&told)), (0, String::new()));
    let events: Vec<Value> = String::from_utf8(told.stdout).unwrap().lines().map(valid).collect();
    let posted: Vec<Value> = lines.take(events.len()).map(|line| valid(&line)).collect();
    assert_eq!(posted, events);
}

#[test]
fn a_broker_is_told_by_tls() {
    let Some(authority) = Authority::new() else { return };
    let Some(broker) = Broker::start_with(&authority) else { return };
    let dir = tempfile::tempdir().unwrap();
    let wav = recording(dir.path());
    let url = broker.url();
    assert!(url.starts_with("mqtts://"), "{url}");
    let stream = |authorities: &Path| {
        let mut command = earmark(["stream", &wav, "--name", "desk", "--mqtt", &url]);
        command.env("SSL_CERT_FILE", authorities).output().unwrap()
    };
    let stranger = Authority::new().unwrap();
    let refused = stream(&stranger.file("ca.pem"));
    assert_eq!(code(&refused), 0);
    assert!(stderr(&refused).contains("SSL_CERT_FILE"), "{}", stderr(&refused));
    let told = stream(&authority.file("ca.pem"));
    assert_eq!((code(&told), stderr(&told)), (0, String::new()));
    let retained = broker.until("home/desk/availability", "offline");
    assert!(retained.contains(&("home/desk/silence".to_owned(), "OFF".to_owned())), "{retained:?}");
}
