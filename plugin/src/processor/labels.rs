//! Labels as automation: what was heard, on its way to the host, and a host's lanes on their way to the gate.
//!
//! Notes, controllers and voltages are stamped with the sample at which the audio that they are about leaves the output.
//! Lanes are stamped with the sample at which the gate may first move for it, the lookahead before: a lane that is read
//! back then opens the gate as early as the ear did. A lane goes out only when it moved by [`MIN_STEP`] and not more often
//! than every [`MIN_FRAMES`] frames, except where it crosses a threshold: read back, it decides as the ear did. Some hosts
//! keep the last value of each block only; therefore nothing follows an onset in its block. Notes and the class go out when
//! they change.

use std::sync::Arc;

use earmark_core::decide::{HysteresisBank, Thresholds};
use earmark_core::realtime::LiveFrame;
use earmark_core::{Label, LabelSet};

use super::EventSink;
use super::notes::{NOTES, NoteLengths, SILENCE_NOTE, UNKNOWN_NOTE};
use crate::meters::Class;
use crate::params::{ParamId, Params, id};
use crate::shared::Shared;

/// MIDI controllers of the probabilities of speech, music, noise and singing: four that no standard uses.
pub const CONTROLLERS: [u8; LANES] = [20, 21, 22, 23];
/// Number of label planes, which are control voltages: speech, music, noise. Hosts keep how many channels the output has,
/// so singing has none.
pub const LABEL_PLANES: usize = 3;

/// Number of labels that have a lane.
pub(crate) const LANES: usize = 4;
/// The labels that have a lane. What is sent first is what was released first: later labels are at the end.
pub(crate) const LANE_LABELS: [Label; LANES] = [Label::SPEECH, Label::MUSIC, Label::NOISE, Label::SINGING];
const LANE_PARAMS: [ParamId; LANES] = [id::SPEECH, id::MUSIC, id::NOISE, id::SINGING];
/// Places of lanes in both, and of notes that are none of a lane's.
const SPEECH: usize = 0;
const MUSIC: usize = 1;
const NOISE: usize = 2;
const SINGING: usize = 3;
/// The bit of each lane's note, its place in [`NOTES`].
const LANE_NOTES: [u8; LANES] = [1 << 0, 1 << 1, 1 << 2, 1 << 5];

/// Smallest move of a probability that is sent.
const MIN_STEP: f64 = 0.02;
/// Smallest move of the gain reduction that is sent, dB.
const MIN_STEP_DB: f64 = 0.5;
/// Fewest frames between two values of one parameter.
const MIN_FRAMES: u64 = 3;

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

/// Which columns of a frame are those of the lanes. A label that the ear does not give has none, and its lane rests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns([Option<usize>; LANES]);

impl Columns {
    pub(super) fn of(labels: &[Label]) -> Self {
        Self(LANE_LABELS.map(|label| labels.iter().position(|l| *l == label)))
    }

    pub(super) fn probabilities(&self, frame: &LiveFrame) -> [f32; LANES] {
        self.0.map(|column| column.and_then(|at| frame.scored.scores.get(at)).copied().unwrap_or(0.0))
    }

    /// The lanes of the labels that the ear gives, each with its probability.
    fn given(self, frame: &LiveFrame) -> impl Iterator<Item = (usize, f32)> {
        let all = self.probabilities(frame).into_iter().enumerate();
        all.filter(move |&(lane, _)| self.0[lane].is_some())
    }

    /// Whether the ear tells singing from music.
    pub(super) fn have_singing(&self) -> bool {
        self.0[SINGING].is_some()
    }

    /// Whether speech is among what is heard.
    pub(super) fn have_speech(&self, heard: LabelSet) -> bool {
        self.heard(heard, SPEECH)
    }

    fn heard(&self, heard: LabelSet, lane: usize) -> bool {
        self.0[lane].is_some_and(|column| heard.has_label(column))
    }

    pub(super) fn class(&self, heard: LabelSet) -> Class {
        match () {
            () if heard.contains(LabelSet::SILENCE) => Class::Silence,
            () if self.heard(heard, SPEECH) => Class::Speech,
            () if self.heard(heard, SINGING) => Class::Singing,
            () if self.heard(heard, MUSIC) => Class::Music,
            () if self.heard(heard, NOISE) => Class::Noise,
            () => Class::Unknown,
        }
    }

