//! What the processor puts out, as VST3 has it.

use vst3::ComRef;
use vst3::Steinberg::Vst::Event_::EventTypes_::{kLegacyMIDICCOutEvent, kNoteOffEvent, kNoteOnEvent};
use vst3::Steinberg::Vst::{
    Event, Event__type0, IEventList, IEventListTrait, IParamValueQueueTrait, IParameterChanges,
    IParameterChangesTrait, LegacyMIDICCOutEvent, NoteOffEvent, NoteOnEvent,
};

use super::block::HostBlock;
use super::com::unsigned;
use crate::edits::Edits;
use crate::params::ParamId;
use crate::processor::EventSink;

/// The host's output queues during one block.
pub(super) struct Sink<'a> {
    changes: Option<ComRef<'a, IParameterChanges>>,
    events: Option<ComRef<'a, IEventList>>,
    /// For hosts that record only edits by the main thread.
    lanes: &'a Edits,
    /// Where the piece that is processed begins in the host's block, and the block's last sample.
    start: usize,
    last: usize,
}

impl<'a> Sink<'a> {
    pub(super) fn new(block: &HostBlock<'a>, lanes: &'a Edits) -> Self {
        let last = block.samples().saturating_sub(1);
        Self { changes: block.changes_out(), events: block.events_out(), lanes, start: 0, last }
    }

    /// The next piece begins here.
    pub(super) fn begin_piece(&mut self, start: usize) {
        self.start = start;
    }

    fn at(&self, offset: u32) -> i32 {
        let sample = self.start.saturating_add(usize::try_from(offset).unwrap_or(usize::MAX)).min(self.last);
        i32::try_from(sample).unwrap_or(i32::MAX)
    }

    fn send(&self, offset: u32, r#type: u32, what: Event__type0) {
        let Some(events) = self.events else { return };
        let r#type = u16::try_from(r#type).unwrap_or(u16::MAX);
        let mut event = Event {
            busIndex: 0,
            sampleOffset: self.at(offset),
            ppqPosition: 0.0,
            flags: 0,
            r#type,
            __field0: what,
        };
        // SAFETY: the list lives for this block and copies the event, whose union holds what its type says.
        unsafe { events.addEvent(&raw mut event) };
    }
}

impl EventSink for Sink<'_> {
    fn param(&mut self, offset: u32, id: ParamId, plain: f64) {
        if !id.spec().flags.read_only {
            self.lanes.change(id);
        }
        let Some(changes) = self.changes else { return };
        let mut index = 0;
        // SAFETY: the list lives for this block; it copies the id.
        let queue = unsafe { changes.addParameterData(&raw const id.0, &raw mut index) };
        // SAFETY: null, or a queue that lives as long as its list.
        if let Some(queue) = unsafe { ComRef::from_raw(queue) } {
            // SAFETY: as above; the index may be written.
            unsafe { queue.addPoint(self.at(offset), id.spec().normalise(plain), &raw mut index) };
        }
    }

    fn gesture(&mut self, _offset: u32, id: ParamId, begins: bool) {
        if begins { self.lanes.begin(id) } else { self.lanes.end(id) }
    }

    fn note(&mut self, offset: u32, key: u8, on: bool) {
        let (channel, pitch, tuning, velocity, note_id) =
            (0, i16::from(key), 0.0, f32::from(u8::from(on)), -1);
        if on {
            let on = NoteOnEvent { channel, pitch, tuning, velocity, length: 0, noteId: note_id };
            self.send(offset, unsigned(kNoteOnEvent), Event__type0 { noteOn: on });
        } else {
            let off = NoteOffEvent { channel, pitch, velocity, noteId: note_id, tuning };
            self.send(offset, unsigned(kNoteOffEvent), Event__type0 { noteOff: off });
        }
    }

    fn controller(&mut self, offset: u32, controller: u8, value: u8) {
        let value = i8::try_from(value).unwrap_or(i8::MAX);
        let out = LegacyMIDICCOutEvent { controlNumber: controller, channel: 0, value, value2: 0 };
        self.send(offset, unsigned(kLegacyMIDICCOutEvent), Event__type0 { midiCCOut: out });
    }
}
