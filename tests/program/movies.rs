//! A picture with its sound gated, and what an address or an input may make ffmpeg open.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use earmark_core::render::ListFormat;

use crate::required::skip;
use crate::support::{code, ok, programme, rows, run, stderr};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

fn there_is_no_ffmpeg() -> bool {
    Command::new("ffmpeg").arg("-version").output().is_err()
}

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A picture, and the programme's first seconds, which begin half a second later; with a title.
fn movie(path: &Path) {
    let programme = programme();
    let picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=10"];
    let sound = ["-itsoffset", "0.5", "-t", "9", "-i", text(&programme), "-map", "0", "-map", "1"];
    let codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-ac", "1", "-metadata", "title=Talk", text(path)];
    ffmpeg(&[&picture[..], &sound, &codecs].concat());
}

/// The packets of the picture with their times, as hashes.
fn picture(path: &Path) -> Vec<String> {
    let listed = ffmpeg(&["-copyts", "-i", text(path), "-map", "0:v", "-c", "copy", "-f", "framecrc", "-"]);
    let listed = String::from_utf8(listed).unwrap();
    // Time bases differ between containers.
    listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit(", ").next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_picture_keeps_its_frames_and_gets_the_gated_sound() {
    if there_is_no_ffmpeg() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    movie(&at("in.mp4"));
    let heard = rows(&ok(["tag", text(&at("in.mp4"))]));
    ok(["render", text(&at("in.mp4")), "-o", text(&at("sound.wav"))]);
    let expected = rows(&ok(["tag", text(&at("sound.wav"))]));
    for name in ["out.mp4", "out.mov", "out.mkv"] {
        ok(["render", text(&at("in.mp4")), "-o", text(&at(name))]);
        assert_eq!(picture(&at(name)), picture(&at("in.mp4")), "{name}");
        let got = rows(&ok(["tag", text(&at(name))]));
        let speech = |rows: &[crate::support::Row]| {
            rows.iter()
                .filter(|row| row.label == "speech")
                .map(|row| (row.start_s, row.end_s))
                .collect::<Vec<_>>()
        };
        let (got, expected) = (speech(&got), speech(&expected));
        assert_eq!(got.len(), expected.len(), "{name}: {got:?} {expected:?}");
        let near = |a: f64, b: f64| (a - b).abs() < 0.1;
        assert!(
            got.iter().zip(&expected).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1)),
            "{got:?} {expected:?}"
        );
        let title = ffmpeg(&["-i", text(&at(name)), "-f", "ffmetadata", "-"]);
        assert!(String::from_utf8_lossy(&title).contains("title=Talk"), "{name}");
    }
    assert!(heard.iter().any(|row| row.label == "speech"));
    let listing = crate::support::listing(folder.path());
    assert!(listing.iter().all(|name| !name.contains(".part")), "{listing:?}");
}

#[test]
fn a_sound_that_begins_behind_its_picture_stays_beside_it() {
    if there_is_no_ffmpeg() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let programme = programme();
    let first_speech = |path: &Path| {
        let heard = rows(&ok(["tag", text(path)]));
        heard.into_iter().find(|row| row.label == "speech").expect("somebody speaks").start_s
    };
    let spoken_s = first_speech(&programme) + 2.5;
    for name in ["in.ts", "in.mpg"] {
        let film = at(name);
        let sound = ["-itsoffset", "2.5", "-t", "9", "-i", text(&programme)];
        let picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=12", "-map", "0", "-map", "1"];
        let codecs = ["-c:v", "mpeg2video", "-c:a", "mp2", "-ac", "1", text(&film)];
        ffmpeg(&[&sound[..], &picture, &codecs].concat());
        let rendered = at(&format!("{name}.mp4"));
        ok(["render", text(&film), "-o", text(&rendered)]);
        for path in [film, rendered] {
            let heard_s = first_speech(&path);
            assert!((heard_s - spoken_s).abs() < 0.15, "{name}, {}: {heard_s}, {spoken_s}", path.display());
        }
    }
}

