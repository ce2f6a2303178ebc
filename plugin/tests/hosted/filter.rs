//! Filters before the ear.

use earmark_core::Label;
use earmark_core::gate::{Action, Rule, When};
use earmark_plugin::Shared;
use earmark_plugin::params::{ParamId, Rules, id};

use crate::host::Hosted;

const RATE_HZ: f64 = 48_000.0;
const HIGH_PASS_300: (ParamId, f64) = (id::DETECTOR_HIGH_PASS_HZ, 300.0);

fn sine(frequency_hz: f64, amplitude: f64, seconds: f64) -> Vec<f32> {
    let step = std::f64::consts::TAU * frequency_hz / RATE_HZ;
    (0..(seconds * RATE_HZ) as u32).map(|n| (amplitude * (step * f64::from(n)).sin()) as f32).collect()
}

/// Amplitude of a frequency in the last second.
fn amplitude(sound: &[f32], frequency_hz: f64) -> f64 {
    let last = &sound[sound.len() - RATE_HZ as usize..];
    let step = std::f64::consts::TAU * frequency_hz / RATE_HZ;
    let mut sum = (0.0, 0.0);
    for (n, sample) in last.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        sum = (sum.0 + f64::from(*sample) * sin, sum.1 + f64::from(*sample) * cos);
    }
    2.0 * sum.0.hypot(sum.1) / RATE_HZ
}

/// Silence, which to this gate is all below -50 dBFS, is muted, all else is kept.
fn mutes_silence(hosted: &mut Hosted, set: &[(ParamId, f64)]) {
    let shared = Shared::new();
    let silence = Rule { when: When::any([Label::SILENCE]), action: Action::Mute };
    shared.edit_rules(&Rules { rules: vec![silence], otherwise: Action::Keep }).expect("a gate");
    shared.set(id::OPEN_ABOVE_DBFS, -50.0);
    set.iter().for_each(|&(id, plain)| shared.set(id, plain));
    assert!(hosted.load(&shared.save_state()));
}

/// Rumble that nobody means opened the gate, and a filter that took it away took it from the sound.
#[test]
fn a_rumble_is_heard_no_more_and_passes_all_the_same() {
    let rumble = [sine(50.0, 0.3, 4.0)];
    let both: Vec<f32> = rumble[0].iter().zip(sine(1_000.0, 0.3, 4.0)).map(|(a, b)| a + b).collect();
    let both = [both];
    let mut hosted = Hosted::offline_mono();
    mutes_silence(&mut hosted, &[]);
    let open = hosted.render(RATE_HZ, &rumble, 512).sound;
    let latency = hosted.latency();
    assert!(open[0][96_000..] == rumble[0][96_000 - latency..rumble[0].len() - latency]);
    mutes_silence(&mut hosted, &[HIGH_PASS_300]);
    let shut = hosted.render(RATE_HZ, &rumble, 512).sound;
    assert_eq!(hosted.latency(), latency, "it costs none");
    assert!(shut[0][96_000..].iter().all(|sample| *sample == 0.0));
    // With another sound beside it the gate is open, and the rumble is there to the bit.
    let kept = hosted.render(RATE_HZ, &both, 512).sound;
    assert!(kept[0][96_000..] == both[0][96_000 - latency..both[0].len() - latency]);
}

#[test]
fn unlinked_channels_are_filtered_apart() {
    let input = [sine(50.0, 0.3, 4.0), sine(1_000.0, 0.3, 4.0)];
    let mut hosted = Hosted::offline();
    mutes_silence(&mut hosted, &[HIGH_PASS_300, (id::LINK, 0.0)]);
    let sound = hosted.render(RATE_HZ, &input, 512).sound;
    assert!(sound[0][96_000..].iter().all(|sample| *sample == 0.0));
    assert!((amplitude(&sound[1], 1_000.0) - 0.3).abs() < 1e-3);
}

/// Who listens to the detector hears what the ear hears, be it the main input or the sidechain.
#[test]
fn the_detector_is_listened_to_as_it_is_filtered() {
    let tones = |low: f64, high: f64| -> Vec<f32> {
        sine(50.0, low, 3.0).iter().zip(sine(4_000.0, high, 3.0)).map(|(a, b)| a + b).collect()
    };
    let [main, side] = [(0.2, 0.1), (0.05, 0.3)].map(|(low, high)| [tones(low, high), tones(low, high)]);
    let mut hosted = Hosted::offline();
    let mut listen = |set: &[(ParamId, f64)]| {
        hosted.set(&[
            (id::LISTEN, 2.0),
            (id::DETECTOR, 0.0),
            HIGH_PASS_300,
            (id::DETECTOR_LOW_PASS_HZ, 20_000.0),
        ]);
        hosted.set(set);
        let mut running = hosted.activate(RATE_HZ, 512);
        let sound = running.render(&main, Some(&side), &[], 512).sound;
        hosted.deactivate(running);
        [50.0, 4_000.0].map(|frequency_hz| amplitude(&sound[1], frequency_hz))
    };
    let near = |got: [f64; 2], expected: [f64; 2]| {
        assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-3), "{got:?}");
    };
    near(listen(&[]), [0.0, 0.1]);
    near(listen(&[(id::DETECTOR, 1.0)]), [0.0, 0.3]);
    near(listen(&[(id::DETECTOR_HIGH_PASS_HZ, 20.0)]), [0.2, 0.1]);
    let low_pass = (id::DETECTOR_LOW_PASS_HZ, 500.0);
    near(listen(&[(id::DETECTOR_HIGH_PASS_HZ, 20.0), low_pass]), [0.2, 0.0]);
    near(listen(&[(id::DETECTOR, 1.0), (id::DETECTOR_HIGH_PASS_HZ, 20.0), low_pass]), [0.05, 0.0]);
}
