//! `earmark render`: what comes out is what went in, turned down where nothing is kept.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::{code, earmark, listing, noise, ok, programme, rows, run, stderr};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// Samples as integers of the file's own bits.
fn integers(path: &Path) -> (hound::WavSpec, Vec<i32>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    (reader.spec(), reader.samples::<i32>().map(Result::unwrap).collect())
}

/// The programme as a 24-bit stereo file at 48 kHz: the right channel half as loud.
fn stereo_24(path: &Path) {
    use earmark_core::audio::read_mono;
    let mono = read_mono(&programme(), 48_000).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in mono {
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
        let left = (f64::from(sample) * 8_388_607.0).round() as i32;
        writer.write_sample(left).unwrap();
        writer.write_sample(left / 2).unwrap();
    }
    writer.finalize().unwrap();
}

#[test]
fn input_is_output_plus_removed_and_what_is_kept_is_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    stereo_24(&file("in.wav"));
    let (input, output, removed) = (file("in.wav"), file("out.wav"), file("removed.wav"));
    ok(["render", text(&input), "-o", text(&output), "--listen", text(&removed), "--no-dither"]);
    let (spec, before) = integers(&input);
    let (out_spec, after) = integers(&output);
    let (_, taken) = integers(&removed);
    assert_eq!((spec, before.len()), (out_spec, after.len()));
    for ((before, after), taken) in before.iter().zip(&after).zip(&taken) {
        assert!((before - after - taken).abs() <= 1, "{before} is not {after} + {taken}");
    }
    // In the clear speech the gate is open: bit for bit the input. Where only rain is heard it is closed.
    let frame = |seconds: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
        let frame = (seconds * 48_000.0) as usize;
        2 * frame
    };
    assert_eq!(before[frame(1.2)..frame(7.9)], after[frame(1.2)..frame(7.9)]);
    let rms = |samples: &[i32]| (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>()).sqrt();
    let rain = frame(32.5)..frame(35.5);
    let reduction_db = 20.0 * (rms(&after[rain.clone()]) / rms(&before[rain])).log10();
    assert!(reduction_db < -23.5, "rain alone is {reduction_db} dB down");
}

#[test]
fn the_same_input_gives_the_same_bytes_from_file_and_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(programme()).unwrap();
    let mut outputs = Vec::new();
    for name in ["a.wav", "b.wav"] {
        let out = dir.path().join(name);
        ok(["render", text(&programme()), "-o", text(&out)]);
        outputs.push(fs::read(out).unwrap());
    }
    let mut child =
        earmark(["render", "-", "-o", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &bytes));
    let piped = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(piped.status.success());
    outputs.push(piped.stdout);
    #[cfg(unix)]
    {
        // Read twice, though it is there once.
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let into = pipe.clone();
        let feeding = std::thread::spawn(move || fs::write(into, fs::read(programme())?));
        let output = dir.path().join("named-pipe.wav");
        ok(["render", text(&pipe), "-o", text(&output)]);
        feeding.join().unwrap().unwrap();
        outputs.push(fs::read(output).unwrap());
    }
    assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn folders_resume_and_jobs_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    for name in ["one.flac", "two.flac", "three.flac"] {
        fs::copy(programme(), input.join(name)).unwrap();
    }
    let out = dir.path().join("out");
    let summary = dir.path().join("summary.jsonl");
    ok(["render", text(&input), "-o", text(&out), "--jobs", "2", "--summary", text(&summary)]);
    assert_eq!(listing(&out), ["one.flac", "three.flac", "two.flac"]);
    assert_eq!(fs::read(out.join("one.flac")).unwrap(), fs::read(out.join("two.flac")).unwrap());
    let lines = fs::read_to_string(&summary).unwrap();
    for line in lines.lines() {
        let summary: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(summary["loudness_before"]["integrated_lufs"].as_f64().unwrap() < -10.0);
        assert!(summary["labels_s"]["speech"].as_f64().unwrap() > 10.0);
    }
    assert_eq!(lines.lines().count(), 3);
    fs::write(out.join("two.flac"), "kept").unwrap();
    fs::remove_file(out.join("one.flac")).unwrap();
    ok(["render", text(&input), "-o", text(&out), "--skip-existing"]);
    assert_eq!(fs::read(out.join("two.flac")).unwrap(), b"kept");
    assert!(out.join("one.flac").exists());
}

