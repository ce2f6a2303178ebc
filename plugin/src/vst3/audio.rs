//! One activation on the audio thread: the host's block in, the processor, the host's block out.
//!
//! Nothing here allocates, locks or waits after [`Audio::new`].

use std::sync::Arc;

use arrayvec::ArrayVec;
use vst3::ComRef;
use vst3::Steinberg::Vst::{IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait};
use vst3::Steinberg::kResultOk;

use super::block::HostBlock;
use super::layout::{AUX, Direction, MAIN};
use super::sink::Sink;
use crate::edits::Edits;
use crate::params::{ParamId, id};
use crate::processor::{ActivateError, Activation, Block, MAX_CHANNELS, ParamEvent, Processor};
use crate::shared::Shared;

/// More parameter changes than any host sends in one block. Of a queue that does not fit the last values are lost, and
/// come with the next block that has them.
const MAX_EVENTS: usize = 2_048;

/// Buffers of one bus.
type Planes = Vec<Vec<f32>>;

/// The processor with buffers of its own.
#[derive(Debug)]
pub(super) struct Audio {
    shared: Arc<Shared>,
    processor: Processor,
    main: Planes,
    sidechain: Planes,
    labels: Planes,
    events: Vec<ParamEvent>,
    max_block: usize,
    offline: bool,
    has_run: bool,
}

impl Audio {
    /// Allocates everything and starts the ear.
    pub(super) fn new(
        shared: Arc<Shared>,
        activation: &Activation,
        labels: usize,
    ) -> Result<Self, ActivateError> {
        let max_block = activation.max_block.max(1);
        let planes = |channels: usize| vec![vec![0.0; max_block]; channels];
        Ok(Self {
            processor: Processor::activate(Arc::clone(&shared), activation)?,
            shared,
            main: planes(usize::from(activation.channels)),
            sidechain: planes(usize::from(activation.sidechain_channels)),
            labels: planes(labels),
            events: Vec::with_capacity(MAX_EVENTS),
            max_block,
            offline: activation.offline,
            has_run: false,
        })
    }

    /// How long the output goes on, samples.
    pub(super) fn tail_samples(&self) -> u32 {
        self.processor.tail_samples()
    }

    /// The transport starts or stops: what was heard is forgotten.
    pub(super) fn reset(&mut self) {
        if std::mem::take(&mut self.has_run) {
            self.processor.reset();
        }
    }

    /// Works off one block. `held`: parameters in the user's hand, whose echo from the host is not listened to.
    pub(super) fn process(&mut self, host: &HostBlock<'_>, lanes: &Edits, held: u64) {
        self.has_run = true;
        self.events.clear();
        if let Some(changes) = host.changes_in() {
            collect(changes, host.samples(), held, &mut self.events);
        }
        let mut sink = Sink::new(host, lanes);
        let offline = self.offline || host.is_offline();
        let mut silent = u64::MAX;
        let (mut start, mut event) = (0, 0);
        loop {
            let length = (host.samples() - start).min(self.max_block);
            let is_last = start + length >= host.samples();
            sink.begin_piece(start);
            if length > 0 {
                let timeline = host.timeline();
                self.processor.play_from(timeline.map(|first| first.saturating_add_unsigned(start as u64)));
            }
            let events = take_events(&mut self.events, &mut event, start, length, is_last);
            for (channel, plane) in self.main.iter_mut().enumerate() {
                host.read(MAIN, channel, start, &mut plane[..length]);
            }
            let has_sidechain = host.channels(Direction::In, AUX) > 0;
            for (channel, plane) in self.sidechain.iter_mut().enumerate().filter(|_| has_sidechain) {
                host.read(AUX, channel, start, &mut plane[..length]);
            }
            {
                let mut main = planes_mut(&mut self.main, length);
                let mut labels = planes_mut(&mut self.labels, length);
                // Hosts take all buses for sound: without being asked the labels are silent.
                if !self.shared.params.is_on(id::LABEL_OUTPUTS) {
                    labels.iter_mut().for_each(|plane| plane.fill(0.0));
                    labels.clear();
                }
                let sidechain: ArrayVec<&[f32], MAX_CHANNELS> =
                    self.sidechain.iter().filter(|_| has_sidechain).map(|plane| &plane[..length]).collect();
                let block = Block { main: &mut main, sidechain: &sidechain, label_cv: &mut labels };
                self.processor.process(block, events, &mut sink, offline);
            }
            silent &= write_bus(host, MAIN, &self.main, start, length);
            write_bus(host, AUX, &self.labels, start, length);
            if is_last {
                break;
            }
            start += length;
        }
        if host.samples() > 0 {
            host.flag_silence(MAIN, silent & bits(host.channels(Direction::Out, MAIN)));
            let silent = if self.shared.params.is_on(id::LABEL_OUTPUTS) { 0 } else { u64::MAX };
            host.flag_silence(AUX, silent & bits(host.channels(Direction::Out, AUX)));
        }
    }
}

