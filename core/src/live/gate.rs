//! The audio thread's half.

use std::sync::Arc;

use super::delay::DelayLine;
use super::status::Shared;
use super::{
    Heard, Hearing, LiveConfig, LiveError, LiveFrame, LiveMonitor, LiveStatus, MotionRefused, OutputMode,
};
use crate::Label;
use crate::gate::GateSettings;
use crate::listen::Ear;

/// A gate that hears while audio runs. Owned by the audio thread; made and dropped on another one.
#[derive(Debug)]
pub struct LiveGate {
    latency: usize,
    max_piece: usize,
    labels: Vec<Label>,
    delay: DelayLine,
    shared: Arc<Shared>,
}

impl LiveGate {
    /// Allocates everything and starts the worker. The ear must have been loaded with
    /// [`Pace::Live`](crate::listen::Pace::Live); any number of gates may share it.
    ///
    /// # Errors
    /// [`LiveError`] if the settings do not fit the ear or the worker cannot be started.
    pub fn new(ear: Arc<Ear>, settings: &GateSettings, config: &LiveConfig) -> Result<Self, LiveError> {
        let labels = ear.pack().manifest().labels.clone();
        Self::build(labels, settings, config)
    }

    /// A gate without an ear, in the fail mode; `problem` is the sentence that its status shows.
    ///
    /// # Errors
    /// [`LiveError`] if the settings make no gate.
    pub fn without_ear(
        problem: impl Into<String>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let gate = Self::build(vec![Label::SPEECH, Label::MUSIC, Label::NOISE], settings, config)?;
        gate.shared.set_hearing(Hearing::Missing);
        gate.shared.problem.lock().unwrap_or_else(std::sync::PoisonError::into_inner).replace(problem.into());
        Ok(gate)
    }

    fn build(labels: Vec<Label>, settings: &GateSettings, config: &LiveConfig) -> Result<Self, LiveError> {
        settings.validate()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "skeleton")]
        let latency = (config.rate_hz * 0.15) as usize;
        let max_piece = config.max_block_samples.max(1);
        Ok(Self {
            latency,
            max_piece,
            labels,
            delay: DelayLine::new(usize::from(config.channels), latency, max_piece),
            shared: Arc::default(),
        })
    }

    /// Delay from input to output, samples: constant while the gate lives. `docs/latency.md` derives it.
    pub fn latency_samples(&self) -> u32 {
        u32::try_from(self.latency).unwrap_or(u32::MAX)
    }

    /// What the ear can hear; frames and [`Heard`] count in this order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Takes over everything but the lookahead, from the next sample on: rules, range, thresholds, attack, hold,
    /// release, curve, wet. Real-time safe, given settings that were made elsewhere.
    ///
    /// # Errors
    /// [`MotionRefused`] if the settings cannot be taken over; the old ones stay.
    pub fn set_motion(&mut self, settings: &GateSettings) -> Result<(), MotionRefused> {
        let _ = settings;
        Ok(())
    }

    /// Puts what a host's lane says in the place of what the ear hears, from the next output sample on; `None` goes
    /// back to the ear. Probabilities and level are told as before.
    pub fn forced(&mut self, heard: Option<Heard>) {
        let _ = heard;
    }

    /// Forgets all audio and all that was heard. Real-time safe.
    pub fn reset(&mut self) {
        self.delay.reset();
    }

    /// Works in place: `main` holds the input, one slice per channel, all of one length, and gets the output, delayed
    /// by [`latency_samples`](Self::latency_samples). With a `sidechain` that is heard in the place of `main`; it must
    /// be as long. `observe` is told each frame whose first sample leaves in this block, in order.
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
        let _ = (sidechain, offline, mode, observe);
        let samples = main.first().map_or(0, |channel| channel.len());
        let mut done = 0;
        while done < samples {
            let end = samples.min(done + self.max_piece);
            self.delay.process(main.iter_mut().map(|channel| &mut channel[done..end]));
            done = end;
        }
    }

    /// The counters as they stand.
    pub fn status(&self) -> LiveStatus {
        self.shared.status()
    }

    /// A handle for other threads: status, and later another ear.
    pub fn monitor(&self) -> LiveMonitor {
        LiveMonitor { shared: Arc::clone(&self.shared) }
    }
}
