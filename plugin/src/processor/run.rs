//! The audio thread.

use std::panic::AssertUnwindSafe;

use arrayvec::ArrayVec;
use earmark_core::LabelSet;
use earmark_core::gate::{GateSettings, MixPlanes};
use earmark_core::realtime::LiveFrame;

use super::labels::{LANE_LABELS, LANES, LabelMode, Pairs};
use super::settings::mix_settings;
use super::sidechain::Sidechain;
use super::{Block, EventSink, Flow, MAX_CHANNELS, ParamEvent, Processor};
use crate::meters::{Class, MeterFrame};

/// After its tail the processor stays awake for as many times its latency, so that labels and meters come to rest.
const REST: u64 = 4;

impl Processor {
    /// By how much the output is late, samples; constant.
    pub fn latency_samples(&self) -> u32 {
        self.latency
    }

    /// How long the output goes on after the input became silent, samples.
    pub fn tail_samples(&self) -> u32 {
        self.latency
    }

    /// Forgets all audio. On the audio thread, while no block is processed.
    pub fn reset(&mut self) {
        for gate in &mut self.gates {
            gate.reset();
        }
        self.detector_delay.reset();
        self.detector_filter.reset();
        self.automation.reset(&self.shared.params);
        self.playhead = None;
        self.mixer.snap(&mix_settings(self.automation.acting()));
        self.shown = [0.0; LANES];
        self.leaving = None;
        self.silent_for = 0;
        self.notes_must_end = true;
    }

    /// Where the first sample of the next block stands on the host's timeline, in samples from its zero, while it plays;
    /// `None` while it stands still or where the host does not say. Told before each block. When playback begins or jumps,
    /// what was heard before is forgotten, and frames lie on the timeline's grid ([`LiveGate::locate`]).
    ///
    /// [`LiveGate::locate`]: earmark_core::realtime::LiveGate::locate
    pub fn play_from(&mut self, timeline: Option<i64>) {
        if let Some(told) = timeline {
            // A host that plays faster or slower than its samples say, or rounds, does not jump.
            let goes_on = self.playhead.is_some_and(|expected| told.abs_diff(expected) <= self.slack);
            if !goes_on {
                self.gates.iter_mut().for_each(|gate| gate.locate(told));
            }
        }
        self.playhead = timeline;
    }

    /// Processes one block in place. `offline`: the host renders, so the ear may be waited for.
    ///
    /// A panic in here does not reach the host: from then on the sound passes as it comes, and the status says so.
    pub fn process(
        &mut self,
        block: Block<'_, '_>,
        events: &[ParamEvent],
        out: &mut dyn EventSink,
        offline: bool,
    ) -> Flow {
        if self.broken {
            events.iter().for_each(|event| self.shared.set(event.id, event.value));
            return Flow::Continue;
        }
        let work = AssertUnwindSafe(|| self.work(block, events, out, offline));
        std::panic::catch_unwind(work).unwrap_or_else(|_| {
            self.broken = true;
            self.shared.note_broken();
            Flow::Continue
        })
    }

    fn work(
        &mut self,
        mut block: Block<'_, '_>,
        events: &[ParamEvent],
        out: &mut dyn EventSink,
        offline: bool,
    ) -> Flow {
        if std::mem::take(&mut self.notes_must_end) {
            self.labels.settle(out);
        }
        let samples = block.samples();
        let mut events = events.iter().peekable();
        let mut start = 0;
        let mut output_peak = 0.0_f32;
        self.labels.begin_block();
        self.automation.follow_hands(&self.shared.params);
        while start < samples {
            while let Some(event) = events.next_if(|event| to_usize(event.offset) <= start) {
                self.automation.take(&self.shared, event, start);
            }
            let next = events.peek().map_or(samples, |event| to_usize(event.offset));
            let next = next.min(self.automation.act(start));
            self.follow_parameters(start, out);
            let end = samples.min(start + self.max_piece).min(next);
            output_peak = output_peak.max(self.piece(&mut block, start, end, out, offline));
            start = end;
        }
        for event in events {
            self.automation.take_now(&self.shared, event);
        }
        self.automation.advance(samples);
        if let Some(playhead) = &mut self.playhead {
            *playhead = playhead.saturating_add_unsigned(samples as u64);
            self.slack = self.tolerance.max(samples as u64 / 8);
        }
        let rest = u64::from(self.latency) * (1 + REST);
        if self.silent_for > rest && output_peak == 0.0 {
            self.labels.end_notes(offset(samples.saturating_sub(1)), out);
            Flow::Sleep
        } else {
            Flow::Continue
        }
    }

