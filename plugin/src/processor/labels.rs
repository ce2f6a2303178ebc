//! Labels as automation: what was heard, on its way to the host, and a host's lanes on their way to the gate.
//!
//! Everything is stamped with the sample at which the audio that it is about leaves the output. A parameter goes out only
//! when it moved by [`MIN_STEP`] and not more often than every [`MIN_FRAMES`] frames, except where it crosses a threshold:
//! a recorded lane, read back, decides as the ear did. Notes and the class go out when they change.

use std::sync::Arc;

use earmark_core::decide::{HysteresisBank, Thresholds};
use earmark_core::realtime::LiveFrame;
use earmark_core::{Label, LabelSet};

use super::EventSink;
use crate::meters::Class;
use crate::params::{ParamId, Params, id};
use crate::shared::Shared;

/// Keys of the notes: middle C and up.
pub const NOTES: [(u8, &str); 5] =
    [(60, "Speech"), (61, "Music"), (62, "Noise"), (63, "Silence"), (64, "Unknown")];
/// MIDI controllers of the probabilities of speech, music and noise: three that no standard uses.
pub const CONTROLLERS: [u8; 3] = [20, 21, 22];
/// Number of label planes: speech, music, noise.
pub const LABEL_PLANES: usize = 3;

/// Smallest move of a probability that is told.
const MIN_STEP: f64 = 0.02;
/// Smallest move of the gain reduction that is told, dB.
const MIN_STEP_DB: f64 = 0.5;
/// Fewest frames between two values of one parameter.
const MIN_FRAMES: u64 = 3;

const LANES: [ParamId; 3] = [id::SPEECH, id::MUSIC, id::NOISE];

/// The value of the label mode parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelMode {
    Off,
    Write,
    Read,
}

impl LabelMode {
    pub(super) fn of(params: &Params) -> Self {
        match params.choice(id::LABEL_MODE) {
            1 => Self::Write,
            2 => Self::Read,
            _ => Self::Off,
        }
    }
}

/// Which columns of a frame are speech, music and noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns([Option<usize>; LABEL_PLANES]);

impl Columns {
    pub(super) fn of(labels: &[Label]) -> Self {
        Self([Label::SPEECH, Label::MUSIC, Label::NOISE].map(|label| labels.iter().position(|l| *l == label)))
    }

    pub(super) fn probabilities(&self, frame: &LiveFrame) -> [f32; LABEL_PLANES] {
        self.0.map(|column| column.and_then(|at| frame.scored.scores.get(at)).copied().unwrap_or(0.0))
    }

    fn heard(&self, heard: LabelSet, plane: usize) -> bool {
        self.0[plane].is_some_and(|column| heard.has_label(column))
    }

    pub(super) fn class(&self, heard: LabelSet) -> Class {
        match () {
            () if heard.contains(LabelSet::SILENCE) => Class::Silence,
            () if self.heard(heard, 0) => Class::Speech,
            () if self.heard(heard, 1) => Class::Music,
            () if self.heard(heard, 2) => Class::Noise,
            () => Class::Unknown,
        }
    }

    /// One bit per entry of [`NOTES`].
    fn notes(&self, heard: LabelSet) -> u8 {
        if heard.contains(LabelSet::SILENCE) {
            return 1 << 3;
        }
        let labels = (0..LABEL_PLANES)
            .filter(|&plane| self.heard(heard, plane))
            .fold(0, |bits, plane| bits | 1 << plane);
        if labels == 0 { 1 << 4 } else { labels }
    }
}

/// Probabilities at which each of speech, music and noise opens and closes.
pub(super) type Pairs = [Thresholds; LABEL_PLANES];

/// What is on in each plane, by the gate's own law.
type PlaneStates = HysteresisBank<LABEL_PLANES>;

/// The sending side.
#[derive(Debug)]
pub(super) struct LabelsOut {
    shared: Arc<Shared>,
    columns: Columns,
    /// Whether the host was told that the lanes are being moved.
    writing: bool,
    told: [f64; LABEL_PLANES],
    /// What the ear says, and what whoever reads the lanes must take it to say.
    decided: PlaneStates,
    readable: PlaneStates,
    class: Option<Class>,
    reduction: f64,
    since: [u64; LABEL_PLANES + 1],
    sounding: u8,
    controllers: [Option<u8>; LABEL_PLANES],
}

impl LabelsOut {
    pub(super) fn new(shared: Arc<Shared>, columns: Columns) -> Self {
        Self {
            shared,
            columns,
            writing: false,
            told: [f64::NAN; LABEL_PLANES],
            decided: PlaneStates::default(),
            readable: PlaneStates::default(),
            class: None,
            reduction: 0.0,
            since: [MIN_FRAMES; LABEL_PLANES + 1],
            sounding: 0,
            controllers: [None; LABEL_PLANES],
        }
    }

