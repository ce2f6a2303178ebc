//! Who allocates or frees in a callback aborts the program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::OnceLock;

struct Watched;

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

fn check(what: &str) {
    // A thread that is ending has no such variable any more, and no callback either.
    if IN_CALLBACK.try_with(Cell::get).unwrap_or(false) {
        IN_CALLBACK.with(|flag| flag.set(false));
        eprintln!("{what} on the audio thread:\n{}", std::backtrace::Backtrace::force_capture());
        std::process::abort();
    }
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check("an allocation");
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        check("a release");
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check("a reallocation");
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The real-time sanitizer's word that the audio thread's part begins, and that it is over, where the program runs under
/// it.
pub fn sanitizer() -> Option<[extern "C" fn(); 2]> {
    static FOUND: OnceLock<Option<[extern "C" fn(); 2]>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let names = [c"__rtsan_ensure_initialized", c"__rtsan_realtime_enter", c"__rtsan_realtime_exit"];
        let [Some(begin), Some(enter), Some(exit)] = names.map(function) else { return None };
        begin();
        println!("under the real-time sanitizer");
        Some([enter, exit])
    })
}

#[cfg(target_os = "linux")]
fn function(name: &std::ffi::CStr) -> Option<extern "C" fn()> {
    // SAFETY: a look at the names of this program and what it loaded.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: what the sanitizer has under these names takes nothing and gives nothing.
    (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn()>(found) })
}

#[cfg(not(target_os = "linux"))]
fn function(_: &std::ffi::CStr) -> Option<extern "C" fn()> {
    None
}

/// What a host calls on its audio thread.
pub fn in_callback<T>(call: impl FnOnce() -> T) -> T {
    let sanitizer = sanitizer();
    IN_CALLBACK.with(|flag| flag.set(true));
    if let Some([enter, _]) = sanitizer {
        enter();
    }
    let result = call();
    if let Some([_, exit]) = sanitizer {
        exit();
    }
    IN_CALLBACK.with(|flag| flag.set(false));
    result
}