    /// Brings gate, mixer and labels up to what the parameters say.
    fn follow_parameters(&mut self, start: usize, out: &mut dyn EventSink) {
        let params = self.automation.acting();
        self.mixer.aim(&mix_settings(params));
        let generation = params.generation();
        if generation == self.seen {
            return;
        }
        self.seen = generation;
        self.detector_filter.aim(params);
        if let Some(settings) = self.bank.update(params) {
            for gate in &mut self.gates {
                // A refusal keeps the old settings; what the bank makes is never refused, a test says.
                let taken = gate.set_motion(settings);
                debug_assert!(taken.is_ok(), "{taken:?}");
            }
            self.pairs = pairs(&self.own_pairs, settings);
        }
        let mode = LabelMode::of(params);
        self.labels.follow_mode(mode, offset(start), out);
        if mode == LabelMode::Read {
            let heard = self.lanes.heard(params, &self.columns, &self.pairs);
            let heard = self.profiles.while_read(heard, &self.columns);
            self.gates.iter_mut().for_each(|gate| gate.override_labels(Some(heard)));
        } else if self.mode == LabelMode::Read {
            self.gates.iter_mut().for_each(|gate| gate.override_labels(None));
        }
        self.mode = mode;
    }

    /// Works on samples `start..end` of the block, at most `max_piece`; gives the output's peak.
    fn piece(
        &mut self,
        block: &mut Block<'_, '_>,
        start: usize,
        end: usize,
        out: &mut dyn EventSink,
        offline: bool,
    ) -> f32 {
        let samples = end - start;
        // One plane per channel of the activation: what the host does not pass is silence, what it passes beyond is
        // silenced.
        let mut spare = std::mem::take(&mut self.spare);
        let mut planes: ArrayVec<&mut [f32], MAX_CHANNELS> = ArrayVec::new();
        for (channel, plane) in block.main.iter_mut().enumerate() {
            if channel < self.channels {
                planes.push(&mut plane[start..end]);
            } else {
                plane[start..end].fill(0.0);
            }
        }
        let passed = planes.len();
        for plane in spare.iter_mut().take(self.channels).skip(passed) {
            plane[..samples].fill(0.0);
            planes.push(&mut plane[..samples]);
        }
        let sidechain = Sidechain::of(block.sidechain, start..end, self.sidechain_channels);
        let silent =
            is_silent(planes.iter().map(|plane| &**plane)) && is_silent(sidechain.planes.iter().copied());
        self.silent_for = if silent { self.silent_for + samples as u64 } else { 0 };

        let heard = sidechain.heard(self.automation.acting());
        // What is heard, before the gate delays what passes.
        for (channel, own) in self.detector.iter_mut().enumerate() {
            let main = planes.get(channel).map(|plane| &**plane);
            match if heard { sidechain.planes.get(channel).copied() } else { main } {
                Some(plane) => own[..samples].copy_from_slice(plane),
                None => own[..samples].fill(0.0),
            }
        }
        let filtered = self.detector_filter.is_on();
        if filtered {
            self.detector_filter.process(self.detector.iter_mut().map(|plane| &mut plane[..samples]));
        }
        let channels_heard = if heard { sidechain.planes.len() } else { planes.len() };
        let left = Sidechain::of_planes(&self.detector[..channels_heard], samples);
        let apart = if filtered { Some(&left) } else { heard.then_some(&sidechain) };
        self.frames.clear();
        self.decided.clear();
        if let [gate] = &mut self.gates[..] {
            let frames = &mut self.frames;
            let mut observe = |frame| push(frames, frame);
            gate.process(&mut planes, apart.map(|apart| &apart.planes[..]), offline, &mut observe);
            gate.decided().iter().for_each(|frame| push(&mut self.decided, *frame));
        } else {
            for (channel, (gate, plane)) in self.gates.iter_mut().zip(&mut planes).enumerate() {
                let frames = &mut self.frames;
                let mut nth = 0;
                let mut observe = |frame: LiveFrame| {
                    if channel == 0 {
                        push(frames, frame);
                    } else if let Some(first) = frames.get_mut(nth) {
                        merge(first, &frame);
                    }
                    nth += 1;
                };
                let own = apart.map(|apart| apart.channel(channel));
                let own = own.as_ref().map(std::slice::from_ref);
                gate.process(std::slice::from_mut(plane), own, offline, &mut observe);
                for (nth, frame) in gate.decided().iter().enumerate() {
                    match self.decided.get_mut(nth) {
                        Some(first) if channel > 0 => merge(first, frame),
                        _ => push(&mut self.decided, *frame),
                    }
                }
            }
        }
        drop(left);
        // Delayed for who listens to it.
        self.detector_delay.process(self.detector.iter_mut().map(|plane| &mut plane[..samples]));
        let listened = if heard { Some(self.sidechain_channels) } else { filtered.then_some(self.channels) };
        let output_peak = self.mix(&mut planes, samples, listened, block.label_cv, start, out);
        drop(planes);
        self.spare = spare;
        output_peak
    }

