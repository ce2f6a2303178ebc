//! What is decoded, against ffmpeg: as many samples, and a click at the same place, in every codec, container, rate and number
//! of channels. Where ffmpeg and the container's own numbers differ, the container's are right; these files are named.

use std::path::{Path, PathBuf};
use std::process::Command;

use earmark_core::audio::Source;

use crate::required::skip;

/// Codecs, and the containers that they are tried in.
const CODECS: [(&str, &[&str]); 20] = [
    ("pcm_s16le", &["wav", "w64", "mov", "mka"]),
    ("pcm_s24le", &["wav", "caf", "mov"]),
    ("pcm_f32le", &["wav"]),
    ("pcm_s16be", &["aiff", "mov"]),
    // Of these QuickTime's names tell no order of bytes.
    ("pcm_s24be", &["mov"]),
    ("pcm_s32be", &["mov"]),
    ("pcm_s32le", &["mov"]),
    ("pcm_f32be", &["mov"]),
    ("pcm_f64be", &["mov"]),
    ("pcm_s8", &["mov"]),
    ("pcm_alaw", &["wav"]),
    ("pcm_mulaw", &["au"]),
    ("adpcm_ima_wav", &["wav"]),
    ("flac", &["flac", "oga", "mka"]),
    ("alac", &["m4a", "mov", "caf"]),
    ("libmp3lame", &["mp3", "mka", "mp4"]),
    ("mp2", &["mp2"]),
    ("aac", &["m4a", "mov", "mka", "aac"]),
    ("libvorbis", &["ogg", "mka", "webm"]),
    ("libopus", &["opus", "mka", "webm", "mp4"]),
];
/// Rates and channels.
const FORMS: [(u32, u16); 2] = [(48_000, 1), (44_100, 2)];
/// Codecs and containers that are tried with six channels.
const SURROUND: [(&str, &str); 5] =
    [("pcm_s16le", "wav"), ("flac", "flac"), ("flac", "mka"), ("libvorbis", "ogg"), ("libopus", "opus")];
/// Containers that know a time at which their sound begins.
const LATE: [(&str, &str); 13] = [
    ("flac", "mka"),
    ("alac", "m4a"),
    ("aac", "m4a"),
    ("aac", "mka"),
    ("libvorbis", "ogg"),
    ("libvorbis", "mka"),
    ("libvorbis", "webm"),
    ("libopus", "opus"),
    ("libopus", "mka"),
    ("libopus", "webm"),
    ("libopus", "mp4"),
    ("pcm_s16le", "mov"),
    ("pcm_s16le", "mka"),
];
/// Where the padding at the end stands in an edit list, which ffmpeg 5 does not follow to the end.
const PADDED: [&str; 3] = ["m4a", "mov", "mp4"];
/// Length of the sound, and where in it the click is, seconds.
const SECONDS: f64 = 1.37;
const CLICK_S: f64 = 0.7;
const LATE_S: f64 = 0.5;

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// A tone and a click in it.
fn original(folder: &Path, rate_hz: u32) -> PathBuf {
    let path = folder.join(format!("original-{rate_hz}.wav"));
    let tone = format!(
        "aevalsrc=0.02*sin(2*PI*440*t)+0.8*sin(2*PI*4000*(t-{CLICK_S}))*between(t\\,{CLICK_S}\\,0.705):s={rate_hz}:d={SECONDS}"
    );
    ffmpeg(&["-f", "lavfi", "-i", &tone, "-c:a", "pcm_f32le", text(&path)]);
    path
}

/// Frames, and the one that is loudest.
fn loudest(samples: &[f32], channels: u16) -> (usize, usize) {
    let frames: Vec<f32> =
        samples.chunks_exact(usize::from(channels)).map(|frame| frame.iter().sum::<f32>().abs()).collect();
    let at = (0..frames.len()).max_by(|&a, &b| frames[a].total_cmp(&frames[b]).then(b.cmp(&a))).unwrap_or(0);
    (frames.len(), at)
}

/// All samples, of a source that has nothing to say against them.
fn all(mut source: Source) -> Vec<f32> {
    let (mut samples, mut blocks) = (Vec::new(), 0);
    while let Some(block) = source.next_block().unwrap_or_else(|error| panic!("{error}")) {
        samples.extend_from_slice(block);
        blocks += 1;
    }
    assert!(source.warnings().is_empty(), "{}: {:?}", source.path().display(), source.warnings());
    let frames = samples.len() / usize::from(source.info().channels);
    assert!(blocks <= frames / 64 + 2, "{}: {frames} frames in {blocks} blocks", source.path().display());
    samples
}

fn ours(path: &Path) -> (u32, u16, (usize, usize)) {
    let source = Source::open(path).unwrap_or_else(|error| panic!("{error}"));
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    (rate_hz, channels, loudest(&all(source), channels))
}

/// The same from a stream.
fn streamed(path: &Path) -> Vec<f32> {
    let file = std::fs::File::open(path).unwrap();
    all(Source::from_reader(path, Box::new(file)).unwrap_or_else(|error| panic!("{error}")))
}

