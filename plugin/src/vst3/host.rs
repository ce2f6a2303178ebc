//! Calls back to the host, only ever from its main thread and never with a lock held.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrayvec::ArrayVec;
use vst3::ComPtr;
use vst3::Steinberg::Vst::RestartFlags_::{kLatencyChanged, kParamValuesChanged};
use vst3::Steinberg::Vst::{IComponentHandler, IComponentHandlerTrait};

use super::com::int;
use super::overlay::Overlay;
use super::programs;
use crate::edits::{EditReader, Edits, ParamGesture};
use crate::params::PARAMS;
use crate::shared::Shared;

/// Steps of one round: begin, value and end of every parameter.
const MAX_STEPS: usize = 3 * 64;
const _: () = assert!(PARAMS.len() * 3 <= MAX_STEPS);

/// No latency was told yet.
const UNTOLD: u32 = u32::MAX;

/// The host's side of one instance.
pub(super) struct Host {
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    /// See [`this_thread`]; 0 before it is known.
    main_thread: AtomicUsize,
    window: EditReader,
    labels: EditReader,
    busy: AtomicBool,
    told_latency: AtomicU32,
    /// The program that it knows.
    pub(super) program: programs::Told,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            handler: Mutex::default(),
            main_thread: AtomicUsize::new(0),
            window: EditReader::default(),
            labels: EditReader::default(),
            busy: AtomicBool::new(false),
            told_latency: AtomicU32::new(UNTOLD),
            program: programs::Told::default(),
        }
    }
}

/// A number of this thread, not 0, that no other living thread has: where its own copy of a variable is. Unlike
/// `thread::current` it never allocates, so the audio thread may ask.
#[cfg(not(windows))]
pub(super) fn this_thread() -> usize {
    use std::cell::Cell;
    thread_local!(static PLACE: Cell<u8> = const { Cell::new(0) });
    // A thread that is ending has no variables any more, and calls nothing.
    PLACE.try_with(|place| std::ptr::from_ref(place).addr()).unwrap_or(usize::MAX)
}

/// A number of this thread, not 0, that no other living thread has: the system's. A variable of its own would be allocated at
/// the thread's first question by programs that are built with GNU's linker.
#[cfg(windows)]
pub(super) fn this_thread() -> usize {
    // SAFETY: it takes nothing and cannot fail.
    let number = unsafe { windows_sys::Win32::System::Threading::GetCurrentThreadId() };
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Locks what holds plain data: a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// Takes or gives back the host's handler. The old one is released by this call, outside the lock.
    pub(super) fn set_handler(&self, handler: Option<ComPtr<IComponentHandler>>) {
        let old = std::mem::replace(&mut *lock(&self.handler), handler);
        drop(old);
    }

    fn handler(&self) -> Option<ComPtr<IComponentHandler>> {
        lock(&self.handler).clone()
    }

    /// Called from what only the main thread may call: this thread is it.
    pub(super) fn note_main_thread(&self) {
        self.main_thread.store(this_thread(), Ordering::Release);
    }

    /// Whether this is the host's main thread.
    pub(super) fn is_main_thread(&self) -> bool {
        self.main_thread.load(Ordering::Acquire) == this_thread()
    }

    /// The host was told this latency.
    pub(super) fn note_latency(&self, samples: u32) {
        self.told_latency.store(samples, Ordering::Release);
    }

    /// Tells the host what happened since it was last told: edits of the window, labels in Write mode (`lanes`), a new
    /// latency, new values. Does nothing on any other thread, while the host is being told, or before it listens.
    pub(super) fn tell(&self, shared: &Shared, overlay: &Overlay, lanes: &Edits, active: bool) {
        if !self.is_main_thread() || self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let _busy = Busy(&self.busy);
        let Some(handler) = self.handler() else { return };
        let mut steps = ArrayVec::<ParamGesture, { 2 * MAX_STEPS }>::new();
        self.window.take(&shared.edits, |edit| steps.push(edit));
        self.labels.take(lanes, |edit| steps.push(edit));
        for step in &steps {
            if let ParamGesture::Value(id) = step {
                overlay.forget(*id);
            }
        }
        perform(&handler, shared, &steps);
        self.program.tell(shared, &handler);
        let mut flags = 0;
        if shared.take_values_replaced() {
            flags |= int(kParamValuesChanged);
        }
        // A host that will activate anyway reads the latency then.
        if shared.take_restart_wanted() && active {
            flags |= int(kLatencyChanged);
        }
        if flags != 0 {
            // SAFETY: as above.
            unsafe { handler.restartComponent(flags) };
        }
    }

    /// Tells the host the lanes only, if this is its main thread: within a block nothing else may be.
    pub(super) fn tell_lanes(&self, shared: &Shared, lanes: &Edits) {
        if lanes.is_empty() || !self.is_main_thread() || self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let _busy = Busy(&self.busy);
        let Some(handler) = self.handler() else { return };
        let mut steps = ArrayVec::<ParamGesture, MAX_STEPS>::new();
        self.labels.take(lanes, |edit| steps.push(edit));
        perform(&handler, shared, &steps);
    }

    /// An activation has this latency. Some hosts read it before they activate, and would not again: they are told if it
    /// is another one.
    pub(super) fn activated(&self, latency_samples: u32) {
        let told = self.told_latency.swap(latency_samples, Ordering::AcqRel);
        if told == UNTOLD || told == latency_samples || !self.is_main_thread() {
            return;
        }
        // Inside a restart that we asked for the host reads it by itself.
        if self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let _busy = Busy(&self.busy);
        if let Some(handler) = self.handler() {
            // SAFETY: the handler is alive, we hold a reference, and this is the host's main thread.
            unsafe { handler.restartComponent(int(kLatencyChanged)) };
        }
    }
}

/// Edits as the host records them. On its main thread.
fn perform(handler: &ComPtr<IComponentHandler>, shared: &Shared, steps: &[ParamGesture]) {
    for step in steps {
        // SAFETY: the handler is alive, we hold a reference, and this is the host's main thread.
        unsafe {
            match *step {
                ParamGesture::Begin(id) => handler.beginEdit(id.0),
                ParamGesture::Value(id) => handler.performEdit(id.0, shared.params.normalised(id)),
                ParamGesture::End(id) => handler.endEdit(id.0),
            }
        };
    }
}

/// Ends a round of calls, however it ends.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
