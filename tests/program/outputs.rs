//! Where outputs go: never over an input, another output or a folder, and always all of them.

use std::fs;
use std::path::Path;

use crate::support::{code, earmark, listing, noise, ok, run, stderr, write_wav};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// A second of noise.
fn recording(path: &Path) {
    write_wav(path, 16_000, 1, &noise(16_000, 5));
}

/// Wrong usage that says `why`, and leaves the folder as it was.
fn refused(dir: &Path, args: &[&str], why: &str) {
    let before: Vec<(String, Option<Vec<u8>>)> =
        listing(dir).into_iter().map(|name| (name.clone(), fs::read(dir.join(name)).ok())).collect();
    let output = earmark(args).current_dir(dir).output().unwrap();
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "{args:?}: {said}");
    assert!(said.contains(why), "{args:?}: {said}");
    for (name, bytes) in &before {
        assert!(fs::read(dir.join(name)).ok() == *bytes, "{args:?}: {name} was changed");
    }
    assert_eq!(listing(dir).len(), before.len(), "{args:?}: {:?}", listing(dir));
}

#[test]
fn no_output_replaces_an_input() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    // The same sound under all names that an output may ask for.
    for name in ["k.wav", "k.csv", "k.npy", "k.svg", "k.html", "k.edl", "s.wav"] {
        recording(&dir.join(name));
    }
    let this = "this is the input";
    refused(dir, &["tag", "k.wav", "-o", "k.wav"], this);
    refused(dir, &["tag", "k.csv", "s.wav", "-f", "csv", "-o", "./k.csv"], this);
    refused(dir, &["tag", "k.csv", "s.wav", "-f", "csv", "-o", "./"], this);
    refused(dir, &["tag", "k.svg", "--plot", "k.svg"], this);
    refused(dir, &["tag", "s.wav", "k.html", "--report", "k.html"], this);
    refused(dir, &["noise", "s.wav", "k.wav", "-o", "k.wav"], this);
    refused(dir, &["noise", "k.svg", "--plot", "k.svg"], this);
    refused(dir, &["frames", "k.csv", "-o", "k.csv"], this);
    refused(dir, &["features", "k.npy", "--spec", "s4", "-o", "k.npy"], this);
    refused(dir, &["mix", "k.wav", "s.wav", "--snr", "5", "-o", "k.wav"], this);
    refused(dir, &["mix", "s.wav", "k.wav", "--snr", "5", "-o", "k.wav"], this);
    refused(dir, &["render", "k.wav", "-o", "k.wav"], this);
    refused(dir, &["render", "k.wav", "-o", "o.wav", "--listen", "k.wav"], this);
    refused(dir, &["render", "k.wav", "-o", "o.wav", "--summary", "k.wav"], this);
    refused(dir, &["render", "k.csv", "-o", "o.wav", "--labels", "k.csv"], this);
    refused(dir, &["render", "k.edl", "-o", "o.wav", "--list", "k.edl"], this);
    refused(dir, &["render", "k.wav", "s.wav", "-o", "./"], this);
    refused(dir, &["stream", "k.wav", "--events", "k.wav"], this);
    refused(dir, &["stream", "k.wav", "--through", "gate", "--events", "./k.wav"], this);
    fs::write(dir.join("p.json"), "{}").unwrap();
    refused(dir, &["render", "k.wav", "--preset", "p.json", "-o", "o.wav", "--summary", "p.json"], this);
    refused(dir, &["stream", "k.wav", "--through", "gate", "--preset", "p.json", "--events", "p.json"], this);
}

