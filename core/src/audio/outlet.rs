//! From decoded frames to what a source hands out: without what the container says does not belong to the audio, with silence
//! where something is missing, and all links in the form of the first.

use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;

use super::adapt::{Adapter, Form};
use super::stream::Stream;
use super::{AudioError, SourceInfo};
use crate::signal::units::samples_to_seconds;

/// Most samples of silence in one block, all channels together.
pub(super) const SILENCE_BLOCK_SAMPLES: u64 = 1 << 16;

/// What has been handed out, and what waits for its turn.
pub(super) struct Outlet {
    pub(super) info: SourceInfo,
    /// What the link that is read has, and the way from there to what the first one had.
    pub(super) form: Form,
    adapter: Option<Adapter>,
    /// Frames of silence that stand for what is missing, still to be handed out.
    pub(super) silence: u64,
    /// Decoded, and to be heard after that silence.
    pub(super) held: Vec<f32>,
    /// Decoded, and dropped if nothing follows.
    back: Vec<f32>,
    /// Frames so far.
    pub(super) position: u64,
}

impl Outlet {
    /// Rate and channels of `info` are 0 until the first frames say them.
    pub(super) fn new(info: SourceInfo) -> Self {
        Self {
            info,
            form: Form { rate_hz: 0, channels: 0 },
            adapter: None,
            silence: 0,
            held: Vec::new(),
            back: Vec::new(),
            position: 0,
        }
    }

    /// Seconds so far.
    pub(super) fn at_s(&self) -> f64 {
        samples_to_seconds(self.position, self.info.rate_hz)
    }

    /// Takes rate and channels from a decoded buffer: those of the first are the source's.
    pub(super) fn note_form(&mut self, buffer: &GenericAudioBufferRef<'_>) {
        if buffer.is_empty() {
            return;
        }
        let channels = u16::try_from(buffer.spec().channels().count()).unwrap_or(u16::MAX);
        self.form = Form { rate_hz: buffer.spec().rate(), channels };
        if self.info.rate_hz == 0 {
            (self.info.rate_hz, self.info.channels) = (self.form.rate_hz, self.form.channels);
        }
    }

    /// Hands out silence for a time at which the container shows nothing.
    pub(super) fn pause(&mut self, stream: &mut Stream, block: &mut Vec<f32>) {
        let channels = u64::from(self.info.channels.max(1));
        let frames = stream.pause.min((SILENCE_BLOCK_SAMPLES / channels).max(1));
        stream.pause -= frames;
        block.resize(usize::try_from(frames * channels).unwrap_or(0), 0.0);
        self.count(block);
    }

    /// Hands out silence for what is missing, in blocks: a wrong timestamp could ask for gigabytes at once.
    pub(super) fn fill(
        &mut self,
        path: &Path,
        stream: &mut Stream,
        block: &mut Vec<f32>,
    ) -> Result<(), AudioError> {
        let channels = u64::from(self.form.channels.max(1));
        let frames = self.silence.min((SILENCE_BLOCK_SAMPLES / channels).max(1));
        self.silence -= frames;
        block.resize(usize::try_from(frames * channels).unwrap_or(0), 0.0);
        self.hand_out(path, stream, block)
    }

    /// Makes decoded samples of a link what the source gives: without what the container says does not belong to the audio,
    /// and in the form of the first link.
    pub(super) fn hand_out(
        &mut self,
        path: &Path,
        stream: &mut Stream,
        block: &mut Vec<f32>,
    ) -> Result<(), AudioError> {
        self.trim(stream, block);
        self.hold_back(stream, block);
        let to = Form { rate_hz: self.info.rate_hz, channels: self.info.channels };
        if self.adapter.as_ref().map_or(to, Adapter::from) != self.form {
            let mut tail = Vec::new();
            if let Some(adapter) = self.adapter.take() {
                adapter.finish(&mut tail);
            }
            if self.form != to {
                let adapter = Adapter::new(self.form, to)
                    .map_err(|source| AudioError::Resample { path: path.to_owned(), source })?;
                self.adapter.insert(adapter).push(block);
            }
            block.splice(..0, tail);
        } else if let Some(adapter) = &mut self.adapter {
            adapter.push(block);
        }
        self.count(block);
        Ok(())
    }

    /// The end of a link says how much of what is held back is dropped: hands out the rest.
    pub(super) fn settle(
        &mut self,
        path: &Path,
        stream: &mut Stream,
        discard: u64,
        block: &mut Vec<f32>,
    ) -> Result<(), AudioError> {
        stream.discard = discard;
        self.hand_out(path, stream, block)
    }

    /// What is held back at the end of a link is not heard.
    pub(super) fn drop_back(&mut self) {
        self.back.clear();
    }

    /// Holds back as much as is to be dropped when the end comes.
    fn hold_back(&mut self, stream: &Stream, block: &mut Vec<f32>) {
        let discard = stream.discard.saturating_mul(u64::from(self.form.channels));
        if discard > 0 || !self.back.is_empty() {
            self.back.append(block);
            let known = self.back.len().saturating_sub(usize::try_from(discard).unwrap_or(usize::MAX));
            block.extend(self.back.drain(..known));
        }
    }

    /// What waits for more in vain.
    pub(super) fn flush(&mut self, block: &mut Vec<f32>) {
        if let Some(adapter) = self.adapter.take() {
            let before = block.len();
            adapter.finish(block);
            self.count(&block[before..]);
        }
    }

    fn count(&mut self, block: &[f32]) {
        self.position += (block.len() / usize::from(self.info.channels.max(1))) as u64;
    }

    /// Drops what the container says does not belong to the audio.
    fn trim(&mut self, stream: &mut Stream, block: &mut Vec<f32>) {
        let channels = usize::from(self.form.channels.max(1));
        let frames = (block.len() / channels) as u64;
        let drop = frames.min(stream.skip);
        stream.skip -= drop;
        block.drain(..usize::try_from(drop).unwrap_or(usize::MAX).saturating_mul(channels).min(block.len()));
        let Some(keep) = &mut stream.keep else { return };
        let shown = (frames - drop).min(*keep);
        *keep -= shown;
        let end = usize::try_from(shown).unwrap_or(usize::MAX).saturating_mul(channels).min(block.len());
        if stream.keep == Some(0) && stream.show_next() {
            // What follows is shown after a pause, or behind a cut.
            self.held.splice(..0, block.drain(end..));
        }
        block.truncate(end);
    }
}
