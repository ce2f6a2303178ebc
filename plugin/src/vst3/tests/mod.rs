//! The layer as a host meets it, in process: COM objects, buffers, states, threads.

mod citizen;
pub(super) mod host;
mod programs;
#[cfg(target_os = "linux")]
#[path = "../../../../tests/required.rs"]
#[allow(dead_code, reason = "no variable is asked for here")]
mod required;

use std::ptr;

use vst3::Steinberg::Vst::RestartFlags_::kLatencyChanged;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::{kSample32, kSample64};
use vst3::Steinberg::Vst::{
    IAudioProcessorTrait, IComponentTrait, IEditControllerTrait, IParameterChanges, ParameterInfo, SpeakerArr,
};
use vst3::Steinberg::{FUnknown, IBStream, kResultFalse, kResultOk};

use self::host::{Bus, Changes, Memory, Plugin, Told, block};
use super::com::{count, int};
use super::guard::Guard;
use crate::params::{PARAMS, id};
use crate::shared::Shared;

const RATE: f64 = 48_000.0;

fn singles() -> i32 {
    int(kSample32)
}

/// Something that is neither silent nor the same in both channels.
fn noise(samples: usize) -> Vec<Vec<f32>> {
    let mut seed = 1_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(seed >> 16).unwrap_or(0)) / 65_536.0 - 0.5
    };
    (0..2).map(|_| (0..samples).map(|_| next()).collect()).collect()
}

fn state_of(plugin: &Plugin) -> Vec<u8> {
    let stream = Memory::with(Vec::new());
    let raw = stream.as_com_ref::<IBStream>().expect("a stream").as_ptr();
    // SAFETY: the stream is alive.
    assert_eq!(unsafe { plugin.component.getState(raw) }, kResultOk);
    stream.bytes()
}

fn load(plugin: &Plugin, bytes: &[u8]) -> i32 {
    let stream = Memory::with(bytes.to_vec());
    let raw = stream.as_com_ref::<IBStream>().expect("a stream").as_ptr();
    // SAFETY: the stream is alive.
    unsafe { plugin.component.setState(raw) }
}

/// Runs `input` through an active plugin in blocks of `size`, inputs and outputs in memory of their own.
fn run(plugin: &Plugin, input: &[Vec<f32>], size: usize) -> Vec<Vec<f32>> {
    let samples = input[0].len();
    let mut output = vec![Vec::new(); input.len()];
    let mut start = 0;
    while start < samples {
        let length = size.min(samples - start);
        let mut from = Bus::new(input.iter().map(|plane| plane[start..start + length].to_vec()).collect());
        let mut to = Bus::<f32>::silent(input.len(), length);
        let (mut inputs, mut outputs) = ([from.pass(0)], [to.pass(0)]);
        let mut data = block(length, singles(), &mut inputs, &mut outputs);
        // SAFETY: buffers as long as the block says.
        assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
        for (all, plane) in output.iter_mut().zip(&to.planes) {
            all.extend_from_slice(plane);
        }
        start += length;
    }
    output
}

fn fresh(max_block: i32) -> Plugin {
    let plugin = Plugin::new();
    plugin.setup(RATE, max_block, 2, singles());
    plugin.activate(true);
    plugin
}

#[test]
fn every_reference_is_given_back() {
    let plugin = Plugin::new();
    let unknown = plugin.component.cast::<FUnknown>().expect("itself");
    let raw = unknown.as_ptr();
    // SAFETY: alive; the pair leaves the count as it was.
    let references = unsafe {
        ((*(*raw).vtbl).addRef)(raw);
        ((*(*raw).vtbl).release)(raw)
    };
    assert_eq!(references, 4, "component, processor, controller and this one");
    drop(plugin);
    // SAFETY: alive; as above.
    let references = unsafe {
        ((*(*raw).vtbl).addRef)(raw);
        ((*(*raw).vtbl).release)(raw)
    };
    assert_eq!(references, 1);
    assert!(unknown.cast::<vst3::Steinberg::IPlugView>().is_none(), "not one of its interfaces");
}