#[test]
fn no_output_replaces_what_is_read_beside_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for name in ["s.wav", "n.wav"] {
        recording(&dir.join(name));
    }
    fs::write(dir.join("truth.csv"), "start,end,label\n0.1,0.5,speech\n").unwrap();
    fs::write(dir.join("s.json"), "[]").unwrap();
    fs::write(dir.join("manifest.csv"), "file,snr_db,speaker\ns.wav,,one\n").unwrap();
    fs::write(dir.join("p.json"), "{}").unwrap();
    let this = "this is the input";
    refused(dir, &["tag", "s.wav", "--against", "truth.csv", "--report", "truth.csv"], this);
    let page = ["tag", "s.wav", "--against", "truth.csv", "--report", "r.html"];
    refused(dir, &[&page[..], &["-f", "csv", "-o", "./truth.csv"]].concat(), this);
    refused(dir, &["eval", "activity", "s.wav", "-o", "s.json"], this);
    refused(dir, &["eval", "activity", ".", "-o", "manifest.csv"], this);
    refused(dir, &["eval", "noise", ".", "-o", "manifest.csv"], this);
    refused(dir, &["eval", "noise", ".", "--answers", "manifest.csv"], this);
    refused(dir, &["eval", "voice", ".", "-o", "manifest.csv"], this);
    let noisy = ["eval", "voice", ".", "--noise", "n.wav", "--snr-db", "5", "-o", "n.wav"];
    refused(dir, &noisy, this);
    refused(dir, &["stream", "s.wav", "--events", "s.wav"], this);
    let gated = ["stream", "s.wav", "--through", "gate", "--preset", "p.json", "--events", "p.json"];
    refused(dir, &gated, this);
}

/// Clips are numbered once a recording is heard; what an earlier run cut may be an input of the next.
#[test]
fn no_clip_replaces_an_input() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::create_dir_all(dir.join("q/a")).unwrap();
    for name in ["q/a.wav", "q/a/0001.wav", "q/a/take.wav"] {
        recording(&dir.join(name));
    }
    let this = "0001.wav: this is the input";
    refused(dir, &["tag", "q", "--clips", "q"], this);
    refused(dir, &["tag", "q/a.wav", "q/a/0001.wav", "--clips", "q"], this);
    refused(dir, &["tag", "q/a.wav", "q/a/0001.wav", "--clips", "new/../q", "--keep", "unknown"], this);
    // What is no input is an older clip, and other names are none.
    let tag = ["tag", "q/a.wav", "q/a/take.wav", "--clips", "q", "--keep", "noise,unknown,silence"];
    let output = earmark(tag).current_dir(dir).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(dir.join("q/a.clips.jsonl").is_file());
}

#[cfg(unix)]
#[test]
fn an_input_is_known_by_all_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    recording(&dir.join("k.wav"));
    std::os::unix::fs::symlink("k.wav", dir.join("soft.wav")).unwrap();
    fs::hard_link(dir.join("k.wav"), dir.join("hard.wav")).unwrap();
    for (input, output) in [("k.wav", "soft.wav"), ("k.wav", "hard.wav"), ("soft.wav", "k.wav")] {
        refused(dir, &["tag", input, "-o", output], "this is the input");
        refused(dir, &["render", input, "-o", output], "this is the input");
        refused(dir, &["stream", input, "--events", output], "this is the input");
    }
    let output = earmark(["tag", "-", "-o", "k.wav"])
        .current_dir(dir)
        .stdin(fs::File::open(dir.join("k.wav")).unwrap())
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    // By descriptors, and by the file that standard output is.
    let before = fs::read(dir.join("k.wav")).unwrap();
    for line in [
        "exec 3>>k.wav; \"$0\" stream k.wav --events fd:3",
        "\"$0\" stream k.wav --events fd:1 >>k.wav",
        "\"$0\" stream k.wav >>soft.wav",
        "\"$0\" stream - --events k.wav <hard.wav",
    ] {
        let output = std::process::Command::new("sh")
            .args(["-c", line, env!("CARGO_BIN_EXE_earmark")])
            .current_dir(dir)
            .output()
            .unwrap();
        assert_eq!(code(&output), 2, "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains("this is the input"), "{line}: {}", stderr(&output));
        assert!(fs::read(dir.join("k.wav")).unwrap() == before, "{line}");
    }
}

