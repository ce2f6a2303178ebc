//! Phrases of a stream: an onset as soon as one is recognised, an offset once its borders are settled.

use super::Event;
use super::time::{rounded, seconds};
use crate::Label;
use crate::embed::EmbedError;
use crate::phrase::{Detection, PhraseEvent, PhraseStream, Phrases};

/// Looks for phrases in the sound of a stream.
#[derive(Debug)]
pub(super) struct PhraseTeller {
    stream: PhraseStream,
    labels: Vec<Label>,
    /// Seconds that each was said.
    totals_us: Vec<u64>,
    /// The onset of each that was told and has no offset yet: its number and beginning.
    on: Vec<Option<(u64, f64)>>,
    found: Vec<PhraseEvent>,
}

impl PhraseTeller {
    pub(super) fn new(phrases: &Phrases, rate_hz: u32, channels: u16) -> Result<Self, EmbedError> {
        let labels: Vec<Label> = phrases.labels().cloned().collect();
        Ok(Self {
            stream: phrases.stream(rate_hz, channels)?,
            totals_us: vec![0; labels.len()],
            on: vec![None; labels.len()],
            labels,
            found: Vec::new(),
        })
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Each label with the seconds that it was said.
    pub(super) fn totals(&self) -> impl Iterator<Item = (Label, f64)> {
        self.labels.iter().cloned().zip(self.totals_us.iter().map(|us| seconds(*us)))
    }

    /// Hears samples, which begin at the last [`PhraseTeller::end`] or at the start.
    pub(super) fn push(&mut self, interleaved: &[f32]) -> Result<(), EmbedError> {
        let found = &mut self.found;
        self.stream.push(interleaved, &mut |event| found.push(event))
    }

    /// The sound stops here.
    pub(super) fn end(&mut self) -> Result<(), EmbedError> {
        let found = &mut self.found;
        self.stream.finish(&mut |event| found.push(event))
    }

    /// Tells what was found, of sound that began at `base_us` and has come as far as `until_us`.
    pub(super) fn tell(&mut self, base_us: u64, until_us: u64, next_id: &mut u64, out: &mut Vec<Event>) {
        let (base_s, until_s) = (seconds(base_us), seconds(until_us));
        // What the network heard after the end of the sound is silence that it was given.
        let at = |second: f64| rounded((base_s + second).min(until_s), 6);
        for event in self.found.drain(..) {
            let (found, is_over) = match event {
                PhraseEvent::Recognised(found) => (found, false),
                PhraseEvent::Said(found) => (found, true),
                PhraseEvent::Begun { .. } | PhraseEvent::Over { .. } => continue,
            };
            let Detection { phrase, label, confidence, .. } = found;
            let (start_s, end_s, decided_s) = (at(found.start_s), at(found.end_s), at(found.decided_s));
            let confidence = rounded(f64::from(confidence), 3);
            if !is_over {
                if start_s < end_s {
                    *next_id += 1;
                    let id = *next_id;
                    self.on[phrase] = Some((id, start_s));
                    out.push(Event::Onset { id, label, start_s, decided_s, confidence });
                }
            } else if let Some((id, begun_s)) = self.on[phrase].take() {
                let start_s = if start_s < end_s { start_s } else { begun_s };
                self.totals_us[phrase] += microseconds(end_s - start_s);
                out.push(Event::Offset { id, label, start_s, end_s, decided_s, confidence });
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn microseconds(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}
