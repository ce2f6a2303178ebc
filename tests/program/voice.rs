//! `earmark voice`, `render --voice`, `stream --voice` and `eval voice`, on the shipped programme. Its first and last voice are one
//! person's, the two between are others'.
//!
//! What commands do is tried with the network of `tests/fixtures/embed/voice`, which is not trained; how well voices are told
//! apart, with the shipped pack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use earmark_core::model::pack::{self, Pack};
use serde_json::Value;

use crate::required::skip;
use crate::support::{code, earmark, noise, ok, programme, rows, run, stderr, workspace, write_wav};

pub const RATE_HZ: u32 = 16_000;
/// Where the four sentences of the programme lie, seconds.
pub const WELCOME: (f64, f64) = (1.0, 8.1);
pub const MARKET: (f64, f64) = (36.4, 41.5);
pub const FAREWELL: (f64, f64) = (47.0, 50.8);

/// Clips, profiles and a pack of a test.
pub struct Place {
    dir: tempfile::TempDir,
    pub pack: String,
}

impl Place {
    pub fn with_fixture() -> Self {
        let pack = workspace().join("tests/fixtures/embed/voice").display().to_string();
        Self { dir: tempfile::tempdir().unwrap(), pack }
    }

    /// With the shipped pack; nothing if it is not in this build and the test may be skipped.
    pub fn with_shipped() -> Option<Self> {
        if !Pack::embedded_names().any(|name| name == pack::VOICE) {
            skip("this build has no voice pack");
            return None;
        }
        Some(Self { dir: tempfile::tempdir().unwrap(), pack: pack::VOICE.to_owned() })
    }

    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// A piece of the programme as a file.
    pub fn clip(&self, name: &str, (from_s, to_s): (f64, f64)) -> String {
        let samples = earmark_core::audio::read_mono(&programme(), RATE_HZ).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a programme")]
        let at = |s: f64| (s * f64::from(RATE_HZ)) as usize;
        let path = self.dir.path().join(name);
        write_wav(&path, RATE_HZ, 1, &samples[at(from_s)..at(to_s)]);
        path.display().to_string()
    }

    /// `earmark voice ARGS…` with the profiles of this place.
    fn voice(&self, args: &[&str]) -> Output {
        self.voice_with(args, &[])
    }

