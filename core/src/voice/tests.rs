//! Voices by the network of `tests/fixtures/embed/voice`, which is not trained, and by rows that are made here.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::follow::Follower;
use super::*;
use crate::FrameScores;
use crate::audio::read_mono;
use crate::detect::{Detector, DetectorMode};
use crate::embed::Vectors;
use crate::model::pack::{self, Pack};
use crate::model::runtime::Runtime;
use crate::profile::{Existing, Passphrase, ProfileError, ProfileStore};

const RATE_HZ: u32 = 16_000;

fn model(mode: DetectorMode) -> VoiceModel {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/embed/voice");
    VoiceModel::load(&Runtime::embedded().unwrap(), Pack::open(&dir).unwrap(), mode).unwrap()
}

static MODEL: LazyLock<Arc<VoiceModel>> = LazyLock::new(|| Arc::new(model(DetectorMode::LowLatency)));
static LIVE: LazyLock<Arc<Detector>> = LazyLock::new(|| {
    let pack = Pack::find(pack::LIVE).unwrap();
    Arc::new(Detector::load(&Runtime::embedded().unwrap(), pack, DetectorMode::LowLatency).unwrap())
});

/// The shipped programme from `from_s` to `to_s`.
fn programme(from_s: f64, to_s: f64) -> Vec<f32> {
    static ALL: LazyLock<Vec<f32>> = LazyLock::new(|| {
        read_mono(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac"), RATE_HZ).unwrap()
    });
    let at = |s: f64| usize::try_from(crate::signal::units::samples_covering(s, RATE_HZ)).unwrap();
    ALL[at(from_s)..at(to_s).min(ALL.len())].to_vec()
}

fn name(name: &str) -> ProfileName {
    name.parse().unwrap()
}

fn profile(embedding: Vec<f32>) -> VoiceProfile {
    VoiceProfile { clips: vec![EnrolledClip { embedding, speech_s: 2.0 }], word: None }
}

fn ear() -> VoiceEar {
    VoiceEar { model: Arc::clone(&MODEL), speech: Arc::clone(&LIVE), noise: None }
}

fn hear(ear: &VoiceEar, samples: &[f32]) -> HeardClip {
    ear.hear(Clip { interleaved: samples, rate_hz: RATE_HZ, channels: 1 }).unwrap()
}

/// A unit vector of the network's length along one axis.
fn axis(axis: usize) -> Vec<f32> {
    let mut vector = vec![0.0; MODEL.embedder().dim()];
    vector[axis] = 1.0;
    vector
}

fn two_voices(settings: FollowSettings) -> Voices {
    let enrolled = [(0, "anna"), (1, "ben")];
    let enrolled = enrolled.map(|(at, who)| MODEL.voice(name(who), &profile(axis(at))).unwrap());
    Voices::new(Arc::clone(&MODEL), enrolled.to_vec(), settings)
}

/// A scene in frames of 10 ms: the axis that speaks, or nobody.
fn scene(turns: &[(Option<usize>, usize)]) -> (FrameScores, Vectors) {
    let who: Vec<Option<usize>> =
        turns.iter().flat_map(|(who, frames)| std::iter::repeat_n(*who, *frames)).collect();
    let mut scores = FrameScores::new(LIVE.pack().manifest().labels.clone(), RATE_HZ);
    let speech = scores.column(&Label::SPEECH).unwrap();
    for who in &who {
        let mut row = vec![0.0; scores.labels.len()];
        row[speech] = if who.is_some() { 0.9 } else { 0.01 };
        scores.probabilities.extend(row);
        scores.mean_square.push(0.01);
    }
    scores.samples = who.len() as u64 * 160;
    let mut rows = Vectors::new(MODEL.embedder().dim(), MODEL.embedder().hop_frames());
    for frames in who.chunks(rows.hop_frames) {
        rows.rows.extend(frames[0].map_or(vec![1e-6; rows.dim], axis));
    }
    (scores, rows)
}

/// Where the column of a voice is on, in frames.
fn on(scores: &FrameScores, voice: &str) -> Vec<std::ops::Range<usize>> {
    let column = scores.column(&Label::new(format!("voice:{voice}"))).unwrap();
    let mut stretches: Vec<std::ops::Range<usize>> = Vec::new();
    for frame in (0..scores.frames()).filter(|frame| scores.row(*frame)[column] > 0.5) {
        match stretches.last_mut() {
            Some(last) if last.end == frame => last.end += 1,
            _ => stretches.push(frame..frame + 1),
        }
    }
    stretches
}

#[test]
fn live_opens_at_once_and_is_corrected_within_800_ms() {
    let voices = two_voices(FollowSettings::default());
    let (scores, rows) = scene(&[(None, 100), (Some(0), 300), (None, 110), (Some(1), 300), (None, 100)]);
    let heard = voices.follow(LIVE.pack().manifest(), &scores, &rows).unwrap();
    let [anna, ben] = ["anna", "ben"].map(|who| on(&heard, who));
    // Her own turn is hers from the first frame to the last and the hold; ben's is hers only until it is known.
    assert_eq!(anna[0], 100..430);
    assert_eq!(anna.len(), 2);
    assert!(anna[1].start == 510 && (530..=590).contains(&anna[1].end), "{anna:?}");
    assert!(ben[0].start == 100 && (120..=180).contains(&ben[0].end), "{ben:?}");
    assert_eq!(ben[1], 510..840);
}

#[test]
fn somebody_who_follows_without_a_pause_is_noticed() {
    let voices = two_voices(FollowSettings::default());
    let (scores, rows) = scene(&[(Some(0), 400), (Some(1), 400), (None, 100)]);
    let heard = voices.follow(LIVE.pack().manifest(), &scores, &rows).unwrap();
    let [anna, ben] = ["anna", "ben"].map(|who| on(&heard, who));
    assert!(anna.len() == 1 && (401..=520).contains(&anna[0].end), "{anna:?}");
    assert!(ben.last().is_some_and(|last| (401..=520).contains(&last.start) && last.end >= 800), "{ben:?}");
}

#[test]
fn a_short_pause_of_somebody_else_does_not_open_again() {
    let voices = two_voices(FollowSettings::default());
    let (scores, rows) = scene(&[(Some(1), 200), (None, 30), (Some(1), 200), (None, 110), (Some(1), 200)]);
    let anna = on(&voices.follow(LIVE.pack().manifest(), &scores, &rows).unwrap(), "anna");
    assert_eq!(anna.iter().map(|stretch| stretch.start).collect::<Vec<_>>(), [0, 540], "{anna:?}");
}

#[test]
fn a_recording_is_assigned_with_its_future_known() {
    let voices = two_voices(FollowSettings::default());
    let (scores, rows) = scene(&[(None, 50), (Some(0), 300), (Some(1), 300), (None, 60), (Some(2), 300)]);
    let all = voices.assign_all(LIVE.pack().manifest(), &scores, &rows).unwrap();
    assert_eq!(all.labels.last(), Some(&other_voice()));
    let near = |range: &std::ops::Range<usize>, start: usize, end: usize| {
        range.start.abs_diff(start) <= 12 && range.end.abs_diff(end) <= 12
    };
    let [anna, ben] = ["anna", "ben"].map(|who| on(&all, who));
    assert!(anna.len() == 1 && near(&anna[0], 50, 350), "{anna:?}");
    assert!(ben.len() == 1 && near(&ben[0], 350, 650), "{ben:?}");
    let others = on(&all, "");
    assert!(others.len() == 1 && near(&others[0], 710, 1_010), "{others:?}");
    let without = voices.assign(LIVE.pack().manifest(), &scores, &rows).unwrap();
    assert_eq!(without.labels.len() + 1, all.labels.len());
}

#[test]
fn a_failure_is_open_or_closed_as_was_said() {
    for (on_failure, expected) in [(OnVoiceFailure::Open, 0.9), (OnVoiceFailure::Closed, 0.0)] {
        let voices = two_voices(FollowSettings { on_failure, ..FollowSettings::default() });
        let mut follower = Follower::new(&voices, LIVE.pack().manifest()).unwrap();
        let mut row = vec![0.0; LIVE.pack().manifest().labels.len()];
        row[LIVE.pack().manifest().labels.iter().position(|l| *l == Label::SPEECH).unwrap()] = 0.9;
        let mut out = Vec::new();
        follower.fail();
        for _ in 0..200 {
            assert!(follower.is_ready());
            out.clear();
            follower.frame(&row, &mut out);
            assert_eq!(out, [expected; 2]);
        }
        follower.reset();
        out.clear();
        follower.frame(&row, &mut out);
        assert_eq!(out, [0.9; 2]);
    }
}

/// A stream in blocks of any size gives what is computed of the whole, bit for bit.
#[test]
fn a_stream_is_what_a_whole_recording_gives() {
    let samples = programme(0.0, 24.0);
    let ear = ear();
    let welcome = hear(&ear, &programme(1.0, 8.1));
    let voice = MODEL.voice(name("slt"), &profile(welcome.print.unit)).unwrap();
    let voices = Voices::new(Arc::clone(&MODEL), vec![voice], FollowSettings::default());
    let scores = LIVE.detect_samples(&samples, RATE_HZ, 1).unwrap();
    let rows = MODEL.embedder().embed(&samples, RATE_HZ, 1).unwrap();
    let whole = voices.follow(LIVE.pack().manifest(), &scores, &rows).unwrap();
    assert!(!on(&whole, "slt").is_empty());
    let mut stream = VoiceStream::new(&LIVE, &voices, RATE_HZ, 1).unwrap();
    for block in [160, 4_410, samples.len()] {
        let mut heard = stream.scores();
        samples.chunks(block).for_each(|block| stream.push(block, &mut heard).unwrap());
        // Voices cost no delay: what the detector has said is there.
        assert!(heard.frames() + 60 > scores.frames(), "{} of {}", heard.frames(), scores.frames());
        stream.finish(&mut heard).unwrap();
        assert!(heard == whole, "blocks of {block}");
    }
    assert!(!stream.has_failed());
}

#[test]
fn a_clip_is_more_like_itself_than_like_another_and_silence_is_nobody() {
    let ear = ear();
    let [welcome, market] = [(1.0, 8.1), (36.4, 41.5)].map(|(from, to)| hear(&ear, &programme(from, to)));
    assert!(welcome.quality.speech_s > 5.0 && welcome.quality.duration_s > 7.0, "{:?}", welcome.quality);
    let voice = MODEL.voice(name("slt"), &profile(welcome.print.unit.clone())).unwrap();
    let [own, other] = [&welcome, &market].map(|clip| MODEL.compare(&voice, &clip.print));
    assert!(own.score > other.score && own.probability() > other.probability(), "{own:?} {other:?}");
    let silence = hear(&ear, &vec![0.0; 16_000]);
    assert_eq!(MODEL.compare(&voice, &silence.print).probability(), 0.0);
    let verdict = MODEL.verify(&voice, &silence.print, None);
    assert_eq!((verdict.outcome, verdict.owner_probability), (Outcome::NotOwner, 0.0));
}

#[test]
fn enrolment_takes_clips_with_speech_and_says_what_is_wrong_with_them() {
    let ear = ear();
    let clips: Vec<HeardClip> =
        [(1.0, 3.4), (3.4, 5.8), (5.8, 8.1)].map(|(from, to)| hear(&ear, &programme(from, to))).to_vec();
    let enrolment = enrol(&MODEL, &clips, false).unwrap();
    assert_eq!(enrolment.profile.clips.len(), 3);
    assert!(crate::profile::Profile::check(&enrolment.profile).is_ok());
    let mut short = clips.clone();
    short[1] = hear(&ear, &programme(3.4, 4.2));
    let advice = enrol(&MODEL, &short, false).unwrap().advice;
    assert!(matches!(advice[1][..], [Advice::TooShort { .. }, ..]), "{advice:?}");
    let loud: Vec<f32> = programme(1.0, 3.4).iter().map(|x| (x * 30.0).clamp(-1.0, 1.0)).collect();
    let advice = enrol(&MODEL, &[hear(&ear, &loud)], false).unwrap().advice;
    assert!(advice[0].iter().any(|advice| matches!(advice, Advice::Clipped { .. })), "{advice:?}");
    let silent = [clips[0].clone(), hear(&ear, &vec![0.0; 16_000])];
    assert!(matches!(enrol(&MODEL, &silent, false), Err(EnrolError::NoSpeech { number: 2, .. })));
    assert_eq!(enrol(&MODEL, &[], false), Err(EnrolError::Count { count: 0 }));
}

/// A word of `clips` clips of so many rows each, as the shipped phrase pack makes it.
fn word(clips: usize, rows: [usize; 3]) -> EnrolledWord {
    let templates = (0..clips).flat_map(|_| rows).map(|rows| {
        let base64 = "f4AB".repeat(64 * rows / 3 + 1).split_at(4 * (64 * rows / 3)).0.to_owned();
        serde_json::json!({ "rows": base64, "common": 0.25, "sha256": "0".repeat(64) })
    });
    let templates: Vec<_> = templates.collect();
    let limits = serde_json::json!({ "whole": 0.5, "early": 0.5 });
    let working = serde_json::json!({ "limits": limits, "expected_miss": 0.0, "missed_clips": 0 });
    let phrase = serde_json::json!({
        "dim": 64, "hop_frames": 4, "templates_per_clip": 3, "templates": templates, "working": [working, working, working],
        "strictness": "keen", "negative_hours": 1.0,
    });
    let word = serde_json::json!({ "name": "sesame", "model_sha256": "0".repeat(64), "phrase": phrase });
    serde_json::from_value(word).unwrap()
}

#[test]
fn a_word_of_the_most_and_longest_clips_has_room_and_a_voice_alone_stays_small() {
    let dir = tempfile::tempdir().unwrap();
    let store = ProfileStore::open(Some(dir.path())).unwrap();
    let passphrase = Passphrase::new("correct horse").unwrap();
    let mut embedding = vec![0.0; 192];
    embedding[7] = 1.0;
    let clips = vec![EnrolledClip { embedding, speech_s: 3.0 }; 20];
    // Three seconds and the margins of a clip, as it is, slower and faster.
    let words = [None, Some(word(3, [24, 30, 21])), Some(word(20, [78, 93, 69]))];
    for (word, sealed, most) in words.into_iter().flat_map(|word| {
        let most = if word.is_some() { 1_000_000 } else { 50_000 };
        [(word.clone(), false, most), (word, true, most)]
    }) {
        let voice = VoiceProfile { clips: clips.clone(), word };
        let seal = Some(&passphrase).filter(|_| sealed);
        let path = store.save(&name("anna"), &MODEL.id(), &voice, seal, Existing::Replace).unwrap();
        assert!(std::fs::metadata(path).unwrap().len() <= most);
        let sha256 = MODEL.id().sha256;
        assert_eq!(store.load::<VoiceProfile>(&name("anna"), &sha256, seal).unwrap(), voice);
    }
    // A voice alone has no room for more than clips of it.
    let embedding = [vec![1.0], vec![0.0; 767]].concat();
    let large = VoiceProfile { clips: vec![EnrolledClip { embedding, speech_s: 3.0 }; 20], word: None };
    let refused = store.save(&name("ben"), &MODEL.id(), &large, None, Existing::Refuse);
    assert!(matches!(refused, Err(ProfileError::TooLarge { limit: 50_000, .. })), "{refused:?}");
}

/// By the shipped network: the one of the tests does not weigh silence down.
#[test]
fn silence_beside_a_voice_is_no_second_voice() {
    let pack = Pack::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs/voice")).unwrap();
    let shipped = VoiceModel::load(&Runtime::embedded().unwrap(), pack, DetectorMode::Throughput).unwrap();
    let ear = VoiceEar { model: Arc::new(shipped), ..ear() };
    let one = programme(1.0, 5.8);
    let two: Vec<f32> = one.iter().copied().chain(programme(36.4, 41.5)).collect();
    let mut random = crate::signal::random::SplitMix::new(5);
    let room: Vec<f32> =
        (0..48_000).map(|_| crate::signal::units::single(7e-4 * random.triangular())).collect();
    for (beside, what) in [(vec![], "nothing"), (vec![0.0; 48_000], "silence"), (room, "a quiet room")] {
        let [one, two] = [&one, &two].map(|said| hear(&ear, &[&beside, said, &beside[..]].concat()).quality);
        let speaks_alone = |quality: &ClipQuality| !quality.advice(false).contains(&Advice::TwoVoices);
        assert!(one.parts_log_odds.is_some_and(|log_odds| log_odds > 5.0), "{what}: {one:?}");
        assert!(speaks_alone(&one) && !speaks_alone(&two), "{what}: {one:?} {two:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let ear = ear();
    for bad in [f32::NAN, f32::INFINITY] {
        let clip = Clip { interleaved: &[0.0, bad], rate_hz: RATE_HZ, channels: 1 };
        assert!(matches!(ear.hear(clip), Err(VoiceError::NotFinite)));
    }
    let no_rate = Clip { interleaved: &[0.0; 100], rate_hz: 0, channels: 1 };
    assert!(matches!(ear.hear(no_rate), Err(VoiceError::Embed(_))));
    let other = MODEL.voice(name("x"), &profile(vec![1.0, 0.0]));
    assert!(matches!(other, Err(VoiceError::Dim { is: 2, .. })));
    let many = vec![MODEL.voice(name("x"), &profile(axis(0))).unwrap(); 8];
    let many = Voices::new(Arc::clone(&MODEL), many, FollowSettings::default());
    assert!(matches!(VoiceStream::new(&LIVE, &many, RATE_HZ, 1), Err(VoiceError::TooManyVoices { .. })));
    // A pack without impostors cannot say who it is.
    let phrase = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/embed/phrase");
    let loaded = VoiceModel::load(
        &Runtime::embedded().unwrap(),
        Pack::open(&phrase).unwrap(),
        DetectorMode::LowLatency,
    );
    assert!(matches!(loaded, Err(VoiceError::Pack(_))));
}
