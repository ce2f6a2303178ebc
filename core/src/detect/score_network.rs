//! The second half of a stream: features, network, and both clocks brought together.

use std::collections::VecDeque;

use super::{DetectError, Detector, preprocess::Block};
use crate::features::MelStream;
use crate::model::runtime::Network;
use crate::{FrameScores, Label};

/// Makes features of mono audio, runs the network on them and hands out frames.
#[derive(Debug)]
pub(super) struct ScoreNetwork {
    labels: Vec<Label>,
    mel: MelStream,
    network: Network,
    silence: Vec<f32>,
    /// Rows of the network's output that are still about audio before sample 0.
    rows_to_drop: usize,
    lookahead_frames: usize,
    /// Features of the next call as far as they are known, frames × bands.
    features: Vec<f32>,
    /// What a call gave.
    rows: Vec<f32>,
    /// Levels that wait for the probabilities of their frame: those come later, by the look-ahead and the rest of a call.
    mean_squares: VecDeque<f32>,
    /// Probabilities that wait for the level of their frame: at the end of a call they may run ahead of it.
    probabilities: VecDeque<f32>,
}

impl ScoreNetwork {
    pub(super) fn new(detector: &Detector) -> Result<Self, DetectError> {
        let manifest = detector.pack().manifest();
        Ok(Self {
            labels: manifest.labels.clone(),
            mel: MelStream::new(&manifest.features)?,
            network: detector.network.another(),
            silence: detector.silence.clone(),
            rows_to_drop: manifest.lookahead_frames,
            lookahead_frames: manifest.lookahead_frames,
            features: Vec::new(),
            rows: Vec::new(),
            mean_squares: VecDeque::new(),
            probabilities: VecDeque::new(),
        })
    }

    /// Back to the start of a new source.
    pub(super) fn reset(&mut self) {
        self.mel.reset();
        self.network.reset();
        self.rows_to_drop = self.lookahead_frames;
        self.features.clear();
        self.mean_squares.clear();
        self.probabilities.clear();
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Takes the next piece and appends the frames that are complete; with the last piece, all that are on their way.
    pub(super) fn push(&mut self, piece: &Block, heard: &mut FrameScores) -> Result<(), DetectError> {
        self.mean_squares.extend(&piece.mean_square);
        let features = &mut self.features;
        self.mel.push(&piece.mono, |frame| features.extend_from_slice(frame));
        if piece.last {
            self.mel.finish(|frame| features.extend_from_slice(frame));
            // Silence runs the look-ahead out and fills the last call.
            let bands = self.silence.len();
            let frames = features.len() / bands;
            let padded = (frames + self.lookahead_frames).next_multiple_of(self.network.frames());
            (frames..padded).for_each(|_| features.extend_from_slice(&self.silence));
        }
        self.call_network()?;
        self.emit(heard);
        heard.samples = piece.position;
        Ok(())
    }

    fn call_network(&mut self) -> Result<(), DetectError> {
        let call = self.network.frames() * self.silence.len();
        let columns = self.labels.len();
        let mut calls = self.features.chunks_exact(call);
        for features in &mut calls {
            self.rows.clear();
            self.network.run(features, &mut self.rows)?;
            let drop = self.rows_to_drop.min(self.rows.len() / columns);
            self.rows_to_drop -= drop;
            self.probabilities.extend(&self.rows[drop * columns..]);
        }
        let rest = calls.remainder().len();
        self.features.drain(..self.features.len() - rest);
        Ok(())
    }

    fn emit(&mut self, heard: &mut FrameScores) {
        let frames = self.mean_squares.len().min(self.probabilities.len() / self.labels.len());
        heard.mean_square.extend(self.mean_squares.drain(..frames));
        heard.probabilities.extend(self.probabilities.drain(..frames * self.labels.len()));
    }
}
