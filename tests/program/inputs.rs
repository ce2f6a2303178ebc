//! What is heard: everything in a folder, WAVs whose headers lie, nothing that is no audio, and streams until somebody
//! stops them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::{code, earmark, listing, noise, ok, programme, rows, run, stderr, workspace, write_wav};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// `seconds` of noise at 16 kHz, 16 bits, behind a header that states these sizes.
fn wav(seconds: usize, riff: u32, data: u32) -> Vec<u8> {
    let mut bytes =
        b"RIFF....WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data....".to_vec();
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    bytes[40..44].copy_from_slice(&data.to_le_bytes());
    for sample in noise(16_000 * seconds, 11) {
        #[expect(clippy::cast_possible_truncation, reason = "noise is within full scale")]
        bytes.extend(((sample * 8_000.0) as i16).to_le_bytes());
    }
    bytes
}

#[test]
fn a_folder_is_searched_for_all_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("in");
    fs::create_dir(&dir).unwrap();
    let fixtures = workspace().join("tests/fixtures/audio");
    let copies = [
        ("click-opus.webm", "a.mkv"),
        ("click.m4a", "b.mov"),
        ("click.m4a", "c.m4v"),
        ("click.m4a", "d.m4r"),
        ("click.mp3", "e.MPGA"),
        ("click.aac", "f.adts"),
        ("click.opus", "g.opus"),
    ];
    for (from, to) in copies {
        fs::copy(fixtures.join(from), dir.join(to)).unwrap();
    }
    // W64: a chunk of names and 64-bit sizes.
    let tail = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
    let plain = wav(1, 0, 0);
    let mut sony = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00".to_vec();
    sony.extend(32_104_u64.to_le_bytes());
    sony.extend(b"wave".iter().chain(tail).chain(b"fmt ").chain(tail));
    sony.extend(40_u64.to_le_bytes().iter().chain(&plain[20..36]).chain(b"data").chain(tail));
    sony.extend(32_024_u64.to_le_bytes().iter().chain(&plain[44..]));
    fs::write(dir.join("h.w64"), sony).unwrap();
    // What macOS and Windows leave beside recordings is none.
    fs::write(dir.join("._g.opus"), [&b"\0\x05\x16\x07\0\x02\0\0"[..], &[0; 4_000]].concat()).unwrap();
    for name in [".DS_Store", "Thumbs.db", "notes.txt"] {
        fs::write(dir.join(name), "no audio").unwrap();
    }
    let out = folder.path().join("out");
    let output = run(["tag", text(&dir), "-f", "csv", "-o", text(&out), "--jobs", "1"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(listing(&out), ["a", "b", "c", "d", "e", "f", "g", "h"].map(|stem| format!("{stem}.csv")));
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_followed_once_and_told() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for dir in ["in/real", "elsewhere"] {
        fs::create_dir_all(at(dir)).unwrap();
    }
    write_wav(&at("in/real/a.wav"), 16_000, 1, &noise(16_000, 1));
    write_wav(&at("elsewhere/b.wav"), 16_000, 1, &noise(16_000, 2));
    symlink("real", at("in/again")).unwrap();
    symlink("..", at("in/real/up")).unwrap();
    symlink("../elsewhere", at("in/linked")).unwrap();
    symlink("../in", at("elsewhere/back")).unwrap();
    let out = at("out");
    let output = run(["tag", text(&at("in")), "-v", "-f", "csv", "-o", text(&out)]);
    let said = stderr(&output);
    assert_eq!(code(&output), 0, "{said}");
    assert_eq!(listing(&out), ["linked", "real"]);
    assert_eq!(listing(&out.join("linked")), ["b.csv"]);
    assert_eq!(listing(&out.join("real")), ["a.csv"]);
    for link in ["again", "up", "linked", "back"] {
        assert!(
            said.lines().any(|line| line.contains(link) && line.contains("a link to a folder")),
            "{said}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_recording_that_is_gone_is_a_failed_input() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&dir).unwrap();
    write_wav(&dir.join("a.wav"), 16_000, 1, &noise(16_000, 1));
    std::os::unix::fs::symlink("/nowhere/b.wav", dir.join("b.wav")).unwrap();
    let output = run(["tag", text(&dir), "-f", "csv", "-o", text(&out)]);
    let said = stderr(&output);
    assert!(code(&output) == 1 && said.contains("b.wav"), "{said}");
    assert_eq!(listing(&out), ["a.csv"]);
}

#[test]
fn a_recording_whose_writer_crashed_is_rendered_without_a_copy_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let honest = wav(3, 36 + 96_000, 96_000);
    fs::write(at("honest.wav"), &honest).unwrap();
    ok(["render", text(&at("honest.wav")), "-o", text(&at("expected.wav"))]);
    let expected = fs::read(at("expected.wav")).unwrap();
    for (riff, data) in [(0, 0), (36, 0), (u32::MAX, u32::MAX), (0x7fff_f024, 0x7fff_f000), (0, 0x8000_0000)]
    {
        fs::write(at("crashed.wav"), wav(3, riff, data)).unwrap();
        let output = run(["render", text(&at("crashed.wav")), "-o", text(&at("out.wav"))]);
        let said = stderr(&output);
        assert!(output.status.success() && !said.contains("truncated"), "{riff:x} {data:x}: {said}");
        assert!(fs::read(at("out.wav")).unwrap() == expected, "{riff:x} {data:x}");
    }
}

#[test]
fn a_pipe_of_unknown_length_is_not_called_truncated() {
    for data in [0, 0x7fff_f000, 0x7fff_ffff, u32::MAX] {
        let mut child = earmark(["tag", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&wav(2, data, data)).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = stderr(&output);
        assert!(output.status.success() && said.contains("states no length"), "{data:x}: {said}");
        assert!(!said.contains("truncated"), "{data:x}: {said}");
        let end_s = rows(&String::from_utf8(output.stdout).unwrap()).last().unwrap().end_s;
        assert!((end_s - 2.0).abs() < 0.01, "{data:x}: {end_s}");
    }
}

#[test]
fn a_wav_that_goes_on_behind_its_stated_length_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrapped.wav");
    fs::write(&path, wav(20, 36 + 64_000, 64_000)).unwrap();
    let output = run(["tag", text(&path)]);
    let said = stderr(&output);
    assert!(output.status.success() && said.contains("goes on") && said.contains("18.000 s"), "{said}");
    let rendered = folder.path().join("out.wav");
    ok(["render", text(&path), "-o", text(&rendered)]);
    assert!(fs::metadata(&rendered).unwrap().len() < 70_000, "what is not heard is no metadata");
}

#[test]
fn other_formats_are_refused_even_with_audio_inside() {
    let folder = tempfile::tempdir().unwrap();
    let flac = fs::read(programme()).unwrap();
    let ogg = fs::read(workspace().join("tests/fixtures/audio/click.ogg")).unwrap();
    let mp3 = fs::read(workspace().join("tests/fixtures/audio/click.mp3")).unwrap();
    let starts: [(&str, &[u8], &str); 9] = [
        ("a.wv", b"wvpk\0\x10\0\0\x10\x04\0\0", "WavPack"),
        ("a.ape", b"MAC \x96\x0f\0\0", "Monkey's Audio"),
        ("a.tak", b"tBaK\0\0\0\0", "TAK"),
        ("a.ofr", b"OFR \x0c\0\0\0", "OptimFROG"),
        ("a.dsf", b"DSD \x1c\0\0\0", "DSD"),
        ("a.avi", b"RIFF\0\x10\0\0AVI LIST", "AVI"),
        ("a.zip", b"PK\x03\x04\x14\0\0\0", "ZIP"),
        ("a.flv", b"FLV\x01\x05\0\0\0\x09", "Flash"),
        ("a.bin", b"nobody knows what this may be", "no known header"),
    ];
    for (name, start, said) in starts {
        for inside in [&wav(2, 36 + 64_000, 64_000), &flac, &ogg, &mp3] {
            // Random bytes, as a compressed format has them, then a whole file.
            let path = folder.path().join(name);
            fs::write(&path, [start, &wav(5, 0, 0)[44..], inside].concat()).unwrap();
            let (labels, out) = (folder.path().join("labels.txt"), folder.path().join("out.wav"));
            for args in [["tag", text(&path), "-o", text(&labels)], ["render", text(&path), "-o", text(&out)]]
            {
                let output = run(args);
                assert_eq!(code(&output), 1, "{name}: {}", stderr(&output));
                let message = stderr(&output);
                assert!(message.contains(said) && message.contains("is not audio"), "{name}: {message}");
            }
            assert!(!labels.exists() && !out.exists(), "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_silent_pipe_and_tells_what_was_heard() {
    for command in [&["tag", "-"][..], &["frames", "-"], &["render", "-", "-o", "-"]] {
        let mut child = earmark(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // More than all buffers between here and there hold: once it is written, some of it is heard.
        let mut stdin = child.stdin.take().unwrap();
        let id = child.id().to_string();
        // Rows come while the pipe is heard: who does not read them stops the hearing.
        let reader = std::thread::spawn(move || child.wait_with_output().unwrap());
        stdin.write_all(&wav(60, u32::MAX, u32::MAX)).unwrap();
        let asked = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(asked.success());
        // The pipe stays open and silent.
        let output = reader.join().unwrap();
        drop(stdin);
        assert_eq!(code(&output), 130, "{command:?}: {}", stderr(&output));
        match command[0] {
            "tag" => {
                let heard = rows(&String::from_utf8(output.stdout).unwrap());
                assert!(heard.last().is_some_and(|row| row.end_s > 30.0), "{heard:?}");
            }
            "frames" => assert!(String::from_utf8(output.stdout).unwrap().lines().count() > 3_000),
            _ => assert!(output.stdout.is_empty(), "a render needs to have heard all"),
        }
    }
}

/// `stream` in the samples' chunk of a WAV of this format.
fn coded_wav(tag: u16, stream: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let format = [&tag.to_le_bytes()[..], &[1, 0], &44_100_u32.to_le_bytes(), &[0; 8]].concat();
    let rest =
        [b"WAVEfmt ", &size(&format)[..], &format, b"data", &size(stream), stream, b"LIST\x04\0\0\0INFO"]
            .concat();
    [b"RIFF", &size(&rest)[..], &rest].concat()
}

fn tagged_through_a_pipe(bytes: &[u8]) -> String {
    let mut child = earmark(["tag", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn streams_of_frames_in_wav_are_heard_and_other_codecs_named() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = workspace().join("tests/fixtures/audio");
    for (name, tag) in [("click.mp2", 0x50), ("click.mp3", 0x55), ("click.aac", 0xff)] {
        let plain = fixtures.join(name);
        let bytes = coded_wav(tag, &fs::read(&plain).unwrap());
        let path = folder.path().join("coded.wav");
        fs::write(&path, &bytes).unwrap();
        let expected = ok(["tag", text(&plain)]);
        assert_eq!(ok(["tag", text(&path), "--ffmpeg", "never"]), expected, "{name}");
        assert_eq!(tagged_through_a_pipe(&bytes), expected, "{name}");
    }
    let path = folder.path().join("gsm.wav");
    fs::write(&path, coded_wav(0x31, &[7; 6_500])).unwrap();
    let output = run(["tag", text(&path), "--ffmpeg", "never"]);
    assert!(code(&output) == 1 && stderr(&output).contains("GSM 06.10 in WAV"), "{}", stderr(&output));
}

#[test]
fn mpeg_audio_in_free_format_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let plain = workspace().join("tests/fixtures/audio/click.mp3");
    let mut bytes = fs::read(&plain).unwrap();
    // Without the tag before it, and with no bit rate in any header: frames of 208 and 209 bytes.
    bytes.drain(..20);
    let mut at = 0;
    while let Some(&[0xff, 0xfb, third, _]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        bytes[at + 2] = third & 0x0f;
        at += 208 + usize::from(third >> 1 & 1);
    }
    assert!(at + 1_000 > bytes.len(), "all of it: {at} of {}", bytes.len());
    let path = folder.path().join("free.mp3");
    fs::write(&path, &bytes).unwrap();
    assert_eq!(ok(["tag", text(&path), "--ffmpeg", "never"]), ok(["tag", text(&plain)]));
    let pcm = |from: &Path| {
        let to = folder.path().join("out.wav");
        ok(["render", text(from), "--wet", "0", "-o", text(&to), "--bits", "float", "--ffmpeg", "never"]);
        let mut source = earmark_core::audio::Source::open(&to).unwrap();
        let mut samples = Vec::new();
        while let Some(block) = source.next_block().unwrap() {
            samples.extend_from_slice(block);
        }
        samples
    };
    assert!(pcm(&path) == pcm(&plain), "sample for sample");
}
