//! One instance whose ports lie in the host's memory.

use std::sync::Arc;

use super::{Layout, Output, PIECE, Port};
use crate::params::ParamSpec;
use crate::{Activation, Block, ParamEvent, Processor, Shared};

/// Channels of the largest layout.
const MAX_CHANNELS: usize = 2;

/// A parameter with the place where the host has its value.
#[derive(Debug, Clone, Copy)]
struct Control {
    spec: &'static ParamSpec,
    place: *const f32,
    /// As it was last taken over.
    taken: f32,
}

/// An instance between `instantiate` and `cleanup`.
#[derive(Debug)]
pub struct Instance {
    shared: Arc<Shared>,
    rate_hz: f64,
    layout: Layout,
    ports: Vec<Port>,
    inputs: [*const f32; MAX_CHANNELS],
    outputs: [*mut f32; MAX_CHANNELS],
    controls: Vec<Control>,
    told: [*mut f32; Output::ALL.len()],
    processor: Option<Processor>,
    planes: Vec<Vec<f32>>,
    events: Vec<ParamEvent>,
}

impl Instance {
    /// At a rate of so many Hz. Nothing is connected and nothing is heard yet.
    pub fn new(layout: Layout, rate_hz: f64) -> Self {
        let ports = layout.ports();
        let specs = super::controls();
        let controls: Vec<Control> =
            specs.map(|spec| Control { spec, place: std::ptr::null(), taken: f32::NAN }).collect();
        Self {
            shared: Arc::new(Shared::new()),
            rate_hz,
            layout,
            ports,
            inputs: [std::ptr::null(); MAX_CHANNELS],
            outputs: [std::ptr::null_mut(); MAX_CHANNELS],
            events: Vec::with_capacity(controls.len()),
            controls,
            told: [std::ptr::null_mut(); Output::ALL.len()],
            processor: None,
            planes: vec![vec![0.0; PIECE]; layout.channels],
        }
    }

    /// Puts a port at a place in the host's memory.
    pub fn connect(&mut self, port: usize, place: *mut f32) {
        match self.ports.get(port) {
            Some(Port::AudioIn(channel)) => self.inputs[*channel] = place,
            Some(Port::AudioOut(channel)) => self.outputs[*channel] = place,
            Some(Port::Control(spec)) => {
                let control = self.controls.iter_mut().find(|control| control.spec.id == spec.id);
                if let Some(control) = control {
                    control.place = place;
                }
            }
            Some(Port::Told(output)) => {
                let index = Output::ALL.iter().position(|other| other == output);
                if let Some(told) = index.and_then(|index| self.told.get_mut(index)) {
                    *told = place;
                }
            }
            None => {}
        }
    }

    /// Starts the ear. Not on the audio thread.
    ///
    /// # Safety
    /// Every control that is connected lies at a place that can be read.
    pub unsafe fn activate(&mut self, offline: bool) {
        // SAFETY: as the caller promises.
        unsafe { self.take_controls() };
        for event in &self.events {
            self.shared.set(event.id, event.value);
        }
        let activation = Activation {
            rate_hz: self.rate_hz,
            max_block: PIECE,
            channels: u16::try_from(self.layout.channels).unwrap_or(1),
            sidechain_channels: 0,
            offline,
        };
        // Without one the sound passes as it comes.
        self.processor = Processor::activate(Arc::clone(&self.shared), &activation).ok();
    }

    /// Stops the ear. Not on the audio thread.
    pub fn deactivate(&mut self) {
        self.processor = None;
    }

    /// Works on `samples` of each channel. `offline`: the ear is waited for; else this is for an audio thread.
    ///
    /// # Safety
    /// Every port lies at a place that can be read or written as its kind says, audio for `samples` samples. Inputs and
    /// outputs may be the same places.
    pub unsafe fn run(&mut self, samples: usize, offline: bool) {
        // SAFETY: as the caller promises.
        unsafe { self.take_controls() };
        let mut start = 0;
        while start < samples {
            let count = PIECE.min(samples - start);
            for (plane, input) in self.planes.iter_mut().zip(self.inputs) {
                if input.is_null() {
                    plane[..count].fill(0.0);
                } else {
                    // SAFETY: the host has `samples` there, as the caller promises; the plane is this instance's own.
                    unsafe { std::ptr::copy_nonoverlapping(input.add(start), plane.as_mut_ptr(), count) };
                }
            }
            self.process(count, offline);
            for (plane, output) in self.planes.iter().zip(self.outputs) {
                if !output.is_null() {
                    // SAFETY: as above, for writing.
                    unsafe { std::ptr::copy_nonoverlapping(plane.as_ptr(), output.add(start), count) };
                }
            }
            self.events.clear();
            start += count;
        }
        let values = self.values();
        for (place, value) in self.told.into_iter().zip(values) {
            if !place.is_null() {
                // SAFETY: as the caller promises.
                unsafe { *place = value };
            }
        }
    }

    fn process(&mut self, count: usize, offline: bool) {
        let Some(processor) = &mut self.processor else { return };
        let mut planes = self.planes.iter_mut().map(|plane| &mut plane[..count]);
        // As many as the layout has, without a list on the heap.
        match (planes.next(), planes.next()) {
            (Some(left), Some(right)) => {
                let block = Block { main: &mut [left, right], sidechain: &[], label_cv: &mut [] };
                processor.process(block, &self.events, &mut (), offline);
            }
            (Some(only), _) => {
                let block = Block { main: &mut [only], sidechain: &[], label_cv: &mut [] };
                processor.process(block, &self.events, &mut (), offline);
            }
            _ => {}
        }
    }

    /// Makes an event of every control that changed.
    ///
    /// # Safety
    /// As for [`activate`](Self::activate).
    unsafe fn take_controls(&mut self) {
        self.events.clear();
        for control in &mut self.controls {
            if control.place.is_null() {
                continue;
            }
            // SAFETY: it is connected, so it can be read, as the caller promises.
            let value = unsafe { *control.place };
            if value.to_bits() != control.taken.to_bits() {
                control.taken = value;
                let value = plain(control.spec, value);
                self.events.push(ParamEvent { offset: 0, id: control.spec.id, value });
            }
        }
    }

    /// What the output controls say, in their order.
    fn values(&self) -> [f32; Output::ALL.len()] {
        let meters = &self.shared.meters;
        let newest =
            meters.written().checked_sub(1).and_then(|number| meters.frame(number)).unwrap_or_default();
        Output::ALL.map(|output| match output {
            Output::Speech => newest.speech,
            Output::Music => newest.music,
            Output::Noise => newest.noise,
            Output::Singing => newest.singing,
            Output::Reduction => (-newest.gain_db).clamp(0.0, Output::Reduction.most()),
            Output::Latency => samples(self.shared.latency_samples()),
        })
    }
}

/// The plain value of a control. Below 0 is the default where nothing else is there, and so is what is no number; so is what lies
/// below a filter's range, whose default is none ([`crate::ladspa`]).
pub(crate) fn plain(spec: &ParamSpec, value: f32) -> f64 {
    let value = f64::from(value);
    let from_zero = spec.min() >= 0.0;
    let is_default = from_zero && (value < 0.0 || (value < spec.min() && spec.has_off()));
    if is_default { spec.default_plain() } else { spec.clamp(value) }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
fn samples(count: u32) -> f32 {
    count as f32
}
