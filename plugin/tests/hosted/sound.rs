//! What comes out.

use std::path::Path;
use std::sync::Arc;

use earmark_core::audio::Source;
use earmark_core::decide::Thresholds;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{Action, Duck, GateSettings, LabelThresholds, MixSettings, Mixer};
use earmark_core::model::pack::{LIVE, NOISE, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::noise::SnrEstimator;
use earmark_core::realtime::{FailMode, LiveConfig, LiveGate};
use earmark_plugin::params::id;
use earmark_plugin::{Activation, Block, Processor, Shared};
use proptest::prelude::*;

use crate::command::{render_live, render_preset};
use crate::host::Hosted;

/// The programme that ships with the repository: speech alone, over music, over noise, and pauses.
pub fn programme() -> (u32, Vec<f32>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).expect("the example");
    assert_eq!(source.info().channels, 1);
    let rate_hz = source.info().rate_hz;
    let mut samples = Vec::new();
    while let Some(block) = source.next_block().expect("audio") {
        samples.extend_from_slice(block);
    }
    (rate_hz, samples)
}

pub fn ear() -> Detector {
    Detector::load(
        &Runtime::embedded().expect("embedded"),
        Pack::find(LIVE).expect("embedded"),
        DetectorMode::LowLatency,
    )
    .expect("it compiles")
}

/// What core's live gate makes of it, offline, and its latency; `adaptive`: as it follows the noise floor.
fn core_render(rate_hz: u32, input: &[Vec<f32>], block: usize, adaptive: bool) -> (Vec<Vec<f32>>, usize) {
    let ear = ear();
    // The plugin's threshold parameters are the pack's for speech.
    let speech: Thresholds = ear.pack().manifest().thresholds[&earmark_core::Label::SPEECH];
    let settings = GateSettings {
        thresholds: LabelThresholds {
            by_label: [(earmark_core::Label::SPEECH, speech)].into(),
            ..LabelThresholds::default()
        },
        ..GateSettings::default()
    };
    let config = LiveConfig {
        rate_hz: f64::from(rate_hz),
        channels: u16::try_from(input.len()).expect("few"),
        sidechain_channels: 0,
        max_block_samples: block,
        lookahead_ms: settings.envelope.lookahead_ms,
        fail_mode: FailMode::Open,
        offline: true,
        recent_s: 0.0,
    };
    let gauge = || {
        let pack = Pack::find(NOISE).expect("embedded");
        Arc::new(
            SnrEstimator::load(&Runtime::embedded().expect("embedded"), pack, DetectorMode::LowLatency)
                .expect("it compiles"),
        )
    };
    let mut gate = if adaptive {
        LiveGate::adaptive(Arc::new(ear), gauge(), &settings, &config).expect("a gate")
    } else {
        LiveGate::new(Arc::new(ear), &settings, &config).expect("a gate")
    };
    let latency = gate.latency_samples() as usize;
    let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
    let mut out = input.to_vec();
    let mut planes: Vec<&mut [f32]> = out.iter_mut().map(Vec::as_mut_slice).collect();
    gate.process_and_mix(&mut planes, None, true, &mut mixer, &mut |_| {});
    (out, latency)
}

fn bits(sound: &[Vec<f32>]) -> Vec<Vec<u32>> {
    sound.iter().map(|plane| plane.iter().map(|sample| sample.to_bits()).collect()).collect()
}

