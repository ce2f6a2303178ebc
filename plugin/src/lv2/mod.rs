//! LV2: audio, controls, and what is heard as output controls. What the host reads about it lies in `plugin/lv2/`, which a test
//! holds against [`turtle`].
//!
//! The control that is designated `freeWheeling` says that the host renders: the ear is then waited for, and the sound is that
//! of an offline render.

use std::cmp::Ordering;
use std::ffi::{CStr, c_char, c_void};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::params::{Kind, ParamSpec, Unit, id};
use crate::ports::{Instance, Layout, Output, Port};

/// The names of the plugins with their channels.
const PLUGINS: [(&CStr, usize); 2] = [(c"urn:earmark:lv2:mono", 1), (c"urn:earmark:lv2:stereo", 2)];

/// The interface, by lv2core 18.
#[derive(Debug)]
#[repr(C)]
pub struct Descriptor {
    uri: *const c_char,
    instantiate:
        unsafe extern "C" fn(*const Descriptor, f64, *const c_char, *const *const c_void) -> *mut c_void,
    connect_port: unsafe extern "C" fn(*mut c_void, u32, *mut f32),
    activate: unsafe extern "C" fn(*mut c_void),
    run: unsafe extern "C" fn(*mut c_void, u32),
    deactivate: unsafe extern "C" fn(*mut c_void),
    cleanup: unsafe extern "C" fn(*mut c_void),
    extension_data: unsafe extern "C" fn(*const c_char) -> *const c_void,
}

// SAFETY: nothing is written after it was compiled, and the name that it points to is a constant.
unsafe impl Sync for Descriptor {}

static DESCRIPTORS: [Descriptor; PLUGINS.len()] = [
    Descriptor { uri: PLUGINS[0].0.as_ptr(), instantiate: instantiate::<1>, ..COMMON },
    Descriptor { uri: PLUGINS[1].0.as_ptr(), instantiate: instantiate::<2>, ..COMMON },
];

const COMMON: Descriptor = Descriptor {
    uri: std::ptr::null(),
    instantiate: instantiate::<1>,
    connect_port,
    activate,
    run,
    deactivate,
    cleanup,
    extension_data,
};

/// What LV2 hosts ask a library for: the plugin with this number; null beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn lv2_descriptor(index: u32) -> *const Descriptor {
    let wanted = usize::try_from(index).ok().and_then(|index| DESCRIPTORS.get(index));
    wanted.map_or(std::ptr::null(), |descriptor| descriptor)
}

/// The place of the port that says that the host renders: behind the controls that the first version had. Those that came
/// later stand behind it, so that no port changes its number.
fn free_wheeling_port(layout: Layout) -> usize {
    let came_later = |port: &Port| matches!(port, Port::Control(spec) if spec.id >= id::SPEECH_OPEN);
    let ports = layout.ports();
    ports.iter().position(came_later).unwrap_or(ports.len())
}

/// An instance, and where the host says that it renders.
struct Handle {
    instance: Instance,
    free_wheeling_port: usize,
    free_wheeling: *const f32,
}

impl Handle {
    /// # Safety
    /// As for [`Instance::activate`].
    unsafe fn is_offline(&self) -> bool {
        // SAFETY: if it is connected it can be read, as the caller promises.
        !self.free_wheeling.is_null() && unsafe { *self.free_wheeling } > 0.0
    }
}

unsafe extern "C" fn instantiate<const CHANNELS: usize>(
    _: *const Descriptor,
    rate_hz: f64,
    _: *const c_char,
    _: *const *const c_void,
) -> *mut c_void {
    let made = catch_unwind(|| {
        let layout = Layout { channels: CHANNELS };
        Box::new(Handle {
            instance: Instance::new(layout, rate_hz),
            free_wheeling_port: free_wheeling_port(layout),
            free_wheeling: std::ptr::null(),
        })
    });
    made.map_or(std::ptr::null_mut(), |handle| Box::into_raw(handle).cast())
}

/// Calls with what is behind a handle; a panic does not reach the host.
///
/// # Safety
/// The handle is one of [`instantiate`]'s that was not cleaned up, and nobody else uses it meanwhile, as LV2 says.
unsafe fn with(handle: *mut c_void, call: impl FnOnce(&mut Handle)) {
    // SAFETY: as the caller promises.
    if let Some(handle) = unsafe { handle.cast::<Handle>().as_mut() } {
        let _ = catch_unwind(AssertUnwindSafe(|| call(handle)));
    }
}