#[test]
fn no_output_replaces_another_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    recording(&dir.join("k.wav"));
    fs::create_dir(dir.join("sub")).unwrap();
    let two = "two outputs";
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--listen", "s.wav"], two);
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--listen", "S.WAV"], two);
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--summary", "sub/../s.wav"], two);
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--labels", "x.csv", "--summary", "x.csv"], two);
    refused(dir, &["render", "k.wav", "-o", "-", "--summary", "-"], two);
    refused(dir, &["stream", "k.wav", "--through", "gate", "--events", "fd:1"], two);
    refused(dir, &["render", "k.wav", "-o", "sub/", "--listen", "sub/"], two);
    refused(dir, &["tag", "k.wav", "-f", "csv", "-o", "x.html", "--report", "x.html"], two);
    refused(dir, &["noise", "k.wav", "-o", "x.svg", "--plot", "x.svg"], two);
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--summary", "sub"], "is a folder");
    refused(dir, &["noise", "k.wav", "-o", "sub"], "is a folder");
    refused(dir, &["mix", "k.wav", "k.wav", "--snr", "5", "-o", "sub"], "is a folder");
    refused(dir, &["render", "k.wav", "-o", "s.wav", "--listen", "-"], "name a file");
}

#[test]
fn the_ending_says_what_a_render_writes() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    recording(&dir.join("k.wav"));
    for name in ["o.mp3", "o.m4a", "o.ogg", "o", "o.wav.bak"] {
        refused(dir, &["render", "k.wav", "-o", name], ".wav or FILE.flac");
        refused(dir, &["render", "k.wav", "-o", "o.wav", "--listen", name], ".wav or FILE.flac");
    }
    for (name, start) in [("o.WAV", b"RIFF"), ("o.wave", b"RIFF"), ("o.flac", b"fLaC")] {
        ok(["render", text(&dir.join("k.wav")), "--bits", "16", "-o", text(&dir.join(name))]);
        assert!(fs::read(dir.join(name)).unwrap().starts_with(start), "{name}");
    }
}

#[test]
fn the_ending_says_what_a_label_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    recording(&dir.join("k.wav"));
    recording(&dir.join("l.wav"));
    let in_dir = |args: &[&str]| {
        let output = earmark(args).current_dir(dir).output().unwrap();
        assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
        stderr(&output)
    };
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    for (ending, format) in
        [("srt", "srt"), ("TextGrid", "textgrid"), ("labels.txt", "audacity"), ("JSON", "json")]
    {
        let (by_ending, by_flag) = (format!("a.{ending}"), format!("b.{ending}"));
        assert_eq!(in_dir(&["tag", "k.wav", "-o", &by_ending]), "");
        assert_eq!(in_dir(&["tag", "k.wav", "-f", format, "-o", &by_flag]), "");
        assert!(read(&by_ending).len() > 10 && read(&by_ending) == read(&by_flag), "{ending}");
    }
    in_dir(&["tag", "k.wav", "l.wav", "-o", "all.csv"]);
    assert_eq!(read("all.csv").matches("l.wav").count(), 1);
    in_dir(&["tag", "k.wav", "-o", "k.parquet"]);
    assert!(fs::read(dir.join("k.parquet")).unwrap().starts_with(b"PAR1"));
    // Without an ending it is text.
    in_dir(&["tag", "k.wav", "-o", "plain"]);
    assert_eq!(read("plain"), ok(["tag", text(&dir.join("k.wav"))]));
    in_dir(&["noise", "k.wav", "-o", "n.json"]);
    assert!(read("n.json").starts_with('['));

    // `--format` has the last word, and a contradiction is told; one ending may be that of several formats.
    let said = in_dir(&["tag", "k.wav", "-f", "csv", "-o", "c.srt"]);
    assert!(said.contains("c.srt: written as csv") && said.contains("take it for srt"), "{said}");
    assert!(read("c.srt").starts_with("file,start"));
    assert_eq!(in_dir(&["tag", "k.wav", "-f", "audacity", "-o", "a.txt"]), "");
    assert_eq!(in_dir(&["tag", "k.wav", "-f", "csv", "-o", "a.lab"]), "");
    assert!(in_dir(&["noise", "k.wav", "-f", "csv", "-o", "n.json"]).contains("n.json: written as --format"));

    for name in ["new.wav", "new.FLAC", "new.mp3", "new.mka"] {
        for args in [&["tag", "k.wav", "-o", name][..], &["tag", "k.wav", "-f", "csv", "-o", name]] {
            refused(dir, args, "it ends as a recording does");
        }
        refused(dir, &["tag", "k.wav", "l.wav", "-o", name], "if a folder is meant");
        refused(dir, &["noise", "k.wav", "-o", name], "it ends as a recording does");
    }
    refused(dir, &["tag", "k.wav", "-o", "new.xyz"], "its ending names no format of labels");
    refused(dir, &["noise", "k.wav", "-o", "new.xyz"], "its ending names no format");
    refused(dir, &["tag", "k.wav", "l.wav", "-o", "new.srt"], "if a folder is meant");
    refused(dir, &["tag", "k.wav", "-f", "csv,srt", "-o", "new.csv"], "if a folder is meant");
}

