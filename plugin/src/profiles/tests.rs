//! Voices and phrases learnt from what is played, and what they then do, with the shipped packs and programme.

use std::path::Path;
use std::time::{Duration, Instant};

use earmark_core::audio::Source;
use earmark_core::profile::{Existing, ModelId};
use earmark_core::voice::EnrolledClip;

use super::*;
use crate::{Activation, Block, Processor};

const RATE_HZ: u32 = 24_000;
/// Where the phrase of the tests is said, samples of the programme: somebody speaks there.
const PHRASE: std::ops::Range<usize> = 55_680..76_800;

/// The first seconds of the shipped programme.
fn programme(seconds: u32) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).expect("the programme");
    assert_eq!((source.info().rate_hz, source.info().channels), (RATE_HZ, 1));
    let mut samples = Vec::new();
    let wanted = usize::try_from(seconds * RATE_HZ).expect("small");
    while let Some(block) = source.next_block().expect("it decodes") {
        samples.extend_from_slice(block);
        if samples.len() >= wanted {
            break;
        }
    }
    samples.truncate(wanted);
    samples
}

fn activate(shared: &Arc<Shared>) -> Processor {
    let activation = Activation {
        rate_hz: f64::from(RATE_HZ),
        max_block: 480,
        channels: 1,
        sidechain_channels: 0,
        offline: true,
    };
    let processor = Processor::activate(Arc::clone(shared), &activation).expect("it activates");
    assert_eq!(Processor::latency_of(shared, &activation), processor.latency_samples());
    processor
}

/// Plays, and gives what comes out in the time of the input.
fn play(processor: &mut Processor, input: &[f32]) -> Vec<f32> {
    let latency = usize::try_from(processor.latency_samples()).expect("small");
    let mut sound: Vec<f32> = input.iter().copied().chain(std::iter::repeat_n(0.0, latency)).collect();
    for piece in sound.chunks_mut(480) {
        let mut main = [piece];
        let block = Block { main: &mut main, sidechain: &[], label_cv: &mut [] };
        processor.process(block, &[], &mut (), true);
    }
    sound.split_off(latency)
}

/// An instance whose profiles lie in a folder of the test's.
fn instance() -> (Arc<Shared>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shared = Arc::new(Shared::new());
    shared.set_profile_folder(Some(folder.path().to_owned()));
    (shared, folder)
}