    /// One bit per entry of [`NOTES`].
    fn notes(&self, heard: LabelSet) -> u8 {
        if heard.contains(LabelSet::SILENCE) {
            return SILENCE_NOTE;
        }
        let on = (0..LANES).filter(|&lane| self.heard(heard, lane));
        let labels = on.fold(0, |bits, lane| bits | LANE_NOTES[lane]);
        if labels == 0 { UNKNOWN_NOTE } else { labels }
    }
}

/// Probabilities at which the label of each lane opens and closes.
pub(super) type Pairs = [Thresholds; LANES];

/// What is on in each lane, by the gate's own law.
type LaneStates = HysteresisBank<LANES>;

/// The sending side.
#[derive(Debug)]
pub(super) struct LabelsOut {
    shared: Arc<Shared>,
    columns: Columns,
    /// Whether the host was told that the lanes are being moved.
    writing: bool,
    sent: [f64; LANES],
    /// What the ear says, and what whoever reads the lanes must take it to say.
    decided: LaneStates,
    readable: LaneStates,
    /// The class that was sent, as its parameter has it.
    class: Option<f64>,
    reduction: f64,
    /// That of the frame before, sent or not.
    reduction_before: f64,
    since: [u64; LANES + 1],
    /// Lanes, and the class, whose label began in this block of the host's.
    begun: [bool; LANES + 1],
    lengths: NoteLengths,
    controllers: [Option<u8>; LANES],
}

impl LabelsOut {
    pub(super) fn new(shared: Arc<Shared>, columns: Columns) -> Self {
        Self {
            columns,
            writing: false,
            sent: [f64::NAN; LANES],
            decided: LaneStates::default(),
            readable: LaneStates::default(),
            class: None,
            reduction: 0.0,
            reduction_before: 0.0,
            since: [MIN_FRAMES; LANES + 1],
            begun: [false; LANES + 1],
            lengths: NoteLengths::default(),
            controllers: [None; LANES],
            shared,
        }
    }

    /// The host's next block begins.
    pub(super) fn begin_block(&mut self) {
        self.begun = [false; LANES + 1];
    }

    /// A frame was decided, at `offset` in the block: the lanes follow it.
    pub(super) fn decided(&mut self, frame: &LiveFrame, offset: u32, pairs: &Pairs, out: &mut dyn EventSink) {
        for frames in &mut self.since[..LANES] {
            *frames = frames.saturating_add(1);
        }
        if !self.writing {
            return;
        }
        for (lane, p) in self.columns.given(frame) {
            self.decided.push(lane, p, pairs[lane]);
            if self.lane(lane, f64::from(p), offset, out) {
                self.readable.push(lane, p, pairs[lane]);
            }
        }
        let class = self.columns.class(frame.heard);
        if self.class != Some(class.plain()) && !self.begun[LANES] {
            self.begun[LANES] = self.class == Some(Class::Silence.plain());
            self.class = Some(class.plain());
            self.send(id::CLASS, class.plain(), offset, out);
        }
    }

    /// A frame begins to leave, at `offset` in the block: notes, controllers and the gain follow it.
    pub(super) fn leaving(&mut self, frame: &LiveFrame, offset: u32, out: &mut dyn EventSink) {
        self.since[LANES] = self.since[LANES].saturating_add(1);
        let columns = self.columns;
        let reduction = f64::from(-frame.gain_db).min(id::REDUCTION_DB.spec().max());
        let away = (reduction - self.reduction).abs();
        // What is left of a move is sent once it is over: hosts show it until the next one.
        let is_at_rest = reduction == std::mem::replace(&mut self.reduction_before, reduction);
        let is_news = away >= MIN_STEP_DB || (is_at_rest && away > 0.0);
        if is_news && self.since[LANES] >= MIN_FRAMES {
            self.since[LANES] = 0;
            self.reduction = reduction;
            self.send(id::REDUCTION_DB, reduction, offset, out);
        }
        let midi = self.shared.params.choice(id::LABEL_MIDI);
        if midi > 0 {
            let sounding = self.lengths.frame(columns.notes(frame.heard));
            self.notes(sounding, offset, out);
        } else {
            self.end_notes(offset, out);
        }
        if midi == 2 {
            for (lane, p) in columns.given(frame) {
                let (last, value) = (self.controllers[lane], seven_bits(p));
                if last.is_none_or(|last| {
                    last.abs_diff(value) >= 2 || (last != value && matches!(value, 0 | 127))
                }) {
                    self.controllers[lane] = Some(value);
                    out.controller(offset, CONTROLLERS[lane], value);
                }
            }
        }
    }

