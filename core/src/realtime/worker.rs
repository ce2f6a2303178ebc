//! The thread that hears.
//!
//! Not part of the audio thread, which it can neither block nor stop: it reads the ring of samples, writes the ring of
//! frames, and looks at the clock in between. One worker per gate: a failure or a slow bounce of one instance leaves the
//! others alone, and the system shares the processors among them. The compiled network is shared.
//!
//! # Sleep
//!
//! While audio comes it looks for samples eight times per call of the network; that way the audio thread need not make a
//! system call for each block. After [`IDLE_AFTER`] without a sample it sleeps until it is woken, so that a stopped
//! session costs nothing; the first block after that wakes it, by the one system call that the audio thread ever makes
//! for it.

use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::LiveError;
use super::link::{HeardFrame, Message, Start, WorkerEnds};
use super::noise_tracker::NoiseTracker;
use super::score_stream::ScoreStream;
use super::status::Shared;
use crate::detect::DetectError;
use crate::model::runtime;
use crate::noise::StreamingSnr;
use crate::{FrameGrid, FrameScores, ScoredFrame, priority};

/// Samples that are heard at a time: the ring gets free in small steps, and a reset is noticed soon.
const PIECE: usize = 1_024;
/// What tools show.
const THREAD_NAME: &str = "earmark ear";
/// How long a gate that is dropped waits for its worker.
const JOIN_TIMEOUT: Duration = Duration::from_secs(2);
/// Without samples for so long the worker sleeps until it is woken.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// What is still asked for of audio that has ended is heard with this much silence behind it at most: far more than any
/// network looks ahead.
const OLD_END_LIMIT_S: u32 = 10;
/// That silence comes in pieces of so many samples.
const SILENT_PIECE: u32 = 256;

