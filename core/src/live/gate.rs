//! The audio thread's half.
//!
//! Real time: see the promise in the module above; `process`, `set_motion`, `forced` and `reset` keep it.

use std::sync::Arc;
use std::time::Duration;

use super::clock::AudioClock;
use super::decisions::{Decisions, Ear as Hearer, shown_level_dbfs};
use super::delay::DelayLine;
use super::latency::{LatencyParts, poll_s};
use super::link::{Link, Push};
use super::samples::{self, for_the_ear};
use super::status::Shared;
use super::stream::{EarStream, Stream, thresholds};
use super::worker::Worker;
use super::{
    Heard, LiveConfig, LiveError, LiveFrame, LiveMonitor, LiveStatus, MAX_LABELS, MotionRefused, OutputMode,
};
use crate::audio::{MAX_RATE_HZ, MIN_RATE_HZ};
use crate::gate::{GainComputer, GateSettings, LiveDecider, Program};
use crate::listen::Ear;
use crate::noise::{Follower, Gauge};
use crate::pack::{self, Manifest, Pack, Thresholds};
use crate::{FrameGrid, Label};

/// Audio that the ring to the worker holds, seconds. A worker that is further behind could not catch up in time anyway.
const RING_S: f64 = 0.5;

/// A gate that hears while audio runs. Owned by the audio thread; made and dropped on another one.
#[derive(Debug)]
pub struct LiveGate {
    latency: u64,
    offline: bool,
    delay: DelayLine,
    decisions: Decisions,
    clock: AudioClock,
    /// Samples taken since the last reset.
    elapsed: u64,
    max_piece: usize,
    channels: usize,
    gains: Vec<f32>,
    monitor: LiveMonitor,
    parts: LatencyParts,
}

impl LiveGate {
    /// Allocates everything and starts the worker. The ear must have been loaded with
    /// [`Pace::Live`](crate::listen::Pace::Live); any number of gates may share it.
    ///
    /// # Errors
    /// [`LiveError`] if the settings do not fit the ear or the worker cannot be started.
    pub fn new(ear: Arc<Ear>, settings: &GateSettings, config: &LiveConfig) -> Result<Self, LiveError> {
        Self::following(ear, None, settings, config)
    }

    /// A gate that follows the noise floor, as [`Adaptive`](crate::gate::Adaptive) says, by what `gauge` hears. Both must
    /// have been loaded with [`Pace::Live`](crate::listen::Pace::Live).
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn adaptive(
        ear: Arc<Ear>,
        gauge: Arc<Gauge>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        Self::following(ear, Some(gauge), settings, config)
    }

