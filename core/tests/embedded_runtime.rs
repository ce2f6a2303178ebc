//! The embedded backend as a whole process sees it: its threads, hostile files, streams beside each other.

use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::{self, Device, Network, NetworkShape, Runtime, RuntimeError};
use proptest::prelude::*;

const FRAMES: usize = 4;

/// A pack, its shape, and its network for calls of [`FRAMES`].
fn live() -> (Pack, NetworkShape, Network) {
    let pack = Pack::find("live").unwrap();
    let shape = pack.manifest().network_shape(pack.manifest().features.mel.bands);
    let network = Network::load(&Runtime::embedded().unwrap(), pack.model(), &shape, FRAMES).unwrap();
    (pack, shape, network)
}

/// Features of one call, different for each `seed`.
fn features(seed: u16) -> Vec<f32> {
    (0..4 * 64_u16).map(|i| -60.0 + 40.0 * (f32::from(i) * 0.37 + f32::from(seed)).sin()).collect()
}

fn scores(network: &mut Network, stream: u16) -> Vec<f32> {
    let mut rows = Vec::new();
    (0..50).for_each(|call| network.run(&features(stream * 100 + call), &mut rows).unwrap());
    rows
}

#[test]
fn streams_run_beside_each_other_and_share_few_threads() {
    let (_, _, network) = live();
    let alone: Vec<Vec<f32>> = (0..32).map(|stream| scores(&mut network.another(), stream)).collect();
    std::thread::scope(|scope| {
        for (stream, alone) in (0..32).zip(&alone) {
            let mut network = network.another();
            scope.spawn(move || assert_eq!(&scores(&mut network, stream), alone));
        }
    });
    // 32 streams on 32 threads: the backend's own threads are bounded by the processors, a lane and a loader for each. Who
    // enters, as another test of this process does, gets one more.
    #[cfg(target_os = "linux")]
    {
        let processors = std::thread::available_parallelism().unwrap().get();
        let names = std::fs::read_dir("/proc/self/task").unwrap();
        let names = names.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        let threads = names.filter(|name| name.starts_with("rten-")).count();
        assert!((1..=2 * processors + 1).contains(&threads), "{threads} threads");
    }
}

#[test]
fn who_enters_stays_on_one_thread_and_hears_the_same() {
    let (_, _, network) = live();
    let expected = scores(&mut network.another(), 1);
    let thread = || std::thread::current().id();
    let mut inside = network.another();
    let found = runtime::enter("earmark test", move || {
        assert_eq!(runtime::enter("another", thread), thread());
        #[cfg(target_os = "linux")]
        assert_eq!(std::fs::read_to_string("/proc/thread-self/comm").unwrap().trim(), "earmark test");
        scores(&mut inside, 1)
    });
    assert_eq!(found, expected);
    // A panic goes on where it was called, and the next one who enters finds all as it was.
    assert!(std::panic::catch_unwind(|| runtime::enter("earmark test", || panic!("on purpose"))).is_err());
    assert_ne!(runtime::enter("earmark test", thread), thread());
}

#[test]
fn what_is_no_network_for_the_pack_is_refused_with_the_reason() {
    let (pack, shape, _) = live();
    let runtime = Runtime::start(None, Device::Cpu).unwrap();
    let load = |model: &[u8], shape: &NetworkShape, frames| Network::load(&runtime, model, shape, frames);
    for bytes in [&b""[..], b"not a network", &pack.model()[..pack.model().len() / 2]] {
        let error = load(bytes, &shape, FRAMES).unwrap_err();
        assert!(matches!(error, RuntimeError::NotOnnx | RuntimeError::Load(_)), "{error}");
    }
    let wrong = |change: fn(&mut NetworkShape)| {
        let mut shape = shape.clone();
        change(&mut shape);
        load(pack.model(), &shape, FRAMES).unwrap_err()
    };
    for error in [
        wrong(|s| s.bands = 40),
        wrong(|s| s.columns = 2),
        wrong(|s| s.input = "sound".to_owned()),
        wrong(|s| s.output = "verdict".to_owned()),
        wrong(|s| s.states.truncate(2)),
        wrong(|s| s.states[1].shape = vec![1, 128, 3]),
    ] {
        assert!(matches!(error, RuntimeError::Shape(_)), "{error}");
    }
    // The first layer needs four frames.
    assert!(matches!(load(pack.model(), &shape, 3).unwrap_err(), RuntimeError::Shape(_)));
}

#[test]
fn a_wrong_call_leaves_the_stream_as_it_was() {
    let (_, _, network) = live();
    let (mut whole, mut disturbed) = (network.another(), network);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for call in 0..4 {
        whole.run(&features(call), &mut expected).unwrap();
        assert!(matches!(disturbed.run(&[0.0; 7], &mut found), Err(RuntimeError::Run(_))));
        disturbed.run(&features(call), &mut found).unwrap();
    }
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_number_goes_through_and_a_reset_forgets_it() {
    let (_, shape, mut network) = live();
    let fresh = scores(&mut network.another(), 1);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut rows = Vec::new();
        network.run(&[bad; FRAMES * 64], &mut rows).unwrap();
        assert_eq!(rows.len(), FRAMES * shape.columns);
        network.reset();
        assert_eq!(scores(&mut network, 1), fresh);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A damaged file loads or is refused; nothing is thrown at the host.
    #[test]
    fn damaged_files_are_refused_or_run(at in 0_usize..6_000, from_end in any::<bool>(), byte in any::<u8>()) {
        let (pack, shape, _) = live();
        let mut model = pack.model().to_vec();
        // The structure is at both ends; between them are weights.
        let at = if from_end { model.len() - 1 - at } else { at % 400 };
        model[at] = byte;
        if let Ok(mut network) = Network::load(&Runtime::embedded().unwrap(), &model, &shape, FRAMES) {
            let _ = network.run(&features(1), &mut Vec::new());
        }
    }
}
