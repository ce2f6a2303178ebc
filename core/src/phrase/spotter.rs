//! From likeness to decisions: when a phrase was said.

use super::PhraseError;
use super::law::{Aligner, Match};
use super::profile::{Limits, PhraseProfile};
use crate::Label;
use crate::embed::Vectors;

/// Hops that the score may fall before a match counts as at its highest.
const FALLING_HOPS: u32 = 2;
/// Hops after its highest at which a match is told.
const TOLD_AFTER_HOPS: u64 = 5;
/// Hops after its highest at which a live gate takes a phrase for over: what comes next is not for it to hold back.
const OVER_AFTER_HOPS: u64 = 1;
/// Seconds of which an evaluation takes the highest score.
const PEAK_S: f64 = 1.0;
/// Milliseconds in which the same phrase is not told again.
const REFRACTORY_MS: u32 = 1_000;
/// Longest time in which a phrase is not told again, milliseconds, and most hops that may be asked for.
const MAX_REFRACTORY_MS: u32 = 600_000;
const MAX_CONFIRM_HOPS: u32 = 250;

/// When a match is told, beside the limits of its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotterSettings {
    /// For so long after a phrase was told the same one is not told again, milliseconds.
    pub refractory_ms: u32,
    /// For so many hops in a row the score must stand at or above the limit.
    pub confirm_hops: u32,
}

impl Default for SpotterSettings {
    fn default() -> Self {
        Self { refractory_ms: REFRACTORY_MS, confirm_hops: 1 }
    }
}

impl SpotterSettings {
    /// Refuses what makes no sense.
    ///
    /// # Errors
    /// [`PhraseError::Setting`] with the range.
    pub fn check(self) -> Result<(), PhraseError> {
        for (name, value, low, high) in [
            ("refractory_ms", self.refractory_ms, 0, MAX_REFRACTORY_MS),
            ("confirm", self.confirm_hops, 1, MAX_CONFIRM_HOPS),
        ] {
            if !(low..=high).contains(&value) {
                return Err(PhraseError::Setting { name, value, low, high });
            }
        }
        Ok(())
    }
}

/// A phrase that was said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spotted {
    /// Its first hop, counted from the start of the stream.
    pub start: u64,
    /// The hop after its last.
    pub end: u64,
    /// The hop after which it was told.
    pub decided: u64,
    /// Its score.
    pub score: f32,
    /// How sure that is: 0.5 at the threshold, nearer to 1 the further above.
    pub confidence: f32,
}

/// What a hop tells of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Told {
    /// It is said: its score stands at the limit, for as long as it has to. Its borders are those of the best match so
    /// far. [`Told::said`] follows, in the same hop at the earliest.
    pub recognised: Option<Spotted>,
    /// It is over: its score has passed its highest point, and its borders are settled.
    pub said: Option<Spotted>,
}

/// Finds one phrase in a stream of vectors. A step takes time in proportion to the rows of the profile's templates and
/// allocates nothing.
#[derive(Debug, Clone)]
pub struct PhraseSpotter {
    label: Label,
    aligner: Aligner,
    limits: Limits,
    hop_s: f64,
    refractory_hops: u64,
    confirm_hops: u32,
    hop: u64,
    /// Hops in a row, up to this one, with a match that is over the limit.
    over: u32,
    /// Whether these were ever enough for the match that is rising.
    confirmed: bool,
    /// The best so far of a match that is over the limit, the hop where it was so good, and for how long it has fallen.
    rising: Option<(Match, u64, u32)>,
    /// Nothing that begins before this hop is told.
    free_from: u64,
    /// Nothing is told before this hop.
    quiet_until: u64,
    /// The beginning that is over its limit now.
    begun: Option<u64>,
    /// As far as is known, where what was over its limit last has its end.
    end: u64,
    /// The score at the last hop.
    score: f32,
}

impl PhraseSpotter {
    /// For a phrase called `name`, at the limits that the profile chose.
    pub fn new(name: &str, profile: &PhraseProfile) -> Self {
        Self::with_limits(name, profile, profile.limits())
    }

    /// The same at other limits.
    pub fn with_limits(name: &str, profile: &PhraseProfile, limits: Limits) -> Self {
        Self {
            label: super::label(name),
            aligner: profile.aligner(|_| true),
            limits,
            hop_s: profile.hop_s(),
            refractory_hops: 0,
            confirm_hops: 0,
            hop: 0,
            over: 0,
            confirmed: false,
            rising: None,
            free_from: 0,
            quiet_until: 0,
            begun: None,
            end: 0,
            score: f32::MIN,
        }
        .with_settings(SpotterSettings::default())
    }