    fn lane(&mut self, lane: usize, p: f64, offset: u32, out: &mut dyn EventSink) -> bool {
        let sent = self.sent[lane];
        // NaN: nothing was sent yet.
        let moved = (sent.is_nan() || (p - sent).abs() >= MIN_STEP) && self.since[lane] >= MIN_FRAMES;
        let begins = self.decided.is_active(lane) && !self.readable.is_active(lane);
        let ends = self.readable.is_active(lane) && !self.decided.is_active(lane);
        let sent_now = (moved || begins || ends) && !self.begun[lane];
        if sent_now {
            self.begun[lane] = begins;
            self.since[lane] = 0;
            self.sent[lane] = p;
            self.send(LANE_PARAMS[lane], p, offset, out);
        }
        sent_now
    }

    fn send(&self, id: ParamId, plain: f64, offset: u32, out: &mut dyn EventSink) {
        self.shared.note_output(id, plain);
        out.param(offset, id, plain);
    }

    fn notes(&mut self, wanted: u8, offset: u32, out: &mut dyn EventSink) {
        let changed = self.shared.swap_sounding(wanted) ^ wanted;
        // First what ends, then what begins.
        for begins in [false, true] {
            for (index, (key, _)) in NOTES.iter().enumerate() {
                let bit = 1 << index;
                if changed & bit != 0 && (wanted & bit != 0) == begins {
                    out.note(offset, *key, begins);
                }
            }
        }
    }

    /// Begins or ends writing when the mode did.
    pub(super) fn follow_mode(&mut self, mode: LabelMode, offset: u32, out: &mut dyn EventSink) {
        let write = mode == LabelMode::Write;
        if write == self.writing {
            return;
        }
        self.writing = write;
        if write {
            let lanes = LANE_PARAMS.into_iter().zip(self.columns.0).filter(|(_, column)| column.is_some());
            for param in lanes.map(|(param, _)| param).chain([id::CLASS]) {
                self.shared.note_gesture(param);
                out.gesture(offset, param, true);
            }
        } else {
            for param in self.shared.take_gestures() {
                out.gesture(offset, param, false);
            }
        }
        self.sent = [f64::NAN; LANES];
        self.readable = self.decided;
        self.class = None;
        self.since = [MIN_FRAMES; LANES + 1];
    }

    /// Ends what an activation before began and could not end, and the notes that sound before a reset.
    pub(super) fn settle(&mut self, out: &mut dyn EventSink) {
        if !self.writing {
            self.shared.take_gestures().for_each(|param| out.gesture(0, param, false));
        }
        self.end_notes(0, out);
    }

    /// Ends the notes that sound: before a sleep or after a reset.
    pub(super) fn end_notes(&mut self, offset: u32, out: &mut dyn EventSink) {
        self.lengths.clear();
        self.notes(0, offset, out);
    }
}

/// The receiving side: what a host's recorded lanes say.
#[derive(Debug, Default)]
pub(super) struct LanesIn(LaneStates);

impl LanesIn {
    /// What the lanes say is heard, with the thresholds of the gate.
    pub(super) fn heard(&mut self, params: &Params, columns: &Columns, pairs: &Pairs) -> LabelSet {
        let mut heard = LabelSet::EMPTY;
        for (lane, param) in LANE_PARAMS.into_iter().enumerate() {
            let active = self.0.push(lane, params.get_f32(param), pairs[lane]);
            if let (true, Some(column)) = (active, columns.0[lane]) {
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