/// The audio side's grip on the worker.
#[derive(Debug)]
pub(super) struct Worker {
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Worker {
    /// Starts it.
    pub(super) fn start(
        ends: WorkerEnds,
        stream: impl ScoreStream,
        floor: Option<StreamingSnr>,
        channels: usize,
        grid: FrameGrid,
        poll: Duration,
        shared: &Arc<Shared>,
    ) -> Result<Self, LiveError> {
        // So that it is known from the start whether voices are followed.
        shared.publish_voice(stream.voice());
        let state = State {
            piece: vec![0.0; PIECE * channels],
            ends,
            scores: stream.scores(),
            stream,
            next_frame: 0,
            wanted: 0..u64::MAX,
            floor: NoiseTracker::new(floor, channels),
            channels,
            grid,
            poll,
            shared: Arc::clone(shared),
            starts: VecDeque::new(),
            received: 0,
            epoch: None,
            load: Load::new(),
        };
        let thread = std::thread::Builder::new()
            .name("earmark wait".to_owned())
            .spawn(move || runtime::enter_live(THREAD_NAME, || state.run_guarded()))
            .map_err(LiveError::Thread)?;
        Ok(Self { thread: Some(thread), shared: Arc::clone(shared) })
    }

    /// Wakes it before its time: a system call, so only for a thread that is about to wait.
    pub(super) fn wake(&self) {
        self.shared.awaited.store(true, Ordering::Relaxed);
        self.unpark();
    }

    /// Samples were sent: wakes it if it sleeps. A system call, but only for the first block after a pause.
    pub(super) fn sent(&self) {
        if self.shared.asleep.wakes() {
            self.unpark();
        }
    }

    fn unpark(&self) {
        // Before it is there it does not sleep.
        if let Some(runner) = self.shared.runner.get() {
            runner.unpark();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        self.unpark();
        let begun = Instant::now();
        while !thread.is_finished() {
            if begun.elapsed() > JOIN_TIMEOUT {
                // It hangs inside the backend. It holds nothing that the host needs: let it go.
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        // It catches its panics itself.
        let _ = thread.join();
    }
}

struct State<S> {
    ends: WorkerEnds,
    stream: S,
    /// Scored frames on their way into the ring.
    scores: FrameScores,
    /// Number of the next frame that the stream gives.
    next_frame: u64,
    /// The frames that are asked for: the others are about silence that stands for what is not known.
    wanted: Range<u64>,
    floor: NoiseTracker,
    channels: usize,
    grid: FrameGrid,
    poll: Duration,
    shared: Arc<Shared>,
    /// Starts that were told and are not reached yet.
    starts: VecDeque<Start>,
    /// Samples of one channel taken from the ring so far.
    received: u64,
    /// The epoch that is being heard; none before the first start.
    epoch: Option<u32>,
    piece: Vec<f32>,
    load: Load,
}

impl<S: ScoreStream> State<S> {
    fn run_guarded(mut self) {
        let shared = Arc::clone(&self.shared);
        // Each worker has a `Shared` of its own: it is set once.
        let _ = shared.runner.set(std::thread::current());
        shared.worker.raised_priority.store(priority::raise(), Ordering::Relaxed);
        let result = catch_unwind(AssertUnwindSafe(|| self.run()));
        if shared.stop.load(Ordering::Acquire) {
            return;
        }
        shared.fail(match result {
            Ok(Ok(())) => "the ear stopped".to_owned(),
            Ok(Err(error)) => format!("the ear stopped: {error}"),
            Err(_) => "the ear crashed".to_owned(),
        });
    }

    fn run(&mut self) -> Result<(), DetectError> {
        let mut idle_since: Option<Instant> = None;
        while !self.shared.stop.load(Ordering::Acquire) {
            let begun = Instant::now();
            if self.step()? {
                self.load.busy(begun.elapsed());
                idle_since = None;
                continue;
            }
            self.shared.worker.load_ppm.store(self.load.share_ppm(), Ordering::Relaxed);
            if idle_since.get_or_insert(begun).elapsed() < IDLE_AFTER {
                self.nap();
            } else {
                self.sleep();
                idle_since = None;
            }
        }
        Ok(())
    }

    /// Until the next look for samples, or until somebody who waits for a frame wakes it.
    fn nap(&self) {
        if cfg!(windows) && !self.shared.awaited.load(Ordering::Relaxed) {
            // There a thread that is parked wakes with the system's tick, up to 15.6 ms late; one that sleeps has a timer
            // of high resolution, but cannot be woken.
            std::thread::sleep(self.poll);
        } else {
            std::thread::park_timeout(self.poll);
        }
    }

    /// Until samples come or the gate goes.
    fn sleep(&mut self) {
        let shared = &self.shared;
        shared.worker.load_ppm.store(0, Ordering::Relaxed);
        shared.awaited.store(false, Ordering::Relaxed);
        let has_work = || !self.ends.samples.is_empty() || shared.stop.load(Ordering::Acquire);
        shared.asleep.sleep(has_work, std::thread::park);
        // The pause is no load.
        self.load = Load::new();
    }

    /// Hears one piece; false if there is none.
    fn step(&mut self) -> Result<bool, DetectError> {
        // In this order: a start that belongs before one of these samples was sent before it, and is seen now.
        let available = self.ends.samples.slots() / self.channels;
        while let Ok(start) = self.ends.starts.pop() {
            self.starts.push_back(start);
        }
        let until_start = self.starts.front().map_or(u64::MAX, |start| start.after - self.received);
        if until_start == 0 {
            if let Some(start) = self.starts.pop_front() {
                self.begin(&start)?;
            }
            return Ok(true);
        }
        let current = self.shared.epoch.load(Ordering::Acquire);
        let stale = self.epoch != Some(current);
        let limit = usize::try_from(until_start).unwrap_or(usize::MAX);
        let count = available.min(limit).min(PIECE);
        if count == 0 {
            return Ok(false);
        }
        let piece = &mut self.piece[..count * self.channels];
        if self.ends.samples.pop_entire_slice(piece).is_err() {
            return Ok(false);
        }
        self.received += count as u64;
        if stale {
            return Ok(true);
        }
        self.floor.push(piece);
        self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner).push(piece, self.channels);
        self.stream.push(piece, &mut self.scores)?;
        self.shared.publish_voice(self.stream.voice());
        self.send();
        Ok(true)
    }

    /// A new stretch of audio begins.
    fn begin(&mut self, start: &Start) -> Result<(), DetectError> {
        if self.epoch == Some(start.epoch) {
            self.wanted.end = start.old_end;
            let mut left = self.grid.rate_hz() * OLD_END_LIMIT_S;
            while self.next_frame < start.old_end && left > 0 {
                left = left.saturating_sub(SILENT_PIECE);
                self.hear_silence(u64::from(SILENT_PIECE))?;
            }
        }
        self.epoch = Some(start.epoch);
        self.stream.reset();
        self.next_frame = start.call_frame;
        self.wanted = start.frame..u64::MAX;
        self.floor.start(self.grid, start.sample);
        self.shared.publish_floor(None);
        self.hear_silence(start.sample - self.grid.start(start.call_frame))
    }

    /// As if so many samples of silence had come.
    fn hear_silence(&mut self, samples: u64) -> Result<(), DetectError> {
        let mut left = usize::try_from(samples).unwrap_or(0);
        while left > 0 {
            let count = left.min(PIECE);
            let piece = &mut self.piece[..count * self.channels];
            piece.fill(0.0);
            self.stream.push(piece, &mut self.scores)?;
            self.send();
            left -= count;
        }
        Ok(())
    }

    /// Hands over what was heard. The ring has room for more than the audio thread can have asked for; if nobody reads
    /// it, waiting is right.
    fn send(&mut self) {
        let epoch = self.epoch.unwrap_or(0);
        for row in 0..self.scores.frames() {
            let frame = self.next_frame;
            self.next_frame += 1;
            if !self.wanted.contains(&frame) {
                continue;
            }
            // A second counts from where it can be judged: its ratio goes before the frame that begins there.
            while let Some(window) = self.floor.schedule.next_at(frame) {
                self.shared.publish_floor(Some(&window));
                self.post(Message::Ratio { epoch, snr_db: window.snr_db }, epoch);
            }
            let scored = ScoredFrame::new(frame, self.scores.row(row), self.scores.mean_square[row]);
            self.post(Message::Frame(HeardFrame { epoch, scored }), epoch);
        }
        self.scores.mean_square.clear();
        self.scores.probabilities.clear();
    }

    /// Puts one message into the ring, and waits for room; drops it if the gate is gone or has been reset.
    fn post(&mut self, mut message: Message, epoch: u32) {
        while let Err(rtrb::PushError::Full(back)) = self.ends.messages.push(message) {
            if self.shared.stop.load(Ordering::Acquire) || self.shared.epoch.load(Ordering::Acquire) != epoch
            {
                return;
            }
            message = back;
            std::thread::park_timeout(self.poll);
        }
    }
}

/// How busy the worker is, over about a second.
struct Load {
    since: Instant,
    busy: Duration,
    last_ppm: u32,
}

impl Load {
    const WINDOW: Duration = Duration::from_secs(1);

    fn new() -> Self {
        Self { since: Instant::now(), busy: Duration::ZERO, last_ppm: 0 }
    }

    fn busy(&mut self, time: Duration) {
        self.busy += time;
    }

    fn share_ppm(&mut self) -> u32 {
        let passed = self.since.elapsed();
        if passed >= Self::WINDOW {
            let ppm = self.busy.as_micros() * 1_000_000 / passed.as_micros().max(1);
            self.last_ppm = u32::try_from(ppm).unwrap_or(u32::MAX);
            self.since = Instant::now();
            self.busy = Duration::ZERO;
        }
        self.last_ppm
    }
}