#[test]
fn what_cannot_be_put_beside_a_picture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let refused = |arguments: &[&str], said: &str| {
        let output = run(["render", arguments[0], "-o", text(&at("out.mp4"))].iter().chain(&arguments[1..]));
        let message = stderr(&output);
        assert!(code(&output) == 1 && message.contains(said), "{arguments:?}: {message}");
        assert!(!at("out.mp4").exists());
    };
    let programme = programme();
    refused(&[text(&programme), "--ffmpeg", "never"], "write the sound alone");
    refused(&[text(&programme), "--ffmpeg", text(&at("none"))], "cannot be started");
    if there_is_no_ffmpeg() {
        return skip("there is no ffmpeg");
    }
    refused(&[text(&programme)], "has no picture");
    movie(&at("in.mp4"));
    refused(&[text(&at("in.mp4")), "--action", "cut"], "nothing can be cut");
}

#[test]
fn a_list_of_a_film_cuts_its_picture_at_its_time_code() {
    if there_is_no_ffmpeg() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let programme = programme();
    for (name, begins) in [("film.mov", true), ("film.mkv", false), ("sound.m4a", false)] {
        let film = at(name);
        let picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=24:d=9", "-t", "9", "-i", text(&programme)];
        let codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-ac", "1", "-timecode", "10:00:00:00", text(&film)];
        let sound = ["-t", "9", "-i", text(&programme), "-c:a", "aac", "-ac", "1", text(&film)];
        let has_picture = name.starts_with("film");
        if has_picture {
            ffmpeg(&[&picture[..], &codecs].concat())
        } else {
            ffmpeg(&sound)
        };
        for ending in ["edl", "otio", "fcpxml"] {
            let list = at(&format!("{name}.{ending}"));
            let heard = rows(&ok(["tag", text(&film), "--list", text(&list)]));
            let list = fs::read_to_string(list).unwrap();
            let spans = ListFormat::of_path(Path::new(&format!("a.{ending}"))).unwrap().read(&list, None);
            let (spans, speech) = (spans.unwrap(), heard.iter().filter(|row| row.label == "speech"));
            let near = |a: f64, b: f64| (a - b).abs() < 2.0 / 24.0;
            let mut apart = speech.filter(|row| {
                !spans.iter().any(|(start, end)| near(*start, row.start_s) && near(*end, row.end_s))
            });
            assert!(apart.next().is_none() && !spans.is_empty(), "{name}: {heard:?}\n{list}");
            let (video, code) = match ending {
                "edl" => ("  B     C  ", "* SOURCE START: 10:00:00:00\n"),
                "otio" => ("\"kind\": \"Video\"", "\"value\": 864000.0"),
                _ => ("hasVideo=\"1\"", " start=\"36000s\""),
            };
            assert_eq!((list.contains(video), list.contains(code)), (has_picture, begins), "{name}: {list}");
            assert_eq!(list.contains("* FRAME RATE: 24\n"), has_picture && ending == "edl", "{name}: {list}");
        }
    }
}

/// Serves `body` at any path, as often as it is asked for.
fn served(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { break };
            let _ = connection.read(&mut [0; 4_096]);
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nConnection: close\r\n";
            let _ = connection
                .write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    format!("http://{address}/list.m3u8")
}

#[test]
fn a_playlist_opens_no_file_of_this_machine() {
    if there_is_no_ffmpeg() {
        return skip("there is no ffmpeg");
    }
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.ts");
    ffmpeg(&["-t", "3", "-i", text(&programme()), "-c:a", "mp2", text(&secret)]);
    ok(["tag", text(&secret)]);
    let list =
        |entry: &str| format!("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\n{entry}\n#EXT-X-ENDLIST\n");
    for entry in [format!("file://{}", secret.display()), secret.display().to_string()] {
        let output = run(["tag", &served(list(&entry))]);
        assert!(code(&output) == 1 && output.stdout.is_empty(), "{}", stderr(&output));
        for name in ["list.m3u8", "list.wav", "list.ts"] {
            let path = folder.path().join(name);
            fs::write(&path, list(&entry)).unwrap();
            for input in [text(&path).to_owned(), format!("file://{}", path.display())] {
                let output = run(["tag", &input]);
                assert!(code(&output) == 1 && output.stdout.is_empty(), "{input}: {}", stderr(&output));
            }
        }
    }
    let concat = folder.path().join("list.mp3");
    fs::write(&concat, "ffconcat version 1.0\nfile secret.ts\n").unwrap();
    assert_eq!(code(&run(["tag", text(&concat)])), 1);
}
