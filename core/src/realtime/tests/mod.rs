//! The live engine with a detector of its own making, which can be stopped, slowed down and broken.

mod blocks;
mod faults;
mod output;
mod timeline;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::score_stream::ScoreStream;
use super::{LiveConfig, LiveFrame, LiveGate};
use crate::detect::DetectError;
use crate::gate::{GateSettings, MixOutput, MixSettings, Mixer};
use crate::model::pack::{self, Manifest, Pack};
use crate::signal::LevelMeter;
use crate::{FrameScores, Label};

/// What a [`Puppet`] does at its next block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Hear = 0,
    Hang = 1,
    Panic = 2,
    Fail = 3,
    /// Take 100 ms for each piece, longer than it lasts.
    Dawdle = 4,
    /// What [`Act::Hang`] becomes once it does.
    Hanging = 5,
}

/// The strings of one.
#[derive(Debug, Clone, Default)]
struct Strings(Arc<AtomicU8>);

impl Strings {
    fn pull(&self, act: Act) {
        self.0.store(act as u8, Ordering::SeqCst);
    }

    /// Says that it hangs, if it shall.
    fn hang(&self) {
        let (from, to) = (Act::Hang as u8, Act::Hanging as u8);
        let _ = self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
    }

    fn is(&self, act: Act) -> bool {
        self.0.load(Ordering::SeqCst) == act as u8
    }
}

/// A detector that takes a loud frame for speech: what it says is known beforehand.
struct Puppet {
    strings: Strings,
    level: LevelMeter,
    rate_hz: u32,
    channels: u16,
    /// What the meter gets: every second sample with the other sign, so that the steady levels of the tests are loud to it
    /// and no constant offset.
    turned: Vec<f32>,
    /// Samples per channel so far.
    heard: usize,
    mean_squares: Vec<f32>,
    labels: Vec<Label>,
}

impl Puppet {
    fn new(strings: &Strings, config: &LiveConfig) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "test rates")]
        let rate_hz = config.rate_hz.round() as u32;
        Self {
            strings: strings.clone(),
            level: LevelMeter::new(rate_hz, config.channels),
            rate_hz,
            channels: config.channels,
            turned: Vec::new(),
            heard: 0,
            mean_squares: Vec::new(),
            labels: manifest().labels,
        }
    }
}

impl ScoreStream for Puppet {
    fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        self.strings.hang();
        while self.strings.is(Act::Hanging) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.strings.is(Act::Panic) {
            std::panic::resume_unwind(Box::new("as told"));
        }
        if self.strings.is(Act::Fail) {
            return Err(DetectError::Runtime(crate::model::runtime::RuntimeError::NotOnnx));
        }
        if self.strings.is(Act::Dawdle) {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(interleaved.iter().all(|sample| sample.is_finite()), "the ear gets numbers only");
        let channels = usize::from(self.channels);
        let turned = interleaved.iter().enumerate().map(|(index, sample)| {
            if (self.heard + index / channels).is_multiple_of(2) { *sample } else { -*sample }
        });
        self.turned.clear();
        self.turned.extend(turned);
        self.heard += interleaved.len() / channels;
        self.level.push(&self.turned, &mut self.mean_squares);
        for mean_square in self.mean_squares.drain(..) {
            heard.mean_square.push(mean_square);
            let speech = if mean_square > 0.01 { 0.9 } else { 0.1 };
            heard.probabilities.extend(self.labels.iter().map(|label| match label {
                label if *label == Label::SPEECH => speech,
                label if *label == Label::MUSIC => 0.2,
                _ => 0.0,
            }));
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.level = LevelMeter::new(self.rate_hz, self.channels);
        self.heard = 0;
        self.mean_squares.clear();
    }

    fn scores(&self) -> FrameScores {
        FrameScores::new(self.labels.clone(), self.rate_hz)
    }
}

/// Hosts move the gate to their audio thread, and ask for its status from any.
const _: () = {
    const fn is_send<T: Send>() {}
    const fn is_sync<T: Sync>() {}
    is_send::<LiveGate>();
    is_send::<super::LiveMonitor>();
    is_sync::<super::LiveMonitor>();
};

/// The live pack's, whose labels and delays the puppets take over.
fn manifest() -> Manifest {
    Pack::find(pack::LIVE).unwrap().manifest().clone()
}

fn gate_with(strings: &Strings, settings: &GateSettings, config: &LiveConfig) -> LiveGate {
    let puppet = Puppet::new(strings, config);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "test rates")]
    let rate_hz = config.rate_hz.round() as u32;
    LiveGate::with_stream(puppet, None, &manifest(), settings, config, rate_hz).unwrap()
}

/// Mono, 16 kHz: fast, and frames of 160 samples.
fn small() -> LiveConfig {
    LiveConfig { rate_hz: 16_000.0, channels: 1, max_block_samples: 512, ..LiveConfig::default() }
}

/// Loud and soft by turns, never zero: `turn` samples each.
fn turns(samples: usize, turn: usize) -> Vec<f32> {
    let mut state = 7_u32;
    (0..samples)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f32::from(u16::try_from(state >> 16).unwrap()) / 65_536.0 + 0.1;
            if (index / turn).is_multiple_of(2) { 0.02 * noise } else { 0.8 * noise }
        })
        .collect()
}

/// A mixer that rests on one output.
fn mixer(output: MixOutput) -> Mixer {
    Mixer::new(&MixSettings { output, ..MixSettings::default() }, 48_000.0)
}

/// Runs mono samples through, block by block; gives the output and the frames with their place in it.
fn run(
    gate: &mut LiveGate,
    input: &[f32],
    blocks: impl IntoIterator<Item = usize>,
    offline: bool,
    output: MixOutput,
) -> (Vec<f32>, Vec<(usize, LiveFrame)>) {
    let mut mixer = mixer(output);
    let mut out = input.to_vec();
    let mut frames = Vec::new();
    let mut done = 0;
    for block in blocks {
        let end = input.len().min(done + block);
        gate.process_and_mix(&mut [&mut out[done..end]], None, offline, &mut mixer, &mut |frame| {
            frames.push((done + frame.offset_in_block, frame));
        });
        done = end;
        if done == input.len() {
            break;
        }
    }
    assert_eq!(done, input.len(), "enough blocks");
    (out, frames)
}

/// Waits for something that another thread does.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}
