//! `singing` as a label of its own: with a pack that has it everywhere, with a pack that has it not nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use earmark_core::Label;
use earmark_core::report::Format;

use crate::support::{code, ok, rows, run, stderr, write_wav};
use crate::tones::{LABELS, WITHOUT_SINGING, tone, write_pack};

const RATE_HZ: u32 = 16_000;
/// Label and length of each part in seconds; half a second of silence around each.
const PARTS: [(Label, f64); 4] =
    [(Label::SPEECH, 2.0), (Label::SINGING, 3.0), (Label::MUSIC, 2.0), (Label::NOISE, 1.0)];
/// What a label may be early or late, seconds: the window of the features.
const SLACK_S: f64 = 0.04;

struct Stage {
    folder: tempfile::TempDir,
    pack: PathBuf,
    /// The same without singing.
    three: PathBuf,
    song: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (pack, three, song) = (at("tones"), at("three"), at("song.wav"));
        write_pack(&pack, &LABELS);
        write_pack(&three, &WITHOUT_SINGING);
        let rest = || tone(None, 0.5, RATE_HZ);
        let mut samples = rest();
        for (label, seconds) in PARTS {
            samples.extend(tone(Some(&label), seconds, RATE_HZ));
            samples.extend(rest());
        }
        write_wav(&song, RATE_HZ, 1, &samples);
        Self { folder, pack, three, song }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// `earmark COMMAND SONG --pack TONES ARGS…`; its standard output.
    fn ok(&self, command: &[&str], args: &[&str]) -> String {
        let given = [self.song.to_str().unwrap(), "--pack", self.pack.to_str().unwrap()];
        ok(command.iter().chain(&given).chain(args).copied())
    }
}

/// Where the sound of a label lies, seconds.
fn span(label: &Label) -> (f64, f64) {
    let mut at = 0.5;
    for (part, seconds) in PARTS {
        if part == *label {
            return (at, at + seconds);
        }
        at += seconds + 0.5;
    }
    panic!("{label} is no part")
}

/// Whether `found` are these stretches, to the slack.
fn are_near(found: &[(f64, f64)], wanted: &[(f64, f64)]) -> bool {
    let near =
        |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).abs() < SLACK_S && (a.1 - b.1).abs() < SLACK_S;
    found.len() == wanted.len() && found.iter().zip(wanted).all(near)
}

#[test]
fn every_format_tells_singing_and_music_both() {
    let stage = Stage::new();
    for row in rows(&stage.ok(&["tag"], &[])).iter().filter(|row| row.label != "silence") {
        assert_ne!(row.label, "unknown", "{row:?}");
    }
    // One row per frame, and no more than one label: both are told below.
    let told_below = |format: &Format| [Format::Matrix, Format::Clips].contains(format);
    for format in Format::ALL.into_iter().filter(|format| !told_below(format)) {
        let text = stage.ok(&["tag"], &["--format", format.name()]);
        let report = format.parse(&text).unwrap_or_else(|error| panic!("{format}: {error}\n{text}"));
        let of = |label: Label| -> Vec<(f64, f64)> {
            report.timeline.of(&label).map(|s| (s.start_s, s.end_s)).collect()
        };
        assert!(are_near(&of(Label::SPEECH), &[span(&Label::SPEECH)]), "{format}: {text}");
        assert!(are_near(&of(Label::SINGING), &[span(&Label::SINGING)]), "{format}: {text}");
        let music = [span(&Label::SINGING), span(&Label::MUSIC)];
        assert!(are_near(&of(Label::MUSIC), &music), "{format}: singing is music too: {text}");
        assert!(are_near(&of(Label::NOISE), &[span(&Label::NOISE)]), "{format}: {text}");
    }
    let matrix = stage.ok(&["tag"], &["--format", "matrix"]);
    assert_eq!(matrix.lines().next(), Some("time,length,speech,singing,music,noise,silence,unknown"));
    let clips = Format::Clips.parse(&stage.ok(&["tag"], &["--format", "clips"])).unwrap();
    let spoken: Vec<(f64, f64)> = clips.timeline.segments.iter().map(|s| (s.start_s, s.end_s)).collect();
    assert!(are_near(&spoken, &[span(&Label::SPEECH)]), "clips for a recogniser are speech: {spoken:?}");
    let rttm = stage.ok(&["tag"], &["--format", "rttm"]);
    assert!(rttm.contains(" <NA> music singing "), "{rttm}");
    assert_eq!(rttm.lines().filter(|line| line.starts_with("SPEAKER ")).count(), 1, "{rttm}");

    let one = rows(&stage.ok(&["tag"], &["--exclusive"]));
    let labels: Vec<&str> = one.iter().map(|row| row.label.as_str()).filter(|l| *l != "silence").collect();
    assert_eq!(labels, ["speech", "singing", "music", "noise"], "singing comes before music");
    let none = stage.ok(&["tag"], &["--threshold", "singing=1"]);
    assert!(!none.contains(" singing ") && none.contains(" music "), "{none}");
}

