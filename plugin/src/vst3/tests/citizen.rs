//! What a host is told, and what it tells: states, lanes, label outputs, the timeline.

use std::ffi::{c_char, c_void};

use vst3::Steinberg::Vst::BusDirections_::kOutput;
use vst3::Steinberg::Vst::ChannelContext::IInfoListenerTrait;
use vst3::Steinberg::Vst::MediaTypes_::kAudio;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::kPlaying;
use vst3::Steinberg::Vst::RestartFlags_::kParamValuesChanged;
use vst3::Steinberg::Vst::{
    IAttributeList, IAttributeListTrait, IAudioProcessorTrait, IAutomationStateTrait, IComponentTrait,
    ProcessContext, TChar,
};
use vst3::Steinberg::{kResultFalse, kResultOk, tresult};
use vst3::{Class, ComWrapper};

use super::host::{Bus, Plugin, Told, block};
#[cfg(target_os = "linux")]
use super::required;
use super::{RATE, fresh, load, noise, singles};
use crate::params::{ParamId, id};
use crate::shared::Shared;
use crate::vst3::com::{int, unsigned};
use crate::vst3::effect::Effect;
use crate::vst3::text::wide;

/// A plugin with a state that sets these, active.
fn with(values: &[(ParamId, f64)]) -> Plugin {
    let shared = Shared::new();
    values.iter().for_each(|&(id, value)| shared.set(id, value));
    let plugin = Plugin::new();
    assert_eq!(load(&plugin, &shared.save_state()), kResultOk);
    // As Ardour does: all buses there are.
    // SAFETY: a host's call.
    let active = unsafe { plugin.component.activateBus(int(kAudio), int(kOutput), 1, 1) };
    assert_eq!(active, kResultOk);
    plugin.setup(RATE, 512, 2, singles());
    plugin.activate(true);
    plugin
}

/// Plays planes through in blocks of 512, from a place on the timeline if one is told; gives the main and the label outputs.
fn play(plugin: &Plugin, input: &[Vec<f32>], from: Option<i64>) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let (mut sound, mut labels) = (vec![Vec::new(); 2], vec![Vec::new(); 3]);
    let samples = input[0].len();
    for start in (0..samples).step_by(512) {
        let length = 512.min(samples - start);
        let mut given = Bus::new(input.iter().map(|plane| plane[start..start + length].to_vec()).collect());
        let mut main = Bus::<f32>::silent(2, length);
        // Not clear: what a host leaves in a buffer is not ours.
        let mut aux = Bus::new(vec![vec![0.75_f32; length]; 3]);
        let (mut inputs, mut outputs) = ([given.pass(0)], [main.pass(0), aux.pass(0)]);
        let mut data = block(length, singles(), &mut inputs, &mut outputs);
        // SAFETY: plain numbers, for which zeros are values.
        let mut context: ProcessContext = unsafe { std::mem::zeroed() };
        context.sampleRate = RATE;
        if let Some(from) = from {
            context.state = unsigned(kPlaying);
            context.projectTimeSamples = from + i64::try_from(start).expect("small");
            data.processContext = &raw mut context;
        }
        // SAFETY: buffers as long as the block says.
        assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
        for (all, part) in sound.iter_mut().zip(&main.planes).chain(labels.iter_mut().zip(&aux.planes)) {
            all.extend_from_slice(part);
        }
    }
    (sound, labels)
}

/// Once a preset file was loaded, and the host showed the values of before.
#[test]
fn a_loaded_state_is_told() {
    let plugin = Plugin::new();
    plugin.told();
    let shared = Shared::new();
    shared.set(id::RANGE_DB, 12.0);
    assert_eq!(load(&plugin, &shared.save_state()), kResultOk);
    assert_eq!(plugin.told(), [Told::Restart(int(kParamValuesChanged))]);
    assert_ne!(load(&plugin, b"{"), kResultOk);
    assert_eq!(plugin.told(), [], "nothing new");
}

