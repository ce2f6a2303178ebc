use proptest::prelude::*;

use super::*;
use crate::gate::{Action, Envelope, Rules};

const RATE_HZ: u32 = 1_000;

fn settings() -> GateSettings {
    GateSettings {
        envelope: Envelope {
            attack_ms: 10.0,
            hold_ms: 50.0,
            release_ms: 40.0,
            lookahead_ms: 20.0,
            ..Envelope::default()
        },
        rules: Rules { range_db: 40.0, ..Rules::default() },
        ..GateSettings::default()
    }
}

const OPEN: Target = Target::fixed(0, 0.0);
const CLOSED: Target = Target::fixed(1, -40.0);

fn edge(at: u64, target: Target) -> GainEvent {
    GainEvent { at, target }
}

fn gains(settings: &GateSettings, rest: Target, edges: &[GainEvent], count: usize) -> Vec<f32> {
    let mut computer = GainComputer::new(settings, rest, RATE_HZ).expect("valid");
    computer.extend(edges.iter().copied()).expect("sorted");
    let mut out = vec![0.0; count];
    computer.fill(&mut out);
    out
}

#[test]
fn opens_before_the_onset_and_holds_after_the_end() {
    let out = gains(&settings(), CLOSED, &[edge(0, CLOSED), edge(100, OPEN), edge(200, CLOSED)], 400);
    assert!(out[..=80].iter().all(|&g| (g - 0.01).abs() < 1e-6), "lookahead starts at 80");
    assert!(out[81] > 0.01 && out[89] < 1.0);
    assert!(
        out[90..=250].iter().all(|&g| g.to_bits() == 1.0_f32.to_bits()),
        "attack done at 90, hold until 250"
    );
    assert!(out[252] < 1.0 && out[289] > 0.01);
    assert!(out[290..].iter().all(|&g| (g - 0.01).abs() < 1e-6), "release done at 290");
}

#[test]
fn starts_where_it_would_be() {
    assert_eq!(gains(&settings(), CLOSED, &[edge(0, OPEN)], 1)[0], 1.0);
    assert_eq!(gains(&settings(), CLOSED, &[edge(0, CLOSED), edge(20, OPEN)], 1)[0], 1.0);
    assert!(gains(&settings(), CLOSED, &[edge(0, CLOSED), edge(21, OPEN)], 1)[0] < 0.02);
}

#[test]
fn a_ducker_goes_down_early_and_holds() {
    let duck = Target::fixed(0, -40.0);
    let up = Target::fixed(1, 0.0);
    let out = gains(&settings(), up, &[edge(0, up), edge(100, duck), edge(200, up)], 400);
    assert_eq!(out[80], 1.0);
    assert!(out[90..=250].iter().all(|&g| (g - 0.01).abs() < 1e-6));
    assert_eq!(out[290], 1.0);
}

#[test]
fn mute_ends_in_silence_and_full_gain_is_exactly_one_when_half_wet() {
    let mute = Target::fixed(1, f32::NEG_INFINITY);
    let out = gains(&settings(), mute, &[edge(0, OPEN), edge(100, mute)], 400);
    assert_eq!((out[100], out[300]), (1.0, 0.0));
    let mut half = out;
    crate::gate::mix_dry(&mut half, 0.5);
    assert_eq!((half[100], half[300]), (1.0, 0.5));
}

#[test]
fn a_gain_that_keeps_changing_still_arrives() {
    let levels = (0..40).map(|k| edge(k * 10, Target::fixed(1, -(k.min(20) as f32))));
    let out = gains(&settings(), CLOSED, &levels.collect::<Vec<_>>(), 1_000);
    assert!((out[999] - 0.1).abs() < 1e-6);
    assert!(out.windows(2).all(|pair| pair[1] <= pair[0]));
}

#[test]
fn a_full_queue_and_disorder_are_refused() {
    let mut computer = GainComputer::new(&settings(), CLOSED, RATE_HZ).expect("valid");
    let refused = (0..10_000).map(|at| computer.push(edge(at + 1_000, OPEN))).find(Result::is_err);
    assert_eq!(refused, Some(Err(PushError::Full)));
    computer.reset(0);
    assert_eq!(computer.push(edge(7, OPEN)), Ok(()));
    assert_eq!(computer.push(edge(6, OPEN)), Err(PushError::OutOfOrder));
}

#[test]
fn a_late_edge_takes_effect_at_once() {
    let mut computer = GainComputer::new(&settings(), CLOSED, RATE_HZ).expect("valid");
    let mut out = [0.0; 500];
    computer.fill(&mut out);
    computer.push(edge(300, OPEN)).expect("room");
    computer.fill(&mut out);
    assert!(out[0] < 0.02 && out[2] > out[0] && out[10] == 1.0);
}

