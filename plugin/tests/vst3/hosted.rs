//! In a host written in Rust: events, output parameters, buses, latency, states.

use earmark_plugin::Shared;
use earmark_plugin::params::{ParamId, id};
use vst3_host::audio::{BusDirection, MediaType};
use vst3_host::midi::PluginEventData;
use vst3_host::{Plugin, ProcessMode, Vst3Host};

use crate::bundle::bundle;
use crate::reference::{Recorder, input, is_gated, record, render};

const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 512;

fn load() -> Plugin {
    let mut host =
        Vst3Host::builder().sample_rate(f64::from(RATE_HZ)).block_size(BLOCK).build().expect("a host");
    let mut plugin = host.load_plugin(bundle()).expect("the plugin loads");
    plugin.set_process_mode(ProcessMode::Offline).expect("offline");
    plugin
}

fn set(plugin: &mut Plugin, settings: &[(ParamId, f64)]) {
    for &(id, normalised) in settings {
        plugin.set_parameter(id.0, normalised).expect("a parameter");
    }
}

fn at(id: ParamId, plain: f64) -> (ParamId, f64) {
    (id, id.spec().normalise(plain))
}

/// Runs main and sidechain planes through the plugin, in blocks, and gives all that came out.
fn run(
    plugin: &mut Plugin,
    main: &[Vec<f32>],
    side: &[Vec<f32>],
    samples: usize,
) -> (Vec<Vec<f32>>, Recorder) {
    let mut output = vec![Vec::new(); main.len()];
    let mut recorder = Recorder::default();
    let mut buffers = plugin.create_bus_audio_buffers(BLOCK).expect("buffers");
    let mut start = 0;
    while start < samples {
        let length = BLOCK.min(samples - start);
        buffers.clear();
        for (bus, planes) in buffers.inputs.iter_mut().zip([main, side]) {
            for (to, from) in bus.channels.iter_mut().zip(planes) {
                let end = from.len().min(start + length);
                let part = from.get(start..end).unwrap_or_default();
                to[..part.len()].copy_from_slice(part);
            }
        }
        plugin.process_bus_audio(&mut buffers).expect("a block");
        for (all, plane) in output.iter_mut().zip(&buffers.outputs[0].channels) {
            all.extend_from_slice(&plane[..length]);
        }
        for event in plugin.take_output_events() {
            let sample = start + usize::try_from(event.sample_offset).expect("inside the block");
            // The last block is a whole one and goes on behind the reference's end.
            if sample >= samples {
                continue;
            }
            let byte = |number: i16| u8::try_from(number).expect("a key");
            match event.data {
                PluginEventData::NoteOn { pitch, .. } => recorder.notes.push((sample, byte(pitch), true)),
                PluginEventData::NoteOff { pitch, .. } => recorder.notes.push((sample, byte(pitch), false)),
                PluginEventData::LegacyMidiCcOut { control_number, value, .. } => {
                    recorder.controllers.push((sample, control_number, value));
                }
                other => panic!("{other:?} is none of ours"),
            }
        }
        recorder.parameters.extend(plugin.get_parameter_changes());
        recorder.start = start;
        start += length;
    }
    (output, recorder)
}

/// For each parameter its values in their order: a host sorts a block's changes by parameter.
fn by_parameter(recorder: &Recorder) -> Vec<(u32, Vec<f64>)> {
    let mut all: Vec<(u32, Vec<f64>)> = Vec::new();
    for &(id, value) in &recorder.parameters {
        match all.iter_mut().find(|(other, _)| *other == id) {
            Some((_, values)) => values.push(value),
            None => all.push((id, vec![value])),
        }
    }
    all.sort_by_key(|(id, _)| *id);
    all
}

/// Whether a host was told all of `expected` in order. Of blocks that it renders on its main thread it is told twice, by output
/// parameters and a little later by edits: values may come again, in the same order.
fn is_told(got: &[f64], expected: &[f64]) -> bool {
    let (mut first, mut again) = (0, 0);
    for value in got {
        if expected.get(first) == Some(value) {
            first += 1;
        } else if again < first && expected[again] == *value {
            again += 1;
        } else if first < expected.len() {
            return false;
        }
    }
    first == expected.len()
}

#[test]
fn it_follows_the_noise_floor_when_told_so() {
    let settings = [at(id::ADAPTIVE, 1.0)];
    let main = input(RATE_HZ, 2);
    let (latency, expected, _) = record(&main, RATE_HZ, BLOCK, None, &settings);
    let (_, plain, _) = record(&main, RATE_HZ, BLOCK, None, &[]);
    assert!(expected != plain, "following the floor does something");
    let mut plugin = load();
    plugin.start_processing().expect("processing");
    set(&mut plugin, &settings);
    // So many whole blocks that what comes next begins on the grid of frames and seconds, as the reference does.
    run(&mut plugin, &main, &[], 375 * BLOCK);
    // It takes effect at an activation, which the plugin asks for.
    let flags = plugin.service_host_requests().expect("the host restarts it");
    assert!(flags.latency_changed(), "{flags:?}");
    assert_eq!(usize::try_from(plugin.latency_samples()).expect("a latency"), latency);
    let (audio, _) = run(&mut plugin, &main, &[], expected[0].len());
    assert!(audio == expected, "the audio");
}

