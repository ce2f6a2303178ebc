//! A stream whose format is known.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use earmark_core::detect::Detector;
use earmark_core::stream::{Event, StreamTagger};

use super::clock::Clock;
use super::sound::Through;
use super::teller::Teller;
use super::{Outputs, RunError, StreamJob};
use crate::sinks::Say;

/// Everything that a running stream owns.
pub(super) struct Session {
    name: String,
    tagger: StreamTagger,
    through: Option<Through>,
    clock: Clock,
    in_gap: bool,
    teller: Teller,
    events: Vec<Event>,
    say: Say,
}

impl Session {
    pub(super) fn begin(
        job: StreamJob,
        detector: &Arc<Detector>,
        rate_hz: u32,
        channels: u16,
        outputs: Outputs,
        say: &Say,
    ) -> Result<Self, RunError> {
        let name = job.settings.name.clone();
        let tagger = match &job.voices {
            None => StreamTagger::new(detector, rate_hz, channels, &job.settings),
            Some(voices) => StreamTagger::with_voices(detector, voices, rate_hz, channels, &job.settings),
        };
        let tagger = tagger
            .and_then(|tagger| match &job.phrases {
                Some(phrases) => tagger.with_phrases(phrases),
                None => Ok(tagger),
            })
            .map_err(|source| RunError::Stream { name: name.clone(), source })?;
        let through = job
            .through
            .as_ref()
            .map(|through| {
                Through::new(detector, job.voices.as_ref(), through, (rate_hz, channels), outputs.sound)
            })
            .transpose()?;
        if let Some(through) = &through {
            let latency_ms = 1e3 * f64::from(through.latency_samples()) / f64::from(rate_hz);
            say(&format!("{name}: the gated sound is {latency_ms:.1} ms late"));
        }
        let labels = job.labels(detector);
        let teller = Teller::new(&name, &labels, job.reactions, job.wall_clock, outputs.events, say)?;
        let mut session = Self {
            name,
            tagger,
            through,
            clock: Clock::new(),
            in_gap: false,
            teller,
            events: Vec::new(),
            say: Arc::clone(say),
        };
        session.tagger.begin(&mut session.events);
        session.tell(0.0)?;
        Ok(session)
    }

    /// Sound has come, the last of it at `at`.
    pub(super) fn sound(&mut self, samples: Vec<f32>, at: Instant) -> Result<(), RunError> {
        let rate_hz = self.tagger.rate_hz();
        let frames = u32::try_from(samples.len() / usize::from(self.tagger.channels())).unwrap_or(u32::MAX);
        let length_s = f64::from(frames) / f64::from(rate_hz);
        self.clock.came(length_s, at);
        if std::mem::take(&mut self.in_gap) {
            // The stream never falls behind the wall; what came in a burst before may have put it ahead.
            self.end_gap(self.clock.at(at) - length_s);
        }
        let heard = self.tagger.push(&samples, &mut self.events);
        self.clock.anchor(self.tagger.position_s());
        let gated = self.through.as_mut().map_or(Ok(()), |through| through.push(samples));
        self.tell(self.tagger.told_until_s())?;
        gated?;
        heard.map_err(|source| RunError::Stream { name: self.name.clone(), source })
    }

    /// No sound comes for now.
    pub(super) fn lost(&mut self, reason: &str, at: Instant) -> Result<(), RunError> {
        self.clock.lost();
        if std::mem::replace(&mut self.in_gap, true) {
            return self.idle();
        }
        (self.say)(&format!("{}: {reason}; it is connected again", self.name));
        let begun = self.tagger.gap_begins(reason, &mut self.events);
        self.clock.anchor(self.tagger.position_s().max(self.clock.at(at)));
        self.tell(self.tagger.told_until_s())?;
        begun.map_err(|source| RunError::Stream { name: self.name.clone(), source })
    }

    /// Nothing has come for a moment: the rules look at the clock where it goes on.
    pub(super) fn idle(&mut self) -> Result<(), RunError> {
        if !self.in_gap {
            return Ok(());
        }
        let now_s = self.clock.at(Instant::now());
        self.clock.anchor(now_s);
        self.tell(now_s)
    }

    /// The stream is over: ends what is on, tells it and waits for the sinks, less long once `stop` is set.
    pub(super) fn finish(mut self, stop: &AtomicBool) -> Result<(), RunError> {
        if std::mem::take(&mut self.in_gap) {
            self.end_gap(self.clock.at(Instant::now()));
        }
        let end_s = self.tagger.position_s();
        let ended = self.tagger.finish(&mut self.events);
        let told = self.teller.tell(&mut self.events, &self.clock, end_s);
        let gated = self.through.map_or(Ok(()), Through::finish);
        self.teller.close(stop);
        told.and(gated).and(ended.map_err(|source| RunError::Stream { name: self.name, source }))
    }

    /// The sound goes on, or the stream ends, at `now_s` of the wall's clock.
    fn end_gap(&mut self, now_s: f64) {
        let missing_s = now_s - self.tagger.position_s();
        let samples = whole(missing_s * f64::from(self.tagger.rate_hz()));
        self.tagger.gap_ends(samples, &mut self.events);
    }

    fn tell(&mut self, until_s: f64) -> Result<(), RunError> {
        self.teller.tell(&mut self.events, &self.clock, until_s)
    }
}

/// To the nearest whole number; none below 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; negative becomes 0"
)]
fn whole(samples: f64) -> u64 {
    samples.round() as u64
}
