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

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{GateSettings, MixSettings, Mixer};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LiveConfig, LiveGate};

/// Time that nothing has played for before wake-ups are counted, and for which they are.
const STOPPED: Duration = Duration::from_secs(3);

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

    let source: Vec<f32> = noise().take(usize::try_from(rate_hz)?).collect();
    let blocks = u64::from(seconds) * u64::from(rate_hz) / u64::from(block);
    let period = Duration::from_secs_f64(f64::from(block) / f64::from(rate_hz));
    let mut planes = vec![vec![0.0; block_samples]; usize::try_from(channels)?];
    let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
    let (mut busy, mut longest, mut overruns, mut frames) = (Duration::ZERO, Duration::ZERO, 0_u32, 0_u64);
    let cpu_before = cpu_seconds();
    let begun = Instant::now();
    let mut due = begun;
    for index in 0..blocks {
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(wait) => std::thread::sleep(wait),
            None => overruns += u32::from(now - due > period),
        }
        due += period;
        let from = usize::try_from(index)? * block_samples % (source.len() - block_samples);
        let called = Instant::now();
        for gate in &mut gates {
            planes.iter_mut().for_each(|plane| plane.copy_from_slice(&source[from..from + block_samples]));
            let mut main: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
            gate.process_and_mix(&mut main, None, false, &mut mixer, &mut |_| frames += 1);
        }
        let took = called.elapsed();
        busy += took;
        longest = longest.max(took);
    }
    let wall = begun.elapsed().as_secs_f64();
    let total = gates.iter().map(LiveGate::status).fold((0, 0, 0), |sum, status| {
        (sum.0 + status.underruns, sum.1 + status.late, sum.2 + status.overflows)
    });
    let load: f32 = gates.iter().map(|gate| gate.status().worker_load).sum();
    println!("frames {frames}, underruns {}, of them late {}, overflows {}", total.0, total.1, total.2);
    println!(
        "audio thread: {:.2} % of real time, longest call {:.2} ms, {overruns} calls more than a block late",
        100.0 * busy.as_secs_f64() / wall,
        longest.as_secs_f64() * 1e3,
    );
    println!("workers busy (with waiting for each other): {load:.2} of the time in sum");
    if let (Some(before), Some(after)) = (cpu_before, cpu_seconds()) {
        println!("processor time: {:.2} of one core", (after - before) / wall);
    }
    let raised = gates.iter().filter(|gate| gate.status().raised_priority).count();
    println!("workers of raised priority: {raised}");
    std::thread::sleep(STOPPED);
    if let Some(before) = wake_ups() {
        std::thread::sleep(STOPPED);
        let woken = wake_ups().unwrap_or(0).saturating_sub(before);
        println!("wake-ups while nothing plays: {:.1} a second", f64::from(woken) / STOPPED.as_secs_f64());
    }
    Ok(())
}

/// White noise at −20 dBFS, the same in every run.
fn noise() -> impl Iterator<Item = f32> {
    let mut state = 1_u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0) * 0.17
    })
}

/// Processor time of this process so far, where the system tells it in this way (Linux, 100 ticks per second).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(')').next()?;
    let mut ticks = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}

/// How often the workers gave up their processor so far, where the system tells (Linux).
fn wake_ups() -> Option<u32> {
    let of_thread = |folder: &Path| {
        let name = std::fs::read_to_string(folder.join("comm")).ok()?;
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        name.starts_with("earmark").then(|| line.trim().parse::<u32>().ok()).flatten()
    };
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    Some(threads.filter_map(|thread| of_thread(&thread.ok()?.path())).sum())
}