    fn following(
        ear: Arc<Ear>,
        gauge: Option<Arc<Gauge>>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let rate_hz = check(config)?;
        if !ear.is_live() || gauge.as_ref().is_some_and(|gauge| !gauge.ear().is_live()) {
            return Err(LiveError::Pace);
        }
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
            let problem = format!(
                "nothing is heard at {} Hz: the ear takes rates from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz",
                config.rate_hz
            );
            return Self::deaf(problem, ear.pack().manifest(), settings, config, rate_hz);
        }
        let manifest = ear.pack().manifest().clone();
        let stream = Box::new(EarStream::new(ear, rate_hz, config.channels)?);
        let floor = gauge.map(|gauge| Follower::new(gauge, rate_hz, config.channels)).transpose()?;
        Self::with_stream(stream, floor, &manifest, settings, config, rate_hz)
    }

    /// A gate without an ear, in the fail mode; `problem` is the sentence that its status shows. Its latency is that of
    /// the live pack.
    ///
    /// # Errors
    /// [`LiveError`] if the settings make no gate.
    pub fn without_ear(
        problem: impl Into<String>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let rate_hz = check(config)?;
        let pack = Pack::find(pack::LIVE).map_err(|source| LiveError::Pack(Box::new(source)))?;
        let mut manifest = pack.manifest().clone();
        // Rules about labels of the pack that is missing are no mistake.
        let wanted = settings.rules.iter().flat_map(|rule| rule.when.labels());
        for label in wanted.filter(|label| **label != Label::SILENCE && **label != Label::UNKNOWN) {
            if !manifest.labels.contains(label) {
                manifest.labels.push(label.clone());
            }
        }
        manifest.labels.truncate(MAX_LABELS);
        Self::deaf(problem.into(), &manifest, settings, config, rate_hz)
    }

    fn deaf(
        problem: String,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        let heard_hz = rate_hz.clamp(MIN_RATE_HZ, MAX_RATE_HZ);
        let parts = LatencyParts::new(manifest, heard_hz, config)?.at_rate(heard_hz, rate_hz, config);
        Self::build(None, Arc::new(Shared::missing(problem)), parts, manifest, settings, config, rate_hz)
    }

    /// With anything that hears: for [`new`](Self::new) and for tests of what can go wrong in there.
    pub(super) fn with_stream(
        stream: Box<dyn Stream>,
        floor: Option<Follower>,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        let parts = LatencyParts::new(manifest, rate_hz, config)?;
        let shared = Arc::new(Shared::default());
        let grid = FrameGrid::new(rate_hz);
        let channels = usize::from(config.channels);
        let max_piece = config.max_block_samples.max(1);
        let ring = to_samples(RING_S, rate_hz).max(4 * max_piece);
        let in_flight = grid.frames(parts.total() + (ring + max_piece) as u64);
        let frames = usize::try_from(in_flight).unwrap_or(usize::MAX).saturating_add(64);
        let (link, ends) = Link::new(grid, channels, max_piece, ring, frames);
        let poll = Duration::from_secs_f64(poll_s(manifest));
        let worker = Worker::start(ends, stream, floor, grid, channels, poll, &shared)?;
        Self::build(Some(Hearer { link, worker }), shared, parts, manifest, settings, config, rate_hz)
    }

    fn build(
        ear: Option<Hearer>,
        shared: Arc<Shared>,
        parts: LatencyParts,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        if manifest.labels.len() > MAX_LABELS {
            return Err(LiveError::TooManyLabels { count: manifest.labels.len() });
        }
        let settings = GateSettings { lookahead_ms: config.lookahead_ms, ..settings.clone() };
        let of_pack: [Thresholds; MAX_LABELS] = thresholds(manifest);
        let decider = LiveDecider::new(&settings, &manifest.labels, &of_pack, rate_hz)?;
        let rest = match (&ear, config.fail_mode) {
            (None, super::FailMode::Open) => Program::pass(),
            _ => decider.program().rest(),
        };
        let gain = GainComputer::new(&settings, rest, rate_hz)?;
        let max_piece = config.max_block_samples.max(1);
        let delay = usize::try_from(parts.total()).unwrap_or(usize::MAX);
        let channels = usize::from(config.channels);
        let monitor = LiveMonitor {
            shared: Arc::clone(&shared),
            labels: manifest.labels.clone().into(),
            rate_hz,
            channels: config.channels,
            hearing_samples: parts.hearing,
            budget_samples: parts.budget,
        };
        let margin_s = 0.5 * seconds(parts.hearing + parts.budget, rate_hz);
        Ok(Self {
            latency: parts.total(),
            offline: config.offline,
            delay: DelayLine::new(channels, delay, max_piece),
            decisions: Decisions::new(
                ear,
                gain,
                decider,
                shared,
                config.fail_mode,
                settings.range_db,
                max_piece,
            ),
            clock: AudioClock::new(config.rate_hz, margin_s),
            elapsed: 0,
            max_piece,
            channels,
            gains: vec![0.0; max_piece],
            monitor,
            parts,
        })
    }

    /// Delay from input to output, samples: constant while the gate lives. `docs/latency.md` derives it.
    pub fn latency_samples(&self) -> u32 {
        u32::try_from(self.latency).unwrap_or(u32::MAX)
    }

    /// What the latency is made of.
    pub fn latency_parts(&self) -> LatencyParts {
        self.parts
    }

    /// What the ear can hear; frames and [`Heard`] count in this order.
    pub fn labels(&self) -> &[Label] {
        &self.monitor.labels
    }

    /// The gains of the last call's samples, one each (of a block longer than `max_block_samples`: of its last piece).
    /// With [`OutputMode::Bypassed`] a caller that crossfades between outputs applies them itself.
    pub fn gains(&self) -> &[f32] {
        &self.gains
    }

    /// The counters as they stand.
    pub fn status(&self) -> LiveStatus {
        self.monitor.status()
    }

    /// A handle for other threads: the status, and another ear.
    pub fn monitor(&self) -> LiveMonitor {
        self.monitor.clone()
    }

    /// Takes over everything but the lookahead, from the next sample on: rules, range, thresholds, attack, hold,
    /// release, curve, wet. Real-time safe, given settings that were made elsewhere.
    ///
    /// # Errors
    /// [`MotionRefused`] if the settings cannot be taken over; the old ones stay.
    pub fn set_motion(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        let position = self.output_position();
        self.decisions.set_motion(settings, position)
    }

    /// Puts what a host's lane says in the place of what the ear hears, from the next output sample on; `None` goes
    /// back to the ear. Probabilities and level are told as before. The lane is about the audio that leaves the output,
    /// so the lookahead is of no use to it.
    pub fn forced(&mut self, heard: Option<Heard>) {
        let position = self.output_position();
        self.decisions.force(heard, position);
    }

    /// Whether a render that the host does not declare is recognised by its speed, which is so at the start. Without it
    /// only a declared one is waited for, even if blocks come faster than they last. A host that asks for more than 50 ms
    /// at once, in real time, may be taken for one that renders; it is then waited for no longer than its lead lasts.
    pub fn guess_offline(&mut self, guess: bool) {
        self.clock.set_trusted(guess);
    }

    /// Forgets all audio and all that was heard. Real-time safe.
    pub fn reset(&mut self) {
        self.delay.reset();
        self.decisions.reset();
        self.elapsed = 0;
    }

    /// Works in place: `main` holds the input, one slice per channel, all of one length, and gets the output, delayed
    /// by [`latency_samples`](Self::latency_samples). With a `sidechain` that is heard in the place of `main`.
    /// `observe` is told each frame whose first sample leaves in this block, in order.
    ///
    /// Waits for the worker when `offline` is true, and while audio comes faster than it lasts; else never.
    pub fn process(
        &mut self,
        main: &mut [&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        offline: bool,
        mode: OutputMode,
        observe: &mut impl FnMut(LiveFrame),
    ) {
        let samples = main.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let sidechain = sidechain.filter(|channels| !channels.is_empty());
        let offline = offline || self.offline;
        self.clock.block(samples);
        let mut done = 0;
        while done < samples {
            let count = self.max_piece.min(samples - done);
            self.send(main, sidechain, done, count, offline);
            self.delay.process(main.iter_mut().map(|channel| &mut channel[done..done + count]));
            self.fill_gains(count, offline);
            self.apply(main, done, count, mode);
            self.tell(done, count, observe);
            self.elapsed += count as u64;
            done += count;
        }
    }

    /// Number of the input sample that leaves the output next; 0 until the first has come through.
    fn output_position(&self) -> u64 {
        self.elapsed.saturating_sub(self.latency)
    }

    fn send(
        &mut self,
        main: &[&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        from: usize,
        count: usize,
        offline: bool,
    ) {
        let Some(Hearer { link, worker }) = &mut self.decisions.ear else { return };
        let shared = &self.monitor.shared;
        while !link.has_room(count) && !shared.is_dead() && (offline || self.clock.ahead()) {
            worker.wake();
            std::thread::sleep(super::decisions::WAIT);
        }
        let channels = self.channels;
        let pushed = link.push(self.elapsed, count, |slots, first| {
            for channel in 0..channels {
                let slots = slots.iter_mut().skip(channel).step_by(channels);
                let range = from + first..from + count;
                match sidechain {
                    None => {
                        let samples = &main[channel % main.len()][range];
                        slots.zip(samples).for_each(|(slot, sample)| *slot = for_the_ear(*sample));
                    }
                    Some(side) => slots.zip(range).for_each(|(slot, index)| {
                        *slot = for_the_ear(samples::mapped(side, channels, channel, index));
                    }),
                }
            }
        });
        if pushed == Push::RanOver {
            shared.overflows.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// The gains of the next `count` output samples, with each frame decided where it is due.
    fn fill_gains(&mut self, count: usize, offline: bool) {
        let silent =
            usize::try_from(self.latency.saturating_sub(self.elapsed)).unwrap_or(usize::MAX).min(count);
        // Nothing has come through yet: the delay line gives silence.
        self.gains[..silent].fill(1.0);
        let mut position = self.output_position();
        let mut from = silent;
        self.decisions.take_late(position);
        while from < count {
            while self.decisions.next_due() <= position {
                let clock = &mut self.clock;
                self.decisions.decide(position, || offline || clock.ahead());
            }
            let until_due = usize::try_from(self.decisions.next_due() - position).unwrap_or(usize::MAX);
            let run = until_due.min(count - from);
            self.decisions.gain.fill(&mut self.gains[from..from + run]);
            from += run;
            position += run as u64;
        }
    }

    fn apply(&self, main: &mut [&mut [f32]], from: usize, count: usize, mode: OutputMode) {
        let gains = &self.gains[..count];
        let open = gains.iter().all(|gain| *gain == 1.0);
        for channel in main.iter_mut() {
            let piece = &mut channel[from..from + count];
            match (mode, open) {
                (OutputMode::Bypassed, _) | (OutputMode::Gated, true) => {}
                (OutputMode::Removed, true) => piece.fill(0.0),
                (OutputMode::Gated, false) => samples::gate(piece, gains),
                (OutputMode::Removed, false) => samples::removed(piece, gains),
            }
        }
    }

    /// Tells the frames that begin among the `count` samples which have just been given, `from` into the block.
    fn tell(&mut self, from: usize, count: usize, observe: &mut impl FnMut(LiveFrame)) {
        let end = (self.elapsed + count as u64).saturating_sub(self.latency);
        while let Some(decided) = self.decisions.leaving_before(end) {
            let offset =
                usize::try_from(decided.start + self.latency - self.elapsed).unwrap_or(0).min(count - 1);
            observe(LiveFrame {
                offset_in_block: from + offset,
                frame: decided.frame,
                start_sample: decided.start,
                probabilities: decided.probabilities,
                mean_square: decided.mean_square,
                level_dbfs: shown_level_dbfs(decided.mean_square),
                heard: decided.heard,
                gain_db: 20.0 * self.gains[offset].log10(),
                held: decided.held,
            });
        }
    }
}

/// Refuses what no host means; gives the rate in whole Hz.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive; `as` saturates"
)]
fn check(config: &LiveConfig) -> Result<u32, LiveError> {
    let refused = |what, value| Err(LiveError::Config { what, value });
    if !(config.rate_hz.is_finite() && config.rate_hz >= 1.0) {
        return refused("the sample rate", config.rate_hz);
    }
    if config.channels == 0 {
        return refused("the number of channels", 0.0);
    }
    Ok(config.rate_hz.round() as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half a second of samples")]
fn to_samples(seconds: f64, rate_hz: u32) -> usize {
    (seconds * f64::from(rate_hz)).ceil() as usize
}

#[expect(clippy::cast_precision_loss, reason = "a few seconds of samples")]
fn seconds(samples: u64, rate_hz: u32) -> f64 {
    samples as f64 / f64::from(rate_hz)
}