/// The beginning of each plane, as a block has it.
fn planes_mut(planes: &mut Planes, length: usize) -> ArrayVec<&mut [f32], MAX_CHANNELS> {
    planes.iter_mut().map(|plane| &mut plane[..length]).collect()
}

/// Writes a piece of a bus; channels that we do not have get zeros. Gives a bit for each channel that is all zeros.
fn write_bus(host: &HostBlock<'_>, bus: usize, planes: &Planes, start: usize, length: usize) -> u64 {
    let mut silent = u64::MAX;
    for (channel, plane) in planes.iter().enumerate() {
        let plane = &plane[..length];
        if channel < 64 && plane.iter().any(|&sample| sample != 0.0) {
            silent &= !(1 << channel);
        }
        host.write(bus, channel, start, plane);
    }
    for channel in planes.len()..host.channels(Direction::Out, bus) {
        write_zeros(host, bus, channel, start, length);
    }
    silent
}

fn write_zeros(host: &HostBlock<'_>, bus: usize, channel: usize, start: usize, length: usize) {
    const ZEROS: [f32; 64] = [0.0; 64];
    let mut done = 0;
    while done < length {
        let piece = (length - done).min(ZEROS.len());
        host.write(bus, channel, start + done, &ZEROS[..piece]);
        done += piece;
    }
}

/// Silence on one output: while the host activates, or without a processor.
pub(super) fn silence(host: &HostBlock<'_>, bus: usize) {
    let channels = host.channels(Direction::Out, bus);
    for channel in 0..channels {
        write_zeros(host, bus, channel, 0, host.samples());
    }
    host.flag_silence(bus, bits(channels));
}

/// The input as it is: the open fail mode after a fault. Read before it is written, for hosts that pass one buffer for
/// both.
pub(super) fn pass(host: &HostBlock<'_>) {
    let mut piece = [0.0; 64];
    let channels = host.channels(Direction::Out, MAIN);
    for channel in 0..channels {
        let mut start = 0;
        while start < host.samples() {
            let length = (host.samples() - start).min(piece.len());
            host.read(MAIN, channel, start, &mut piece[..length]);
            host.write(MAIN, channel, start, &piece[..length]);
            start += length;
        }
    }
    host.flag_silence(MAIN, 0);
    silence(host, AUX);
}

fn bits(channels: usize) -> u64 {
    if channels >= 64 { u64::MAX } else { (1 << channels) - 1 }
}

/// The host's points of all queues in time order.
pub(super) fn collect(
    changes: ComRef<'_, IParameterChanges>,
    samples: usize,
    held: u64,
    events: &mut Vec<ParamEvent>,
) {
    let last = u32::try_from(samples.saturating_sub(1)).unwrap_or(u32::MAX);
    // SAFETY: the list lives for this block.
    let queues = unsafe { changes.getParameterCount() };
    for index in 0..queues {
        // SAFETY: the index is inside the list; the queue is null or lives as long as the list.
        let queue = unsafe { ComRef::from_raw(changes.getParameterData(index)) };
        let Some(queue) = queue else { continue };
        // SAFETY: the queue lives for this block.
        let (raw, points) = unsafe { (queue.getParameterId(), queue.getPointCount()) };
        let Some(id) = ParamId::from_raw(raw) else { continue };
        if id.spec().flags.read_only || held >> raw & 1 == 1 {
            continue;
        }
        for point in 0..points {
            let (mut offset, mut value) = (0, 0.0);
            // SAFETY: the index is inside the queue; both may be written.
            let result = unsafe { queue.getPoint(point, &raw mut offset, &raw mut value) };
            if result != kResultOk || events.len() == MAX_EVENTS {
                continue;
            }
            let offset = u32::try_from(offset).unwrap_or(0).min(last);
            // Behind all of the same time: what a host says later counts.
            let place = events.partition_point(|event| event.offset <= offset);
            events.insert(place, ParamEvent { offset, id, value: id.spec().plain(value) });
        }
    }
}

/// The events of one piece, their offsets from its start. `next` is the first event that is not worked off.
fn take_events<'e>(
    events: &'e mut [ParamEvent],
    next: &mut usize,
    start: usize,
    length: usize,
    is_last: bool,
) -> &'e [ParamEvent] {
    let from = *next;
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    let end = start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
    let until = if is_last {
        events.len()
    } else {
        from + events[from..].partition_point(|event| event.offset < end)
    };
    for event in &mut events[from..until] {
        event.offset = event.offset.saturating_sub(start);
    }
    *next = until;
    &events[from..until]
}
