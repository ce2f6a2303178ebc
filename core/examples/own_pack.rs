//! A pack of your own: any folder with a `pack.json`, the ONNX file that it names and its hash.
//!
//! ```text
//! cargo run --release -p earmark-core --example own_pack [-- FOLDER]
//! ```
//!
//! Without a folder it takes one of the shipped packs as if it were somebody else's.

use std::error::Error;
use std::path::{Path, PathBuf};

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::{Pack, PackError};
use earmark_core::model::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    run(std::env::args_os().nth(1).map(PathBuf::from))
}

fn run(asked: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/packs/live");
    let folder = asked.unwrap_or_else(|| shipped.into());

    let pack = Pack::open(&folder)?;
    let manifest = pack.manifest();
    println!("{} {} hears {:?}", manifest.name, manifest.version, manifest.labels);
    // Compiling it checks that its tensors have the shapes that the manifest states.
    let detector = Detector::load(&Runtime::embedded()?, pack.clone(), DetectorMode::Throughput)?;
    let second = vec![0.0; 16_000];
    let scores = detector.detect_samples(&second, 16_000, 1)?;
    assert_eq!((scores.frames(), &scores.labels), (100, &manifest.labels));

    // What is not what the manifest states is refused before it runs.
    let other = tempfile::tempdir()?;
    let copy = |name: &str| std::fs::copy(folder.join(name), other.path().join(name));
    copy("pack.json")?;
    copy(&manifest.model.file)?;
    damage(&other.path().join(&manifest.model.file))?;
    match Pack::open(other.path()) {
        Err(error @ PackError::Hash { .. }) => println!("{error}"),
        other => panic!("a damaged network was not refused: {other:?}"),
    }
    Ok(())
}

fn damage(file: &Path) -> std::io::Result<()> {
    let mut bytes = std::fs::read(file)?;
    bytes[0] ^= 1;
    std::fs::write(file, bytes)
}

#[cfg(test)]
#[test]
fn it_holds_on_what_is_shipped() -> Result<(), Box<dyn Error>> {
    run(None)
}
