//! What the ear hears in the place of the main input, in one piece of a block: the sidechain, or what a filter leaves.

use arrayvec::ArrayVec;

use super::MAX_CHANNELS;
use crate::params::{Params, id};

/// The planes of one piece.
pub(super) struct Sidechain<'a> {
    /// At most as many planes as the activation has.
    pub(super) planes: ArrayVec<&'a [f32], MAX_CHANNELS>,
}

impl<'a> Sidechain<'a> {
    pub(super) fn of(passed: &'a [&'a [f32]], range: std::ops::Range<usize>, channels: usize) -> Self {
        Self { planes: passed.iter().take(channels).map(|plane| &plane[range.clone()]).collect() }
    }

    /// The first samples of planes of one's own.
    pub(super) fn of_planes(planes: &'a [Vec<f32>], samples: usize) -> Self {
        Self { planes: planes.iter().take(MAX_CHANNELS).map(|plane| &plane[..samples]).collect() }
    }

    /// Whether the ear hears it: when it is there and is asked for.
    pub(super) fn heard(&self, params: &Params) -> bool {
        !self.planes.is_empty() && params.choice(id::DETECTOR) == 1
    }

    /// The plane for one of the main channels; the last one stands for all beyond.
    pub(super) fn channel(&self, channel: usize) -> &'a [f32] {
        self.planes.get(channel).or(self.planes.last()).copied().unwrap_or(&[])
    }
}