#[test]
fn cut_moves_labels_with_the_sound() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let args = ["--action", "cut", "--max-pause-ms", "400", "--bits", "16"];
    let (out, labels, list) = (file("cut.wav"), file("cut.csv"), file("cut.edl"));
    let mut all = vec!["render", "IN", "-o", text(&out), "--labels", text(&labels), "--list", text(&list)];
    let programme = programme();
    all[1] = text(&programme);
    all.extend(args);
    ok(all);
    let (spec, samples) = integers(&out);
    let length_s = f64::from(u32::try_from(samples.len()).unwrap()) / f64::from(spec.sample_rate);
    let whole_s = 52.004;
    assert!(length_s < 0.75 * whole_s, "{length_s} s of {whole_s} s are left");
    // Heard anew, the labels lie where the file of labels says, but for what the joins changed.
    let moved = fs::read_to_string(&labels).unwrap();
    let speech_s = |rows: &[(f64, f64)]| rows.iter().map(|(a, b)| b - a).sum::<f64>();
    let told: Vec<(f64, f64)> = moved
        .lines()
        .filter(|line| line.contains(",speech,"))
        .map(|line| {
            let columns: Vec<&str> = line.rsplit(',').collect();
            (columns[3].parse().unwrap(), columns[2].parse().unwrap())
        })
        .collect();
    let heard: Vec<(f64, f64)> = rows(&ok(["tag", text(&out)]))
        .iter()
        .filter(|r| r.label == "speech")
        .map(|r| (r.start_s, r.end_s))
        .collect();
    assert!((speech_s(&told) - speech_s(&heard)).abs() < 0.15 * speech_s(&told), "{told:?} {heard:?}");
    assert!(told.iter().all(|(_, end)| *end <= length_s + 0.001));
    let edl = fs::read_to_string(&list).unwrap();
    assert!(edl.starts_with("TITLE:") && edl.contains("001  AX"), "{edl}");
}

#[test]
fn files_open_early_and_live_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let render = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let input = programme();
        let mut args = vec!["render", text(&input), "-o", text(&out), "--no-dither"];
        args.extend(more);
        ok(args);
        integers(&out).1
    };
    // `--reach-ms` is the flag's older name.
    let bare = render("bare.wav", &["--pre-roll-ms", "0", "--onset-backtrack-ms", "0"]);
    let early = render("early.wav", &["--pre-roll-ms", "400", "--reach-ms", "0"]);
    let preset = render("preset.wav", &[]);
    let (_, whole) = integers_of_programme(dir.path());
    let untouched = |out: &[i32]| out.iter().zip(&whole).filter(|(a, b)| a == b).count();
    assert!(untouched(&bare) < untouched(&early), "a pre-roll keeps more");
    assert!(untouched(&bare) < untouched(&preset), "so does the preset");
    let input = programme();
    for flag in
        [&["--pre-roll-ms", "100"][..], &["--onset-backtrack-ms", "100"], &["--exclusive"], &["--no-refine"]]
    {
        let live = ["render", text(&input), "-o", "x.wav", "--live"];
        let refused = run([&live[..], flag].concat());
        assert_eq!(code(&refused), 2, "{flag:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(flag[0]), "{}", stderr(&refused));
    }
}

