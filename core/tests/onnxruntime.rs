//! ONNX Runtime beside the embedded backend, in one process.
#![cfg(all(feature = "onnxruntime", feature = "embedded-runtime"))]

use std::path::{Path, PathBuf};

use earmark_core::FrameScores;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::{Device, Network, Runtime, RuntimeError};

/// The library to test with; none when the test may be skipped.
fn library() -> Option<PathBuf> {
    let library = std::env::var_os("EARMARK_TEST_ONNXRUNTIME").map(PathBuf::from);
    let allowed = std::env::var_os("EARMARK_ALLOW_SKIP").is_some();
    assert!(
        library.is_some() || allowed,
        "EARMARK_TEST_ONNXRUNTIME names no library; EARMARK_ALLOW_SKIP=1 skips this test"
    );
    library
}

/// Ten seconds of noise that swells and fades.
fn samples() -> Vec<f32> {
    let mut state = 1_u32;
    (0..160_000_u32)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise =
                f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 32_768.0;
            let phase = f32::from(u16::try_from(i / 16).unwrap()) * 0.002;
            noise * 0.5 * phase.sin().abs()
        })
        .collect()
}

fn heard(detector: &Detector, samples: &[f32]) -> FrameScores {
    let mut stream = detector.stream(16_000, 1).unwrap();
    let mut activity = stream.scores();
    stream.push(samples, &mut activity).unwrap();
    stream.finish(&mut activity).unwrap();
    activity
}

#[test]
fn both_run_in_one_process_and_agree_and_a_second_library_is_refused() {
    let Some(library) = library() else { return };
    let library = library.as_path();
    let before = Runtime::embedded().unwrap();
    let named = Runtime::start(Some(library), Device::Cpu).unwrap();
    let after = Runtime::embedded().unwrap();
    assert!(matches!(
        Runtime::start(Some(Path::new("another.so")), Device::Cpu),
        Err(RuntimeError::AlreadyStarted { running }) if running == library.display().to_string()
    ));
    assert_eq!(Runtime::start(Some(library), Device::Cpu).unwrap().name(), named.name());
    let samples = samples();
    for (pack, pace) in [
        ("live", DetectorMode::LowLatency),
        ("studio", DetectorMode::Throughput),
        ("noise", DetectorMode::LowLatency),
        ("noise", DetectorMode::Throughput),
    ] {
        let detector = |runtime: &Runtime| {
            let pack = Pack::find(pack).unwrap();
            Detector::load_for(pack.manifest().task, runtime, pack, pace).unwrap()
        };
        let other = detector(&named);
        let expected = heard(&other, &samples);
        // Several streams at once take a session each.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!(heard(&other, &samples) == expected));
            }
        });
        for embedded in [&before, &after] {
            let found = heard(&detector(embedded), &samples);
            assert_eq!(found.frames(), expected.frames());
            let pairs = found.probabilities.iter().zip(&expected.probabilities);
            let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(difference <= 1e-4, "{pack} {pace:?}: {difference}");
        }
    }
}

#[test]
fn what_is_no_network_is_refused_alike() {
    let Some(library) = library() else { return };
    let runtime = Runtime::start(Some(&library), Device::Cpu).unwrap();
    let pack = Pack::find("live").unwrap();
    let mut shape = pack.manifest().network_shape(64);
    assert!(Network::load(&runtime, pack.model(), &shape, 4).is_ok());
    assert!(matches!(Network::load(&runtime, b"not a network", &shape, 4), Err(RuntimeError::NotOnnx)));
    shape.columns = 2;
    assert!(matches!(Network::load(&runtime, pack.model(), &shape, 4), Err(RuntimeError::Shape(_))));
}
