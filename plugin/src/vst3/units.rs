//! `IUnitInfo`: groups of parameters as folders, and the list of programs.

use vst3::Steinberg::Vst::{
    BusDirection, CString, IUnitInfoTrait, MediaType, ProgramListID, ProgramListInfo, String128, UnitID,
    UnitInfo, kNoParentUnitId, kNoProgramListId, kRootUnitId,
};
use vst3::Steinberg::{IBStream, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult};

use super::com::{count, index, put};
use super::effect::Effect;
use super::programs;
use super::text::wide;
use crate::params::Group;

/// The unit of a group; the root has number 0.
pub(super) fn unit_of(group: Group) -> UnitID {
    let place = Group::ALL.iter().position(|&other| other == group);
    place.map_or(kRootUnitId, |place| count(place + 1))
}

fn unit(place: usize) -> Option<UnitInfo> {
    let root = UnitInfo {
        id: kRootUnitId,
        parentUnitId: kNoParentUnitId,
        name: wide(crate::NAME),
        programListId: programs::LIST,
    };
    if place == 0 {
        return Some(root);
    }
    let group = *Group::ALL.get(place - 1)?;
    Some(UnitInfo {
        id: unit_of(group),
        parentUnitId: kRootUnitId,
        name: wide(group.name()),
        programListId: kNoProgramListId,
    })
}

impl IUnitInfoTrait for Effect {
    unsafe fn getUnitCount(&self) -> i32 {
        count(Group::ALL.len() + 1)
    }

    unsafe fn getUnitInfo(&self, place: i32, to: *mut UnitInfo) -> tresult {
        // SAFETY: an out parameter.
        self.run(|_| unit(index(place)).map_or(kInvalidArgument, |unit| unsafe { put(to, unit) }))
    }

    unsafe fn getProgramListCount(&self) -> i32 {
        1
    }

    unsafe fn getProgramListInfo(&self, place: i32, to: *mut ProgramListInfo) -> tresult {
        self.run(|_| {
            if place != 0 {
                return kResultFalse;
            }
            // SAFETY: an out parameter.
            unsafe { put(to, programs::list_info()) }
        })
    }

    unsafe fn getProgramName(&self, list: ProgramListID, program: i32, to: *mut String128) -> tresult {
        self.run(|_| {
            let name = programs::name(index(program)).filter(|_| list == programs::LIST);
            // SAFETY: an out parameter.
            name.map_or(kResultFalse, |name| unsafe { put(to, wide(&name)) })
        })
    }

    unsafe fn getProgramInfo(
        &self,
        _list: ProgramListID,
        _program: i32,
        _attribute: CString,
        _value: *mut String128,
    ) -> tresult {
        kResultFalse
    }

    unsafe fn hasProgramPitchNames(&self, _list: ProgramListID, _program: i32) -> tresult {
        kResultFalse
    }

    unsafe fn getProgramPitchName(
        &self,
        _list: ProgramListID,
        _program: i32,
        _pitch: i16,
        _name: *mut String128,
    ) -> tresult {
        kResultFalse
    }

    unsafe fn getSelectedUnit(&self) -> UnitID {
        kRootUnitId
    }

    unsafe fn selectUnit(&self, _unit: UnitID) -> tresult {
        kResultOk
    }

    unsafe fn getUnitByBus(
        &self,
        _media: MediaType,
        _direction: BusDirection,
        _bus: i32,
        _channel: i32,
        _unit: *mut UnitID,
    ) -> tresult {
        kResultFalse
    }

    unsafe fn setUnitProgramData(&self, _list_or_unit: i32, _program: i32, _data: *mut IBStream) -> tresult {
        kNotImplemented
    }
}
