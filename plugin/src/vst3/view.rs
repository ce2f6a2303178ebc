//! `IPlugView`: the editor in a window of the host.

use std::ffi::c_char;
use std::sync::Arc;

use vst3::ComPtr;
use vst3::Steinberg::IPlugView;

use super::instance::Instance;

/// A view by the name that the host asks for.
///
/// # Safety
/// `name` is null or zero-terminated.
pub(super) unsafe fn create(_instance: &Arc<Instance>, _name: *const c_char) -> Option<ComPtr<IPlugView>> {
    None
}
