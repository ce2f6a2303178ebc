//! `earmark noise`, `earmark eval noise` and `earmark render --adaptive`, on the shipped programme and on what is synthesised
//! here.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::required::required;
use crate::support::{code, noise, ok, programme, run, stderr, write_wav};

const RATE_HZ: u32 = 16_000;

/// The clear speech of the shipped programme (its first sentence, 1.0 to 8.1 s), as often as fills `seconds`.
fn speech(seconds: usize) -> Vec<f32> {
    let rate = usize::try_from(RATE_HZ).unwrap();
    let whole = earmark_core::audio::read_mono(&programme(), RATE_HZ).unwrap();
    let sentence = &whole[rate..rate * 81 / 10];
    sentence.iter().copied().cycle().take(seconds * rate).collect()
}

/// Hiss of a given rms from `from_s` on.
fn add_hiss(samples: &mut [f32], rms: f32, from_s: usize) {
    let hiss = noise(samples.len(), 77);
    let from = from_s * usize::try_from(RATE_HZ).unwrap();
    // Uniform noise of ±1 has an rms of 1/√3.
    samples[from..].iter_mut().zip(&hiss).for_each(|(s, h)| *s += h * rms * 3.0_f32.sqrt());
}

fn rms(samples: &[f32]) -> f32 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a test signal")]
    let rms = (sum / samples.len() as f64).sqrt() as f32;
    rms
}

fn wav(dir: &Path, name: &str, samples: &[f32]) -> PathBuf {
    let path = dir.join(name);
    write_wav(&path, RATE_HZ, 1, samples);
    path
}

fn json(args: &[&str]) -> Vec<Value> {
    serde_json::from_str(&ok(["noise", "--format", "json"].iter().chain(args))).unwrap()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn noisy_takes_come_first_with_their_ratio_and_floor() {
    let dir = tempfile::tempdir().unwrap();
    let clean = speech(10);
    wav(dir.path(), "a-clean.wav", &clean);
    for (name, snr_db) in [("b-15.wav", 15.0_f32), ("c-5.wav", 5.0)] {
        let mut samples = clean.clone();
        add_hiss(&mut samples, rms(&clean) * 10.0_f32.powf(-snr_db / 20.0), 0);
        wav(dir.path(), name, &samples);
    }
    let plot = dir.path().join("plot.svg");
    let found = json(&[dir.path().to_str().unwrap(), "--plot", plot.to_str().unwrap()]);
    let order: Vec<&str> =
        found.iter().map(|f| f["file"].as_str().unwrap().rsplit(['/', '\\']).next().unwrap()).collect();
    assert_eq!(order, ["c-5.wav", "b-15.wav", "a-clean.wav"], "{found:#?}");
    for (row, snr_db) in found.iter().zip([5.0, 15.0]) {
        assert!((number(row, "snr_db") - snr_db).abs() < 8.0, "{row}");
        let floor = 20.0 * f64::from(rms(&clean)).log10() - snr_db;
        assert!((number(row, "floor_dbfs") - floor).abs() < 8.0, "{floor}: {row}");
        assert_eq!(row["noisy"], true);
    }
    assert_eq!(found[2]["noisy"], false, "{found:#?}");
    assert!(number(&found[1], "snr_db") > number(&found[0], "snr_db") + 5.0, "{found:#?}");
    assert!(number(&found[2], "snr_db") > number(&found[1], "snr_db") + 5.0, "{found:#?}");
    assert!(fs::read_to_string(plot).unwrap().contains("3 recordings"));

    let table = ok(["noise", dir.path().to_str().unwrap()]);
    assert_eq!(table.lines().count(), 4, "{table}");
    let csv = ok(["noise", dir.path().to_str().unwrap(), "--format", "csv"]);
    assert!(csv.starts_with("file,duration,noisy,probability,snr_db,floor_dbfs,kind\n"), "{csv}");
}

#[test]
fn twelve_db_up_or_down_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut samples: Vec<f32> = speech(8).iter().map(|s| s * 0.25).collect();
    let level = rms(&samples) * 0.06;
    add_hiss(&mut samples, level, 0);
    let p: Vec<f64> = [0.25_f32, 1.0, 4.0]
        .iter()
        .map(|gain| {
            let changed: Vec<f32> = samples.iter().map(|s| s * gain).collect();
            let path = wav(dir.path(), "x.wav", &changed);
            number(&json(&[path.to_str().unwrap()])[0], "probability")
        })
        .collect();
    assert!(p.iter().all(|other| (other - p[1]).abs() <= 0.1), "{p:?}");
}