fn their_samples(path: &Path) -> Vec<f32> {
    let bytes = ffmpeg(&["-i", text(path), "-f", "f32le", "-"]);
    bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

fn theirs(path: &Path, channels: u16) -> (usize, usize) {
    loudest(&their_samples(path), channels)
}

fn made(folder: &Path, codec: &str, container: &str, (rate_hz, channels): (u32, u16), late: bool) -> PathBuf {
    let from = original(folder, rate_hz);
    let path = folder.join(format!("{codec}-{rate_hz}-{channels}-{late}.{container}"));
    let offset = LATE_S.to_string();
    let before: &[&str] = if late { &["-itsoffset", &offset] } else { &[] };
    let count = channels.to_string();
    ffmpeg(&[before, &["-i", text(&from), "-ac", &count, "-c:a", codec, "-bitexact", text(&path)]].concat());
    path
}

#[test]
fn every_codec_and_container_gives_the_samples_that_ffmpeg_gives() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (codec, containers) in CODECS {
        for container in containers {
            cases.extend(FORMS.map(|form| (codec, *container, form)));
        }
    }
    cases.extend(SURROUND.map(|(codec, container)| (codec, container, (48_000, 6))));
    assert!(cases.len() >= 60, "{}", cases.len());
    for (codec, container, form) in cases {
        let path = made(folder.path(), codec, container, form, false);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (rate_hz, channels, (frames, click)) = ours(&path);
        let (their_frames, their_click) = theirs(&path, channels);
        assert_eq!((click, channels), (their_click, form.1), "{name}");
        let lossy = !codec.starts_with("pcm") && codec != "alac";
        if PADDED.contains(&container) && lossy {
            let exact = f64::from(rate_hz) * SECONDS;
            #[expect(clippy::cast_precision_loss, reason = "some ten thousand frames")]
            let off = frames as f64 - exact;
            assert!(off.abs() <= 1.0 && frames <= their_frames, "{name}: {frames}, theirs {their_frames}");
        } else {
            assert_eq!(frames, their_frames, "{name}");
        }
    }
}

/// How far two signals differ, dB: the worst of their channels.
fn snr_db(ours: &[f32], theirs: &[f32], channels: usize) -> f64 {
    let of_channel = |k: usize| {
        let pairs = ours.iter().zip(theirs).skip(k).step_by(channels);
        let (mut signal, mut noise) = (0.0, 0.0);
        for (&a, &b) in pairs {
            signal += f64::from(b).powi(2);
            noise += (f64::from(a) - f64::from(b)).powi(2);
        }
        assert!(signal > 0.0, "channel {k} is silent");
        10.0 * (signal / noise.max(1e-30)).log10()
    };
    (0..channels).map(of_channel).fold(f64::INFINITY, f64::min)
}

#[test]
fn every_channel_of_vorbis_is_its_own() {
    const LAYOUTS: [&str; 8] = ["mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"];
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    for (k, layout) in LAYOUTS.iter().enumerate() {
        let channels = k + 1;
        // Tones of their own over one that all have, so that the encoder couples them; each comes and goes.
        let tone = |n: usize| {
            format!("0.2*sin(2*PI*{}*t)*lt(mod(t*{}\\,1)\\,0.6)+0.1*sin(2*PI*440*t)", 300 + 170 * n, n + 1)
        };
        let tones = (0..channels).map(tone).collect::<Vec<_>>().join("|");
        let made = format!("aevalsrc={tones}:c={layout}:s=48000:d=2");
        for container in ["ogg", "mka"] {
            let path = folder.path().join(format!("{channels}.{container}"));
            ffmpeg(&["-f", "lavfi", "-i", &made, "-c:a", "libvorbis", "-q:a", "5", text(&path)]);
            let source = Source::open(&path).unwrap();
            assert_eq!(usize::from(source.info().channels), channels);
            let snr_db = snr_db(&all(source), &their_samples(&path), channels);
            println!("{layout} in {container}: {snr_db:.1} dB");
            assert!(snr_db > 90.0, "{layout} in {container}: {snr_db:.1} dB");
        }
    }
}

#[test]
fn free_format_at_high_rates_is_what_it_is_with_a_listed_one() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    // Noise that comes and goes, so that frames borrow from those before.
    let noise = |seed: u32| format!("(random({seed})-0.5)*(0.02+lt(mod(t\\,0.3)\\,0.1))");
    let made = format!("aevalsrc={}|{}:s=48000:d=3", noise(0), noise(1));
    for (kbit_per_s, frame_bytes) in [(192, 576), (256, 768), (320, 960)] {
        let (plain, free) = (folder.path().join("plain.mp3"), folder.path().join("free.mp3"));
        let rate = format!("{kbit_per_s}k");
        let codec = ["-c:a", "libmp3lame", "-b:a", &rate, "-write_xing", "0", "-id3v2_version", "0"];
        ffmpeg(&[&["-f", "lavfi", "-i", &made][..], &codec, &[text(&plain)]].concat());
        let mut bytes = std::fs::read(&plain).unwrap();
        for frame in bytes.chunks_mut(frame_bytes) {
            assert!(matches!(frame, [0xff, 0xfb, ..]), "{kbit_per_s} kbit/s");
            frame[2] &= 0x0f;
        }
        std::fs::write(&free, &bytes).unwrap();
        let (plain, free) = (all(Source::open(&plain).unwrap()), all(Source::open(&free).unwrap()));
        assert!(plain.len() > 250_000 && free == plain, "{kbit_per_s} kbit/s");
    }
}