    fn voice_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let profiles = self.path("profiles");
        let mut all: Vec<&str> = vec!["voice"];
        all.extend(args);
        all.extend(["--profiles", &profiles]);
        if matches!(args[0], "enrol" | "verify" | "who") {
            all.extend(["--voice-pack", &self.pack]);
        }
        earmark(all).envs(variables.iter().copied()).output().unwrap()
    }

    /// Enrols the voice of the welcome in three clips.
    pub fn enrol(&self, name: &str, more: &[&str]) -> Output {
        let clips = [(1.0, 3.4), (3.4, 5.8), (5.8, 8.1)];
        let clips: Vec<String> =
            (0..).zip(clips).map(|(n, part)| self.clip(&format!("{name}{n}.wav"), part)).collect();
        let mut args = vec!["enrol", name, &clips[0], &clips[1], &clips[2]];
        args.extend(more);
        self.voice_with(&args, &[("EARMARK_PASSPHRASE", "open sesame")])
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn good(output: &Output) -> String {
    assert_eq!(code(output), 0, "{}", stderr(output));
    stdout(output)
}

#[test]
fn a_profile_lives_from_enrolment_to_removal() {
    let place = Place::with_fixture();
    let told = place.enrol("anna", &[]);
    assert!(stderr(&told).contains("anna enrolled from 3 clips"), "{}", stderr(&told));
    let file = Path::new(&place.path("profiles")).join("voices/anna.json");
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.len() < 50_000, "{} bytes", bytes.len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let twice = place.enrol("anna", &[]);
    assert_eq!(code(&twice), 1);
    assert!(stderr(&twice).contains("--replace"), "{}", stderr(&twice));
    good(&place.enrol("anna", &["--replace"]));
    good(&place.enrol("ben", &["--seal"]));
    let list = good(&place.voice(&["list"]));
    let names: Vec<&str> = list.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(names, ["anna", "ben"]);
    assert!(
        list.contains("voice-fixture 0.0.0") && list.lines().nth(1).unwrap().contains("sealed"),
        "{list}"
    );
    let line: Value =
        serde_json::from_str(good(&place.voice(&["list", "--json"])).lines().next().unwrap()).unwrap();
    assert_eq!((&line["name"], &line["sealed"]), (&"anna".into(), &false.into()));

    let away = place.path("away.json");
    good(&place.voice(&["export", "anna", "-o", &away]));
    good(&place.voice(&["remove", "anna"]));
    assert!(!file.exists());
    good(&place.voice(&["import", &away, "--name", "cleo"]));
    assert_eq!(code(&place.voice(&["remove", "anna", "cleo"])), 1, "anna is gone, cleo goes");
    assert!(!good(&place.voice(&["list"])).contains("cleo"));

    // Sealed: nothing is measured without the passphrase.
    let clip = place.clip("own.wav", WELCOME);
    let closed = place.voice(&["verify", "ben", &clip]);
    assert!(code(&closed) == 1 && stderr(&closed).contains("--passphrase-file"), "{}", stderr(&closed));
    let wrong = place.voice_with(&["verify", "ben", &clip], &[("EARMARK_PASSPHRASE", "guess")]);
    assert!(code(&wrong) == 1 && stderr(&wrong).contains("passphrase is another"), "{}", stderr(&wrong));
    let passphrase = place.path("passphrase");
    fs::write(&passphrase, "open sesame\n").unwrap();
    let opened = place.voice(&["verify", "ben", &clip, "--passphrase-file", &passphrase]);
    assert!([0, 3].contains(&code(&opened)), "{}", stderr(&opened));
}

#[test]
fn verify_answers_by_its_exit_code_and_in_json() {
    let place = Place::with_fixture();
    good(&place.enrol("anna", &[]));
    let own = place.clip("own.wav", WELCOME);
    let answer: Value =
        serde_json::from_str(&good(&place.voice(&["verify", "anna", &own, "--json"]))).unwrap();
    assert_eq!((&answer["outcome"], &answer["word_probability"]), (&"granted".into(), &Value::Null));
    assert!(
        answer["owner_probability"].as_f64().unwrap() > 0.85 && answer["owner_threshold"] == 0.85,
        "{answer}"
    );
    let speech_s = answer["speech_s"].to_string();
    assert!(speech_s.split('.').nth(1).is_none_or(|places| places.len() <= 3), "milliseconds: {speech_s}");
    let silence = place.path("silence.wav");
    write_wav(Path::new(&silence), RATE_HZ, 2, &vec![0.0; 64_000]);
    let denied = place.voice(&["verify", "anna", &silence]);
    assert_eq!(code(&denied), 3, "{}", stderr(&denied));
    assert!(
        stdout(&denied).starts_with("not the owner: owner 0.000")
            && stderr(&denied).contains("nobody speaks")
    );
    // What cannot be judged is no answer.
    let nan = place.path("nan.wav");
    write_wav(Path::new(&nan), RATE_HZ, 1, &[f32::NAN; 16_000]);
    let empty = place.path("empty.wav");
    write_wav(Path::new(&empty), RATE_HZ, 1, &[]);
    let long = place.path("long.wav");
    write_wav(Path::new(&long), 8_000, 1, &vec![0.0; 8_000 * 301]);
    for (clip, says) in [(&nan, "finite"), (&empty, "no samples"), (&long, "longer than 300 s")] {
        let told = place.voice(&["verify", "anna", clip]);
        assert!(code(&told) == 1 && stderr(&told).contains(says), "{clip}: {}", stderr(&told));
    }
    let nobody = place.voice(&["verify", "nobody", &own]);
    assert!(code(&nobody) == 1 && stderr(&nobody).contains("enrolled are anna"), "{}", stderr(&nobody));
    assert_eq!(code(&place.voice(&["verify", "../anna", &own])), 2);
}

#[test]
fn the_owner_is_asked_for_the_word_that_was_enrolled() {
    // The voice by the small network of the tests, which knows this one; the word by the shipped one.
    if !Pack::embedded_names().any(|name| name == pack::PHRASE) {
        return skip("this build has no phrase pack");
    }
    let place = Place::with_fixture();
    let said =
        earmark_core::audio::read_mono(Path::new(&place.clip("said.wav", (1.0, 2.6))), RATE_HZ).unwrap();
    let take = |(seed, gain): (u32, f32)| {
        let quiet = vec![0.0; 6_400];
        let clip = quiet.iter().copied().chain(said.iter().map(|x| gain * x)).chain(quiet.iter().copied());
        let clip: Vec<f32> = clip.collect();
        let clip: Vec<f32> = clip.iter().zip(noise(clip.len(), seed)).map(|(x, n)| x + 0.001 * n).collect();
        let path = place.path(&format!("take{seed}.wav"));
        write_wav(Path::new(&path), RATE_HZ, 1, &clip);
        path
    };
    let takes = [(1, 1.0), (2, 0.5), (3, 0.8)].map(take);
    let enrolled = place.voice(&["enrol", "anna", &takes[0], &takes[1], &takes[2], "--word", "welcome"]);
    assert!(
        good(&enrolled).is_empty() && stderr(&enrolled).contains("the word \"welcome\""),
        "{}",
        stderr(&enrolled)
    );
    let profile = std::fs::metadata(Path::new(&place.path("profiles")).join("voices/anna.json")).unwrap();
    assert!(profile.len() < 50_000, "{}", profile.len());
    let ask = |clip: &str, word: &str| {
        let told = place.voice(&["verify", "anna", clip, "--word", word, "--json"]);
        let answer: Value = serde_json::from_str(&stdout(&told)).unwrap_or_default();
        (code(&told), answer, stderr(&told))
    };
    let (granted, answer, said) = ask(&takes[1], "welcome");
    assert_eq!((granted, &answer["outcome"]), (0, &"granted".into()), "{answer} {said}");
    assert!(
        answer["word_probability"].as_f64().unwrap() > 0.5 && answer["word_threshold"] == 0.5,
        "{answer}"
    );
    // The same voice with other words.
    let other = place.clip("other.wav", (4.0, 6.0));
    let (denied, answer, _) = ask(&other, "welcome");
    assert!(answer["word_probability"].as_f64().unwrap() <= 0.5, "{answer}");
    assert_eq!(denied, 3);
    assert!(
        ["wrong_word", "wrong_word_and_not_owner"].contains(&answer["outcome"].as_str().unwrap()),
        "{answer}"
    );
    // Without the flag the owner alone is asked for.
    let owner: Value =
        serde_json::from_str(&stdout(&place.voice(&["verify", "anna", &other, "--json"]))).unwrap();
    assert_eq!(owner["word_probability"], Value::Null);
    let (unknown, _, said) = ask(&other, "farewell");
    assert!(unknown == 2 && said.contains("neither the word of this voice nor an enrolled phrase"), "{said}");
    // A phrase that was enrolled by itself is a word as well.
    let profiles = place.path("profiles");
    let phrase = ["phrase", "enrol", "greeting", &takes[0], &takes[1], &takes[2], "--profiles", &profiles];
    good(&earmark(phrase).output().unwrap());
    assert_eq!(ask(&takes[2], "greeting").1["outcome"], "granted");
    // One take may come from stdin, which can be read once.
    let piped =
        ["voice", "enrol", "cora", &takes[0], "-", &takes[2], "--word", "welcome", "--profiles", &profiles];
    let piped_take = fs::File::open(&takes[1]).unwrap();
    good(&earmark(piped).args(["--voice-pack", &place.pack]).stdin(piped_take).output().unwrap());
    // The more takes of a word, the more is kept of it.
    let more = [(4, 0.9), (5, 0.7), (6, 0.6), (7, 0.55), (8, 0.75)].map(take);
    let all: Vec<&str> = takes.iter().chain(&more).map(String::as_str).collect();
    good(&place.voice(&[&["enrol", "dora"], &all[..], &["--word", "welcome"]].concat()));
    let profile = std::fs::metadata(Path::new(&profiles).join("voices/dora.json")).unwrap();
    assert!(profile.len() > 50_000, "{}", profile.len());
    good(&place.voice(&["verify", "dora", &takes[1], "--word", "welcome"]));
    let few = place.voice(&["enrol", "bert", &takes[0], "--word", "welcome"]);
    assert!(code(&few) == 1 && stderr(&few).contains("a phrase needs 3 to 20"), "{}", stderr(&few));
}

#[test]
fn enrolment_refuses_what_nobody_speaks_in_and_advises() {
    let place = Place::with_fixture();
    let hiss = place.path("hiss.wav");
    write_wav(Path::new(&hiss), RATE_HZ, 1, &noise(48_000, 3));
    let own = place.clip("own.wav", (1.0, 3.4));
    let refused = place.voice(&["enrol", "anna", &own, &hiss]);
    assert!(code(&refused) == 1 && stderr(&refused).contains("hiss.wav"), "{}", stderr(&refused));
    let short = place.clip("short.wav", (1.0, 1.7));
    let advised = place.voice(&["enrol", "anna", &own, &short]);
    good(&advised);
    let said = stderr(&advised);
    assert!(said.contains("short.wav: only") && said.contains("2 of 3 to 5 clips"), "{said}");
}

#[test]
fn embed_prints_a_unit_vector() {
    let place = Place::with_fixture();
    let clip = place.clip("own.wav", WELCOME);
    let printed = ok(["voice", "embed", &clip, "--voice-pack", &place.pack]);
    let vector: Vec<f64> = serde_json::from_str(&printed).unwrap();
    assert_eq!(vector.len(), 24);
    assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-5);
}

