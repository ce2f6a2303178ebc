//! One stream: samples in, events out.

use super::decision::Decision;
use super::event::EVENTS_VERSION;
use super::lane::Tell;
use super::means::FrameMeans;
#[cfg(feature = "profiles")]
use super::phrases::PhraseTeller;
use super::time::{rounded, seconds, us_of};
use super::{Event, StreamError, StreamSettings};
use crate::detect::{DetectError, Detector, DetectorStream, Reach};
use crate::signal::for_detector;
#[cfg(feature = "profiles")]
use crate::voice::{VoiceStream, Voices};
use crate::{FrameGrid, FrameScores};

/// Values that are heard at a time, however large the blocks are: memory stays flat.
const CHUNK_VALUES: usize = 8_192;
/// Milliseconds per frame of the grid.
const FRAME_MS: u32 = 10;

/// What hears a stream.
#[derive(Debug)]
enum Ear {
    Detector(Box<DetectorStream>),
    #[cfg(feature = "profiles")]
    Voices(Box<VoiceStream>),
}

impl Ear {
    fn scores(&self) -> FrameScores {
        match self {
            Self::Detector(stream) => stream.scores(),
            #[cfg(feature = "profiles")]
            Self::Voices(stream) => stream.scores(),
        }
    }

    fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        match self {
            Self::Detector(stream) => stream.push(interleaved, heard),
            #[cfg(feature = "profiles")]
            Self::Voices(stream) => stream.push(interleaved, heard),
        }
    }

    fn finish_and_reset(&mut self, heard: &mut FrameScores) -> Result<(), DetectError> {
        match self {
            Self::Detector(stream) => stream.finish_and_reset(heard),
            #[cfg(feature = "profiles")]
            Self::Voices(stream) => stream.finish(heard),
        }
    }
}

/// Hears one stream and tells what is on in it, as early as the law of decision allows.
///
/// It does no I/O and starts no thread: whoever owns it steps it, and may own many. Memory does not grow with the length of
/// the stream. The same samples give the same events, however they are cut into blocks. What is no number counts as silence.
///
/// ```
/// # #[cfg(all(feature = "files", feature = "embedded-packs", feature = "embedded-runtime"))] {
/// use earmark_core::decide::TimelineSettings;
/// use earmark_core::detect::{Detector, DetectorMode};
/// use earmark_core::model::pack::{self, Pack};
/// use earmark_core::model::runtime::Runtime;
/// use earmark_core::stream::{Event, StreamSettings, StreamTagger};
///
/// let pack = Pack::find(pack::LIVE)?;
/// let timeline = TimelineSettings::for_pack(pack.manifest());
/// let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::LowLatency)?;
/// let settings = StreamSettings { name: "desk".into(), timeline, frame_ms: None };
/// let mut tagger = StreamTagger::new(&detector, 48_000, 2, &settings)?;
/// let mut events = Vec::new();
/// for _ in 0..100 {
///     tagger.push(&[0.0; 2 * 480], &mut events)?;
/// }
/// // A second of silence: it is known while it lasts.
/// assert!(matches!(&events[1], Event::Onset { label, .. } if label.as_str() == "silence"));
/// tagger.finish(&mut events)?;
/// assert!(matches!(events.last(), Some(Event::End { samples: 48_000, .. })));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StreamTagger {
    channels: u16,
    grid: FrameGrid,
    ear: Ear,
    reach: Reach,
    /// Frames that were heard and are not decided yet.
    scores: FrameScores,
    decision: Decision,
    means: Option<FrameMeans>,
    #[cfg(feature = "profiles")]
    phrases: Option<PhraseTeller>,
    /// [`Event::Begin`] until it is told.
    begin: Option<Event>,
    /// Where the sound began or went on, in samples and frames of the stream.
    base_samples: u64,
    base_frame: u64,
    /// Samples per channel since then, and before.
    heard: u64,
    heard_before: u64,
    gap_samples: u64,
    /// Why there is no sound now, if so.
    gap: Option<String>,
    next_id: u64,
    /// Values of a sample that is not complete, and clean samples.
    cleaned: Vec<f32>,
}