    /// Gains onto the planes, stretch by stretch between the borders of frames. Who listens to the detector hears so many of
    /// its planes (`listened`), or the sound itself.
    fn mix(
        &mut self,
        planes: &mut [&mut [f32]],
        samples: usize,
        listened: Option<usize>,
        label_cv: &mut [&mut [f32]],
        start: usize,
        out: &mut dyn EventSink,
    ) -> f32 {
        let mut output_peak = 0.0_f32;
        let mut input_peak = 0.0_f32;
        let mut at = 0;
        let mut decided = 0;
        for index in 0..=self.frames.len() {
            let frame = self.frames.get(index).copied();
            let end = frame.map_or(samples, |frame| frame.offset_in_block.min(samples));
            if end > at {
                let Self { gates, detector, mixer, .. } = self;
                let channels = planes.iter_mut().enumerate().map(|(channel, plane)| {
                    let gate = gates.get(channel).unwrap_or(&gates[0]);
                    MixPlanes {
                        sound: &mut plane[at..end],
                        gains: &gate.gains()[at..end],
                        detector: listened
                            .and_then(|planes| detector.get(channel.min(planes.saturating_sub(1))))
                            .map(|plane| &plane[at..end]),
                    }
                });
                let peaks = mixer.mix(end - at, channels);
                if let Some(leaving) = &mut self.leaving {
                    leaving.input_peak = leaving.input_peak.max(peaks.input);
                    leaving.output_peak = leaving.output_peak.max(peaks.output);
                }
                input_peak = input_peak.max(peaks.input);
                output_peak = output_peak.max(peaks.output);
                for (plane, value) in label_cv.iter_mut().zip(self.shown) {
                    plane[start + at..start + end].fill(value);
                }
                at = end;
            }
            // What was decided up to here is told in the order of time.
            while let Some(due) = self
                .decided
                .get(decided)
                .filter(|due| frame.is_none_or(|frame| due.offset_in_block <= frame.offset_in_block))
            {
                let place = offset(start + due.offset_in_block.min(samples.saturating_sub(1)));
                self.labels.decided(due, place, &self.pairs, out);
                decided += 1;
            }
            if let Some(frame) = frame {
                self.begin_frame(&frame, offset(start + end.min(samples.saturating_sub(1))), out);
            }
        }
        let gain = self.gates.first().and_then(|gate| gate.gains()[..samples].last().copied());
        self.shared.meters.note_block(input_peak, output_peak, decibels(gain.unwrap_or(1.0)));
        output_peak
    }

    /// A frame's first sample leaves.
    fn begin_frame(&mut self, frame: &LiveFrame, offset: u32, out: &mut dyn EventSink) {
        if let Some(done) = self.leaving.take() {
            self.shared.meters.push(done);
        }
        self.shown = self.columns.probabilities(frame);
        let [speech, music, noise, singing] = self.shown;
        self.leaving = Some(MeterFrame {
            speech,
            music,
            noise,
            singing,
            level_dbfs: frame.level_dbfs,
            gain_db: frame.gain_db,
            input_peak: 0.0,
            output_peak: 0.0,
            class: self.columns.class(frame.heard),
            late: frame.held,
            place: (frame.timeline_sample.saturating_mul(100).saturating_add(99)).div_euclid(self.rate_hz),
        });
        self.labels.leaving(frame, offset, out);
        let likeness = || self.gates.iter().filter_map(|gate| gate.status().voice?.likeness).reduce(f32::max);
        self.profiles
            .leaving(frame.heard, likeness, &self.shared, &mut |id, plain| out.param(offset, id, plain));
    }
}

impl Block<'_, '_> {
    /// Samples per plane.
    pub fn samples(&self) -> usize {
        let main = self.main.first().map(|plane| plane.len());
        main.or_else(|| self.label_cv.first().map(|plane| plane.len())).unwrap_or(0)
    }
}

fn push(frames: &mut Vec<LiveFrame>, frame: LiveFrame) {
    // Never beyond what was reserved: that would allocate.
    if frames.len() < frames.capacity() {
        frames.push(frame);
    }
}

/// Channels that are gated apart are shown as one: the likeliest label, the gate that is furthest open.
fn merge(first: &mut LiveFrame, other: &LiveFrame) {
    for (p, q) in first.scored.scores.iter_mut().zip(other.scored.scores) {
        *p = p.max(q);
    }
    first.level_dbfs = first.level_dbfs.max(other.level_dbfs);
    first.gain_db = first.gain_db.max(other.gain_db);
    first.held |= other.held;
    first.heard = merge_heard(first.heard, other.heard);
}

fn merge_heard(one: LabelSet, other: LabelSet) -> LabelSet {
    match () {
        () if one.contains(LabelSet::SILENCE) => other,
        () if other.contains(LabelSet::SILENCE) || other.contains(LabelSet::UNKNOWN) => one,
        () if one.contains(LabelSet::UNKNOWN) => other,
        () => one.union(other),
    }
}

/// The thresholds in force: the settings' where they have some, else the pack's.
fn pairs(own: &Pairs, settings: &GateSettings) -> Pairs {
    let mut pairs = *own;
    for (pair, label) in pairs.iter_mut().zip(LANE_LABELS) {
        if let Some(set) = settings.thresholds.by_label.get(&label) {
            *pair = *set;
        }
    }
    pairs
}

fn is_silent<'a>(mut planes: impl Iterator<Item = &'a [f32]>) -> bool {
    planes.all(|plane| plane.iter().all(|&sample| sample == 0.0))
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}

fn to_usize(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn offset(sample: usize) -> u32 {
    u32::try_from(sample).unwrap_or(u32::MAX)
}

/// The class of silence is what meters show before anything was heard.
const _: () = assert!(matches!(Class::ALL[1], Class::Silence));
