//! The one COM object: component, audio processor and controller.
//!
//! It is a "single component effect": hosts ask the component for `IEditController` and get the same object. Nothing
//! has to be passed between two halves, and neither half can be restored without the other.

use std::sync::{Arc, Mutex};

use vst3::Steinberg::Vst::ChannelContext::IInfoListener;
use vst3::Steinberg::Vst::{
    IAudioProcessor, IAutomationState, IComponent, IEditController, IPrefetchableSupport,
    IProcessContextRequirements, IUnitInfo,
};
use vst3::Steinberg::{FUnknown, IPluginBaseTrait, kInternalError, kResultOk, tresult};
use vst3::{Class, ComPtr, ComRef};

use super::host::lock;
use super::instance::Instance;
use super::timer::{Tick, Timer};

/// What a host gets from the factory.
pub(super) struct Effect {
    pub(super) instance: Arc<Instance>,
    /// What the factory was told of the host.
    factory_context: Option<ComPtr<FUnknown>>,
    timer: Mutex<Option<Timer>>,
}

impl Class for Effect {
    type Interfaces = (
        IComponent,
        IAudioProcessor,
        IEditController,
        IUnitInfo,
        IProcessContextRequirements,
        IPrefetchableSupport,
        IInfoListener,
        IAutomationState,
    );
}

impl Effect {
    pub(super) fn new(factory_context: Option<ComPtr<FUnknown>>) -> Self {
        Self { instance: Arc::default(), factory_context, timer: Mutex::default() }
    }

    /// Runs a method; after a fault the host gets an error.
    pub(super) fn run(&self, body: impl FnOnce(&Instance) -> tresult) -> tresult {
        self.get(kInternalError, body)
    }

    /// Runs a method that gives a value; after a fault it gives `otherwise`.
    pub(super) fn get<T>(&self, otherwise: T, body: impl FnOnce(&Instance) -> T) -> T {
        self.instance.guard.run(otherwise, || body(&self.instance))
    }
}

impl Tick for Instance {
    fn tick(&self) {
        self.guard.run((), || {
            self.host.note_main_thread();
            self.tell_host();
        });
    }
}

impl IPluginBaseTrait for Effect {
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        self.run(|instance| {
            instance.host.note_main_thread();
            // SAFETY: null or alive for this call.
            let context = unsafe { ComRef::from_raw(context) };
            let from_factory = self.factory_context.as_ref().map(ComPtr::as_com_ref);
            let timer = [context, from_factory]
                .into_iter()
                .flatten()
                .find_map(|host| Timer::start(host, &self.instance))
                .or_else(|| Timer::of_system(&self.instance));
            let old = std::mem::replace(&mut *lock(&self.timer), timer);
            drop(old);
            kResultOk
        })
    }

    unsafe fn terminate(&self) -> tresult {
        self.run(|instance| {
            let timer = lock(&self.timer).take();
            drop(timer);
            instance.host.set_handler(None);
            instance.set_active(false);
            kResultOk
        })
    }
}
