//! What comes out, sample by sample.

use super::*;
use crate::gate::{Action, Envelope, MAX_RANGE_DB, Rules};
use crate::realtime::Hearing;

#[test]
fn modes_are_delayed_alike_and_add_up() {
    let settings = GateSettings {
        envelope: Envelope { hold_ms: 20.0, ..Envelope::default() },
        ..GateSettings::default()
    };
    let input = turns(40_000, 3_000);
    let through = |mode| {
        let mut gate = gate_with(&Strings::default(), &settings, &small());
        let latency = gate.latency_samples() as usize;
        (run(&mut gate, &input, std::iter::repeat(333), true, mode), latency)
    };
    let ((gated, told), latency) = through(MixOutput::Gated);
    let ((removed, _), _) = through(MixOutput::Removed);
    let ((bypassed, told_too), _) = through(MixOutput::Bypassed);
    assert_eq!(told, told_too, "the gate goes on deciding");
    let mut moved = 0;
    for index in latency..input.len() {
        let source = input[index - latency];
        assert_eq!(bypassed[index].to_bits(), source.to_bits());
        assert!((gated[index] + removed[index] - source).abs() <= source.abs() * f32::EPSILON);
        moved += usize::from(gated[index] != source);
    }
    assert!(moved > 5_000 && moved < 35_000, "{moved} samples are turned down");
    for (at, frame) in &told {
        let (source, out) = (input[at - latency], gated[*at]);
        assert!((20.0 * (out / source).log10() - frame.gain_db).abs() < 0.01, "{frame:?}");
    }
}

