//! The tagger with the shipped network on the shipped programme.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Event, StreamError, StreamSettings, StreamTagger};
use crate::audio::Source;
use crate::decide::{CausalLabels, LabelSettings, TimelineSettings};
use crate::detect::{Detector, DetectorMode};
use crate::model::pack::{self, Pack};
use crate::model::runtime::Runtime;
use crate::signal::units::{real, samples_to_seconds};
use crate::{FrameGrid, Label, LabelSet};

static EAR: LazyLock<Detector> = LazyLock::new(|| {
    let runtime = Runtime::embedded().unwrap();
    Detector::load(&runtime, Pack::find(pack::LIVE).unwrap(), DetectorMode::LowLatency).unwrap()
});

/// The first seconds of the shipped programme, mono at its rate.
static PROGRAMME: LazyLock<(Vec<f32>, u32)> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).unwrap();
    let (rate_hz, channels) = (source.info().rate_hz, usize::from(source.info().channels));
    let mut mono = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        mono.extend(block.iter().step_by(channels));
    }
    (mono, rate_hz)
});

fn seconds_of_programme(from_s: usize, to_s: usize) -> &'static [f32] {
    let rate = PROGRAMME.1 as usize;
    &PROGRAMME.0[from_s * rate..to_s * rate]
}

fn settings() -> StreamSettings {
    StreamSettings {
        name: "programme".into(),
        timeline: TimelineSettings::for_pack(EAR.pack().manifest()),
        frame_ms: Some(100),
    }
}

fn tagger(channels: u16, settings: &StreamSettings) -> StreamTagger {
    StreamTagger::new(&EAR, PROGRAMME.1, channels, settings).unwrap()
}

/// No minimum durations: each change is told.
fn immediate() -> StreamSettings {
    let mut settings = settings();
    let none = |label: LabelSettings| LabelSettings { min_on_ms: 0, min_gap_ms: 0, ..label };
    settings.timeline.default = none(settings.timeline.default);
    settings.timeline.labels.values_mut().for_each(|label| *label = none(*label));
    settings.timeline.min_silence_ms = 0;
    settings
}

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// Every event fits the schema, and is read back as it was.
fn assert_valid(events: &[Event]) {
    let schema = schema();
    for event in events {
        let json = serde_json::to_value(event).unwrap();
        if let Err(error) = schema.validate(&json) {
            panic!("{json}: {error}");
        }
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), *event);
        let line = serde_json::to_string(event).unwrap();
        assert!(line.starts_with(&format!("{{\"type\":\"{}\"", event.kind())), "{line}");
    }
}

/// What must hold of the events of any stream.
fn assert_whole(events: &[Event]) {
    assert!(matches!(events.first(), Some(Event::Begin { .. })), "{events:?}");
    assert!(matches!(events.last(), Some(Event::End { .. })));
    let mut on: Vec<(u64, &Label)> = Vec::new();
    let mut last_id = 0;
    for event in events {
        match event {
            Event::Onset { id, label, start_s, decided_s, .. } => {
                assert!(*id > last_id && start_s < decided_s, "{event:?}");
                assert!(on.iter().all(|(_, other)| *other != label), "{label} is on twice");
                last_id = *id;
                on.push((*id, label));
            }
            Event::Offset { id, label, start_s, end_s, decided_s, .. } => {
                assert!(start_s < end_s && end_s <= decided_s, "{event:?}");
                let at = on.iter().position(|open| *open == (*id, label)).expect("its onset came before");
                on.remove(at);
            }
            _ => {}
        }
    }
    assert_eq!(on, [], "what is on is ended");
}

#[test]
fn the_programme_gives_what_is_in_it_and_every_event_fits_the_schema() {
    let mut events = Vec::new();
    let mut tagger = tagger(1, &settings());
    let samples = &PROGRAMME.0;
    tagger.push(samples, &mut events).unwrap();
    tagger.finish(&mut events).unwrap();
    assert_whole(&events);
    assert_valid(&events);
    for label in ["speech", "music", "noise", "silence"] {
        let told = |event: &Event| matches!(event, Event::Offset { label: own, .. } if own.as_str() == label);
        assert!(events.iter().any(told), "{label}");
    }
    let Some(Event::End { samples: heard, duration_s, seconds, .. }) = events.last() else { unreachable!() };
    assert_eq!(*heard, samples.len() as u64);
    let summed: f64 = events
        .iter()
        .filter_map(|event| match event {
            Event::Offset { label, start_s, end_s, .. } if label.as_str() == "speech" => {
                Some(end_s - start_s)
            }
            _ => None,
        })
        .sum();
    assert!((seconds[&Label::SPEECH] - summed).abs() < 1e-6, "{seconds:?} {summed}");
    let frames = events.iter().filter(|event| event.kind() == "frame").count();
    assert_eq!(real(frames), (duration_s * 10.0).ceil());
}

