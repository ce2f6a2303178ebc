//! The rings between the two threads, seen from the audio thread.
//!
//! Real time: all but `new` is wait-free, memory is taken at the start.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::{FrameGrid, ScoredFrame};

/// What the worker is told, in the order of the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Counts the resets: frames of an earlier epoch are about audio that is gone.
    pub(super) epoch: u32,
    /// The next sample is the first of this frame.
    pub(super) frame: u64,
    /// How many samples (of one channel) had been sent before it, in all.
    pub(super) after: u64,
}

/// What comes back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Message {
    /// A frame was heard.
    Frame(HeardFrame),
    /// What a second said of speech over noise, dB; good from the next frame on.
    Ratio {
        /// As for frames.
        epoch: u32,
        /// `None` where no speech is near.
        snr_db: Option<f64>,
    },
}

/// A frame on its way back.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeardFrame {
    pub(super) epoch: u32,
    pub(super) scored: ScoredFrame,
}

/// The worker's ends of the rings.
#[derive(Debug)]
pub(super) struct WorkerEnds {
    pub(super) samples: Consumer<f32>,
    pub(super) starts: Consumer<Start>,
    pub(super) messages: Producer<Message>,
}

/// Whether samples are being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feed {
    On,
    /// Nothing was sent since a reset.
    Fresh,
    /// The ring ran over; sending begins again on a frame's border when the worker has caught up.
    RanOver,
}

/// The audio thread's ends of the rings.
#[derive(Debug)]
pub(super) struct Link {
    samples: Producer<f32>,
    starts: Producer<Start>,
    pub(super) messages: Consumer<Message>,
    channels: usize,
    grid: FrameGrid,
    capacity: usize,
    feed: Feed,
    epoch: u32,
    sent: u64,
    /// The first frame that can come: those before it, back to the last that came, were never heard.
    first_frame: u64,
    interleaved: Vec<f32>,
}

/// What became of a piece of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Push {
    /// The worker will hear it.
    Sent,
    /// There was no room: from here on nothing is heard until the worker has caught up.
    RanOver,
    /// Not heard, as the pieces before it.
    Skipped,
}

impl Link {
    /// Starts that can wait for the worker: resets come in storms, but then each makes the one before it void.
    const STARTS: usize = 64;

    /// Rings for `samples` of each channel, in pieces of up to `max_piece`, and for `frames` results.
    pub(super) fn new(
        grid: FrameGrid,
        channels: usize,
        max_piece: usize,
        samples: usize,
        frames: usize,
    ) -> (Self, WorkerEnds) {
        let capacity = samples.max(4 * max_piece);
        let (to_worker, samples) = RingBuffer::new(capacity * channels);
        let (starts, starts_end) = RingBuffer::new(Self::STARTS);
        let (messages, messages_end) = RingBuffer::new(frames);
        let link = Self {
            samples: to_worker,
            starts,
            messages: messages_end,
            channels,
            grid,
            capacity,
            feed: Feed::Fresh,
            epoch: 0,
            sent: 0,
            first_frame: 0,
            interleaved: vec![0.0; max_piece * channels],
        };
        (link, WorkerEnds { samples, starts: starts_end, messages })
    }

    /// The current epoch.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether frame `frame` can still come.
    pub(super) fn will_come(&self, frame: u64) -> bool {
        self.feed == Feed::On && frame >= self.first_frame
    }

    /// A new stream begins with the next sample; gives its epoch.
    pub(super) fn restart(&mut self) -> u32 {
        self.epoch = self.epoch.wrapping_add(1);
        self.feed = Feed::Fresh;
        self.first_frame = 0;
        self.epoch
    }

    /// Whether a piece of `count` samples would be taken.
    pub(super) fn has_room(&self, count: usize) -> bool {
        let wanted = if self.feed == Feed::RanOver { count.max(self.capacity / 2) } else { count };
        let can_start = self.feed == Feed::On || !self.starts.is_full();
        can_start && self.samples.slots() / self.channels >= wanted
    }

    /// Sends `count` samples of each channel, the first of which has number `position`. `fill(slots, first)` puts them
    /// there, interleaved, from number `first` of the piece on.
    pub(super) fn push(&mut self, position: u64, count: usize, fill: impl FnOnce(&mut [f32], usize)) -> Push {
        let room = self.has_room(count);
        let skip = match self.feed {
            Feed::On if room => 0,
            Feed::On => {
                self.feed = Feed::RanOver;
                return Push::RanOver;
            }
            Feed::Fresh | Feed::RanOver if !room => return Push::Skipped,
            Feed::Fresh | Feed::RanOver => match self.start(position, count) {
                Some(skip) => skip,
                None => return Push::Skipped,
            },
        };
        let wanted = (count - skip) * self.channels;
        let interleaved = &mut self.interleaved[..wanted];
        fill(interleaved, skip);
        // There is room, `slots` said so, and nobody else writes.
        if self.samples.push_entire_slice(interleaved).is_ok() {
            self.sent += (count - skip) as u64;
        }
        Push::Sent
    }

    /// Begins to send, if a frame that begins on a sample begins in this piece; gives its offset.
    fn start(&mut self, position: u64, count: usize) -> Option<usize> {
        let (sample, frame) = self.grid.next_exact(position);
        let skip = usize::try_from(sample - position).ok().filter(|skip| *skip < count)?;
        self.starts.push(Start { epoch: self.epoch, frame, after: self.sent }).ok()?;
        self.feed = Feed::On;
        self.first_frame = frame;
        Some(skip)
    }
}
