//! `IComponent` and `IAudioProcessor`: buses, activation, state, blocks.

use vst3::Steinberg::Vst::BusInfo_::BusFlags_::kDefaultActive;
use vst3::Steinberg::Vst::BusTypes_::kMain;
use vst3::Steinberg::Vst::IProcessContextRequirements_::Flags_::kNeedTransportState;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::{kSample32, kSample64};
use vst3::Steinberg::Vst::ePrefetchableSupport_::kIsYetPrefetchable;
use vst3::Steinberg::Vst::{
    BusDirection, BusInfo, IAudioProcessorTrait, IComponentTrait, IPrefetchableSupportTrait,
    IProcessContextRequirementsTrait, IoMode, MediaType, MediaTypes_, PrefetchableSupport, ProcessData,
    ProcessSetup, RoutingInfo, SpeakerArrangement,
};
use vst3::Steinberg::{
    IBStream, TBool, TUID, kInternalError, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk,
    tresult,
};

use super::block::HostBlock;
use super::com::{count, index, int, put, truth, unsigned};
use super::effect::Effect;
use super::host::lock;
use super::instance::Setup;
use super::layout::{BUSES, Direction};
use super::stream;
use super::text::wide;

/// The one event bus, an output: labels as notes and controllers.
fn event_bus() -> BusInfo {
    BusInfo {
        mediaType: int(MediaTypes_::kEvent),
        direction: int(vst3::Steinberg::Vst::BusDirections_::kOutput),
        channelCount: 1,
        name: wide("Labels"),
        busType: int(kMain),
        flags: unsigned(kDefaultActive),
    }
}

fn is_audio(media: MediaType) -> bool {
    media == int(MediaTypes_::kAudio)
}

fn is_event(media: MediaType) -> bool {
    media == int(MediaTypes_::kEvent)
}

impl IComponentTrait for Effect {
    unsafe fn getControllerClassId(&self, _class_id: *mut TUID) -> tresult {
        // The controller is this very object.
        kNotImplemented
    }

    unsafe fn setIoMode(&self, _mode: IoMode) -> tresult {
        kNotImplemented
    }

    unsafe fn getBusCount(&self, media: MediaType, direction: BusDirection) -> i32 {
        match Direction::from_host(direction) {
            Some(_) if is_audio(media) => count(BUSES),
            Some(Direction::Out) if is_event(media) => 1,
            _ => 0,
        }
    }

    unsafe fn getBusInfo(
        &self,
        media: MediaType,
        direction: BusDirection,
        bus: i32,
        info: *mut BusInfo,
    ) -> tresult {
        self.run(|instance| {
            let found = match Direction::from_host(direction) {
                Some(direction) if is_audio(media) => lock(&instance.layout).info(direction, bus),
                Some(Direction::Out) if is_event(media) && bus == 0 => Some(event_bus()),
                _ => None,
            };
            // SAFETY: an out parameter.
            found.map_or(kInvalidArgument, |found| unsafe { put(info, found) })
        })
    }

    unsafe fn getRoutingInfo(&self, _input: *mut RoutingInfo, _output: *mut RoutingInfo) -> tresult {
        kNotImplemented
    }

    unsafe fn activateBus(
        &self,
        media: MediaType,
        direction: BusDirection,
        bus: i32,
        state: TBool,
    ) -> tresult {
        self.run(|instance| {
            let known = match Direction::from_host(direction) {
                Some(direction) if is_audio(media) => {
                    lock(&instance.layout).activate(direction, index(bus), state != 0)
                }
                Some(Direction::Out) if is_event(media) => bus == 0,
                _ => false,
            };
            if known { kResultOk } else { kInvalidArgument }
        })
    }

    unsafe fn setActive(&self, state: TBool) -> tresult {
        self.run(|instance| truth(instance.set_active(state != 0)))
    }

