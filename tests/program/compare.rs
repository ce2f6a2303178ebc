//! `earmark compare`, and lists of cuts that are written and read again.

use std::fs;
use std::path::Path;

use crate::support::{code, ok, programme, rows, run, stderr, workspace};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

fn truth() -> std::path::PathBuf {
    workspace().join("examples/programme.truth.csv")
}

#[test]
fn a_list_agrees_with_itself_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let formats = "text,csv,tsv,json,jsonl,audacity,rttm,textgrid,eaf,srt,vtt,cue,reaper,nemo,lhotse,iiif,ffmetadata,chapters";
    ok(["tag", text(&programme()), "--format", formats, "-o", text(&out)]);
    let csv = out.join("programme.csv");
    for name in crate::support::listing(&out) {
        let json = dir.path().join("figures.json");
        let said = ok(["compare", text(&csv), text(&out.join(&name)), "--collar-ms", "0", "-o", text(&json)]);
        let figures: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        for label in figures["labels"].as_array().unwrap() {
            assert_eq!(
                (&label["rates"]["f1"], &label["segments"]["f1"]),
                (&1.0.into(), &1.0.into()),
                "{name}: {said}"
            );
            assert_eq!(label["starts"]["max_ms"], 0.0, "{name}");
        }
        assert_eq!(figures["disagreements"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn cuts_of_every_form_hold_the_speech_that_was_tagged() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("programme.csv");
    ok(["tag", text(&programme()), "--format", "csv", "-o", text(&csv)]);
    // Frames per second, and how far a border may lie from its own.
    for (ending, rate, collar_ms) in [
        ("otio", None, "1"),
        ("otio", Some("25"), "61"),
        ("rpp", None, "1"),
        ("edl", Some("29.97"), "51"),
        ("edl", Some("23.976"), "63"),
        ("fcpxml", Some("59.94"), "26"),
        ("v1", Some("60"), "26"),
    ] {
        let list = dir.path().join(format!("cuts.{ending}"));
        let fps = rate.map(|rate| ["--fps", rate]);
        let flags = fps.iter().flatten().copied();
        ok(["tag", text(&programme()), "--list", text(&list)].into_iter().chain(flags));
        let json = dir.path().join("figures.json");
        ok([
            "compare",
            text(&csv),
            text(&list),
            "--label",
            "speech",
            "--collar-ms",
            collar_ms,
            "-o",
            text(&json),
        ]);
        let figures: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        let speech = &figures["labels"][0];
        assert_eq!(speech["segments"]["f1"], 1.0, "{ending} {rate:?}: {speech}");
    }
    let edl = fs::read_to_string(dir.path().join("cuts.edl")).unwrap();
    assert!(edl.contains("\n* FRAME RATE: 23.976\n"), "{edl}");
}

#[test]
fn the_worst_disagreements_come_first_and_are_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a.txt"), dir.path().join("b.txt"));
    fs::write(&first, "0.0 5.0 speech\n20.0 30.0 music\n").unwrap();
    fs::write(&second, "0.1 5.0 speech\n8.0 9.0 speech\n20.0 23.0 music\n").unwrap();
    let plot = dir.path().join("difference.svg");
    let said = ok(["compare", text(&first), text(&second), "--plot", text(&plot)]);
    let worst: Vec<&str> =
        said.lines().skip_while(|line| !line.starts_with("longest of 2")).skip(1).collect();
    // The collar of 200 ms is left out: 23.0 to 29.8 s.
    assert!(
        worst[0].contains("23.000") && worst[0].contains("29.800") && worst[0].ends_with("only first"),
        "{said}"
    );
    assert!(worst[1].contains("8.000") && worst[1].ends_with("only second"), "{said}");
    let svg = fs::read_to_string(plot).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("a.txt") && svg.matches("only one of them").count() == 1);
    // 3 of 10 s of music, less the collar: recall is 2.8 / 9.6.
    let music = said.lines().find(|line| line.starts_with("music")).unwrap();
    assert_eq!(music.split_whitespace().nth(3), Some("0.292"), "{said}");
}

#[test]
fn the_programme_is_near_its_truth() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("programme.csv");
    ok(["tag", text(&programme()), "--format", "csv", "-o", text(&csv)]);
    assert!(rows(&ok(["tag", text(&programme())])).len() > 3);
    let json = dir.path().join("figures.json");
    ok(["compare", text(&truth()), text(&csv), "-o", text(&json)]);
    let figures: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let speech = figures["labels"].as_array().unwrap().iter().find(|of| of["label"] == "speech").unwrap();
    assert!(speech["rates"]["f1"].as_f64().unwrap() > 0.95, "{speech}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let one = write("one.csv", "file,start,end,label\na.wav,0,1,speech\nb.wav,0,1,speech\n");
    let other = write("other.csv", "file,start,end,label\na.wav,0,1,speech\nc.wav,0,1,speech\n");
    let nothing = write("x.pdf", "");
    let nameless = write("truth.txt", "0 1 speech\n");
    for (a, b, flags, remedy) in [
        (&one, &other, &[][..], "in one of the lists only"),
        (&nameless, &one, &[], "truth.txt names no recording, and "),
        (&one, &nameless, &[], "one.csv has 2; "),
        (&one, &nothing, &[], "its ending says no format"),
        (&one, &one, &["--label", "sneeze"], "neither list has it"),
        (&one, &one, &["--collar-ms", "nan"], "not a length of time"),
        (&one, &one, &["--plot", "x.svg"], "hold several"),
    ] {
        let output = run(["compare", text(a), text(b)].iter().chain(flags));
        assert_ne!(code(&output), 0, "{flags:?}");
        assert!(stderr(&output).contains(remedy), "{}", stderr(&output));
    }
}