#[test]
fn what_the_schema_does_not_know_is_refused() {
    let schema = schema();
    let valid = serde_json::json!({"type": "gap", "start": 1.0, "reason": "reconnect"});
    assert!(schema.is_valid(&valid));
    for (key, value) in [("type", "pause".into()), ("start", (-1).into()), ("colour", "blue".into())] {
        let mut planted = valid.clone();
        planted[key] = value;
        assert!(!schema.is_valid(&planted), "{planted}");
    }
}

#[test]
fn an_event_comes_with_the_sample_that_it_says_it_needed() {
    let mut tagger = tagger(1, &immediate());
    let mut events = Vec::new();
    let mut told = 0;
    for sample in seconds_of_programme(3, 12) {
        events.clear();
        tagger.push(std::slice::from_ref(sample), &mut events).unwrap();
        for event in &events {
            if let Event::Onset { decided_s, .. } | Event::Offset { decided_s, .. } = event {
                assert_eq!(*decided_s, tagger.position_s(), "{event:?}");
                told += 1;
            }
        }
    }
    assert!(told >= 3, "only {told} events");
}

#[test]
fn without_minimum_durations_each_change_of_the_law_is_told() {
    let settings = immediate();
    let samples = seconds_of_programme(0, 30);
    let scores = EAR.detect_samples(samples, PROGRAMME.1, 1).unwrap();
    let thresholds: Vec<_> =
        scores.labels.iter().map(|label| settings.timeline.of(label).thresholds()).collect();
    let mut law = CausalLabels::new(&scores.labels, &thresholds, PROGRAMME.1);
    let decided: Vec<LabelSet> = (0..)
        .zip(0..scores.frames())
        .map(|(frame, row)| law.push(frame, scores.row(row), scores.mean_square[row]))
        .collect();

    let mut events = Vec::new();
    let mut tagger = tagger(1, &settings);
    tagger.push(samples, &mut events).unwrap();
    tagger.finish(&mut events).unwrap();
    assert_whole(&events);
    let mut told = vec![LabelSet::EMPTY; decided.len()];
    for event in &events {
        let Event::Offset { label, start_s, end_s, .. } = event else { continue };
        let bit = match scores.column(label) {
            Some(column) => LabelSet::label(column),
            None if *label == Label::SILENCE => LabelSet::SILENCE,
            None => LabelSet::UNKNOWN,
        };
        for (frame, set) in told.iter_mut().enumerate() {
            // The middle of a frame, as borders are.
            let at_s = (real(frame) + 0.5) * FrameGrid::FRAME_S;
            *set = if (*start_s..*end_s).contains(&at_s) { set.union(bit) } else { *set };
        }
    }
    assert_eq!(told, decided);
}

