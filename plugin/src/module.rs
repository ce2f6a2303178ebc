//! The module that this code was loaded as.
//!
//! A host may unload a plugin's library once the last instance is gone. The threads on which the embedded runtime computes
//! never end, and a worker that hangs inside the network cannot be ended from outside: their code must stay mapped, or the
//! process dies when one of them goes on. So from the first ear on the module holds on to itself until the process ends.

use std::sync::atomic::{AtomicBool, Ordering};

static KEPT: AtomicBool = AtomicBool::new(false);

/// From now on the system does not unload this module, whatever the host asks for. In a program of its own, as the
/// standalone is, there is nothing to unload.
pub(crate) fn keep_loaded() {
    if !KEPT.swap(true, Ordering::Relaxed) {
        pin();
    }
}

#[cfg(unix)]
fn pin() {
    // SAFETY: `dladdr` fills `info` for an address inside this very code and is asked whether it did; the name that it gives
    // lives as long as the module is loaded, which it is while this runs. `dlopen` of what is loaded already runs nothing
    // and only marks it as not to be unloaded. It fails for a program, which needs no mark.
    unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr((&raw const KEPT).cast(), &raw mut info) != 0 && !info.dli_fname.is_null() {
            libc::dlopen(info.dli_fname, libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}

#[cfg(windows)]
fn pin() {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };
    let mut module = std::ptr::null_mut();
    // SAFETY: with these flags the second argument is an address inside the module that is asked for, here of this code's
    // own static; the handle is written to a local and not used.
    unsafe {
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
        GetModuleHandleExW(flags, (&raw const KEPT).cast(), &raw mut module);
    }
}
