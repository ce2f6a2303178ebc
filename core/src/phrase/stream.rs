//! Phrases in a stream of samples, and in all of a recording.

use std::sync::Arc;

use super::profile::{PhraseProfile, Strictness};
use super::spotter::{PhraseSpotter, Spotted, SpotterSettings};
use crate::embed::{EmbedError, EmbedStream, Embedder, Vectors};
use crate::profile::{ProfileError, ProfileName, ProfileStore};
use crate::{FrameGrid, Label};

/// Phrases that a stream is searched for, all with vectors of one network. Streams made of it are apart.
#[derive(Debug, Clone)]
pub struct Phrases {
    embedder: Arc<Embedder>,
    spotters: Vec<PhraseSpotter>,
}

/// A phrase that was said, in seconds of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Which of the phrases that were looked for.
    pub phrase: usize,
    /// `phrase:NAME`.
    pub label: Label,
    /// Its beginning.
    pub start_s: f64,
    /// Its end.
    pub end_s: f64,
    /// The end of the audio that the decision needed.
    pub decided_s: f64,
    /// 0.5 at the limit of the profile, nearer to 1 the further above.
    pub confidence: f32,
    /// The score itself.
    pub score: f32,
}

/// A change of what a live gate acts on, and detections, in the order of the hops.
#[derive(Debug, Clone, PartialEq)]
pub enum PhraseEvent {
    /// At `hop` it turned out that the phrase with this number is being said, as far as its beginning tells.
    Begun {
        /// Which of the phrases.
        phrase: usize,
        /// The hop whose vector told it.
        hop: u64,
        /// The hop that it began with.
        start: u64,
    },
    /// At `hop` it turned out that what had begun is no longer said.
    Over {
        /// Which of the phrases.
        phrase: usize,
        /// The hop whose vector told it.
        hop: u64,
        /// The hop after its last: of a phrase that was said whole; else this one.
        end: u64,
    },
    /// A phrase is said: as sure as its limit asks, with the borders that it has so far. [`PhraseEvent::Said`] of the same
    /// phrase follows, and nothing else is recognised of it before.
    Recognised(Detection),
    /// A phrase is over, and its borders are settled.
    Said(Detection),
}

impl Phrases {
    /// Looks for `spotters` in the vectors of `embedder`.
    pub fn new(embedder: Arc<Embedder>, spotters: Vec<PhraseSpotter>) -> Self {
        Self { embedder, spotters }
    }

    /// Enrolled phrases by name, each once, at its own strictness or at this one.
    ///
    /// # Errors
    /// [`ProfileError`] if one is not there, cannot be read or was made with another network.
    pub fn load(
        embedder: impl Into<Arc<Embedder>>,
        store: &ProfileStore,
        names: &[ProfileName],
        strictness: Option<Strictness>,
    ) -> Result<Self, ProfileError> {
        let embedder = embedder.into();
        let named_before = |index: usize| names[..index].contains(&names[index]);
        let names = (0..names.len()).filter(|index| !named_before(*index)).map(|index| &names[index]);
        let spotter = |name: &ProfileName| {
            let profile: PhraseProfile = store.load(name, embedder.model_sha256(), None)?;
            let limits = profile.working(strictness.unwrap_or(profile.strictness())).limits;
            Ok(PhraseSpotter::with_limits(name.as_str(), &profile, limits))
        };
        let spotters = names.map(spotter).collect::<Result<_, ProfileError>>()?;
        Ok(Self::new(embedder, spotters))
    }

    /// The same phrases, told otherwise.
    #[must_use]
    pub fn with_settings(mut self, settings: SpotterSettings) -> Self {
        let told = |spotter: PhraseSpotter| spotter.with_settings(settings);
        self.spotters = self.spotters.into_iter().map(told).collect();
        self
    }

    /// Frames of 10 ms per hop.
    pub fn hop_frames(&self) -> u64 {
        self.embedder.hop_frames() as u64
    }

    /// Frames after the beginning of a hop until what it tells is known, live.
    pub fn delay_frames(&self) -> u64 {
        (self.embedder.hop_frames() + self.embedder.pack().manifest().lookahead_frames) as u64
    }

