//! Singing as a label of its own, from the ear to lanes, notes, meters and the gate; and that nothing of it shows with an ear
//! that does not tell it from music.

use std::sync::Arc;

use earmark_core::Label;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::Runtime;

use super::{Activation, Block, EventSink, ParamEvent, Processor};
use crate::meters::{Class, MeterFrame};
use crate::params::{ParamId, id};
use crate::shared::Shared;
use crate::tones::{LABELS, WITHOUT_SINGING, tone, write_pack};

const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 480;
/// Seconds of each part of [`song`].
const PART_S: f64 = 1.0;

/// One second each of speech, singing, music and noise.
fn song() -> Vec<f32> {
    LABELS.iter().flat_map(|label| tone(Some(label), PART_S, RATE_HZ)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Out {
    Param(ParamId, f64),
    Gesture(ParamId, bool),
    Note(u8, bool),
    Controller(u8, u8),
}

/// What went out, each with its sample.
#[derive(Debug, Default)]
struct Record {
    block: u32,
    events: Vec<(u32, Out)>,
}

impl Record {
    fn push(&mut self, offset: u32, out: Out) {
        self.events.push((self.block + offset, out));
    }
}

impl EventSink for Record {
    fn param(&mut self, offset: u32, id: ParamId, plain: f64) {
        self.push(offset, Out::Param(id, plain));
    }
    fn gesture(&mut self, offset: u32, id: ParamId, begins: bool) {
        self.push(offset, Out::Gesture(id, begins));
    }
    fn note(&mut self, offset: u32, key: u8, on: bool) {
        self.push(offset, Out::Note(key, on));
    }
    fn controller(&mut self, offset: u32, controller: u8, value: u8) {
        self.push(offset, Out::Controller(controller, value));
    }
}

/// A run of an instance, its output moved to where its input was.
struct Run {
    shared: Arc<Shared>,
    latency: u32,
    sound: Vec<f32>,
    events: Vec<(u32, Out)>,
}

/// Plays `sound` through an instance with these values, and `lanes` as a host's automation.
fn run(tells_singing: bool, values: &[(ParamId, f64)], sound: &[f32], lanes: &[(u32, Out)]) -> Run {
    let shared = Arc::new(Shared::new());
    let folder = tempfile::tempdir().unwrap();
    write_pack(folder.path(), if tells_singing { &LABELS } else { &WITHOUT_SINGING });
    let pack = Pack::open(folder.path()).unwrap();
    let ear = Detector::load(&Runtime::embedded().unwrap(), pack, DetectorMode::LowLatency).unwrap();
    shared.use_ear(Arc::new(ear));
    values.iter().for_each(|&(id, value)| shared.set(id, value));
    let activation = Activation {
        rate_hz: f64::from(RATE_HZ),
        max_block: BLOCK,
        channels: 1,
        sidechain_channels: 0,
        offline: true,
    };
    let mut processor = Processor::activate(Arc::clone(&shared), &activation).unwrap();
    assert_eq!(shared.has_singing(), tells_singing);
    let latency = processor.latency_samples();
    let mut sound = sound.to_vec();
    sound.resize(sound.len() + usize::try_from(latency).unwrap(), 0.0);
    let mut record = Record::default();
    for block in sound.chunks_mut(BLOCK) {
        let end = record.block + u32::try_from(block.len()).unwrap();
        let due: Vec<ParamEvent> = lanes
            .iter()
            .filter(|(at, _)| (record.block..end).contains(at))
            .filter_map(|&(at, out)| match out {
                Out::Param(id, value) => Some(ParamEvent { offset: at - record.block, id, value }),
                _ => None,
            })
            .collect();
        let block = Block { main: &mut [block], sidechain: &[], label_cv: &mut [] };
        processor.process(block, &due, &mut record, true);
        record.block = end;
    }
    sound.drain(..usize::try_from(latency).unwrap());
    let events = record.events.into_iter().map(|(at, out)| (at.saturating_sub(latency), out)).collect();
    Run { shared, latency, sound, events }
}

/// The middle of a part: attack, release and the network's first frames are over.
fn middle(part: u32) -> std::ops::Range<usize> {
    let at = |share: f64| (f64::from(part) + share) * PART_S * f64::from(RATE_HZ);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in four seconds")]
    let range = at(0.4) as usize..at(0.9) as usize;
    range
}

impl Run {
    /// The last value of a parameter before the end of a part.
    fn value(&self, id: ParamId, part: u32) -> Option<f64> {
        let end = u32::try_from(middle(part).end).unwrap();
        let moved = self.events.iter().take_while(|(at, _)| *at < end);
        let values = moved.filter_map(|(_, out)| match out {
            Out::Param(moved, value) if *moved == id => Some(*value),
            _ => None,
        });
        values.last()
    }

    /// The notes that sound at the end of a part.
    fn notes(&self, part: u32) -> Vec<u8> {
        let end = u32::try_from(middle(part).end).unwrap();
        let mut notes = Vec::new();
        for (_, out) in self.events.iter().take_while(|(at, _)| *at < end) {
            match out {
                Out::Note(key, true) => notes.push(*key),
                Out::Note(key, false) => notes.retain(|note| note != key),
                _ => {}
            }
        }
        notes.sort_unstable();
        notes
    }

    /// Which parts are heard at the output.
    fn passes(&self) -> [bool; 4] {
        [0, 1, 2, 3].map(|part| self.sound[middle(part)].iter().any(|sample| sample.abs() > 0.1))
    }
}

const GATE: [(ParamId, f64); 3] = [(id::MODE, 2.0), (id::HOLD_MS, 0.0), (id::RELEASE_MS, 20.0)];

#[test]
fn lanes_notes_and_meters_tell_singing_and_music_both() {
    let told = run(true, &[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 2.0)], &song(), &[]);
    let on = |id| [0, 1, 2, 3].map(|part| told.value(id, part).unwrap() > 0.5);
    assert_eq!(on(id::SPEECH), [true, false, false, false]);
    assert_eq!(on(id::SINGING), [false, true, false, false]);
    assert_eq!(on(id::MUSIC), [false, true, true, false]);
    assert_eq!(on(id::NOISE), [false, false, false, true]);
    let class = [0, 1, 2, 3].map(|part| told.value(id::CLASS, part).unwrap());
    assert_eq!(class, [4.0, 3.0, 3.0, 2.0], "to the released list singing is music");
    assert_eq!([0, 1, 2, 3].map(|part| told.notes(part)), [vec![60], vec![61, 65], vec![61], vec![62]]);
    let controllers =
        |number| told.events.iter().any(|(_, out)| matches!(out, Out::Controller(n, _) if *n == number));
    assert!((20..=23).all(controllers));
    let begun = told.events.iter().position(|(_, out)| *out == Out::Gesture(id::SINGING, true)).unwrap();
    let first = told.events.iter().position(|(_, out)| matches!(out, Out::Param(id::SINGING, _))).unwrap();
    assert!(begun < first, "a gesture goes before the first value");
    let mut frames: Vec<MeterFrame> = Vec::new();
    told.shared.meters.read_from(0, &mut frames);
    let sung: Vec<_> = frames.iter().filter(|frame| frame.class == Class::Singing).collect();
    assert!((95..=105).contains(&sung.len()), "{} frames", sung.len());
    assert!(sung.iter().all(|frame| frame.singing > 0.5 && frame.music > 0.5 && frame.speech < 0.5));
}

#[test]
fn the_gate_keeps_what_is_chosen() {
    let passes =
        |tells, choice: &[(ParamId, f64)]| run(tells, &[&GATE, choice].concat(), &song(), &[]).passes();
    assert_eq!(passes(true, &[(id::KEEP_SINGING, 1.0)]), [true, true, false, false]);
    assert_eq!(passes(true, &[(id::KEEP_SINGING, 2.0)]), [false, true, false, false]);
    assert_eq!(passes(true, &[(id::KEEP, 2.0)]), [false, true, true, false], "singing is music too");
    assert_eq!(passes(true, &[(id::KEEP, 4.0)]), [true, false, false, true], "all but music");
    assert_eq!(passes(true, &[]), [true, false, false, false]);
}

/// Once hosts showed 6.87 dB of 7 for as long as the gate was closed.
#[test]
fn the_gain_reduction_comes_to_rest_on_what_is_taken_away() {
    let ran = run(true, &[(id::MODE, 0.0), (id::RANGE_DB, 7.0)], &song(), &[]);
    let told = |(_, out): &(u32, Out)| match out {
        Out::Param(id::REDUCTION_DB, reduction) => Some(*reduction),
        _ => None,
    };
    let most = ran.events.iter().filter_map(told).fold(0.0, f64::max);
    assert!((most - 7.0).abs() < 1e-4, "{most}");
}

#[test]
fn a_choice_moves_while_audio_runs() {
    let second = RATE_HZ;
    let lanes =
        [(second, Out::Param(id::KEEP_SINGING, 2.0)), (2 * second, Out::Param(id::KEEP_SINGING, 0.0))];
    assert_eq!(run(true, &GATE, &song(), &lanes).passes(), [true, true, false, false]);
}

#[test]
fn a_written_lane_is_read_back() {
    let written = run(true, &[(id::LABEL_MODE, 1.0)], &song(), &[]);
    let lanes: Vec<(u32, Out)> = written
        .events
        .iter()
        .filter(|(_, out)| matches!(out, Out::Param(id, _) if *id != id::REDUCTION_DB))
        // A host recorded them where their sound left the output.
        .map(|&(at, out)| (at + written.latency, out))
        .collect();
    // Noise only, in which nobody sings: what opens the gate is the lane.
    let noise = tone(Some(&Label::NOISE), 4.0 * PART_S, RATE_HZ);
    let values = [&GATE[..], &[(id::LABEL_MODE, 2.0), (id::KEEP_SINGING, 2.0)]].concat();
    assert_eq!(run(true, &values, &noise, &lanes).passes(), [false, true, false, false]);
}

#[test]
fn an_ear_without_it_tells_nothing_of_singing() {
    let told =
        run(false, &[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 2.0), (id::KEEP_SINGING, 1.0)], &song(), &[]);
    for (at, out) in &told.events {
        let about_singing = matches!(
            out,
            Out::Param(id::SINGING, _)
                | Out::Gesture(id::SINGING, _)
                | Out::Note(65, _)
                | Out::Controller(23, _)
        );
        assert!(!about_singing, "{out:?} at {at}");
    }
    assert!(
        told.events.iter().any(|(_, out)| matches!(out, Out::Param(id::MUSIC, _))),
        "the others are told"
    );
}
