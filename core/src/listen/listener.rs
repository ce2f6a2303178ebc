//! One stream through an ear.

use super::back::Back;
use super::front::{Front, Piece};
use super::{Ear, ListenError};
use crate::Activity;

/// Hears one source, block by block.
#[derive(Debug)]
pub struct Listener {
    rate_hz: u32,
    pub(super) front: Front,
    pub(super) back: Back,
    piece: Piece,
}

impl Listener {
    pub(super) fn new(ear: &Ear, rate_hz: u32, channels: u16) -> Result<Self, ListenError> {
        Ok(Self {
            rate_hz,
            front: Front::new(rate_hz, channels, ear.pack().manifest().features.rate_hz)?,
            back: Back::new(ear)?,
            piece: Piece::default(),
        })
    }

    /// An [`Activity`] with this listener's labels and rate, to append frames to.
    pub fn activity(&self) -> Activity {
        Activity::new(self.back.labels().to_vec(), self.rate_hz)
    }

    /// Back to the start: what is pushed next is the beginning of a new stream. Frames that are on their way are lost.
    pub fn reset(&mut self) {
        self.front.reset();
        self.back.reset();
    }

    /// Hears interleaved samples and appends the frames that are complete.
    ///
    /// # Errors
    /// [`ListenError`] if the network or the resampler fails; the stream cannot go on then.
    pub fn push(&mut self, interleaved: &[f32], heard: &mut Activity) -> Result<(), ListenError> {
        self.front.push(interleaved, &mut self.piece);
        self.back.push(&self.piece, heard)
    }

    /// The stream has ended: appends all frames that are still on their way.
    ///
    /// # Errors
    /// As [`Listener::push`].
    pub fn finish(mut self, heard: &mut Activity) -> Result<(), ListenError> {
        self.front.finish(&mut self.piece);
        self.back.push(&self.piece, heard)
    }
}
