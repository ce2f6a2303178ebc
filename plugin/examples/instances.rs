//! Many instances in real time: does one of them ever miss a decision?
//!
//! `cargo run --release -p earmark-plugin --example instances -- 50 30` runs fifty of them for thirty seconds, each with
//! blocks of 512 samples of stereo at 48 kHz, and prints what they missed and what the audio thread took. With a third
//! argument, `strict`, a decision that came late is an error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use earmark_plugin::{Activation, Block, Processor, Shared};

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 512;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise| arguments.next().map_or(Ok(otherwise), |text| text.parse::<u32>());
    let (count, seconds) = (number(50)?, number(30)?);
    let strict = arguments.next().is_some_and(|word| word == "strict");
    let activation =
        Activation { rate_hz: RATE_HZ, max_block: BLOCK, channels: 2, sidechain_channels: 0, offline: false };
    let mut instances = Vec::new();
    for _ in 0..count {
        let shared = Arc::new(Shared::new());
        instances.push((Arc::clone(&shared), Processor::activate(shared, &activation)?));
    }
    let lasts = Duration::from_secs_f64(f64::from(u32::try_from(BLOCK)?) / RATE_HZ);
    let blocks = (f64::from(seconds) / lasts.as_secs_f64()).ceil();
    let (mut state, mut spent, mut late_blocks, mut done) = (1_u32, Duration::ZERO, 0_u32, 0_u32);
    let mut planes = vec![vec![0.0_f32; BLOCK]; 2];
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
    let status: Vec<_> = instances.iter().map(|(shared, _)| shared.status()).collect();
    let underruns: u64 = status.iter().map(|status| status.underruns).sum();
    let overflows: u64 = status.iter().map(|status| status.overflows).sum();
    println!(
        "{count} instances, {seconds} s: {underruns} frames decided late, {overflows} overflows, {late_blocks} of {done} \
         blocks took longer than they last; the audio thread was busy {:.1} % of the time",
        100.0 * spent.as_secs_f64() / (lasts * done).as_secs_f64()
    );
    anyhow::ensure!(!strict || underruns + overflows == 0, "decisions came late");
    Ok(())
}
