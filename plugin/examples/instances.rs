//! Many instances in real time: does one of them ever miss a decision, and what do they cost while nothing plays?
//!
//! `cargo run --release -p earmark-plugin --example instances -- 50 30 512 2` runs fifty of them for thirty seconds, each
//! with blocks of 512 samples of stereo at 48 kHz, and prints what they missed and what the audio thread took. With more
//! than two channels each is gated by itself: `-- 1 30 64 12` is a track of twelve channels with twelve gates. Then the
//! host stops, and the wake-ups of the ears' threads are counted (on Linux). With `swift` among the words the fast ear hears,
//! with `strict` a decision that came too late is a failure.

#[path = "../../core/examples/paced/mod.rs"]
mod paced;

use std::sync::Arc;
use std::time::Duration;

use earmark_plugin::params::id;
use earmark_plugin::{Activation, Block, Processor, Shared};
use paced::Pace;

const RATE_HZ: f64 = 48_000.0;

fn main() -> anyhow::Result<()> {
    let (words, numbers): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| ["strict", "swift"].contains(&word.as_str()));
    let (strict, swift) =
        (words.iter().any(|word| word == "strict"), words.iter().any(|word| word == "swift"));
    let mut arguments = numbers.into_iter();
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
        shared.set(id::FAST_EAR, f64::from(u8::from(swift)));
        instances.push((Arc::clone(&shared), Processor::activate(shared, &activation)?));
    }
    let period = Duration::from_secs_f64(f64::from(block) / RATE_HZ);
    let blocks = u64::from(seconds) * 48_000 / u64::from(block.max(1));
    let mut planes = vec![vec![0.0_f32; max_block]; usize::try_from(channels)?];
    let mut noise = paced::noise();
    let processor_before = paced::processor_seconds();
    let pace = Pace::play(blocks, period, |_| {
        for (_, processor) in &mut instances {
            planes.iter_mut().flatten().zip(&mut noise).for_each(|(sample, value)| *sample = value);
            let mut main: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
            let block = Block { main: &mut main, sidechain: &[], label_cv: &mut [] };
            processor.process(block, &[], &mut (), false);
        }
    });
    let status: Vec<_> = instances.iter().map(|(shared, _)| shared.status()).collect();
    let underruns: u64 = status.iter().map(|status| status.underruns).sum();
    let overflows: u64 = status.iter().map(|status| status.overflows).sum();
    println!(
        "{count} instances of {channels} channels, blocks of {block}, {seconds} s: {underruns} frames decided late, \
         {overflows} overflows"
    );
    pace.print(processor_before);
    paced::print_wake_ups();
    anyhow::ensure!(!strict || underruns + overflows == 0, "decisions came too late");
    Ok(())
}
