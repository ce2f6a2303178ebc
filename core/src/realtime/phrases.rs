//! Enrolled phrases beside a detector, on the worker's thread: a column of scores for each.
//!
//! Frames come when the detector has them, or by [`LivePhrases::wait_ms`] later. What is known of a phrase then depends on the
//! frame's number alone: on the hops whose sound had come, at the latest, with that of the frame's call.

use std::collections::VecDeque;

use super::LiveError;
use super::score_stream::ScoreStream;
use super::status::LiveVoice;
use crate::decide::Thresholds;
use crate::detect::{DetectError, Reach};
use crate::model::pack::Manifest;
use crate::phrase::{PAD_MS, PhraseEvent, PhraseStream, Phrases};
use crate::{FrameGrid, FrameScores};

/// Milliseconds per frame of the grid.
const FRAME_MS: u64 = 10;

/// When the column of a phrase is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhraseSpan {
    /// While it is being said, as far as that is known: from its beginning if that is known in time.
    WhileSaid,
    /// For so long after it was said, milliseconds. What is said again begins anew.
    AfterSaid(u32),
}

/// The phrases that a live gate knows.
#[derive(Debug, Clone)]
pub struct LivePhrases {
    /// What is looked for. The labels are `phrase:NAME`.
    pub phrases: Phrases,
    /// When their columns are on.
    pub span: PhraseSpan,
    /// How much longer every frame waits, so that more of a phrase is known when it leaves, milliseconds, rounded up to whole
    /// calls of the detector. It is latency.
    pub wait_ms: u16,
}

impl LivePhrases {
    /// The manifest of a detector with these beside it: their labels, and the wait as look-ahead.
    pub fn beside(&self, pack: &Manifest) -> Manifest {
        let mut manifest = with_wait(pack, self.wait_ms);
        for label in self.phrases.labels() {
            manifest.labels.push(label.clone());
            manifest.thresholds.insert(label.clone(), Thresholds { open: 0.5, close: 0.5 });
        }
        manifest
    }
}

/// The manifest of a detector whose frames wait, as look-ahead: for whoever asks for the latency before there is a gate.
pub fn with_wait(pack: &Manifest, wait_ms: u16) -> Manifest {
    let lookahead_frames = pack.lookahead_frames + wait_frames(pack, wait_ms);
    Manifest { lookahead_frames, ..pack.clone() }
}

/// Frames that a detector's frames wait: whole calls of its network.
fn wait_frames(pack: &Manifest, wait_ms: u16) -> usize {
    let call = pack.hop_frames.max(1);
    usize::from(wait_ms).div_ceil(10).div_ceil(call) * call
}

/// A column on its way: on from one frame on, off from another on.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    on: bool,
    /// The frame from which it is on.
    from: Option<u64>,
    /// The frame from which it is off again.
    until: Option<u64>,
}

impl Column {
    fn at(&mut self, frame: u64) -> bool {
        if self.from.is_some_and(|from| from <= frame) {
            (self.on, self.from) = (true, None);
        }
        if self.from.is_none() && self.until.is_some_and(|until| until <= frame) {
            (self.on, self.until) = (false, None);
        }
        self.on
    }
}

/// A stream of scores with a column for each phrase.
pub(super) struct PhraseScores {
    inner: Box<dyn ScoreStream>,
    stream: PhraseStream,
    span: PhraseSpan,
    columns: Vec<Column>,
    /// What was told and no frame has used, with the hop after which it was known.
    told: VecDeque<(u64, PhraseEvent)>,
    /// Hops of the phrases, as far as they were heard.
    hops: u64,
    hop_frames: u64,
    lookahead_frames: u64,
    /// Frames per call of the detector.
    call_frames: u64,
    /// Frames by which what is known of phrases lies behind (or, below zero, before) the first of a call.
    behind_frames: i64,
    /// The next frame.
    frame: u64,
    waiting: FrameScores,
    empty: FrameScores,
}

impl PhraseScores {
    /// `pack` is the detector's, without the phrases.
    pub(super) fn new(
        inner: Box<dyn ScoreStream>,
        phrases: &LivePhrases,
        pack: &Manifest,
        rate_hz: u32,
        channels: u16,
    ) -> Result<Self, LiveError> {
        let stream = phrases.phrases.stream(rate_hz, channels)?;
        let of_phrases = phrases.phrases.embedder().pack().manifest();
        let reach = |manifest: &Manifest| Reach::new(manifest, rate_hz, manifest.hop_frames);
        let (own, others) = (reach(pack)?.worst(), reach(of_phrases)?.worst());
        let frame_samples = i64::from((rate_hz / 100).max(1));
        let signed = |samples: u64| i64::try_from(samples).unwrap_or(i64::MAX);
        let later = signed(others) - signed(own);
        let waiting = inner.scores();
        let labels = waiting.labels.iter().cloned().chain(phrases.phrases.labels().cloned());
        Ok(Self {
            empty: FrameScores::new(labels.collect(), rate_hz),
            columns: vec![Column::default(); phrases.phrases.labels().count()],
            told: VecDeque::new(),
            hops: 0,
            hop_frames: phrases.phrases.hop_frames(),
            lookahead_frames: of_phrases.lookahead_frames as u64,
            call_frames: pack.hop_frames.max(1) as u64,
            behind_frames: later.div_euclid(frame_samples) + i64::from(later.rem_euclid(frame_samples) > 0)
                - i64::try_from(wait_frames(pack, phrases.wait_ms)).unwrap_or(0),
            frame: 0,
            span: phrases.span,
            inner,
            stream,
            waiting,
        })
    }