fn learnt(shared: &Shared) -> Learning {
    let begun = Instant::now();
    loop {
        match shared.learning() {
            Learning::Voice(_) | Learning::Making => {}
            end => return end,
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "it never ends");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A profile of nobody in the programme: all rows point elsewhere.
fn somebody_else(shared: &Shared, name: &str) {
    let model = ears::voices().expect("embedded");
    let heard = model.embedder().embed(&programme(6), RATE_HZ, 1).expect("it is heard");
    let embedding = model.print(&heard).unit.iter().map(|value| -value).collect();
    let profile = VoiceProfile { clips: vec![EnrolledClip { embedding, speech_s: 3.0 }], word: None };
    let store = shared.profile_store().expect("a folder");
    store
        .save(&name.parse().expect("a name"), &model.id(), &profile, None, Existing::Replace)
        .expect("saved");
}

/// Frames of 10 ms whose sound passes untouched, of the first five seconds, in which somebody speaks.
fn passed(input: &[f32], output: &[f32]) -> usize {
    let frames = input.chunks(240).zip(output.chunks(240)).take(500);
    frames.filter(|(a, b)| a == b && a.iter().any(|x| *x != 0.0)).count()
}

#[test]
fn a_voice_is_learnt_while_it_plays_and_then_only_it_passes() {
    let (shared, _folder) = instance();
    assert!(matches!(shared.learn_voice("anna"), Err(LearnError::Nothing)), "nothing plays");
    let input = programme(6);
    let mut processor = activate(&shared);
    play(&mut processor, &input[..4_800]);
    assert!(matches!(shared.learn_voice("no/name"), Err(LearnError::Name(_))));
    shared.learn_voice("anna").expect("it begins");
    assert!(matches!(shared.learn_voice("ben"), Err(LearnError::Busy)));
    let begun = Instant::now();
    // In pieces shorter than what is kept, as a sound card would bring them.
    while matches!(shared.learning(), Learning::Voice(_)) {
        for piece in input.chunks(24_000) {
            play(&mut processor, piece);
            std::thread::sleep(Duration::from_millis(250));
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", shared.learning());
    }
    let end = learnt(&shared);
    assert!(matches!(&end, Learning::Done(told) if told.contains("anna")), "{end:?}");
    assert_eq!(shared.enrolled(ProfileKind::Voice), ["anna"]);
    assert!(
        shared.params.is_on(id::VOICE) && shared.take_restart_wanted(),
        "it is in force at the next activation"
    );
    drop(processor);

    let mut with_voice = activate(&shared);
    let own = passed(&input, &play(&mut with_voice, &input));
    assert!(shared.status().voice.expect("followed").likeness.is_some());
    assert!(shared.params.get(id::LIKENESS) > 0.5, "{}", shared.params.get(id::LIKENESS));
    assert_eq!(shared.profile_problems(), [""; 0]);
    // Not somebody else, whom it first lets in and then knows.
    somebody_else(&shared, "other");
    shared.choose_profile(ProfileKind::Voice, "other");
    let other = passed(&input, &play(&mut activate(&shared), &input));
    assert!(own > 200 && other < own / 2, "{own} frames of the own voice, {other} of another");
    // Labels that are read back know no voices.
    shared.set(id::LABEL_MODE, 2.0);
    shared.set(id::SPEECH, 1.0);
    shared.set(id::CLASS, 4.0);
    let read = passed(&input, &play(&mut activate(&shared), &input));
    assert!(read > own, "{read}");
}

#[test]
fn a_voice_that_cannot_be_used_is_told_and_the_gate_works_without_it_or_stays_shut() {
    let (shared, _folder) = instance();
    let input = programme(5);
    let plain = play(&mut activate(&shared), &input);
    assert!(passed(&input, &plain) > 200);
    shared.set(id::VOICE, 1.0);
    let without = |shared: &Arc<Shared>, says: &str| {
        let output = play(&mut activate(shared), &input);
        let problems = shared.profile_problems();
        assert!(problems.iter().any(|problem| problem.contains(says)), "{problems:?}");
        output
    };
    assert_eq!(without(&shared, "no voice is chosen"), plain);
    shared.choose_profile(ProfileKind::Voice, "anna");
    assert_eq!(without(&shared, "anna"), plain);
    // One that was made with another network.
    let profile =
        VoiceProfile { clips: vec![EnrolledClip { embedding: vec![1.0], speech_s: 3.0 }], word: None };
    let other = ModelId { name: "voice".to_owned(), version: "0.9.0".to_owned(), sha256: "ab".repeat(32) };
    let store = shared.profile_store().expect("a folder");
    let anna = "anna".parse().expect("a name");
    store.save(&anna, &other, &profile, None, Existing::Refuse).expect("saved");
    assert_eq!(without(&shared, "0.9.0"), plain);
    shared.set(id::FAIL_MODE, 1.0);
    let closed = without(&shared, "0.9.0");
    assert_eq!(passed(&input, &closed), 0, "nothing passes where that is asked for");
    assert!(matches!(shared.status().ear, crate::shared::DetectorStatus::Failed(_)));
    // And a project that was saved under another network says so.
    shared.set(id::FAIL_MODE, 0.0);
    store.remove(ProfileKind::Voice, &anna).expect("removed");
    somebody_else(&shared, "anna");
    shared.kept(|kept| {
        kept.voice = Some(ChosenProfile { name: "anna".to_owned(), model_sha256: "cd".repeat(32) });
    });
    let saved = shared.save_state();
    let again = Arc::new(Shared::new());
    again.set_profile_folder(lock(&shared.profiles.folder).clone());
    again.load_state(&saved).expect("a state");
    assert_eq!(again.save_state(), saved);
    assert!(again.take_restart_wanted());
    assert!(passed(&input, &without(&again, "enrolled anew")) < 200, "it is heard all the same");
}

#[test]
fn a_phrase_is_learnt_from_three_takes_and_muted_or_opens_the_gate() {
    let (shared, _folder) = instance();
    let input = programme(8);
    let mut processor = activate(&shared);
    assert!(matches!(shared.take_phrase(), Err(LearnError::Nothing)));
    for gain in [1.0, 0.6, 0.8] {
        assert!(matches!(shared.learn_phrase("hello"), Err(LearnError::Takes { .. })));
        let saying = input[PHRASE].iter().map(|x| gain * x);
        let pause = std::iter::repeat_n(0.0, 14_400);
        let take: Vec<f32> = pause.clone().chain(saying).chain(pause).collect();
        play(&mut processor, &take);
        // The end of the take stands in the middle of what is played: the last two seconds have it all.
        shared.take_phrase().expect("two seconds were heard");
    }
    assert_eq!(shared.phrase_takes(), TAKES);
    shared.learn_phrase("hello").expect("it begins");
    let end = learnt(&shared);
    assert!(matches!(&end, Learning::Done(told) if told.contains("hello")), "{end:?}");
    assert_eq!((shared.phrase_takes(), shared.params.choice(id::PHRASE)), (0, 1), "it is muted from now on");
    drop(processor);

    let energy =
        |sound: &[f32], range: std::ops::Range<usize>| sound[range].iter().map(|x| x * x).sum::<f32>();
    let mut at_once = activate(&shared);
    let latency = at_once.latency_samples();
    assert_eq!(shared.profile_problems(), [""; 0]);
    let muted = play(&mut at_once, &input);
    assert!(muted[72_000..76_800].iter().all(|x| *x == 0.0), "its end is not heard");
    assert!(energy(&muted, 84_000..110_000) > 0.5 * energy(&input, 84_000..110_000), "what follows is");
    shared.set(id::PHRASE_WAIT_MS, 700.0);
    let mut waits = activate(&shared);
    assert_eq!(waits.latency_samples() - latency, 17_280, "whole calls of the network");
    let whole = play(&mut waits, &input);
    assert!(energy(&whole, 57_000..76_800) < 1e-3 * energy(&input, 57_000..76_800), "nothing of it is heard");
    shared.set(id::PHRASE, 3.0);
    shared.set(id::PHRASE_HOLD_S, 2.0);
    shared.set(id::MODE, 2.0);
    let mut opens = activate(&shared);
    assert_eq!(opens.latency_samples(), latency, "it waits for nothing");
    let opened = play(&mut opens, &input);
    assert!(opened[..72_000].iter().all(|x| *x == 0.0), "shut before it");
    assert!(energy(&opened, 93_000..110_000) > 0.9 * energy(&input, 93_000..110_000), "open after it");
    assert!(opened[160_000..].iter().all(|x| *x == 0.0), "and shut again");
}
