//! Events on their way to the plugin, and what is read of those that it sends.

use clack_host::events::event_types::{ParamValueEvent, TransportEvent, TransportFlags};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{EventFlags, EventHeader, Match, Pckn};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, ClapId, SecondsTime};
use earmark_plugin::ParamId;

use super::{Out, Timed};

/// A host that plays, at a place of its timeline.
pub fn transport(seconds: f64) -> TransportEvent {
    TransportEvent {
        header: EventHeader::new_core(0, EventFlags::empty()),
        flags: TransportFlags::HAS_SECONDS_TIMELINE | TransportFlags::IS_PLAYING,
        song_pos_beats: BeatTime::from_int(0),
        song_pos_seconds: SecondsTime::from_float(seconds),
        tempo: 0.0,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_int(0),
        loop_end_beats: BeatTime::from_int(0),
        loop_start_seconds: SecondsTime::from_int(0),
        loop_end_seconds: SecondsTime::from_int(0),
        bar_start: BeatTime::from_int(0),
        bar_number: 0,
        time_signature_numerator: 4,
        time_signature_denominator: 4,
    }
}

pub fn value_event(time: u32, id: ParamId, value: f64) -> ParamValueEvent {
    ParamValueEvent::new(time, ClapId::new(id.0), Pckn::match_all(), value)
}

/// Every event must lie inside its block, with no flag set.
pub fn timed(event: &UnknownEvent, position: u64, samples: usize) -> Option<Timed> {
    let header = event.header();
    assert!((header.time() as usize) < samples.max(1), "an event beyond its block");
    assert!(header.flags().is_empty(), "events carry no flags");
    let param = |id: Option<ClapId>| ParamId(id.expect("an id").get());
    let key = |key: Match<u16>| u8::try_from(key.into_specific().expect("a key")).expect("a MIDI key");
    let out = match event.as_core_event()? {
        CoreEventSpace::ParamValue(event) => Out::Param { id: param(event.param_id()), value: event.value() },
        CoreEventSpace::ParamGestureBegin(event) => {
            Out::Gesture { id: param(event.param_id()), begins: true }
        }
        CoreEventSpace::ParamGestureEnd(event) => Out::Gesture { id: param(event.param_id()), begins: false },
        CoreEventSpace::NoteOn(event) => Out::Note { key: key(event.key()), on: true },
        CoreEventSpace::NoteOff(event) => Out::Note { key: key(event.key()), on: false },
        CoreEventSpace::Midi(event) => {
            let [status, number, value] = event.data();
            assert_eq!(status, 0xb0, "only controllers");
            Out::Controller { number, value }
        }
        other => panic!("an event of no use: {other:?}"),
    };
    Some((position + u64::from(header.time()), out))
}
