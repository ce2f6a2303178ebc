//! `earmark tag` on the shipped programme and on recordings with known borders.

use std::fs;

use earmark_core::report::Format;

use crate::support::{Row, code, listing, noise, ok, programme, rows, run, stderr, workspace, write_wav};

fn programme_text() -> String {
    programme().to_str().unwrap().to_owned()
}

fn truth() -> Vec<Row> {
    let file = fs::read_to_string(workspace().join("examples/programme.truth.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    reader
        .records()
        .map(|r| r.unwrap())
        .map(|r| Row { start_s: r[0].parse().unwrap(), end_s: r[1].parse().unwrap(), label: r[2].to_owned() })
        .collect()
}

fn seconds_of(rows: &[Row], label: &str, from_s: f64, to_s: f64) -> f64 {
    let inside = |r: &&Row| r.label == label && r.end_s > from_s && r.start_s < to_s;
    rows.iter().filter(inside).map(|r| r.end_s.min(to_s) - r.start_s.max(from_s)).sum()
}

#[test]
fn the_shipped_programme_is_tagged_as_it_was_made() {
    let heard = rows(&ok(["tag", &programme_text()]));
    for stretch in truth() {
        let share = seconds_of(&heard, &stretch.label, stretch.start_s, stretch.end_s)
            / (stretch.end_s - stretch.start_s);
        assert!(share >= 0.85, "{stretch:?} was heard for {:.0} % of its time: {heard:#?}", share * 100.0);
    }
    // Speech in the clear begins and ends where it does, to 50 ms.
    for stretch in truth().iter().filter(|r| r.label == "speech" && (r.start_s < 5.0 || r.start_s > 45.0)) {
        let starts = heard.iter().any(|r| r.label == "speech" && (r.start_s - stretch.start_s).abs() <= 0.05);
        let ends = heard.iter().any(|r| r.label == "speech" && (r.end_s - stretch.end_s).abs() <= 0.05);
        assert!(starts && ends, "{stretch:?}: {heard:#?}");
    }
}

#[test]
fn segments_cover_the_file_to_its_last_sample() {
    let dir = tempfile::tempdir().unwrap();
    // 1.23456 s at 44.1 kHz does not end on a frame.
    for (name, rate_hz, channels, count) in [
        ("a.wav", 44_100_u32, 2_u16, 54_444_usize),
        ("b.wav", 8_000, 1, 2_401),
        ("c.wav", 192_000, 9, 57_123),
        ("d.wav", 1_234, 1, 4_813),
    ] {
        let path = dir.path().join(name);
        write_wav(&path, rate_hz, channels, &noise(count * usize::from(channels), 9));
        let json = ok(["tag", path.to_str().unwrap(), "--format", "json"]);
        let report = &Format::Json.parse_all(&json).unwrap()[0];
        let duration_s = f64::from(u32::try_from(count).unwrap()) / f64::from(rate_hz);
        let mut reached = 0.0_f64;
        for segment in &report.timeline.segments {
            assert!(segment.start_s <= reached + 1e-6, "a gap at {reached}");
            reached = reached.max(segment.end_s);
        }
        assert!((reached - duration_s).abs() < 1e-6, "{name}: {reached} of {duration_s}");
    }
}

#[test]
fn a_file_without_samples_and_very_short_ones_work() {
    let dir = tempfile::tempdir().unwrap();
    for count in [0_usize, 1, 159, 160, 4_800] {
        let path = dir.path().join(format!("{count}.wav"));
        write_wav(&path, 16_000, 1, &noise(count, 3));
        let text = ok(["tag", path.to_str().unwrap()]);
        let end = rows(&text).last().map_or(0.0, |r| r.end_s);
        let expected = f64::from(u32::try_from(count).unwrap()) / 16_000.0;
        assert!((end - expected).abs() <= 0.000_501, "{count} samples: {text}");
    }
}

#[test]
fn every_format_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let names = Format::ALL.map(Format::name).join(",");
    let out = dir.path().join("out");
    ok(["tag", &programme_text(), "--format", &names, "-o", out.to_str().unwrap()]);
    let of = |format: Format| {
        let path = out.join(format!("programme.{}", format.extension()));
        format.parse_all(&fs::read_to_string(path).unwrap()).unwrap().remove(0).timeline
    };
    assert_eq!(listing(&out).len(), Format::ALL.len());
    let reference = of(Format::Json);
    for format in Format::ALL.into_iter().filter(|f| *f != Format::Matrix) {
        let parsed = of(format).rounded(1_000);
        let mut expected = reference.rounded(1_000);
        if format == Format::Clips {
            expected.segments.retain(|segment| segment.label.as_str() == "speech");
        }
        assert_eq!(parsed.segments.len(), expected.segments.len(), "{format}");
        for (a, b) in parsed.segments.iter().zip(&expected.segments) {
            assert_eq!((&a.label, a.start_s, a.end_s), (&b.label, b.start_s, b.end_s), "{format}");
        }
    }
    let rows = fs::read_to_string(out.join("programme.matrix.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 53, "one row per second and the tail");
}

#[test]
fn folders_are_searched_and_jobs_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("in/deep")).unwrap();
    for (index, name) in ["in/one.wav", "in/two.flac", "in/deep/one.wav", "in/notes.txt"].iter().enumerate() {
        let to = dir.path().join(name);
        match name.rsplit('.').next().unwrap() {
            "flac" => drop(fs::copy(programme(), to).unwrap()),
            "txt" => fs::write(to, "not audio, and not asked for").unwrap(),
            _ => write_wav(&to, 16_000, 1, &noise(16_000 * (index + 1), 7)),
        }
    }
    let input = dir.path().join("in");
    let tag = |jobs: &str, out: &str| {
        let out = dir.path().join(out);
        ok([
            "tag",
            input.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
            "--format",
            "csv,rttm",
            "--jobs",
            jobs,
        ]);
        out
    };
    let (one, three) = (tag("1", "out-1"), tag("3", "out-3"));
    assert_eq!(listing(&one), ["deep", "one.csv", "one.rttm", "two.csv", "two.rttm"]);
    for name in ["one.csv", "two.csv", "deep/one.csv", "two.rttm"] {
        assert_eq!(fs::read(one.join(name)).unwrap(), fs::read(three.join(name)).unwrap(), "{name}");
    }
    let together = ok(["tag", input.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(together.matches("file,start").count(), 1);
    assert_eq!(Format::Csv.parse_all(&together).unwrap().len(), 3);
}

#[test]
fn pictures_are_drawn_without_a_display() {
    let dir = tempfile::tempdir().unwrap();
    let svg = dir.path().join("p.svg");
    let png = dir.path().join("p.png");
    ok(["tag", &programme_text(), "--plot", svg.to_str().unwrap()]);
    ok(["tag", &programme_text(), "--plot", png.to_str().unwrap(), "--from", "10", "--to", "20.5"]);
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("programme.flac") && svg.contains("speech"));
    let png = fs::read(png).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 5_000);
}

#[test]
fn raising_a_threshold_never_adds_time() {
    let mut before = f64::INFINITY;
    for threshold in ["0.1", "0.3", "0.5", "0.7", "0.9", "0.99"] {
        let heard = rows(&ok(["tag", &programme_text(), "--threshold", &format!("speech={threshold}")]));
        let now = seconds_of(&heard, "speech", 0.0, 1e9);
        assert!(now <= before + 1e-9, "speech={threshold}: {now} s after {before} s");
        before = now;
    }
}

#[test]
fn exclusive_leaves_one_label_per_instant() {
    let heard = rows(&ok(["tag", &programme_text(), "--exclusive"]));
    for pair in heard.windows(2) {
        assert!(pair[1].start_s >= pair[0].end_s - 1e-9, "{pair:?}");
    }
    let spoken = rows(&ok(["tag", &programme_text()]));
    assert!((seconds_of(&heard, "speech", 0.0, 1e9) - seconds_of(&spoken, "speech", 0.0, 1e9)).abs() < 0.5);
}

#[test]
fn stdin_is_a_recording_like_any_other() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = crate::support::earmark(["tag", "-", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(programme()).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let piped = String::from_utf8(output.stdout).unwrap();
    let named = ok(["tag", &programme_text(), "--format", "csv"]);
    assert_eq!(piped.replace("stdin", &programme_text()), named);
}

#[test]
fn one_bad_file_among_many_formats_is_exit_code_1() {
    let output = run(["tag", "nowhere.wav", &programme_text(), "--format", "csv"]);
    assert_eq!(code(&output), 1);
    assert!(String::from_utf8_lossy(&output.stdout).contains("programme.flac"));
}