#[test]
fn a_fan_that_starts_at_ten_seconds_flips_the_timeline_there_and_never_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut samples = speech(20);
    let quiet = wav(dir.path(), "quiet.wav", &samples);
    let level = rms(&samples) * 10.0_f32.powf(-8.0 / 20.0);
    add_hiss(&mut samples, level, 10);
    let fan = wav(dir.path(), "fan.wav", &samples);
    let windows =
        |path: &Path| json(&["--timeline", path.to_str().unwrap()])[0]["windows"].as_array().unwrap().clone();
    let (before, after) = (windows(&quiet), windows(&fan));
    assert_eq!(after.len(), 20);
    let first = after.iter().position(|w| w["noisy"] == true).expect("the fan is heard");
    assert!((10..=11).contains(&first), "{first}: {after:#?}");
    assert!(after[first..].iter().all(|w| w["noisy"] == true), "{after:#?}");
    // Nothing looks ahead: until a window before the fan every digit is the same.
    assert_eq!(before[..9], after[..9]);
    let rows = ok(["noise", "--timeline", "--format", "csv", fan.to_str().unwrap()]);
    assert_eq!(rows.lines().count(), 21, "{rows}");
}

#[test]
fn silence_is_clean_and_pure_noise_is_noisy() {
    let dir = tempfile::tempdir().unwrap();
    let silence = wav(dir.path(), "silence.wav", &vec![0.0; 64_000]);
    let mut hiss = vec![0.0; 64_000];
    add_hiss(&mut hiss, 0.05, 0);
    let hiss = wav(dir.path(), "hiss.wav", &hiss);
    let short = wav(dir.path(), "short.wav", &vec![0.0; 100]);
    let of = |path: &Path| json(&[path.to_str().unwrap()]).remove(0);
    assert_eq!((&of(&silence)["noisy"], &of(&silence)["snr_db"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(of(&hiss)["noisy"], true);
    assert_eq!(of(&short)["noisy"], false);
    let nothing = wav(dir.path(), "nothing.wav", &[]);
    let output = run(["noise", nothing.to_str().unwrap(), hiss.to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("nothing.wav")
            && String::from_utf8_lossy(&output.stdout).contains("hiss.wav")
    );
}

/// As in `runtime.rs`: `cargo xtask check` names the library.
#[test]
fn the_embedded_runtime_agrees_with_onnx_runtime() {
    let Some(library) = required("EARMARK_TEST_ONNXRUNTIME") else { return };
    let file = programme();
    let args = ["--timeline", file.to_str().unwrap()];
    let embedded = json(&args);
    let other = json(&[args[0], args[1], "--runtime", library.to_str().unwrap()]);
    let windows = |found: &[Value]| found[0]["windows"].as_array().unwrap().clone();
    for (a, b) in windows(&embedded).iter().zip(&windows(&other)) {
        assert!((number(a, "probability") - number(b, "probability")).abs() <= 1e-4, "{a} {b}");
        assert!((number(a, "floor_dbfs") - number(b, "floor_dbfs")).abs() <= 0.05, "{a} {b}");
    }
}

#[test]
fn packs_of_another_task_are_refused_with_the_reason() {
    let file = programme();
    let file = file.to_str().unwrap();
    let output = run(["noise", "--pack", "studio", file]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("\"activity\"") && stderr(&output).contains("\"noise\""),
        "{}",
        stderr(&output)
    );
    let output = run(["tag", "--pack", "noise", file]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("task"), "{}", stderr(&output));
    assert_eq!(code(&run(["noise", file, "--plot", "x.gif"])), 2);
    assert_eq!(code(&run(["noise", file, "--threshold", "2"])), 2);
}

#[test]
fn an_evaluation_has_its_base_rate_and_shows_its_shortcuts() {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = "file,snr_db,room\n".to_owned();
    for k in 0..4_usize {
        let clean: Vec<f32> = speech(6)[k * 8_000..].to_vec();
        wav(dir.path(), &format!("clean-{k}.wav"), &clean);
        let mut samples = clean.clone();
        add_hiss(&mut samples, rms(&clean) * 10.0_f32.powf(-10.0 / 20.0), 0);
        wav(dir.path(), &format!("noisy-{k}.wav"), &samples);
        manifest += &format!("clean-{k}.wav,,{}\nnoisy-{k}.wav,10,yes\n", if k == 0 { "no" } else { "yes" });
    }
    fs::write(dir.path().join("manifest.csv"), manifest).unwrap();
    let out = dir.path().join("metrics.json");
    let text = ok([
        "eval",
        "noise",
        dir.path().to_str().unwrap(),
        "--gain-db",
        "-12,12",
        "-o",
        out.to_str().unwrap(),
    ]);
    let all: Value = serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap();
    let figures = &all["figures"];
    assert!((number(figures, "base_rate") - 0.5).abs() < 1e-9);
    assert!(number(figures, "roc_auc") > 0.9, "{text}");
    // The set gives itself away: hiss fills the pauses.
    let lowest = &figures["shortcuts"][0];
    assert!(number(lowest, "balanced_accuracy") > 0.9, "{text}");
    let duration = &figures["shortcuts"][3];
    assert!(
        (number(duration, "balanced_accuracy") - 0.5).abs() < 1e-9,
        "clean and noisy are equally long: {text}"
    );
    let room = figures["groups"]["room"].as_array().unwrap();
    assert_eq!((room[0]["clean"].as_u64(), room[1]["clean"].as_u64()), (Some(1), Some(3)));
    assert!(number(&all["gain"], "largest_change") <= 0.1, "{text}");
    assert_eq!(code(&run(["eval", "noise", "/nonexistent"])), 2);
}

/// With its seconds asked for, one recording is drawn over time: the later half is tinted, and has the lower ratio.
#[test]
fn the_noise_of_one_recording_is_drawn_over_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut samples = speech(16);
    let level = rms(&samples);
    add_hiss(&mut samples, level * 10.0_f32.powf(-5.0 / 20.0), 8);
    let input = wav(dir.path(), "half.wav", &samples);
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let drawn = |flags: &[&str]| {
        ok(["noise", input.to_str().unwrap()].iter().copied().chain(flags.iter().copied()));
        fs::read_to_string(at("n.svg")).unwrap()
    };
    let over_time = drawn(&["--timeline", "--plot", &at("n.svg")]);
    assert!(over_time.contains("over noise") && over_time.contains("16.0 s"), "{over_time}");
    let tinted = over_time.lines().find(|line| line.contains("fill-opacity")).expect("noisy seconds");
    let left: f64 =
        tinted.split("x=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().parse().unwrap();
    assert!((400.0..900.0).contains(&left), "begins in the middle: {tinted}");
    assert!(drawn(&["--plot", &at("n.svg")]).contains("recordings by estimated"), "without it a histogram");
    ok(["noise", input.to_str().unwrap(), "--timeline", "--plot", &at("n.png")]);
    assert!(fs::read(at("n.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn an_adaptive_gate_is_shallow_in_quiet_and_deep_in_noise() {
    let dir = tempfile::tempdir().unwrap();
    let rate = usize::try_from(RATE_HZ).unwrap();
    // Five seconds of speech, three of pause, five of speech; a faint floor, then a loud one.
    let pause = |hiss_db: f32, live: bool| {
        let mut samples = speech(13);
        let voice = rms(&samples);
        samples[5 * rate..8 * rate].fill(0.0);
        add_hiss(&mut samples, voice * 10.0_f32.powf(hiss_db / 20.0), 0);
        let input = wav(dir.path(), "in.wav", &samples);
        let output = dir.path().join("out.wav");
        let mut args = vec![
            "render",
            input.to_str().unwrap(),
            "-o",
            output.to_str().unwrap(),
            "--adaptive",
            "--range-db",
            "40",
        ];
        if live {
            args.push("--live");
        }
        ok(args);
        let rendered = earmark_core::audio::read_mono(&output, RATE_HZ).unwrap();
        assert_eq!(rendered.len(), samples.len());
        let part = 13 * rate / 2..15 * rate / 2;
        20.0 * (rms(&samples[part.clone()]) / rms(&rendered[part])).log10()
    };
    for live in [false, true] {
        let (quiet, noisy) = (pause(-42.0, live), pause(-12.0, live));
        assert!(quiet < noisy - 8.0, "live {live}: {quiet} dB in quiet, {noisy} dB in noise");
        assert!(noisy <= 40.5 && quiet >= -0.1, "live {live}: {quiet}, {noisy}");
    }
}
