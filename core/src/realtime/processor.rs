//! The audio thread's half.
//!
//! Real time: see the promise in the module above; `process`, `set_motion`, `forced` and `reset` keep it.

mod build;
#[cfg(feature = "profiles")]
pub use build::Beside;
#[cfg(test)]
pub(super) use build::thresholds;

use std::sync::Arc;

use super::clock::AudioClock;
use super::decisions::{Decided, Decisions, WorkerLink, shown_level_dbfs};
use super::latency::LatencyParts;
use super::link::Push;
use super::stretch::Stretches;
use super::{LiveFrame, LiveMonitor, LiveStatus, MotionRefused};
use crate::detect::Detector;
use crate::gate::{DelayLine, GateSettings, MixPlanes, Mixer};
use crate::signal::{for_detector, mapped};
use crate::{Label, LabelSet};

/// A gate that hears while audio runs. Owned by the audio thread; made and dropped on another one.
///
/// ```
/// # #[cfg(all(feature = "embedded-packs", feature = "embedded-runtime"))] {
/// use std::sync::Arc;
///
/// use earmark_core::detect::{Detector, DetectorMode};
/// use earmark_core::gate::{GateSettings, MixSettings, Mixer};
/// use earmark_core::model::pack::{self, Pack};
/// use earmark_core::model::runtime::Runtime;
/// use earmark_core::realtime::{LiveConfig, LiveGate};
///
/// let pack = Pack::find(pack::LIVE)?;
/// let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::LowLatency)?;
/// let config = LiveConfig { rate_hz: 48_000.0, channels: 2, ..LiveConfig::default() };
/// let mut gate = LiveGate::new(Arc::new(detector), &GateSettings::default(), &config)?;
/// let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
///
/// // The audio callback: two channels in, two channels out, `latency_samples` later.
/// let (mut left, mut right) = ([0.0_f32; 512], [0.0_f32; 512]);
/// gate.process_and_mix(&mut [&mut left, &mut right], None, false, &mut mixer, &mut |_frame| {});
/// assert!(gate.latency_samples() > 0);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LiveGate {
    latency: u64,
    offline: bool,
    delay: DelayLine,
    decisions: Decisions,
    clock: AudioClock,
    /// Samples taken since the last reset.
    elapsed: u64,
    stretches: Stretches,
    /// Frames that were decided in the last call.
    told: Vec<LiveFrame>,
    max_piece: usize,
    channels: usize,
    gains: Vec<f32>,
    labels: Box<[Label]>,
    monitor: LiveMonitor,
    parts: LatencyParts,
    /// Held for those who share the compiled network by a weak handle: it lives as long as a gate uses it.
    _detector: Option<Arc<Detector>>,
}

impl LiveGate {
    /// Delay from input to output, samples: constant while the gate lives. `docs/latency.md` derives it.
    pub fn latency_samples(&self) -> u32 {
        u32::try_from(self.latency).unwrap_or(u32::MAX)
    }

    /// What the latency is made of.
    pub fn latency_parts(&self) -> LatencyParts {
        self.parts
    }

    /// What the detector can hear; frames and [`LabelSet`] count in this order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The gains of the last call's samples, one each (of a block longer than `max_block_samples`: of its last piece), for
    /// a [`Mixer`] of the caller's own.
    pub fn gains(&self) -> &[f32] {
        &self.gains
    }

    /// The counters as they stand.
    pub fn status(&self) -> LiveStatus {
        self.monitor.status()
    }

    /// A handle for other threads: the status.
    pub fn monitor(&self) -> LiveMonitor {
        self.monitor.clone()
    }

    /// Takes over everything but the lookahead, from the next sample on: rules, range, thresholds, attack, hold,
    /// release, curve. Dry and wet are the [`Mixer`]'s. Real-time safe, given settings that were made elsewhere.
    ///
    /// # Errors
    /// [`MotionRefused`] if the settings cannot be taken over; the old ones stay.
    pub fn set_motion(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        let position = self.output_position();
        self.decisions.set_motion(settings, position)
    }

    /// Puts what a host's lane says in the place of what the detector hears, from the next frame on that is decided; `None`
    /// goes back to the detector. Probabilities and level are told as before. A lane that changes where
    /// [`decided`](Self::decided) says gives the gains that the detector gave, the lookahead included.
    pub fn override_labels(&mut self, labels: Option<LabelSet>) {
        self.decisions.replace_labels(labels);
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
        self.stretches.reset();
        self.told.clear();
        self.elapsed = 0;
    }

    /// The next input sample stands at `timeline` of the host's, samples from its zero, and does not follow the one before:
    /// playback begins or jumps. What came before still leaves as it would have, and is forgotten by what comes. Frames and
    /// calls of the network lie on the timeline's grid, so that the same audio at the same place is heard the same, wherever
    /// playback began, but for what the network remembers. Without this the timeline is that of the samples since the last
    /// reset. Real-time safe.
    pub fn locate(&mut self, timeline: i64) {
        if let Some(end) = self.stretches.jump(self.elapsed, timeline) {
            self.decisions.input_jumps(end);
        }
    }

    /// The frames that were decided in the last call, in order, which is when they may first move the gain: by the lookahead
    /// before they leave, or at the next sample after that. `offset_in_block` is where.
    pub fn decided(&self) -> &[LiveFrame] {
        &self.told
    }