#[test]
fn what_comes_through_a_pipe_is_what_the_file_gives() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    for (codec, container) in
        CODECS.iter().flat_map(|(codec, all)| all.iter().map(move |name| (codec, *name)))
    {
        // ffmpeg, which is not asked about streams, decodes the other codecs of QuickTime.
        let plain = codec.starts_with("pcm") && *codec != "pcm_s8";
        if !(["mka", "webm"].contains(&container) || plain && container == "mov") {
            continue;
        }
        let path = made(folder.path(), codec, container, (48_000, 1), false);
        let whole = all(Source::open(&path).unwrap());
        assert!(streamed(&path) == whole, "{codec} in {container}");
    }
}

#[test]
fn what_begins_late_is_heard_late() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    for (codec, container) in LATE {
        let path = made(folder.path(), codec, container, (48_000, 1), true);
        let (rate_hz, _, (_, click)) = ours(&path);
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand frames")]
        let click_s = click as f64 / f64::from(rate_hz);
        // Milliseconds in Matroska, and the loudest moment is within the click's five.
        let late_s = click_s - (CLICK_S + LATE_S);
        assert!((-0.003..0.008).contains(&late_s), "{codec} in {container}: {click_s}");
    }
}

#[test]
fn what_begins_behind_the_picture_of_a_transport_stream_is_heard_there() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let from = original(folder.path(), 48_000);
    for (codec, container) in [("mp2", "ts"), ("aac", "ts"), ("mp2", "mpg")] {
        let path = folder.path().join(format!("{codec}.{container}"));
        let sound = ["-itsoffset", "2.5", "-i", text(&from)];
        let picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=5", "-map", "0", "-map", "1"];
        ffmpeg(&[&sound[..], &picture, &["-c:v", "mpeg2video", "-c:a", codec, text(&path)]].concat());
        let (rate_hz, _, (_, click)) = ours(&path);
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand frames")]
        let late_s = click as f64 / f64::from(rate_hz) - (CLICK_S + 2.5);
        // The encoder's delay is in the sound; the picture may begin up to a frame behind what the multiplexer calls the start.
        assert!((-0.005..0.06).contains(&late_s), "{codec} in {container}: {late_s}");
    }
}

/// Another program that makes files; nothing where it is not there.
fn tool(name: &str, arguments: &[&str]) -> bool {
    let Ok(output) = Command::new(name).args(arguments).output() else { return false };
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    true
}

#[test]
fn other_writers_tell_the_length_as_ffmpeg_reads_it() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let plain = at("plain.wav");
    ffmpeg(&["-i", text(&original(folder.path(), 48_000)), "-c:a", "pcm_s16le", text(&plain)]);
    ffmpeg(&["-i", text(&plain), "-c:a", "libopus", text(&at("plain.opus"))]);
    let checked = tool("lame", &["--quiet", "-p", text(&plain), text(&at("checksums.mp3"))]);
    let merged = tool("mkvmerge", &["-q", "-o", text(&at("merged.mka")), text(&at("plain.opus"))]);
    for (name, is) in [("checksums.mp3", checked), ("merged.mka", merged)] {
        if !is {
            skip(&format!("nothing makes {name}"));
            continue;
        }
        let (rate_hz, _, (frames, click)) = ours(&at(name));
        assert_eq!(
            (rate_hz, frames, click),
            (48_000, theirs(&at(name), 1).0, theirs(&at(name), 1).1),
            "{name}"
        );
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand frames")]
        let off = frames as f64 - 48_000.0 * SECONDS;
        assert!(off.abs() <= 1.0, "{name}: {frames}");
    }
}

#[test]
fn packed_tracks_of_matroska_are_decoded_by_ffmpeg() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    for (codec, container) in [
        ("pcm_s16le", "wav"),
        ("flac", "flac"),
        ("libmp3lame", "mp3"),
        ("libvorbis", "ogg"),
        ("libopus", "opus"),
    ] {
        let from = made(folder.path(), codec, container, (48_000, 1), false);
        let packed = folder.path().join(format!("{codec}.mka"));
        if !tool("mkvmerge", &["-q", "--compression", "0:zlib", "-o", text(&packed), text(&from)]) {
            return skip("there is no mkvmerge");
        }
        let (rate_hz, channels, (frames, click)) = ours(&packed);
        assert_eq!((rate_hz, channels), (48_000, 1), "{codec}");
        let (their_frames, their_click) = theirs(&packed, 1);
        // What it drops at the start it fills again, to begin where the container says: 6.5 ms of Opus.
        assert!(click.abs_diff(their_click) <= 400, "{codec}: {click}, theirs {their_click}");
        assert!(frames.abs_diff(their_frames) <= 1_200, "{codec}: {frames}, theirs {their_frames}");
    }
}
