//! Cost of the gate per sample: `cargo bench -p earmark-core --bench gate`.
//!
//! "busy" changes its mind every 50 ms with 20 ms ramps, far more often than speech does; "steady" is open all the time.

use criterion::{Criterion, Throughput, criterion_main};
use earmark_core::gate::{Envelope, GainComputer, GainEvent, GateSettings, RuleSet, Target, apply_gains};
use earmark_core::render::{AudioOut, Dither, Metadata, Quantiser, RenderSpec, Renderer, StreamFormat};
use std::hint::black_box;

const RATE_HZ: u32 = 48_000;
const FRAMES: usize = 480;

fn computer(busy: bool) -> GainComputer {
    let settings = GateSettings {
        envelope: Envelope {
            attack_ms: 20.0,
            hold_ms: 0.0,
            release_ms: 20.0,
            lookahead_ms: 0.0,
            ..Envelope::default()
        },
        ..GateSettings::default()
    };
    let mut computer = GainComputer::new(&settings, RuleSet::unity(), RATE_HZ).expect("valid");
    if busy {
        let edges = (0..2_000_000_u64).map(|index| {
            let rank = u8::from(index % 2 == 1);
            GainEvent { at: index * 2_400, target: Target::fixed(rank, if rank == 0 { 0.0 } else { -40.0 }) }
        });
        computer.extend(edges).expect("sorted");
    }
    computer
}

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate, per sample and channel");
    for channels in [1, 2] {
        group.throughput(Throughput::Elements((FRAMES * channels) as u64));
        for busy in [false, true] {
            let name = format!("{} ch, {}", channels, if busy { "busy" } else { "steady" });
            let mut computer = computer(busy);
            let mut gains = [0.0; FRAMES];
            let mut samples = vec![0.25_f32; FRAMES * channels];
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    computer.fill(&mut gains);
                    apply_gains(&gains, black_box(&mut samples), channels);
                });
            });
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("quantiser, per sample");
    let format = StreamFormat { rate_hz: RATE_HZ, channels: 2, bits: 24, float: false };
    let source: Vec<f32> = (0..9_600_u16).map(|i| f32::from(i) / 8_388_608.0 * 0.3).collect();
    group.throughput(Throughput::Elements(source.len() as u64));
    group.bench_function("24 bits, dithered", |bencher| {
        let mut quantiser = Quantiser::new(format, format, Dither::Triangular);
        let mut samples = source.clone();
        bencher.iter(|| {
            samples.copy_from_slice(&source);
            quantiser.round(black_box(&mut samples));
        });
    });
    group.finish();
}

/// One second of 48 kHz stereo through everything, into a file of 24 bits.
fn render(criterion: &mut Criterion) {
    let format = StreamFormat { rate_hz: RATE_HZ, channels: 2, bits: 24, float: false };
    let source: Vec<f32> = (0..9_000_u16).cycle().take(96_000).map(|i| f32::from(i) / 32_768.0).collect();
    let path = std::env::temp_dir().join(format!("earmark-bench-{}", std::process::id()));
    let mut group = criterion.benchmark_group("render, 1 s of stereo");
    for measure_loudness in [false, true] {
        for ending in ["wav", "flac"] {
            let path = path.with_extension(ending);
            let file = std::fs::File::create(&path).expect("writable");
            let out = AudioOut::file(&path, file, format, &Metadata::default(), None).expect("fits");
            let spec = RenderSpec {
                source: format,
                output: format,
                dither: Dither::Triangular,
                gate: GateSettings::default(),
                rest: RuleSet::unity(),
                edges: Vec::new(),
                cut: None,
                measure_loudness,
                beep: false,
            };
            let mut renderer = Renderer::new(spec, Some(out), None).expect("valid");
            group.bench_function(format!("{ending}, loudness {measure_loudness}"), |bencher| {
                bencher.iter(|| renderer.push(&source).expect("writable"));
            });
            drop(renderer);
            let _ = std::fs::remove_file(&path);
        }
    }
    group.finish();
}

mod harness {
    criterion::criterion_group!(benches, super::gate, super::render);
}

criterion_main!(harness::benches);
