//! The system's ffmpeg, for what is not read here: its decoded sound comes through a pipe, so memory stays flat.
//!
//! It is told what an input is by its first bytes, wherever these say it, so that it guesses nothing from a name. It fills
//! pauses and begins at the container's own start. It ends with its reader: when that is dropped it is killed, and when
//! this process is gone it finds its pipe closed.
//!
//! An input cannot make it open anything else: of a file it may read that file alone, and what an address leads to (a
//! playlist, say) may name further addresses but no file of this machine.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::options::Ffmpeg;

/// How long ffmpeg's description of an input is waited for once its sound comes.
const DESCRIPTION_WAIT: Duration = Duration::from_secs(5);
/// Messages that are kept.
const MAX_MESSAGES: usize = 8;
/// Codecs from which the samples come back as they were.
const LOSSLESS: [&str; 13] = [
    "wavpack",
    "ape",
    "tak",
    "tta",
    "flac",
    "alac",
    "mlp",
    "truehd",
    "shorten",
    "wmalossless",
    "mp4als",
    "ralf",
    "atrac3al",
];

/// What an address may lead to: networks, and what is unpacked from them; no files, pipes or devices of this machine.
const NETWORK_PROTOCOLS: &str = "http,https,httpproxy,tcp,tls,udp,udplite,rtp,srtp,rtsp,rtsps,rtmp,rtmps,rtmpt,rtmpts,\
     rtmpe,rtmpte,mmsh,mmst,icecast,ftp,sftp,gopher,gophers,srt,rist,sctp,ipfs,ipns,crypto";

/// What ffmpeg is given.
pub(super) enum Input<'a> {
    /// A file, or an address that it knows.
    Path(&'a Path),
    /// Bytes as they come.
    Stream(Box<dyn Read + Send>),
}

/// What it said of the input.
#[derive(Debug, Default, Clone)]
pub(super) struct Description {
    /// For each sound track its codec, and what its samples are.
    pub(super) tracks: Vec<Track>,
    /// Faults, first ones first.
    pub(super) messages: Vec<String>,
    complete: bool,
}

/// A sound track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) codec: String,
    pub(super) lossy: bool,
    /// Bits of a sample, and whether it is a float.
    pub(super) bits: u16,
    pub(super) float: bool,
}

type Shared = Arc<(Mutex<Description>, Condvar)>;

/// The decoded sound, as a WAV of unknown length.
pub(super) struct Decoded {
    child: Child,
    sound: ChildStdout,
    described: Shared,
    /// What is read is a file, all of which is there: blocks are filled, for each of them wakes whoever hears. What comes from
    /// elsewhere is heard at once.
    fills_blocks: bool,
    ended: bool,
}

