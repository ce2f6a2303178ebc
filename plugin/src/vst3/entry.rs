//! The library's entry points, by the names that hosts look up.

use std::ptr;

use vst3::ComPtr;
use vst3::ComWrapper;
use vst3::Steinberg::IPluginFactory;

use super::factory::Factory;
use super::guard::Guard;

/// The factory; the host gets a reference.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut IPluginFactory {
    let factory =
        Guard::default().run(None, || ComWrapper::new(Factory::default()).to_com_ptr::<IPluginFactory>());
    factory.map_or(ptr::null_mut(), ComPtr::into_raw)
}

/// The library is loaded. There is nothing to set up: what instances share (`ears.rs`) the first of them makes.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
pub extern "system" fn ModuleEntry(_library: *mut std::ffi::c_void) -> bool {
    true
}

/// The library is about to be unloaded, unless it had an ear (`module.rs`).
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
pub extern "system" fn ModuleExit() -> bool {
    true
}

/// The library is loaded.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
pub extern "system" fn bundleEntry(_bundle: *mut std::ffi::c_void) -> bool {
    true
}

/// The library is about to be unloaded.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
pub extern "system" fn bundleExit() -> bool {
    true
}

/// The library is loaded.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
pub extern "system" fn InitDll() -> bool {
    true
}

/// The library is about to be unloaded.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
pub extern "system" fn ExitDll() -> bool {
    true
}
