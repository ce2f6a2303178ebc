//! The embedded runtime against ONNX Runtime, and block sizes against each other.

use std::fs;

use crate::required::required;
use crate::support::{ok, programme, run, stderr};

/// Frames as numbers, without the header.
fn values(csv: &str) -> Vec<Vec<f64>> {
    csv.lines().skip(1).map(|l| l.split(',').map(|v| v.parse().unwrap()).collect()).collect()
}

fn largest_difference(a: &str, b: &str) -> f64 {
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    a.iter().flatten().zip(b.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

/// `cargo xtask check` installs the library and names it here.
#[test]
fn the_embedded_runtime_agrees_with_onnx_runtime() {
    let Some(library) = required("EARMARK_TEST_ONNXRUNTIME") else { return };
    let programme = programme();
    let programme = programme.to_str().unwrap();
    for pack in ["live", "studio", "swift"] {
        let embedded = ok(["frames", programme, "--pack", pack]);
        let other = ok(["frames", programme, "--pack", pack, "--runtime", library.to_str().unwrap()]);
        let difference = largest_difference(&embedded, &other);
        assert!(difference <= 1e-4, "{pack}: {difference}");
    }
    let output = run(["frames", programme, "--runtime", library.to_str().unwrap(), "--device", "coreml"]);
    assert!(output.status.success() && stderr(&output).contains("using cpu instead"), "{}", stderr(&output));
}

#[test]
fn calls_of_few_frames_and_of_many_agree() {
    let programme = programme();
    let programme = programme.to_str().unwrap();
    for pack in ["live", "studio", "swift"] {
        let many = ok(["frames", programme, "--pack", pack]);
        let few = ok(["frames", programme, "--pack", pack, "--live"]);
        let difference = largest_difference(&many, &few);
        // One step of the last digit that is printed: two values may lie on both sides of where it is rounded.
        assert!(difference < 1.5e-5, "{pack}: {difference}");
    }
}

#[test]
fn a_library_that_is_none_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let fake = dir.path().join("libonnxruntime.so");
    fs::write(&fake, "not a library").unwrap();
    let programme = programme();
    for library in [fake.as_path(), &dir.path().join("nowhere.so")] {
        let output = run(["frames", programme.to_str().unwrap(), "--runtime", library.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(library.to_str().unwrap()), "{}", stderr(&output));
    }
}
