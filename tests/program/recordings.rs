//! Channels, tracks, foreign formats, and what a recording carries beside its sound.

use std::fs;
use std::path::Path;
use std::process::Command;

use earmark_core::audio::Source;
use earmark_core::report::Format;

use crate::required::skip;
use crate::support::{code, listing, ok, programme, rows, run, stderr, write_wav};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// The first seconds of the programme, one channel.
fn talk(seconds: usize) -> (u32, Vec<f32>) {
    let mut source = Source::open(&programme()).unwrap();
    let (rate_hz, channels) = (source.info().rate_hz, usize::from(source.info().channels));
    let mut mono = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        mono.extend(block.iter().step_by(channels));
    }
    mono.truncate(seconds * usize::try_from(rate_hz).unwrap());
    (rate_hz, mono)
}

/// Start and end of what is labelled so, seconds.
fn spans(listed: &str, label: &str) -> Vec<(f64, f64)> {
    rows(listed).into_iter().filter(|row| row.label == label).map(|row| (row.start_s, row.end_s)).collect()
}

fn nearly(a: &[(f64, f64)], b: &[(f64, f64)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a.0 - b.0).abs() < 0.05 && (a.1 - b.1).abs() < 0.05)
}

#[test]
fn speech_is_heard_where_channels_cancel() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (rate_hz, mono) = talk(20);
    write_wav(&at("mono.wav"), rate_hz, 1, &mono);
    let expected = spans(&ok(["tag", text(&at("mono.wav"))]), "speech");
    assert!(!expected.is_empty());
    let inverted: Vec<f32> = mono.iter().flat_map(|&s| [s, -s]).collect();
    let one_of_six: Vec<f32> = mono.iter().flat_map(|&s| [0.0, 0.0, s, 0.0, 0.0, 0.0]).collect();
    for (channels, samples) in [(2, inverted), (6, one_of_six)] {
        write_wav(&at("several.wav"), rate_hz, channels, &samples);
        let output = run(["tag", text(&at("several.wav"))]);
        let (listed, said) = (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output));
        assert!(nearly(&spans(&listed, "speech"), &expected), "{channels}: {listed}");
        assert!(said.contains("cancel each other"), "{said}");
    }
}

