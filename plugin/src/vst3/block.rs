//! A host's buffers of one block.
//!
//! Samples are copied from and to buffers of our own: then it does not matter whether the host passes the same memory as
//! input and output, in doubles, or leaves buses, channels or pointers out.

use std::ptr::NonNull;

use vst3::ComRef;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::kPlaying;
use vst3::Steinberg::Vst::ProcessModes_::kRealtime;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample64;
use vst3::Steinberg::Vst::{AudioBusBuffers, IEventList, IParameterChanges, ProcessData};

use super::com::{index, int, unsigned};
use super::layout::Direction;

/// The block that a host passes to `process`.
pub(super) struct HostBlock<'a> {
    data: &'a ProcessData,
    samples: usize,
    doubles: bool,
}

impl<'a> HostBlock<'a> {
    /// # Safety
    /// `data` is null or a block as VST3 describes it, and lives as long as the result: `inputs` and `outputs` are null or
    /// have as many buses as it says, each bus null or as many channel pointers as it says, each channel null or
    /// `numSamples` samples of the size that it says, its interfaces null or alive.
    pub(super) unsafe fn new(data: *mut ProcessData) -> Option<Self> {
        // SAFETY: null or valid by the caller's word.
        let data = unsafe { data.as_ref() }?;
        let samples = usize::try_from(data.numSamples).unwrap_or(0);
        Some(Self { data, samples, doubles: data.symbolicSampleSize == int(kSample64) })
    }

    /// Samples in the block; 0 when the host only hands over parameters.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Whether the host processes this block ahead of time or faster than it lasts.
    pub(super) fn is_offline(&self) -> bool {
        self.data.processMode != int(kRealtime)
    }

    /// Where the block stands on the host's timeline, samples from its zero, while the host plays and says so.
    pub(super) fn timeline(&self) -> Option<i64> {
        // SAFETY: null or alive for this block.
        let context = unsafe { self.data.processContext.as_ref() }?;
        (context.state & unsigned(kPlaying) != 0).then_some(context.projectTimeSamples)
    }

    /// Channels that the host passes for a bus.
    pub(super) fn channels(&self, direction: Direction, bus: usize) -> usize {
        self.bus(direction, bus).map_or(0, |bus| {
            // SAFETY: every member of the union is a pointer.
            let is_null = unsafe { self.bus_at(bus).__field0.channelBuffers32.is_null() };
            if is_null { 0 } else { usize::try_from(self.bus_at(bus).numChannels).unwrap_or(0) }
        })
    }

    /// Copies a part of an input channel; zeros where the host passes none or says that it is silent.
    pub(super) fn read(&self, bus: usize, channel: usize, start: usize, into: &mut [f32]) {
        let silent =
            self.bus(Direction::In, bus).is_some_and(|bus| is_silent(self.bus_at(bus).silenceFlags, channel));
        let from = self
            .channel(Direction::In, bus, channel)
            .filter(|_| !silent && start + into.len() <= self.samples);
        match from {
            None => into.fill(0.0),
            Some(Channel::Single(from)) => {
                for (sample, to) in into.iter_mut().enumerate() {
                    // SAFETY: inside the block, whose samples may be read.
                    *to = unsafe { from.add(start + sample).read() };
                }
            }
            Some(Channel::Double(from)) => {
                for (sample, to) in into.iter_mut().enumerate() {
                    // SAFETY: inside the block, whose samples may be read.
                    *to = narrow(unsafe { from.add(start + sample).read() });
                }
            }
        }
    }

    /// Writes a part of an output channel, if the host has it.
    pub(super) fn write(&self, bus: usize, channel: usize, start: usize, from: &[f32]) {
        let to = self.channel(Direction::Out, bus, channel).filter(|_| start + from.len() <= self.samples);
        match to {
            None => {}
            Some(Channel::Single(to)) => {
                for (sample, &value) in from.iter().enumerate() {
                    // SAFETY: inside the block; output samples may be written.
                    unsafe { to.add(start + sample).write(value) };
                }
            }
            Some(Channel::Double(to)) => {
                for (sample, &value) in from.iter().enumerate() {
                    // SAFETY: inside the block; output samples may be written.
                    unsafe { to.add(start + sample).write(f64::from(value)) };
                }
            }
        }
    }

    /// Tells which channels of an output bus are all zeros.
    pub(super) fn flag_silence(&self, bus: usize, flags: u64) {
        if let Some(bus) = self.bus(Direction::Out, bus) {
            // SAFETY: the host lets its output buses be written; nothing borrows this one.
            unsafe { (*bus.as_ptr()).silenceFlags = flags };
        }
    }

    /// Parameter changes of the host.
    pub(super) fn changes_in(&self) -> Option<ComRef<'a, IParameterChanges>> {
        // SAFETY: null or alive for this block.
        unsafe { ComRef::from_raw(self.data.inputParameterChanges) }
    }

    /// Where our parameter changes go.
    pub(super) fn changes_out(&self) -> Option<ComRef<'a, IParameterChanges>> {
        // SAFETY: null or alive for this block.
        unsafe { ComRef::from_raw(self.data.outputParameterChanges) }
    }

    /// Where our events go.
    pub(super) fn events_out(&self) -> Option<ComRef<'a, IEventList>> {
        // SAFETY: null or alive for this block.
        unsafe { ComRef::from_raw(self.data.outputEvents) }
    }

    fn bus(&self, direction: Direction, bus: usize) -> Option<NonNull<AudioBusBuffers>> {
        let (buses, count) = match direction {
            Direction::In => (self.data.inputs, self.data.numInputs),
            Direction::Out => (self.data.outputs, self.data.numOutputs),
        };
        if buses.is_null() || count < 0 || bus >= index(count) {
            return None;
        }
        // SAFETY: inside the array, which has `count` buses.
        NonNull::new(unsafe { buses.add(bus) })
    }

    /// A copy of a bus's fields, so that no reference into the host's memory stays.
    fn bus_at(&self, bus: NonNull<AudioBusBuffers>) -> AudioBusBuffers {
        // SAFETY: `bus` points into the host's array.
        unsafe { bus.as_ptr().read() }
    }

    fn channel(&self, direction: Direction, bus: usize, channel: usize) -> Option<Channel> {
        let found = self.bus_at(self.bus(direction, bus)?);
        if channel >= self.channels(direction, bus) {
            return None;
        }
        if self.doubles {
            // SAFETY: the block has doubles, so this is the member that was written, with as many pointers as channels.
            let samples = unsafe { found.__field0.channelBuffers64.add(channel).read() };
            (!samples.is_null()).then_some(Channel::Double(samples))
        } else {
            // SAFETY: the block has singles, so this is the member that was written, with as many pointers as channels.
            let samples = unsafe { found.__field0.channelBuffers32.add(channel).read() };
            (!samples.is_null()).then_some(Channel::Single(samples))
        }
    }
}

/// The first sample of a channel.
#[derive(Clone, Copy)]
enum Channel {
    Single(*mut f32),
    Double(*mut f64),
}

fn is_silent(flags: u64, channel: usize) -> bool {
    channel < 64 && flags >> channel & 1 == 1
}

#[expect(clippy::cast_possible_truncation, reason = "the gate works in single precision")]
fn narrow(sample: f64) -> f32 {
    sample as f32
}
