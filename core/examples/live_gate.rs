//! Live audio through the gate, block by block, as an audio callback would do it.
//!
//! ```text
//! cargo run --release -p earmark-core --example live_gate [-- RECORDING]
//! ```
//!
//! The recording stands for a sound card and is worked off as fast as it goes: `OFFLINE` lets the gate wait for its worker.
//! A real callback says `false`; then nothing in it waits.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::audio::read_mono;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{GateSettings, MixSettings, Mixer};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LiveConfig, LiveGate};

const RATE_HZ: u32 = 48_000;
const BLOCK_SAMPLES: usize = 480;
const OFFLINE: bool = true;

fn main() -> Result<(), Box<dyn Error>> {
    run(std::env::args_os().nth(1).map(PathBuf::from))
}

fn run(asked: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/programme.flac");
    let input = read_mono(&asked.clone().unwrap_or_else(|| shipped.into()), RATE_HZ)?;

    // Not on the audio thread: this allocates and starts the worker.
    let detector =
        Arc::new(Detector::load(&Runtime::embedded()?, Pack::find(pack::LIVE)?, DetectorMode::LowLatency)?);
    let rate_hz = f64::from(RATE_HZ);
    let config =
        LiveConfig { rate_hz, channels: 1, max_block_samples: BLOCK_SAMPLES, ..LiveConfig::default() };
    let mut gate = LiveGate::new(detector, &GateSettings::default(), &config)?;
    let mut mixer = Mixer::new(&MixSettings::default(), rate_hz);
    let latency = usize::try_from(gate.latency_samples())?;

    // The latency is run out with silence.
    let mut audio = input.clone();
    audio.resize(input.len() + latency, 0.0);
    for block in audio.chunks_mut(BLOCK_SAMPLES) {
        // This is the callback.
        gate.process_and_mix(&mut [block], None, OFFLINE, &mut mixer, &mut |frame| {
            if frame.scored.index.is_multiple_of(100) {
                println!("{:4} s: speech {:.2}", frame.scored.index / 100, frame.scored.scores[0]);
            }
        });
    }
    let output = &audio[latency..];
    println!("latency {latency} samples");

    if asked.is_none() {
        // examples/programme.truth.csv: speech at 38 s, music alone at 15 s.
        let second = |at: usize| at * 48_000..(at + 1) * 48_000;
        assert!(output[second(38)] == input[second(38)], "speech passes, bit for bit");
        let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        let ratio = energy(&output[second(15)]) / energy(&input[second(15)]);
        assert!((10.0 * ratio.log10() + 30.0).abs() < 0.1, "music goes down by the range, 30 dB");
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn it_holds_on_what_is_shipped() -> Result<(), Box<dyn Error>> {
    run(None)
}
