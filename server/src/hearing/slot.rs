//! One stream.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use earmark_core::detect::Detector;
use earmark_core::phrase::Phrases;
use earmark_core::stream::{Event, StreamError, StreamSettings, StreamTagger};

use super::inbox::{Inbox, Piece};
use super::pcm::{Decoder, PcmFormat};

/// Sound that may wait, as a share of a second's bytes.
const INBOX_SECONDS: usize = 2;
/// At least so many bytes may wait, so that a message fits.
const MIN_INBOX_BYTES: usize = 1 << 16;
/// Sound that is heard before another stream has its turn.
const TURN: Duration = Duration::from_millis(100);
/// How far a stream may be ahead of a clock that began with it; what is further ahead waits for the others.
const AHEAD: Duration = Duration::from_secs(2);
/// Blocks of which it is known when they came.
const ARRIVALS: usize = 512;

/// Who gets the events of a stream. Called on a hearing thread, so none of it may wait.
pub trait Listener: Send + Sync {
    /// Something happened; `arrived` is when the sound came that decided it, where there is any.
    fn event(&self, event: &Event, arrived: Option<Instant>);

    /// Nothing comes any more; an error if the network failed.
    fn ended(&self, how: Result<(), EarError>);
}

/// Why a stream is not heard on.
#[derive(Debug, thiserror::Error)]
pub enum EarError {
    /// The network failed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Something that is called here panicked.
    #[error("the hearing of this stream broke off")]
    Panic,
}

/// One stream: what waits for it, and what hears it.
pub struct Slot {
    pub(super) inbox: Inbox,
    /// Whether it waits for its turn, or has it.
    pub(super) queued: AtomicBool,
    ear: Mutex<Ear>,
    listener: Arc<dyn Listener>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("inbox", &self.inbox).finish_non_exhaustive()
    }
}

struct Ear {
    /// Nothing once the stream has ended.
    tagger: Option<StreamTagger>,
    decoder: Decoder,
    bytes_per_second: usize,
    begun: Instant,
    /// Position after a block, in samples, and when it came.
    arrivals: VecDeque<(u64, Instant)>,
    samples: Vec<f32>,
    events: Vec<Event>,
}

/// What a turn leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left to be heard.
    Idle,
    /// There is more, and it is due.
    Due,
    /// There is more, from the future of a stream that is sent faster than it sounds.
    Ahead,
}

impl Slot {
    /// A stream of `format` through `detector`, with `phrases` beside its labels.
    ///
    /// # Errors
    /// [`StreamError`] for settings that make no sense.
    pub fn new(
        detector: &Detector,
        format: PcmFormat,
        settings: &StreamSettings,
        phrases: Option<&Phrases>,
        listener: Arc<dyn Listener>,
    ) -> Result<Self, StreamError> {
        let mut tagger = StreamTagger::new(detector, format.rate_hz, format.channels, settings)?;
        if let Some(phrases) = phrases {
            tagger = tagger.with_phrases(phrases)?;
        }
        let bytes_per_second = format.bytes_per_second();
        Ok(Self {
            inbox: Inbox::new(MIN_INBOX_BYTES.max(INBOX_SECONDS * bytes_per_second)),
            queued: AtomicBool::new(false),
            ear: Mutex::new(Ear {
                tagger: Some(tagger),
                decoder: Decoder::new(format.encoding),
                bytes_per_second,
                begun: Instant::now(),
                arrivals: VecDeque::new(),
                samples: Vec::new(),
                events: Vec::new(),
            }),
            listener,
        })
    }

    /// Hears what waits, but no more than a turn's worth.
    pub(super) fn turn(&self) -> Turn {
        let mut ear = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = usize::try_from(TURN.as_millis()).unwrap_or(100) * ear.bytes_per_second / 1_000;
        while let Some(piece) = self.inbox.pop() {
            let bytes = if let Piece::Audio { bytes, .. } = &piece { bytes.len() } else { 0 };
            ear.take(piece, &*self.listener);
            left = left.saturating_sub(bytes);
            if left == 0 {
                break;
            }
        }
        if self.inbox.is_empty() {
            Turn::Idle
        } else if ear.is_ahead() {
            Turn::Ahead
        } else {
            Turn::Due
        }
    }

    /// Ends it without another word of its network, which panicked.
    pub(super) fn give_up(&self) {
        let mut ear = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
        if ear.tagger.take().is_some() {
            self.listener.ended(Err(EarError::Panic));
        }
    }

    /// Whether its turn can be waited for: it is not queued, and is from now on.
    pub(super) fn claim(&self) -> bool {
        !self.queued.swap(true, Ordering::AcqRel)
    }
}

impl Ear {
    fn take(&mut self, piece: Piece, listener: &dyn Listener) {
        let Some(tagger) = &mut self.tagger else { return };
        let result = match piece {
            Piece::Audio { bytes, arrived } => {
                self.samples.clear();
                self.decoder.push(&bytes, &mut self.samples);
                let heard = tagger.push(&self.samples, &mut self.events);
                self.arrivals.push_back((tagger.position_samples(), arrived));
                if self.arrivals.len() > ARRIVALS {
                    self.arrivals.pop_front();
                }
                heard
            }
            Piece::Finalize => tagger.gap(0, FINALIZE, &mut self.events),
            Piece::Close => self.close(),
        };
        let rate_hz = self.tagger.as_ref().map_or(1, StreamTagger::rate_hz);
        for event in self.events.drain(..) {
            listener.event(&event, arrived(&self.arrivals, &event, rate_hz));
        }
        if let Err(error) = result {
            // The end is told all the same.
            let _ = self.close();
            for event in self.events.drain(..) {
                listener.event(&event, None);
            }
            listener.ended(Err(error.into()));
        } else if self.tagger.is_none() {
            listener.ended(Ok(()));
        }
    }

    fn close(&mut self) -> Result<(), StreamError> {
        self.tagger.take().map_or(Ok(()), |tagger| tagger.finish(&mut self.events))
    }

    fn is_ahead(&self) -> bool {
        let heard = self.tagger.as_ref().map_or(0.0, StreamTagger::position_s);
        heard > (self.begun.elapsed() + AHEAD).as_secs_f64()
    }
}

/// What the gap says that `Finalize` leaves.
const FINALIZE: &str = "finalize";

/// When the last sample came that decided an event.
fn arrived(arrivals: &VecDeque<(u64, Instant)>, event: &Event, rate_hz: u32) -> Option<Instant> {
    let decided_s = match event {
        Event::Onset { decided_s, .. } | Event::Offset { decided_s, .. } => *decided_s,
        // What a frame needs is not told; it is told as soon as its last sample is heard.
        Event::Frame { .. } => return arrivals.back().map(|(_, arrived)| *arrived),
        _ => return None,
    };
    let decided = decided_s * f64::from(rate_hz);
    #[expect(clippy::cast_precision_loss, reason = "a position in a stream")]
    let place = arrivals.partition_point(|(end, _)| (*end as f64) < decided.floor());
    arrivals.get(place).or(arrivals.back()).map(|(_, arrived)| *arrived)
}