#[test]
fn a_gap_moves_the_clock_and_leaves_nothing_on() {
    let rate = u64::from(PROGRAMME.1);
    let mut tagger = tagger(1, &settings());
    let mut events = Vec::new();
    let (before, after) = (seconds_of_programme(3, 7), seconds_of_programme(10, 15));
    tagger.push(&before[..before.len() - 123], &mut events).unwrap();
    tagger.gap_begins("reconnect", &mut events).unwrap();
    let stopped_s = tagger.position_s();
    let Some(Event::Gap { start_s, end_s: None, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(*start_s, stopped_s);
    assert_whole(&[events.clone(), vec![end()]].concat());
    tagger.gap_begins("again", &mut events).unwrap();
    tagger.gap_ends(20 * rate, &mut events);
    let Some(Event::Gap { end_s: Some(end_s), reason, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(reason, "reconnect");
    assert!((0.0..=0.01).contains(&(end_s - stopped_s - 20.0)), "{end_s}");
    let resumed_s = *end_s;
    tagger.push(after, &mut events).unwrap();
    tagger.gap(rate, "pause", &mut events).unwrap();
    let in_second: Vec<(f64, f64)> = spans(&events).into_iter().filter(|span| span.0 >= resumed_s).collect();
    tagger.finish(&mut events).unwrap();
    assert_whole(&events);
    assert_valid(&events);
    let Some(Event::End { samples, duration_s, gap_s, .. }) = events.last() else { unreachable!() };
    assert_eq!(*samples, (before.len() - 123 + after.len()) as u64);
    assert!((duration_s - gap_s - samples_to_seconds(*samples, PROGRAMME.1)).abs() < 2e-6);

    // After the gap it is a new stream, but for the clock.
    let mut alone = Vec::new();
    let mut fresh = StreamTagger::new(&EAR, PROGRAMME.1, 1, &settings()).unwrap();
    fresh.push(after, &mut alone).unwrap();
    fresh.finish(&mut alone).unwrap();
    let moved: Vec<(f64, f64)> =
        spans(&alone).into_iter().map(|(start, end)| (start + resumed_s, end + resumed_s)).collect();
    assert_eq!(in_second.len(), moved.len());
    for (own, moved) in in_second.iter().zip(&moved) {
        assert!((own.0 - moved.0).abs() < 1e-6 && (own.1 - moved.1).abs() < 1e-6, "{own:?} {moved:?}");
    }
}

fn end() -> Event {
    Event::End { duration_s: 0.0, samples: 0, gap_s: 0.0, seconds: Default::default() }
}

fn spans(events: &[Event]) -> Vec<(f64, f64)> {
    let ended = |event: &Event| match event {
        Event::Offset { start_s, end_s, .. } => Some((*start_s, *end_s)),
        _ => None,
    };
    events.iter().filter_map(ended).collect()
}

#[test]
fn what_is_no_number_is_silence_and_harms_nothing_after_it() {
    let mut tagger = tagger(1, &settings());
    let mut events = Vec::new();
    let rate = PROGRAMME.1 as usize;
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        tagger.push(&vec![value; rate], &mut events).unwrap();
    }
    tagger.push(&[f32::MAX, f32::MIN, 1e-42], &mut events).unwrap();
    tagger.push(seconds_of_programme(0, 20), &mut events).unwrap();
    tagger.finish(&mut events).unwrap();
    assert_whole(&events);
    assert_valid(&events);
    let silent = events.iter().find_map(|event| match event {
        Event::Offset { label, start_s, end_s, .. } if *label == Label::SILENCE => Some((*start_s, *end_s)),
        _ => None,
    });
    assert_eq!(silent.map(|(start, end)| (start < 0.2, (end - 3.0).abs() < 0.02)), Some((true, true)));
    let speech = |event: &Event| matches!(event, Event::Onset { label, .. } if *label == Label::SPEECH);
    assert!(events.iter().any(speech), "it hears on");
}

#[test]
fn streams_without_sound_and_settings_without_sense() {
    for rate_hz in [1_000, 22_050, 767_999] {
        let mut events = Vec::new();
        let mut tagger = StreamTagger::new(&EAR, rate_hz, 3, &settings()).unwrap();
        tagger.push(&[0.5; 2], &mut events).unwrap();
        tagger.finish(&mut events).unwrap();
        assert!(matches!(&events[..], [Event::Begin { .. }, Event::End { samples: 0, .. }]), "{events:?}");
        assert_valid(&events);
    }
    assert!(matches!(StreamTagger::new(&EAR, 48_000, 0, &settings()), Err(StreamError::NoChannels)));
    assert!(matches!(StreamTagger::new(&EAR, 10, 1, &settings()), Err(StreamError::Detect(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn blocks_do_not_matter(
        channels in 1_u16..4,
        gap in 0_u64..100_000,
        blocks in proptest::collection::vec(1_usize..9_000, 1..20),
    ) {
        let sound: Vec<f32> = seconds_of_programme(5, 9)
            .iter()
            .flat_map(|sample| (0..channels).map(move |channel| sample * (1.0 - 0.2 * f32::from(channel))))
            .collect();
        let (first, second) = sound.split_at(sound.len() / 3 / usize::from(channels) * usize::from(channels));
        let run = |blocks: &[usize]| {
            let mut tagger = tagger(channels, &settings());
            let mut events = Vec::new();
            let mut sizes = blocks.iter().cycle();
            for part in [first, second] {
                let mut rest = part;
                while !rest.is_empty() {
                    let (block, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                    tagger.push(block, &mut events).unwrap();
                    rest = later;
                }
                tagger.gap(gap, "gap", &mut events).unwrap();
            }
            tagger.finish(&mut events).unwrap();
            events
        };
        prop_assert_eq!(run(&blocks), run(&[usize::MAX]));
    }
}
