//! `earmark phrase` and what else knows phrases, on real speech.
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of tests are small")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::required::required;
use crate::support::{code, earmark, noise, ok, programme, rows, run, stderr, workspace, write_wav};

/// Where in the programme the phrase lies, seconds.
pub const START_S: f64 = 2.32;
pub const END_S: f64 = 3.2;

pub fn pack() -> String {
    workspace().join("models/packs/phrase").display().to_string()
}

/// A network without other speech beside it.
fn small_pack() -> String {
    workspace().join("tests/fixtures/embed/phrase").display().to_string()
}

/// The programme as WAV, and what an enrolment needs, in a folder.
pub struct Bench {
    dir: tempfile::TempDir,
    programme: Vec<f32>,
    rate_hz: u32,
}

impl Bench {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let wav = dir.path().join("programme.wav");
        ok([
            "render",
            programme().to_str().unwrap(),
            "-o",
            wav.to_str().unwrap(),
            "--wet",
            "0",
            "--bits",
            "float",
            "-q",
        ]);
        let mut reader = hound::WavReader::open(&wav).unwrap();
        let (rate_hz, channels) = (reader.spec().sample_rate, usize::from(reader.spec().channels));
        let samples: Vec<f32> = reader.samples::<f32>().map(|x| x.unwrap()).collect();
        let programme = samples.chunks(channels).map(|frame| frame[0]).collect();
        let bench = Self { dir, programme, rate_hz };
        write_wav(&bench.path("mono.wav"), rate_hz, 1, &bench.programme);
        write_wav(&bench.path("other.wav"), rate_hz, 1, bench.cut(10.0, 50.0));
        for (seed, gain) in [(1, 1.0), (2, 0.5), (3, 0.8)] {
            let pause = vec![0.0; rate_hz as usize * 2 / 5];
            let speech = bench.cut(START_S, END_S).iter().map(|x| gain * x);
            let clip: Vec<f32> = pause.iter().copied().chain(speech).chain(pause.iter().copied()).collect();
            let clip: Vec<f32> =
                clip.iter().zip(noise(clip.len(), seed)).map(|(x, n)| x + 0.001 * n).collect();
            write_wav(&bench.path(&format!("clip-{seed}.wav")), rate_hz, 1, &clip);
        }
        bench
    }

    fn at(&self, seconds: f64) -> usize {
        (seconds * f64::from(self.rate_hz)) as usize
    }

    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub fn cut(&self, from_s: f64, to_s: f64) -> &[f32] {
        &self.programme[self.at(from_s)..self.at(to_s).min(self.programme.len())]
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// `--pack … --profiles …`.
    fn flags(&self) -> [String; 4] {
        ["--pack".into(), pack(), "--profiles".into(), self.text("profiles")]
    }

    pub fn enrol(&self) -> String {
        let clips = ["clip-1.wav", "clip-2.wav", "clip-3.wav"].map(|name| self.text(name));
        let mut args = vec!["phrase".to_owned(), "enrol".into(), "hello".into()];
        args.extend(clips);
        args.extend(["--balanced".into(), "--negative".into(), self.text("other.wav")]);
        args.extend(self.flags());
        ok(args)
    }

    fn phrase(&self, command: &str, more: &[&str]) -> Vec<String> {
        let mut args = vec!["phrase".to_owned(), command.to_owned()];
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args.extend(self.flags());
        args
    }
}

fn samples(path: &Path) -> Vec<f32> {
    hound::WavReader::open(path).unwrap().samples::<f32>().map(|x| x.unwrap()).collect()
}

