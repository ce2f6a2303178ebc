//! `earmark eval activity`: figures of the shipped programme, trivial baselines, missing and malformed labels.

use std::fs;
use std::path::Path;

use crate::support::{code, ok, programme, run, stderr, workspace};

fn path(p: &Path) -> &str {
    p.to_str().expect("a test's path is text")
}

/// Evaluates into a JSON file and reads it.
fn figures(args: &[&str]) -> (String, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("metrics.json");
    let text = ok(["eval", "activity"].iter().chain(args).copied().chain(["-o", path(&file)]));
    (text, serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
}

fn number(json: &serde_json::Value, pointer: &str) -> f64 {
    json.pointer(pointer).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {json}"))
}

#[test]
fn the_programme_has_its_base_rate_and_its_baselines() {
    let (text, json) = figures(&[path(&programme()), "--label", "speech", "--gain-db", "-20,0"]);
    // The truth: 714 + 572 + 515 + 376 frames of speech; all borders lie on the grid.
    let all = "/labels/speech/systems/0/all";
    let frames = number(&json, &format!("{all}/frames"));
    let hits = number(&json, &format!("{all}/counts/hits")) + number(&json, &format!("{all}/counts/misses"));
    assert!((hits - 2_177.0).abs() < 1e-9, "{hits}");
    assert!((number(&json, "/duration_s") * 100.0 - frames).abs() < 1.0);
    let base = 2_177.0 / frames;
    let close = |pointer: &str, value: f64| {
        let found = number(&json, &format!("{all}/baselines/{pointer}"));
        assert!((found - value).abs() < 1e-9, "{pointer} {found}, not {value}");
    };
    close("base_rate", base);
    close("all_one_accuracy", base);
    close("all_one_f1", 2.0 * base / (1.0 + base));
    close("all_zero_accuracy", 1.0 - base);
    assert!(
        text.contains(&format!("base rate {base:.3}; calling every frame: accuracy {base:.3}")),
        "{text}"
    );
    // Synthesised speech over music and noise: no pack that works scores at random.
    assert!(number(&json, &format!("{all}/roc_auc")) > 0.7, "{text}");
    // 1.000, 18.640, 36.360 and 47.010 s all follow more than 150 ms without speech.
    assert!((number(&json, &format!("{all}/onsets/count")) - 4.0).abs() < 1e-9);
    assert!((number(&json, &format!("{all}/silences/count")) - 3.0).abs() < 1e-9);
    assert!((number(&json, "/labels/speech/gains/0/gain_db") + 20.0).abs() < 1e-9);
    assert_eq!(json["labels"].as_object().unwrap().len(), 1);
    assert!(json["pack"]["sha256"].as_str().unwrap().len() == 64 && json["command"].is_array());
}

#[test]
fn decided_segments_are_judged_as_compare_judges_them() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (text, json) = figures(&[path(&programme()), "--segment-collar-ms", "150"]);
    assert!(text.contains("segments ± 150 ms"), "{text}");
    ok(["tag", path(&programme()), "-o", &at("heard.csv")]);
    let truth = programme().with_file_name("programme.truth.csv");
    ok(["compare", path(&truth), &at("heard.csv"), "--collar-ms", "150", "-o", &at("compared.json")]);
    let compared = fs::read_to_string(at("compared.json")).unwrap();
    let compared: serde_json::Value = serde_json::from_str(&compared).unwrap();
    for label in ["speech", "music", "noise"] {
        let by_compare =
            compared["labels"].as_array().unwrap().iter().find(|of| of["label"] == label).unwrap();
        assert_eq!(json["labels"][label]["segments"]["segments"], by_compare["segments"], "{label}");
        let count = |of: &serde_json::Value| of["starts"]["count"].as_u64().unwrap();
        assert!(
            count(by_compare) > 0 && count(&json["labels"][label]["segments"]) == count(by_compare),
            "{label}"
        );
    }
    // One long stretch of music with plain borders; of four of speech some borders are missed.
    assert_eq!(json["labels"]["music"]["segments"]["segments"]["matched"], 1, "{text}");
    assert!(number(&json, "/labels/speech/segments/segments/only_first") > 0.0, "{text}");
}

