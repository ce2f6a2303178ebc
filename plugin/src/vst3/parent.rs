//! The host's window, by the name that each system has for it.

use std::ffi::c_void;
#[cfg(target_os = "windows")]
use std::num::NonZeroIsize;
#[cfg(target_os = "linux")]
use std::num::NonZeroU32;
use std::ptr::NonNull;

use raw_window_handle::{HandleError, HasWindowHandle, RawWindowHandle, WindowHandle};
use vst3::Steinberg::FIDString;

/// The kind of window that an editor can be put in here.
#[cfg(target_os = "linux")]
pub(super) const PLATFORM: FIDString = vst3::Steinberg::kPlatformTypeX11EmbedWindowID;
/// The kind of window that an editor can be put in here.
#[cfg(target_os = "macos")]
pub(super) const PLATFORM: FIDString = vst3::Steinberg::kPlatformTypeNSView;
/// The kind of window that an editor can be put in here.
#[cfg(target_os = "windows")]
pub(super) const PLATFORM: FIDString = vst3::Steinberg::kPlatformTypeHWND;

/// A window of the host; it outlives the editor in it, as VST3 has it.
pub(super) struct Parent(RawWindowHandle);

impl Parent {
    /// The window that `attached` was given: an id on X11, a pointer elsewhere.
    pub(super) fn new(window: *mut c_void) -> Option<Self> {
        let window = NonNull::new(window)?;
        raw(window).map(Self)
    }
}

#[cfg(target_os = "linux")]
fn raw(window: NonNull<c_void>) -> Option<RawWindowHandle> {
    let id = NonZeroU32::new(u32::try_from(window.as_ptr().addr()).ok()?)?;
    Some(RawWindowHandle::Xcb(raw_window_handle::XcbWindowHandle::new(id)))
}

#[cfg(target_os = "macos")]
fn raw(window: NonNull<c_void>) -> Option<RawWindowHandle> {
    Some(RawWindowHandle::AppKit(raw_window_handle::AppKitWindowHandle::new(window)))
}

#[cfg(target_os = "windows")]
fn raw(window: NonNull<c_void>) -> Option<RawWindowHandle> {
    let id = NonZeroIsize::new(window.as_ptr().expose_provenance().cast_signed())?;
    Some(RawWindowHandle::Win32(raw_window_handle::Win32WindowHandle::new(id)))
}

impl HasWindowHandle for Parent {
    fn window_handle(&self) -> Result<WindowHandle<'_>, HandleError> {
        // SAFETY: the host keeps the window until it has called `removed`, and the editor is closed then.
        Ok(unsafe { WindowHandle::borrow_raw(self.0) })
    }
}