#[test]
fn a_view_beyond_the_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    recording(&dir.join("k.wav"));
    let why = "k.wav: --from 60 is not before its end, it is 1.000 s long";
    for view in [&["--plot", "p.png"][..], &["--report", "r.html"], &["--plot", "p.svg", "-o", "k.csv"]] {
        refused(dir, &[&["tag", "k.wav", "--from", "60", "--to", "120"][..], view].concat(), why);
    }
    // An end beyond it is the end.
    let view = ["tag", "k.wav", "--plot", "p.svg", "--from", "0.5", "--to", "120"];
    let output = earmark(view).current_dir(dir).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(dir.join("p.svg").is_file());
}

/// A compact disc has 99 tracks.
#[test]
fn a_long_cue_sheet_is_whole_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let loud = noise(8_000, 3);
    let bursts: Vec<f32> = (0..60).flat_map(|_| loud.iter().copied().chain(vec![0.0; 8_000])).collect();
    write_wav(Path::new(&at("bursts.wav")), 16_000, 1, &bursts);
    let output = run(["tag", &at("bursts.wav"), "-o", &at("bursts.cue")]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let sheet = fs::read_to_string(at("bursts.cue")).unwrap();
    let csv = ok(["tag", &at("bursts.wav"), "-f", "csv"]);
    let count = csv.lines().count() - 1;
    assert!(count > 99, "{csv}");
    assert!(
        stderr(&output).contains(&format!("cue allows 99 tracks and this is {count}")),
        "{}",
        stderr(&output)
    );
    assert!(sheet.contains("TRACK 99 AUDIO") && sheet.contains(&format!("TRACK {count} AUDIO")), "{sheet}");
}

#[test]
fn a_folder_is_written_as_a_folder_however_many_recordings_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::create_dir(dir.join("in")).unwrap();
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    for (night, names) in [&["one"][..], &["one", "two"]].into_iter().enumerate() {
        recording(&dir.join(format!("in/{}.wav", names[night])));
        ok(["tag", &at("in"), "-f", "csv", "-o", &at("labels"), "--plot", &at("plots")]);
        ok(["render", &at("in"), "-o", &at("out"), "--listen", &at("removed")]);
        let with = |ending: &str| -> Vec<String> { names.iter().map(|n| format!("{n}.{ending}")).collect() };
        assert_eq!(listing(&dir.join("labels")), with("csv"));
        assert_eq!(listing(&dir.join("plots")), with("svg"));
        assert_eq!(listing(&dir.join("out")), with("wav"));
        assert_eq!(listing(&dir.join("removed")), with("wav"));
    }
    // A name with an ending is a file that holds many.
    ok(["tag", &at("in"), "-f", "csv", "-o", &at("all.csv")]);
    assert!(dir.join("all.csv").is_file());
    ok(["render", &at("in/one.wav"), "-o", &format!("{}/", at("new"))]);
    assert_eq!(listing(&dir.join("new")), ["one.wav"]);
}