/// The envelope of a gated sine may only widen its line during ramps, and only near it.
#[test]
fn no_click_in_the_spectrum_of_a_gated_sine() {
    let rate = 48_000_u32;
    let n = 1 << 16;
    for (curve, beyond_hz) in [(Curve::Amplitude, 500.0), (Curve::Decibels, 1_000.0)] {
        let settings = GateSettings {
            envelope: Envelope { curve, ..Envelope::default() },
            ..GateSettings::keep([crate::Label::SPEECH], Action::Gate)
        };
        let mut computer = GainComputer::new(&settings, Target::fixed(1, -30.0), rate).expect("valid");
        for (at, target) in [(0, -30.0), (20_000, 0.0), (30_000, -30.0)] {
            let rank = u8::from(target < 0.0);
            computer.extend([edge(at, Target::fixed(rank, target))]).expect("sorted");
        }
        let mut gain = vec![0.0_f32; n];
        computer.fill(&mut gain);
        let mut planner = realfft::RealFftPlanner::<f64>::new();
        let fft = planner.plan_fft_forward(n);
        // The sine of 6 kHz, with a Blackman-Harris-like taper over the whole so that only the gain's own
        // spread shows.
        let mut signal: Vec<f64> = (0..n)
            .map(|i| {
                let x = i as f64 / n as f64 * std::f64::consts::TAU;
                let taper =
                    0.358_75 - 0.488_29 * x.cos() + 0.141_28 * (2.0 * x).cos() - 0.011_68 * (3.0 * x).cos();
                taper * f64::from(gain[i]) * (std::f64::consts::TAU * 6_000.0 / 48_000.0 * i as f64).sin()
            })
            .collect();
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut signal, &mut spectrum).expect("sizes fit");
        let power: Vec<f64> = spectrum.iter().map(|c| c.norm_sqr()).collect();
        let peak = power.iter().copied().fold(0.0, f64::max);
        let worst = power
            .iter()
            .enumerate()
            .filter(|(bin, _)| (*bin as f64 * 48_000.0 / n as f64 - 6_000.0).abs() > beyond_hz)
            .map(|(_, p)| 10.0 * (p / peak).log10())
            .fold(f64::NEG_INFINITY, f64::max);
        println!("{curve:?}: worst line beyond ±{beyond_hz} Hz: {worst:.1} dB");
        assert!(worst < -80.0, "{curve:?}: {worst} dB");
    }
}

/// Winner at `t` by looking at the whole window.
fn slow_winner(edges: &[GainEvent], rest: Target, hold: u64, lookahead: u64, t: u64) -> Target {
    let mut best = rest;
    for (index, edge) in edges.iter().enumerate() {
        let end = edges.get(index + 1).map_or(u64::MAX, |next| next.at);
        let enters = edge.at.saturating_sub(lookahead) <= t;
        // The newest that has entered is in force even when it is empty.
        let newest = edges.get(index + 1).is_none_or(|next| next.at.saturating_sub(lookahead) > t);
        if enters && (newest || end.saturating_add(hold) > t) && edge.target.priority <= best.priority {
            best = edge.target;
        }
    }
    best
}

fn streams() -> impl Strategy<Value = Vec<GainEvent>> {
    prop::collection::vec((0_u64..120, 0_u8..4, -60_i8..=0), 1..30).prop_map(|steps| {
        let mut at = 0;
        let edges = steps.into_iter().map(|(gap, rank, db)| {
            at += gap;
            edge(at, Target::fixed(rank, if db < -50 { f32::NEG_INFINITY } else { f32::from(db) }))
        });
        edges.collect()
    })
}

proptest! {
    #[test]
    fn block_sizes_change_nothing(edges in streams(), sizes in prop::collection::vec(1_usize..300, 1..40)) {
        let whole = gains(&settings(), CLOSED, &edges, 4_000);
        let mut computer = GainComputer::new(&settings(), CLOSED, RATE_HZ).expect("valid");
        let mut waiting = edges.iter().copied().peekable();
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            // Live: each edge comes just in time.
            let needed = computer.position() + *size as u64 + computer.lookahead_samples();
            while let Some(edge) = waiting.next_if(|edge| edge.at <= needed) {
                computer.push(edge).expect("room");
            }
            let mut block = vec![0.0; *size];
            computer.fill(&mut block);
            pieces.extend(block);
            if pieces.len() >= 4_000 { break; }
        }
        for (index, (a, b)) in whole.iter().zip(&pieces).enumerate() {
            prop_assert_eq!(a.to_bits(), b.to_bits(), "sample {}", index);
        }
    }

    #[test]
    fn settles_on_the_winner_of_the_window(edges in streams()) {
        let rest = Target::fixed(3, -40.0);
        let out = gains(&settings(), rest, &edges, 4_000);
        let winners: Vec<Target> = (0..4_000).map(|t| slow_winner(&edges, rest, 50, 20, t)).collect();
        for t in 100..4_000 {
            if winners[t - 90..=t].iter().all(|w| w == &winners[t]) {
                prop_assert_eq!(out[t].to_bits(), winners[t].gain().to_bits(), "sample {}", t);
            }
        }
        prop_assert!(out.iter().all(|g| (0.0..=1.0).contains(g)));
        // 1.875 is the smooth step's steepest slope, ln 1000 the steepest decibel curve's factor, 10 samples the attack.
        prop_assert!(out.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 0.8), "no step");
    }
}
