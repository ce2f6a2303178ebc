//! The rings between the two threads, seen from the audio thread.
//!
//! Real time: all but `new` is wait-free, memory is taken at the start.

use std::ops::Range;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::{FrameGrid, ScoredFrame};

/// What the worker is told, in the order of the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Counts the resets: frames of an earlier epoch are about audio that is gone.
    pub(super) epoch: u32,
    /// Position of the next sample.
    pub(super) sample: u64,
    /// The first frame that is asked for: the one that covers that sample.
    pub(super) frame: u64,
    /// The network is called as if it had begun with this frame: silence stands for what lies before the sample.
    pub(super) call_frame: u64,
    /// Frames of the audio before it are still asked for, up to this one, as if silence followed.
    pub(super) old_end: u64,
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
    /// Nothing was sent since a reset or a jump.
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
    /// Frames of the audio before jumps that come as well.
    earlier: Range<u64>,
    /// Calls of the network begin with multiples of this frame, which begins on a sample: only so are they the same wherever
    /// audio begins.
    call_frames: u64,
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

    /// Rings for `samples` of each channel, in pieces of up to `max_piece`, and for `frames` results; the network takes
    /// `hop_frames` at a time.
    pub(super) fn new(
        grid: FrameGrid,
        hop_frames: usize,
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
            earlier: 0..0,
            call_frames: call_frames(grid, hop_frames),
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
        self.feed == Feed::On && frame >= self.first_frame || self.earlier.contains(&frame)
    }

    /// A new stream begins with the next sample; gives its epoch.
    pub(super) fn restart(&mut self) -> u32 {
        self.epoch = self.epoch.wrapping_add(1);
        self.feed = Feed::Fresh;
        self.first_frame = 0;
        self.earlier = 0..0;
        self.epoch
    }

    /// The next sample has another position than the one behind the last: audio from elsewhere. Frames before `end` are
    /// still asked for.
    pub(super) fn jump(&mut self, end: u64) {
        if self.feed == Feed::On {
            let first = if self.earlier.is_empty() { self.first_frame } else { self.earlier.start };
            self.earlier = first..end;
            self.feed = Feed::Fresh;
        }
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
                self.earlier = 0..0;
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

    /// Begins to send; gives the offset in this piece. After a gap that is the next frame that begins on a sample, and
    /// there may be none.
    fn start(&mut self, position: u64, count: usize) -> Option<usize> {
        let (sample, frame) = match self.feed {
            Feed::RanOver => self.grid.next_exact(position),
            Feed::Fresh | Feed::On => (position, self.grid.frame_of(position)),
        };
        let skip = usize::try_from(sample - position).ok().filter(|skip| *skip < count)?;
        let call_frame = frame - frame % self.call_frames;
        let (epoch, after, old_end) = (self.epoch, self.sent, self.earlier.end);
        self.starts.push(Start { epoch, sample, frame, call_frame, old_end, after }).ok()?;
        self.feed = Feed::On;
        self.first_frame = frame;
        Some(skip)
    }
}

/// The least multiple of `hop_frames` whose multiples begin on samples.
pub(super) fn call_frames(grid: FrameGrid, hop_frames: usize) -> u64 {
    let (exact, hop) = (grid.exact_every(), hop_frames.max(1) as u64);
    (1..=exact).map(|times| times * hop).find(|frames| frames.is_multiple_of(exact)).unwrap_or(hop * exact)
}
