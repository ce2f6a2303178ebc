//! The networks alone: one call of the shipped packs, of as few frames as a plugin calls with and of as many as files do.
//! With the feature `onnxruntime`, and `EARMARK_ONNXRUNTIME` naming a library, on that library too.

use criterion::{Criterion, criterion_main};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::{Device, LIBRARY_VARIABLE, Network, Runtime};
use std::path::Path;
use std::time::Duration;

fn networks(c: &mut Criterion) {
    let mut runtimes = vec![("embedded", Runtime::embedded().expect("it is inside"))];
    if let Some(library) = std::env::var_os(LIBRARY_VARIABLE) {
        let named = Runtime::start(Some(Path::new(&library)), Device::Cpu);
        runtimes.push(("onnxruntime", named.expect("the library can be loaded")));
    }
    for (name, runtime) in runtimes {
        let mut group = c.benchmark_group(name);
        group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
        for pack in Pack::embedded_names() {
            let pack = Pack::find(pack).expect("embedded");
            let manifest = pack.manifest();
            let bands = manifest.features.mel.bands;
            for frames in [manifest.hop_frames, manifest.batch_frames] {
                let shape = manifest.network_shape(bands);
                let mut network = Network::load(&runtime, pack.model(), &shape, frames).expect("it fits");
                let levels = (0..u16::MAX).map(|i| -60.0 + 40.0 * (f32::from(i) * 0.37).sin());
                let features: Vec<f32> = levels.cycle().take(frames * bands).collect();
                let mut rows = Vec::new();
                group.bench_function(format!("{} {frames} frames", manifest.name), |b| {
                    b.iter(|| {
                        rows.clear();
                        network.run(&features, &mut rows).expect("it runs");
                    });
                });
            }
        }
        group.finish();
    }
}

mod harness {
    criterion::criterion_group!(benches, super::networks);
}

criterion_main!(harness::benches);
