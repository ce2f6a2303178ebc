//! The audio thread: a host's block in, the processor, a host's block out.
//!
//! Planes are copied in and out. A host may pass inputs and outputs that share memory in any way, null for what is not
//! connected, or 64-bit samples: after the copy none of that matters. All `unsafe` of this file is in the two
//! copies.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrayvec::ArrayVec;
use clack_extensions::params::PluginAudioProcessorParams;
use clack_plugin::events::Match;
use clack_plugin::events::Pckn;
use clack_plugin::events::event_types::{
    MidiEvent, NoteOffEvent, NoteOnEvent, ParamGestureBeginEvent, ParamGestureEndEvent, TransportEvent,
    TransportFlags,
};
use clack_plugin::prelude::*;
use clack_plugin::process::ConstantMask;
use clack_plugin::process::audio::SampleType;

use super::params::{clap_id, param_event, value_event};
use super::{ClapMain, ClapShared};
use crate::params::ParamId;
use crate::processor::{
    Activation, Block, EventSink, Flow, LABEL_PLANES, MAX_CHANNELS, ParamEvent, Processor,
};

/// Parameter events of one block that are placed to the sample; beyond these, a value is set at once.
const EVENTS: usize = 4_096;

/// The audio thread's part of an instance.
#[derive(Debug)]
pub struct ClapAudio<'a> {
    shared: &'a ClapShared<'a>,
    processor: Processor,
    max_block: usize,
    rate_hz: f64,
    events: Vec<ParamEvent>,
    main: Vec<Vec<f32>>,
    sidechain: Vec<Vec<f32>>,
    labels: Vec<Vec<f32>>,
}

impl<'a> ClapAudio<'a> {
    pub(super) fn tail_samples(&self) -> u32 {
        self.processor.tail_samples()
    }
}

impl<'a> PluginAudioProcessor<'a, ClapShared<'a>, ClapMain<'a>> for ClapAudio<'a> {
    fn activate(
        _host: HostAudioProcessorHandle<'a>,
        main_thread: &ClapMain<'a>,
        shared: &'a ClapShared<'a>,
        config: PluginAudioConfiguration,
    ) -> Result<Self, PluginError> {
        let layout = main_thread.layout.get();
        let max_block = usize::try_from(config.max_frames_count).unwrap_or(usize::MAX).max(1);
        let activation = Activation {
            rate_hz: config.sample_rate,
            max_block,
            channels: u16::try_from(layout.channels()).unwrap_or(u16::MAX),
            sidechain_channels: u16::try_from(layout.sidechain()).unwrap_or(u16::MAX),
            offline: shared.offline.load(Ordering::Acquire),
        };
        let processor = Processor::activate(Arc::clone(&shared.plugin), &activation)?;
        main_thread.report_latency();
        let planes = |count: usize| vec![vec![0.0; max_block]; count];
        Ok(Self {
            shared,
            processor,
            max_block,
            rate_hz: config.sample_rate,
            events: Vec::with_capacity(EVENTS),
            main: planes(usize::from(activation.channels)),
            sidechain: planes(usize::from(activation.sidechain_channels).min(MAX_CHANNELS)),
            labels: planes(if layout.labels { LABEL_PLANES } else { 0 }),
        })
    }

    fn process(
        &mut self,
        process: Process,
        mut audio: Audio,
        events: Events,
    ) -> Result<ProcessStatus, PluginError> {
        let frames = usize::try_from(audio.frames_count()).unwrap_or(usize::MAX);
        self.shared.send_edits(events.output);
        self.take_events(events.input, frames);
        let offline = self.shared.offline.load(Ordering::Acquire);
        let timeline = process.transport.and_then(|transport| self.timeline(transport));
        let (mut from, mut first_event) = (0, 0);
        // A host that passes more than it said is served in pieces; a block without samples still carries events.
        let flow = loop {
            let samples = (frames - from).min(self.max_block);
            let is_last = from + samples == frames;
            let due = self.events[first_event..].partition_point(|event| {
                is_last || usize::try_from(event.offset).is_ok_and(|offset| offset < from + samples)
            });
            let due = first_event..first_event + due;
            first_event = due.end;
            if samples > 0 {
                self.processor.play_from(timeline.map(|start| start.saturating_add_unsigned(from as u64)));
            }
            let flow = self.piece(&mut audio, events.output, from, samples, due, offline);
            if is_last {
                break flow;
            }
            from += samples;
        };
        self.shared.pass_on_restart();
        set_masks(&mut audio, flow);
        Ok(match flow {
            Flow::Continue => ProcessStatus::Continue,
            Flow::Sleep => ProcessStatus::Sleep,
        })
    }

    fn reset(&mut self) {
        self.processor.reset();
    }

    fn deactivate(self, main_thread: &ClapMain<'a>) {
        // Without audio only a flush can end the gestures of lanes that were being written.
        drop(self.processor);
        main_thread.request_flush();
    }
}