#[test]
fn pictures_have_a_lane_of_its_own_colour() {
    let stage = Stage::new();
    let (picture, page) = (stage.path("song.svg"), stage.path("page.html"));
    stage.ok(&["tag"], &["--plot", &picture, "--report", &page]);
    for text in [fs::read_to_string(picture).unwrap(), fs::read_to_string(page).unwrap()] {
        let colours: BTreeMap<&str, usize> = ["#0072b2", "#d55e00", "#e69f00", "#cc79a7"]
            .map(|colour| (colour, text.matches(colour).count()))
            .into();
        // The page names each colour once, and what it draws with it is a test in the browser.
        assert!(colours.values().all(|&count| count > 0), "{colours:?}");
        assert!(text.contains("\"singing\"") || text.contains("singing "), "{text}");
    }
}

#[test]
fn frames_have_a_column_where_the_pack_has_the_label() {
    let stage = Stage::new();
    let csv = stage.ok(&["frames"], &[]);
    assert_eq!(csv.lines().next(), Some("time,speech,singing,music,noise,level_dbfs"));
    let row: Vec<f64> = csv.lines().nth(451).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    assert!(row[0] == 4.5 && row[1] < 0.01 && row[2] > 0.99 && row[3] > 0.99 && row[4] < 0.01, "{row:?}");
    let npy = stage.path("frames.npy");
    stage.ok(&["frames"], &["-o", &npy]);
    let bytes = fs::read(npy).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..128]).contains("'shape': (1050, 5)"));
}

/// The scores of either pack stand beside those of the other: readers take both headers.
#[test]
fn an_evaluation_knows_that_singing_is_music() {
    let stage = Stage::new();
    let truth: String = PARTS
        .iter()
        .map(|(label, _)| format!("{},{},{label}\n", span(label).0, span(label).1))
        .fold("start,end,label\n".to_owned(), |text, row| text + &row);
    fs::write(stage.folder.path().join("song.csv"), truth).unwrap();
    let (song, three) = (stage.song.to_str().unwrap(), stage.three.to_str().unwrap());
    ok(["frames", song, "--pack", three, "-o", &stage.path("three.csv")]);
    let json = stage.path("figures.json");
    let peer = format!("three={}", stage.path("three.csv"));
    let text = stage.ok(&["eval", "activity"], &["--peer", &peer, "--collar-ms", "60", "-o", &json]);
    let figures: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    for label in LABELS {
        let f1 = figures.pointer(&format!("/labels/{label}/systems/0/all/rates/f1")).unwrap();
        assert_eq!(f1.as_f64(), Some(1.0), "{label}: {text}");
    }
    let base = |label: &str| {
        figures
            .pointer(&format!("/labels/{label}/systems/0/all/baselines/base_rate"))
            .unwrap()
            .as_f64()
            .unwrap()
    };
    assert!(base("music") > base("singing") + 0.1, "the truth says singing, which is music too");
    let systems = |label: &str| figures["labels"][label]["systems"].as_array().unwrap().len();
    assert_eq!((systems("music"), systems("singing")), (2, 1), "the peer has no column for singing");

    // A pack without the label: what is sung counts as music, and nothing is said to be left out.
    let tones = stage.path("four.csv");
    stage.ok(&["frames"], &["-o", &tones]);
    let peer = format!("four={tones}");
    let args = ["eval", "activity", song, "--pack", three, "--peer", &peer, "--collar-ms", "60", "-o", &json];
    let output = run(args);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    let figures: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert!(figures["labels"]["singing"].is_null());
    for system in 0..2 {
        let f1 = figures.pointer(&format!("/labels/music/systems/{system}/all/rates/f1")).unwrap();
        assert_eq!(f1.as_f64(), Some(1.0), "what is sung is music");
    }
}

