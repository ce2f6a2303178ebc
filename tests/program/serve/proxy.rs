//! Behind a reverse proxy, below a path: the example of the documentation as it stands there.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::{get, post, request};
use super::running::Server;
use super::streams::{Client, speech_pcm};
use crate::required::skip;
use crate::support::{ok, programme, workspace};

struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn nginx_passes_everything_on() {
    if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
        skip("there is no nginx; `cargo xtask check` installs it");
        return;
    }
    let server = Server::start(&["--base-path", "/earmark", "--origin", "https://radio.example"]);
    let port = super::free_port();
    let example = std::fs::read_to_string(workspace().join("examples/serve/nginx.conf")).unwrap();
    let location = example
        .replace("127.0.0.1:7979", &server.address.to_string())
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"));
    let location: String = location
        .lines()
        .filter(|line| !line.trim_start().starts_with("ssl_"))
        .map(|line| format!("{line}\n"))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let whole = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\nevents {{}}\nhttp {{ access_log off; \
         client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; \
         scgi_temp_path {at}/e;\n{location}\n}}\n"
    );
    let config = dir.path().join("nginx.conf");
    std::fs::write(&config, whole).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg(dir.path().join("error.log")).arg("-c").arg(&config);
    let _proxy = Proxy(command.spawn().expect("nginx starts"));
    let proxy: SocketAddr = ([127, 0, 0, 1], port).into();
    let begun = Instant::now();
    while std::net::TcpStream::connect(proxy).is_err() {
        let errors = std::fs::read_to_string(dir.path().join("error.log")).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen: {errors}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let host = [("Host", "radio.example")];
    let page = request(proxy, "GET", "/earmark/", &host, b"");
    assert!(page.status == 200 && page.text().contains("<h1>Earmark</h1>"), "{}", page.text());
    assert_eq!(request(proxy, "GET", "/earmark", &host, b"").header("location"), Some("/earmark/"));
    assert_eq!(request(proxy, "GET", "/earmark/assets/app.js", &host, b"").status, 200);
    let bytes = std::fs::read(programme()).unwrap();
    let name = programme().display().to_string();
    let answer = request(proxy, "POST", &format!("/earmark/v1/tag?format=csv&name={name}"), &host, &bytes);
    assert_eq!(answer.text(), ok(["tag", &name, "--format", "csv"]));
    // Outside of its path there is nothing, for neither of them.
    assert_eq!(request(proxy, "GET", "/v1/models", &host, b"").status, 404);
    assert_eq!(get(server.address, "/v1/models").status, 404);
    assert_eq!(post(server.address, "/earmark/v1/noise", &bytes).status, 200);
    let client = Client::open_at(proxy, "/earmark/v1/stream?rate=16000", Some("radio.example"));
    let mut client = client.unwrap_or_else(|status| panic!("refused with {status}"));
    speech_pcm().chunks(64_000).for_each(|chunk| client.sound(chunk));
    client.control("CloseStream");
    let heard = client.rest();
    assert_eq!((heard.code, heard.events.last().unwrap()["type"].as_str()), (1000, Some("end")));
}