    unsafe fn setState(&self, state: *mut IBStream) -> tresult {
        self.run(|instance| {
            // SAFETY: null or a stream that lives for this call.
            let bytes = unsafe { stream::read_all(state) };
            truth(bytes.is_some_and(|bytes| instance.load_state(&bytes)))
        })
    }

    unsafe fn getState(&self, state: *mut IBStream) -> tresult {
        self.run(|instance| {
            let bytes = instance.save_state();
            // SAFETY: null or a stream that lives for this call.
            truth(unsafe { stream::write_all(state, &bytes) })
        })
    }
}

impl IAudioProcessorTrait for Effect {
    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        num_ins: i32,
        outputs: *mut SpeakerArrangement,
        num_outs: i32,
    ) -> tresult {
        self.run(|instance| {
            if num_ins < 0 || num_outs < 0 {
                return kInvalidArgument;
            }
            if instance.is_active() {
                return kResultFalse;
            }
            // SAFETY: the host passes as many arrangements as it says.
            let (inputs, outputs) = unsafe { (array(inputs, num_ins), array(outputs, num_outs)) };
            truth(lock(&instance.layout).propose(inputs, outputs))
        })
    }

    unsafe fn getBusArrangement(
        &self,
        direction: BusDirection,
        bus: i32,
        arrangement: *mut SpeakerArrangement,
    ) -> tresult {
        self.run(|instance| {
            let direction = Direction::from_host(direction);
            let found =
                direction.and_then(|direction| lock(&instance.layout).arrangement(direction, index(bus)));
            // SAFETY: an out parameter.
            found.map_or(kInvalidArgument, |found| unsafe { put(arrangement, found) })
        })
    }

    unsafe fn canProcessSampleSize(&self, size: i32) -> tresult {
        truth(size == int(kSample32) || size == int(kSample64))
    }

    unsafe fn getLatencySamples(&self) -> u32 {
        self.get(0, |instance| {
            let samples = instance.latency_samples();
            instance.host.note_latency(samples);
            samples
        })
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        self.run(|instance| {
            // SAFETY: null or valid for this call.
            let Some(setup) = (unsafe { setup.as_ref() }) else { return kInvalidArgument };
            let max_block = usize::try_from(setup.maxSamplesPerBlock).unwrap_or(0);
            if max_block == 0 || !setup.sampleRate.is_finite() || setup.sampleRate <= 0.0 {
                return kInvalidArgument;
            }
            *lock(&instance.setup) = Setup { rate_hz: setup.sampleRate, max_block, mode: setup.processMode };
            kResultOk
        })
    }

    unsafe fn setProcessing(&self, state: TBool) -> tresult {
        self.run(|instance| {
            if state != 0 {
                instance.reset();
            }
            kResultOk
        })
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        self.run(|instance| {
            // SAFETY: the host's block, which lives for this call.
            let Some(block) = (unsafe { HostBlock::new(data) }) else { return kInvalidArgument };
            instance.process(&block);
            kResultOk
        })
    }

    unsafe fn getTailSamples(&self) -> u32 {
        self.get(0, |instance| instance.tail_samples())
    }
}

impl IProcessContextRequirementsTrait for Effect {
    unsafe fn getProcessContextRequirements(&self) -> u32 {
        // Whether it plays; the position in samples comes unasked. No tempo.
        unsigned(kNeedTransportState)
    }
}

impl IPrefetchableSupportTrait for Effect {
    unsafe fn getPrefetchableSupport(&self, support: *mut PrefetchableSupport) -> tresult {
        // SAFETY: an out parameter.
        self.get(kInternalError, |_| unsafe { put(support, unsigned(kIsYetPrefetchable)) })
    }
}

/// A host's array.
///
/// # Safety
/// `first` is null or has `length` elements that live for this call.
unsafe fn array<'a, T>(first: *const T, length: i32) -> &'a [T] {
    match usize::try_from(length) {
        // SAFETY: not null, and as long as the caller says.
        Ok(length) if length > 0 && !first.is_null() => unsafe { std::slice::from_raw_parts(first, length) },
        _ => &[],
    }
}