#[test]
fn buffers_may_be_shared_double_long_or_missing() {
    let input = noise(4_000);
    let expected = run(&fresh(4_096), &input, 4_000);
    assert_eq!(run(&fresh(512), &input, 512), expected, "block size");
    assert_eq!(run(&fresh(100), &input, 1_000), expected, "longer than announced");

    // One memory for input and output, channels crossed over.
    let plugin = fresh(4_096);
    let mut both = Bus::new(input.clone());
    let mut inputs = [both.pass(0)];
    let mut outputs = inputs;
    let mut data = block(4_000, singles(), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    assert_eq!(both.planes, expected, "in place");

    let plugin = Plugin::new();
    plugin.setup(RATE, 4_096, 2, int(kSample64));
    plugin.activate(true);
    let mut from =
        Bus::new(input.iter().map(|plane| plane.iter().map(|&x| f64::from(x)).collect()).collect());
    let mut to = Bus::<f64>::silent(2, 4_000);
    let (mut inputs, mut outputs) = ([from.pass(0)], [to.pass(0)]);
    let mut data = block(4_000, int(kSample64), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    let widened: Vec<Vec<f64>> =
        expected.iter().map(|plane| plane.iter().map(|&x| f64::from(x)).collect()).collect();
    assert_eq!(to.planes, widened, "doubles");

    // Nothing at all, null buses, null channels, a sidechain of no channels: nothing is read or written that is not there.
    let plugin = fresh(4_096);
    let mut data = block(64, singles(), &mut [], &mut []);
    // SAFETY: the host may pass no buses.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    (data.numInputs, data.inputs, data.numOutputs, data.outputs) = (2, ptr::null_mut(), 2, ptr::null_mut());
    // SAFETY: null buses are none.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    let (mut from, mut to) = (Bus::new(noise(64)), Bus::<f32>::silent(2, 64));
    let mut none = Bus::<f32>::silent(0, 64);
    let (mut inputs, mut outputs) = ([from.pass(0), none.pass(0)], [to.pass(0)]);
    inputs[1].__field0.channelBuffers32 = ptr::null_mut();
    let mut data = block(64, singles(), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    let mut pointers = [ptr::null_mut::<f32>(); 2];
    inputs[0].__field0.channelBuffers32 = pointers.as_mut_ptr();
    let mut data = block(64, singles(), &mut inputs, &mut outputs);
    // SAFETY: null channels are none.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    // SAFETY: null is refused.
    assert_ne!(unsafe { plugin.processor.process(ptr::null_mut()) }, kResultOk);
}

#[test]
fn silence_is_told() {
    let plugin = fresh(512);
    let (mut from, mut to) = (Bus::<f32>::silent(2, 512), Bus::new(noise(512)));
    let (mut inputs, mut outputs) = ([from.pass(3)], [to.pass(0)]);
    let mut data = block(512, singles(), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    assert_eq!(outputs[0].silenceFlags, 3);
    assert!(to.planes.iter().flatten().all(|&sample| sample == 0.0), "and true");

    // A host may flag what it did not clear.
    let (mut from, mut to) = (Bus::new(noise(512)), Bus::new(noise(512)));
    let (mut inputs, mut outputs) = ([from.pass(3)], [to.pass(0)]);
    let mut data = block(512, singles(), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    assert!(to.planes.iter().flatten().all(|&sample| sample == 0.0));
}

#[test]
fn inactive_is_silent() {
    let plugin = Plugin::new();
    let output = run(&plugin, &noise(64), 64);
    assert!(output.iter().flatten().all(|&sample| sample == 0.0));
    // Parameters arrive all the same.
    let changes = Changes::with(&[(id::WET.0, &[(0, 0.25)])]);
    let mut data = block(0, singles(), &mut [], &mut []);
    data.inputParameterChanges = changes.as_com_ref::<IParameterChanges>().expect("changes").as_ptr();
    // SAFETY: the changes are alive.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    // SAFETY: any thread may read a parameter.
    assert_eq!(unsafe { plugin.controller.getParamNormalized(id::WET.0) }, 0.25);
}

#[test]
fn a_state_is_the_same_bytes_in_every_format() {
    let plugin = Plugin::new();
    let shared = Shared::new();
    assert_eq!(state_of(&plugin), shared.save_state());
    shared.set(id::RANGE_DB, 12.5);
    shared.set(id::MODE, 1.0);
    assert_eq!(load(&plugin, &shared.save_state()), kResultOk);
    assert_eq!(state_of(&plugin), shared.save_state());
    // SAFETY: any thread may read a parameter.
    let range = unsafe { plugin.controller.getParamNormalized(id::RANGE_DB.0) };
    assert_eq!(id::RANGE_DB.spec().plain(range), 12.5);
    for broken in [&b""[..], b"{", b"{\"earmark_state\": 999, \"params\": {}}", &[0xff; 5_000]] {
        assert_eq!(load(&plugin, broken), kResultFalse);
        assert_eq!(state_of(&plugin), shared.save_state(), "nothing changed");
    }
    // SAFETY: null is refused.
    assert_ne!(unsafe { plugin.component.setState(ptr::null_mut()) }, kResultOk);
}

#[test]
fn a_state_holds_what_the_controller_was_told_last() {
    let plugin = fresh(64);
    // SAFETY: a host's call.
    unsafe { plugin.controller.setParamNormalized(id::WET.0, 0.5) };
    // SAFETY: a host's call.
    assert_eq!(unsafe { plugin.controller.getParamNormalized(id::WET.0) }, 0.5);
    let shared = Shared::new();
    shared.set(id::WET, 0.5);
    assert_eq!(state_of(&plugin), shared.save_state());
}

#[test]
fn texts_go_both_ways() {
    let plugin = Plugin::new();
    // SAFETY: out parameters of the right types, texts that end with a zero.
    unsafe {
        // The last one is that of the programs.
        assert_eq!(plugin.controller.getParameterCount(), count(PARAMS.len() + 1));
        for (place, spec) in PARAMS.iter().enumerate() {
            let mut info: ParameterInfo = std::mem::zeroed();
            assert_eq!(plugin.controller.getParameterInfo(count(place), &raw mut info), kResultOk);
            assert_eq!(info.id, spec.id.0, "ids are indices");
            let mut text = [0; 128];
            let value = info.defaultNormalizedValue;
            assert_eq!(plugin.controller.getParamStringByValue(info.id, value, &raw mut text), kResultOk);
            let mut back = -1.0;
            let result = plugin.controller.getParamValueByString(info.id, text.as_mut_ptr(), &raw mut back);
            assert_eq!(result, kResultOk, "{}", spec.key);
            assert!((back - value).abs() < 0.01, "{}: {value} became {back}", spec.key);
            let words = String::from_utf16_lossy(&text);
            let symbol = spec.unit.symbol();
            assert!(symbol.is_empty() || !words.contains(symbol), "{words}: the host writes the unit");
        }
        assert_ne!(plugin.controller.getParameterInfo(count(PARAMS.len() + 1), ptr::null_mut()), kResultOk);
        assert_ne!(plugin.controller.getParameterInfo(0, ptr::null_mut()), kResultOk);
        assert_ne!(plugin.controller.setParamNormalized(9_999, 0.5), kResultOk);
    }
}

#[test]
fn a_restart_is_asked_for_on_the_main_thread_only() {
    let plugin = fresh(64);
    plugin.told();
    let set = |value: f64| {
        let changes = Changes::with(&[(id::LOOKAHEAD_MS.0, &[(0, value)])]);
        let (mut from, mut to) = (Bus::new(noise(64)), Bus::<f32>::silent(2, 64));
        let (mut inputs, mut outputs) = ([from.pass(0)], [to.pass(0)]);
        let mut data = block(64, singles(), &mut inputs, &mut outputs);
        data.inputParameterChanges = changes.as_com_ref::<IParameterChanges>().expect("changes").as_ptr();
        // SAFETY: buffers as long as the block says.
        assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    };
    set(0.9);
    assert_eq!(plugin.told(), [], "nothing from within a block");
    std::thread::scope(|scope| {
        let controller = &plugin.controller;
        // SAFETY: some hosts call from any thread.
        scope.spawn(move || unsafe { controller.setParamNormalized(id::WET.0, 0.75) });
    });
    assert_eq!(plugin.told(), [], "nothing from another thread");
    // SAFETY: a host's call.
    unsafe { plugin.controller.setParamNormalized(id::WET.0, 0.5) };
    assert_eq!(plugin.told(), [Told::Restart(int(kLatencyChanged))]);
}

#[test]
fn buses_are_negotiated() {
    let plugin = Plugin::new();
    let propose = |inputs: &[u64], outputs: &[u64]| {
        let (mut inputs, mut outputs) = (inputs.to_vec(), outputs.to_vec());
        let (ins, outs) = (count(inputs.len()), count(outputs.len()));
        // SAFETY: as many arrangements as are said.
        unsafe { plugin.processor.setBusArrangements(inputs.as_mut_ptr(), ins, outputs.as_mut_ptr(), outs) }
    };
    let (mono, stereo, empty) = (SpeakerArr::kMono, SpeakerArr::kStereo, SpeakerArr::kEmpty);
    assert_eq!(propose(&[mono, empty], &[mono, empty]), kResultOk);
    assert_eq!(propose(&[SpeakerArr::k51, mono], &[SpeakerArr::k51]), kResultOk);
    assert_eq!(propose(&[mono], &[stereo]), kResultFalse);
    let mut found = 0;
    // SAFETY: an out parameter.
    unsafe { assert_eq!(plugin.processor.getBusArrangement(1, 0, &raw mut found), kResultOk) };
    assert_eq!(found, SpeakerArr::k51);
    plugin.setup(RATE, 256, 0, singles());
    plugin.activate(true);
    assert_eq!(propose(&[stereo], &[stereo]), kResultFalse, "not while it runs");
}

#[test]
fn after_a_fault_the_fail_mode_holds() {
    let instance = super::instance::Instance::default();
    assert!(instance.guard.run(false, || panic!("as asked")) || instance.guard.has_tripped());
    let input = noise(128);
    let (mut from, mut to) = (Bus::new(input.clone()), Bus::<f32>::silent(2, 128));
    let (mut inputs, mut outputs) = ([from.pass(0)], [to.pass(3)]);
    let mut data = block(128, singles(), &mut inputs, &mut outputs);
    // SAFETY: buffers as long as the block says.
    let host = unsafe { super::block::HostBlock::new(&raw mut data) }.expect("a block");
    instance.process(&host);
    assert_eq!(to.planes, input, "open: everything passes");
    instance.shared.set(id::FAIL_MODE, 1.0);
    instance.process(&host);
    assert!(to.planes.iter().flatten().all(|&sample| sample == 0.0), "closed: nothing does");
}

#[test]
fn a_guard_is_made_for_each_instance() {
    let (one, other) = (Guard::default(), Guard::default());
    one.run((), || panic!("as asked"));
    assert!(one.has_tripped() && !other.has_tripped());
}