/// Once lanes reached hosts that record only edits by a timer of the window, or by chance.
#[test]
fn lanes_are_edits_for_a_host_that_renders_on_its_main_thread() {
    let plugin = with(&[(id::LABEL_MODE, 1.0)]);
    plugin.told();
    play(&plugin, &noise(48_000), None);
    let told = plugin.told();
    for lane in [id::SPEECH, id::MUSIC, id::NOISE] {
        let lane = lane.0;
        let values = told.iter().filter(|told| matches!(told, Told::Perform(id, _) if *id == lane)).count();
        assert!(values >= 1, "{lane}: {told:?}");
        assert_eq!(told.iter().filter(|told| **told == Told::Begin(lane)).count(), 1);
    }
    // The same in this format.
    plugin.activate(false);
    let ended = plugin.told();
    assert!([id::SPEECH, id::CLASS].iter().all(|lane| ended.contains(&Told::End(lane.0))), "{ended:?}");
    plugin.activate(true);
}

/// Once hosts without a run loop recorded lanes only while a window was open.
#[cfg(target_os = "linux")]
#[test]
fn lanes_are_told_by_the_main_loop_where_the_host_offers_none() {
    type Iterate = unsafe extern "C" fn(*mut std::ffi::c_void, i32) -> i32;
    // The loop of GTK's and Qt's hosts, as they have it: there before the plugin is.
    // SAFETY: a library that runs nothing when it is loaded, and a function of it with its signature.
    let iterate = unsafe {
        let flags = libc::RTLD_LAZY | libc::RTLD_GLOBAL;
        if libc::dlopen(c"libglib-2.0.so.0".as_ptr(), flags).is_null() {
            return required::skip("GLib is missing; `apt install libglib2.0-0` brings it");
        }
        let found = libc::dlsym(libc::RTLD_DEFAULT, c"g_main_context_iteration".as_ptr());
        std::mem::transmute::<*mut std::ffi::c_void, Iterate>(found)
    };
    let plugin = with(&[(id::LABEL_MODE, 1.0)]);
    plugin.told();
    std::thread::scope(|scope| {
        let plugin = &plugin;
        scope.spawn(move || play(plugin, &noise(24_000), None));
    });
    let mut told = Vec::new();
    let began = std::time::Instant::now();
    while told.is_empty() {
        assert!(began.elapsed().as_secs() < 20, "the loop ran and nothing was told");
        // SAFETY: one turn of the default context's loop, without waiting.
        unsafe { iterate(std::ptr::null_mut(), 0) };
        told = plugin.told();
    }
    assert!(told.iter().any(|told| matches!(told, Told::Perform(id, _) if *id == id::NOISE.0)), "{told:?}");
    // Another thread that runs the loop is not the plugin's main thread.
    std::thread::scope(|scope| {
        let plugin = &plugin;
        scope.spawn(move || play(plugin, &noise(24_000), None)).join().expect("played");
        scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            // SAFETY: as above.
            unsafe { iterate(std::ptr::null_mut(), 0) };
        });
    });
    assert_eq!(plugin.told(), []);
}

/// Nothing is told from a thread that may not.
#[test]
fn lanes_are_not_told_from_another_thread() {
    let plugin = with(&[(id::LABEL_MODE, 1.0)]);
    plugin.told();
    std::thread::scope(|scope| {
        let plugin = &plugin;
        scope.spawn(move || play(plugin, &noise(24_000), None));
    });
    assert_eq!(plugin.told(), []);
}

/// Once the probabilities were always on the label outputs, and a host that takes all buses for sound played them.
#[test]
fn label_outputs_are_silent_unless_asked_for() {
    let input = noise(48_000);
    let (sound, labels) = play(&with(&[]), &input, None);
    assert!(labels.iter().flatten().all(|&sample| sample == 0.0));
    let asked = with(&[(id::LABEL_OUTPUTS, 1.0)]);
    let (again, labels) = play(&asked, &input, None);
    assert!(labels.iter().flatten().any(|&sample| sample > 0.0 && sample <= 1.0));
    assert_eq!(sound, again, "the sound is the same");
}