unsafe extern "C" fn connect_port(handle: *mut c_void, port: u32, place: *mut f32) {
    let port = usize::try_from(port).unwrap_or(usize::MAX);
    let connect = |handle: &mut Handle| match port.cmp(&handle.free_wheeling_port) {
        Ordering::Less => handle.instance.connect(port, place),
        Ordering::Equal => handle.free_wheeling = place,
        Ordering::Greater => handle.instance.connect(port - 1, place),
    };
    // SAFETY: the host's handle.
    unsafe { with(handle, connect) };
}

unsafe extern "C" fn activate(handle: *mut c_void) {
    // SAFETY: the host's handle, and what it connected can be read.
    unsafe { with(handle, |handle| handle.instance.activate(handle.is_offline())) };
}

unsafe extern "C" fn run(handle: *mut c_void, samples: u32) {
    let samples = usize::try_from(samples).unwrap_or(0);
    // SAFETY: the host's handle, and all ports are connected as LV2 asks, for so many samples.
    unsafe { with(handle, |handle| handle.instance.run(samples, handle.is_offline())) };
}

unsafe extern "C" fn deactivate(handle: *mut c_void) {
    // SAFETY: the host's handle.
    unsafe { with(handle, |handle| handle.instance.deactivate()) };
}

unsafe extern "C" fn cleanup(handle: *mut c_void) {
    if !handle.is_null() {
        // SAFETY: made by `instantiate`, and the host gives it up.
        drop(unsafe { Box::from_raw(handle.cast::<Handle>()) });
    }
}

unsafe extern "C" fn extension_data(_: *const c_char) -> *const c_void {
    std::ptr::null()
}

/// The file that tells hosts where the plugins are: `manifest.ttl`.
pub fn manifest() -> String {
    let mut text = String::from(
        "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n",
    );
    for (uri, _) in PLUGINS {
        let uri = uri.to_string_lossy();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n<{uri}>\n\ta lv2:Plugin ;\n\tlv2:binary <earmark.so> ;\n\trdfs:seeAlso <earmark.ttl> .\n"
        );
    }
    text
}

/// The port by which a host says that it renders, but for its number.
const FREE_WHEELING: &str = "\t\ta lv2:InputPort , lv2:ControlPort ;\n\t\tlv2:symbol \"free_wheeling\" ;\n\
     \t\tlv2:name \"Free wheeling\" ;\n\t\tlv2:designation lv2:freeWheeling ;\n\
     \t\tlv2:portProperty lv2:toggled , pprops:notOnGUI ;\n\
     \t\tlv2:default 0.0 ;\n\t\tlv2:minimum 0.0 ;\n\t\tlv2:maximum 1.0 ;\n";

/// The file that describes them: `earmark.ttl`.
pub fn turtle() -> String {
    let mut text = String::from(
        "@prefix doap: <http://usefulinc.com/ns/doap#> .\n\
         @prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n\
         @prefix pprops: <http://lv2plug.in/ns/ext/port-props#> .\n\
         @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n\
         @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n\
         @prefix units: <http://lv2plug.in/ns/extensions/units#> .\n",
    );
    for (uri, channels) in PLUGINS {
        let uri = uri.to_string_lossy();
        let name = if channels == 1 { "Earmark mono" } else { "Earmark" };
        let _ = write!(
            text,
            "\n<{uri}>\n\ta lv2:Plugin , lv2:GatePlugin ;\n\tdoap:name \"{name}\" ;\n\
             \tdoap:license <https://www.apache.org/licenses/LICENSE-2.0> ;\n\
             \tlv2:minorVersion 1 ;\n\tlv2:microVersion 0 ;\n\
             \tlv2:optionalFeature lv2:hardRTCapable ;\n\tlv2:port"
        );
        let layout = Layout { channels };
        let mut ports: Vec<Option<Port>> = layout.ports().into_iter().map(Some).collect();
        ports.insert(free_wheeling_port(layout), None);
        for (index, port) in ports.iter().enumerate() {
            let _ = writeln!(text, " [");
            match port {
                Some(port) => describe(*port, channels, &mut text),
                None => text.push_str(FREE_WHEELING),
            }
            let end = if index + 1 == ports.len() { "." } else { "," };
            let _ = write!(text, "\t\tlv2:index {index}\n\t] {end}");
        }
        text.push('\n');
    }
    text
}

