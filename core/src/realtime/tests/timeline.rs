//! Where audio stands on the host's timeline, and jumps there.

use super::*;
use crate::gate::Envelope;

fn settings() -> GateSettings {
    GateSettings {
        envelope: Envelope {
            lookahead_ms: 20.0,
            hold_ms: 30.0,
            attack_ms: 7.0,
            release_ms: 31.0,
            ..Envelope::default()
        },
        ..GateSettings::default()
    }
}

/// Renders `song` from a place on, and gives what comes out for each of its samples from there.
fn from_place(song: &[f32], place: usize, rate_hz: f64, block: usize) -> Vec<f32> {
    let config = LiveConfig { rate_hz, max_block_samples: block, ..small() };
    let mut gate = gate_with(&Strings::default(), &settings(), &config);
    let latency = gate.latency_samples() as usize;
    gate.locate(i64::try_from(place).unwrap());
    let mut input = song[place..].to_vec();
    input.resize(input.len() + latency, 0.0);
    let (mut out, frames) = run(&mut gate, &input, std::iter::repeat(block), true, MixOutput::Gated);
    assert_eq!(gate.status().underruns, 0, "no frame is missing");
    for (at, frame) in &frames {
        assert_eq!(*at as u64, frame.start_sample + latency as u64);
        // Only the first frame may begin before the audio.
        let late = i64::try_from(place).unwrap() + i64::try_from(frame.start_sample).unwrap();
        assert!(frame.timeline_sample == late || frame.start_sample == 0, "{frame:?}");
    }
    out.drain(..latency);
    out
}

/// Once the grid began at the first sample, so that the sound depended on where playback began.
#[test]
fn the_gain_does_not_depend_on_where_playback_begins() {
    for rate_hz in [16_000_u32, 11_025, 22_050, 1_234] {
        let song = turns(40_000, 1_777);
        let whole = from_place(&song, 0, f64::from(rate_hz), 300);
        // What is forgotten: hold, release, and 100 ms for silence.
        let settled = rate_hz as usize / 4;
        for place in [1_usize, 99, 160, 240, 641, 5_000, 12_345] {
            let part = from_place(&song, place, f64::from(rate_hz), 64);
            let (part, whole) = (&part[settled..], &whole[place + settled..]);
            let differ = part.iter().zip(whole).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert_eq!(differ, 0, "from sample {place} at {rate_hz} Hz");
        }
    }
}

/// A loop or a jump of the playhead: what was on its way leaves whole, and what comes is heard as if playback had begun
/// there.
#[test]
fn a_jump_cuts_nothing_and_forgets_the_past() {
    let song = turns(40_000, 1_777);
    let config = LiveConfig { max_block_samples: 512, ..small() };
    // Back, far ahead, before zero, by nothing; several of them within the latency.
    let jumps: [&[(usize, i64)]; 3] = [
        &[(0, 7_000), (9_003, 123)],
        &[(0, 0), (5_000, 30_000), (5_100, 8_000), (5_101, 8_001)],
        &[(3_333, -4_000)],
    ];
    for jumps in jumps {
        let mut results = Vec::new();
        for block in [512, 77] {
            let mut gate = gate_with(&Strings::default(), &settings(), &config);
            let latency = gate.latency_samples() as usize;
            let mut input = song[..20_000].to_vec();
            input.resize(20_000 + latency, 0.0);
            let (mut out, mut frames) = (Vec::new(), Vec::new());
            let mut borders: Vec<usize> = jumps.iter().map(|(at, _)| *at).chain([input.len()]).collect();
            borders.dedup();
            for border in borders {
                if border > out.len() {
                    let from = out.len();
                    let blocks = std::iter::repeat(block);
                    let (part, told) = run(&mut gate, &input[from..border], blocks, true, MixOutput::Gated);
                    out.extend(part);
                    frames.extend(told);
                }
                if let Some((_, place)) = jumps.iter().find(|(at, _)| *at == border) {
                    gate.locate(*place);
                }
            }
            assert_eq!(gate.status().underruns, 0, "{jumps:?}");
            // Wherever the gate is fully open the samples are the input's: nothing was cut out and nothing doubled.
            let open =
                out[latency..].iter().zip(&input).filter(|(out, input)| out.to_bits() == input.to_bits());
            assert!(open.count() > 5_000, "{jumps:?}");
            let louder = out[latency..].iter().zip(&input).any(|(out, input)| out.abs() > input.abs());
            assert!(!louder, "{jumps:?}");
            let steps = out[latency..].iter().zip(&input).map(|(out, input)| out / input.max(1e-9));
            let gains: Vec<f32> = steps.take(20_000).collect();
            assert!(gains.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.05), "no step: {jumps:?}");
            let places: Vec<i64> = frames.iter().map(|(_, frame)| frame.timeline_sample).collect();
            results.push((out, places));
        }
        let (one, other) = (&results[0], &results[1]);
        assert!(one.0.iter().zip(&other.0).all(|(a, b)| a.to_bits() == b.to_bits()), "{jumps:?}");
        assert_eq!(one.1, other.1, "{jumps:?}");
    }
}

/// The past is forgotten: after a jump the gain is that of a fresh start at the same place.
#[test]
fn after_a_jump_it_is_as_after_a_start() {
    let song = turns(40_000, 1_777);
    let fresh = from_place(&song, 8_123, 16_000.0, 512);
    let mut gate = gate_with(&Strings::default(), &settings(), &small());
    let latency = gate.latency_samples() as usize;
    gate.locate(20_000);
    let (before, _) = run(&mut gate, &song[20_000..26_001], std::iter::repeat(512), true, MixOutput::Gated);
    gate.locate(8_123);
    let mut input = song[8_123..].to_vec();
    input.resize(input.len() + latency, 0.0);
    let (after, _) = run(&mut gate, &input, std::iter::repeat(512), true, MixOutput::Gated);
    let settled = 16_000 / 4;
    let same = after[latency..].iter().zip(&fresh).skip(settled).all(|(a, b)| a.to_bits() == b.to_bits());
    assert!(same);
    // And what was on its way is what an undisturbed run gives, but for the last frames, which look ahead.
    let calm = from_place(&song, 20_000, 16_000.0, 512);
    let old: Vec<f32> = before[latency..].iter().chain(&after[..latency]).copied().collect();
    let known = old.len() - 16_000 / 10;
    assert!(old[..known].iter().zip(&calm).all(|(a, b)| a.to_bits() == b.to_bits()));
}
