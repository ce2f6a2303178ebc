//! Many instances in real time: does one of them ever miss a decision, and what do they cost while nothing plays?
//!
//! `cargo run --release -p earmark-plugin --example instances -- 50 30 512 2` runs fifty of them for thirty seconds, each
//! with blocks of 512 samples of stereo at 48 kHz, and prints what they missed and what the audio thread took. With more
//! than two channels each is gated by itself: `-- 1 30 64 12` is a track of twelve channels with twelve gates. Then the
//! host stops, and the wake-ups of the ears' threads are counted (on Linux).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use earmark_plugin::params::id;
use earmark_plugin::{Activation, Block, Processor, Shared};

const RATE_HZ: f64 = 48_000.0;
/// Time that the host has been stopped for before wake-ups are counted, and for which they are.
const STOPPED: Duration = Duration::from_secs(3);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |text| text.parse());
    let (count, seconds, block, channels) = (number(50)?, number(30)?, number(512)?, number(2)?);
    let max_block = usize::try_from(block)?;
    let activation = Activation {
        rate_hz: RATE_HZ,
        max_block,
        channels: u16::try_from(channels)?,
        sidechain_channels: 0,
        offline: false,
    };
    let mut instances = Vec::new();
    for _ in 0..count {
        let shared = Arc::new(Shared::new());
        shared.set(id::LINK, f64::from(u8::from(channels <= 2)));
        instances.push((Arc::clone(&shared), Processor::activate(shared, &activation)?));
    }
    let lasts = Duration::from_secs_f64(f64::from(block) / RATE_HZ);
    let blocks = (f64::from(seconds) / lasts.as_secs_f64()).ceil();
    let (mut state, mut spent, mut late_blocks, mut done) = (1_u32, Duration::ZERO, 0_u32, 0_u32);
    let mut planes = vec![vec![0.0_f32; max_block]; usize::try_from(channels)?];
    let processor_time = own_seconds();
    let start = Instant::now();
    while f64::from(done) < blocks {
        std::thread::sleep((start + lasts * done).saturating_duration_since(Instant::now()));
        let before = Instant::now();
        for (_, processor) in &mut instances {
            for sample in planes.iter_mut().flatten() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = f32::from_bits(0x3f80_0000 | state >> 9) - 1.5;
            }
            let mut main: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
            processor.process(
                Block { main: &mut main, sidechain: &[], label_cv: &mut [] },
                &[],
                &mut (),
                false,
            );
        }
        let took = before.elapsed();
        spent += took;
        late_blocks += u32::from(took > lasts);
        done += 1;
    }
    let played = (lasts * done).as_secs_f64();
    let status: Vec<_> = instances.iter().map(|(shared, _)| shared.status()).collect();
    let underruns: u64 = status.iter().map(|status| status.underruns).sum();
    let overflows: u64 = status.iter().map(|status| status.overflows).sum();
    println!(
        "{count} instances of {channels} channels, blocks of {block}, {seconds} s: {underruns} frames decided late, \
         {overflows} overflows, {late_blocks} of {done} blocks took longer than they last; the audio thread was busy \
         {:.1} % of the time",
        100.0 * spent.as_secs_f64() / played
    );
    if let (Some(before), Some(after)) = (processor_time, own_seconds()) {
        println!("processor time of the audio thread: {:.1} % of a core", 100.0 * (after - before) / played);
    }
    std::thread::sleep(STOPPED);
    if let Some(before) = wake_ups() {
        std::thread::sleep(STOPPED);
        let woken = wake_ups().unwrap_or(0).saturating_sub(before);
        println!("wake-ups while stopped: {:.1} a second", f64::from(woken) / STOPPED.as_secs_f64());
    }
    Ok(())
}

/// Processor time of this thread, where the system tells (Linux).
fn own_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}

/// How often the threads that hear gave up their processor so far, where the system tells (Linux).
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
