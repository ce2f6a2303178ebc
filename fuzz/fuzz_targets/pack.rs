//! Packs: a manifest, a zero byte and an ONNX file. The manifest's hash is put right, so that the network is reached.
#![no_main]

mod scratch;

use std::fmt::Write;
use std::sync::LazyLock;

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::{MANIFEST_FILE, Pack};
use earmark_core::model::runtime::Runtime;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Values that a call may have in all its inputs and outputs; larger ones are slow and tell nothing new.
const MOST_VALUES: usize = 1 << 16;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::embedded().expect("it is built in"));

fuzz_target!(init: contain_panics(), |bytes: &[u8]| {
    let (manifest, model) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    scratch::write("model.onnx", model);
    let path = scratch::write(MANIFEST_FILE, &with_hash(manifest, model));
    let folder = path.parent().expect("it lies in a folder");
    let Ok(pack) = Pack::open(folder) else { return };
    let manifest = pack.manifest();
    let bands = manifest.features.values_per_frame();
    let states: usize = manifest.states.iter().map(|s| s.shape.iter().product::<usize>()).sum();
    let columns = manifest.network_shape(bands).columns;
    if manifest.hop_frames * (bands + columns) + states > MOST_VALUES {
        return;
    }
    let task = manifest.task;
    if task.is_vectors() {
        let Ok(embedder) = Embedder::load(&RUNTIME, pack, DetectorMode::LowLatency) else { return };
        let _ = embedder.embed(&[0.5; 4_000], 16_000, 1);
        return;
    }
    let Ok(detector) = Detector::load_for(task, &RUNTIME, pack, DetectorMode::LowLatency) else { return };
    // A network that answers silence may still fail on sound.
    let _ = detector.detect_samples(&[0.5; 4_000], 16_000, 1);
});

/// A panic of the backend is caught where it is called and becomes an error, so it must not end the fuzzer; one that
/// gets out of Earmark ends it still.
fn contain_panics() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}

fn with_hash(manifest: &[u8], model: &[u8]) -> Vec<u8> {
    let Ok(mut json) = serde_json::from_slice::<Value>(manifest) else { return manifest.to_vec() };
    if let Some(hash) = json.pointer_mut("/model/sha256") {
        let mut hex = String::new();
        for byte in Sha256::digest(model) {
            write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        }
        *hash = Value::String(hex);
    }
    json.to_string().into_bytes()
}