impl PluginAudioProcessorParams for ClapAudio<'_> {
    fn flush(&mut self, input: &InputEvents, output: &mut OutputEvents) {
        self.shared.flush(input, output);
    }
}

impl ClapAudio<'_> {
    /// Where a block stands on the timeline, samples, while the host plays and says so.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be an i64, and rounded")]
    fn timeline(&self, transport: &TransportEvent) -> Option<i64> {
        let says = TransportFlags::HAS_SECONDS_TIMELINE | TransportFlags::IS_PLAYING;
        if !transport.flags.contains(says) {
            return None;
        }
        let samples = (transport.song_pos_seconds.to_float() * self.rate_hz).round();
        // Ten thousand years of samples: a host that says more says nothing.
        (samples.abs() < 1e17).then_some(samples as i64)
    }

    fn take_events(&mut self, input: &InputEvents, frames: usize) {
        self.events.clear();
        let last = u32::try_from(frames.saturating_sub(1)).unwrap_or(u32::MAX);
        let mut at = 0;
        for event in input {
            let Some(mut event) = param_event(event) else { continue };
            // Neither behind the block nor before the event before it, whatever a host says.
            event.offset = event.offset.clamp(at, last.max(at));
            at = event.offset;
            if self.events.len() < EVENTS {
                self.events.push(event);
            } else {
                self.shared.plugin.set(event.id, event.value);
            }
        }
    }

    fn piece(
        &mut self,
        audio: &mut Audio,
        output: &mut OutputEvents,
        from: usize,
        samples: usize,
        due: std::ops::Range<usize>,
        offline: bool,
    ) -> Flow {
        read(audio, 0, from, samples, &mut self.main);
        let sidechain = read(audio, 1, from, samples, &mut self.sidechain);
        let mut main: ArrayVec<&mut [f32], MAX_CHANNELS> =
            self.main.iter_mut().map(|plane| &mut plane[..samples]).collect();
        let side: ArrayVec<&[f32], MAX_CHANNELS> =
            self.sidechain.iter().take(sidechain).map(|plane| &plane[..samples]).collect();
        let mut labels: ArrayVec<&mut [f32], LABEL_PLANES> =
            self.labels.iter_mut().map(|plane| &mut plane[..samples]).collect();
        let from_offset = u32::try_from(from).unwrap_or(u32::MAX);
        for event in &mut self.events[due.clone()] {
            event.offset -= from_offset.min(event.offset);
        }
        let block = Block { main: &mut main, sidechain: &side, label_cv: &mut labels };
        let mut sink = Sink { output, from: from_offset };
        let flow = self.processor.process(block, &self.events[due], &mut sink, offline);
        drop((main, labels));
        write(audio, 0, from, samples, &self.main);
        write(audio, 1, from, samples, &self.labels);
        flow
    }
}

/// Copies a port's planes in; gives the number of planes that the host passed. Others are silent.
fn read(audio: &Audio, port: usize, from: usize, samples: usize, planes: &mut [Vec<f32>]) -> usize {
    let channels = audio.input_port(port).and_then(|port| port.channels().ok());
    let passed = match channels {
        Some(SampleType::F32(channels) | SampleType::Both(channels, _)) => {
            copy_in(channels.raw_data(), from, samples, planes, |sample| sample)
        }
        Some(SampleType::F64(channels)) => copy_in(channels.raw_data(), from, samples, planes, narrow),
        None => 0,
    };
    for plane in planes.iter_mut().skip(passed) {
        plane[..samples].fill(0.0);
    }
    passed
}

