//! Mono audio to the rows of a network's output: features on the grid, calls of one size, the look-ahead taken off.

use crate::features::{MelStream, SpecError};
use crate::model::pack::Pack;
use crate::model::runtime::{Network, RuntimeError};

/// Makes features of mono audio and runs a network on them. Row `i` that comes out is about the frames
/// `[i · frames_per_row, (i + 1) · frames_per_row)` of the audio, whatever the network's look-ahead.
#[derive(Debug)]
pub(crate) struct RowNetwork {
    mel: MelStream,
    network: Network,
    silence: Vec<f32>,
    /// Values per row.
    columns: usize,
    lookahead_frames: usize,
    /// Rows of the output that are about audio before sample 0.
    early_rows: usize,
    /// Of those, how many are still to come.
    rows_to_drop: usize,
    /// Features of the next call as far as they are known, frames × bands.
    features: Vec<f32>,
    /// What a call gave.
    rows: Vec<f32>,
}

impl RowNetwork {
    /// A stream through a network that was compiled for `pack`; `silence` is the finished frame of digital silence.
    pub(crate) fn new(pack: &Pack, network: Network, silence: &[f32]) -> Result<Self, SpecError> {
        let manifest = pack.manifest();
        let shape = manifest.network_shape(silence.len());
        let early_rows = manifest.lookahead_frames / shape.rows.frames_per_row();
        Ok(Self {
            mel: MelStream::new(&manifest.features)?,
            network,
            silence: silence.to_vec(),
            columns: shape.columns,
            lookahead_frames: manifest.lookahead_frames,
            early_rows,
            rows_to_drop: early_rows,
            features: Vec::new(),
            rows: Vec::new(),
        })
    }

    /// Back to the start of a new source.
    pub(crate) fn reset(&mut self) {
        self.mel.reset();
        self.network.reset();
        self.rows_to_drop = self.early_rows;
        self.features.clear();
    }

    /// Takes mono samples at the rate of the features and appends the values of the rows that are complete. With the
    /// `last` samples, silence runs the look-ahead out and fills the last call: rows may then reach beyond the source.
    pub(crate) fn push(
        &mut self,
        mono: &[f32],
        last: bool,
        values: &mut impl Extend<f32>,
    ) -> Result<(), RuntimeError> {
        let features = &mut self.features;
        self.mel.push(mono, |frame| features.extend_from_slice(frame));
        if last {
            self.mel.finish(|frame| features.extend_from_slice(frame));
            let frames = features.len() / self.silence.len();
            let padded = (frames + self.lookahead_frames).next_multiple_of(self.network.frames());
            (frames..padded).for_each(|_| features.extend_from_slice(&self.silence));
        }
        let call = self.network.frames() * self.silence.len();
        let mut calls = self.features.chunks_exact(call);
        for features in &mut calls {
            self.rows.clear();
            self.network.run(features, &mut self.rows)?;
            let drop = self.rows_to_drop.min(self.rows.len() / self.columns);
            self.rows_to_drop -= drop;
            values.extend(self.rows[drop * self.columns..].iter().copied());
        }
        let rest = calls.remainder().len();
        self.features.drain(..self.features.len() - rest);
        Ok(())
    }
}
