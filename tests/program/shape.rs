//! The shape of segments, as `earmark tag` and `earmark stream` give it.

use std::fs;
use std::process::Stdio;

use crate::support::{Row, code, earmark, listing, ok, programme, rows, run, stderr};

fn programme_text() -> String {
    programme().to_str().unwrap().to_owned()
}

/// The speech of the programme, shaped.
fn speech(flags: &[&str]) -> Vec<Row> {
    let heard = rows(&ok(["tag", &programme_text()].iter().chain(flags)));
    heard.into_iter().filter(|row| row.label == "speech").collect()
}

fn seconds(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.end_s - row.start_s).sum()
}

fn covers(outer: &[Row], inner: &Row) -> bool {
    // What touches is one stretch.
    let mut at = inner.start_s;
    for row in outer {
        if row.start_s <= at + 1e-9 {
            at = at.max(row.end_s);
        }
    }
    at + 1e-9 >= inner.end_s
}

#[test]
fn no_segment_is_longer_than_allowed_and_no_speech_is_lost() {
    let plain = speech(&[]);
    for longest in ["1", "2.5", "7"] {
        let divided = speech(&["--max-segment-s", longest]);
        let longest: f64 = longest.parse().unwrap();
        assert!(divided.iter().all(|row| row.end_s - row.start_s <= longest + 1e-9), "{divided:?}");
        assert!((seconds(&divided) - seconds(&plain)).abs() < 1e-6);
        assert!(divided.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s + 1e-9));
        assert!(plain.iter().all(|row| covers(&divided, row)), "{plain:?} {divided:?}");
    }
}

#[test]
fn padding_widens_speech_within_the_recording() {
    let plain = speech(&[]);
    let padded = speech(&["--pad-ms", "300"]);
    assert!(plain.iter().all(|row| covers(&padded, row)));
    let first = (plain[0].start_s, padded[0].start_s);
    assert!((first.0 - first.1 - 0.3).abs() < 1e-6, "{first:?}");
    let wide = speech(&["--pad-ms", "10000"]);
    let whole = rows(&ok(["tag", &programme_text()])).iter().map(|row| row.end_s).fold(0.0, f64::max);
    assert_eq!((wide.len(), wide[0].start_s), (1, 0.0));
    assert!(wide[0].end_s <= whole);
    // Nothing else is unsaid: all labels together still cover the recording.
    let mut reached = 0.0_f64;
    for row in rows(&ok(["tag", &programme_text(), "--pad-ms", "300"])) {
        assert!(row.start_s <= reached + 1e-9, "a hole at {reached}");
        reached = reached.max(row.end_s);
    }
    assert!((reached - whole).abs() < 1e-9);
}

#[test]
fn short_pauses_are_filled_and_short_speech_is_dropped() {
    let plain = speech(&[]);
    let pauses = plain.windows(2).map(|pair| pair[1].start_s - pair[0].end_s);
    let shortest = pauses.fold(f64::INFINITY, f64::min);
    let above = format!("{:.0}", shortest * 1_000.0 + 20.0);
    assert!(speech(&["--min-silence-ms", &above]).len() < plain.len());
    assert_eq!(speech(&["--min-silence-ms", "60000"]).len(), 1);
    assert_eq!(speech(&["--min-speech-ms", "60000"]), []);
}

#[test]
fn a_purpose_is_a_shape_and_flags_go_before_it() {
    let subtitles = speech(&["--for", "subtitles"]);
    assert!(subtitles.iter().all(|row| row.end_s - row.start_s <= 7.0 + 1e-9), "{subtitles:?}");
    assert_eq!(subtitles, speech(&["--for", "subtitles", "--max-segment-s", "7"]));
    assert_ne!(subtitles, speech(&["--for", "subtitles", "--max-segment-s", "3"]));
    let archive = rows(&ok(["tag", &programme_text(), "--for", "archive"]));
    let heard = ["speech", "singing", "music", "noise"];
    let heard: Vec<&Row> = archive.iter().filter(|row| heard.contains(&row.label.as_str())).collect();
    assert!(!heard.is_empty() && heard.iter().all(|row| row.end_s - row.start_s >= 1.0), "{heard:?}");
    for purpose in ["transcription", "editing"] {
        assert!(plain_is_covered(&speech(&["--for", purpose])), "{purpose}");
    }
}