#[test]
fn channels_are_heard_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (rate_hz, mono) = talk(10);
    let stereo: Vec<f32> = mono.iter().flat_map(|&s| [0.0, s]).collect();
    write_wav(&at("pair.wav"), rate_hz, 2, &stereo);
    write_wav(&at("mono.wav"), rate_hz, 1, &mono);
    let alone = ok(["tag", text(&at("mono.wav"))]);
    assert_eq!(ok(["tag", text(&at("pair.wav")), "--channel", "2"]), alone);
    assert_eq!(rows(&ok(["tag", text(&at("pair.wav")), "--channel", "1"])).len(), 1, "all of it is silence");
    let out = at("out");
    ok(["tag", text(&at("pair.wav")), "--channel", "each", "-f", "csv", "-o", &format!("{}/", text(&out))]);
    assert_eq!(listing(&out), ["pair.ch1.csv", "pair.ch2.csv"]);
    assert!(fs::read_to_string(out.join("pair.ch2.csv")).unwrap().contains("pair.wav#2,"));
    // Pointers lead to the recording, and lists keep its channels apart.
    let each = at("each");
    let pair = at("pair.wav");
    let run_each = |format: &str, output: &str| {
        ok(["tag", text(&pair), "--channel", "each", "-f", format, "-o", output]);
    };
    run_each("nemo,lhotse,rttm,iiif,eaf,cue,chapters", &format!("{}/", text(&each)));
    for name in listing(&each) {
        let content = fs::read_to_string(each.join(&name)).unwrap();
        assert!(content.contains("pair.wav") && !content.contains("pair.wav%23"), "{name}: {content}");
        // Names of segments may have the number.
        let named = content.matches("pair.wav#").count();
        let own = content.matches("pair.wav#2-0").count() + content.matches("pair.wav#1-0").count();
        assert_eq!(named, own + content.matches("pair.wav#t=").count(), "{name}: {content}");
    }
    let cue = fs::read_to_string(each.join("pair.ch2.cue")).unwrap();
    assert!(cue.contains(&format!("FILE \"{}\" WAVE", Path::new("..").join("pair.wav").display())), "{cue}");
    run_each("csv", text(&at("all.csv")));
    for format in ["rttm", "nemo", "lhotse", "jsonl"] {
        let list = at(&format!("all.{}", format.parse::<Format>().unwrap().extension()));
        run_each(format, text(&list));
        let said = ok(["compare", text(&at("all.csv")), text(&list), "--collar-ms", "0"]);
        assert!(said.starts_with("collar 0 ms, recordings 2\n"), "{format}: {said}");
        assert!(!said.contains("disagreements"), "{format}: {said}");
    }
    let clips = at("clips");
    ok(["tag", text(&pair), "--channel", "2", "--clips", text(&clips)]);
    let manifest = fs::read_to_string(clips.join("pair.clips.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(manifest.lines().next().unwrap()).unwrap();
    assert_eq!(
        (line["source"].as_str(), line["source_channel"].as_u64()),
        (Some(text(&pair)), Some(2)),
        "{manifest}"
    );
    for (flag, value, said) in [("--channel", "3", "no channel 3; it has 2"), ("--channel", "best", "")] {
        let output = run(["tag", text(&at("pair.wav")), flag, value]);
        assert_eq!(code(&output), i32::from(!said.is_empty()));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert_eq!(code(&run(["tag", text(&at("pair.wav")), "--channel", "0"])), 2);
}

#[test]
fn what_is_not_read_here_is_left_to_ffmpeg() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (rate_hz, mono) = talk(10);
    write_wav(&at("talk.wav"), rate_hz, 1, &mono);
    let make = |arguments: &[&str], name: &str| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y"]).args(arguments).arg(at(name));
        assert!(command.status().unwrap().success(), "{name}");
    };
    let talk = at("talk.wav");
    let expected = spans(&ok(["tag", text(&talk)]), "speech");
    // Lossless, then lossy; the last two hold a silent track before the talk.
    let silence = [
        "-f",
        "lavfi",
        "-i",
        "anullsrc=r=48000:cl=mono",
        "-i",
        text(&talk),
        "-map",
        "0",
        "-map",
        "1",
        "-t",
        "10",
    ];
    make(&["-i", text(&talk), "-c:a", "wavpack"], "a.wv");
    make(&["-i", text(&talk), "-c:a", "tta"], "a.tta");
    make(&["-i", text(&talk), "-c:a", "ac3"], "a.ac3");
    make(&["-i", text(&talk), "-c:a", "wmav2"], "a.wma");
    make(&["-i", text(&talk), "-c:a", "aac", "-ac", "6"], "six.m4a");
    make(&[&silence[..], &["-c:a", "mp2"]].concat(), "two.ts");
    make(&[&silence[..], &["-c:a", "aac", "-ac", "1"]].concat(), "two.mp4");
    for name in ["a.wv", "a.tta", "a.ac3", "a.wma", "six.m4a", "two.ts", "two.mp4"] {
        let output = run(["tag", text(&at(name))]);
        let (listed, said) = (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output));
        let heard = spans(&listed, "speech");
        assert!(!heard.is_empty() && (heard[0].0 - expected[0].0).abs() < 0.15, "{name}: {listed} {said}");
        assert_eq!(
            said.contains("2 sound tracks; track 2 is heard"),
            name.starts_with("two"),
            "{name}: {said}"
        );
    }
    assert_eq!(ok(["tag", text(&at("a.wv"))]), ok(["tag", text(&talk)]), "lossless");
    let refused = run(["tag", text(&at("a.wv")), "--ffmpeg", "never"]);
    assert!(code(&refused) == 1 && stderr(&refused).contains("WavPack"), "{}", stderr(&refused));
    let missing = run(["tag", text(&at("a.wv")), "--ffmpeg", text(&at("no-such-program"))]);
    assert!(code(&missing) == 1 && stderr(&missing).contains("there is none here"), "{}", stderr(&missing));
    // Its first bytes are right, the rest is not: what ffmpeg says is said, and nothing is written.
    let broken: Vec<u8> = b"wvpk"
        .iter()
        .copied()
        .chain((0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]))
        .collect();
    fs::write(at("broken.wv"), broken).unwrap();
    let output = run(["tag", text(&at("broken.wv")), "-o", text(&at("broken.txt"))]);
    assert!(code(&output) == 1 && stderr(&output).contains("ffmpeg says"), "{}", stderr(&output));
    assert!(!at("broken.txt").exists());
    let output = run(["tag", text(&at("two.mp4")), "--track", "3"]);
    assert!(
        code(&output) == 1 && stderr(&output).contains("no sound track 3; it has 2"),
        "{}",
        stderr(&output)
    );
    assert_eq!(rows(&ok(["tag", text(&at("two.mp4")), "--track", "1"])).len(), 1, "silence");
}

#[test]
fn what_an_editor_put_in_comes_out_again_through_flac() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (rate_hz, mono) = talk(3);
    write_wav(&at("plain.wav"), rate_hz, 1, &mono);
    let mut bytes = fs::read(at("plain.wav")).unwrap();
    let chunk = |id: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [&id[..], &length, content, if content.len() % 2 == 1 { &[0] } else { &[] }].concat()
    };
    let ixml = b"<BWFXML><PROJECT>Night</PROJECT></BWFXML>";
    let cue = [
        &1_u32.to_le_bytes()[..],
        &7_u32.to_le_bytes(),
        &9_u32.to_le_bytes(),
        b"data",
        &[0; 8],
        &9_u32.to_le_bytes(),
    ]
    .concat();
    let chunks = [
        chunk(b"bext", &[0; 602]),
        chunk(b"iXML", ixml),
        chunk(b"cue ", &cue),
        chunk(b"LIST", b"INFOINAM\x05\0\0\0Talk\0\0"),
    ];
    chunks.iter().for_each(|chunk| bytes.extend(chunk));
    let size = u32::try_from(bytes.len() - 8).unwrap().to_le_bytes();
    bytes[4..8].copy_from_slice(&size);
    fs::write(at("rich.wav"), bytes).unwrap();
    for (from, to) in [("rich.wav", "a.flac"), ("a.flac", "b.flac"), ("b.flac", "c.wav")] {
        ok(["render", text(&at(from)), "-o", text(&at(to))]);
    }
    for name in ["a.flac", "b.flac", "c.wav"] {
        let bytes = fs::read(at(name)).unwrap();
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        for chunk in &chunks {
            assert!(has(chunk), "{name}: {}", String::from_utf8_lossy(&chunk[..4]));
        }
        assert!(has(b"TITLE=Talk") || name.ends_with("wav"), "{name}");
    }
}
