//! Enrolment and spotting of real speech by the shipped network.

use std::path::{Path, PathBuf};

use super::*;
use crate::detect::{Detector, DetectorMode};
use crate::embed::{Embedder, Vectors};
use crate::model::pack::{self, Pack};
use crate::model::runtime::Runtime;
use crate::profile::{Existing, ModelId, Profile, ProfileStore};

const RATE_HZ: u32 = 16_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn embedder() -> Embedder {
    let pack = Pack::open(&root().join("models/packs/phrase")).unwrap();
    Embedder::load(&Runtime::embedded().unwrap(), pack, DetectorMode::LowLatency).unwrap()
}

fn detector() -> Detector {
    let pack = Pack::find(pack::LIVE).unwrap();
    Detector::load(&Runtime::embedded().unwrap(), pack, DetectorMode::Throughput).unwrap()
}

/// The shipped programme, mono at [`RATE_HZ`].
fn programme() -> Vec<f32> {
    let mut source = crate::audio::Source::open(&root().join("examples/programme.flac")).unwrap();
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let mut downmixer = crate::signal::Downmixer::new(rate_hz, channels);
    let mut resampler = crate::signal::Resampler::new(rate_hz, RATE_HZ).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        let mut mono = Vec::new();
        if channels > 1 {
            downmixer.push(block, &mut mono);
        } else {
            mono.extend_from_slice(block);
        }
        resampler.push(&mono, &mut samples);
    }
    resampler.finish(&mut samples);
    samples
}

/// Where in the programme the phrase of the tests lies, samples: somebody speaks there.
const PHRASE: std::ops::Range<usize> = 37_120..51_200;

fn noise(count: usize, seed: u32) -> impl Iterator<Item = f32> {
    let mut state = seed;
    (0..count).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let bytes = state.to_be_bytes();
        f32::from(i16::from_be_bytes([bytes[0], bytes[1]])) / 32_768.0
    })
}

/// A saying: the phrase, as loud as `gain`, with a pause before and after it and a little noise.
fn clip(speech: &[f32], gain: f32, seed: u32) -> Clip {
    let pause = 6_400;
    let silence = std::iter::repeat_n(0.0, pause);
    let sound = silence.clone().chain(speech.iter().map(|x| gain * x)).chain(silence);
    let samples: Vec<f32> =
        sound.zip(noise(2 * pause + speech.len(), seed)).map(|(x, n)| x + 0.001 * n).collect();
    Clip { name: format!("clip-{seed}.wav"), samples, rate_hz: RATE_HZ, channels: 1, sha256: String::new() }
}

fn clips(speech: &[f32]) -> Vec<Clip> {
    [(1.0, 1), (0.5, 2), (0.8, 3), (1.2, 4)].map(|(gain, seed)| clip(speech, gain, seed)).into()
}

/// The other speech of the pack.
fn background(embedder: &Embedder) -> Negatives {
    Negatives::of_pack(embedder).unwrap()
}

#[test]
fn a_phrase_is_enrolled_found_where_it_is_and_not_elsewhere() {
    let (embedder, detector, programme) = (embedder(), detector(), programme());
    let ears = Ears { embedder: &embedder, detector: &detector };
    let background = background(&embedder);
    let enrolled = enrol(ears, &clips(&programme[PHRASE]), &background, &[], Strictness::Keen).unwrap();
    assert_eq!(enrolled.advice, []);
    assert_eq!(enrolled.profile.clips(), 4);
    let [strict, balanced, keen] = Strictness::ALL.map(|s| enrolled.profile.working(s));
    assert!(strict.limits.whole >= balanced.limits.whole && balanced.limits.whole >= keen.limits.whole);
    assert_eq!((keen.missed_clips, enrolled.profile.limits()), (0, keen.limits));
    assert!(keen.expected_miss < 0.05, "{keen:?}");

    // It goes through the store as it is.
    let dir = tempfile::tempdir().unwrap();
    let store = ProfileStore::open(Some(dir.path())).unwrap();
    let (name, model) = ("hello".parse().unwrap(), ModelId::of(embedder.pack()));
    store.save(&name, &model, &enrolled.profile, None, Existing::Refuse).unwrap();
    let phrases = Phrases::load(embedder, &store, std::slice::from_ref(&name), None).unwrap();
    assert_eq!(phrases.labels().collect::<Vec<_>>(), [&label("hello")]);

    let found = phrases.spot_samples(&programme, RATE_HZ, 1).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let Detection { start_s, end_s, decided_s, confidence, .. } = found[0].clone();
    assert!((start_s - 2.32).abs() < 0.2 && (end_s - 3.2).abs() < 0.2, "{found:?}");
    assert!(decided_s > end_s && decided_s < end_s + 0.5 && confidence > 0.5, "{found:?}");

    // Blocks do not matter, and the live gate knows of it before it is over.
    let mut whole = Vec::new();
    let mut stream = phrases.stream(RATE_HZ, 1).unwrap();
    stream.push(&programme[..80_000], &mut |event| whole.push(event)).unwrap();
    stream.finish(&mut |event| whole.push(event)).unwrap();
    let mut pieces = Vec::new();
    for block in programme[..80_000].chunks(333) {
        stream.push(block, &mut |event| pieces.push(event)).unwrap();
    }
    stream.finish(&mut |event| pieces.push(event)).unwrap();
    assert_eq!(pieces, whole);
    let begun = whole.iter().find_map(|event| match event {
        PhraseEvent::Begun { hop, start, .. } => Some((*hop, *start)),
        _ => None,
    });
    let (hop, start) = begun.expect("a beginning");
    assert!(start <= 62 && hop < 80, "told at hop {hop}, begun at {start}");

    // Who waits for the word is told before its borders are settled, once.
    let told: Vec<(bool, &Detection)> = whole
        .iter()
        .filter_map(|event| match event {
            PhraseEvent::Begun { .. } | PhraseEvent::Over { .. } => None,
            PhraseEvent::Recognised(detection) => Some((false, detection)),
            PhraseEvent::Said(detection) => Some((true, detection)),
        })
        .collect();
    let [(false, recognised), (true, said)] = told[..] else { panic!("{told:?}") };
    assert!(recognised.decided_s <= said.decided_s - 0.12, "{told:?}");
    assert!(recognised.confidence >= 0.5 && recognised.confidence <= said.confidence, "{told:?}");
}