#[test]
fn a_gate_keeps_voices_and_not_what_only_plays() {
    let stage = Stage::new();
    let loudness = |file: &str, label: &Label| {
        let samples: Vec<f32> =
            hound::WavReader::open(file).unwrap().samples::<f32>().map(Result::unwrap).collect();
        let (_, end) = span(label);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
        let at = |seconds: f64| (seconds * f64::from(RATE_HZ)) as usize;
        // The last second of each part: before it the gate of the part before may still be closing.
        samples[at(end - 0.9)..at(end - 0.1)].iter().map(|sample| sample.abs()).fold(0.0_f32, f32::max)
    };
    let out = stage.path("out.wav");
    let rendered = |args: &[&str]| {
        stage.ok(&["render"], &[args, &["-o", &out]].concat());
        LABELS.map(|label| loudness(&out, &label) > 0.2)
    };
    let quick = ["--action", "mute", "--release-ms", "20", "--hold-ms", "0", "--pre-roll-ms", "0"];
    let live = ["--live", "--action", "mute", "--release-ms", "20", "--hold-ms", "0"];
    for flags in [&quick[..], &live[..]] {
        let with = |keep: &str| rendered(&[flags, &["--keep", keep]].concat());
        assert_eq!(with("speech,singing"), [true, true, false, false]);
        assert_eq!(with("singing"), [false, true, false, false]);
        assert_eq!(with("music"), [false, true, true, false], "singing is music too");
        assert_eq!(with("speech"), [true, false, false, false]);
    }
    assert_eq!(
        rendered(&["--preset", "vocals", "--range-db", "60", "--release-ms", "20"]),
        [true, true, false, false]
    );
}

#[test]
fn a_pack_without_the_label_says_what_becomes_of_it() {
    let stage = Stage::new();
    let (song, three) = (stage.song.to_str().unwrap(), stage.three.to_str().unwrap());
    let rendered = |keep: &str, name: &str, said: &str| {
        let out = stage.path(name);
        let output = run(["render", song, "--pack", three, "--keep", keep, "-o", &out]);
        assert_eq!((code(&output), stderr(&output).trim_end()), (0, said));
        fs::read(out).unwrap()
    };
    let warning = "warning: pack tones does not tell singing from music: all music counts";
    let by_voice = rendered("speech,singing", "voice.wav", warning);
    assert!(by_voice == rendered("speech,music", "music.wav", ""), "all music passes");

    let output = run(["tag", song, "--pack", three, "--threshold", "singing=0.5"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("it has speech, music, noise"), "{}", stderr(&output));
    let csv = ok(["frames", song, "--pack", three]);
    assert_eq!(csv.lines().next(), Some("time,speech,music,noise,level_dbfs"));
    let one: Vec<String> =
        rows(&ok(["tag", song, "--pack", three, "--exclusive"])).into_iter().map(|row| row.label).collect();
    assert_eq!(one.iter().filter(|label| *label == "music").count(), 2, "{one:?}");
    assert!(!one.contains(&"singing".to_owned()));
    let missing = PathBuf::from(stage.path("x.wav"));
    let output =
        run(["render", song, "--pack", three, "--keep", "birdsong", "-o", missing.to_str().unwrap()]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(!missing.exists());
}