/// Padding keeps the borders of what was heard in.
fn plain_is_covered(shaped: &[Row]) -> bool {
    let longest = speech(&[]).into_iter().filter(|row| row.end_s - row.start_s >= 0.3);
    longest.into_iter().all(|row| covers(shaped, &row))
}

#[test]
fn what_cannot_be_is_refused_with_a_remedy() {
    for (flags, remedy) in [
        (&["--pad-ms", "20000"][..], "at most 10000 ms"),
        (&["--max-segment-s", "0.1"], "1 to 3600 s"),
        (&["--for", "television"], "subtitles, transcription"),
        (&["--pad-ms", "100", "--exclusive"], "set the padding to 0"),
        (&["--keep", "sneeze", "--clips", "x"], "not a label of this pack"),
    ] {
        let output = run(["tag", &programme_text()].iter().chain(flags));
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(stderr(&output).contains(remedy), "{flags:?}: {}", stderr(&output));
    }
}

#[test]
fn a_stream_has_the_same_shape() {
    let events = |flags: &[&str]| -> Vec<serde_json::Value> {
        let mut stream = earmark(["stream", &programme_text()].iter().chain(flags));
        let output = stream.stdout(Stdio::piped()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
        events
            .filter(|event: &serde_json::Value| event["type"] == "offset" && event["label"] == "speech")
            .collect()
    };
    let time = |event: &serde_json::Value, key: &str| event[key].as_f64().unwrap();
    let plain = events(&[]);
    let shaped = events(&["--pad-ms", "200", "--max-segment-s", "2"]);
    assert!(shaped.len() > plain.len());
    assert!(shaped.iter().all(|event| time(event, "end") - time(event, "start") <= 2.0 + 1e-9));
    assert!(shaped.windows(2).all(|pair| time(&pair[0], "end") <= time(&pair[1], "start") + 1e-9));
    let widened = time(&plain[0], "start") - time(&shaped[0], "start");
    assert!((widened - 0.2).abs() < 1e-6, "{widened}");
    assert!(shaped.iter().all(|event| time(event, "end") <= time(event, "decided") + 1e-9));
}

#[test]
fn clips_are_the_samples_of_the_recording() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("clips");
    let flags = ["--for", "transcription", "--max-segment-s", "5", "--clips", folder.to_str().unwrap()];
    let cut = speech(&flags);
    let line =
        ok(["tag", &programme_text(), "--for", "transcription", "--max-segment-s", "5", "--format", "clips"]);
    let times: Vec<f64> = line.trim().split(',').map(|time| time.parse().unwrap()).collect();
    assert_eq!(times, cut.iter().flat_map(|row| [row.start_s, row.end_s]).collect::<Vec<_>>());

    let manifest = fs::read_to_string(folder.join("programme.clips.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = manifest.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((lines.len(), listing(&folder.join("programme")).len()), (cut.len(), cut.len()));
    // Decoded by another reader: the recording as a WAV, once.
    let wav = dir.path().join("whole.wav");
    ok(["render", &programme_text(), "-o", wav.to_str().unwrap(), "--wet", "0", "--no-dither"]);
    let read = |path: &std::path::Path| -> Vec<i32> {
        hound::WavReader::open(path).unwrap().samples::<i32>().map(Result::unwrap).collect()
    };
    let (whole, rate) = (read(&wav), hound::WavReader::open(&wav).unwrap().spec());
    let channels = usize::from(rate.channels);
    for (line, row) in lines.iter().zip(&cut) {
        let clip = read(&folder.join(line["audio_filepath"].as_str().unwrap()));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a short file"
        )]
        let at = |seconds: f64| (seconds * f64::from(rate.sample_rate)).round() as usize * channels;
        assert_eq!(clip, whole[at(row.start_s)..at(row.end_s).min(whole.len())], "{row:?}");
        assert!((line["duration"].as_f64().unwrap() - (row.end_s - row.start_s)).abs() < 1e-9);
    }
    let from_pipe = run(["tag", "-", "--clips", folder.to_str().unwrap()]);
    assert_eq!(code(&from_pipe), 2);
    assert!(stderr(&from_pipe).contains("name a file"));
}
