//! A timer on the host's main thread, in its run loop or the system's: it tells the host what waits to be told while the
//! host does not call by itself, with a window or without one.

use std::sync::{Arc, Weak};

use vst3::Steinberg::FUnknown;
use vst3::Steinberg::Linux::{IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait};
use vst3::Steinberg::kResultOk;
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::host::this_thread;
use super::main_loop;

/// Between two ticks: an edit is told before a hand can make the next.
const PERIOD_MS: u32 = 33;

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
#[expect(dead_code, reason = "it is dropped, and that ends it")]
pub(super) enum Timer {
    /// In the host's run loop.
    OfHost(RunLoopTimer),
    /// In the system's.
    OfSystem(main_loop::Timer),
}

/// A timer in the run loop that a host offers (Linux).
pub(super) struct RunLoopTimer {
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
        let result = unsafe { run_loop.registerTimer(handler.as_ptr(), u64::from(PERIOD_MS)) };
        (result == kResultOk).then_some(Self::OfHost(RunLoopTimer { run_loop, handler }))
    }

    /// Starts a timer in the system's main loop, for hosts that offer none. Where that loop runs on another thread than
    /// this one, nothing is ticked.
    pub(super) fn of_system<T: Tick + 'static>(ticked: &Arc<T>) -> Option<Self> {
        let (ticked, thread) = (Arc::downgrade(ticked), this_thread());
        let tick = move || {
            // Not even a reference is taken elsewhere: it might be the last one.
            if this_thread() == thread
                && let Some(ticked) = ticked.upgrade()
            {
                ticked.tick();
            }
        };
        main_loop::Timer::start(PERIOD_MS, Box::new(tick)).map(Self::OfSystem)
    }
}

impl Drop for RunLoopTimer {
    fn drop(&mut self) {
        // SAFETY: both are alive: we hold references.
        unsafe { self.run_loop.unregisterTimer(self.handler.as_ptr()) };
    }
}
