//! Presets as programs.

use vst3::ComWrapper;
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{kCanAutomate, kIsProgramChange};
use vst3::Steinberg::Vst::RestartFlags_::kParamValuesChanged;
use vst3::Steinberg::Vst::{
    IAudioProcessorTrait, IComponentHandler, IEditControllerTrait, IParameterChanges, IUnitInfo,
    IUnitInfoTrait, ParameterInfo, ProgramListInfo, UnitInfo,
};
use vst3::Steinberg::kResultOk;

use super::host::{Bus, Changes, Handler, Plugin, Told, block};
use super::{fresh, load, noise, singles, state_of};
use crate::params::{PARAMS, id};
use crate::presets::{built_in, title};
use crate::shared::Shared;
use crate::vst3::com::{count, int};
use crate::vst3::instance::Instance;
use crate::vst3::programs::{self, PARAM};

fn words(text: &[u16]) -> String {
    String::from_utf16_lossy(text).trim_end_matches('\0').to_owned()
}

/// Once a host of this format showed none of the presets.
#[test]
fn a_host_lists_the_presets_and_names_their_parameter() {
    let plugin = Plugin::new();
    let units = plugin.component.cast::<IUnitInfo>().expect("it has units");
    // SAFETY: out parameters of the right types, texts that end with a zero.
    unsafe {
        let (mut root, mut list): (UnitInfo, ProgramListInfo) = (std::mem::zeroed(), std::mem::zeroed());
        assert_eq!(units.getUnitInfo(0, &raw mut root), kResultOk);
        assert_eq!((units.getProgramListCount(), units.getProgramListInfo(0, &raw mut list)), (1, kResultOk));
        assert_eq!(root.programListId, list.id);
        assert_ne!(units.getProgramListInfo(1, &raw mut list), kResultOk);
        let names: Vec<String> = (0..list.programCount)
            .map(|place| {
                let mut name = [0; 128];
                assert_eq!(units.getProgramName(list.id, place, &raw mut name), kResultOk);
                words(&name)
            })
            .collect();
        let expected = built_in().map(|(name, _)| title(name));
        assert_eq!(names, ["Default settings".to_owned()].into_iter().chain(expected).collect::<Vec<_>>());
        let mut name = [0; 128];
        assert_ne!(units.getProgramName(list.id, list.programCount, &raw mut name), kResultOk);
        assert_ne!(units.getProgramName(list.id + 1, 0, &raw mut name), kResultOk);

        let mut info: ParameterInfo = std::mem::zeroed();
        assert_eq!(plugin.controller.getParameterInfo(count(PARAMS.len()), &raw mut info), kResultOk);
        assert_eq!((info.id, info.stepCount, info.unitId), (PARAM, list.programCount - 1, root.id));
        let flags = info.flags & (int(kIsProgramChange) | int(kCanAutomate));
        assert_eq!(flags, int(kIsProgramChange), "no lane");
        for (place, name) in names.iter().enumerate() {
            let value = plugin.controller.plainParamToNormalized(PARAM, f64::from(count(place)));
            let mut text = [0; 128];
            assert_eq!(plugin.controller.getParamStringByValue(PARAM, value, &raw mut text), kResultOk);
            assert_eq!(words(&text), *name);
            let mut back = -1.0;
            let read = plugin.controller.getParamValueByString(PARAM, text.as_mut_ptr(), &raw mut back);
            assert_eq!((read, back), (kResultOk, value));
            assert_eq!(plugin.controller.normalizedParamToPlain(PARAM, value), f64::from(count(place)));
        }
    }
}

/// Chooses a program as a host does.
fn choose(plugin: &Plugin, name: &str) {
    let place = programs::find(name).expect("a program");
    // SAFETY: a host's call.
    let chosen = unsafe { plugin.controller.setParamNormalized(PARAM, programs::normalised(place)) };
    assert_eq!(chosen, kResultOk);
}

fn program(plugin: &Plugin) -> String {
    let mut text = [0; 128];
    // SAFETY: an out parameter.
    unsafe {
        let value = plugin.controller.getParamNormalized(PARAM);
        assert_eq!(plugin.controller.getParamStringByValue(PARAM, value, &raw mut text), kResultOk);
    }
    words(&text)
}

#[test]
fn a_program_is_a_preset_that_is_loaded() {
    let plugin = fresh(512);
    plugin.told();
    choose(&plugin, "Broadcast duck");
    let loaded = Shared::new();
    loaded.take_preset("broadcast-duck").expect("built in");
    assert!(state_of(&plugin) == loaded.save_state(), "as by every other way");
    let told = plugin.told();
    let restarts: Vec<&Told> = told.iter().filter(|told| matches!(told, Told::Restart(_))).collect();
    let [Told::Restart(flags)] = restarts[..] else { panic!("{told:?}") };
    assert!(flags & int(kParamValuesChanged) != 0 && told.len() == 1, "values, and no edits: {told:?}");
    assert_eq!(program(&plugin), "Broadcast duck");
    // A host that says again what it read takes no edits away.
    // SAFETY: a host's call.
    unsafe { plugin.controller.setParamNormalized(id::WET.0, 0.5) };
    plugin.activate(false);
    // SAFETY: a host's call.
    unsafe { plugin.controller.setParamNormalized(id::WET.0, 0.5) };
    choose(&plugin, "Broadcast duck");
    // SAFETY: a host's call.
    assert_eq!(unsafe { plugin.controller.getParamNormalized(id::WET.0) }, 0.5);
    choose(&plugin, "Default settings");
    assert!(state_of(&plugin) == Shared::new().save_state());
    assert_eq!(program(&plugin), "Default settings");
    // By a state, too.
    assert_eq!(load(&plugin, &loaded.save_state()), kResultOk);
    assert_eq!(program(&plugin), "Broadcast duck");
}

/// A preset is not read on the audio thread.
#[test]
fn within_a_block_nothing_is_loaded() {
    let plugin = fresh(64);
    let before = state_of(&plugin);
    let changes = Changes::with(&[(PARAM, &[(0, 1.0)])]);
    let (mut from, mut to) = (Bus::new(noise(64)), Bus::<f32>::silent(2, 64));
    let (mut inputs, mut outputs) = ([from.pass(0)], [to.pass(0)]);
    let mut data = block(64, singles(), &mut inputs, &mut outputs);
    data.inputParameterChanges = changes.as_com_ref::<IParameterChanges>().expect("changes").as_ptr();
    // SAFETY: buffers as long as the block says.
    assert_eq!(unsafe { plugin.processor.process(&raw mut data) }, kResultOk);
    assert!(state_of(&plugin) == before);
}

#[test]
fn a_preset_that_is_loaded_in_the_window_is_told_as_a_program() {
    let instance = Instance::default();
    let handler = ComWrapper::new(Handler::default());
    instance.host.note_main_thread();
    instance.host.set_handler(handler.to_com_ptr::<IComponentHandler>());
    let told = || std::mem::take(&mut *handler.told.lock().expect("one thread"));
    instance.tell_host();
    assert_eq!(told(), []);
    instance.shared.load_preset("podcast").expect("built in");
    instance.tell_host();
    let of_program: Vec<Told> = told()
        .into_iter()
        .filter(|told| matches!(told, Told::Begin(PARAM) | Told::Perform(PARAM, _) | Told::End(PARAM)))
        .collect();
    let value = programs::normalised(programs::find("podcast").expect("built in"));
    assert_eq!(of_program, [Told::Begin(PARAM), Told::Perform(PARAM, value), Told::End(PARAM)]);
    instance.tell_host();
    assert_eq!(told(), [], "once");
}
