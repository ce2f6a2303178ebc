//! The small commands: mix, features, models, bench, docs.

use std::fs;
use std::path::Path;

use crate::support::{earmark, noise, ok, programme, run, workspace, write_wav};

/// Shape and values of a float32 `.npy` file.
fn npy(path: &Path) -> (usize, usize, Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = std::str::from_utf8(&bytes[10..10 + header]).unwrap();
    let shape = text.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let mut numbers = shape.split(',').map(|n| n.trim().parse().unwrap());
    let values =
        bytes[10 + header..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (numbers.next().unwrap(), numbers.next().unwrap(), values)
}

#[test]
fn mix_gives_the_ratio_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let speech: Vec<f32> = noise(30_000, 1)
        .iter()
        .enumerate()
        .map(|(i, x)| if i % 9_000 < 6_000 { 0.3 * x } else { 0.0 })
        .collect();
    write_wav(&file("speech.wav"), 16_000, 1, &speech);
    write_wav(&file("noise.wav"), 48_000, 2, &noise(20_000, 2));
    for snr_db in [-10.0, 0.0, 7.5, 40.0] {
        let out = file("mix.wav");
        ok([
            "mix",
            file("speech.wav").to_str().unwrap(),
            file("noise.wav").to_str().unwrap(),
            "--snr",
            &snr_db.to_string(),
            "-o",
            out.to_str().unwrap(),
        ]);
        let mixed: Vec<f64> =
            hound::WavReader::open(&out).unwrap().samples::<f32>().map(|s| f64::from(s.unwrap())).collect();
        assert_eq!(mixed.len(), speech.len());
        // Where the speech pauses only the noise is heard; from it the scale of the whole follows.
        let power = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>();
        let scale = {
            // Least squares of the speech in the mixture: noise and speech are independent.
            let dot: f64 = mixed.iter().zip(&speech).map(|(m, s)| m * f64::from(*s)).sum();
            dot / power(&mut speech.iter().map(|s| f64::from(*s)))
        };
        let rest = power(&mut mixed.iter().zip(&speech).map(|(m, s)| m - scale * f64::from(*s)));
        let kept = scale * scale * power(&mut speech.iter().map(|s| f64::from(*s)));
        let measured = 10.0 * (kept / rest).log10();
        // The estimate of the scale itself is off by the chance likeness of the two; at low ratios that shows.
        let tolerance = if snr_db < 5.0 { 0.4 } else { 0.1 };
        assert!((measured - snr_db).abs() < tolerance, "asked for {snr_db} dB, measured {measured}");
    }
}

#[test]
fn features_are_those_of_the_preset() {
    let dir = tempfile::tempdir().unwrap();
    let tone = dir.path().join("tone.wav");
    let samples: Vec<f32> = (0..22_050_u16).map(|i| (f32::from(i) * 0.1).sin() * 0.5).collect();
    write_wav(&tone, 22_050, 1, &samples);
    // One second of each front end, as the reference systems feed their networks.
    for (preset, frames, values) in [
        ("earmark", 100, 64),
        ("s0", 100, 40),
        ("s1", 97, 32),
        ("s2", 157, 39),
        ("s3", 300, 40),
        ("s4", 101, 64),
    ] {
        let out = dir.path().join(format!("{preset}.npy"));
        ok(["features", tone.to_str().unwrap(), "--spec", preset, "-o", out.to_str().unwrap()]);
        let (rows, columns, numbers) = npy(&out);
        assert_eq!((rows, columns), (frames, values), "{preset}");
        assert!(numbers.iter().all(|v| v.is_finite()));
    }
}

#[test]
fn models_names_hash_and_card() {
    let listed = ok(["models"]);
    for pack in ["live", "studio", "swift"] {
        let manifest =
            fs::read_to_string(workspace().join(format!("models/packs/{pack}/pack.json"))).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert!(listed.contains(manifest["model"]["sha256"].as_str().unwrap()), "{listed}");
        let card = ok(["models", pack, "--card"]);
        assert!(card.contains("Limits") || card.contains("limits"), "{card}");
    }
}

/// What an update would take away can be kept, and be heard with from where it lies.
#[test]
fn packs_are_kept_in_the_users_folder() {
    let home = tempfile::tempdir().unwrap();
    let keep = || {
        let kept = earmark(["models", "--keep", "live", "voice"]).env("XDG_DATA_HOME", home.path()).output();
        String::from_utf8(kept.unwrap().stdout).unwrap()
    };
    let told = keep();
    let folders: Vec<&str> = told.lines().collect();
    assert_eq!(folders.len(), 2, "{told}");
    assert!(folders.iter().all(|folder| Path::new(folder).starts_with(home.path().join("earmark/packs"))));
    assert_eq!(keep(), told, "a second time there is nothing to do");
    assert_eq!(fs::read_dir(home.path().join("earmark/packs")).unwrap().count(), 2);
    let tag = |pack: &str| ok(["tag", programme().to_str().unwrap(), "--pack", pack]);
    assert_eq!(tag(folders[0]), tag("live"));
    // With its drive on Windows: without one it counts as unset.
    let file = std::path::absolute(programme()).unwrap();
    let nowhere = earmark(["models", "--keep"]).env("XDG_DATA_HOME", file).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    let said = String::from_utf8(nowhere.stderr).unwrap();
    assert!(said.contains("programme.flac"), "{said}");
}

#[test]
fn bench_reports_every_stage() {
    let text = ok(["bench", programme().to_str().unwrap(), "--jobs", "2"]);
    for stage in [
        "decode",
        "level",
        "resample",
        "features",
        "hear, as a file",
        "hear, live",
        "2 files at once",
        "p99.9",
    ] {
        assert!(text.contains(stage), "{stage} in {text}");
    }
}

#[test]
fn frames_as_csv_and_npy_agree() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("frames.npy");
    ok(["frames", programme().to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let csv = ok(["frames", programme().to_str().unwrap()]);
    let (rows, columns, values) = npy(&out);
    let header = csv.lines().next().unwrap();
    assert_eq!(header, "time,speech,singing,music,noise,level_dbfs");
    assert_eq!((rows, columns), (csv.lines().count() - 1, 5));
    let last: Vec<f64> = csv.lines().last().unwrap().split(',').skip(1).map(|v| v.parse().unwrap()).collect();
    for (written, value) in last.iter().zip(&values[values.len() - 5..]) {
        assert!((written - f64::from(*value)).abs() < 1e-3);
    }
}

#[test]
fn the_manual_and_the_completions_come_from_the_flags() {
    assert!(ok(["docs", "man"]).contains("earmark"));
    assert!(ok(["docs", "bash"]).contains("tag"));
    assert_eq!(run(["docs", "klingon"]).status.code(), Some(2));
}
