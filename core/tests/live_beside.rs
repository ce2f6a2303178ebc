//! Enrolled phrases beside the detector of a live gate, with the shipped packs and recordings.
#![cfg(all(feature = "files", feature = "embedded-packs", feature = "embedded-runtime"))]
#![allow(missing_docs, reason = "a test program")]

use std::path::Path;
use std::sync::Arc;

use earmark_core::Label;
use earmark_core::audio::Source;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::gate::{Action, Envelope, GateSettings, MixSettings, Mixer};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::Runtime;
use earmark_core::phrase::{self, Ears, Negatives, PhraseSpotter, Phrases, Strictness};
use earmark_core::realtime::{Beside, LiveConfig, LiveGate, LivePhrases, PhraseSpan};

const RATE_HZ: u32 = 24_000;
/// Where the phrase of the tests is said, samples of [`programme`].
const PHRASE: std::ops::Range<usize> = 55_680..76_800;

fn programme(seconds: usize) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).unwrap();
    assert_eq!((source.info().rate_hz, source.info().channels), (RATE_HZ, 1));
    let wanted = seconds * usize::try_from(RATE_HZ).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        samples.extend_from_slice(block);
        if samples.len() >= wanted {
            break;
        }
    }
    samples.truncate(wanted);
    samples
}

fn pack(name: &str) -> Pack {
    Pack::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs").join(name)).unwrap()
}

fn detector(name: &str) -> Arc<Detector> {
    Arc::new(Detector::load(&Runtime::embedded().unwrap(), pack(name), DetectorMode::LowLatency).unwrap())
}

/// The phrase, enrolled from four sayings that differ in level and noise.
fn phrases(detector: &Detector, programme: &[f32]) -> Phrases {
    let runtime = Runtime::embedded().unwrap();
    let embedder = Embedder::load(&runtime, pack("phrase"), DetectorMode::LowLatency).unwrap();
    let clip = |gain: f32, seed: u32| {
        let mut state = seed;
        let mut noise = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [high, low, ..] = state.to_be_bytes();
            f32::from(i16::from_be_bytes([high, low])) / 32_768_000.0
        };
        let pause = std::iter::repeat_n(0.0, 9_600);
        let sound = pause.clone().chain(programme[PHRASE].iter().map(|x| gain * x)).chain(pause);
        let samples = sound.map(|x| x + noise()).collect();
        phrase::Clip { name: String::new(), samples, rate_hz: RATE_HZ, channels: 1, sha256: String::new() }
    };
    let clips = [(1.0, 1), (0.5, 2), (0.8, 3), (1.2, 4)].map(|(gain, seed)| clip(gain, seed));
    let background = Negatives::of_pack(&embedder).unwrap();
    let ears = Ears { embedder: &embedder, detector };
    let enrolled = phrase::enrol(ears, &clips, &background, &[], Strictness::Keen).unwrap();
    let spotter = PhraseSpotter::new("hello", &enrolled.profile);
    Phrases::new(Arc::new(embedder), vec![spotter])
}

/// What comes out, in the time of the input.
fn rendered(mut gate: LiveGate, input: &[f32], blocks: &[usize]) -> Vec<f32> {
    let mut mixer = Mixer::new(&MixSettings::default(), f64::from(RATE_HZ));
    let latency = usize::try_from(gate.latency_samples()).unwrap();
    let mut output: Vec<f32> = input.iter().copied().chain(std::iter::repeat_n(0.0, latency)).collect();
    let mut rest = &mut output[..];
    for block in blocks.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, others) = rest.split_at_mut((*block).min(rest.len()));
        gate.process_and_mix(&mut [block], None, true, &mut mixer, &mut |_| {});
        rest = others;
    }
    output.split_off(latency)
}

fn config() -> LiveConfig {
    LiveConfig {
        rate_hz: f64::from(RATE_HZ),
        channels: 1,
        max_block_samples: 512,
        offline: true,
        ..LiveConfig::default()
    }
}

/// Everything passes but for what a phrase does.
fn open_gate() -> GateSettings {
    let mut settings = GateSettings::keep([Label::SPEECH], Action::Keep);
    settings.rules.otherwise = Action::Keep;
    settings.envelope = Envelope { hold_ms: 0.0, release_ms: 10.0, ..settings.envelope };
    settings
}