    /// The labels, in the order of the phrases.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.spotters.iter().map(PhraseSpotter::label)
    }

    /// The network.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// A stream of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`EmbedError`] if the rate cannot be resampled.
    pub fn stream(&self, rate_hz: u32, channels: u16) -> Result<PhraseStream, EmbedError> {
        let stream = self.embedder.stream(rate_hz, channels)?;
        let mut spotters = self.spotters.clone();
        spotters.iter_mut().for_each(PhraseSpotter::reset);
        let manifest = self.embedder.pack().manifest();
        Ok(PhraseStream {
            vectors: stream.vectors(),
            on: vec![false; spotters.len()],
            hop_frames: self.embedder.hop_frames() as u64,
            lookahead_frames: manifest.lookahead_frames as u64,
            hop: 0,
            kept: None,
            stream,
            spotters,
        })
    }

    /// The phrases in samples that are in memory: interleaved, whole frames of `channels`.
    ///
    /// # Errors
    /// As [`PhraseStream::push`].
    pub fn spot_samples(
        &self,
        interleaved: &[f32],
        rate_hz: u32,
        channels: u16,
    ) -> Result<Vec<Detection>, EmbedError> {
        let mut stream = self.stream(rate_hz, channels)?;
        let mut found = Vec::new();
        let mut take = |event| {
            if let PhraseEvent::Said(detection) = event {
                found.push(detection);
            }
        };
        stream.push(interleaved, &mut take)?;
        stream.finish(&mut take)?;
        found.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        Ok(found)
    }
}

/// One stream.
#[derive(Debug)]
pub struct PhraseStream {
    stream: EmbedStream,
    vectors: Vectors,
    spotters: Vec<PhraseSpotter>,
    on: Vec<bool>,
    hop_frames: u64,
    lookahead_frames: u64,
    hop: u64,
    /// The probability of each phrase at each hop, row by row, where that is wanted.
    kept: Option<Vec<f32>>,
}

impl PhraseStream {
    /// Keeps the probability of each phrase at each hop, for a picture; memory then grows with the stream.
    #[must_use]
    pub fn keeping_probabilities(mut self) -> Self {
        self.kept = Some(Vec::new());
        self
    }

    /// What was kept until now: hops × phrases, 0.5 at the limit of each.
    pub fn take_probabilities(&mut self) -> Vec<f32> {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Back to the start: what is pushed next is the beginning of a new stream.
    pub fn reset(&mut self) {
        self.stream.reset();
        self.spotters.iter_mut().for_each(PhraseSpotter::reset);
        self.on.fill(false);
        self.hop = 0;
    }

    /// Frames of 10 ms about which all is told so far.
    pub fn told_frames(&self) -> u64 {
        self.hop * self.hop_frames
    }

    /// Hears interleaved samples and tells what is known now.
    ///
    /// # Errors
    /// [`EmbedError`] if the network fails; the stream cannot go on then.
    pub fn push(
        &mut self,
        interleaved: &[f32],
        tell: &mut impl FnMut(PhraseEvent),
    ) -> Result<(), EmbedError> {
        self.vectors.rows.clear();
        self.stream.push(interleaved, &mut self.vectors)?;
        self.look(tell);
        Ok(())
    }

    /// The stream has ended: tells the rest, and goes back to the start.
    ///
    /// # Errors
    /// As [`PhraseStream::push`].
    pub fn finish(&mut self, tell: &mut impl FnMut(PhraseEvent)) -> Result<(), EmbedError> {
        self.vectors.rows.clear();
        self.stream.finish(&mut self.vectors)?;
        self.look(tell);
        for phrase in 0..self.spotters.len() {
            if let Some(spotted) = self.spotters[phrase].finish() {
                tell(PhraseEvent::Said(self.detection(phrase, spotted)));
            }
        }
        self.reset();
        Ok(())
    }

    fn look(&mut self, tell: &mut impl FnMut(PhraseEvent)) {
        for row in 0..self.vectors.len() {
            for phrase in 0..self.spotters.len() {
                let told = self.spotters[phrase].push(self.vectors.row(row));
                if let Some(kept) = &mut self.kept {
                    kept.push(self.spotters[phrase].probability());
                }
                let (hop, begun) = (self.hop, self.spotters[phrase].begun());
                let was_on = std::mem::replace(&mut self.on[phrase], begun.is_some());
                match begun {
                    Some(start) if !was_on => tell(PhraseEvent::Begun { phrase, hop, start }),
                    None if was_on => {
                        tell(PhraseEvent::Over { phrase, hop, end: self.spotters[phrase].end() })
                    }
                    _ => {}
                }
                if let Some(spotted) = told.recognised {
                    tell(PhraseEvent::Recognised(self.detection(phrase, spotted)));
                }
                if let Some(spotted) = told.said {
                    tell(PhraseEvent::Said(self.detection(phrase, spotted)));
                }
            }
            self.hop += 1;
        }
    }

    fn detection(&self, phrase: usize, spotted: Spotted) -> Detection {
        let seconds = |hop: u64| FrameGrid::seconds(hop * self.hop_frames);
        Detection {
            phrase,
            label: self.spotters[phrase].label().clone(),
            start_s: seconds(spotted.start),
            end_s: seconds(spotted.end),
            decided_s: seconds(spotted.decided) + FrameGrid::seconds(self.lookahead_frames),
            confidence: spotted.confidence,
            score: spotted.score,
        }
    }
}
