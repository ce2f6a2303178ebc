//! Many live gates in one process, paced like a host: does every decision come in time, and what does it cost, while it
//! plays and while the host is stopped?
//!
//! ```text
//! cargo run --release -p earmark-core --example live_instances -- [instances] [seconds] [rate] [block] [channels]
//! ```
//!
//! One thread calls all instances block after block, as a host's audio thread does. All start together, so that all
//! networks are called at the same moments: the worst case. A track of twelve channels that are gated apart is twelve
//! instances of one channel. Then nothing is played any more, and the wake-ups of the workers are counted (Linux).

mod paced;

use std::sync::Arc;
use std::time::Duration;

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{GateSettings, MixSettings, Mixer};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LiveConfig, LiveGate};

use paced::Pace;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |text| text.parse());
    let (instances, seconds, rate_hz, block) = (number(50)?, number(20)?, number(48_000)?, number(512)?);
    let channels = number(2)?;
    let detector =
        Arc::new(Detector::load(&Runtime::embedded()?, Pack::find(pack::LIVE)?, DetectorMode::LowLatency)?);
    let block_samples = usize::try_from(block)?;
    let config = LiveConfig {
        rate_hz: f64::from(rate_hz),
        max_block_samples: block_samples,
        channels: u16::try_from(channels)?,
        ..LiveConfig::default()
    };
    let settings = GateSettings::default();
    let mut gates = (0..instances)
        .map(|_| LiveGate::new(Arc::clone(&detector), &settings, &config))
        .collect::<Result<Vec<_>, _>>()?;
    let latency_ms = f64::from(gates[0].latency_samples()) / f64::from(rate_hz) * 1e3;
    println!(
        "{instances} instances, {rate_hz} Hz, {channels} channels, blocks of {block}, latency {latency_ms:.1} ms, {seconds} s"
    );

    let source: Vec<f32> = paced::noise().take(usize::try_from(rate_hz)?).collect();
    let blocks = u64::from(seconds) * u64::from(rate_hz) / u64::from(block);
    let period = Duration::from_secs_f64(f64::from(block) / f64::from(rate_hz));
    let mut planes = vec![vec![0.0; block_samples]; usize::try_from(channels)?];
    let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
    let (mut from, mut frames) = (0, 0_u64);
    let processor_before = paced::processor_seconds();
    let pace = Pace::play(blocks, period, |_| {
        for gate in &mut gates {
            planes.iter_mut().for_each(|plane| plane.copy_from_slice(&source[from..from + block_samples]));
            let mut main: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
            gate.process_and_mix(&mut main, None, false, &mut mixer, &mut |_| frames += 1);
        }
        from = (from + block_samples) % (source.len() - block_samples);
    });
    let total = gates.iter().map(LiveGate::status).fold((0, 0, 0), |sum, status| {
        (sum.0 + status.underruns, sum.1 + status.late, sum.2 + status.overflows)
    });
    let load: f32 = gates.iter().map(|gate| gate.status().worker_load).sum();
    println!("frames {frames}, underruns {}, of them late {}, overflows {}", total.0, total.1, total.2);
    pace.print(processor_before);
    println!("workers busy (with waiting for each other): {load:.2} of the time in sum");
    let raised = gates.iter().filter(|gate| gate.status().raised_priority).count();
    println!("workers of raised priority: {raised}");
    paced::print_wake_ups();
    Ok(())
}
