//! LADSPA: what PipeWire, Liquidsoap, EasyEffects' peers and ffmpeg load.
//!
//! Four labels: `earmark` and `earmark_stereo` hear on a thread of their own and are for real time; `earmark_offline` and
//! `earmark_offline_stereo` hear within `run()` and give the bytes of an offline render, so they are not declared capable of
//! hard real time.
//!
//! A LADSPA host knows a default only as a hint: 0, 1, the least, the largest or the middle value. Where that is not the
//! parameter's, its range begins at −1, and everything below 0 stands for the default.

mod abi;

use std::ffi::{CString, c_char, c_int, c_ulong, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::params::ParamSpec;
use crate::ports::{Instance, Layout, Port};
use abi::{Descriptor, RangeHint};

/// The labels with their numbers, which are as good as names: the host's projects have them.
const LABELS: [(&str, c_ulong, usize, bool); 4] = [
    ("earmark", 9_746_101, 1, false),
    ("earmark_stereo", 9_746_102, 2, false),
    ("earmark_offline", 9_746_103, 1, true),
    ("earmark_offline_stereo", 9_746_104, 2, true),
];

/// What a descriptor points to. Lives as long as the process: hosts keep pointers into it.
struct Library {
    descriptors: Vec<Descriptor>,
    _ports: Vec<Tables>,
}

/// The tables of one label.
struct Tables {
    kinds: Vec<c_int>,
    names: Vec<*const c_char>,
    hints: Vec<RangeHint>,
    _texts: Vec<CString>,
}

// SAFETY: nothing is written once it is made, and what it points to is its own.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

static LIBRARY: OnceLock<Library> = OnceLock::new();

/// What LADSPA hosts ask a library for: the label with this number; null beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn ladspa_descriptor(index: c_ulong) -> *const Descriptor {
    let library = LIBRARY.get_or_init(library);
    let wanted = usize::try_from(index).ok().and_then(|index| library.descriptors.get(index));
    wanted.map_or(std::ptr::null(), |descriptor| descriptor)
}

fn library() -> Library {
    let mut library = Library { descriptors: Vec::new(), _ports: Vec::new() };
    for (label, number, channels, offline) in LABELS {
        let mut texts = Vec::new();
        let tables = tables(Layout { channels }, &mut texts);
        let mut text = |text: &str| {
            let text = CString::new(text).unwrap_or_default();
            let pointer = text.as_ptr();
            texts.push(text);
            pointer
        };
        let name = match (channels, offline) {
            (1, false) => "Earmark",
            (_, false) => "Earmark stereo",
            (1, true) => "Earmark offline",
            (_, true) => "Earmark offline stereo",
        };
        library.descriptors.push(Descriptor {
            unique_id: number,
            label: text(label),
            properties: if offline { 0 } else { abi::HARD_REAL_TIME },
            name: text(name),
            maker: text(crate::VENDOR),
            copyright: text("MIT or Apache-2.0"),
            port_count: c_ulong::try_from(tables.kinds.len()).unwrap_or(0),
            port_descriptors: tables.kinds.as_ptr(),
            port_names: tables.names.as_ptr(),
            port_range_hints: tables.hints.as_ptr(),
            implementation_data: std::ptr::null_mut(),
            instantiate: if channels == 1 { instantiate::<1> } else { instantiate::<2> },
            connect_port,
            activate: if offline { activate::<true> } else { activate::<false> },
            run: if offline { run::<true> } else { run::<false> },
            run_adding: None,
            set_run_adding_gain: None,
            deactivate,
            cleanup,
        });
        // Moving them moves no text and no table: each lies on the heap.
        library._ports.push(Tables { _texts: texts, ..tables });
    }
    library
}

fn tables(layout: Layout, texts: &mut Vec<CString>) -> Tables {
    let mut tables = Tables { kinds: Vec::new(), names: Vec::new(), hints: Vec::new(), _texts: Vec::new() };
    for port in layout.ports() {
        let (kind, name, hint) = match port {
            Port::AudioIn(channel) => {
                (abi::INPUT | abi::AUDIO, format!("Input {}", channel + 1), RangeHint::default())
            }
            Port::AudioOut(channel) => {
                (abi::OUTPUT | abi::AUDIO, format!("Output {}", channel + 1), RangeHint::default())
            }
            Port::Control(spec) => (abi::INPUT | abi::CONTROL, named(spec), hint(spec)),
            Port::Told(output) => {
                let hint = RangeHint {
                    descriptor: abi::BOUNDED_BELOW | abi::BOUNDED_ABOVE,
                    lower: 0.0,
                    upper: output.most(),
                };
                (abi::OUTPUT | abi::CONTROL, output.name().to_owned(), hint)
            }
        };
        let name = CString::new(name).unwrap_or_default();
        tables.kinds.push(kind);
        tables.names.push(name.as_ptr());
        tables.hints.push(hint);
        texts.push(name);
    }
    tables
}

/// Name and unit.
fn named(spec: &ParamSpec) -> String {
    let unit = match spec.unit {
        // The value is a share.
        crate::params::Unit::Percent | crate::params::Unit::PercentOrAuto => "",
        unit => unit.symbol(),
    };
    if unit.is_empty() { spec.name.to_owned() } else { format!("{} [{unit}]", spec.name) }
}

