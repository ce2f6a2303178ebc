//! Throughput of the path from decoded blocks to mono at the network's rate, per second of audio. The other resamplers
//! are rubato's, set to the same pass band and at least the same attenuation.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use earmark_core::signal::{Resampler, downmix};
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

/// Ten seconds of something that is not silence.
fn noise(samples: u32) -> Vec<f32> {
    let mut state = 1_u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 65_536.0 - 0.5
        })
        .collect()
}

fn resample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample to 16 kHz");
    for rate_hz in [48_000_u32, 44_100, 96_000, 22_050, 8_000, 44_099] {
        let second = noise(rate_hz);
        group.throughput(Throughput::Elements(u64::from(rate_hz)));
        group.bench_with_input(BenchmarkId::new("earmark", rate_hz), &second, |bencher, second| {
            let mut resampler = Resampler::new(rate_hz, 16_000).expect("a supported rate");
            let mut out = Vec::with_capacity(20_000);
            bencher.iter(|| {
                out.clear();
                for block in second.chunks(1_152) {
                    resampler.push(black_box(block), &mut out);
                }
                black_box(out.len())
            });
        });
    }
    let second = noise(48_000);
    group.throughput(Throughput::Elements(48_000));
    let mut run = |name: &str, resampler: &mut dyn rubato::Resampler<f32>| {
        let frames = resampler.input_frames_next();
        let mut out = vec![0.0; resampler.output_frames_max()];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for block in second.chunks_exact(frames) {
                    let length = out.len();
                    let input = SequentialSlice::new(block, 1, frames).expect("sizes fit");
                    let mut output = SequentialSlice::new_mut(&mut out, 1, length).expect("sizes fit");
                    resampler.process_into_buffer(&input, &mut output, None).expect("sizes fit");
                }
                black_box(out[0])
            });
        });
    };
    let mut fft = Fft::<f32>::new(48_000, 16_000, 1_536, 1, FixedSync::Both).expect("valid rates");
    run("rubato FFT (1536)/48000", &mut fft);
    let sinc = SincInterpolationParameters::new(600, WindowFunction::BlackmanHarris)
        .oversampling_factor(1)
        .interpolation(SincInterpolationType::Nearest);
    let mut sinc =
        Async::<f32>::new_sinc(1.0 / 3.0, 1.0, &sinc, 480, 1, FixedAsync::Input).expect("valid ratio");
    run("rubato sinc (600)/48000", &mut sinc);
    group.finish();
}

fn mix_down(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("downmix");
    for channels in [1_u16, 2, 6] {
        let second = noise(48_000 * u32::from(channels));
        group.throughput(Throughput::Elements(48_000));
        group.bench_with_input(BenchmarkId::from_parameter(channels), &second, |bencher, second| {
            let mut out = Vec::with_capacity(48_000);
            bencher.iter(|| {
                out.clear();
                downmix(black_box(second), channels, &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    resample(&mut criterion);
    mix_down(&mut criterion);
    criterion.final_summary();
}