    /// Hops of which the next frame may know.
    fn known(&self) -> u64 {
        let call = self.frame - self.frame % self.call_frames;
        let until = i64::try_from(call).unwrap_or(i64::MAX) - self.behind_frames;
        u64::try_from(until).map_or(0, |until| until / self.hop_frames + 1)
    }

    fn follow(&mut self, event: &PhraseEvent) {
        let (hop_frames, now) = (self.hop_frames, self.frame);
        let pad = u64::from(PAD_MS) / FRAME_MS;
        let first = |hop: u64| hop * hop_frames;
        match (self.span, event) {
            (PhraseSpan::WhileSaid, PhraseEvent::Begun { phrase, start, .. }) => {
                let from = first(*start).saturating_sub(pad);
                self.columns[*phrase] = Column { from: Some(from), until: None, ..self.columns[*phrase] };
            }
            (PhraseSpan::WhileSaid, PhraseEvent::Over { phrase, end, .. }) => {
                self.columns[*phrase].until = Some((first(*end) + pad).max(now));
            }
            (PhraseSpan::AfterSaid(ms), PhraseEvent::Said(said)) => {
                let end = frame_of(said.end_s).max(now);
                let until = end + u64::from(ms).div_ceil(FRAME_MS);
                self.columns[said.phrase] = Column { on: true, from: Some(end), until: Some(until) };
            }
            (PhraseSpan::WhileSaid, PhraseEvent::Said(_))
            | (PhraseSpan::AfterSaid(_), PhraseEvent::Begun { .. } | PhraseEvent::Over { .. })
            | (_, PhraseEvent::Recognised(_)) => {}
        }
    }

    /// Appends the frames about which all is known.
    fn emit(&mut self, heard: &mut FrameScores) {
        let mut frames = 0;
        while frames < self.waiting.frames() && self.known() <= self.hops {
            let known = self.known();
            while self.told.front().is_some_and(|(hops, _)| *hops <= known) {
                if let Some((_, event)) = self.told.pop_front() {
                    self.follow(&event);
                }
            }
            heard.probabilities.extend_from_slice(self.waiting.row(frames));
            let frame = self.frame;
            let scores = self.columns.iter_mut().map(|column| f32::from(u8::from(column.at(frame))));
            heard.probabilities.extend(scores);
            heard.mean_square.push(self.waiting.mean_square[frames]);
            self.frame += 1;
            frames += 1;
        }
        heard.samples = self.waiting.samples;
        self.waiting.probabilities.drain(..frames * self.waiting.labels.len());
        self.waiting.mean_square.drain(..frames);
    }
}

impl ScoreStream for PhraseScores {
    fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        self.inner.push(interleaved, &mut self.waiting)?;
        let (told, hop_s) = (&mut self.told, FrameGrid::seconds(self.hop_frames));
        let lookahead_s = FrameGrid::seconds(self.lookahead_frames);
        self.stream.push(interleaved, &mut |event| {
            let hops = match &event {
                PhraseEvent::Begun { hop, .. } | PhraseEvent::Over { hop, .. } => hop + 1,
                PhraseEvent::Recognised(said) | PhraseEvent::Said(said) => {
                    whole((said.decided_s - lookahead_s) / hop_s)
                }
            };
            told.push_back((hops, event));
        })?;
        self.hops = self.stream.told_frames() / self.hop_frames;
        self.emit(heard);
        Ok(())
    }

    fn reset(&mut self) {
        self.inner.reset();
        self.stream.reset();
        self.columns.fill(Column::default());
        self.told.clear();
        (self.hops, self.frame) = (0, 0);
        self.waiting.probabilities.clear();
        self.waiting.mean_square.clear();
    }

    fn scores(&self) -> FrameScores {
        self.empty.clone()
    }

    fn voice(&self) -> Option<LiveVoice> {
        self.inner.voice()
    }
}

fn frame_of(seconds: f64) -> u64 {
    whole(seconds / FrameGrid::FRAME_S)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}
