//! The audio thread takes no memory and never gives up its processor. In a binary of its own, because the allocator is
//! counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use earmark_core::decide::Thresholds;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{
    Action, Curve, Envelope, GateSettings, LabelThresholds, MixOutput, MixSettings, Mixer, Rule, Rules, When,
};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LiveConfig, LiveGate};
use earmark_core::{Label, LabelSet};

struct Counting;

thread_local! {
    static TOUCHES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: each call is passed on unchanged to the system's allocator; the counter is a constant-initialised
// thread-local without a destructor, so touching it neither allocates nor fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TOUCHES.set(TOUCHES.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // Giving back is no better: both may lock.
        TOUCHES.set(TOUCHES.get() + 1);
        // SAFETY: the pointer came from `alloc` above, that is from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a host might turn to, made beforehand.
fn programs() -> Vec<GateSettings> {
    let duck = Rule { when: When::any([Label::SPEECH]), action: Action::duck(12.0) };
    let base = GateSettings::default();
    vec![
        base.clone(),
        GateSettings {
            envelope: Envelope { attack_ms: 1.0, hold_ms: 0.0, release_ms: 900.0, ..base.envelope },
            rules: Rules { range_db: 100.0, ..base.rules.clone() },
            ..base.clone()
        },
        GateSettings {
            rules: Rules { list: vec![duck; 9], ..base.rules.clone() },
            envelope: Envelope { curve: Curve::Amplitude, wet: 0.3, ..base.envelope },
            ..base.clone()
        },
        GateSettings::keep_all_but([Label::MUSIC, Label::SILENCE], Action::Mute),
        GateSettings {
            thresholds: LabelThresholds {
                by_label: [(Label::SPEECH, Thresholds { open: 0.2, close: 0.1 })].into(),
                ..base.thresholds.clone()
            },
            ..base.clone()
        },
        // Refused ones must cost no more.
        GateSettings::keep([Label::from("birdsong")], Action::Gate),
        GateSettings { rules: Rules { range_db: -1.0, ..base.rules.clone() }, ..base.clone() },
        GateSettings {
            rules: Rules {
                list: vec![Rule { when: When::default(), action: Action::Keep }; 200],
                ..base.rules.clone()
            },
            ..base
        },
    ]
}

/// Numbers without end.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }
}

/// Times that this thread gave up its processor by itself: to wait for a lock, a condition, a timer.
#[cfg(target_os = "linux")]
fn waits() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn an_hour_of_fuzzed_blocks_neither_allocates_nor_waits() {
    let runtime = Runtime::embedded().unwrap();
    let detector = Arc::new(
        Detector::load(&runtime, Pack::find(pack::LIVE).unwrap(), DetectorMode::LowLatency).unwrap(),
    );
    let config = LiveConfig { rate_hz: 16_000.0, max_block_samples: 2_048, ..LiveConfig::default() };
    let programs = programs();
    let mut dice = Dice(3);
    let (mut left, mut right) = (vec![0.0_f32; 8_192], vec![0.0_f32; 8_192]);
    let side: Vec<f32> = (0..8_192).map(|k| if k % 3 == 0 { 0.4 } else { -0.2 }).collect();
    let mut gate = LiveGate::new(detector, &programs[0], &config).unwrap();
    // Blocks come as fast as can be, and are said to be real time all the same: the worker cannot keep up.
    gate.guess_offline(false);
    let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
    let (mut frames, mut samples, mut refused) = (0_u64, 0_u64, 0_u64);
    while samples < 3_600 * 16_000 {
        let block = match dice.roll(8) {
            0 => 1 + dice.roll(8_192),
            1 => 1,
            _ => 1 + dice.roll(700),
        };
        for (index, (l, r)) in left[..block].iter_mut().zip(&mut right[..block]).enumerate() {
            (*l, *r) = match index % 97 {
                0 => (f32::NAN, 1e-40),
                1 => (f32::INFINITY, -0.3),
                _ => (0.3, -0.1),
            };
        }
        let (motion, event) = (dice.roll(programs.len()), dice.roll(40));
        let lane =
            [None, Some(LabelSet::EMPTY), Some(LabelSet::label(0)), Some(LabelSet::SILENCE)][dice.roll(4)];
        let output = [MixOutput::Gated, MixOutput::Removed, MixOutput::Bypassed][dice.roll(3)];
        let mix = [
            MixSettings::default(),
            MixSettings { output_gain_db: -6.0, wet: 0.3, ..MixSettings::default() },
        ][dice.roll(2)];
        let beside = [&side[..block]];
        let sidechain = [Some(&beside[..]), Some(&[]), None][dice.roll(3)];
        #[cfg(target_os = "linux")]
        let waits_before = waits();
        let before = TOUCHES.get();
        match event {
            0 => gate.reset(),
            1..8 => refused += u64::from(gate.set_motion(&programs[motion]).is_err()),
            8..12 => gate.override_labels(lane),
            12 => {
                let _ = gate.status();
            }
            _ => {}
        }
        let main: &mut [&mut [f32]] = &mut [&mut left[..block], &mut right[..block]];
        mixer.aim(&MixSettings { output, ..mix });
        gate.process_and_mix(main, sidechain, false, &mut mixer, &mut |_| frames += 1);
        let touched = TOUCHES.get() - before;
        assert_eq!(touched, 0, "after {samples} samples, event {event}");
        #[cfg(target_os = "linux")]
        assert_eq!(waits() - waits_before, 0, "it waited after {samples} samples, event {event}");
        samples += block as u64;
    }
    assert!(frames > 100_000 && refused > 1_000, "{frames} frames, {refused} refusals");
}