#[test]
fn all_labels_of_the_truth_are_scored_and_a_collar_leaves_frames_out() {
    let (text, json) = figures(&[path(&programme()), "--collar-ms", "100"]);
    for label in ["SPEECH", "MUSIC", "NOISE"] {
        assert!(text.contains(label), "{text}");
    }
    // Eight borders of speech, none near another or an end: ten frames on each side.
    assert!((number(&json, "/labels/speech/systems/0/all/ignored_frames") - 160.0).abs() < 1e-9);
}

#[test]
fn peers_and_groups_stand_beside_the_pack() {
    let dir = tempfile::tempdir().unwrap();
    for group in ["studio", "street"] {
        fs::create_dir_all(dir.path().join("data").join(group)).unwrap();
        for name in ["programme.flac", "programme.truth.csv"] {
            fs::copy(workspace().join("examples").join(name), dir.path().join("data").join(group).join(name))
                .unwrap();
        }
    }
    // A peer that always says yes reaches exactly the baselines of calling every frame.
    let scores = dir.path().join("scores");
    let rows: String = (0..10_000).map(|k| format!("{}.{:02},1\n", k / 100, k % 100)).collect();
    for group in ["studio", "street"] {
        fs::create_dir_all(scores.join(group)).unwrap();
        fs::write(scores.join(group).join("programme.csv"), format!("time,score\n{rows}")).unwrap();
    }
    let peer = format!("yes={}", scores.display());
    let (text, json) = figures(&[path(&dir.path().join("data")), "--peer", &peer]);
    let all = "/labels/speech/systems/1/all";
    assert_eq!(json.pointer("/labels/speech/systems/1/name").unwrap(), "yes");
    assert!((number(&json, &format!("{all}/roc_auc")) - 0.5).abs() < 1e-12);
    let f1 = number(&json, &format!("{all}/rates/f1"));
    assert!((f1 - number(&json, &format!("{all}/baselines/all_one_f1"))).abs() < 1e-12);
    assert!(text.contains("street · yes") && text.contains("studio · yes"), "{text}");
    assert!(json.pointer("/labels/speech/systems/0/groups/folder/street/frames").is_some());
    assert_eq!(
        json.pointer("/labels/music/systems").unwrap().as_array().unwrap().len(),
        1,
        "the peer hears speech only"
    );
}

#[test]
fn missing_and_malformed_labels_are_named_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["good", "orphan", "bad", "other"] {
        fs::copy(programme(), dir.path().join(format!("{name}.flac"))).unwrap();
    }
    fs::copy(workspace().join("examples/programme.truth.csv"), dir.path().join("good.csv")).unwrap();
    fs::write(dir.path().join("bad.rttm"), "SPEAKER bad 1 soon 2.0 <NA> <NA> speech <NA> <NA>\n").unwrap();
    fs::write(dir.path().join("other.csv"), "start,end,label\n0,9999,speech\n").unwrap();
    let output = run(["eval", "activity", path(dir.path())]);
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    for name in ["orphan.flac", "bad.rttm", "other.flac"] {
        assert!(said.contains(name), "{name} is named: {said}");
    }
    assert!(!said.contains("good"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 recording,"), "the good one is scored");

    let output = run(["eval", "activity", path(&dir.path().join("orphan.flac"))]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("no label file") && output.stdout.is_empty());
}

#[test]
fn wrong_usage_has_exit_code_2() {
    for args in [["--label", "laughter"], ["--collar-ms", "-1"], ["--gain-db", "400"], ["--peer", "nameless"]]
    {
        let output = run(["eval", "activity", path(&programme())].iter().chain(&args));
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
    }
}