#[test]
fn labels_leave_as_events_and_parameters() {
    let settings = [at(id::LABEL_MODE, 1.0), at(id::LABEL_MIDI, 2.0)];
    let main = input(RATE_HZ, 2);
    let (latency, expected_audio, expected) = record(&main, RATE_HZ, BLOCK, None, &settings);
    let mut plugin = load();
    set(&mut plugin, &settings);
    plugin.start_processing().expect("processing");
    assert_eq!(usize::try_from(plugin.latency_samples()).expect("a latency"), latency);
    plugin.get_parameter_changes();
    let (audio, got) = run(&mut plugin, &main, &[], expected_audio[0].len());
    assert!(audio == expected_audio, "the audio");
    assert!(!expected.notes.is_empty() && !expected.controllers.is_empty(), "the reference has labels");
    assert_eq!(got.notes, expected.notes);
    assert_eq!(got.controllers, expected.controllers);
    for lane in [id::SPEECH, id::MUSIC, id::REDUCTION_DB] {
        let of = |recorder: &Recorder| {
            by_parameter(recorder).into_iter().find(|(id, _)| *id == lane.0).map(|(_, values)| values)
        };
        let (got, expected) = (of(&got).unwrap_or_default(), of(&expected).unwrap_or_default());
        assert!(!expected.is_empty(), "the reference moves {}", lane.spec().key);
        assert!(is_told(&got, &expected), "{}: {got:?}, not {expected:?}", lane.spec().key);
    }
}

#[test]
fn off_is_silent_about_labels() {
    let main = input(RATE_HZ, 2);
    let mut plugin = load();
    plugin.start_processing().expect("processing");
    let (_, got) = run(&mut plugin, &main, &[], main[0].len());
    assert_eq!(got.notes, []);
    assert_eq!(got.controllers, []);
    let labels = [id::SPEECH.0, id::MUSIC.0, id::NOISE.0, id::CLASS.0];
    assert!(got.parameters.iter().all(|(id, _)| !labels.contains(id)));
}

#[test]
fn the_sidechain_is_heard_when_it_is_active() {
    let settings = [at(id::DETECTOR, 1.0)];
    let main = input(RATE_HZ, 2);
    let side: Vec<Vec<f32>> = main.iter().map(|plane| plane.iter().rev().copied().collect()).collect();
    let (_, by_side) = render(&main, RATE_HZ, BLOCK, Some(&side), &settings);
    let (latency, by_main) = render(&main, RATE_HZ, BLOCK, None, &settings);
    assert!(is_gated(&main, &by_side) && by_side != by_main, "the reference hears the sidechain");
    for (active, expected) in [(true, by_side), (false, by_main)] {
        let mut plugin = load();
        set(&mut plugin, &settings);
        plugin
            .set_bus_active(MediaType::Audio, BusDirection::Input, 1, active)
            .expect("the sidechain's state");
        plugin.start_processing().expect("processing");
        let side = if active { &side[..] } else { &[] };
        let (audio, _) = run(&mut plugin, &main, side, main[0].len() + latency);
        let on_time: Vec<Vec<f32>> = audio.into_iter().map(|plane| plane[latency..].to_vec()).collect();
        assert!(on_time == expected, "active: {active}");
    }
}

#[test]
fn a_new_latency_is_asked_for_and_comes_with_the_next_activation() {
    let mut plugin = load();
    plugin.start_processing().expect("processing");
    let before = plugin.latency_samples();
    plugin.take_restart_flags();
    set(&mut plugin, &[at(id::LOOKAHEAD_MS, 120.0)]);
    run(&mut plugin, &input(RATE_HZ, 2), &[], BLOCK);
    set(&mut plugin, &[at(id::WET, 1.0)]);
    assert_eq!(plugin.latency_samples(), before, "constant for an activation");
    let flags = plugin.service_host_requests().expect("the host restarts it");
    assert!(flags.latency_changed());
    // From 20 to 120 ms.
    assert_eq!(plugin.latency_samples(), before + RATE_HZ / 10);
}

#[test]
fn a_state_moves_between_instances_and_formats() {
    let shared = Shared::new();
    shared.set(id::RANGE_DB, 12.5);
    shared.set(id::MODE, 1.0);
    let mut plugin = load();
    for (id, plain) in [(id::RANGE_DB, 12.5), (id::MODE, 1.0)] {
        set(&mut plugin, &[at(id, plain)]);
    }
    let saved = plugin.save_state().expect("a state");
    let ours = shared.save_state();
    assert!(saved.windows(ours.len()).any(|part| part == ours), "the same bytes as in every format");
    let mut other = load();
    other.load_state(&saved).expect("the state is taken");
    assert_eq!(other.save_state().expect("a state"), saved);
    assert_eq!(other.get_parameter(id::MODE.0).expect("a parameter"), id::MODE.spec().normalise(1.0));
}