#[test]
fn ten_bounces_have_the_bytes_of_the_command() {
    let (rate_hz, samples) = programme();
    let stereo = [samples.clone(), samples.iter().map(|sample| -0.5 * sample).collect()];
    let commanded = bits(&render_live(rate_hz, &stereo, &[]));
    let (expected, latency) = core_render(rate_hz, &stereo, 512, false);
    let expected = bits(&expected);
    for (plane, expected) in commanded.iter().zip(&expected) {
        assert_eq!(plane.len(), samples.len());
        assert!(plane[..samples.len() - latency] == expected[latency..], "the program is the core");
    }
    let mut hosted = Hosted::offline();
    for block in [512, 512, 64, 480, 1_024, 441, 8_192, 37, 512, 2_000] {
        let rendered = bits(&hosted.render(f64::from(rate_hz), &stereo, block).sound);
        // A longer block is told to the host as more latency; the sound is the same.
        let (own, end) = (hosted.latency(), samples.len() - hosted.latency().max(latency));
        assert_eq!(own + 512, latency + block);
        for (plane, expected) in rendered.iter().zip(&commanded) {
            assert!(plane[own..own + end] == expected[..end], "blocks of {block}");
        }
    }
    let outside = |plane: &[u32], from_s: usize, to_s: usize| {
        let at = |s: usize| s * rate_hz as usize + latency;
        plane[at(from_s)..at(to_s)].iter().map(|&bits| f32::from_bits(bits).abs()).fold(0.0, f32::max)
    };
    // Speech until 8.14 s, noise alone from 31.36 to 36.36 s.
    assert!(outside(&expected[0], 2, 7) > 0.1);
    assert!(outside(&expected[0], 33, 36) < 0.1, "something was gated");
}

/// What was edited in the window is what is saved, and what the command makes of it.
#[test]
fn edited_rules_have_the_bytes_of_the_command_with_them_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (rate_hz, samples) = programme();
    let input = [samples];
    let shared = Shared::new();
    shared.load_preset("broadcast-duck").expect("built in");
    let mut rules = shared.rules();
    let noise = rules.rules.pop().expect("four rules");
    rules.rules.insert(1, noise);
    rules.rules[2].action = Action::Duck(Duck { by_db: 20.0, ratio: Some(3.0), ..Duck::default() });
    rules.otherwise = Action::Gate;
    shared.edit_rules(&rules).expect("a gate");
    let preset = shared.save_preset(folder.path(), "Mine").expect("saved");
    let commanded = bits(&render_preset(rate_hz, &input, &preset, &[]));
    let built_in = bits(&render_preset(rate_hz, &input, Path::new("broadcast-duck"), &[]));
    assert!(commanded != built_in, "the edit is heard");
    let mut hosted = Hosted::offline_mono();
    assert!(hosted.load(&shared.save_state()));
    let rendered = bits(&hosted.render(f64::from(rate_hz), &input, 512).sound);
    let (own, end) = (hosted.latency(), input[0].len() - hosted.latency());
    assert!(rendered[0][own..] == commanded[0][..end]);
}

#[test]
fn it_follows_the_noise_floor_as_the_core_does() {
    let (rate_hz, samples) = programme();
    let input = [samples.clone(), samples];
    let (expected, latency) = core_render(rate_hz, &input, 512, true);
    let (plain, _) = core_render(rate_hz, &input, 512, false);
    assert!(bits(&expected) != bits(&plain), "following the floor does something");
    let mut hosted = Hosted::offline();
    hosted.set(&[(id::ADAPTIVE, 1.0)]);
    for block in [512, 300] {
        let rendered = bits(&hosted.render(f64::from(rate_hz), &input, block).sound);
        let (own, end) = (hosted.latency(), input[0].len() - hosted.latency().max(latency));
        for (plane, expected) in rendered.iter().zip(bits(&expected)) {
            assert!(plane[own..own + end] == expected[latency..latency + end], "blocks of {block}");
        }
    }
}

