//! What is told about each 10 ms of audio.
//!
//! Real time: plain copies, nothing here allocates.

use crate::{LabelSet, ScoredFrame};

/// One 10 ms frame, told when its first sample leaves the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveFrame {
    /// Where in the block that is being processed its first sample leaves, samples.
    pub offset_in_block: usize,
    /// Its first sample, counted in input samples since the last reset.
    pub start_sample: u64,
    /// Its first sample on the host's timeline, see [`LiveGate::locate`](super::LiveGate::locate); where audio begins inside
    /// a frame, that lies before the audio.
    pub timeline_sample: i64,
    /// What was scored (main or sidechain): its number, which grows by one from frame to frame and by more at a jump, one
    /// score per label of the detector, in the order of [`LiveGate::labels`](super::LiveGate::labels), and mean square.
    pub scored: ScoredFrame,
    /// Its mean square in dBFS; −200 for digital silence.
    pub level_dbfs: f32,
    /// The labels that the gate decides by, after thresholds and silence, or those of a host's lane.
    pub heard: LabelSet,
    /// The gate's gain at the frame's first sample, dB (minus infinity for mute), before dry and wet are mixed; not a
    /// number in [`LiveGate::decided`](super::LiveGate::decided), which comes before that sample.
    pub gain_db: f32,
    /// Whether the worker's result was missing when it was needed, so that this repeats the frame before.
    pub held: bool,
}
