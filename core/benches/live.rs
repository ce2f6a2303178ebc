//! What the live gate costs its host: `cargo bench -p earmark-core --bench live`.
//!
//! A block of 64 samples of stereo at 48 kHz lasts 1333 µs. "copy" is a plain delay line, the least that anything with
//! latency does. "flat out" calls the gate as fast as it can: the worker, which runs the real detector beside it, cannot keep
//! up, so that what is measured is the audio thread alone, with full rings and held decisions. "paced" calls it as a host
//! does.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_main};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::{GateSettings, MixSettings, Mixer};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LiveConfig, LiveGate};

const BLOCK: usize = 64;
/// Four seconds.
const PACED_BLOCKS: u32 = 3_000;

/// A ring per channel, written and read.
struct Copy {
    rings: [Vec<f32>; 2],
    at: usize,
}

impl Copy {
    fn process(&mut self, main: [&mut [f32]; 2]) {
        for (ring, samples) in self.rings.iter_mut().zip(main) {
            let piece = &mut ring[self.at..self.at + BLOCK];
            piece.swap_with_slice(samples);
        }
        self.at = (self.at + BLOCK) % self.rings[0].len();
    }
}

fn live(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("live, 64 samples of stereo at 48 kHz");
    let sound: Vec<f32> = (0..4_800_u16).map(|k| (f32::from(k) * 0.05).sin() * 0.3).collect();
    let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
    let mut from = 0;
    let mut next = |left: &mut [f32], right: &mut [f32]| {
        from = (from + BLOCK) % (sound.len() - BLOCK);
        left.copy_from_slice(&sound[from..from + BLOCK]);
        right.copy_from_slice(&sound[from..from + BLOCK]);
    };

    let mut copy = Copy { rings: [vec![0.0; BLOCK * 128], vec![0.0; BLOCK * 128]], at: 0 };
    group.bench_function("copy", |bencher| {
        bencher.iter(|| {
            next(&mut left, &mut right);
            copy.process(black_box([&mut left, &mut right]));
        });
    });

    let runtime = Runtime::embedded().expect("it is inside");
    let pack = Pack::find(pack::LIVE).expect("it is inside");
    let detector = Arc::new(Detector::load(&runtime, pack, DetectorMode::LowLatency).expect("it fits"));
    let config = LiveConfig { max_block_samples: BLOCK, ..LiveConfig::default() };
    let gate = || {
        let mut gate =
            LiveGate::new(Arc::clone(&detector), &GateSettings::default(), &config).expect("it fits");
        gate.guess_offline(false);
        gate
    };
    let mut flat_out = gate();
    let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
    group.bench_function("gate, flat out", |bencher| {
        bencher.iter(|| {
            next(&mut left, &mut right);
            let main: &mut [&mut [f32]] = &mut [&mut left, &mut right];
            flat_out.process_and_mix(black_box(main), None, false, &mut mixer, &mut |frame| {
                black_box(frame);
            });
        });
    });
    drop(flat_out);
    group.finish();
    paced(gate(), next);
}

/// The same in the pace of a host, where all decisions come in time and the caches are those of a thread that slept.
fn paced(mut gate: LiveGate, mut next: impl FnMut(&mut [f32], &mut [f32])) {
    let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
    let mut mixer = Mixer::new(&MixSettings::default(), 48_000.0);
    let period = Duration::from_secs_f64(64.0 / 48_000.0);
    let begun = Instant::now();
    let mut times: Vec<Duration> = (1..=PACED_BLOCKS)
        .map(|index| {
            next(&mut left, &mut right);
            let main: &mut [&mut [f32]] = &mut [&mut left, &mut right];
            let called = Instant::now();
            gate.process_and_mix(black_box(main), None, false, &mut mixer, &mut |frame| {
                black_box(frame);
            });
            let took = called.elapsed();
            std::thread::sleep((period * index).saturating_sub(begun.elapsed()));
            took
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!(
        "gate, paced by the clock: median {:?}, 90 % within {:?}, 99 % within {:?}",
        at(50),
        at(90),
        at(99)
    );
    println!("{:?}", gate.status());
}

mod harness {
    criterion::criterion_group! {
        name = benches;
        config = criterion::Criterion::default().measurement_time(std::time::Duration::from_secs(3)).sample_size(20);
        targets = super::live
    }
}

criterion_main!(harness::benches);