#[test]
fn the_window_is_told_the_floor() {
    let (rate_hz, samples) = programme();
    let floors = [false, true].map(|adaptive| {
        let shared = Arc::new(Shared::new());
        shared.set(id::ADAPTIVE, f64::from(u8::from(adaptive)));
        let activation = Activation {
            rate_hz: f64::from(rate_hz),
            max_block: 512,
            channels: 1,
            sidechain_channels: 0,
            offline: true,
        };
        let mut processor = Processor::activate(Arc::clone(&shared), &activation).expect("a processor");
        assert_eq!(shared.status().floor, None, "nothing was heard yet");
        let mut part = samples[..8 * rate_hz as usize].to_vec();
        for piece in part.chunks_mut(512) {
            let block = Block { main: &mut [piece], sidechain: &[], label_cv: &mut [] };
            processor.process(block, &[], &mut (), true);
        }
        shared.status().floor
    });
    assert_eq!(floors[0], None, "it follows none");
    let floor = floors[1].expect("seven seconds are over");
    assert!(
        (-120.0..-20.0).contains(&floor.dbfs) && floor.snr_db.is_some_and(|snr_db| snr_db > 5.0),
        "{floor:?}"
    );
}

#[test]
fn result_and_removed_are_the_input() {
    let (rate_hz, samples) = programme();
    let input = [samples];
    let mut hosted = Hosted::offline_mono();
    let kept = hosted.render(f64::from(rate_hz), &input, 512).sound;
    hosted.set(&[(id::LISTEN, 1.0)]);
    let removed = hosted.render(f64::from(rate_hz), &input, 512).sound;
    let latency = hosted.latency();
    let mut worst = 0.0_f32;
    for (index, (kept, removed)) in kept[0].iter().zip(&removed[0]).enumerate().skip(latency) {
        worst = worst.max((kept + removed - input[0][index - latency]).abs());
    }
    assert!(worst <= f32::EPSILON, "{worst}");
    assert!(removed[0].iter().any(|sample| sample.abs() > 0.01));
}

#[test]
fn a_sidechain_opens_the_gate_for_another_sound() {
    let (rate_hz, speech) = programme();
    let tone: Vec<f32> = (0..speech.len()).map(|index| 0.25 * (index as f32 * 0.05).sin()).collect();
    let mut hosted = Hosted::offline();
    hosted.set(&[(id::DETECTOR, 1.0), (id::RANGE_DB, 60.0)]);
    let render = |hosted: &mut Hosted, side: Option<&[Vec<f32>]>| {
        let mut running = hosted.activate(f64::from(rate_hz), 512);
        let out = running.render(&[tone.clone(), tone.clone()], side, &[], 512).sound;
        hosted.deactivate(running);
        out
    };
    let energy = |sound: &[f32], from_s: f32, to_s: f32| {
        let at = |s: f32| (s * rate_hz as f32) as usize;
        sound[at(from_s)..at(to_s)].iter().map(|sample| sample * sample).sum::<f32>() / (to_s - from_s)
    };
    let side = [speech.clone(), speech.clone()];
    let keyed = render(&mut hosted, Some(&side));
    // Clean speech from 1 to 8.14 s, a pause until 9.64 s; the latency is below half a second.
    let (during, after) = (energy(&keyed[0], 2.5, 7.5), energy(&keyed[0], 9.2, 9.6));
    assert!(during > 100.0 * after, "{during} {after}");
    // One plane of a stereo sidechain, and none.
    let mono = render(&mut hosted, Some(&side[..1]));
    assert!(energy(&mono[0], 2.5, 7.5) > 0.9 * during);
    let absent = render(&mut hosted, None);
    assert!(energy(&absent[0], 2.5, 7.5) < 0.1 * during, "a tone is no speech");
    // Who listens to the detector hears the sidechain, as late as all else.
    hosted.set(&[(id::LISTEN, 2.0)]);
    let listened = render(&mut hosted, Some(&side));
    let latency = hosted.latency();
    assert_eq!(listened[0][latency..], speech[..speech.len() - latency]);
    let without = render(&mut hosted, None);
    assert_eq!(without[1][latency..], tone[..tone.len() - latency], "without one the detector is the sound");
}

