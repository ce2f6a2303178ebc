//! `IInfoListener` and `IAutomationState`: what the host says by itself of the track and of its automation.

use vst3::ComRef;
use vst3::Steinberg::Vst::ChannelContext::{IInfoListenerTrait, kChannelNameKey};
use vst3::Steinberg::Vst::IAutomationState_::AutomationStates_::kWriteState;
use vst3::Steinberg::Vst::{IAttributeList, IAttributeListTrait, IAutomationStateTrait};
use vst3::Steinberg::{kInvalidArgument, kResultOk, tresult};

use super::com::{int, unsigned};
use super::effect::Effect;
use super::text::read_wide;

/// Units of a name at most, with its zero.
const NAME_UNITS: usize = 128;

impl IInfoListenerTrait for Effect {
    unsafe fn setChannelContextInfos(&self, list: *mut IAttributeList) -> tresult {
        self.run(|instance| {
            // SAFETY: null or alive for this call.
            let Some(list) = (unsafe { ComRef::from_raw(list) }) else { return kInvalidArgument };
            let mut name = [0_u16; NAME_UNITS];
            let bytes = unsigned(std::mem::size_of_val(&name));
            // SAFETY: an out parameter of as many bytes as are told.
            let told =
                unsafe { list.getString(kChannelNameKey, name.as_mut_ptr().cast(), bytes) } == kResultOk;
            name[NAME_UNITS - 1] = 0;
            // SAFETY: the last unit is a zero.
            let name = unsafe { read_wide(name.as_ptr()) }.filter(|name| told && !name.is_empty());
            // A list says what has changed: without a name the track has the one that it had.
            if name.is_some() {
                instance.shared.note_host_words(|words| words.track = name);
            }
            kResultOk
        })
    }
}

impl IAutomationStateTrait for Effect {
    unsafe fn setAutomationState(&self, state: i32) -> tresult {
        self.run(|instance| {
            instance.shared.note_host_words(|words| words.records = Some(state & int(kWriteState) != 0));
            kResultOk
        })
    }
}