impl StreamTagger {
    /// For interleaved samples at `rate_hz`. Events come as early as `detector` allows, so it should be one for
    /// [`LowLatency`](crate::detect::DetectorMode::LowLatency).
    ///
    /// # Errors
    /// [`StreamError`] for settings that make no sense, a rate that cannot be heard, or no channels.
    pub fn new(
        detector: &Detector,
        rate_hz: u32,
        channels: u16,
        settings: &StreamSettings,
    ) -> Result<Self, StreamError> {
        check(channels, settings)?;
        let ear = Ear::Detector(Box::new(detector.stream(rate_hz, channels)?));
        Self::hearing(detector, ear, rate_hz, channels, settings)
    }

    /// The same with enrolled voices: `voice:NAME` is on while that person speaks. A stretch is told once it has lasted as
    /// long as a first decision about the voice takes, so that nobody is told who is only not yet known to be somebody else.
    ///
    /// # Errors
    /// As [`StreamTagger::new`], and [`StreamError::Voice`].
    #[cfg(feature = "profiles")]
    pub fn with_voices(
        detector: &Detector,
        voices: &Voices,
        rate_hz: u32,
        channels: u16,
        settings: &StreamSettings,
    ) -> Result<Self, StreamError> {
        check(channels, settings)?;
        let timeline = voices.in_stream(settings.timeline.clone());
        let settings = StreamSettings { timeline, ..settings.clone() };
        let ear = Ear::Voices(Box::new(VoiceStream::new(detector, voices, rate_hz, channels)?));
        Self::hearing(detector, ear, rate_hz, channels, &settings)
    }

    fn hearing(
        detector: &Detector,
        ear: Ear,
        rate_hz: u32,
        channels: u16,
        settings: &StreamSettings,
    ) -> Result<Self, StreamError> {
        let manifest = detector.pack().manifest();
        let reach = detector.reach(rate_hz)?;
        let scores = ear.scores();
        let decision = Decision::new(&scores.labels, &settings.timeline, rate_hz);
        let begin = Event::Begin {
            version: EVENTS_VERSION,
            stream: settings.name.clone(),
            rate_hz,
            channels,
            pack: format!("{} {}", manifest.name, manifest.version),
            sha256: manifest.model.sha256.clone(),
            labels: decision.lanes().map(|lane| lane.label().clone()).collect(),
            hearing_ms: rounded(seconds(us_of(reach.worst(), rate_hz)) * 1e3, 1),
            frame_ms: settings.frame_ms,
        };
        Ok(Self {
            channels,
            grid: FrameGrid::new(rate_hz),
            means: settings.frame_ms.map(|ms| FrameMeans::new((ms / FRAME_MS) as usize, &scores.labels)),
            scores,
            ear,
            reach,
            decision,
            #[cfg(feature = "profiles")]
            phrases: None,
            begin: Some(begin),
            base_samples: 0,
            base_frame: 0,
            heard: 0,
            heard_before: 0,
            gap_samples: 0,
            gap: None,
            next_id: 0,
            cleaned: Vec::new(),
        })
    }

    /// Looks for phrases too. The onset of each is told once it is recognised, the offset once its borders are settled;
    /// what is told of other labels is the same as without, and [`StreamTagger::told_until_s`] is about those.
    ///
    /// # Errors
    /// [`StreamError`] if the rate cannot be heard.
    #[cfg(feature = "profiles")]
    pub fn with_phrases(mut self, phrases: &crate::phrase::Phrases) -> Result<Self, StreamError> {
        let phrases = PhraseTeller::new(phrases, self.grid.rate_hz(), self.channels)?;
        if let Some(Event::Begin { labels, .. }) = &mut self.begin {
            labels.extend_from_slice(phrases.labels());
        }
        self.phrases = Some(phrases);
        Ok(self)
    }

