//! Each preset against an independent 64-bit computation (`tests/fixtures/features/make.py`).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::features::{FeatureSpec, Log, Normalise, Precision, compute, preset_names};

#[derive(Deserialize)]
struct Case {
    spec: String,
    signal: String,
    frames: usize,
    values: usize,
    /// The frames that `expected/` has.
    kept: Vec<usize>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/features")
}

fn cases() -> Vec<Case> {
    serde_json::from_str(&std::fs::read_to_string(folder().join("manifest.json")).unwrap()).unwrap()
}

pub(super) fn signal(name: &str) -> Vec<f32> {
    let mut wav = hound::WavReader::open(folder().join(format!("signals/{name}.wav"))).unwrap();
    wav.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect()
}

fn expected(case: &Case) -> Vec<f32> {
    let bytes = std::fs::read(folder().join(format!("expected/{}-{}.f32", case.spec, case.signal))).unwrap();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The largest error of a case, each value's relative to `tolerance(expected value, loudest of its frame)`.
fn worst(case: &Case, spec: &FeatureSpec, tolerance: impl Fn(f32, f32) -> f32) -> f32 {
    let features = compute(spec, &signal(&case.signal)).unwrap();
    assert_eq!(
        (features.frames, features.bands),
        (case.frames, case.values),
        "{} {}",
        case.spec,
        case.signal
    );
    assert_eq!(features.values.len(), case.frames * case.values);
    let expected = expected(case);
    assert_eq!(expected.len(), case.kept.len() * case.values);
    let mut worst = 0.0_f32;
    for (expected, frame) in expected.chunks_exact(case.values).zip(&case.kept) {
        let got = &features.values[frame * case.values..][..case.values];
        let loudest = expected.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (value, got) in expected.iter().zip(got) {
            assert!(got.is_finite());
            worst = worst.max((value - got).abs() / tolerance(*value, loudest));
        }
    }
    worst
}

/// 1e-3 dB; 1e-4 where values are normalised or natural logarithms.
fn tolerance(spec: &FeatureSpec) -> f32 {
    match (spec.log, spec.normalise) {
        (Log::Db { .. }, Normalise::None) => 1e-3,
        _ => 1e-4,
    }
}

#[test]
fn each_preset_meets_the_independent_computation() {
    let mut seen = 0;
    for case in cases().iter().filter(|case| case.spec != "earmark") {
        let spec = FeatureSpec::preset(&case.spec).unwrap();
        let limit = tolerance(&spec);
        let worst = worst(case, &spec, |_, _| limit) * limit;
        println!("{:7} {:7} {worst:.1e}", case.spec, case.signal);
        assert!(worst <= limit, "{} {}: {worst}", case.spec, case.signal);
        seen += 1;
    }
    assert_eq!(seen, 5 * 6);
}

/// In single precision the transform's rounding is noise at a fixed distance below the loudest band, so a band's error
/// in dB grows by a factor of ten for each 20 dB that it lies deeper. Down to 70 dB it must be within 1e-3 dB.
#[test]
fn earmarks_own_meets_it_as_far_as_its_arithmetic_reaches() {
    let spec = FeatureSpec::preset("earmark").unwrap();
    let mut seen = 0;
    for case in cases().iter().filter(|case| case.spec == "earmark") {
        let noise = |value: f32, loudest: f32| 1e-3 * 10_f32.powf(((loudest - value - 70.0) / 20.0).max(0.0));
        let single = worst(case, &spec, noise);
        let flat = worst(case, &spec, |_, _| 1.0);
        println!("{:7} {:7} {single:.2} of its tolerance, {flat:.1e} dB at most", case.spec, case.signal);
        assert!(single <= 1.0, "{}: {single} of its tolerance", case.signal);

        // The same formulas in double precision, everywhere.
        let double = FeatureSpec { precision: Precision::Double, ..spec.clone() };
        let double = worst(case, &double, |_, _| 1.0);
        assert!(double <= 1e-3, "{}: {double} dB", case.signal);
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// What the presets would give in single precision, which the module's documentation quotes (`--nocapture`).
#[test]
fn single_precision_is_close_for_every_preset() {
    for name in preset_names() {
        let spec = FeatureSpec { precision: Precision::Single, ..FeatureSpec::preset(name).unwrap() };
        for case in cases().iter().filter(|case| case.spec == name) {
            let worst = worst(case, &spec, |_, _| 1.0);
            println!("{name:7} {:7} {worst:.1e}", case.signal);
            let limit = if name == "earmark" { 1.0 } else { tolerance(&spec) };
            assert!(worst <= limit, "{name} {}: {worst}", case.signal);
        }
    }
}
