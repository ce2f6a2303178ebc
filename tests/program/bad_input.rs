//! Bad input gets a sentence with the file's name and a non-zero exit; the other files are done and nothing half-written
//! stays.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::{code, earmark, listing, noise, ok, programme, run, stderr, workspace, write_wav};

fn path(p: &Path) -> &str {
    p.to_str().expect("a test's path is text")
}

/// Tags `bad` together with a good file into a folder: exit 1, `bad` named, the good one done, nothing else there.
fn refused_beside_a_good_file(bad: &Path) -> String {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good.wav");
    write_wav(&good, 16_000, 1, &noise(16_000, 1));
    let out = dir.path().join("out");
    let output = run(["tag", path(bad), path(&good), "-o", path(&out), "--format", "csv"]);
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains(path(bad)), "the file is named: {said}");
    assert_eq!(listing(&out), ["good.csv"], "{said}");
    said
}

#[test]
fn empty_text_and_zero_channel_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.wav");
    fs::write(&empty, b"").unwrap();
    refused_beside_a_good_file(&empty);

    let text = dir.path().join("text.wav");
    fs::write(&text, "this is not audio at all, only a text that was given the wrong ending\n".repeat(20))
        .unwrap();
    refused_beside_a_good_file(&text);

    let channels = dir.path().join("channels.wav");
    write_wav(&channels, 16_000, 1, &noise(1_000, 2));
    let mut bytes = fs::read(&channels).unwrap();
    let fmt = bytes.windows(4).position(|w| w == b"fmt ").unwrap();
    bytes[fmt + 10..fmt + 12].copy_from_slice(&[0, 0]);
    fs::write(&channels, bytes).unwrap();
    refused_beside_a_good_file(&channels);
}

#[test]
fn a_truncated_flac_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.flac");
    let bytes = fs::read(programme()).unwrap();
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    refused_beside_a_good_file(&cut);
}

#[test]
fn nan_samples_are_refused_with_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let nan = dir.path().join("nan.wav");
    let mut samples = noise(48_000, 3);
    samples[32_000] = f32::NAN;
    write_wav(&nan, 16_000, 1, &samples);
    let said = refused_beside_a_good_file(&nan);
    assert!(said.contains("2.0"), "the place is said: {said}");
}

#[test]
fn a_missing_file_and_a_missing_folder_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    refused_beside_a_good_file(&dir.path().join("nowhere.wav"));
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_named_and_the_rest_is_done() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything; then there is nothing to test.
    if fs::read_dir(&closed).is_err() {
        refused_beside_a_good_file(&closed);
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let output = earmark(["frames", path(&programme())])
        .stdout(Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap()))
        .output()
        .unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));

    // A folder that cannot be written to, for everyone: /proc takes no files.
    let output = run(["tag", path(&programme()), "-o", "/proc/labels.txt"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("/proc/labels.txt"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_is_2_and_writes_nothing() {
    let programme = programme();
    let wrong: &[&[&str]] = &[
        &["tag"],
        &["tag", path(&programme), "--format", "nonsense"],
        &["tag", path(&programme), "--threshold", "speech=1.5"],
        &["tag", path(&programme), "--threshold", "nobody=0.5"],
        &["frames", path(&programme), "--device", "abacus"],
        &["features", path(&programme), "--spec", "no-such-preset", "-o", "x.npy"],
    ];
    for args in wrong {
        let output = run(args.iter());
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn errors_can_be_json() {
    let output = run(["tag", "--json", "nowhere.wav"]);
    let line = stderr(&output);
    let parsed: serde_json::Value = serde_json::from_str(line.trim()).expect("one JSON object per line");
    assert!(parsed["message"].as_str().unwrap().contains("nowhere.wav"));
}

/// A copy of the shipped live pack that a test may damage.
fn pack_copy(dir: &Path) -> std::path::PathBuf {
    let copy = dir.join("pack");
    fs::create_dir(&copy).unwrap();
    let from = workspace().join("models/packs/live");
    for name in ["pack.json", "model.onnx", "CARD.md"] {
        fs::copy(from.join(name), copy.join(name)).unwrap();
    }
    copy
}

#[test]
fn a_pack_from_a_folder_gives_the_same_as_the_embedded_one() {
    let dir = tempfile::tempdir().unwrap();
    let copy = pack_copy(dir.path());
    let embedded = ok(["tag", path(&programme()), "--pack", "live"]);
    assert_eq!(ok(["tag", path(&programme()), "--pack", path(&copy)]), embedded);
}

#[test]
fn a_wrong_hash_and_a_wrong_shape_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let copy = pack_copy(dir.path());
    let manifest = fs::read_to_string(copy.join("pack.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let refused = |json: &serde_json::Value, word: &str| {
        fs::write(copy.join("pack.json"), json.to_string()).unwrap();
        let output = run(["tag", path(&programme()), "--pack", path(&copy)]);
        let said = stderr(&output);
        assert_eq!(code(&output), 1, "{said}");
        assert!(said.contains(path(&copy)) && said.contains(word), "{said}");
        assert!(output.stdout.is_empty());
    };

    let right = json["model"]["sha256"].clone();
    json["model"]["sha256"] = "0".repeat(64).into();
    refused(&json, "sha256");
    json["model"]["sha256"] = right;

    let shape = json["states"][0]["shape"].clone();
    json["states"][0]["shape"] = serde_json::json!([1, 7]);
    refused(&json, "shape");
    json["states"][0]["shape"] = shape;

    json["output"] = "no-such-output".into();
    refused(&json, "no-such-output");

    json["labels"] = serde_json::json!(["speech", "music"]);
    json["surprise"] = 1.into();
    refused(&json, "surprise");

    fs::write(copy.join("pack.json"), &manifest).unwrap();
    fs::write(copy.join("model.onnx"), b"not a network").unwrap();
    refused(&serde_json::from_str(&manifest).unwrap(), "sha256");
}