    /// Works in place: `main` holds the input, one slice per channel, all of one length, and gets it back delayed by
    /// [`latency_samples`](Self::latency_samples), not yet gated: a [`Mixer`] puts [`gains`](Self::gains) onto it. With a
    /// `sidechain` that is heard in the place of `main`. `observe` is told each frame whose first sample leaves in this
    /// block, in order.
    ///
    /// Waits for the worker when `offline` is true, and while audio comes faster than it lasts; else never.
    pub fn process(
        &mut self,
        main: &mut [&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        offline: bool,
        observe: &mut impl FnMut(LiveFrame),
    ) {
        self.work(main, sidechain, offline, None, observe);
    }

    /// As [`process`](Self::process), and mixes: for hosts that have nothing to add between gate and mixer. With
    /// [`MixOutput::Detector`](crate::gate::MixOutput::Detector) the input itself goes out: a sidechain is not delayed.
    pub fn process_and_mix(
        &mut self,
        main: &mut [&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        offline: bool,
        mixer: &mut Mixer,
        observe: &mut impl FnMut(LiveFrame),
    ) {
        self.work(main, sidechain, offline, Some(mixer), observe);
    }

    fn work(
        &mut self,
        main: &mut [&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        offline: bool,
        mut mixer: Option<&mut Mixer>,
        observe: &mut impl FnMut(LiveFrame),
    ) {
        let samples = main.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let sidechain = sidechain.filter(|channels| !channels.is_empty());
        let offline = offline || self.offline;
        self.clock.block(samples);
        self.told.clear();
        let mut done = 0;
        while done < samples {
            let count = self.max_piece.min(samples - done);
            self.send(main, sidechain, done, count, offline);
            self.delay.process(main.iter_mut().map(|channel| &mut channel[done..done + count]));
            self.fill_gains(done, count, offline);
            if let Some(mixer) = &mut mixer {
                let gains = &self.gains[..count];
                let planes = main.iter_mut().map(|channel| {
                    let sound = &mut channel[done..done + count];
                    MixPlanes { sound, gains, detector: None }
                });
                mixer.mix(count, planes);
            }
            self.report_frames(done, count, observe);
            self.elapsed += count as u64;
            done += count;
        }
    }

    /// Position of the sample that leaves the output next; that of the first one until it has come through.
    fn output_position(&self) -> u64 {
        self.stretches.output_position(self.elapsed.saturating_sub(self.latency))
    }

    fn send(
        &mut self,
        main: &[&mut [f32]],
        sidechain: Option<&[&[f32]]>,
        from: usize,
        count: usize,
        offline: bool,
    ) {
        let Some(WorkerLink { link, worker }) = &mut self.decisions.detector else { return };
        let shared = &self.monitor.shared;
        while !link.has_room(count) && !shared.is_dead() && (offline || self.clock.ahead()) {
            worker.wake();
            std::thread::sleep(super::decisions::WAIT);
        }
        let channels = self.channels;
        let position = self.stretches.input_position(self.elapsed);
        let pushed = link.push(position, count, |slots, first| {
            for channel in 0..channels {
                let slots = slots.iter_mut().skip(channel).step_by(channels);
                let range = from + first..from + count;
                match sidechain {
                    None => {
                        let samples = &main[channel % main.len()][range];
                        slots.zip(samples).for_each(|(slot, sample)| *slot = for_detector(*sample));
                    }
                    Some(side) => slots.zip(range).for_each(|(slot, index)| {
                        *slot = for_detector(mapped(side, channels, channel, index));
                    }),
                }
            }
        });
        match pushed {
            Push::Sent => worker.sent(),
            Push::RanOver => {
                shared.audio.overflows.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            Push::Skipped => {}
        }
    }

    /// The gains of the next `count` output samples, `start` into the block, with each frame decided where it is due.
    fn fill_gains(&mut self, start: usize, count: usize, offline: bool) {
        let silent =
            usize::try_from(self.latency.saturating_sub(self.elapsed)).unwrap_or(usize::MAX).min(count);
        // Nothing has come through yet: the delay line gives silence.
        self.gains[..silent].fill(1.0);
        let mut left = self.elapsed.saturating_sub(self.latency);
        let mut from = silent;
        self.decisions.take_late();
        while from < count {
            while let Some(stretch) = self.stretches.output_jump(left) {
                self.decisions.output_jumps(stretch);
            }
            let (jump, end) = self.stretches.output_end().unwrap_or((u64::MAX, u64::MAX));
            self.decisions.ends_at(end);
            let position = self.stretches.output_position(left);
            while self.decisions.next_due() <= position {
                let clock = &mut self.clock;
                let decided = self.decisions.decide(position, || offline || clock.ahead());
                // Never beyond what was reserved: that would allocate.
                if self.told.len() < self.told.capacity() {
                    self.told.push(live_frame(&decided, start + from, f32::NAN));
                }
            }
            let until = (self.decisions.next_due() - position).min(jump - left);
            let run = usize::try_from(until).unwrap_or(usize::MAX).min(count - from);
            self.decisions.gain.fill(&mut self.gains[from..from + run]);
            from += run;
            left += run as u64;
        }
    }

    /// Tells the frames that begin among the `count` samples which have just been given, `from` into the block.
    fn report_frames(&mut self, from: usize, count: usize, observe: &mut impl FnMut(LiveFrame)) {
        let end = (self.elapsed + count as u64).saturating_sub(self.latency);
        while let Some(decided) = self.decisions.leaving_before(end) {
            let offset =
                usize::try_from(decided.leaves + self.latency - self.elapsed).unwrap_or(0).min(count - 1);
            observe(live_frame(&decided, from + offset, 20.0 * self.gains[offset].log10()));
        }
    }
}

fn live_frame(decided: &Decided, offset_in_block: usize, gain_db: f32) -> LiveFrame {
    LiveFrame {
        offset_in_block,
        start_sample: decided.leaves,
        timeline_sample: decided.timeline,
        scored: decided.scored,
        level_dbfs: shown_level_dbfs(decided.scored.mean_square),
        heard: decided.heard,
        gain_db,
        held: decided.held,
    }
}