#[test]
fn a_phrase_is_told_again_after_a_time_and_only_where_it_lasts() {
    let (embedder, detector, programme) = (embedder(), detector(), programme());
    let ears = Ears { embedder: &embedder, detector: &detector };
    let clips = clips(&programme[PHRASE]);
    let profile = enrol(ears, &clips, &background(&embedder), &[], Strictness::Keen).unwrap().profile;
    let phrases = Phrases::new(embedder.into(), vec![PhraseSpotter::new("hello", &profile)]);
    // Twice, the second time 1.7 s after the first.
    let sound: Vec<f32> = clips[0].samples.iter().chain(&clips[2].samples).copied().collect();
    let found = |refractory_ms: u32, confirm_hops: u32| {
        let settings = SpotterSettings { refractory_ms, confirm_hops };
        settings.check().unwrap();
        phrases.clone().with_settings(settings).spot_samples(&sound, RATE_HZ, 1).unwrap()
    };
    let usual = phrases.spot_samples(&sound, RATE_HZ, 1).unwrap();
    assert_eq!(usual.len(), 2, "{usual:?}");
    assert_eq!(found(1_000, 1), usual);
    assert_eq!(found(0, 1), usual);
    assert_eq!(found(5_000, 1), usual[..1]);
    // What stands at the limit for a moment is told, unless it is to last for four seconds.
    assert_eq!(found(1_000, 2), usual);
    assert_eq!(found(1_000, 100), []);
    for (refractory_ms, confirm_hops) in [(600_001, 1), (0, 0), (0, 251)] {
        let error = SpotterSettings { refractory_ms, confirm_hops }.check().unwrap_err();
        assert!(error.to_string().contains(" to "), "{error}");
    }
}

#[test]
fn what_must_not_be_taken_for_it_raises_every_limit() {
    let (embedder, detector, programme) = (embedder(), detector(), programme());
    let ears = Ears { embedder: &embedder, detector: &detector };
    let background = background(&embedder);
    let plain = enrol(ears, &clips(&programme[PHRASE]), &background, &[], Strictness::Keen).unwrap();
    // Half of the phrase is like it.
    let half = embedder.embed(&programme[PHRASE.start..44_800], RATE_HZ, 1).unwrap();
    let others = [("half.wav".to_owned(), half)];
    let wary = enrol(ears, &clips(&programme[PHRASE]), &background, &others, Strictness::Keen).unwrap();
    assert!(wary.mistaken.is_empty());
    let highest = others[0].1.clone();
    let reached = highest_score(&wary.profile, &highest);
    assert!(
        wary.profile.limits().whole > reached && wary.profile.limits().whole >= plain.profile.limits().whole
    );
    // The phrase itself cannot be told from the phrase.
    let same =
        [("same.wav".to_owned(), embedder.embed(&clips(&programme[PHRASE])[0].samples, RATE_HZ, 1).unwrap())];
    let vain = enrol(ears, &clips(&programme[PHRASE]), &background, &same, Strictness::Keen).unwrap();
    assert_eq!(vain.mistaken, ["same.wav"]);
}

fn highest_score(profile: &PhraseProfile, vectors: &Vectors) -> f32 {
    let mut aligner = profile.aligner(|_| true);
    vectors.iter().map(|row| aligner.push(row).whole.score).fold(f32::MIN, f32::max)
}