fn copy_in<S: Copy>(
    pointers: &[*mut S],
    from: usize,
    samples: usize,
    planes: &mut [Vec<f32>],
    convert: impl Fn(S) -> f32,
) -> usize {
    for (plane, pointer) in planes.iter_mut().zip(pointers) {
        if pointer.is_null() {
            plane[..samples].fill(0.0);
            continue;
        }
        // SAFETY: the host passes either null, which was excluded, or a plane of as many samples as the block has;
        // `from + samples` lies within it. The slice lives for this copy only, during which nothing writes to it.
        let source = unsafe { std::slice::from_raw_parts(pointer.add(from), samples) };
        plane.iter_mut().zip(source).for_each(|(to, sample)| *to = convert(*sample));
    }
    pointers.len().min(planes.len())
}

/// Copies planes out to a port; channels beyond them become silent.
fn write(audio: &mut Audio, port: usize, from: usize, samples: usize, planes: &[Vec<f32>]) {
    let Some(mut port) = audio.output_port(port) else { return };
    match port.channels() {
        Ok(SampleType::F32(channels) | SampleType::Both(channels, _)) => {
            copy_out(channels.raw_data(), from, samples, planes, |sample| sample);
        }
        Ok(SampleType::F64(channels)) => copy_out(channels.raw_data(), from, samples, planes, f64::from),
        Err(_) => {}
    }
}

fn copy_out<S>(
    pointers: &[*mut S],
    from: usize,
    samples: usize,
    planes: &[Vec<f32>],
    convert: impl Fn(f32) -> S,
) {
    for (channel, pointer) in pointers.iter().enumerate().filter(|(_, pointer)| !pointer.is_null()) {
        let plane = planes.get(channel);
        for index in 0..samples {
            let sample = plane.map_or(0.0, |plane| plane[index]);
            // SAFETY: the host passes either null, which was excluded, or a writable plane of as many samples as the
            // block has; `from + index` lies within it. No reference to it is alive.
            unsafe { pointer.add(from + index).write(convert(sample)) };
        }
    }
}

/// Tells the host which outputs are silent for the whole block: all when the processor sleeps, else none.
fn set_masks(audio: &mut Audio, flow: Flow) {
    if let Some(mut port) = audio.output_port(0) {
        port.set_constant_mask(match flow {
            Flow::Sleep => ConstantMask::FULLY_CONSTANT,
            Flow::Continue => ConstantMask::FULLY_DYNAMIC,
        });
    }
    if let Some(mut port) = audio.output_port(1) {
        port.set_constant_mask(ConstantMask::FULLY_DYNAMIC);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the gate works in f32")]
fn narrow(sample: f64) -> f32 {
    sample as f32
}

/// The host's output queue as the processor sees it.
struct Sink<'a, 'b> {
    output: &'a mut OutputEvents<'b>,
    /// First sample of the piece in the host's block.
    from: u32,
}

impl EventSink for Sink<'_, '_> {
    // A host whose queue is full drops events; there is nothing better to do about it on the audio thread.
    fn param(&mut self, offset: u32, id: ParamId, plain: f64) {
        let _ = self.output.try_push(value_event(self.from + offset, id, plain));
    }

    fn gesture(&mut self, offset: u32, id: ParamId, begins: bool) {
        let (time, id) = (self.from + offset, clap_id(id));
        let _ = if begins {
            self.output.try_push(ParamGestureBeginEvent::new(time, id))
        } else {
            self.output.try_push(ParamGestureEndEvent::new(time, id))
        };
    }

    fn note(&mut self, offset: u32, key: u8, on: bool) {
        let time = self.from + offset;
        let pckn = Pckn::new(0_u16, 0_u16, u16::from(key), Match::All);
        let _ = if on {
            self.output.try_push(NoteOnEvent::new(time, pckn, 1.0))
        } else {
            self.output.try_push(NoteOffEvent::new(time, pckn, 0.0))
        };
    }

    fn controller(&mut self, offset: u32, controller: u8, value: u8) {
        let _ = self.output.try_push(MidiEvent::new(self.from + offset, 0, [0xb0, controller, value]));
    }
}