#[test]
fn a_phrase_goes_from_clips_to_labels_and_off_the_air() {
    let bench = Bench::new();
    let told = bench.enrol();
    for word in ["strict", "balanced", "keen", "expected miss", "3 clips"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let profiles = bench.text("profiles");
    let listed = ok(["phrase", "list", "--profiles", &profiles]);
    assert!(listed.starts_with("hello\t3 clips, balanced\t"), "{listed}");

    // It is found where it is, in every format, and nowhere else.
    let mono = bench.text("mono.wav");
    let found = rows(&ok(bench.phrase("spot", &[&mono, "--phrase", "hello"])));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].label, "phrase:hello");
    assert!((found[0].start_s - START_S).abs() < 0.2 && (found[0].end_s - END_S).abs() < 0.2, "{found:?}");
    let out = bench.text("labels");
    ok(bench.phrase("spot", &[&mono, "--phrase", "hello", "-f", "csv,json,rttm,textgrid,srt", "-o", &out]));
    for ending in ["csv", "json", "rttm", "TextGrid", "srt"] {
        let text = fs::read_to_string(bench.path("labels").join(format!("mono.{ending}"))).unwrap();
        assert!(text.contains("phrase:hello"), "{ending}: {text}");
    }

    // A picture has a bar where it is, and how sure that is over time.
    let picture = bench.text("spot.svg");
    ok(bench.phrase("spot", &[&mono, "--phrase", "hello", "--plot", &picture]));
    let picture = fs::read_to_string(picture).unwrap();
    assert_eq!(picture.matches("<title>phrase:hello").count(), 1, "one bar: {picture}");
    assert_eq!(picture.matches("stroke-width=\"1.1\"").count(), 1, "one curve: {picture}");

    // Masked: nothing of it is left, and all else has its bits.
    for (with, seed) in [("silence", 1), ("beep", 2), ("duck", 3)] {
        let masked = bench.path(&format!("masked-{seed}.wav"));
        ok(bench
            .phrase("mask", &[&mono, "-o", masked.to_str().unwrap(), "--phrase", "hello", "--with", with]));
        let masked = samples(&masked);
        assert_eq!(masked.len(), bench.programme.len());
        let (from, to) = (bench.at(START_S - 0.3), bench.at(END_S + 0.3));
        assert!(masked[..from] == bench.programme[..from] && masked[to..] == bench.programme[to..], "{with}");
        let inside = bench.at(START_S + 0.05)..bench.at(END_S - 0.05);
        let loudest = masked[inside.clone()].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let before = bench.programme[inside].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        match with {
            "silence" => assert_eq!(loudest, 0.0),
            "beep" => assert!((loudest - 0.1).abs() < 0.01, "{loudest}"),
            _ => assert!(loudest < 0.05 * before && loudest > 0.0, "{loudest} {before}"),
        }
    }

    // Live it says how late it is.
    let live = bench.text("live.wav");
    let output =
        run(bench
            .phrase("mask", &[&mono, "-o", &live, "--phrase", "hello", "--live", "--lookahead-ms", "500"]));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("delayed by 500 ms"), "{}", stderr(&output));
    let live = samples(Path::new(&live));
    let middle = bench.at(START_S + 0.5)..bench.at(END_S - 0.1);
    assert!(live[middle].iter().all(|x| *x == 0.0));

    // render knows it as a label.
    let rendered = bench.path("rendered.wav");
    let render = |more: &[&str]| {
        let mut args = vec!["render", &mono, "-o", rendered.to_str().unwrap(), "--phrase", "hello"];
        args.extend(more);
        let pack = pack();
        args.extend(["--phrase-pack", &pack, "--profiles", &profiles, "-q"]);
        ok(args);
        samples(&rendered)
    };
    let muted = render(&["--bits", "float"]);
    let inside = bench.at(START_S + 0.2)..bench.at(END_S - 0.2);
    assert!(muted[inside.clone()].iter().all(|x| *x == 0.0));
    assert!(muted[bench.at(5.0)..] == bench.programme[bench.at(5.0)..]);
    let kept = render(&["--bits", "float", "--keep", "phrase:hello", "--action", "mute"]);
    assert!(kept[inside.clone()] == bench.programme[inside]);
    assert!(kept[bench.at(5.0)..].iter().all(|x| *x == 0.0));

    // The profile travels, and goes.
    let file = bench.text("hello.json");
    ok(["phrase", "export", "hello", "-o", &file, "--profiles", &profiles]);
    let elsewhere = bench.text("elsewhere");
    ok(["phrase", "import", &file, "--name", "hi", "--profiles", &elsewhere]);
    assert!(ok(["phrase", "list", "--profiles", &elsewhere]).starts_with("hi\t3 clips"));
    ok(["phrase", "remove", "hello", "--profiles", &profiles]);
    let output = run(bench.phrase("spot", &[&mono, "--phrase", "hello"]));
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("no phrase is called hello"), "{}", stderr(&output));
}

