//! `earmark stream` with a real Icecast, a real ffmpeg and a real Mosquitto.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::required::skip;
use crate::stream::{Lines, assert_whole, kind, pcm, resident_kib, start};
use crate::support::{earmark, ok, programme, write_wav};

/// A program that ends with its test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a program is; `None` if the test is to be skipped.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("there is no {name}; `cargo xtask check` installs it"));
    }
    found
}

/// Daemons refuse to run as root.
fn as_nobody(program: &Path) -> Command {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(program);
    command
}

/// A folder in which anybody may write.
pub fn open_folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    dir
}

/// A port that nobody listens on, and that no connection of this machine gets for its own end: whoever connects again and again to
/// one of those may at last be connected to itself.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first: u32 = range.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(32_768);
    let span = first.saturating_sub(10_000).max(1);
    loop {
        let place = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(10_000 + place % span).expect("ports are below 65536");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn wait_for_port(port: u16) {
    let until = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "nothing listens on port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An Icecast and an ffmpeg that plays the programme to it for ever.
pub struct Radio {
    dir: tempfile::TempDir,
    icecast: PathBuf,
    ffmpeg: PathBuf,
    port: u16,
    running: Vec<Running>,
}

impl Radio {
    /// What sources of it need.
    pub const PASSWORD: &str = "pw";

    pub fn new() -> Option<Self> {
        let (icecast, ffmpeg) = (program("icecast2")?, program("ffmpeg")?);
        let (dir, port) = (open_folder(), free_port());
        let logs = dir.path().display();
        let config = format!(
            "<icecast><limits><clients>20</clients><sources>4</sources><burst-on-connect>0</burst-on-connect></limits>\
             <authentication><source-password>{}</source-password><admin-user>a</admin-user>\
             <admin-password>pw</admin-password></authentication><hostname>localhost</hostname>\
             <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>\
             <paths><logdir>{logs}</logdir><webroot>/usr/share/icecast2/web</webroot>\
             <adminroot>/usr/share/icecast2/admin</adminroot></paths>\
             <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog></logging></icecast>",
            Self::PASSWORD
        );
        std::fs::write(dir.path().join("icecast.xml"), config).unwrap();
        Some(Self { dir, icecast, ffmpeg, port, running: Vec::new() })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/live", self.port)
    }

    pub fn on(&mut self) {
        // Icecast may break down when somebody connects while it starts, and whoever waits for it does.
        for _ in 0..5 {
            self.off();
            self.start();
            std::thread::sleep(Duration::from_millis(500));
            if self.running.iter_mut().all(|running| matches!(running.0.try_wait(), Ok(None))) {
                return;
            }
        }
        panic!("no station comes up");
    }

    fn start(&mut self) {
        let mut icecast = as_nobody(&self.icecast);
        icecast
            .arg("-c")
            .arg(self.dir.path().join("icecast.xml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.running.push(Running(icecast.spawn().unwrap()));
        wait_for_port(self.port);
        let mut player = Command::new(&self.ffmpeg);
        player.args(["-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i"]).arg(programme());
        player.args(["-c:a", "libmp3lame", "-b:a", "64k", "-content_type", "audio/mpeg", "-f", "mp3"]);
        player.arg(format!("icecast://source:{}@127.0.0.1:{}/live", Self::PASSWORD, self.port));
        self.running.push(Running(player.stdin(Stdio::null()).spawn().unwrap()));
    }

    fn off(&mut self) {
        self.running.clear();
    }
}

/// Programs that a process has started.
fn children(pid: u32) -> usize {
    let own = |entry: std::fs::DirEntry| -> Option<bool> {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.to_owned();
        Some(parent == pid.to_string())
    };
    std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter_map(own).filter(|own| *own).count()
}

fn count(pid: u32, what: &str) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count()
}

/// Twice in the check; `EARMARK_STREAM_FLAPS=50` is the long form.
#[test]
fn a_station_that_comes_and_goes_is_followed_with_its_gaps() {
    let flaps: usize =
        std::env::var("EARMARK_STREAM_FLAPS").map_or(2, |text| text.parse().expect("a number"));
    let Some(mut radio) = Radio::new() else { return };
    let began = Instant::now();
    let mut stream = Running(
        earmark(["stream", &radio.url(), "--reconnect-max-s", "1", "--rate", "16000", "--channels", "1"])
            .args(["--when", "gap>1s", "--quiet"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let pid = stream.0.id();
    let lines = Lines::of(stream.0.stdout.take().unwrap());
    let gap_begins = |event: &Value| kind(event) == "gap" && event["end"].is_null();
    let gap_ends = |event: &Value| kind(event) == "gap" && !event["end"].is_null();
    // There is no station at first: the clock begins all the same.
    let mut events = lines.until(gap_begins);
    let mut settled = (0, 0, 0);
    for flap in 0..flaps {
        events.extend(lines.until(|event| kind(event) == "alert" && event["state"] == "raised"));
        radio.on();
        events.extend(lines.until(gap_ends));
        events.extend(lines.until(|event| kind(event) == "onset"));
        radio.off();
        events.extend(lines.until(gap_begins));
        assert!(children(pid) <= 1, "one ffmpeg at most");
        if flap == flaps / 4 {
            settled = (count(pid, "fd"), count(pid, "task"), resident_kib(pid));
        }
    }
    let last = (count(pid, "fd"), count(pid, "task"), resident_kib(pid));
    // The child and what reads it come and go.
    assert!(last.0 <= settled.0 + 3 && last.1 <= settled.1 + 3, "{settled:?} {last:?}");
    assert!(last.2 < settled.2 + 4_096, "{settled:?} {last:?}");
    let killed = Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    let lasted_s = began.elapsed().as_secs_f64();
    events.extend(lines.rest());
    assert_eq!(stream.0.wait().unwrap().code(), Some(0));
    assert_eq!(children(pid), 0);
    assert_whole(&events);
    let end = events.last().unwrap();
    let (duration_s, gap_s) = (end["duration"].as_f64().unwrap(), end["gap"].as_f64().unwrap());
    // It never falls behind the wall. What a server sends in a burst to whoever connects, 64 KiB or 8.2 s here, puts it
    // ahead, until the next gap takes that back.
    assert!((-1.0..=9.0).contains(&(duration_s - lasted_s)), "{duration_s} s told, {lasted_s} s passed");
    let heard_s = end["samples"].as_f64().unwrap() / 16_000.0;
    assert!((duration_s - gap_s - heard_s).abs() < 1e-3, "{end}");
    let told_s: f64 = events
        .iter()
        .filter(|event| gap_ends(event))
        .map(|event| event["end"].as_f64().unwrap() - event["start"].as_f64().unwrap())
        .sum();
    assert!((told_s - gap_s).abs() < 1e-3, "{told_s} {gap_s}");
    println!(
        "{flaps} times: {duration_s:.1} s told, {lasted_s:.1} s passed, {settled:?} then {last:?} (files, threads, KiB)"
    );
}

#[test]
fn what_ffmpeg_complains_of_is_the_reason_and_passwords_stay_secret() {
    if program("ffmpeg").is_none() {
        return;
    }
    let url = format!("http://me:secret@127.0.0.1:{}/live", free_port());
    let mut stream = Running(earmark(["stream", &url, "--quiet"]).stdout(Stdio::piped()).spawn().unwrap());
    let lines = Lines::of(stream.0.stdout.take().unwrap());
    let events = lines.until(|event| kind(event) == "gap");
    let text = serde_json::to_string(&events).unwrap();
    assert!(text.contains("Connection refused") && !text.contains("secret"), "{text}");
}

/// A broker, and what it is told.
pub struct Broker {
    _dir: tempfile::TempDir,
    _running: Running,
    port: u16,
    sub: PathBuf,
    /// The file of the authority that it proves its name by.
    authority: Option<PathBuf>,
}

impl Broker {
    pub fn start() -> Option<Self> {
        Self::configured("", None)
    }

    /// One that speaks TLS.
    #[cfg(feature = "tls")]
    pub fn start_with(authority: &crate::stream_tls::Authority) -> Option<Self> {
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| authority.file(name));
        let lines = format!("certfile {}\nkeyfile {}\n", certificate.display(), key.display());
        Self::configured(&lines, Some(authority.file("ca.pem")))
    }

    fn configured(lines: &str, authority: Option<PathBuf>) -> Option<Self> {
        let (mosquitto, sub) = (program("mosquitto")?, program("mosquitto_sub")?);
        let (dir, port) = (open_folder(), free_port());
        let config = dir.path().join("mosquitto.conf");
        std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n{lines}")).unwrap();
        let mut command = as_nobody(&mosquitto);
        command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        wait_for_port(port);
        Some(Self { _dir: dir, _running: running, port, sub, authority })
    }

    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "mqtts" } else { "mqtt" };
        format!("{scheme}://127.0.0.1:{}/home", self.port)
    }

    /// What it retains.
    fn retained(&self) -> Vec<(String, String)> {
        let output = Command::new(&self.sub)
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-v",
                "-t",
                "#",
                "--retained-only",
                "-W",
                "2",
            ])
            .args(self.authority.iter().flat_map(|file| [OsStr::new("--cafile"), file.as_os_str()]))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let pair = |line: &str| line.split_once(' ').map(|(topic, text)| (topic.to_owned(), text.to_owned()));
        text.lines().filter_map(pair).collect()
    }

    pub fn until(&self, topic: &str, payload: &str) -> Vec<(String, String)> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let retained = self.retained();
            if retained.contains(&(topic.to_owned(), payload.to_owned())) {
                return retained;
            }
            assert!(Instant::now() < until, "{topic} is not {payload}: {retained:#?}");
        }
    }
}