    /// Tells what a frame says, at `offset` in the block.
    pub(super) fn frame(&mut self, frame: &LiveFrame, offset: u32, pairs: &Pairs, out: &mut dyn EventSink) {
        self.since.iter_mut().for_each(|frames| *frames = frames.saturating_add(1));
        let probabilities = self.columns.probabilities(frame);
        if self.writing {
            for (plane, (lane, p)) in LANES.into_iter().zip(probabilities).enumerate() {
                self.decided.push(plane, p, pairs[plane]);
                if self.lane(plane, lane, f64::from(p), offset, out) {
                    self.readable.push(plane, p, pairs[plane]);
                }
            }
            let class = self.columns.class(frame.heard);
            if self.class != Some(class) {
                self.class = Some(class);
                self.tell(id::CLASS, class.plain(), offset, out);
            }
        }
        let reduction = f64::from(-frame.gain_db).min(id::REDUCTION_DB.spec().max());
        if (reduction - self.reduction).abs() >= MIN_STEP_DB && self.since[LABEL_PLANES] >= MIN_FRAMES {
            self.since[LABEL_PLANES] = 0;
            self.reduction = reduction;
            self.tell(id::REDUCTION_DB, reduction, offset, out);
        }
        let midi = self.shared.params.choice(id::LABEL_MIDI);
        self.notes(if midi > 0 { self.columns.notes(frame.heard) } else { 0 }, offset, out);
        if midi == 2 {
            for ((last, p), number) in self.controllers.iter_mut().zip(probabilities).zip(CONTROLLERS) {
                let value = seven_bits(p);
                if last.is_none_or(|last| {
                    last.abs_diff(value) >= 2 || (last != value && matches!(value, 0 | 127))
                }) {
                    *last = Some(value);
                    out.controller(offset, number, value);
                }
            }
        }
    }

    fn lane(&mut self, plane: usize, lane: ParamId, p: f64, offset: u32, out: &mut dyn EventSink) -> bool {
        let told = self.told[plane];
        // NaN: nothing was told yet.
        let moved = (told.is_nan() || (p - told).abs() >= MIN_STEP) && self.since[plane] >= MIN_FRAMES;
        let told_now = moved || self.decided.is_active(plane) != self.readable.is_active(plane);
        if told_now {
            self.since[plane] = 0;
            self.told[plane] = p;
            self.tell(lane, p, offset, out);
        }
        told_now
    }

    fn tell(&self, id: ParamId, plain: f64, offset: u32, out: &mut dyn EventSink) {
        self.shared.note_output(id, plain);
        out.param(offset, id, plain);
    }

    fn notes(&mut self, wanted: u8, offset: u32, out: &mut dyn EventSink) {
        let changed = self.sounding ^ wanted;
        // First what ends, then what begins.
        for begins in [false, true] {
            for (index, (key, _)) in NOTES.iter().enumerate() {
                let bit = 1 << index;
                if changed & bit != 0 && (wanted & bit != 0) == begins {
                    out.note(offset, *key, begins);
                }
            }
        }
        self.sounding = wanted;
    }

    /// Begins or ends writing when the mode did.
    pub(super) fn follow_mode(&mut self, mode: LabelMode, offset: u32, out: &mut dyn EventSink) {
        let write = mode == LabelMode::Write;
        if write == self.writing {
            return;
        }
        self.writing = write;
        for lane in LANES.into_iter().chain([id::CLASS]) {
            out.gesture(offset, lane, write);
        }
        self.told = [f64::NAN; LABEL_PLANES];
        self.readable = self.decided;
        self.class = None;
        self.since = [MIN_FRAMES; LABEL_PLANES + 1];
    }

    /// Ends the notes that sound: before a sleep or after a reset.
    pub(super) fn end_notes(&mut self, offset: u32, out: &mut dyn EventSink) {
        self.notes(0, offset, out);
    }
}

/// The receiving side: what a host's recorded lanes say.
#[derive(Debug, Default)]
pub(super) struct LanesIn(PlaneStates);

impl LanesIn {
    /// What the lanes say is heard, with the thresholds of the gate.
    pub(super) fn heard(&mut self, params: &Params, columns: &Columns, pairs: &Pairs) -> LabelSet {
        let mut heard = LabelSet::EMPTY;
        for (plane, lane) in LANES.into_iter().enumerate() {
            let active = self.0.push(plane, params.get_f32(lane), pairs[plane]);
            if let (true, Some(column)) = (active, columns.0[plane]) {
                heard = heard.union(LabelSet::label(column));
            }
        }
        match Class::from_index(params.choice(id::CLASS)) {
            Class::Silence => LabelSet::SILENCE,
            _ if heard == LabelSet::EMPTY => LabelSet::UNKNOWN,
            _ => heard,
        }
    }
}

/// A probability as MIDI has it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 127")]
fn seven_bits(p: f32) -> u8 {
    (p.clamp(0.0, 1.0) * 127.0).round() as u8
}
