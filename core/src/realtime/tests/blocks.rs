//! The same samples give the same bits, however they are cut and however often.

use proptest::prelude::*;

use super::*;
use crate::gate::{CausalDecider, Envelope, GainComputer, Rules, apply_gains};
use crate::realtime::processor::thresholds;

/// What the gate must give: decided and applied by the parts that files are rendered with.
fn expected(input: &[f32], settings: &GateSettings, config: &LiveConfig) -> (Vec<f32>, FrameScores) {
    let mut puppet = Puppet::new(&Strings::default(), config);
    let mut heard = puppet.scores();
    puppet.push(input, &mut heard).unwrap();
    // The last frame is filled up with silence, as a host does.
    puppet.push(&vec![0.0; input.len()], &mut heard).unwrap();
    let frames = crate::FrameGrid::new(puppet.rate_hz).frames(input.len() as u64);
    heard.mean_square.truncate(usize::try_from(frames).unwrap());
    heard.probabilities.truncate(heard.labels.len() * heard.mean_square.len());
    let manifest = manifest();
    let mut decider =
        CausalDecider::new(settings, &manifest.labels, &thresholds(&manifest), puppet.rate_hz).unwrap();
    let mut gain = GainComputer::new(settings, decider.rules().default_target(), puppet.rate_hz).unwrap();
    gain.extend(decider.edges(&heard)).unwrap();
    let mut gains = vec![0.0; input.len()];
    gain.fill(&mut gains);
    let mut output = input.to_vec();
    apply_gains(&gains, &mut output, 1);
    (output, heard)
}

fn settings(lookahead_ms: f32, hold_ms: f32) -> GateSettings {
    GateSettings {
        envelope: Envelope { lookahead_ms, hold_ms, attack_ms: 7.0, release_ms: 31.0, ..Envelope::default() },
        ..GateSettings::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_blocks_give_what_the_renderer_gives(
        blocks in proptest::collection::vec(1_usize..1_500, 1..12),
        lookahead_ms in 0.0_f32..60.0,
        hold_ms in 0.0_f32..50.0,
        turn in 300_usize..3_000,
        rate_hz in prop_oneof![Just(16_000_u32), Just(11_025), Just(22_050), Just(1_234), Just(44_100)],
    ) {
        let config = LiveConfig {
            rate_hz: f64::from(rate_hz),
            lookahead_ms,
            max_block_samples: 700,
            ..small()
        };
        let settings = settings(lookahead_ms, hold_ms);
        let mut gate = gate_with(&Strings::default(), &settings, &config);
        let latency = gate.latency_samples() as usize;
        let mut input = turns(12_000, turn);
        let (want, heard) = expected(&input, &settings, &config);
        let played = input.len();
        input.resize(played + latency, 0.0);
        let (out, frames) = run(&mut gate, &input, blocks.iter().copied().cycle(), true, MixOutput::Gated);
        prop_assert!(out[..latency].iter().all(|x| *x == 0.0));
        let same = out[latency..].iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits());
        prop_assert!(same, "the output differs");
        for (k, (at, frame)) in frames.iter().enumerate().take(heard.frames()) {
            prop_assert_eq!(frame.scored.index, k as u64);
            prop_assert_eq!(*at as u64, frame.start_sample + latency as u64);
            prop_assert_eq!(frame.scored.mean_square.to_bits(), heard.mean_square[k].to_bits());
            prop_assert_eq!(&frame.scored.scores[..heard.labels.len()], heard.row(k));
            prop_assert!(!frame.held);
        }
        prop_assert!(frames.len() >= heard.frames());
        prop_assert_eq!(gate.status().underruns, 0);
    }

    #[test]
    fn settings_act_at_their_sample(
        first in proptest::collection::vec(1_usize..900, 1..6),
        second in proptest::collection::vec(1_usize..900, 1..6),
        at in proptest::collection::vec(1_000_usize..20_000, 4),
        reset_at in proptest::option::of(2_000_usize..20_000),
    ) {
        let mut at = at;
        at.sort_unstable();
        let input = turns(24_000, 1_777);
        let mut results = Vec::new();
        for blocks in [first, second] {
            let mut gate = gate_with(&Strings::default(), &settings(20.0, 10.0), &small());
            let mut mixer = mixer(MixOutput::Gated);
            let mut out = Vec::new();
            let mut blocks = blocks.into_iter().cycle();
            let mut borders: Vec<(usize, Option<f32>)> =
                at.iter().zip([6.0, 24.0, 0.0, 60.0]).map(|(at, range)| (*at, Some(range))).collect();
            borders.extend(reset_at.map(|at| (at, None)));
            borders.push((input.len(), Some(30.0)));
            borders.sort_by_key(|border| border.0);
            let mut done = 0;
            for (border, change) in borders {
                while done < border {
                    let end = border.min(done + blocks.next().unwrap());
                    let mut block = input[done..end].to_vec();
                    gate.process_and_mix(&mut [&mut block], None, true, &mut mixer, &mut |_| {});
                    out.extend(block);
                    done = end;
                }
                match change {
                    Some(range_db) => {
                        gate.set_motion(&GateSettings { rules: Rules { range_db, ..Rules::default() }, ..settings(20.0, 10.0) }).unwrap();
                    }
                    None => gate.reset(),
                }
            }
            results.push(out);
        }
        let same = results[0].iter().zip(&results[1]).all(|(a, b)| a.to_bits() == b.to_bits());
        prop_assert!(same, "the output depends on the blocks");
    }
}

#[test]
fn a_render_that_is_not_declared_is_waited_for() {
    let config = LiveConfig { max_block_samples: 64, ..small() };
    let settings = settings(20.0, 10.0);
    let mut gate = gate_with(&Strings::default(), &settings, &config);
    let latency = gate.latency_samples() as usize;
    let mut input = turns(64_000, 1_777);
    let (want, _) = expected(&input, &settings, &config);
    input.resize(input.len() + latency, 0.0);
    let (out, _) = run(&mut gate, &input, std::iter::repeat(64), false, MixOutput::Gated);
    assert_eq!(gate.status().underruns, 0);
    assert!(out[latency..].iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits()));
}
