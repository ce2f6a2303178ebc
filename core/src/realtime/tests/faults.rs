//! Whatever the worker does, audio goes on.

use super::*;
use crate::LabelSet;
use crate::gate::Envelope;
use crate::realtime::{FailMode, Hearing};

/// Runs one second in real blocks without waiting for anything; everything is said to be real time.
fn second(gate: &mut LiveGate, input: &[f32]) -> (Vec<f32>, Vec<(usize, LiveFrame)>) {
    run(gate, input, std::iter::repeat(256), false, MixOutput::Gated)
}

/// Enough room for the clock: audio comes no faster than it lasts.
fn paced(gate: &mut LiveGate, input: &[f32]) -> (Vec<f32>, Vec<(usize, LiveFrame)>) {
    let (mut out, mut frames) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    for block in input.chunks(256) {
        let (samples, told) = second(gate, block);
        frames.extend(told.into_iter().map(|(at, frame)| (out.len() + at, frame)));
        out.extend(samples);
        let due = Duration::from_secs_f64(f64::from(u32::try_from(out.len()).unwrap()) / 16_000.0);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    (out, frames)
}

fn assert_passes(input: &[f32], output: &[f32], latency: usize, from: usize) {
    for index in from..output.len() {
        assert_eq!(output[index].to_bits(), input[index - latency].to_bits(), "sample {index}");
    }
}

#[test]
fn a_stalled_worker_holds_then_fails_then_recovers() {
    let strings = Strings::default();
    let mut gate = gate_with(&strings, &GateSettings::default(), &small());
    let latency = gate.latency_samples() as usize;
    strings.pull(Act::Hang);
    let soft = vec![0.02; 16_000 + 8_000];
    let (out, frames) = paced(&mut gate, &soft);
    let status = gate.status();
    assert_eq!(status.hearing, Hearing::Stalled);
    assert!(status.underruns > 100, "{status:?}");
    assert!(frames.iter().all(|(_, frame)| frame.held));
    // Held at rest for a second, then open within the attack.
    assert!(out[latency + 8_000] < 0.002);
    assert_passes(&soft, &out, latency, latency + 16_000 + 3_200);

    strings.pull(Act::Hear);
    eventually("recovery", || {
        paced(&mut gate, &[0.02; 1_600]);
        gate.status().hearing == Hearing::Running && gate.status().late > 0
    });
    eventually("decisions in time", || {
        let (_, frames) = paced(&mut gate, &[0.02; 1_600]);
        frames.iter().all(|(_, frame)| !frame.held)
    });
}

#[test]
fn a_worker_that_dies_leaves_the_fail_mode() {
    for (act, word) in [(Act::Panic, "crashed"), (Act::Fail, "not an ONNX file")] {
        for fail_mode in [FailMode::Open, FailMode::Closed] {
            let strings = Strings::default();
            let config = LiveConfig { fail_mode, ..small() };
            let mut gate = gate_with(&strings, &GateSettings::default(), &config);
            let monitor = gate.monitor();
            let latency = gate.latency_samples() as usize;
            let loud = vec![0.5; 8_000];
            run(&mut gate, &loud, std::iter::repeat(512), true, MixOutput::Gated);
            strings.pull(act);
            // Offline too: nobody waits for the dead.
            let (out, _) = run(&mut gate, &loud, std::iter::repeat(512), true, MixOutput::Gated);
            assert_eq!(monitor.status().hearing, Hearing::Failed);
            assert!(monitor.problem().unwrap().contains(word), "{:?}", monitor.problem());
            match fail_mode {
                FailMode::Open => assert!(out.iter().all(|x| *x == 0.5)),
                FailMode::Closed => assert!(out[7_999] < 0.02, "{}", out[7_999]),
            }
            // And after a reset.
            gate.reset();
            let (out, frames) = run(&mut gate, &loud, std::iter::repeat(512), true, MixOutput::Gated);
            let wanted = if fail_mode == FailMode::Open { 0.5 } else { 0.5 * 10.0_f32.powf(-1.5) };
            assert!(out[latency..].iter().all(|x| (*x - wanted).abs() < 1e-6));
            assert!(frames.iter().all(|(_, frame)| frame.held));
        }
    }
}

#[test]
fn a_slow_worker_is_late_and_counted() {
    let strings = Strings::default();
    let mut gate = gate_with(&strings, &GateSettings::default(), &small());
    strings.pull(Act::Dawdle);
    // It falls behind without end, until the ring runs over.
    let (out, _) = paced(&mut gate, &turns(16_000 * 3, 4_000));
    let status = gate.status();
    assert!(status.underruns > 0 && status.overflows > 0, "{status:?}");
    assert!(out.iter().all(|x| x.is_finite()));
    strings.pull(Act::Hear);
    eventually("catching up", || {
        let (_, frames) = paced(&mut gate, &[0.02; 1_600]);
        frames.iter().all(|(_, frame)| !frame.held)
    });
}

#[test]
fn a_worker_that_does_not_end_is_let_go() {
    let strings = Strings::default();
    let mut gate = gate_with(&strings, &GateSettings::default(), &small());
    strings.pull(Act::Hang);
    gate.process(&mut [&mut [0.02; 512]], None, false, &mut |_| {});
    eventually("a hanging worker", || strings.is(Act::Hanging));
    let shared = Arc::clone(&gate.monitor().shared);
    drop(gate);
    assert!(Arc::strong_count(&shared) > 1, "it still hangs, and nobody waits for it");
    // It ends as soon as it can, and takes what it held with it.
    strings.pull(Act::Hear);
    eventually("its end", || Arc::strong_count(&shared) == 1);
}

#[test]
fn a_worker_sleeps_while_its_host_does_and_wakes_with_the_next_block() {
    let mut gate = gate_with(&Strings::default(), &GateSettings::default(), &small());
    let shared = Arc::clone(&gate.monitor().shared);
    let asleep = || shared.asleep.is_asleep();
    // Never played, after audio, and after a reset.
    for round in 0..3 {
        eventually("sleep", asleep);
        assert_eq!(gate.status().worker_load, 0.0);
        let frames = gate.status().frames;
        eventually("decisions in time", || {
            let (_, frames) = paced(&mut gate, &[0.02; 1_600]);
            // Nobody sleeps while audio comes. The first frames leave after the latency.
            !asleep() && !frames.is_empty() && frames.iter().all(|(_, frame)| !frame.held)
        });
        assert!(gate.status().frames > frames && gate.status().hearing == Hearing::Running);
        if round == 1 {
            gate.reset();
        }
    }
    // A render that begins in its sleep misses nothing.
    eventually("sleep", asleep);
    gate.reset();
    let missed = gate.status().underruns;
    run(&mut gate, &turns(16_000, 3_000), std::iter::repeat(512), true, MixOutput::Gated);
    assert_eq!(gate.status().underruns, missed);
    // And one that is asleep ends at once.
    eventually("sleep", asleep);
    let begun = Instant::now();
    drop(gate);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_reset_begins_a_new_epoch() {
    let strings = Strings::default();
    let mut gate = gate_with(&strings, &GateSettings::default(), &small());
    let input = turns(20_000, 1_500);
    let (first, told) = run(&mut gate, &input, std::iter::repeat(300), true, MixOutput::Gated);
    for blocks in [1_usize, 10, 100] {
        // Resets at any moment, in storms too, with the worker in the middle of something.
        strings.pull(Act::Dawdle);
        for _ in 0..100 {
            gate.reset();
            gate.process(&mut [&mut [0.9; 64][..blocks.min(64)]], None, false, &mut |_| {});
        }
        strings.pull(Act::Hear);
        gate.reset();
        let (again, told_again) = run(&mut gate, &input, std::iter::repeat(300), true, MixOutput::Gated);
        assert!(first.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(told, told_again);
    }
}

#[test]
fn no_ear_is_the_fail_mode_from_the_first_sample() {
    let mut gate = LiveGate::without_detector("no pack", &GateSettings::default(), &small()).unwrap();
    assert_eq!(gate.status().hearing, Hearing::Missing);
    assert_eq!(gate.monitor().problem().as_deref(), Some("no pack"));
    let latency = gate.latency_samples() as usize;
    let input = turns(16_000, 1_000);
    let (out, _) = second(&mut gate, &input);
    assert_passes(&input, &out, latency, latency);
    assert_eq!(gate.status().underruns, 0, "nothing was due");
}

#[test]
fn a_lane_drives_the_gate_in_the_place_of_the_ear() {
    let mut gate = LiveGate::without_detector(
        "no pack",
        &GateSettings {
            envelope: Envelope { attack_ms: 1.0, hold_ms: 0.0, release_ms: 1.0, ..Envelope::default() },
            ..GateSettings::default()
        },
        &LiveConfig { lookahead_ms: 20.0, fail_mode: FailMode::Open, ..small() },
    )
    .unwrap();
    let latency = gate.latency_samples() as usize;
    gate.override_labels(Some(LabelSet::EMPTY));
    let mut all = Vec::new();
    let mut step = |gate: &mut LiveGate, samples: usize| {
        let (out, frames) = run(gate, &vec![0.5; samples], [samples], false, MixOutput::Gated);
        all.extend_from_slice(&out);
        (out, frames)
    };
    let (out, _) = step(&mut gate, latency + 1_000);
    assert!(out[latency..].iter().all(|x| *x < 0.02), "nothing is heard: closed");
    gate.override_labels(Some(LabelSet::label(0)));
    // Frames of 160 samples: the next one is decided within so many, and opens by the lookahead before it leaves.
    let (out, frames) = step(&mut gate, 1_000);
    assert!(out[0] < 0.02 && out[176] == 0.5, "open one attack after the next frame: {:?}", &out[..180]);
    let decided_before = 3;
    assert!(frames.iter().skip(decided_before).all(|(_, frame)| frame.heard == LabelSet::label(0)));
    let music = manifest().labels.iter().position(|label| *label == Label::MUSIC).unwrap();
    gate.override_labels(Some(LabelSet::label(music)));
    let (out, _) = step(&mut gate, 1_000);
    assert!(out[..320].iter().all(|x| *x == 0.5), "closed when the frame itself leaves, as by an ear");
    assert!(out[500] < 0.02);
    // New rules are asked with the next frame: now music is kept.
    let keep_music = GateSettings::keep([Label::MUSIC], crate::gate::Action::Gate);
    gate.set_motion(&GateSettings {
        envelope: Envelope { attack_ms: 1.0, hold_ms: 0.0, release_ms: 1.0, ..keep_music.envelope },
        ..keep_music
    })
    .unwrap();
    let (out, _) = step(&mut gate, 1_000);
    assert!(out[0] < 0.02 && out[176] == 0.5);
    gate.override_labels(Some(LabelSet::EMPTY));
    step(&mut gate, 1_000);
    gate.override_labels(None);
    let (out, _) = step(&mut gate, 1_000);
    assert!(out[0] < 0.02 && out[999] == 0.5, "back in the fail mode");
    gate.override_labels(Some(LabelSet::EMPTY));
    let (out, _) = step(&mut gate, 1_000);
    assert!(out[0] == 0.5 && out[999] < 0.02, "and out of it");
}
