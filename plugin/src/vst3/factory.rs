//! The factory: what is in the library, and making it.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Mutex;

use vst3::Steinberg::PClassInfo_::ClassCardinality_::kManyInstances;
use vst3::Steinberg::PFactoryInfo_::FactoryFlags_::kUnicode;
use vst3::Steinberg::{
    FIDString, FUnknown, IPluginFactory2Trait, IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait,
    PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo, TUID, kInternalError, kInvalidArgument, kResultOk,
    tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper, uid};

use super::com::{int, put};
use super::effect::Effect;
use super::guard::Guard;
use super::host::lock;
use super::text::{narrow, wide};
use crate::{NAME, VENDOR, VERSION};

/// Sixteen letters; the same in `bundler.toml`.
const CLASS_LETTERS: [u8; 16] = *b"EarmarkSpeechGt1";
const CATEGORY: &str = "Audio Module Class";
/// The same in `bundler.toml`.
const SUB_CATEGORIES: &str = "Fx|Dynamics";
const SDK_VERSION: &str = "VST 3.8.0";

/// The class id by which projects find the plugin; its text is the same on all systems, its bytes are not.
pub(super) const CLASS_ID: TUID = uid(word(0), word(4), word(8), word(12));

const fn word(at: usize) -> u32 {
    let id = CLASS_LETTERS;
    u32::from_be_bytes([id[at], id[at + 1], id[at + 2], id[at + 3]])
}

/// The factory of the library.
#[derive(Default)]
pub(super) struct Factory {
    context: Mutex<Option<ComPtr<FUnknown>>>,
    guard: Guard,
}

impl Class for Factory {
    type Interfaces = (IPluginFactory3,);
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        let found = PFactoryInfo {
            vendor: narrow(VENDOR),
            url: narrow(env!("CARGO_PKG_REPOSITORY")),
            email: narrow(""),
            flags: int(kUnicode),
        };
        // SAFETY: an out parameter.
        unsafe { put(info, found) }
    }

    unsafe fn countClasses(&self) -> i32 {
        1
    }

    unsafe fn getClassInfo(&self, class: i32, info: *mut PClassInfo) -> tresult {
        if class != 0 {
            return kInvalidArgument;
        }
        let found = PClassInfo {
            cid: CLASS_ID,
            cardinality: int(kManyInstances),
            category: narrow(CATEGORY),
            name: narrow(NAME),
        };
        // SAFETY: an out parameter.
        unsafe { put(info, found) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        self.guard.run(kInternalError, || {
            if class.is_null() || interface.is_null() || object.is_null() {
                return kInvalidArgument;
            }
            // SAFETY: an out parameter, not null.
            unsafe { object.write(ptr::null_mut()) };
            // SAFETY: class and interface ids have sixteen bytes each.
            if unsafe { id_at(class) } != CLASS_ID {
                return kInvalidArgument;
            }
            let context = lock(&self.context).clone();
            let Some(effect) = ComWrapper::new(Effect::new(context)).to_com_ptr::<FUnknown>() else {
                return kInternalError;
            };
            // SAFETY: a live object's own method; it takes the reference that the host gets, ours ends here.
            unsafe { ((*(*effect.as_ptr()).vtbl).queryInterface)(effect.as_ptr(), interface.cast(), object) }
        })
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, class: i32, info: *mut PClassInfo2) -> tresult {
        if class != 0 {
            return kInvalidArgument;
        }
        let found = PClassInfo2 {
            cid: CLASS_ID,
            cardinality: int(kManyInstances),
            category: narrow(CATEGORY),
            name: narrow(NAME),
            // Component and controller are one object: they cannot be put on two machines.
            classFlags: 0,
            subCategories: narrow(SUB_CATEGORIES),
            vendor: narrow(VENDOR),
            version: narrow(VERSION),
            sdkVersion: narrow(SDK_VERSION),
        };
        // SAFETY: an out parameter.
        unsafe { put(info, found) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, class: i32, info: *mut PClassInfoW) -> tresult {
        if class != 0 {
            return kInvalidArgument;
        }
        let found = PClassInfoW {
            cid: CLASS_ID,
            cardinality: int(kManyInstances),
            category: narrow(CATEGORY),
            name: wide(NAME),
            classFlags: 0,
            subCategories: narrow(SUB_CATEGORIES),
            vendor: wide(VENDOR),
            version: wide(VERSION),
            sdkVersion: wide(SDK_VERSION),
        };
        // SAFETY: an out parameter.
        unsafe { put(info, found) }
    }

    unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
        self.guard.run(kInternalError, || {
            // SAFETY: null or alive for this call; a reference is taken to keep it.
            let context = unsafe { ComRef::from_raw(context) }.map(|context| context.to_com_ptr());
            let old = std::mem::replace(&mut *lock(&self.context), context);
            drop(old);
            kResultOk
        })
    }
}

/// The id at a host's pointer, which need not be aligned.
///
/// # Safety
/// Sixteen bytes may be read there.
unsafe fn id_at(id: *const c_char) -> TUID {
    // SAFETY: by the caller's word.
    unsafe { id.cast::<TUID>().read_unaligned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_those_of_the_bundles() {
        let bundler = include_str!("../../../bundler.toml");
        let letters = std::str::from_utf8(&CLASS_LETTERS).expect("letters");
        assert!(bundler.contains(&format!("vst3_class_id = \"{letters}\"")));
        let categories: Vec<_> = SUB_CATEGORIES.split('|').map(|part| format!("\"{part}\"")).collect();
        assert!(bundler.contains(&format!("vst3_categories = [{}]", categories.join(", "))));
    }
}
