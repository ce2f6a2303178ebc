//! `IEditController`: parameters, their texts, the view.

use std::ffi::c_char;
use std::ptr;

use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{kCanAutomate, kIsBypass, kIsList, kIsReadOnly};
use vst3::Steinberg::Vst::{
    IComponentHandler, IEditControllerTrait, ParamID, ParamValue, ParameterInfo, String128, TChar,
};
use vst3::Steinberg::{
    IBStream, IPlugView, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
};
use vst3::{ComPtr, ComRef};

use super::com::{count, index, int, put, truth};
use super::effect::Effect;
use super::programs;
use super::stream;
use super::text::{read_wide, wide};
use super::units::unit_of;
use super::view;
use crate::params::{Kind, PARAMS, ParamId, ParamSpec};

/// What a host is told of a parameter.
fn info(spec: &ParamSpec) -> ParameterInfo {
    let flag = |on: bool, flag: i32| if on { flag } else { 0 };
    ParameterInfo {
        id: spec.id.0,
        title: wide(spec.name),
        shortTitle: wide(spec.short_name),
        units: wide(spec.unit.symbol()),
        stepCount: int(spec.steps()),
        defaultNormalizedValue: spec.normalise(spec.default_plain()),
        unitId: unit_of(spec.group),
        flags: flag(spec.flags.automatable, int(kCanAutomate))
            | flag(spec.flags.read_only, int(kIsReadOnly))
            | flag(spec.flags.bypass, int(kIsBypass))
            | flag(matches!(spec.kind, Kind::Choice { .. }), int(kIsList)),
    }
}

/// The text of a value without its unit, which hosts write behind it.
fn text(spec: &ParamSpec, normalised: f64) -> String {
    let text = spec.to_text(spec.plain(normalised));
    let symbol = spec.unit.symbol();
    text.strip_suffix(symbol).map(str::trim_end).filter(|_| !symbol.is_empty()).unwrap_or(&text).to_owned()
}

impl IEditControllerTrait for Effect {
    unsafe fn setComponentState(&self, state: *mut IBStream) -> tresult {
        // Component and controller are one, but a host may bring a state to the controller alone.
        self.run(|instance| {
            // SAFETY: null or a stream that lives for this call.
            let bytes = unsafe { stream::read_all(state) };
            truth(bytes.is_some_and(|bytes| instance.load_state(&bytes)))
        })
    }

    unsafe fn setState(&self, _state: *mut IBStream) -> tresult {
        // All that there is to keep is in the component's state.
        kNotImplemented
    }

    unsafe fn getState(&self, _state: *mut IBStream) -> tresult {
        kNotImplemented
    }

    unsafe fn getParameterCount(&self) -> i32 {
        count(PARAMS.len() + 1)
    }

    unsafe fn getParameterInfo(&self, parameter: i32, to: *mut ParameterInfo) -> tresult {
        self.run(|_| {
            let place = index(parameter);
            // The last one is no line of the table.
            let program = (place == PARAMS.len()).then(programs::parameter_info);
            let Some(info) = PARAMS.get(place).map(info).or(program) else { return kInvalidArgument };
            // SAFETY: an out parameter.
            unsafe { put(to, info) }
        })
    }

    unsafe fn getParamStringByValue(
        &self,
        id: ParamID,
        normalised: ParamValue,
        to: *mut String128,
    ) -> tresult {
        self.run(|_| {
            let text = match id {
                programs::PARAM => programs::name(programs::place(normalised)),
                id => ParamId::from_raw(id).map(|id| text(id.spec(), normalised)),
            };
            // SAFETY: an out parameter.
            text.map_or(kInvalidArgument, |text| unsafe { put(to, wide(&text)) })
        })
    }

    unsafe fn getParamValueByString(&self, id: ParamID, text: *mut TChar, to: *mut ParamValue) -> tresult {
        self.run(|_| {
            // SAFETY: null or zero-terminated, as all strings of a host.
            let text = unsafe { read_wide(text) };
            let value = match (id, ParamId::from_raw(id)) {
                (programs::PARAM, _) => text.and_then(|text| programs::find(&text)).map(programs::normalised),
                (_, Some(id)) => {
                    text.and_then(|text| id.spec().from_text(&text)).map(|plain| id.spec().normalise(plain))
                }
                (_, None) => return kInvalidArgument,
            };
            // SAFETY: an out parameter.
            value.map_or(kResultFalse, |value| unsafe { put(to, value) })
        })
    }

    unsafe fn normalizedParamToPlain(&self, id: ParamID, normalised: ParamValue) -> ParamValue {
        self.get(normalised, |_| match id {
            programs::PARAM => f64::from(count(programs::place(normalised))),
            id => ParamId::from_raw(id).map_or(normalised, |id| id.spec().plain(normalised)),
        })
    }

    unsafe fn plainParamToNormalized(&self, id: ParamID, plain: ParamValue) -> ParamValue {
        self.get(plain, |_| match id {
            programs::PARAM => programs::normalised(programs::place_of_plain(plain)),
            id => ParamId::from_raw(id).map_or(plain, |id| id.spec().normalise(plain)),
        })
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        self.get(0.0, |instance| match id {
            programs::PARAM => programs::normalised(programs::current(&instance.shared)),
            id => ParamId::from_raw(id).map_or(0.0, |id| id.spec().normalise(instance.value(id))),
        })
    }

    unsafe fn setParamNormalized(&self, id: ParamID, normalised: ParamValue) -> tresult {
        self.run(|instance| {
            match (id, ParamId::from_raw(id)) {
                (programs::PARAM, _) => instance.choose_program(programs::place(normalised)),
                (_, Some(id)) => instance.set_from_controller(id, id.spec().plain(normalised)),
                (_, None) => return kInvalidArgument,
            }
            instance.tell_host();
            kResultOk
        })
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        self.run(|instance| {
            instance.host.note_main_thread();
            // SAFETY: null or alive for this call; a reference is taken to keep it.
            let handler: Option<ComPtr<_>> =
                unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
            instance.host.set_handler(handler);
            kResultOk
        })
    }

    unsafe fn createView(&self, name: *const c_char) -> *mut IPlugView {
        let view = self.instance.guard.run(None, || {
            // SAFETY: null or zero-terminated.
            unsafe { view::create(&self.instance, name) }
        });
        view.map_or(ptr::null_mut(), ComPtr::into_raw)
    }
}
