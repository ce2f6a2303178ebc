//! A host's parameter changes on their way to the sound.
//!
//! A change at sample *n* of the input is about the audio of that sample, which leaves by the latency later: there it takes
//! effect, as if the plugin had no latency and a delay stood behind it. What the host and the window read changes at once.
//! What a hand does in the window, and what comes without audio, acts at once; so do the label lanes, which are about the
//! audio that leaves, and what is about the input or no sound at all.

use std::collections::VecDeque;

use super::ParamEvent;
use crate::params::{Group, PARAMS, ParamId, Params, id};
use crate::shared::Shared;

/// Changes that may be on their way. Of more the oldest acts too early.
const LIMIT: usize = 16_384;

/// The values that act now, and those that will.
#[derive(Debug)]
pub(super) struct Automation {
    acting: Params,
    /// The values of [`Shared`] as they are known here: another one came from a hand.
    known: Box<[f64]>,
    generation: u64,
    /// With the sample at which each acts.
    waiting: VecDeque<(u64, ParamId, f64)>,
    latency: u64,
    /// Samples since the start or the last reset.
    now: u64,
}

/// Whether a change waits for its audio.
fn waits(id: ParamId) -> bool {
    let spec = id.spec();
    spec.flags.automatable && !spec.flags.output && spec.group != Group::Labels && id != id::DETECTOR
}

impl Automation {
    pub(super) fn new(params: &Params, latency: u32) -> Self {
        let mut automation = Self {
            acting: Params::default(),
            known: PARAMS.iter().map(|spec| spec.default_plain()).collect(),
            generation: u64::MAX,
            waiting: VecDeque::with_capacity(LIMIT),
            latency: u64::from(latency),
            now: 0,
        };
        automation.reset(params);
        automation
    }

    /// The values that act.
    pub(super) fn acting(&self) -> &Params {
        &self.acting
    }

    /// No audio is on its way any more: all values act.
    pub(super) fn reset(&mut self, params: &Params) {
        self.waiting.clear();
        self.now = 0;
        self.generation = u64::MAX;
        self.follow_hands(params);
    }

    /// A change by the host, at `offset` from here.
    pub(super) fn take(&mut self, shared: &Shared, event: &ParamEvent, offset: usize) {
        shared.set(event.id, event.value);
        let value = shared.params.get(event.id);
        if let Some(known) = self.known.get_mut(event.id.index()) {
            *known = value;
        }
        // What is said of the first sample of all was so before.
        let at = self.now + offset as u64;
        if at == 0 || !waits(event.id) {
            self.acting.set(event.id, value);
            return;
        }
        if self.waiting.len() == LIMIT
            && let Some((_, id, value)) = self.waiting.pop_front()
        {
            self.acting.set(id, value);
        }
        self.waiting.push_back((at + self.latency, event.id, value));
    }

    /// A change without audio: acts at once, and what was on its way for that parameter is void.
    pub(super) fn take_now(&mut self, shared: &Shared, event: &ParamEvent) {
        shared.set(event.id, event.value);
        self.follow_hands(&shared.params);
    }

    /// Values that were set elsewhere than by [`take`](Self::take).
    pub(super) fn follow_hands(&mut self, params: &Params) {
        let generation = params.generation();
        if generation == self.generation {
            return;
        }
        self.generation = generation;
        for (spec, known) in PARAMS.iter().zip(&mut self.known) {
            let value = params.get(spec.id);
            if value.to_bits() == known.to_bits() && !self.waiting.is_empty() {
                continue;
            }
            *known = value;
            self.acting.set(spec.id, value);
            self.waiting.retain(|(_, id, _)| *id != spec.id);
        }
    }

    /// What acts from `offset` on; gives how far behind here the next one does.
    pub(super) fn act(&mut self, offset: usize) -> usize {
        let now = self.now + offset as u64;
        while let Some(&(at, id, value)) = self.waiting.front()
            && at <= now
        {
            self.waiting.pop_front();
            self.acting.set(id, value);
        }
        let next = self.waiting.front().map_or(u64::MAX, |(at, ..)| at - self.now);
        usize::try_from(next).unwrap_or(usize::MAX)
    }

    /// A block is over.
    pub(super) fn advance(&mut self, samples: usize) {
        self.now += samples as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: ParamId, value: f64) -> ParamEvent {
        ParamEvent { offset: 0, id, value }
    }

    #[test]
    fn a_change_acts_where_its_audio_leaves_and_is_read_at_once() {
        let shared = Shared::new();
        let mut automation = Automation::new(&shared.params, 1_000);
        automation.take(&shared, &event(id::OUTPUT_DB, 3.0), 0);
        assert_eq!(automation.acting().get(id::OUTPUT_DB), 3.0, "said of the first sample");
        automation.take(&shared, &event(id::OUTPUT_DB, 6.0), 100);
        automation.take(&shared, &event(id::SPEECH, 0.5), 100);
        assert_eq!(shared.params.get(id::OUTPUT_DB), 6.0);
        assert_eq!(automation.acting().get(id::SPEECH), 0.5, "lanes are about what leaves");
        automation.advance(512);
        automation.follow_hands(&shared.params);
        assert_eq!(automation.act(0), 588);
        assert_eq!(automation.acting().get(id::OUTPUT_DB), 3.0);
        assert_eq!(automation.act(588), usize::MAX);
        assert_eq!(automation.acting().get(id::OUTPUT_DB), 6.0);
    }

    #[test]
    fn a_hand_acts_at_once_and_voids_what_was_on_its_way() {
        let shared = Shared::new();
        let mut automation = Automation::new(&shared.params, 1_000);
        automation.advance(512);
        for value in [6.0, 7.0] {
            automation.take(&shared, &event(id::OUTPUT_DB, value), 0);
        }
        automation.take(&shared, &event(id::WET, 0.5), 0);
        shared.set(id::OUTPUT_DB, -3.0);
        automation.follow_hands(&shared.params);
        assert_eq!(automation.acting().get(id::OUTPUT_DB), -3.0);
        assert_eq!(automation.acting().get(id::WET), 1.0, "of other parameters nothing is void");
        automation.act(2_000);
        assert_eq!(automation.acting().get(id::OUTPUT_DB), -3.0);
        assert_eq!(automation.acting().get(id::WET), 0.5);
        automation.take(&shared, &event(id::WET, 0.25), 0);
        automation.reset(&shared.params);
        assert_eq!(automation.acting().get(id::WET), 0.25, "after a reset all values act");
    }
}