/// Once a change met the sample that left, and so was heard too soon by the latency.
#[test]
fn automation_is_heard_where_it_was_drawn() {
    let rate_hz = 48_000.0;
    let input = [vec![0.5_f32; 48_000], vec![-0.5; 48_000]];
    let mut hosted = Hosted::offline();
    hosted.set(&[(id::BYPASS, 1.0), (id::WET, 0.0)]);
    let mut running = hosted.activate(rate_hz, 512);
    // From bypass to 12 dB of output gain, all dry: the move begins with exactly that sample of the input.
    let events = [(30_005, id::OUTPUT_DB, 12.0), (30_005, id::BYPASS, 0.0)];
    let mut out = running.render(&input, None, &events, 512).sound;
    assert_eq!(hosted.get(id::OUTPUT_DB), 12.0, "what the host reads changes at once");
    hosted.deactivate(running);
    let latency = hosted.latency();
    out.iter_mut().for_each(|plane| drop(plane.drain(..latency)));
    assert!(out[0][..=30_005].iter().all(|&sample| sample == 0.5));
    assert!(out[0][30_006] > 0.5);
    assert!(out[0].windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.01), "no step");
    let gain = 10.0_f32.powf(12.0 / 20.0);
    assert!((out[1][31_000] + 0.5 * gain).abs() < 1e-5);
}

#[test]
fn unlinked_channels_are_gated_apart() {
    let (rate_hz, speech) = programme();
    let tone: Vec<f32> = (0..speech.len()).map(|index| 0.25 * (index as f32 * 0.05).sin()).collect();
    let mut hosted = Hosted::offline();
    hosted.set(&[(id::LINK, 0.0), (id::MODE, 2.0)]);
    let out = hosted.render(f64::from(rate_hz), &[speech.clone(), tone.clone()], 512).sound;
    let latency = hosted.latency();
    let at = |s: f32| (s * rate_hz as f32) as usize;
    assert_eq!(
        out[0][at(3.0)..at(7.0)],
        speech[at(3.0) - latency..at(7.0) - latency],
        "speech passes bit for bit"
    );
    assert!(out[1][at(4.0)..at(7.0)].iter().all(|&sample| sample == 0.0), "the tone beside it is muted");
    hosted.set(&[(id::LINK, 1.0)]);
    let out = hosted.render(f64::from(rate_hz), &[speech, tone], 512).sound;
    assert!(
        out[1][at(4.0)..at(7.0)].iter().any(|&sample| sample != 0.0),
        "linked, it passes with the speech"
    );
}

#[test]
fn hostile_samples_come_out_finite_and_normal() {
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, -1e-45, f32::MAX, f32::MIN, 0.5];
    let input: Vec<f32> = (0..96_000).map(|index| bad[(index * 7 + index / 13) % bad.len()]).collect();
    for (listen, output_db) in [(0.0, 0.0), (0.0, 24.0), (1.0, 24.0), (2.0, -24.0)] {
        let mut hosted = Hosted::offline();
        hosted.set(&[(id::LISTEN, listen), (id::OUTPUT_DB, output_db)]);
        let out = hosted.render(48_000.0, &[input.clone(), input.clone()], 333).sound;
        for sample in out.iter().flatten() {
            assert!(*sample == 0.0 || sample.is_normal(), "{sample:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any blocks and any splits give the same bytes.
    #[test]
    fn blocks_do_not_matter(blocks in proptest::collection::vec(1_usize..700, 1..40), seed in any::<u32>()) {
        let mut state = seed | 1;
        let input: Vec<f32> = (0..48_000).map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            noise * 0.3 * (index as f32 * 0.000_3).sin().abs()
        }).collect();
        let mut hosted = Hosted::offline_mono();
        let whole = hosted.render(16_000.0, std::slice::from_ref(&input), 700).sound;
        let mut running = hosted.activate(16_000.0, 700);
        let mut split = Vec::new();
        let mut at = 0;
        for block in blocks.iter().cycle() {
            let end = input.len().min(at + block);
            if end == at {
                break;
            }
            let mut main = vec![input[at..end].to_vec()];
            running.process(&mut main, &mut [], None, &[]);
            split.extend_from_slice(&main[0]);
            at = end;
        }
        hosted.deactivate(running);
        prop_assert!(bits(&[split]) == bits(&whole));
    }
}