/// All of a port but its number.
fn describe(port: Port, channels: usize, text: &mut String) {
    let line = |text: &mut String, what: &str| {
        let _ = writeln!(text, "\t\t{what} ;");
    };
    match port {
        Port::AudioIn(channel) => {
            line(text, "a lv2:InputPort , lv2:AudioPort");
            line(text, &format!("lv2:symbol \"in_{}\"", channel + 1));
            line(text, &format!("lv2:name \"{}\"", channel_name("In", channel, channels)));
        }
        Port::AudioOut(channel) => {
            line(text, "a lv2:OutputPort , lv2:AudioPort");
            line(text, &format!("lv2:symbol \"out_{}\"", channel + 1));
            line(text, &format!("lv2:name \"{}\"", channel_name("Out", channel, channels)));
        }
        Port::Control(spec) => {
            line(text, "a lv2:InputPort , lv2:ControlPort");
            line(text, &format!("lv2:symbol \"{}\"", spec.key));
            line(text, &format!("lv2:name \"{}\"", spec.name));
            line(text, &format!("rdfs:comment \"{}\"", spec.help));
            control(spec, text);
        }
        Port::Told(output) => {
            line(text, "a lv2:OutputPort , lv2:ControlPort");
            let symbol = output.name().to_lowercase().replace(' ', "_");
            line(text, &format!("lv2:symbol \"{symbol}_out\""));
            line(text, &format!("lv2:name \"{}\"", output.name()));
            range(0.0, 0.0, f64::from(output.most()), text);
            if output == Output::Latency {
                line(text, "lv2:designation lv2:latency");
                line(text, "lv2:portProperty lv2:reportsLatency , lv2:integer , pprops:notOnGUI");
                line(text, "units:unit units:frame");
            }
        }
    }
}

fn channel_name(side: &str, channel: usize, channels: usize) -> String {
    match (channels, channel) {
        (1, _) => side.to_owned(),
        (_, 0) => format!("{side} left"),
        (..) => format!("{side} right"),
    }
}

fn range(default: f64, least: f64, most: f64, text: &mut String) {
    let _ = writeln!(
        text,
        "\t\tlv2:default {default:?} ;\n\t\tlv2:minimum {least:?} ;\n\t\tlv2:maximum {most:?} ;"
    );
}

fn control(spec: &ParamSpec, text: &mut String) {
    range(spec.default_plain(), spec.min(), spec.max(), text);
    match spec.kind {
        Kind::Toggle { .. } => text.push_str("\t\tlv2:portProperty lv2:toggled ;\n"),
        Kind::Choice { names, .. } => {
            text.push_str("\t\tlv2:portProperty lv2:integer , lv2:enumeration ;\n\t\tlv2:scalePoint");
            let points: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(value, name)| format!(" [ rdfs:label \"{name}\" ; rdf:value {value} ]"))
                .collect();
            let _ = writeln!(text, "{} ;", points.join(" ,"));
        }
        Kind::Float { .. } => {}
    }
    let unit = match spec.unit {
        Unit::Milliseconds => "units:ms",
        Unit::Seconds => "units:s",
        Unit::Decibels | Unit::Dbfs | Unit::DbfsOrOff => "units:db",
        Unit::HertzOrOff => "units:hz",
        Unit::None | Unit::Percent | Unit::PercentOrAuto | Unit::Ratio => return,
    };
    let _ = writeln!(text, "\t\tunits:unit {unit} ;");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Released symbols in their order: hosts may keep the numbers.
    #[test]
    fn no_port_changes_its_number() {
        let text = turtle();
        let mono = text.split("<urn:earmark:lv2:stereo>").next().unwrap_or_default();
        let symbols: Vec<&str> =
            mono.split("lv2:symbol \"").skip(1).filter_map(|at| at.split('"').next()).collect();
        let released = [
            "in_1",
            "out_1",
            "speech_out",
            "music_out",
            "noise_out",
            "singing_out",
            "gain_reduction_out",
            "latency_out",
            "bypass",
            "mode",
            "keep",
            "listen",
            "open_probability",
            "close_probability",
            "attack_ms",
            "hold_ms",
            "release_ms",
            "range_db",
            "lookahead_ms",
            "duck_db",
            "duck_shape",
            "duck_ratio",
            "duck_above_dbfs",
            "duck_knee_db",
            "link",
            "wet",
            "output_db",
            "fail_mode",
            "pack",
            "adaptive",
            "keep_singing",
            "free_wheeling",
        ];
        assert_eq!(symbols[..released.len()], released);
        let later = [
            "fast_ear",
            "fast_lookahead_ms",
            "open_above_dbfs",
            "detector_high_pass_hz",
            "detector_low_pass_hz",
        ];
        assert!(symbols[released.len()..].ends_with(&later));
    }

    /// `EARMARK_WRITE_TTL=1` writes the files.
    #[test]
    fn the_files_beside_the_library_describe_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lv2");
        for (name, text) in [("manifest.ttl", manifest()), ("earmark.ttl", turtle())] {
            let path = folder.join(name);
            if std::env::var_os("EARMARK_WRITE_TTL").is_some() {
                std::fs::write(&path, &text).expect("written");
            }
            let there = std::fs::read_to_string(&path).expect("a file");
            assert!(
                there == text,
                "{} is not what the ports say: EARMARK_WRITE_TTL=1 writes it",
                path.display()
            );
        }
    }
}