#[test]
fn switching_modes_leaves_the_delay_alone() {
    let mut gate = gate_with(&Strings::default(), &GateSettings::default(), &small());
    let latency = gate.latency_samples() as usize;
    let mut out = turns(40_000, 3_000);
    let input = out.clone();
    for (index, block) in out.chunks_mut(500).enumerate() {
        let output = if index % 2 == 0 { MixOutput::Bypassed } else { MixOutput::Gated };
        gate.process_and_mix(&mut [block], None, true, &mut mixer(output), &mut |_| {});
    }
    for (index, block) in out.chunks(500).enumerate().filter(|(index, _)| index % 2 == 0) {
        let from = index * 500;
        let wanted = (from..from + 500).map(|at| if at < latency { 0.0 } else { input[at - latency] });
        assert!(block.iter().zip(wanted).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

#[test]
fn storms_of_what_is_no_number_come_out_finite() {
    let evil = [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        1e-40,
        -1e-45,
        f32::MIN_POSITIVE,
        1e-31,
        -0.0,
        0.7,
    ];
    for range_db in [0.5, MAX_RANGE_DB] {
        for otherwise in [Action::Gate, Action::Mute, Action::duck(3.0)] {
            for output in [MixOutput::Gated, MixOutput::Removed, MixOutput::Bypassed] {
                let settings = GateSettings {
                    rules: Rules { range_db, otherwise, ..Rules::default() },
                    envelope: Envelope { hold_ms: 0.0, ..Envelope::default() },
                    ..GateSettings::default()
                };
                let config = LiveConfig { channels: 3, ..small() };
                let mut gate = gate_with(&Strings::default(), &settings, &config);
                let mut mixer = mixer(output);
                for round in 0..60_usize {
                    let channel = |shift: usize| -> Vec<f32> {
                        (0..512)
                            .map(|i| {
                                if (round / 5).is_multiple_of(2) {
                                    evil[(i * (shift + 1) + round) % 12]
                                } else {
                                    1e-39
                                }
                            })
                            .collect()
                    };
                    let (mut a, mut b, mut c) = (channel(0), channel(1), channel(4));
                    let main: &mut [&mut [f32]] = &mut [&mut a, &mut b, &mut c];
                    gate.process_and_mix(main, None, true, &mut mixer, &mut |frame| {
                        assert!(frame.level_dbfs.is_finite() && !frame.gain_db.is_nan(), "{frame:?}");
                    });
                    for sample in a.iter().chain(&b).chain(&c) {
                        assert!(*sample == 0.0 || sample.is_normal(), "{sample:e}");
                    }
                }
                assert_eq!(gate.status().hearing, Hearing::Running);
            }
        }
    }
}

#[test]
fn a_sidechain_is_heard_in_the_place_of_the_input() {
    let settings =
        GateSettings { rules: Rules { range_db: 40.0, ..Rules::default() }, ..GateSettings::default() };
    let soft = vec![0.01; 512];
    let loud = vec![0.5; 512];
    let zeros = vec![0.0; 512];
    for (channels, sides, opens) in [
        (1, vec![&loud], true),
        (2, vec![&loud], true),
        (1, vec![&loud, &loud], true),
        (2, vec![&loud, &zeros, &loud, &zeros], true),
        (1, vec![&zeros, &zeros], false),
        // Declared and not passed: the input itself is heard.
        (2, vec![], false),
    ] {
        let config = LiveConfig { channels, sidechain_channels: 2, ..small() };
        let mut gate = gate_with(&Strings::default(), &settings, &config);
        let side: Vec<&[f32]> = sides.iter().map(|s| s.as_slice()).collect();
        let mut mixer = mixer(MixOutput::Gated);
        let mut last = 0.0;
        for _ in 0..40 {
            let mut planes = vec![soft.clone(); usize::from(channels)];
            let mut main: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
            gate.process_and_mix(&mut main, Some(&side), true, &mut mixer, &mut |_| {});
            last = planes[0][511];
            assert!(planes.iter().all(|plane| plane[511] == last), "linked");
        }
        assert_eq!(last == 0.01, opens, "{channels} channels, {} beside", sides.len());
    }
}

#[test]
fn every_rate_and_layout_runs() {
    for rate_hz in [1.0, 440.5, 1_000.0, 1_234.5, 44_056.0, 48_000.0, 768_000.0, 1_234_567.8] {
        for channels in [1_u16, 2, 16] {
            let config = LiveConfig { rate_hz, channels, max_block_samples: 1_000, ..LiveConfig::default() };
            let mut gate = if (999.5..768_000.5).contains(&rate_hz) {
                gate_with(&Strings::default(), &GateSettings::default(), &config)
            } else {
                LiveGate::without_detector("this rate is not heard", &GateSettings::default(), &config)
                    .unwrap()
            };
            let latency = gate.latency_samples() as usize;
            assert!(rate_hz < 100.0 || latency > 0);
            let input = vec![0.5_f32; latency + 3_000];
            let mut planes = vec![input; usize::from(channels)];
            let mut done = 0;
            while done < latency + 3_000 {
                let end = (done + 1_700).min(latency + 3_000);
                let mut main: Vec<&mut [f32]> =
                    planes.iter_mut().map(|plane| &mut plane[done..end]).collect();
                gate.process(&mut main, None, true, &mut |_| {});
                done = end;
            }
            for plane in &planes {
                assert!(
                    plane[..latency].iter().all(|x| *x == 0.0) && plane[latency..].iter().all(|x| *x == 0.5)
                );
            }
        }
    }
    for (rate_hz, channels) in [(0.0, 2), (f64::NAN, 2), (f64::INFINITY, 2), (-48_000.0, 2), (48_000.0, 0)] {
        let config = LiveConfig { rate_hz, channels, ..LiveConfig::default() };
        assert!(LiveGate::without_detector("none", &GateSettings::default(), &config).is_err());
    }
}

#[test]
fn a_host_that_passes_fewer_or_more_channels_is_served() {
    let mut gate =
        gate_with(&Strings::default(), &GateSettings::default(), &LiveConfig { channels: 2, ..small() });
    let latency = gate.latency_samples() as usize;
    let mut mixer = mixer(MixOutput::Gated);
    gate.process_and_mix(&mut [], None, true, &mut mixer, &mut |_| {});
    let mut mono = vec![0.5; latency + 400];
    gate.process_and_mix(&mut [&mut mono], None, true, &mut mixer, &mut |_| {});
    assert_eq!(mono[latency + 399], 0.5);
    let mut three = [vec![0.5; 400], vec![0.5; 400], vec![0.5; 400]];
    let [a, b, c] = &mut three;
    gate.process_and_mix(&mut [a, b, c], None, true, &mut mixer, &mut |_| {});
    assert!(three[2].iter().all(|x| *x == 0.0), "a channel that was not declared is silent");
}
