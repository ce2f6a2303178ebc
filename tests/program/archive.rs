//! Folders that are shared between machines, resumed after a crash, and read as tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{code, earmark, listing, noise, ok, run, stderr, write_wav};

/// Short recordings in a folder of folders.
fn recordings(folder: &Path, count: usize) {
    fs::create_dir_all(folder.join("deep")).unwrap();
    for index in 0..count {
        let name = if index % 3 == 0 { format!("deep/{index:04}.wav") } else { format!("{index:04}.wav") };
        let length = 4_000 + 400 * (index % 7);
        write_wav(&folder.join(name), 8_000, 1, &noise(length, u32::try_from(index).unwrap() + 1));
    }
}

/// Every file below a folder, with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in listing(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found
                .extend(contents(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// How many recordings the test of the crash has; `cargo xtask check --deep` asks for 1 000.
fn count() -> usize {
    std::env::var("EARMARK_ARCHIVE_FILES").map_or(60, |text| text.parse().expect("a number of files"))
}

#[test]
fn a_folder_that_was_killed_ends_as_an_unbroken_one() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    recordings(&input, count());
    let tag = |out: &str| {
        let out = dir.path().join(out);
        let mut command =
            earmark(["tag", input.to_str().unwrap(), "--format", "csv,parquet", "--skip-existing", "-o"]);
        command.arg(&out).stderr(Stdio::null());
        (command, out)
    };
    let (mut unbroken, whole) = tag("whole");
    let began = std::time::Instant::now();
    assert!(unbroken.status().unwrap().success());
    let took = began.elapsed();
    let expected = contents(&whole);
    assert_eq!(expected.len(), 2 * count());

    let mut kills = 0;
    for round in 0..10_u32 {
        let (mut command, _) = tag("broken");
        let mut child = command.spawn().unwrap();
        // Anywhere within the run, and not at the same place twice.
        std::thread::sleep(
            took.mul_f64(f64::from((round * 37 + 11) % 50) / 100.0) + Duration::from_millis(5),
        );
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 2, "the runs were over before they could be killed");
    let (mut rest, broken) = tag("broken");
    assert!(rest.status().unwrap().success());
    let found = contents(&broken);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(found == expected, "some bytes differ");
}

#[test]
fn shards_make_the_whole_folder() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    recordings(&input, 7);
    let tag = |out: &str, flags: &[&str]| {
        let out = dir.path().join(out);
        let command = ["tag", input.to_str().unwrap(), "--format", "json", "-o", out.to_str().unwrap()];
        ok(command.iter().chain(flags));
        contents(&out)
    };
    let whole = tag("whole", &[]);
    let mut sum = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        sum += tag(&format!("only-{}", &shard[..1]), &["--shard", shard]).len();
        tag("shared", &["--shard", shard]);
    }
    assert_eq!(sum, whole.len(), "no recording is in two shares");
    assert_eq!(contents(&dir.path().join("shared")), whole);
    // More machines than recordings: the last have nothing to do.
    ok(["tag", input.to_str().unwrap(), "--shard", "9/9", "-o", dir.path().join("none").to_str().unwrap()]);
    assert!(!dir.path().join("none").exists());
}

#[test]
fn what_is_there_is_left_alone_and_what_is_not_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    recordings(&input, 3);
    let out = dir.path().join("out");
    let tag = |formats: &str| {
        ok([
            "tag",
            input.to_str().unwrap(),
            "--format",
            formats,
            "--skip-existing",
            "-o",
            out.to_str().unwrap(),
        ])
    };
    tag("csv");
    fs::write(out.join("0001.csv"), "mine").unwrap();
    tag("csv");
    assert_eq!(fs::read(out.join("0001.csv")).unwrap(), b"mine");
    tag("csv,srt");
    assert!(out.join("0001.srt").exists(), "not all of its outputs were there");
    for (flags, remedy) in [
        (&["-o", "all.csv"][..], "name a folder"),
        (&["-o", out.to_str().unwrap(), "--report", "page.html"], "leave one of them out"),
    ] {
        let command = ["tag", input.to_str().unwrap(), "--format", "csv", "--skip-existing"];
        let output = run(command.iter().chain(flags));
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(stderr(&output).contains(remedy), "{}", stderr(&output));
    }
    let output = run(["tag", input.to_str().unwrap(), "--shard", "4/3"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("I/N"), "{}", stderr(&output));
}