#[test]
fn a_stream_tells_a_phrase_as_an_event() {
    let bench = Bench::new();
    bench.enrol();
    let (mono, profiles, pack) = (bench.text("mono.wav"), bench.text("profiles"), pack());
    let mut child =
        earmark(["stream", "-", "--phrase", "hello", "--phrase-pack", &pack, "--profiles", &profiles])
            .stdin(fs::File::open(mono).unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let events: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    assert!(child.wait().unwrap().success());
    assert!(events[0]["labels"].as_array().unwrap().contains(&"phrase:hello".into()));
    let of_phrase: Vec<_> = events.iter().filter(|event| event["label"] == "phrase:hello").collect();
    assert_eq!(of_phrase.len(), 2, "{of_phrase:?}");
    assert_eq!((&of_phrase[0]["type"], &of_phrase[1]["type"]), (&"onset".into(), &"offset".into()));
    assert_eq!(of_phrase[0]["id"], of_phrase[1]["id"]);
    // Every onset has a number of its own, whatever label it is of: once one of a phrase had that of another label.
    let onsets = events.iter().filter(|event| event["type"] == "onset");
    let ids: Vec<u64> = onsets.map(|event| event["id"].as_u64().unwrap()).collect();
    assert!(ids.len() > 2 && ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let decided = |event: &serde_json::Value| event["decided"].as_f64().unwrap();
    assert!(
        decided(of_phrase[0]) <= decided(of_phrase[1]) - 0.1,
        "told when it is recognised: {of_phrase:?}"
    );
    assert!((of_phrase[1]["start"].as_f64().unwrap() - START_S).abs() < 0.2, "{of_phrase:?}");
    assert!(of_phrase[1]["decided"].as_f64().unwrap() < END_S + 0.6);
    let total = &events.last().unwrap()["seconds"]["phrase:hello"];
    assert!((total.as_f64().unwrap() - (END_S - START_S)).abs() < 0.3, "{total}");

    // The same name twice is one phrase.
    let begin = |output: &std::process::Output| -> serde_json::Value {
        serde_json::from_str(String::from_utf8_lossy(&output.stdout).lines().next().unwrap()).unwrap()
    };
    // What must stand at its limit for four seconds is not told.
    let (mono, names) = (bench.text("mono.wav"), ["--phrase", "hello", "--phrase-pack", &pack]);
    let stream = |more: &[&str]| {
        let args = ["stream", &mono, "--profiles", &profiles];
        run(args.iter().chain(&names).chain(more))
    };
    let told = |output: &std::process::Output| {
        String::from_utf8_lossy(&output.stdout).matches("\"label\":\"phrase:hello\"").count()
    };
    assert_eq!(told(&stream(&["--confirm", "2", "--refractory-ms", "0"])), 2);
    assert_eq!(told(&stream(&["--confirm", "100"])), 0);
    let twice = stream(&["--phrase", "hello"]);
    assert_eq!((told(&twice), begin(&twice)["labels"].as_array().unwrap().len()), (2, 7));
    let refused = stream(&["--confirm", "0"]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("confirm is 0; give 1 to 250"), "{}", stderr(&refused));
}

/// Rows of the file of labels: everything by `label`, each frame so late.
fn label_file(path: &Path, label: impl Fn(u64) -> &'static str, delay_ns: impl Fn(u64) -> u64) {
    let mut text = String::from("first,last,label,received,labelled\n");
    for sample in 0..964_096_u64 {
        let received = sample / 512 * 32_000_000;
        let labelled = received + delay_ns(sample);
        let [received, labelled] =
            [received, labelled].map(|t| format!("{}.{:09}", t / 1_000_000_000, t % 1_000_000_000));
        text += &format!("{sample},{sample},{},{received},{labelled}\n", label(sample));
    }
    fs::write(path, text).unwrap();
}

#[test]
fn score_gives_the_known_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let (truth, labels) = (dir.path().join("truth.csv"), dir.path().join("labels.csv"));
    fs::write(&truth, "first,last\n142000,160000\n340000,360000\n620000,635000\nsamples,964096\n").unwrap();
    let right = |sample: u64| {
        let spans = [142_000..=160_000, 340_000..=360_000, 620_000..=635_000];
        if spans.iter().any(|span| span.contains(&sample)) { "0" } else { "1" }
    };
    let scored = || {
        let said =
            ok(["phrase", "score", "--truth", truth.to_str().unwrap(), "--labels", labels.to_str().unwrap()]);
        said.lines().next().unwrap().to_owned()
    };
    let number = |text: String| text.parse::<f64>().unwrap();
    label_file(&labels, |_| "broadcast", |_| 0);
    assert!((number(scored()) - 0.010_415_975_172_596_92).abs() < 1e-9);
    label_file(&labels, |_| "command", |_| 0);
    assert!((number(scored()) - 0.054_976_890_268_189_06).abs() < 1e-9);
    label_file(&labels, right, |_| 0);
    assert_eq!(scored(), "1.0");
    label_file(&labels, right, |_| 20_000_000);
    assert_eq!(scored(), "0.0");
    label_file(&labels, right, |sample| if sample == 500_000 { 50_001_000 } else { 0 });
    assert_eq!(scored(), "invalid");
    // The row after the late one has a stamp before it: out of order alone is invalid too.
    label_file(&labels, right, |sample| if sample == 500_000 { 2_000_000 } else { 0 });
    assert_eq!(scored(), "invalid");
    fs::write(&labels, "0,511,command\n").unwrap();
    let output =
        run(["phrase", "score", "--truth", truth.to_str().unwrap(), "--labels", labels.to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("line 1: five columns"), "{}", stderr(&output));
}

#[test]
fn a_paced_run_labels_every_sample_once_and_scores() {
    let bench = Bench::new();
    bench.enrol();
    let labels = bench.text("labels.csv");
    let short = bench.text("short.wav");
    write_wav(Path::new(&short), bench.rate_hz, 1, bench.cut(0.0, 5.0));
    let told = ok(bench.phrase(
        "bench",
        &[&short, "--phrase", "hello", "--pace", "realtime", "--frame", "512", "-o", &labels],
    ));
    for word in ["status: hearing", "median", "within 20 ms", "within 50 ms", "real-time factor"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let truth = bench.text("truth.csv");
    let command = format!("{},{}\nsamples,{}\n", bench.at(START_S), bench.at(END_S), bench.at(5.0));
    fs::write(&truth, command).unwrap();
    let scored = ok(["phrase", "score", "--truth", &truth, "--labels", &labels]);
    assert!(scored.contains("positive class: command"), "{scored}");
    // Something of the phrase was kept off the air.
    let text = fs::read_to_string(&labels).unwrap();
    assert!(text.lines().any(|line| line.contains(",command,")), "{text}");
    assert!(text.lines().any(|line| line.contains(",broadcast,")));
}

#[test]
fn what_cannot_be_enrolled_or_heard_is_refused_with_the_remedy() {
    let bench = Bench::new();
    let clips = ["clip-1.wav", "clip-2.wav", "clip-3.wav"].map(|name| bench.text(name));
    let enrol = |clips: &[&str], more: &[&str]| {
        let mut args = vec!["phrase", "enrol", "hello"];
        args.extend(clips);
        args.extend(more);
        let profiles = bench.text("profiles");
        args.extend(["--profiles", &profiles]);
        run(args)
    };
    let all: Vec<&str> = clips.iter().map(String::as_str).collect();
    let (pack, other) = (small_pack(), bench.text("other.wav"));
    let refused = |output: std::process::Output, said: &str| {
        assert_eq!(code(&output), 1, "{said}");
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
    };
    refused(enrol(&all, &["--pack", "live"]), "for the task \"activity\"");
    refused(enrol(&all, &["--pack", &pack]), "give recordings without it by --negative");
    refused(enrol(&all[..2], &["--pack", &pack, "--negative", &other]), "2 clips can be used");
    refused(enrol(&[all[0], all[1], "nowhere.wav"], &["--pack", &pack, "--negative", &other]), "nowhere.wav");
    assert!(!bench.path("profiles").join("phrases/hello.json").exists());
    // A profile of another network.
    bench.enrol();
    let path = bench.path("profiles").join("phrases/hello.json");
    let text = fs::read_to_string(&path).unwrap();
    let sha = serde_json::from_str::<serde_json::Value>(&text).unwrap()["model"]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    fs::write(&path, text.replace(&sha, &"0".repeat(64))).unwrap();
    let mono = bench.text("mono.wav");
    refused(run(bench.phrase("spot", &[&mono, "--phrase", "hello"])), "enrol");
    let masked = bench.text("masked.wav");
    refused(run(bench.phrase("mask", &[&mono, "-o", &masked, "--phrase", "hello"])), "enrol");
    assert!(!Path::new(&masked).exists(), "what cannot be masked is not written");
}

#[cfg(feature = "serve")]
#[test]
fn wake_words_go_to_a_real_client_of_wyoming() {
    // A Python with tests/requirements.txt.
    let Some(python) = required("EARMARK_TEST_HOSTS") else { return };
    let bench = Bench::new();
    bench.enrol();
    let mono = bench.path("wake.wav");
    let sound: Vec<i16> = bench.cut(0.0, 6.0).iter().map(|x| (x * 32_767.0) as i16).collect();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: bench.rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&mono, spec).unwrap();
    sound.iter().for_each(|x| writer.write_sample(*x).unwrap());
    writer.finalize().unwrap();
    let (profiles, pack) = (bench.text("profiles"), pack());
    let args = ["serve", "--listen", "127.0.0.1:0", "--wyoming", "tcp://127.0.0.1:0", "--phrase", "hello"];
    let mut server = earmark(args)
        .args(["--phrase-pack", &pack, "--profiles", &profiles, "-q"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let _listening = lines.next();
    let line = lines.next().unwrap().unwrap();
    let address = line.strip_prefix("wyoming on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    let client = workspace().join("tests/judges/wyoming_client.py");
    let output = std::process::Command::new(python).arg(client).arg(&address).arg(&mono).output();
    server.kill().unwrap();
    server.wait().unwrap();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", stderr(&output));
}