#[test]
fn a_broker_knows_what_is_on_and_when_nobody_listens_any_more() {
    let Some(broker) = Broker::start() else { return };
    let (bytes, rate) = pcm();
    let rate_text = rate.to_string();
    let url = broker.url();
    let arguments = ["--rate", &rate_text, "--channels", "1", "--name", "Studio 1", "--mqtt", &url];
    let quiet = vec![0_u8; 2 * 2 * rate as usize];
    for killed in [false, true] {
        let (child, mut input, lines) = start(&arguments);
        let mut child = Running(child);
        std::io::Write::write_all(&mut input, &bytes[..8 * rate as usize]).unwrap();
        std::io::Write::write_all(&mut input, &quiet).unwrap();
        lines.until(|event| kind(event) == "onset" && event["label"] == "silence");
        let retained = broker.until("home/studio_1/silence", "ON");
        let of =
            |topic: &str| retained.iter().find(|(own, _)| own == topic).map(|(_, payload)| payload.as_str());
        assert_eq!(of("home/studio_1/availability"), Some("online"));
        assert_eq!(of("home/studio_1/speech"), Some("OFF"));
        let config =
            of("homeassistant/binary_sensor/earmark_home--studio_1--speech/config").expect("discovery");
        let config: Value = serde_json::from_str(config).unwrap();
        assert_eq!(config["state_topic"], "home/studio_1/speech");
        if killed {
            child.0.kill().unwrap();
        }
        drop(input);
        let status = child.0.wait().unwrap();
        assert_eq!(status.success(), !killed);
        broker.until("home/studio_1/availability", "offline");
    }
}