    /// Tells [`Event::Begin`] before there is any sound; else it comes with the first call of another method.
    pub fn begin(&mut self, out: &mut Vec<Event>) {
        out.extend(self.begin.take());
    }

    /// Hears interleaved samples. A last sample that has not all channels waits for the rest. A gap that is under way ends
    /// here, with no length; [`StreamTagger::gap_ends`] gives it one.
    ///
    /// # Errors
    /// [`StreamError::Detect`] if the network fails; [`StreamTagger::finish`] is all that can be done then.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<Event>) -> Result<(), StreamError> {
        self.begin(out);
        if self.gap.is_some() {
            self.gap_ends(0, out);
        }
        let channels = usize::from(self.channels);
        for chunk in interleaved.chunks(CHUNK_VALUES) {
            self.cleaned.extend(chunk.iter().map(|sample| for_detector(*sample)));
            let whole = self.cleaned.len() - self.cleaned.len() % channels;
            self.heard += (whole / channels) as u64;
            let heard = self.ear.push(&self.cleaned[..whole], &mut self.scores);
            #[cfg(feature = "profiles")]
            let heard = heard.and_then(|()| {
                self.phrases.as_mut().map_or(Ok(()), |phrases| phrases.push(&self.cleaned[..whole]))
            });
            self.cleaned.drain(..whole);
            heard?;
            self.decide(None, out);
            #[cfg(feature = "profiles")]
            self.tell_phrases(out);
        }
        Ok(())
    }

    /// The source stops giving sound: decides all that was heard, ends what is on and tells the gap. Without effect in a
    /// gap.
    ///
    /// # Errors
    /// As [`StreamTagger::push`]; the gap is told all the same.
    pub fn gap_begins(&mut self, reason: &str, out: &mut Vec<Event>) -> Result<(), StreamError> {
        self.begin(out);
        if self.gap.is_some() {
            return Ok(());
        }
        let ended = self.end_sound(out);
        self.gap = Some(reason.to_owned());
        out.push(Event::Gap { start_s: self.position_s(), end_s: None, reason: reason.to_owned() });
        ended
    }

    /// The sound goes on after a gap of `samples` per channel. The clock moves on by so many, and to the next sample that a
    /// frame begins with exactly: at most 10 ms at most rates, below a second at any. Without effect where there is no gap.
    pub fn gap_ends(&mut self, samples: u64, out: &mut Vec<Event>) {
        let Some(reason) = self.gap.take() else { return };
        let start = self.position_samples();
        let (sample, frame) = self.grid.next_exact(start.saturating_add(samples));
        self.gap_samples += sample - start;
        self.heard_before += std::mem::take(&mut self.heard);
        (self.base_samples, self.base_frame) = (sample, frame);
        self.decision.restart(frame);
        if let Some(means) = &mut self.means {
            means.restart(frame);
        }
        let end_s = Some(self.seconds(sample));
        out.push(Event::Gap { start_s: self.seconds(start), end_s, reason });
    }

    /// A gap of a known length: [`StreamTagger::gap_begins`] and [`StreamTagger::gap_ends`].
    ///
    /// # Errors
    /// As [`StreamTagger::gap_begins`].
    pub fn gap(&mut self, samples: u64, reason: &str, out: &mut Vec<Event>) -> Result<(), StreamError> {
        let begun = self.gap_begins(reason, out);
        self.gap_ends(samples, out);
        begun
    }

    /// The stream has ended: decides all that was heard, ends what is on and tells [`Event::End`]. To count a gap at the end,
    /// call [`StreamTagger::gap_ends`] before.
    ///
    /// # Errors
    /// As [`StreamTagger::push`]; the end is told all the same.
    pub fn finish(mut self, out: &mut Vec<Event>) -> Result<(), StreamError> {
        self.begin(out);
        let ended = if self.gap.is_some() { Ok(()) } else { self.end_sound(out) };
        self.gap_ends(0, out);
        let seconds = self.decision.lanes().map(|lane| (lane.label().clone(), lane.total_s()));
        #[cfg(feature = "profiles")]
        let seconds = seconds.chain(self.phrases.iter().flat_map(PhraseTeller::totals));
        let seconds = seconds.collect();
        out.push(Event::End {
            duration_s: self.position_s(),
            samples: self.heard_before + self.heard,
            gap_s: self.seconds(self.gap_samples),
            seconds,
        });
        ended
    }

    /// Samples per channel on the stream's clock so far, gaps included that have ended.
    pub fn position_samples(&self) -> u64 {
        self.base_samples + self.heard
    }

    /// The same in seconds, to the microsecond.
    pub fn position_s(&self) -> f64 {
        self.seconds(self.position_samples())
    }

    /// All that begins or ends before this has been told, seconds.
    pub fn told_until_s(&self) -> f64 {
        if self.gap.is_some() { self.position_s() } else { seconds(self.decision.told_until_us()) }
    }

    /// Sample rate, Hz.
    pub fn rate_hz(&self) -> u32 {
        self.grid.rate_hz()
    }

    /// Channels.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Seconds of the stream that a number of samples is, as events tell it.
    fn seconds(&self, samples: u64) -> f64 {
        seconds(us_of(samples, self.grid.rate_hz()))
    }

    /// Decides the frames that were heard. `end` is the sample at which the sound stops, where it does.
    fn decide(&mut self, end: Option<u64>, out: &mut Vec<Event>) {
        let rate_hz = self.grid.rate_hz();
        for row in 0..self.scores.frames() {
            let frame = self.decision.frame();
            let needed = self.base_samples + self.reach.needed(frame - self.base_frame);
            let decided_us = us_of(end.unwrap_or(needed), rate_hz);
            let (scores, mean_square) = (self.scores.row(row), self.scores.mean_square[row]);
            let mut tell = Tell { next_id: &mut self.next_id, decided_us, out };
            self.decision.push(scores, mean_square, &mut tell);
            if let Some(means) = &mut self.means {
                means.push(scores, mean_square, tell.out);
            }
        }
        self.scores.mean_square.clear();
        self.scores.probabilities.clear();
    }

    #[cfg(feature = "profiles")]
    fn tell_phrases(&mut self, out: &mut Vec<Event>) {
        let rate_hz = self.grid.rate_hz();
        let (base, until) = (self.base_samples, self.position_samples());
        if let Some(phrases) = &mut self.phrases {
            phrases.tell(us_of(base, rate_hz), us_of(until, rate_hz), &mut self.next_id, out);
        }
    }

    /// Decides what is on its way, and ends what is on.
    fn end_sound(&mut self, out: &mut Vec<Event>) -> Result<(), StreamError> {
        self.cleaned.clear();
        let ended = self.ear.finish_and_reset(&mut self.scores);
        #[cfg(feature = "profiles")]
        let ended = ended.and_then(|()| self.phrases.as_mut().map_or(Ok(()), PhraseTeller::end));
        let end = self.position_samples();
        self.decide(Some(end), out);
        #[cfg(feature = "profiles")]
        self.tell_phrases(out);
        let end_us = us_of(end, self.grid.rate_hz());
        let mut tell = Tell { next_id: &mut self.next_id, decided_us: end_us, out };
        self.decision.end(end_us, &mut tell);
        if let Some(means) = &mut self.means {
            means.tell(out);
        }
        Ok(ended?)
    }
}

fn check(channels: u16, settings: &StreamSettings) -> Result<(), StreamError> {
    settings.check()?;
    if channels == 0 { Err(StreamError::NoChannels) } else { Ok(()) }
}
