//! One stream through an ear.

use super::{Ear, LevelMeter, ListenError};
use crate::audio::{Resampler, downmix};
use crate::features::MelStream;
use crate::runtime::Network;
use crate::{Activity, Label};

/// Hears one source, block by block.
#[derive(Debug)]
pub struct Listener {
    channels: u16,
    rate_hz: u32,
    labels: Vec<Label>,
    level: LevelMeter,
    resampler: Resampler,
    mel: MelStream,
    network: Network,
    silence: Vec<f32>,
    /// Rows of the network's output that are still about audio before sample 0.
    rows_to_drop: usize,
    lookahead_frames: usize,
    mono: Vec<f32>,
    resampled: Vec<f32>,
    /// Features that wait for a full call, frames × bands.
    features: Vec<f32>,
    /// Probabilities that wait for the level of their frame, and the reverse: the two come at different delays.
    rows: Vec<f32>,
    mean_squares: Vec<f32>,
}

impl Listener {
    pub(super) fn new(ear: &Ear, rate_hz: u32, channels: u16) -> Result<Self, ListenError> {
        let manifest = ear.pack().manifest();
        Ok(Self {
            channels,
            rate_hz,
            labels: manifest.labels.clone(),
            level: LevelMeter::new(rate_hz, channels),
            resampler: Resampler::new(rate_hz, manifest.features.rate_hz)?,
            mel: MelStream::new(&manifest.features)?,
            network: ear.network.another(),
            silence: ear.silence.clone(),
            rows_to_drop: manifest.lookahead_frames,
            lookahead_frames: manifest.lookahead_frames,
            mono: Vec::new(),
            resampled: Vec::new(),
            features: Vec::new(),
            rows: Vec::new(),
            mean_squares: Vec::new(),
        })
    }

    /// An [`Activity`] with this listener's labels and rate, to append frames to.
    pub fn activity(&self) -> Activity {
        Activity::new(self.labels.clone(), self.rate_hz)
    }

    /// Back to the start: what is pushed next is the beginning of a new stream. Frames that are on their way are lost.
    pub fn reset(&mut self) {
        self.level = LevelMeter::new(self.rate_hz, self.channels);
        self.resampler.reset();
        self.mel.reset();
        self.network.reset();
        self.rows_to_drop = self.lookahead_frames;
        self.features.clear();
        self.rows.clear();
        self.mean_squares.clear();
    }

    /// Hears interleaved samples and appends the frames that are complete.
    ///
    /// # Errors
    /// [`ListenError`] if the network or the resampler fails; the stream cannot go on then.
    pub fn push(&mut self, interleaved: &[f32], heard: &mut Activity) -> Result<(), ListenError> {
        self.level.push(interleaved, &mut self.mean_squares);
        self.mono.clear();
        downmix(interleaved, self.channels, &mut self.mono);
        self.resampled.clear();
        self.resampler.push(&self.mono, &mut self.resampled);
        let features = &mut self.features;
        self.mel.push(&self.resampled, |frame| features.extend_from_slice(frame));
        self.call_network()?;
        self.emit(heard);
        Ok(())
    }

    /// The stream has ended: appends all frames that are still on their way.
    ///
    /// # Errors
    /// As [`Listener::push`].
    pub fn finish(mut self, heard: &mut Activity) -> Result<(), ListenError> {
        self.level.finish(&mut self.mean_squares);
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled);
        let features = &mut self.features;
        self.mel.push(&self.resampled, |frame| features.extend_from_slice(frame));
        self.mel.finish(|frame| features.extend_from_slice(frame));
        // Silence runs the look-ahead out and fills the last call.
        let call = self.network.frames();
        let frames = self.features.len() / self.silence.len() + self.lookahead_frames;
        for _ in self.features.len() / self.silence.len()..frames.next_multiple_of(call) {
            self.features.extend_from_slice(&self.silence);
        }
        self.call_network()?;
        self.emit(heard);
        heard.samples = self.level.samples();
        Ok(())
    }

    fn call_network(&mut self) -> Result<(), ListenError> {
        let call = self.network.frames() * self.silence.len();
        let mut done = 0;
        while self.features.len() - done >= call {
            self.network.run(&self.features[done..done + call], &mut self.rows)?;
            done += call;
        }
        self.features.drain(..done);
        let ready = self.rows.len() / self.labels.len();
        let drop = self.rows_to_drop.min(ready);
        self.rows.drain(..drop * self.labels.len());
        self.rows_to_drop -= drop;
        Ok(())
    }

    fn emit(&mut self, heard: &mut Activity) {
        let frames = self.mean_squares.len().min(self.rows.len() / self.labels.len());
        heard.mean_square.extend(self.mean_squares.drain(..frames));
        heard.probabilities.extend(self.rows.drain(..frames * self.labels.len()));
        heard.samples = self.level.samples();
    }
}
