//! A URL, by the system's ffmpeg as a child.
//!
//! ```text
//!              sound             ends, or gives nothing for `stall`
//! Connecting ────────▶ Running ─────────────────────────────────────▶ Waiting ──▶ Connecting …
//!      └───────────────── fails ─────────────────────────────────────▶ (back-off; breaker)
//! ```
//!
//! The child never outlives us: it is ended and waited for when the source is dropped; should this process be killed, its
//! next write fails, and it gives up a silent server by itself.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use earmark_core::audio::{Ffmpeg, PcmEncoding, PcmFormat, allowed_protocols};

use super::plain::samples_of;
use super::{Arrival, Backoff, Outlet, SourceError, SourceSettings, SourceState, without_password};

/// How often it is looked whether the source is to stop while nothing comes.
const POLL: Duration = Duration::from_millis(20);
/// Blocks of the child that may wait.
const WAITING: usize = 4;
/// How long a child that has closed its output may take to leave.
const LEAVING: Duration = Duration::from_secs(1);
/// Characters of ffmpeg's complaint that are told.
const COMPLAINT_CHARS: usize = 200;

/// Connects again and again, until the outlet is stopped.
pub(super) fn run(url: &str, settings: &SourceSettings, outlet: &Outlet) {
    let (rate_hz, channels) = settings.url_format;
    if !outlet.send(Arrival::Opened { rate_hz, channels }) {
        return;
    }
    let mut backoff = Backoff::new(settings.limits);
    while !outlet.stopped() {
        outlet.set(SourceState::Connecting);
        let mut child = match Connection::open(url, settings) {
            Ok(child) => child,
            Err(error) => {
                outlet.set(SourceState::Ended);
                outlet.send(Arrival::Ended(Err(SourceError::NoFfmpeg(error))));
                return;
            }
        };
        let (sound, reason) = child.pass_on(settings.limits.stall, outlet);
        drop(child);
        if !outlet.lose(&mut backoff, sound, reason) {
            return;
        }
    }
    outlet.set(SourceState::Ended);
}

/// A running ffmpeg.
struct Connection {
    child: Child,
    blocks: Receiver<Vec<f32>>,
    complaint: Arc<Mutex<String>>,
    /// Reads the complaints.
    reader: Option<JoinHandle<()>>,
}

impl Connection {
    fn open(url: &str, settings: &SourceSettings) -> std::io::Result<Self> {
        let (rate_hz, channels) = settings.url_format;
        let mut child = command(url, settings)?.spawn()?;
        let complaint = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|stderr| {
            let (complaint, url) = (Arc::clone(&complaint), url.to_owned());
            std::thread::spawn(move || keep_last_line(stderr, &url, &complaint))
        });
        let (sender, blocks) = sync_channel(WAITING);
        if let Some(stdout) = child.stdout.take() {
            let format = PcmFormat { rate_hz, channels, encoding: PcmEncoding::F32Le };
            std::thread::spawn(move || {
                // A format that cannot be heard was refused before.
                let Ok(mut source) = samples_of(stdout, "ffmpeg", format) else { return };
                while let Ok(Some(block)) = source.next_block() {
                    if sender.send(block.to_vec()).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self { child, blocks, complaint, reader })
    }

    /// Sends what comes until nothing does. Gives how long sound came, and why it ended.
    fn pass_on(&mut self, stall: Duration, outlet: &Outlet) -> (Duration, String) {
        let mut last = Instant::now();
        let mut first = None;
        // One block alone is some sound, too.
        let lasted = |first: Option<Instant>, last: Instant| {
            first.map_or(Duration::ZERO, |first: Instant| last.duration_since(first).max(POLL))
        };
        while !outlet.stopped() {
            match self.blocks.recv_timeout(POLL) {
                Ok(samples) => {
                    last = Instant::now();
                    if first.replace(first.unwrap_or(last)).is_none() {
                        outlet.set(SourceState::Running);
                    }
                    if !outlet.send(Arrival::Sound { samples, at: last }) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) if last.elapsed() < stall => {}
                Err(RecvTimeoutError::Timeout) => {
                    return (lasted(first, last), format!("no sound for {} s", stall.as_secs()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return (lasted(first, last), self.why_ended());
                }
            }
        }
        (lasted(first, last), "stopped".to_owned())
    }

    fn why_ended(&mut self) -> String {
        // Its output is closed, so it is about to end, and its complaints with it.
        let patience = Instant::now() + LEAVING;
        while Instant::now() < patience && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let status = self.child.wait();
        if let Some(reader) = self.reader.take() {
            // Its panic has been told on stderr.
            let _ = reader.join();
        }
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match status {
            _ if !complaint.is_empty() => complaint,
            Ok(status) if status.success() => "the source ended".to_owned(),
            Ok(status) => format!("ffmpeg: {status}"),
            Err(error) => format!("ffmpeg: {error}"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(url: &str, settings: &SourceSettings) -> std::io::Result<Command> {
    let (rate_hz, channels) = settings.url_format;
    let mut command = match &settings.ffmpeg {
        Ffmpeg::System => Command::new("ffmpeg"),
        Ffmpeg::Path(path) => Command::new(path),
        Ffmpeg::Never => return Err(std::io::Error::other("--ffmpeg never forbids it")),
    };
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error"]);
    // A second is enough to find a format. What is read for that comes first: with `-fflags nobuffer` ffmpeg would throw it away,
    // and no sample would come sooner.
    command.args(["-analyzeduration", "1000000"]);
    let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
    let stall_us = settings.limits.stall.as_micros().to_string();
    match scheme.as_str() {
        "http" | "https" | "icecast" | "rtmp" | "rtmps" | "tcp" | "tls" => {
            command.args(["-rw_timeout", &stall_us]);
        }
        "rtsp" | "rtsps" => {
            command.args(["-allowed_media_types", "audio", "-rtsp_transport", "tcp", "-timeout", &stall_us]);
        }
        _ => {}
    }
    command.args(["-protocol_whitelist", allowed_protocols(url)]);
    command.args(["-i", url, "-map", "0:a:0", "-vn", "-sn", "-dn", "-f", "f32le"]);
    command.args([
        "-ar",
        &rate_hz.to_string(),
        "-ac",
        &channels.to_string(),
        "-flush_packets",
        "1",
        "pipe:1",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// Reads what ffmpeg complains of to its end; the last line says why it gave up.
fn keep_last_line(stderr: impl Read, url: &str, complaint: &Mutex<String>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).replace(url, &without_password(url));
        let line: String = line.trim().chars().take(COMPLAINT_CHARS).collect();
        if !line.is_empty() {
            *complaint.lock().unwrap_or_else(PoisonError::into_inner) = line;
        }
    }
}
