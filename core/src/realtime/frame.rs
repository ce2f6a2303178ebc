//! What is told about each 10 ms of audio.
//!
//! Real time: plain copies, nothing here allocates.

/// Labels that a frame has room for.
pub const MAX_LABELS: usize = 8;

/// Which labels are heard in a frame: one bit per label of the detector, and two of its own for silence and unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Heard(u16);

impl Heard {
    /// Nothing, not even silence.
    pub const NOTHING: Self = Self(0);
    /// The level is under the silence threshold; covers every other label.
    pub const SILENCE: Self = Self(1 << 14);
    /// Not silent, yet no label is heard.
    pub const UNKNOWN: Self = Self(1 << 15);

    /// The label with this index in [`LiveGate::labels`](super::LiveGate::labels); nothing beyond [`MAX_LABELS`].
    pub const fn label(index: usize) -> Self {
        if index < MAX_LABELS { Self(1 << index) } else { Self(0) }
    }

    /// The labels alone, bit `i` for label `i`.
    pub(super) fn labels(self) -> u64 {
        u64::from(self.0 & 0xff)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is heard.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether label `index` is heard.
    pub const fn has_label(self, index: usize) -> bool {
        index < MAX_LABELS && self.0 & (1 << index) != 0
    }
}

/// One 10 ms frame, told when its first sample leaves the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveFrame {
    /// Where in the block that is being processed its first sample leaves, samples.
    pub offset_in_block: usize,
    /// Number of the frame on the 10 ms grid since the last reset.
    pub frame: u64,
    /// Its first sample, counted in input samples since the last reset.
    pub start_sample: u64,
    /// One probability per label of the detector, in the order of [`LiveGate::labels`](super::LiveGate::labels); the rest 0.
    pub probabilities: [f32; MAX_LABELS],
    /// Mean square of what was heard (main or sidechain), over the frame and all channels; full scale 1.
    pub mean_square: f32,
    /// The same in dBFS; −200 for digital silence.
    pub level_dbfs: f32,
    /// What the gate takes for heard, after thresholds and silence, or what it was told by a host's lane.
    pub heard: Heard,
    /// The gate's gain at the frame's first sample, dB (minus infinity for mute), before dry and wet are mixed.
    pub gain_db: f32,
    /// Whether the worker's result was missing when it was needed, so that this repeats the frame before.
    pub held: bool,
}
