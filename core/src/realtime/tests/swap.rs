//! Another detector, while audio runs.

use super::*;
use crate::realtime::LiveError;

#[test]
fn another_ear_takes_over_between_two_frames() {
    let strings = Strings::default();
    let config = small();
    let settings = GateSettings::default();
    let mut gate = gate_with(&strings, &settings, &config);
    let input = turns(96_000, 4_000);
    let mut whole = input.clone();
    let mut frames = Vec::new();
    for (index, block) in whole.chunks_mut(400).enumerate() {
        if index == 60 {
            let mut puppet = Puppet::new(&strings, &config, 0.6);
            puppet.thresholds[0] = Thresholds { open: 0.95, close: 0.05 };
            gate.monitor().shared.leave_new_stream(puppet);
        }
        gate.process(&mut [block], None, true, OutputMode::Gated, &mut |frame| frames.push(frame));
    }
    assert_eq!(gate.status().underruns, 0, "no frame was missing");
    assert!(frames.iter().enumerate().all(|(k, frame)| frame.frame == k as u64 && !frame.held));
    let signature = |frame: &LiveFrame| frame.probabilities[1];
    let change = frames.iter().position(|frame| signature(frame) > 0.5).expect("it took over");
    assert!(frames[..change].iter().all(|frame| signature(frame) == 0.2));
    assert!(frames[change..].iter().all(|frame| signature(frame) == 0.6));
    // The worker was behind by no more than the latency, 16 frames.
    assert!(change >= 100 + 150 - 17, "it settles for a second first: frame {change}");
    // Both hear the same audio in the same frames.
    let mut heard = FrameScores::new(Vec::new(), 16_000);
    Puppet::new(&Strings::default(), &config, 0.0).push(&input, &mut heard).unwrap();
    for (frame, mean_square) in frames.iter().zip(&heard.mean_square) {
        assert_eq!(frame.mean_square.to_bits(), mean_square.to_bits(), "frame {}", frame.frame);
    }
    // With the new one's thresholds 0.9 opens nothing, and 0.1 does not close.
    let speech = |frame: &LiveFrame| frame.heard.has_label(0);
    let open = speech(&frames[change - 1]);
    assert!(frames[change..].iter().all(|frame| speech(frame) == open));
    assert!(frames[..change].iter().any(|frame| speech(frame) != open));
}

#[test]
fn an_ear_that_comes_before_the_first_sample_or_with_a_reset_is_used_at_once() {
    let strings = Strings::default();
    let config = small();
    let mut gate = gate_with(&strings, &GateSettings::default(), &config);
    let leave = |gate: &LiveGate, signature| {
        gate.monitor().shared.leave_new_stream(Puppet::new(&strings, &config, signature));
        eventually("taking it", || gate.monitor().shared.is_mailbox_empty());
    };
    leave(&gate, 0.3);
    let input = turns(20_000, 4_000);
    let (_, frames) = run(&mut gate, &input, std::iter::repeat(400), true, OutputMode::Gated);
    assert!(frames.iter().all(|(_, frame)| frame.probabilities[1] == 0.3));
    leave(&gate, 0.4);
    gate.reset();
    let (_, frames) = run(&mut gate, &input, std::iter::repeat(400), true, OutputMode::Gated);
    assert!(frames.iter().all(|(_, frame)| frame.probabilities[1] == 0.4));
}

#[test]
fn an_ear_that_fails_while_it_settles_is_dropped() {
    let strings = Strings::default();
    let config = small();
    let mut gate = gate_with(&Strings::default(), &GateSettings::default(), &config);
    strings.pull(Act::Fail);
    let input = turns(20_000, 4_000);
    run(&mut gate, &input, std::iter::repeat(400), true, OutputMode::Gated);
    gate.monitor().shared.leave_new_stream(Puppet::new(&strings, &config, 0.6));
    let (_, frames) = run(&mut gate, &turns(64_000, 4_000), std::iter::repeat(400), true, OutputMode::Gated);
    assert!(frames.iter().all(|(_, frame)| frame.probabilities[1] == 0.2 && !frame.held));
}

#[test]
fn an_ear_that_does_not_fit_is_refused() {
    let gate = LiveGate::without_ear("none", &GateSettings::default(), &small()).unwrap();
    let runtime = crate::model::runtime::Runtime::embedded().unwrap();
    let studio = Pack::find(pack::STUDIO).unwrap();
    let detector = Arc::new(
        crate::detect::Detector::load(&runtime, studio, crate::detect::DetectorMode::LowLatency).unwrap(),
    );
    let refused = gate.monitor().replace_ear(Arc::clone(&detector)).unwrap_err();
    assert!(matches!(refused, LiveError::NeedsActivation { .. }), "{refused}");
    let gate = gate_with(&Strings::default(), &GateSettings::default(), &small());
    let refused = gate.monitor().replace_ear(detector).unwrap_err().to_string();
    assert!(refused.contains("latency"), "{refused}");
}