#[expect(clippy::cast_possible_truncation, reason = "bounds of knobs")]
fn hint(spec: &ParamSpec) -> RangeHint {
    let (least, most, default) = (spec.min(), spec.max(), spec.default_plain());
    let kind = match (spec.steps(), &spec.kind) {
        (_, crate::params::Kind::Toggle { .. }) => abi::TOGGLED,
        (0, _) => 0,
        _ => abi::INTEGER,
    };
    let known = [
        (0.0, abi::DEFAULT_0),
        (1.0, abi::DEFAULT_1),
        (least, abi::DEFAULT_MINIMUM),
        (most, abi::DEFAULT_MAXIMUM),
        (0.5 * (least + most), abi::DEFAULT_MIDDLE),
        (100.0, abi::DEFAULT_100),
    ];
    let found = known.iter().find(|(value, _)| *value == default).map(|(_, hint)| *hint);
    let (lower, default) = found.map_or((-1.0, abi::DEFAULT_MINIMUM), |hint| (least, hint));
    let bounds = if kind == abi::TOGGLED { 0 } else { abi::BOUNDED_BELOW | abi::BOUNDED_ABOVE };
    RangeHint { descriptor: kind | bounds | default, lower: lower as f32, upper: most as f32 }
}

/// What a host makes of a hint.
#[cfg(test)]
fn default_of(hint: &RangeHint) -> f32 {
    match hint.descriptor & abi::DEFAULT_MASK {
        abi::DEFAULT_0 => 0.0,
        abi::DEFAULT_1 => 1.0,
        abi::DEFAULT_100 => 100.0,
        abi::DEFAULT_MINIMUM => hint.lower,
        abi::DEFAULT_MIDDLE => 0.5 * (hint.lower + hint.upper),
        abi::DEFAULT_MAXIMUM => hint.upper,
        other => panic!("{other:#x} is no default that is used here"),
    }
}

unsafe extern "C" fn instantiate<const CHANNELS: usize>(
    _: *const Descriptor,
    rate_hz: c_ulong,
) -> *mut c_void {
    #[cfg_attr(
        windows,
        expect(clippy::useless_conversion, reason = "C's `unsigned long` has 64 bits elsewhere")
    )]
    let rate_hz = u32::try_from(rate_hz).map_or(0.0, f64::from);
    let made = catch_unwind(|| Box::new(Instance::new(Layout { channels: CHANNELS }, rate_hz)));
    made.map_or(std::ptr::null_mut(), |instance| Box::into_raw(instance).cast())
}

/// Calls with the instance behind a handle; a panic does not reach the host.
///
/// # Safety
/// The handle is one of [`instantiate`]'s that was not cleaned up, and nobody else uses it meanwhile, as LADSPA says.
unsafe fn with(handle: *mut c_void, call: impl FnOnce(&mut Instance)) {
    // SAFETY: as the caller promises.
    if let Some(instance) = unsafe { handle.cast::<Instance>().as_mut() } {
        let _ = catch_unwind(AssertUnwindSafe(|| call(instance)));
    }
}

unsafe extern "C" fn connect_port(handle: *mut c_void, port: c_ulong, place: *mut f32) {
    // SAFETY: the host's handle.
    unsafe { with(handle, |instance| instance.connect(usize::try_from(port).unwrap_or(usize::MAX), place)) };
}

unsafe extern "C" fn activate<const OFFLINE: bool>(handle: *mut c_void) {
    // SAFETY: the host's handle, and what it connected can be read.
    unsafe { with(handle, |instance| instance.activate(OFFLINE)) };
}

unsafe extern "C" fn run<const OFFLINE: bool>(handle: *mut c_void, samples: c_ulong) {
    let samples = usize::try_from(samples).unwrap_or(0);
    // SAFETY: the host's handle, and all ports are connected as LADSPA asks, for so many samples.
    unsafe { with(handle, |instance| instance.run(samples, OFFLINE)) };
}

unsafe extern "C" fn deactivate(handle: *mut c_void) {
    // SAFETY: the host's handle.
    unsafe { with(handle, Instance::deactivate) };
}

unsafe extern "C" fn cleanup(handle: *mut c_void) {
    if !handle.is_null() {
        // SAFETY: made by `instantiate`, and the host gives it up.
        drop(unsafe { Box::from_raw(handle.cast::<Instance>()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;
    use crate::ports::{controls, plain};

    /// Once 0 ms of attack, for the fastest there is, were 10.
    #[test]
    fn only_below_zero_means_the_default() {
        let attack = id::ATTACK_MS.spec();
        assert_eq!([0.0, 0.5, 1.0, 7.0].map(|ms| plain(attack, ms)), [1.0, 1.0, 1.0, 7.0]);
        assert_eq!([-1.0, f32::NAN].map(|ms| plain(attack, ms)), [attack.default_plain(); 2]);
        let low_pass = id::DETECTOR_LOW_PASS_HZ.spec();
        assert_eq!([0.0, -1.0].map(|hz| plain(low_pass, hz)), [low_pass.default_plain(); 2], "no filter");
    }

    /// Once ducking by level began at -1 dBFS in a host that takes the defaults, and could be set no lower.
    #[test]
    fn every_control_has_its_default_and_its_range_in_a_host() {
        for spec in controls() {
            let hint = hint(spec);
            let default = plain(spec, default_of(&hint));
            assert!((default - spec.default_plain()).abs() < 1e-4, "{}: {default}", spec.key);
            if hint.descriptor & abi::BOUNDED_BELOW != 0 {
                let ends = [spec.min(), spec.max()];
                assert!(f64::from(hint.lower) <= ends[0] && f64::from(hint.upper) >= ends[1], "{}", spec.key);
            }
        }
    }
}
