//! The interface, by LADSPA 1.1: what a library's descriptors look like in memory.

use std::ffi::{c_char, c_int, c_ulong, c_void};

/// Property: `run` is fit for hard real time.
pub(super) const HARD_REAL_TIME: c_int = 0x4;

/// Kinds of ports.
pub(super) const INPUT: c_int = 0x1;
pub(super) const OUTPUT: c_int = 0x2;
pub(super) const CONTROL: c_int = 0x4;
pub(super) const AUDIO: c_int = 0x8;

/// Hints about the range of a control.
pub(super) const BOUNDED_BELOW: c_int = 0x1;
pub(super) const BOUNDED_ABOVE: c_int = 0x2;
pub(super) const TOGGLED: c_int = 0x4;
pub(super) const INTEGER: c_int = 0x20;
pub(super) const DEFAULT_MINIMUM: c_int = 0x40;
pub(super) const DEFAULT_MIDDLE: c_int = 0xc0;
pub(super) const DEFAULT_MAXIMUM: c_int = 0x140;
#[cfg(test)]
pub(super) const DEFAULT_MASK: c_int = 0x3c0;
pub(super) const DEFAULT_0: c_int = 0x200;
pub(super) const DEFAULT_1: c_int = 0x240;
pub(super) const DEFAULT_100: c_int = 0x280;

/// The range of a port.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct RangeHint {
    pub(super) descriptor: c_int,
    pub(super) lower: f32,
    pub(super) upper: f32,
}

/// One label of a library.
#[derive(Debug)]
#[repr(C)]
pub struct Descriptor {
    pub(super) unique_id: c_ulong,
    pub(super) label: *const c_char,
    pub(super) properties: c_int,
    pub(super) name: *const c_char,
    pub(super) maker: *const c_char,
    pub(super) copyright: *const c_char,
    pub(super) port_count: c_ulong,
    pub(super) port_descriptors: *const c_int,
    pub(super) port_names: *const *const c_char,
    pub(super) port_range_hints: *const RangeHint,
    pub(super) implementation_data: *mut c_void,
    pub(super) instantiate: unsafe extern "C" fn(*const Descriptor, c_ulong) -> *mut c_void,
    pub(super) connect_port: unsafe extern "C" fn(*mut c_void, c_ulong, *mut f32),
    pub(super) activate: unsafe extern "C" fn(*mut c_void),
    pub(super) run: unsafe extern "C" fn(*mut c_void, c_ulong),
    pub(super) run_adding: Option<unsafe extern "C" fn(*mut c_void, c_ulong)>,
    pub(super) set_run_adding_gain: Option<unsafe extern "C" fn(*mut c_void, f32)>,
    pub(super) deactivate: unsafe extern "C" fn(*mut c_void),
    pub(super) cleanup: unsafe extern "C" fn(*mut c_void),
}