/// In this format, too: what came before a place on the timeline does not matter there.
#[test]
fn the_timeline_decides_and_not_the_first_block() {
    let song = noise(48_000);
    let part = |from: usize| -> Vec<Vec<f32>> { song.iter().map(|plane| plane[from..].to_vec()).collect() };
    let calm = fresh(512);
    let (expected, _) = play(&calm, &part(0), Some(12_345));
    let busy = fresh(512);
    play(&busy, &part(47_001), None);
    play(&busy, &part(1_003), Some(77));
    play(&busy, &vec![vec![0.0; 30_001]; 2], None);
    let (got, _) = play(&busy, &part(0), Some(12_345));
    // While nothing is heard yet the gate may still move from where it was.
    let settled = 24_000;
    for (expected, got) in expected.iter().zip(&got) {
        let differ = expected[settled..].iter().zip(&got[settled..]).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0);
    }
}

/// A list in which only the track's name stands.
struct Words(Option<&'static str>);

impl Class for Words {
    type Interfaces = (IAttributeList,);
}

impl IAttributeListTrait for Words {
    unsafe fn setInt(&self, _: *const c_char, _: i64) -> tresult {
        kResultFalse
    }
    unsafe fn getInt(&self, _: *const c_char, _: *mut i64) -> tresult {
        kResultFalse
    }
    unsafe fn setFloat(&self, _: *const c_char, _: f64) -> tresult {
        kResultFalse
    }
    unsafe fn getFloat(&self, _: *const c_char, _: *mut f64) -> tresult {
        kResultFalse
    }
    unsafe fn setString(&self, _: *const c_char, _: *const TChar) -> tresult {
        kResultFalse
    }
    unsafe fn getString(&self, id: *const c_char, to: *mut TChar, bytes: u32) -> tresult {
        // SAFETY: the caller's name, which is a constant with a zero.
        let asked = unsafe { std::ffi::CStr::from_ptr(id) };
        let Some(name) = self.0.filter(|_| asked == c"channel name") else { return kResultFalse };
        let field: [u16; 128] = wide(name);
        let units = field.len().min(usize::try_from(bytes).expect("small") / 2);
        // SAFETY: the caller has as many bytes there.
        unsafe { to.copy_from_nonoverlapping(field.as_ptr().cast(), units) };
        kResultOk
    }
    unsafe fn setBinary(&self, _: *const c_char, _: *const c_void, _: u32) -> tresult {
        kResultFalse
    }
    unsafe fn getBinary(&self, _: *const c_char, _: *mut *const c_void, _: *mut u32) -> tresult {
        kResultFalse
    }
}

/// The host names the track and says whether it records.
#[test]
fn what_the_host_says_of_the_track_and_of_automation_is_heard() {
    let effect = Effect::new(None);
    let said = || effect.instance.shared.host_words();
    let tell = |name| {
        let words = ComWrapper::new(Words(name));
        let list = words.as_com_ref::<IAttributeList>().expect("a list").as_ptr();
        // SAFETY: a host's call with a list that is alive.
        assert_eq!(unsafe { effect.setChannelContextInfos(list) }, kResultOk);
    };
    tell(Some("Stimme \u{e4}\u{1f3a4}"));
    assert_eq!(said().track.as_deref(), Some("Stimme \u{e4}\u{1f3a4}"));
    tell(None);
    assert!(said().track.is_some(), "a list without a name takes none away");
    // SAFETY: null is what a careless host passes.
    assert_ne!(unsafe { effect.setChannelContextInfos(std::ptr::null_mut()) }, kResultOk);
    assert_eq!(said().records, None);
    for (state, records) in [(0, false), (1, false), (2, true), (3, true)] {
        // SAFETY: a number.
        assert_eq!(unsafe { effect.setAutomationState(state) }, kResultOk);
        assert_eq!(said().records, Some(records), "{state}");
    }
}