#[test]
fn every_recording_has_an_output_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let names = ["x.wav", "x.flac", "x.wav.mp3", "Y.wav", "y.wave"];
    for name in names {
        // What a file is called says nothing of what it is.
        recording(&dir.join(name));
    }
    let inputs: Vec<String> = names.iter().map(|name| text(&dir.join(name)).to_owned()).collect();
    for (command, more) in [("tag", &["-f", "csv"][..]), ("render", &[])] {
        let out = dir.join(command);
        let mut args = vec![command, "-o", text(&out)];
        args.extend(inputs.iter().map(String::as_str));
        args.extend(more);
        ok(args);
        let mut written: Vec<String> = listing(&out).iter().map(|name| name.to_lowercase()).collect();
        written.sort();
        written.dedup();
        assert_eq!(written.len(), names.len(), "{written:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_come_through_byte_for_byte() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let long = "n".repeat(251);
    let cjk = "録".repeat(83);
    let stems: [&[u8]; 6] =
        [b"caf\xe9", b"caf\xe8", b"-dash", b"two\nlines", long.as_bytes(), cjk.as_bytes()];
    for stem in stems {
        recording(&input.join(OsStr::from_bytes(&[stem, b".wav"].concat())));
    }
    let out = folder.path().join("out");
    ok([OsStr::new("render"), input.as_ref(), OsStr::new("-o"), out.as_ref()]);
    ok([
        OsStr::new("tag"),
        input.as_ref(),
        OsStr::new("-f"),
        OsStr::new("csv"),
        OsStr::new("-o"),
        out.as_ref(),
    ]);
    for stem in stems {
        for ending in [&b".wav"[..], b".csv"] {
            let name = [stem, ending].concat();
            assert!(out.join(OsStr::from_bytes(&name)).is_file(), "{}", name.escape_ascii());
        }
    }
    assert_eq!(listing(&out).len(), 2 * stems.len());
    assert_eq!(listing(&input).len(), stems.len());

    // Text in a list of clips, which is no place for other bytes.
    let take = input.join(OsStr::from_bytes(b"caf\xe9.wav"));
    let clips = folder.path().join("clips");
    let flags = ["--keep", "noise,unknown,silence", "--clips"].map(OsStr::new);
    ok([&[OsStr::new("tag"), take.as_ref()][..], &flags, &[clips.as_ref()]].concat());
    let manifest = fs::read_to_string(clips.join(OsStr::from_bytes(b"caf\xe9.clips.jsonl"))).unwrap();
    assert!(!manifest.is_empty(), "it holds one of these labels");
    for line in manifest.lines() {
        assert!(line.starts_with("{\"audio_filepath\":\"caf\u{fffd}/0"), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_mode_and_a_protected_one_stays() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (input, labels) = (folder.path().join("k.wav"), folder.path().join("labels.csv"));
    recording(&input);
    fs::write(&labels, "old").unwrap();
    let set = |mode| fs::set_permissions(&labels, fs::Permissions::from_mode(mode)).unwrap();
    set(0o600);
    ok(["tag", text(&input), "-f", "csv", "-o", text(&labels)]);
    assert_eq!(fs::metadata(&labels).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&labels).unwrap().starts_with("file,"));
    set(0o444);
    fs::write(folder.path().join("before"), fs::read(&labels).unwrap()).unwrap();
    let output = run(["tag", text(&input), "-f", "json", "-o", text(&labels)]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("labels.csv may not be written"), "{}", stderr(&output));
    assert!(fs::read(&labels).unwrap() == fs::read(folder.path().join("before")).unwrap());
}
