//! Parameters: what they are, their texts, and changes while nothing is processed.

use std::ffi::CStr;
use std::fmt;

use clack_extensions::params::{
    ParamDisplayWriter, ParamInfo, ParamInfoFlags, ParamInfoWriter, PluginMainThreadParams,
};
use clack_extensions::remote_controls::{
    PluginRemoteControlsImpl, RemoteControlsPage, RemoteControlsPageWriter,
};
use clack_plugin::events::Pckn;
use clack_plugin::events::event_types::{ParamGestureBeginEvent, ParamGestureEndEvent, ParamValueEvent};
use clack_plugin::events::spaces::CoreEventSpace;
use clack_plugin::prelude::*;
use clack_plugin::utils::{ClapId, Cookie};

use super::{ClapMain, ClapShared};
use crate::edits::ParamGesture;
use crate::params::{Kind, PAGES, PARAMS, ParamId, ParamSpec};
use crate::processor::ParamEvent;

/// CLAP's id of a parameter: its index.
pub(super) fn clap_id(id: ParamId) -> ClapId {
    ClapId::new(id.0)
}

fn param_id(id: ClapId) -> Option<ParamId> {
    ParamId::from_raw(id.get())
}

fn spec(id: ClapId) -> Option<&'static ParamSpec> {
    param_id(id).map(ParamId::spec)
}

fn flags(spec: &ParamSpec) -> ParamInfoFlags {
    let stepped = match spec.kind {
        Kind::Choice { .. } => ParamInfoFlags::IS_STEPPED | ParamInfoFlags::IS_ENUM,
        Kind::Toggle { .. } => ParamInfoFlags::IS_STEPPED,
        Kind::Float { .. } => ParamInfoFlags::empty(),
    };
    let when = |on: bool, flag: ParamInfoFlags| if on { flag } else { ParamInfoFlags::empty() };
    stepped
        | when(spec.flags.automatable, ParamInfoFlags::IS_AUTOMATABLE)
        | when(spec.flags.read_only, ParamInfoFlags::IS_READONLY)
        | when(spec.flags.bypass, ParamInfoFlags::IS_BYPASS)
}

impl PluginMainThreadParams for ClapMain<'_> {
    fn count(&self) -> u32 {
        u32::try_from(PARAMS.len()).unwrap_or(0)
    }

    fn get_info(&self, param_index: u32, info: &mut ParamInfoWriter) {
        let Some(id) = ParamId::from_raw(param_index) else { return };
        let spec = id.spec();
        info.set(&ParamInfo {
            id: clap_id(id),
            flags: flags(spec),
            cookie: Cookie::empty(),
            name: spec.name.as_bytes(),
            module: spec.group.name().as_bytes(),
            min_value: spec.min(),
            max_value: spec.max(),
            default_value: spec.default_plain(),
        });
    }

    fn get_value(&self, id: ClapId) -> Option<f64> {
        param_id(id).map(|id| self.shared.plugin.params.get(id))
    }

    fn value_to_text(&self, id: ClapId, value: f64, writer: &mut ParamDisplayWriter) -> fmt::Result {
        spec(id).ok_or(fmt::Error)?.write_text(value, writer)
    }

    fn text_to_value(&self, id: ClapId, text: &CStr) -> Option<f64> {
        spec(id)?.from_text(text.to_str().ok()?)
    }

    fn flush(&self, input: &InputEvents, output: &mut OutputEvents) {
        self.shared.flush(input, output);
    }
}

impl ClapShared<'_> {
    /// Changes outside of processing, both ways.
    pub(super) fn flush(&self, input: &InputEvents, output: &mut OutputEvents) {
        for event in input {
            if let Some(event) = param_event(event) {
                self.plugin.set(event.id, event.value);
            }
        }
        if !self.plugin.status().active {
            for id in self.plugin.take_gestures() {
                let _ = output.try_push(ParamGestureEndEvent::new(0, clap_id(id)));
            }
        }
        self.send_edits(output);
        self.pass_on_restart();
    }

    /// What the window changed, as events at the start of a block.
    pub(super) fn send_edits(&self, output: &mut OutputEvents) {
        self.edits.take(&self.plugin.edits, |edit| {
            // A host whose queue is full has no use for more.
            let _ = match edit {
                ParamGesture::Begin(id) => output.try_push(ParamGestureBeginEvent::new(0, clap_id(id))),
                ParamGesture::Value(id) => output.try_push(value_event(0, id, self.plugin.params.get(id))),
                ParamGesture::End(id) => output.try_push(ParamGestureEndEvent::new(0, clap_id(id))),
            };
        });
    }
}

/// A parameter value for the host. Flags are 0: a host's last-touched slot shall not follow.
pub(super) fn value_event(time: u32, id: ParamId, plain: f64) -> ParamValueEvent {
    ParamValueEvent::new(time, clap_id(id), Pckn::match_all(), plain)
}

/// A host's event, if it sets one of the parameters.
pub(super) fn param_event(event: &UnknownEvent) -> Option<ParamEvent> {
    let Some(CoreEventSpace::ParamValue(event)) = event.as_core_event() else { return None };
    let id = param_id(event.param_id()?)?;
    // A host may send back what it was sent: a display is not set by that.
    (!id.spec().flags.read_only).then(|| ParamEvent { offset: event.time(), id, value: event.value() })
}

impl PluginRemoteControlsImpl for ClapMain<'_> {
    fn count(&self) -> u32 {
        u32::try_from(PAGES.len()).unwrap_or(0)
    }

    fn get(&self, index: u32, writer: &mut RemoteControlsPageWriter) {
        let Some(page) = usize::try_from(index).ok().and_then(|index| PAGES.get(index)) else { return };
        writer.set(&RemoteControlsPage {
            section_name: crate::NAME.as_bytes(),
            page_id: ClapId::new(index),
            page_name: page.name.as_bytes(),
            param_ids: page.ids.map(|id| Some(clap_id(id))),
            is_for_preset: false,
        });
    }
}
