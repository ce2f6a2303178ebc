//! A timer in the host's run loop, where it has one (Linux): it tells the host what waits to be told while the host does
//! not call by itself.

use std::sync::{Arc, Weak};

use vst3::Steinberg::FUnknown;
use vst3::Steinberg::Linux::{IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait};
use vst3::Steinberg::kResultOk;
use vst3::{Class, ComPtr, ComRef, ComWrapper};

/// Between two ticks: an edit is told before a hand can make the next.
const PERIOD_MS: u64 = 33;

/// What is done on every tick, on the host's main thread.
pub(super) trait Tick: Send + Sync {
    /// One tick.
    fn tick(&self);
}

/// The COM object that the run loop calls. It does not keep alive what it ticks.
struct Handler<T: Tick + 'static> {
    ticked: Weak<T>,
}

impl<T: Tick + 'static> Class for Handler<T> {
    type Interfaces = (ITimerHandler,);
}

impl<T: Tick + 'static> ITimerHandlerTrait for Handler<T> {
    unsafe fn onTimer(&self) {
        if let Some(ticked) = self.ticked.upgrade() {
            ticked.tick();
        }
    }
}

/// A timer that runs until it is dropped, on the main thread.
pub(super) struct Timer {
    run_loop: ComPtr<IRunLoop>,
    handler: ComPtr<ITimerHandler>,
}

impl Timer {
    /// Starts a timer in the run loop of `host` (its context or the frame of a view), if it has one.
    pub(super) fn start<T: Tick + 'static>(host: ComRef<'_, FUnknown>, ticked: &Arc<T>) -> Option<Self> {
        let run_loop = host.cast::<IRunLoop>()?;
        let handler =
            ComWrapper::new(Handler { ticked: Arc::downgrade(ticked) }).to_com_ptr::<ITimerHandler>()?;
        // SAFETY: both are alive, and this is the host's main thread; the host holds a reference of its own.
        let result = unsafe { run_loop.registerTimer(handler.as_ptr(), PERIOD_MS) };
        (result == kResultOk).then_some(Self { run_loop, handler })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: both are alive: we hold references.
        unsafe { self.run_loop.unregisterTimer(self.handler.as_ptr()) };
    }
}