/// The first and the last sample, seconds, at which the output is not the input.
fn changed(input: &[f32], output: &[f32]) -> Option<(f64, f64)> {
    let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
    let first = input.iter().zip(output).position(differs)?;
    let last = input.iter().zip(output).rposition(differs)?;
    let seconds = |sample: usize| f64::from(u32::try_from(sample).unwrap()) / f64::from(RATE_HZ);
    Some((seconds(first), seconds(last)))
}

#[test]
fn a_phrase_is_muted_while_it_is_said_and_from_its_beginning_where_the_gate_waits() {
    let (live, input) = (detector("live"), programme(8));
    let phrases = phrases(&live, &input);
    let gate = |detector: &Arc<Detector>, wait_ms| {
        let label = phrases.labels().next().unwrap();
        let settings = open_gate().while_said(label, Action::Mute);
        let phrases = LivePhrases { phrases: phrases.clone(), span: PhraseSpan::WhileSaid, wait_ms };
        let beside = Beside { phrases: Some(&phrases), ..Beside::default() };
        LiveGate::with_beside(Arc::clone(detector), &beside, &settings, &config()).unwrap()
    };
    let (start_s, end_s) = (2.32, 3.2);
    let at_once = rendered(gate(&live, 0), &input, &[512]);
    let (from_s, to_s) = changed(&input, &at_once).expect("it is muted");
    assert!(from_s > start_s && from_s < end_s - 0.1, "{from_s}: within the phrase, as soon as it is known");
    assert!((to_s - end_s).abs() < 0.4, "{to_s}");
    let odd = rendered(gate(&live, 0), &input, &[1, 511, 7, 64, 333]);
    assert_eq!(at_once, odd, "blocks do not matter");

    let waits = gate(&live, 700);
    let longer = f64::from(waits.latency_samples() - gate(&live, 0).latency_samples()) / f64::from(RATE_HZ);
    assert!((longer - 0.72).abs() < 1e-3, "{longer}: whole calls of 40 ms, told as latency");
    let (from_s, to_s) = changed(&input, &rendered(waits, &input, &[512])).expect("it is muted");
    assert!((start_s - 0.3..=start_s + 0.05).contains(&from_s), "{from_s}: nothing of it is heard");
    assert!((to_s - end_s).abs() < 0.3, "{to_s}");
    // A detector that looks far ahead knows it in time by itself.
    let studio = rendered(gate(&detector("studio"), 0), &input, &[512]);
    let (with_studio_s, _) = changed(&input, &studio).expect("it is muted");
    assert!(with_studio_s < at_once_start(&input, &at_once), "{with_studio_s}");
}

fn at_once_start(input: &[f32], output: &[f32]) -> f64 {
    changed(input, output).expect("it is muted").0
}

#[test]
fn a_gate_that_a_phrase_opens_stays_shut_before_it_and_after_its_time() {
    let (live, input) = (detector("live"), programme(8));
    let phrases = phrases(&live, &input);
    let labels = live.pack().manifest().labels.clone();
    let settings = open_gate().only_after(phrases.labels().next().unwrap(), Action::Mute, &labels);
    let phrases = LivePhrases { phrases, span: PhraseSpan::AfterSaid(2_000), wait_ms: 0 };
    let beside = Beside { phrases: Some(&phrases), ..Beside::default() };
    let gate = LiveGate::with_beside(live, &beside, &settings, &config()).unwrap();
    let output = rendered(gate, &input, &[256]);
    let at = |seconds: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        let sample = (seconds * f64::from(RATE_HZ)) as usize;
        sample
    };
    assert!(output[..at(3.1)].iter().all(|x| *x == 0.0), "shut until the phrase was said");
    let first = output.iter().position(|x| *x != 0.0).expect("it opens");
    assert!(first < at(3.8), "{first}");
    assert_eq!(output[at(4.0)..at(5.2)], input[at(4.0)..at(5.2)], "open for its time");
    assert!(output[at(6.0)..].iter().all(|x| *x == 0.0), "and shut again");
}