#[test]
fn a_profile_of_another_network_is_refused() {
    let place = Place::with_fixture();
    good(&place.enrol("anna", &[]));
    let file = Path::new(&place.path("profiles")).join("voices/anna.json");
    let mut profile: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    profile["model"]["sha256"] = "0".repeat(64).into();
    fs::write(&file, profile.to_string()).unwrap();
    let told = place.voice(&["verify", "anna", &place.clip("own.wav", WELCOME)]);
    assert!(code(&told) == 1 && stderr(&told).contains("enrol it again"), "{}", stderr(&told));
}

/// What follows holds for a trained network.
#[test]
fn the_owner_is_known_and_the_others_are_not() {
    let Some(place) = Place::with_shipped() else { return };
    good(&place.enrol("anna", &[]));
    let farewell = place.clip("farewell.wav", FAREWELL);
    assert!(good(&place.voice(&["verify", "anna", &farewell])).starts_with("granted"));
    let market = place.clip("market.wav", MARKET);
    let told = place.voice(&["verify", "anna", &market]);
    assert_eq!(code(&told), 3, "{}", stdout(&told));
    // A clip of two voices is noticed.
    let samples: Vec<f32> = [&farewell, &market]
        .into_iter()
        .flat_map(|path| earmark_core::audio::read_mono(&PathBuf::from(path), RATE_HZ).unwrap())
        .collect();
    let both = place.path("both.wav");
    write_wav(Path::new(&both), RATE_HZ, 1, &samples);
    let advised = place.voice(&["enrol", "both", &both]);
    assert!(stderr(&advised).contains("more than one voice"), "{}", stderr(&advised));
}