#[test]
fn thresholds_of_a_preset_and_of_flags_reach_the_gate_live_and_in_files() {
    let dir = tempfile::tempdir().unwrap();
    let preset = |name: &str, gate: &str| {
        let path = dir.path().join(name);
        fs::write(&path, format!(r#"{{"gate": {{"range_db": 24, "lookahead_ms": 20, {gate}}}}}"#)).unwrap();
        path
    };
    let (plain, strict, loud, confirm) = (
        preset("plain.json", r#""hold_ms": 200"#),
        preset("strict.json", r#""thresholds": {"speech": {"open": 1.0, "close": 1.0}}"#),
        preset("loud.json", r#""open_above_dbfs": -1"#),
        preset("confirm.json", r#""confirm": {"speech": 1.0}"#),
    );
    let (_, whole) = integers_of_programme(dir.path());
    let kept_percent = |more: &[&str]| {
        let (input, out) = (programme(), dir.path().join("out.wav"));
        let mut args = vec!["render", text(&input), "-o", text(&out), "--no-dither"];
        args.extend(more);
        ok(args);
        let same = integers(&out).1.iter().zip(&whole).filter(|(a, b)| a == b).count();
        100 * same / whole.len()
    };
    for live in [&[][..], &["--live"]] {
        let with = |more: &[&str]| kept_percent(&[live, more].concat());
        let heard = with(&["--preset", text(&plain)]);
        assert!(heard > 30, "{live:?}: {heard}");
        assert!(with(&["--preset", text(&strict)]) < 5, "{live:?}: the preset's thresholds");
        assert!(with(&["--preset", text(&plain), "--threshold", "speech=1"]) < 5, "{live:?}: the flag");
        let silent = ["--preset", text(&plain), "--silence-dbfs", "-1"];
        assert!(with(&silent) < 5, "{live:?}: all of it is silence");
        assert!(with(&["--preset", text(&loud)]) < 5, "{live:?}: nothing is as loud as the preset asks for");
        let both = ["--preset", text(&loud), "--silence-dbfs", "-70"];
        assert!(with(&both) < 5, "{live:?}: another silence level lowers nothing of it");
        let level = with(&["--preset", text(&plain), "--open-above-dbfs", "-20"]);
        assert!((5..heard).contains(&level), "{live:?}: the loud of it opens: {level} of {heard}");
    }
    assert!(kept_percent(&["--preset", text(&confirm)]) < 5, "in a file it must be confirmed");
}

/// The programme as a render that changes nothing gives it.
fn integers_of_programme(dir: &Path) -> (hound::WavSpec, Vec<i32>) {
    let out = dir.join("whole.wav");
    ok(["render", text(&programme()), "-o", text(&out), "--wet", "0", "--no-dither"]);
    integers(&out)
}

#[test]
fn metadata_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    let (input, out) = (dir.path().join("in.wav"), dir.path().join("out.wav"));
    stereo_24(&input);
    let mut bytes = fs::read(&input).unwrap();
    let info = b"LIST\x1a\0\0\0INFOINAM\x0e\0\0\0Evening news 7";
    bytes.extend_from_slice(info);
    let size = u32::try_from(bytes.len() - 8).unwrap();
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    fs::write(&input, bytes).unwrap();
    ok(["render", text(&input), "-o", text(&out)]);
    let rendered = fs::read(&out).unwrap();
    assert!(rendered.windows(14).any(|w| w == b"Evening news 7"));
}

#[test]
fn nothing_is_lost_when_it_cannot_work() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.flac");
    fs::copy(programme(), &input).unwrap();
    let before = fs::read(&input).unwrap();
    // Onto itself, by another name too.
    let other_name = dir.path().join(".").join("in.flac");
    for out in [&input, &other_name] {
        let output = run(["render", text(&input), "-o", text(out)]);
        assert_eq!(code(&output), 2, "{}", stderr(&output));
    }
    assert_eq!(fs::read(&input).unwrap(), before);
    // A damaged input leaves an earlier output alone.
    let damaged = dir.path().join("damaged.flac");
    fs::write(&damaged, &before[..before.len() / 2]).unwrap();
    let out = dir.path().join("out.wav");
    fs::write(&out, "an earlier render").unwrap();
    let output = run(["render", text(&damaged), "-o", text(&out)]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("damaged.flac"));
    assert_eq!(fs::read(&out).unwrap(), b"an earlier render");
    assert_eq!(listing(dir.path()), ["damaged.flac", "in.flac", "out.wav"]);
    for wrong in
        [["--preset", "karaoke"], ["--range-db", "900"], ["--keep", "whales"], ["--list", "list.doc"]]
    {
        let mut args = vec!["render", text(&input), "-o", text(&out)];
        args.extend(wrong);
        assert_eq!(code(&run(args)), 2, "{wrong:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let output = run(["render", text(&programme()), "-o", "/dev/full"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("/dev/full"), "{}", stderr(&output));
    assert!(stderr(&output).contains("the disk is full; free some space"), "{}", stderr(&output));
    // Of two outputs it is said which has no room.
    let dir = tempfile::tempdir().unwrap();
    let (out, full) = (dir.path().join("out.wav"), dir.path().join("removed.wav"));
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let output = run(["render", text(&programme()), "-o", text(&out), "--listen", text(&full)]);
    let said = stderr(&output);
    assert!(
        code(&output) == 1 && said.contains("removed.wav: cannot write the output: the disk is full"),
        "{said}"
    );
    assert!(!said.contains("out.wav") && !out.exists(), "{said}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_no_half_file() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("long.wav");
    // Long enough that the signal comes in the middle.
    crate::support::write_wav(&input, 48_000, 2, &noise(48_000 * 2 * 120, 6));
    let out = dir.path().join("out.wav");
    let mut child =
        earmark(["render", text(&input), "-o", text(&out)]).stderr(Stdio::null()).spawn().unwrap();
    // The first pass is under way once the process has read something; 100 ms is only a polite wait before asking.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let asked = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    // Should the machine have been faster than the signal, there is a whole file and nothing to see.
    if asked.success() && !status.success() {
        assert_eq!(status.code(), Some(130));
        assert_eq!(listing(dir.path()), ["long.wav"]);
    }
}