impl Decoded {
    /// Starts ffmpeg on the `track`-th sound track, counted from 0.
    pub(super) fn start(
        program: &Ffmpeg,
        input: Input<'_>,
        demuxer: Option<&str>,
        track: u16,
    ) -> io::Result<Self> {
        let mut command = command(program)?;
        command.args(["-hide_banner", "-loglevel", "level+info", "-nostats"]);
        if let (Some(demuxer @ ("mpegts" | "mpeg")), Input::Path(path)) = (demuxer, &input)
            && let Some(start) = start_of(program, path, demuxer)
        {
            // Of these formats it would take the first time of this track for the beginning.
            command.args(["-copyts", "-itsoffset", &format!("-{start}")]);
        }
        if let Some(demuxer) = demuxer {
            command.args(["-f", demuxer]);
        }
        command.args(["-protocol_whitelist", protocols(&input)]);
        let fills_blocks = matches!(input, Input::Path(path) if !is_address(path));
        let stream = match input {
            Input::Path(path) => {
                // What begins with a dash, or has a colon, is still a file's name.
                let named = if is_address(path) { path.as_os_str().to_owned() } else { file_name(path) };
                command.arg("-nostdin").arg("-i").arg(named).stdin(Stdio::null());
                None
            }
            Input::Stream(stream) => {
                command.args(["-i", "pipe:0"]).stdin(Stdio::piped());
                Some(stream)
            }
        };
        command.args(["-map", &format!("0:a:{track}"), "-vn", "-sn", "-dn"]);
        command.args(["-af", "aresample=async=1:first_pts=0", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let sound = child.stdout.take().ok_or_else(broken)?;
        let said = child.stderr.take().ok_or_else(broken)?;
        if let Some(mut stream) = stream {
            let mut to = child.stdin.take().ok_or_else(broken)?;
            // It ends when the stream does, or when nobody reads on.
            std::thread::spawn(move || drop(io::copy(&mut stream, &mut to)));
        }
        let described = Shared::default();
        let told = Arc::clone(&described);
        std::thread::spawn(move || listen(BufReader::new(said), &told));
        Ok(Self { child, sound, described, fills_blocks, ended: false })
    }

    /// What it says of the input: complete once the first bytes have come, or the end.
    pub(super) fn description(&self) -> Description {
        let (description, changed) = &*self.described;
        let guard = description.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(guard, DESCRIPTION_WAIT, |description| !description.complete);
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// For what is to be said when all has been heard.
    pub(super) fn messages(&self) -> Messages {
        Messages(Arc::clone(&self.described))
    }
}

/// What ffmpeg may open for an address (`-protocol_whitelist`), whatever stands in what is read from there.
pub fn allowed_protocols(address: &str) -> &'static str {
    if scheme(address).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file")) {
        "file"
    } else {
        NETWORK_PROTOCOLS
    }
}

fn protocols(input: &Input<'_>) -> &'static str {
    match input {
        Input::Path(path) if is_address(path) => NETWORK_PROTOCOLS,
        Input::Path(_) => "file",
        Input::Stream(_) => "pipe",
    }
}

/// ffmpeg without arguments. An interrupt from the keyboard does not reach it: that is for this process to answer.
pub(crate) fn command(program: &Ffmpeg) -> io::Result<Command> {
    let mut command = match program {
        Ffmpeg::System => Command::new("ffmpeg"),
        Ffmpeg::Path(path) => Command::new(path),
        Ffmpeg::Never => return Err(io::ErrorKind::NotFound.into()),
    };
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(windows)]
    {
        // A console of its own without a window, also for a program that has none.
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(&mut command, CREATE_NO_WINDOW);
    }
    Ok(command)
}

/// The first time of any track of a file, seconds, less a microsecond, as ffmpeg takes it for an offset.
fn start_of(program: &Ffmpeg, path: &Path, demuxer: &str) -> Option<String> {
    let mut command = command(program).ok()?;
    command.args(["-hide_banner", "-nostdin", "-f", demuxer, "-protocol_whitelist", "file", "-i"]);
    command.arg(file_name(path));
    let said = command.stdin(Stdio::null()).output().ok()?.stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let (_, start) = said.split_once(", start: ")?;
    let start = start.split([',', '\n']).next()?.trim();
    let start = start.parse::<f64>().ok().filter(|start| *start > 0.0)?;
    // An offset of just the start is taken for a fault in the times by ffmpeg ("Correcting start time"), which takes it back.
    Some(format!("{:.6}", (start - 1e-6).max(0.0)))
}

/// What went wrong that the sound survived.
#[derive(Debug)]
pub(super) struct Messages(Shared);

impl Messages {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner).messages)
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.sound.read(buffer)?;
        while self.fills_blocks && read > 0 && read < buffer.len() {
            match self.sound.read(&mut buffer[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if read == 0 && !buffer.is_empty() && !self.ended {
            self.ended = true;
            if !self.child.wait()?.success() {
                let said = self.description().messages.first().cloned();
                return Err(io::Error::other(format!("ffmpeg: {}", said.as_deref().unwrap_or("it gave up"))));
            }
        }
        Ok(read)
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a path is an address, such as that of a stream.
pub(super) fn is_address(path: &Path) -> bool {
    path.to_str().and_then(scheme).is_some_and(|scheme| !scheme.eq_ignore_ascii_case("file"))
}

/// The path in an address of a file of this machine.
pub(super) fn local_path(path: &Path) -> Option<&Path> {
    let address = path.to_str()?;
    let scheme = scheme(address).filter(|scheme| scheme.eq_ignore_ascii_case("file"))?;
    address.get(scheme.len() + 3..).map(Path::new)
}

/// What stands before `://`, if that can be one.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once("://")?;
    let named = scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    named.then_some(scheme)
}

/// How ffmpeg is given a file, whatever its name begins with.
pub(crate) fn file_name(path: &Path) -> std::ffi::OsString {
    let mut name = std::ffi::OsString::from("file:");
    name.push(path);
    name
}

/// Keeps what is of use of what ffmpeg says, to its end.
fn listen(said: impl BufRead, told: &Shared) {
    let (description, changed) = &**told;
    let mut input = true;
    for line in said.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let mut description = description.lock().unwrap_or_else(PoisonError::into_inner);
        if line.contains("Output #0") {
            input = false;
            description.complete = true;
            changed.notify_all();
        } else if let Some(track) =
            line.split_once(": Audio: ").filter(|_| input).map(|(_, text)| track(text))
        {
            description.tracks.push(track);
        } else if let Some(message) = message(&line).filter(|_| description.messages.len() < MAX_MESSAGES) {
            description.messages.push(message);
        }
    }
    description.lock().unwrap_or_else(PoisonError::into_inner).complete = true;
    changed.notify_all();
}

/// The fault that a line tells.
fn message(line: &str) -> Option<String> {
    // Before it stands where in ffmpeg it was found, which is of no use to anybody here.
    let (_, text) = line.split_once("[error] ").or_else(|| line.split_once("[fatal] "))?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What follows `Audio: `, such as `wavpack, 48000 Hz, mono, s16p`.
fn track(text: &str) -> Track {
    let codec = text.split([' ', ',', '\r']).next().unwrap_or_default().to_owned();
    let pcm = codec.starts_with("pcm_") || codec.starts_with("dsd_");
    let field = |name: &str| text.split(", ").any(|field| field.split_whitespace().next() == Some(name));
    let wide = field("s32") || field("s32p");
    let (bits, float) = match text.split_once("s32").and_then(|(_, rest)| rest.split_once('(')) {
        Some((_, rest)) if wide => {
            (rest.split(' ').next().and_then(|bits| bits.parse().ok()).unwrap_or(32), false)
        }
        _ if wide => (32, false),
        _ if field("s16") || field("s16p") => (16, false),
        _ if field("u8") || field("u8p") => (8, false),
        _ => (32, true),
    };
    let lossy = !pcm && !LOSSLESS.contains(&codec.as_str());
    Track { codec, lossy, bits, float }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_described() {
        let lossless =
            |codec: &str, bits| Track { codec: codec.to_owned(), lossy: false, bits, float: false };
        assert_eq!(track("wavpack, 48000 Hz, mono, s16p"), lossless("wavpack", 16));
        assert_eq!(track("flac, 96000 Hz, stereo, s32 (24 bit)"), lossless("flac", 24));
        assert_eq!(
            track("pcm_s24le, 48000 Hz, 2 channels, s32 (24 bit), 2304 kb/s"),
            lossless("pcm_s24le", 24)
        );
        let lossy = track("ac3 (AC-3 / 0x332D4341), 48000 Hz, 5.1(side), fltp, 448 kb/s");
        assert_eq!((lossy.codec.as_str(), lossy.lossy, lossy.float), ("ac3", true, true));
    }

    #[test]
    fn faults_are_told_and_talk_is_not() {
        let lines = "[info] Input #0, wv, from 'x'\n[info]   Stream #0:0: Audio: wavpack, 8000 Hz, mono, s16p\n\
                     [wavpack @ 0x1] [error] bad block\n[warning] never mind\n[info] Output #0, wav\n\
                     [info]   Stream #0:0: Audio: pcm_f32le\n";
        let told = Shared::default();
        listen(lines.as_bytes(), &told);
        let description = told.0.lock().unwrap();
        assert_eq!(description.messages, ["bad block"]);
        assert_eq!(description.tracks.len(), 1);
        assert!(description.complete);
    }

    #[test]
    fn addresses_are_no_files() {
        for (path, is) in [
            ("https://x/y", true),
            ("rtsp://h", true),
            ("a/b.wav", false),
            ("c://x", false),
            ("odd:name", false),
            ("file:///a/b.wav", false),
        ] {
            assert_eq!(is_address(path.as_ref()), is, "{path}");
        }
        assert_eq!(local_path("FILE:///a/b.wav".as_ref()), Some("/a/b.wav".as_ref()));
        assert_eq!(local_path("a/b.wav".as_ref()), None);
        assert_eq!(allowed_protocols("file:///a"), "file");
        let network = allowed_protocols("https://x/list.m3u8");
        assert!(
            network
                .split(',')
                .all(|name| !["file", "pipe", "concat", "subfile", "data", "unix"].contains(&name))
        );
    }
}
