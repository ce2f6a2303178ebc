//! What a recording costs that ffmpeg decodes for us: as much as ffmpeg and our own hearing by themselves.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::required::skip;
use crate::support::programme;

/// Rounds in which each part is run once; the cheapest run of each counts, for other work on the machine makes processor time
/// longer, never shorter. Where the first rounds do not suffice, others follow: that work may have been beside one part alone.
const ROUNDS: std::ops::RangeInclusive<usize> = 3..=9;
/// The most that the whole may cost beside the sum of its parts: what a busy machine adds.
const MOST: f64 = 1.2;

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// Seconds of the recording; `cargo xtask check --deep` asks for an hour. In two minutes the start of the programs, which is a
/// tenth of a second and told in hundredths, is a fifth of all: that is no measure of what sound costs.
fn seconds() -> u32 {
    std::env::var("EARMARK_TRANSPORT_SECONDS").map_or(900, |text| text.parse().expect("seconds"))
}

/// Processor time of a command and all below it, user and system, in seconds.
fn cost(command: &[&str]) -> f64 {
    // The shell's own report: a line for itself, and one for what it has waited for.
    let output = Command::new("sh")
        .args(["-c", "\"$@\" >/dev/null || exit 1; times", "sh"])
        .args(command)
        .env_remove("EARMARK_ONNXRUNTIME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let spent = said.lines().nth(1).unwrap_or_else(|| panic!("two lines of times in {said:?}"));
    spent.split_whitespace().map(minutes_and_seconds).sum()
}

/// `1m2.5s`.
fn minutes_and_seconds(text: &str) -> f64 {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').expect("minutes and seconds");
    60.0 * minutes.parse::<f64>().expect("minutes") + seconds.parse::<f64>().expect("seconds")
}

#[test]
fn mpeg_ts_costs_what_ffmpeg_and_the_hearing_cost() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (stream, samples, length) = (at("hour.ts"), at("hour.wav"), seconds().to_string());
    let make = |arguments: &[&str]| {
        let made = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).status().unwrap();
        assert!(made.success(), "{arguments:?}");
    };
    let programme = programme();
    let source = ["-stream_loop", "-1", "-i", text(&programme), "-t", &length, "-ar", "48000", "-ac", "2"];
    make(&[&source[..], &["-c:a", "mp2", "-b:a", "192k", &stream]].concat());
    make(&["-i", &stream, "-c:a", "pcm_f32le", &samples]);
    let earmark = env!("CARGO_BIN_EXE_earmark");
    // Into a pipe, as here.
    let decode = "ffmpeg -v error -i \"$1\" -c:a pcm_f32le -f wav - | cat";
    let parts: [&[&str]; 3] = [
        &["sh", "-c", decode, "sh", &stream],
        &[earmark, "tag", &samples, "-q"],
        &[earmark, "tag", &stream, "-q"],
    ];
    let mut least = [f64::INFINITY; 3];
    let mut ratio = f64::INFINITY;
    for round in 1..=*ROUNDS.end() {
        for (least, part) in least.iter_mut().zip(parts) {
            *least = least.min(cost(part));
        }
        ratio = least[2] / (least[0] + least[1]);
        if round >= *ROUNDS.start() && ratio <= MOST {
            break;
        }
    }
    let [decoding, hearing, whole] = least;
    println!(
        "{length} s of MPEG-TS: {whole:.2} s; ffmpeg {decoding:.2} s, hearing {hearing:.2} s; ratio {ratio:.2}"
    );
    assert!(ratio <= MOST, "{whole:.2} s, ffmpeg {decoding:.2} s and hearing {hearing:.2} s");
}
