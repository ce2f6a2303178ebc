//! The presets that are built in as a program list: hosts show them beside their own presets, and choose one by a parameter that
//! only this format has.
//!
//! The parameter takes effect by the controller alone, on the main thread, as a preset that is loaded in the window does; in
//! a block it is passed over, since a preset is read and may restart the plugin. It is in no lane and in no state: a state has
//! the preset's name and all values. Saying again what is there changes nothing, so a host that repeats what it read takes
//! no edits away.

use std::sync::atomic::{AtomicU32, Ordering};

use earmark_core::gate;
use vst3::ComPtr;
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{kIsList, kIsProgramChange};
use vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandlerTrait, ParameterInfo, ProgramListID, ProgramListInfo, kRootUnitId,
};

use super::com::{count, int, unsigned};
use super::text::wide;
use crate::presets::title;
use crate::shared::Shared;

/// The list's number.
pub(super) const LIST: ProgramListID = 1;
/// The parameter's number, beyond all that the table may ever have.
pub(super) const PARAM: u32 = 1_000;

const NAME: &str = "Preset";
/// The first program: no preset.
const DEFAULTS: &str = "Default settings";

/// How many programs there are.
pub(super) fn programs() -> usize {
    gate::preset_names().count() + 1
}

/// A program's name for people.
pub(super) fn name(place: usize) -> Option<String> {
    match place.checked_sub(1) {
        None => Some(DEFAULTS.to_owned()),
        Some(preset) => gate::preset_names().nth(preset).map(title),
    }
}

/// The list as the host is told of it.
pub(super) fn list_info() -> ProgramListInfo {
    ProgramListInfo { id: LIST, name: wide("Presets"), programCount: count(programs()) }
}

/// The parameter as the host is told of it.
pub(super) fn parameter_info() -> ParameterInfo {
    ParameterInfo {
        id: PARAM,
        title: wide(NAME),
        shortTitle: wide(NAME),
        units: wide(""),
        stepCount: count(programs() - 1),
        defaultNormalizedValue: 0.0,
        unitId: kRootUnitId,
        flags: int(kIsProgramChange) | int(kIsList),
    }
}

/// The place of the program that is loaded; the first where there is none, or a file of the user's.
pub(super) fn current(shared: &Shared) -> usize {
    let loaded = shared.preset();
    let place = gate::preset_names().position(|name| loaded.as_deref() == Some(name));
    place.map_or(0, |place| place + 1)
}

/// A program's value, 0 to 1.
pub(super) fn normalised(place: usize) -> f64 {
    f64::from(count(place)) / f64::from(count(programs() - 1))
}

/// The place of the program with a value.
pub(super) fn place(normalised: f64) -> usize {
    place_of_plain(normalised.clamp(0.0, 1.0) * f64::from(count(programs() - 1)))
}

/// The place of the program with a plain value, which is its place.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the list; no number is 0"
)]
pub(super) fn place_of_plain(plain: f64) -> usize {
    plain.round().clamp(0.0, f64::from(count(programs() - 1))) as usize
}

/// The place of the program with a name.
pub(super) fn find(text: &str) -> Option<usize> {
    (0..programs()).find(|&place| name(place).is_some_and(|name| name.eq_ignore_ascii_case(text.trim())))
}

/// What the host knows of the program.
#[derive(Debug, Default)]
pub(super) struct Told(AtomicU32);

impl Told {
    /// The host chooses a program. Says whether that is another one than the one that is loaded, which is loaded then.
    pub(super) fn choose(&self, shared: &Shared, place: usize) -> bool {
        if place == current(shared) {
            return false;
        }
        match place.checked_sub(1).and_then(|preset| gate::preset_names().nth(preset)) {
            // Those that are built in can be loaded; a pack that is not there leaves all as it was.
            Some(preset) => drop(shared.take_preset(preset)),
            None => shared.take_defaults(),
        }
        self.note(current(shared));
        true
    }

    /// The host knows this one.
    pub(super) fn note(&self, place: usize) {
        self.0.store(unsigned(place), Ordering::Release);
    }

    /// Tells the host of another program that was chosen in the window. On its main thread.
    pub(super) fn tell(&self, shared: &Shared, handler: &ComPtr<IComponentHandler>) {
        let now = current(shared);
        if self.0.swap(unsigned(now), Ordering::AcqRel) == unsigned(now) {
            return;
        }
        // SAFETY: the handler is alive, the caller holds a reference, and this is the host's main thread.
        unsafe {
            handler.beginEdit(PARAM);
            handler.performEdit(PARAM, normalised(now));
            handler.endEdit(PARAM);
        }
    }
}
