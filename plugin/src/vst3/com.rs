//! The small change of COM: pointers from the host, numbers of its types.

use vst3::Steinberg::{kInvalidArgument, kResultOk, tresult};

/// Writes to an out parameter.
///
/// # Safety
/// `to` is null or may be written to, as VST3 has it for every out parameter.
pub(super) unsafe fn put<T>(to: *mut T, value: T) -> tresult {
    if to.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: not null, and writable by the caller's word.
    unsafe { to.write(value) };
    kResultOk
}

/// A constant of the bindings, which are unsigned on some systems, as the number that methods take.
pub(super) fn int<T: TryInto<i32>>(value: T) -> i32 {
    value.try_into().unwrap_or(i32::MAX)
}

/// As [`int`], where methods take unsigned numbers.
pub(super) fn unsigned<T: TryInto<u32>>(value: T) -> u32 {
    value.try_into().unwrap_or(0)
}

/// A count as VST3 has it.
pub(super) fn count(length: usize) -> i32 {
    int(length)
}

/// An index from the host.
pub(super) fn index(from_host: i32) -> usize {
    usize::try_from(from_host).unwrap_or(usize::MAX)
}

/// `kResultOk` for true, `kResultFalse` for false.
pub(super) fn truth(yes: bool) -> tresult {
    if yes { vst3::Steinberg::kResultTrue } else { vst3::Steinberg::kResultFalse }
}