#[test]
fn who_tells_the_enrolled_voice_from_the_others() {
    let Some(place) = Place::with_shipped() else { return };
    good(&place.enrol("anna", &[]));
    let input = programme().display().to_string();
    let found = rows(&good(&place.voice(&["who", &input])));
    let seconds = |label: &str, (from, to): (f64, f64)| -> f64 {
        found
            .iter()
            .filter(|row| row.label == label)
            .map(|row| (row.end_s.min(to) - row.start_s.max(from)).max(0.0))
            .sum()
    };
    for (label, sentence) in [("voice:anna", WELCOME), ("unknown", MARKET), ("voice:anna", FAREWELL)] {
        let length = sentence.1 - sentence.0;
        assert!(seconds(label, sentence) > 0.8 * length, "{label} {sentence:?}: {found:?}");
    }
    let rttm = good(&place.voice(&["who", &input, "-f", "rttm"]));
    for who in ["voice:anna", "unknown"] {
        assert!(rttm.lines().any(|line| line.starts_with("SPEAKER") && line.contains(who)), "{who}: {rttm}");
    }

    // A profile that cannot be used is told of and left out, unless it was asked for.
    let damaged = Path::new(&place.path("profiles")).join("voices").join("old.json");
    fs::write(&damaged, "{}").unwrap();
    let all = place.voice(&["who", &input]);
    assert!(stderr(&all).contains("left out") && stderr(&all).contains("old"), "{}", stderr(&all));
    assert_eq!(rows(&good(&all)).len(), found.len());
    assert_eq!(code(&place.voice(&["who", &input, "--voice", "old"])), 1);
    fs::create_dir(damaged.with_file_name("dir.json")).unwrap();
    let all = stderr(&place.voice(&["who", &input]));
    assert!(all.contains("dir.json") && all.matches("os error").count() == 1, "the cause, once: {all}");
}

#[test]
fn a_clip_that_is_given_twice_is_told() {
    let place = Place::with_fixture();
    let clip = place.clip("clip.wav", WELCOME);
    let advised = place.voice(&["enrol", "anna", &clip, &clip]);
    assert!(stderr(&advised).contains("the same recording as an earlier clip"), "{}", stderr(&advised));
    let one = place.voice(&["enrol", "ben", &clip]);
    assert!(stderr(&one).contains("ben enrolled from 1 clip with"), "{}", stderr(&one));
}

#[test]
fn evaluation_counts_trials_of_folders() {
    let place = Place::with_fixture();
    for (speaker, part) in [("a", WELCOME), ("b", MARKET)] {
        let dir = place.dir.path().join("set").join(speaker);
        fs::create_dir_all(&dir).unwrap();
        for n in 0..4 {
            let from = part.0 + f64::from(n) * 1.2;
            fs::rename(place.clip("clip.wav", (from, from + 1.2)), dir.join(format!("{n}.wav"))).unwrap();
        }
    }
    let json = place.path("figures.json");
    let set = place.path("set");
    let table = ok([
        "eval",
        "voice",
        &set,
        "--enrol",
        "2",
        "--length-s",
        "0.6,1",
        "--voice-pack",
        &place.pack,
        "-o",
        &json,
    ]);
    assert!(table.contains("all trials") && table.contains("length 0.6 s"), "{table}");
    let figures: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let all = &figures["figures"]["all"];
    // Two speakers, two clips each, in two lengths, against two voices.
    assert_eq!((&all["targets"], &all["impostors"]), (&8.into(), &8.into()));
    let empty = run(["eval", "voice", &place.path("profiles"), "--voice-pack", &place.pack]);
    assert_eq!(code(&empty), 2, "{}", stderr(&empty));
}