#[test]
fn bad_clips_are_named_with_what_helps() {
    let (embedder, detector, programme) = (embedder(), detector(), programme());
    let ears = Ears { embedder: &embedder, detector: &detector };
    let background = background(&embedder);
    let mut with = clips(&programme[PHRASE]);
    let mut clipped = clip(&programme[PHRASE], 40.0, 11);
    clipped.samples.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
    let mut noisy = clip(&programme[PHRASE], 1.0, 12);
    noisy.samples.iter_mut().zip(noise(40_000, 13)).for_each(|(sample, noise)| *sample += 0.08 * noise);
    let empty = clip(&[0.0; 8_000], 1.0, 14);
    let long = clip(&programme[16_000..130_000], 1.0, 15);
    with.extend([clipped, noisy, empty, long]);
    let enrolled = enrol(ears, &with, &background, &[], Strictness::Balanced).unwrap();
    let of = |name: &str| -> Vec<&Advice> {
        enrolled.advice.iter().filter(|(clip, _)| clip == name).map(|(_, advice)| advice).collect()
    };
    assert!(matches!(of("clip-11.wav")[..], [Advice::Clipped { percent }, ..] if *percent > 1.0));
    assert!(of("clip-12.wav").iter().any(|a| matches!(a, Advice::Noisy { .. })), "{:?}", enrolled.advice);
    assert!(matches!(of("clip-14.wav")[..], [Advice::TooShort { .. }]));
    assert!(matches!(of("clip-15.wav")[..], [Advice::TooLong { .. }]));
    assert_eq!(enrolled.profile.clips(), 6);

    // The same recording three times is one.
    let same = vec![with[0].clone(); 3];
    let error = enrol(ears, &same, &background, &[], Strictness::Balanced).unwrap_err().to_string();
    assert!(error.contains("1 clip") && error.contains("the same recording as"), "{error}");

    let error = enrol(ears, &with[..2], &background, &[], Strictness::Balanced).unwrap_err().to_string();
    assert!(error.contains("2 clips can be used"), "{error}");
    let error = enrol(ears, &with, &Negatives::default(), &[], Strictness::Balanced).unwrap_err();
    assert!(matches!(error, PhraseError::NoNegatives { .. }), "{error}");
}

#[test]
fn negatives_of_another_network_or_length_are_refused() {
    let embedder = embedder();
    let dim = embedder.dim();
    let file = |sha: &str, dim: usize, count: usize, bytes: usize| {
        let head = format!(
            "{{\"format\":1,\"dim\":{dim},\"count\":{count},\"hop_s\":0.04,\"model_sha256\":\"{sha}\"}}\n"
        );
        let mut file = head.into_bytes();
        file.extend(vec![100_u8; bytes]);
        file
    };
    let sha = embedder.model_sha256().to_owned();
    let good = Negatives::parse(&file(&sha, dim, 90_000, 90_000 * dim), &embedder).unwrap();
    assert!((good.hours() - 1.0).abs() < 1e-9);
    let length: f32 = good.stretches[0].row(0).iter().map(|v| v * v).sum();
    assert!((length - 1.0).abs() < 1e-5);
    for bytes in [
        file("0", dim, 2, 2 * dim),
        file(&sha, dim + 1, 2, 2 * dim + 2),
        file(&sha, dim, 3, 2 * dim),
        file(&sha, dim, usize::MAX, 2 * dim),
        file(&sha, dim, 0, 0),
        b"no header".to_vec(),
        b"{}\n".to_vec(),
    ] {
        assert!(matches!(Negatives::parse(&bytes, &embedder), Err(PhraseError::Negatives { .. })));
    }
}

#[test]
fn a_profile_with_what_cannot_be_is_refused() {
    let (embedder, detector, programme) = (embedder(), detector(), programme());
    let ears = Ears { embedder: &embedder, detector: &detector };
    let background = background(&embedder);
    let profile =
        enrol(ears, &clips(&programme[PHRASE]), &background, &[], Strictness::Strict).unwrap().profile;
    profile.check().unwrap();
    let json = serde_json::to_value(&profile).unwrap();
    for (pointer, value) in [
        ("/dim", serde_json::json!(0)),
        ("/dim", serde_json::json!(23)),
        ("/hop_frames", serde_json::json!(0)),
        ("/templates", serde_json::json!([])),
        ("/templates/0/rows", serde_json::json!("AAAA")),
        ("/templates/0/sha256", serde_json::json!("zz")),
        ("/working/1/expected_miss", serde_json::json!(7.0)),
        ("/negative_hours", serde_json::json!(-1.0)),
    ] {
        let mut changed = json.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = value;
        } else {
            changed["templates"][0]["sha256"] = value;
        }
        let profile: PhraseProfile = serde_json::from_value(changed).unwrap();
        assert!(profile.check().is_err(), "{pointer}");
    }
}
