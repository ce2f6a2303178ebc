//! Time of one feature frame, and the Fourier transform's share of it.

use std::hint::black_box;

use criterion::Criterion;
use earmark_core::features::{FeatureSpec, MelStream, Precision, preset_names};
use realfft::{FftNum, RealFftPlanner};

fn transform<T: FftNum + Default>(c: &mut Criterion, name: &str, length: usize) {
    let fft = RealFftPlanner::<T>::new().plan_fft_forward(length);
    let (mut input, mut output, mut scratch) =
        (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    c.bench_function(&format!("fft only/{length} {name}"), |b| {
        b.iter(|| fft.process_with_scratch(black_box(&mut input), &mut output, &mut scratch));
    });
}

fn frame(c: &mut Criterion, name: &str, spec: &FeatureSpec) {
    let noise: Vec<f32> = (0..spec.hop as u64)
        .map(|k| k.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes())
        .map(|bytes| f32::from(i16::from_be_bytes([bytes[0], bytes[1]])) / 65_536.0)
        .collect();
    let mut stream = MelStream::new(spec).unwrap();
    // Each push of one hop completes one frame once the stream is under way.
    (0..32).for_each(|_| stream.push(&noise, |_| {}));
    c.bench_function(&format!("frame/{name}"), |b| {
        b.iter(|| stream.push(black_box(&noise), |frame| _ = black_box(frame[0])));
    });
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    transform::<f32>(&mut c, "f32", 512);
    transform::<f64>(&mut c, "f64", 512);
    for name in preset_names() {
        frame(&mut c, name, &FeatureSpec::preset(name).unwrap());
    }
    let double = FeatureSpec { precision: Precision::Double, ..FeatureSpec::preset("earmark").unwrap() };
    frame(&mut c, "earmark in f64", &double);
    c.final_summary();
}