#[test]
fn sinks_of_one_broker_announce_what_each_is_told() {
    let Some(broker) = Broker::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("in.wav");
    write_wav(&wav, 16_000, 1, &[0.0; 3 * 16_000]);
    let [all, alerts] = ["all", "alerts"].map(|base| broker.url().replace("/home", &format!("/{base}")));
    let rule = ["--when", "silence>1s", "--mqtt", &alerts];
    ok(["stream", wav.to_str().unwrap(), "--name", "duo", "--mqtt", &all, "--quiet"].iter().chain(&rule));
    let retained = broker.until("alerts/duo/availability", "offline");
    let below = |base: &str| -> Vec<&str> {
        retained.iter().filter_map(|(topic, _)| topic.strip_prefix(base)).collect()
    };
    let mut of_rule = below("alerts/duo/");
    of_rule.sort_unstable();
    assert_eq!(of_rule, ["alert/silence_1s", "availability"]);
    let of_all = below("all/duo/");
    assert!(of_all.contains(&"speech") && of_all.contains(&"silence"), "{of_all:?}");
    // Each state is found by Home Assistant, under a name of its own.
    let states = below("alerts/").len() + below("all/").len() - 2;
    let found: Vec<&str> = below("homeassistant/binary_sensor/");
    assert_eq!(found.len(), states, "{retained:#?}");
    assert!(found.contains(&"earmark_alerts--duo--alert--silence_1s/config"), "{found:?}");
}

#[test]
fn a_broker_that_is_away_delays_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("in.wav");
    write_wav(&wav, 16_000, 1, &[0.0; 3 * 16_000]);
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    let began = Instant::now();
    let text = ok(["stream", wav.to_str().unwrap(), "--mqtt", &url, "--quiet"]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_whole(&text.lines().map(crate::stream::valid).collect::<Vec<_>>());
}
