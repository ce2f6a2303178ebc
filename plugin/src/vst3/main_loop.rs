//! A timer in the main loop of the system, for hosts whose context has no run loop: on Windows and macOS there never is
//! one, and on Linux older hosts have it for open windows only.
//!
//! On Linux there is no loop of the system's; but most hosts run GLib's, be it under GTK or under Qt. Where it is in the
//! process already it is used, and it is never loaded.

pub(super) use system::Timer;

/// What is called on every tick, on the thread that started the timer.
type Call = Box<dyn Fn()>;

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::{CStr, c_int, c_uint, c_void};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::Call;

    type Callback = unsafe extern "C" fn(*mut c_void) -> c_int;
    type Notify = unsafe extern "C" fn(*mut c_void);
    type AddTimeout = unsafe extern "C" fn(c_int, c_uint, Callback, *mut c_void, Notify) -> c_uint;
    type RemoveSource = unsafe extern "C" fn(c_uint) -> c_int;

    const PRIORITY_DEFAULT: c_int = 0;
    const GO_ON: c_int = 1;

    /// A source of GLib's default context.
    pub(in super::super) struct Timer {
        source: c_uint,
        remove: RemoveSource,
    }

    /// The address of a function that some library of this process has.
    fn symbol(name: &CStr) -> Option<*mut c_void> {
        // SAFETY: a name that ends with a zero; nothing is loaded by this.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    }

    unsafe extern "C" fn call(data: *mut c_void) -> c_int {
        // SAFETY: the box that `start` made; GLib gives it back to `free` only after the last call.
        let call = unsafe { &*data.cast::<Call>() };
        // What is called catches its own panics; one that it missed must not reach C.
        let _ = catch_unwind(AssertUnwindSafe(call));
        GO_ON
    }

    unsafe extern "C" fn free(data: *mut c_void) {
        // SAFETY: the box that `start` made, given back once.
        drop(unsafe { Box::from_raw(data.cast::<Call>()) });
    }

    impl Timer {
        pub(in super::super) fn start(period_ms: u32, what: Call) -> Option<Self> {
            let (add, remove) = (symbol(c"g_timeout_add_full")?, symbol(c"g_source_remove")?);
            // SAFETY: functions of GLib 2 by their names, whose signatures never changed.
            let (add, remove) = unsafe {
                (
                    std::mem::transmute::<*mut c_void, AddTimeout>(add),
                    std::mem::transmute::<*mut c_void, RemoveSource>(remove),
                )
            };
            let data = Box::into_raw(Box::new(what)).cast::<c_void>();
            // SAFETY: both callbacks take what `data` is.
            let source = unsafe { add(PRIORITY_DEFAULT, period_ms, call, data, free) };
            Some(Self { source, remove })
        }
    }

    impl Drop for Timer {
        fn drop(&mut self) {
            // SAFETY: a source that is there until this line: its callback never ends it.
            unsafe { (self.remove)(self.source) };
        }
    }
}

#[cfg(windows)]
mod system {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use windows_sys::Win32::Foundation::HWND;
    use windows_sys::Win32::UI::WindowsAndMessaging::{KillTimer, SetTimer};

    use super::Call;

    thread_local! {
        /// A callback of Windows' gets the timer's number and nothing else, on the thread that set it.
        static CALLS: RefCell<BTreeMap<usize, Rc<Call>>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// A timer of the thread's message queue.
    pub(in super::super) struct Timer {
        number: usize,
    }

    unsafe extern "system" fn tick(_window: HWND, _message: u32, number: usize, _time_ms: u32) {
        let call = CALLS.try_with(|calls| calls.borrow().get(&number).cloned()).ok().flatten();
        if let Some(call) = call {
            let _ = catch_unwind(AssertUnwindSafe(|| call()));
        }
    }

    impl Timer {
        pub(in super::super) fn start(period_ms: u32, what: Call) -> Option<Self> {
            // SAFETY: a timer without a window, which calls a function of this module until it is killed.
            let number = unsafe { SetTimer(std::ptr::null_mut(), 0, period_ms, Some(tick)) };
            if number == 0 {
                return None;
            }
            CALLS.with(|calls| calls.borrow_mut().insert(number, Rc::new(what)));
            Some(Self { number })
        }
    }

    impl Drop for Timer {
        fn drop(&mut self) {
            // SAFETY: on the thread that set it; on another one Windows refuses, and what is called is no longer there.
            unsafe { KillTimer(std::ptr::null_mut(), self.number) };
            let _ = CALLS.try_with(|calls| calls.borrow_mut().remove(&self.number));
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::ffi::{c_long, c_ulong, c_void};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr;

    use super::Call;

    /// `CFRunLoopTimerContext`.
    #[repr(C)]
    struct Context {
        version: c_long,
        info: *mut c_void,
        retain: *const c_void,
        release: unsafe extern "C" fn(*const c_void),
        copy_description: *const c_void,
    }

    type Callback = unsafe extern "C" fn(*mut c_void, *mut c_void);

    #[link(name = "CoreFoundation", kind = "framework")]
    unsafe extern "C" {
        static kCFRunLoopCommonModes: *const c_void;
        fn CFAbsoluteTimeGetCurrent() -> f64;
        fn CFRunLoopGetMain() -> *mut c_void;
        fn CFRunLoopTimerCreate(
            allocator: *const c_void,
            first_s: f64,
            interval_s: f64,
            flags: c_ulong,
            order: c_long,
            callback: Callback,
            context: *mut Context,
        ) -> *mut c_void;
        fn CFRunLoopAddTimer(run_loop: *mut c_void, timer: *mut c_void, mode: *const c_void);
        fn CFRunLoopTimerInvalidate(timer: *mut c_void);
        fn CFRelease(object: *const c_void);
    }

    /// A timer of the main run loop.
    pub(in super::super) struct Timer {
        timer: *mut c_void,
    }

    // SAFETY: the calls that are made with it may be made on any thread.
    unsafe impl Send for Timer {}

    unsafe extern "C" fn tick(_timer: *mut c_void, info: *mut c_void) {
        // SAFETY: the box that `start` made; it is released only after the last call.
        let call = unsafe { &*info.cast::<Call>() };
        let _ = catch_unwind(AssertUnwindSafe(call));
    }

    unsafe extern "C" fn free(info: *const c_void) {
        // SAFETY: the box that `start` made, released once.
        drop(unsafe { Box::from_raw(info.cast_mut().cast::<Call>()) });
    }

    impl Timer {
        pub(in super::super) fn start(period_ms: u32, what: Call) -> Option<Self> {
            let period_s = f64::from(period_ms) / 1e3;
            let mut context = Context {
                version: 0,
                info: Box::into_raw(Box::new(what)).cast(),
                retain: ptr::null(),
                release: free,
                copy_description: ptr::null(),
            };
            // SAFETY: the context is copied, and both callbacks take what its `info` is; the loop keeps a reference of its
            // own until the timer is invalid.
            unsafe {
                let first_s = CFAbsoluteTimeGetCurrent() + period_s;
                let timer =
                    CFRunLoopTimerCreate(ptr::null(), first_s, period_s, 0, 0, tick, &raw mut context);
                if timer.is_null() {
                    free(context.info);
                    return None;
                }
                CFRunLoopAddTimer(CFRunLoopGetMain(), timer, kCFRunLoopCommonModes);
                Some(Self { timer })
            }
        }
    }

    impl Drop for Timer {
        fn drop(&mut self) {
            // SAFETY: alive: `start` made it, and our reference ends here.
            unsafe {
                CFRunLoopTimerInvalidate(self.timer);
                CFRelease(self.timer);
            }
        }
    }
}