    /// The same, told otherwise.
    #[must_use]
    pub fn with_settings(self, settings: SpotterSettings) -> Self {
        let refractory_hops = hops_in(f64::from(settings.refractory_ms) / 1e3, self.hop_s);
        Self { refractory_hops, confirm_hops: settings.confirm_hops, ..self }
    }

    /// `phrase:NAME`.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// Back to the start of a stream.
    pub fn reset(&mut self) {
        self.aligner.reset();
        (self.hop, self.rising, self.free_from, self.quiet_until) = (0, None, 0, 0);
        (self.over, self.confirmed, self.begun, self.end) = (0, false, None, 0);
        self.score = f32::MIN;
    }

    /// Takes the next vector.
    pub fn push(&mut self, vector: &[f32]) -> Told {
        let likeness = self.aligner.push(vector);
        self.hop += 1;
        // What has been told fades slowly: a way that began within it is no new saying.
        let is_new = |found: &Match| found.start >= self.free_from;
        let found = likeness.whole;
        self.score = found.score;
        let begun = is_new(&likeness.prefix) && likeness.prefix.score >= self.limits.early;
        let whole = is_new(&found) && found.score >= self.limits.whole;
        self.over = if whole { self.over.saturating_add(1) } else { 0 };
        self.rising = match self.rising {
            None if whole && self.hop > self.quiet_until => Some((found, self.hop, 0)),
            None => None,
            Some((best, ..)) if found.score > best.score => Some((found, self.hop, 0)),
            Some((best, since, fallen)) => {
                let falls = found.score < best.score;
                Some((best, since, if falls { fallen + 1 } else { fallen }))
            }
        };
        let is_past = self.rising.is_some_and(|(_, since, _)| self.hop >= since + OVER_AFTER_HOPS);
        let start = begun.then_some(likeness.prefix.start).or(whole.then_some(found.start));
        self.begun = start.filter(|_| !is_past);
        self.end = self.rising.map_or(self.hop, |(best, ..)| best.end);
        let Some((best, since, fallen)) = self.rising else { return Told::default() };
        let recognised = !self.confirmed && self.over >= self.confirm_hops;
        self.confirmed |= recognised;
        let recognised = recognised.then(|| self.spotted(best));
        let is_over = fallen >= FALLING_HOPS || self.hop >= since + TOLD_AFTER_HOPS;
        // It waits until it has stood there for long enough, or does so no longer.
        let said = if is_over && (self.confirmed || self.over == 0) { self.tell(best) } else { None };
        Told { recognised, said }
    }

    /// The stream has ended: a phrase that was recognised is over.
    pub fn finish(&mut self) -> Option<Spotted> {
        let (best, ..) = self.rising?;
        self.tell(best)
    }

    /// If the phrase, as far as it was heard, is being said, the hop that it began with: what a live gate acts on, before
    /// the end is known.
    pub fn begun(&self) -> Option<u64> {
        self.begun
    }

    /// Where what [`PhraseSpotter::begun`] told has its end, as the hop after its last, once that tells nothing any more.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How probable it is that the phrase has just ended, whether that is told or not: 0.5 at the limit.
    pub fn probability(&self) -> f32 {
        self.limits.probability(self.score)
    }

    /// A match is over: tells it, if it was over the limit for long enough.
    fn tell(&mut self, found: Match) -> Option<Spotted> {
        self.rising = None;
        if !std::mem::take(&mut self.confirmed) {
            return None;
        }
        self.quiet_until = self.hop + self.refractory_hops.saturating_sub(TOLD_AFTER_HOPS);
        self.free_from = found.end;
        Some(self.spotted(found))
    }

    fn spotted(&self, found: Match) -> Spotted {
        Spotted {
            start: found.start,
            end: found.end,
            decided: self.hop,
            score: found.score,
            confidence: self.limits.confidence(found.score),
        }
    }
}

/// The highest score of a phrase in each second of `vectors`, and in all of it: what an evaluation is made of.
pub fn peaks(profile: &PhraseProfile, vectors: &Vectors) -> (Vec<f32>, f32) {
    let mut aligner = profile.aligner(|_| true);
    let scores: Vec<f32> = vectors.iter().map(|row| aligner.push(row).whole.score).collect();
    let every = usize::try_from(hops_in(PEAK_S, vectors.hop_s())).unwrap_or(usize::MAX);
    let highest = |scores: &[f32]| scores.iter().copied().fold(f32::MIN, f32::max);
    (scores.chunks(every).map(highest).collect(), highest(&scores))
}

/// Whole hops in a time, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(super) fn hops_in(seconds: f64, hop_s: f64) -> u64 {
    ((seconds / hop_s).round() as u64).max(1)
}
