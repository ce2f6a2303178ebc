//! The second half of a stream: features, network, and both clocks brought together.

use std::collections::VecDeque;

use super::row_network::RowNetwork;
use super::{DetectError, Detector, preprocess::Block};
use crate::{FrameScores, Label};

/// Makes features of mono audio, runs the network on them and hands out frames.
#[derive(Debug)]
pub(super) struct ScoreNetwork {
    labels: Vec<Label>,
    rows: RowNetwork,
    /// Levels that wait for the probabilities of their frame: those come later, by the look-ahead and the rest of a call.
    mean_squares: VecDeque<f32>,
    /// Probabilities that wait for the level of their frame: at the end of a call they may run ahead of it.
    probabilities: VecDeque<f32>,
}

impl ScoreNetwork {
    pub(super) fn new(detector: &Detector) -> Result<Self, DetectError> {
        Ok(Self {
            labels: detector.pack().manifest().labels.clone(),
            rows: RowNetwork::new(detector.pack(), detector.network.another(), &detector.silence)?,
            mean_squares: VecDeque::new(),
            probabilities: VecDeque::new(),
        })
    }

    /// Back to the start of a new source.
    pub(super) fn reset(&mut self) {
        self.rows.reset();
        self.mean_squares.clear();
        self.probabilities.clear();
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Takes the next piece and appends the frames that are complete; with the last piece, all that are on their way.
    pub(super) fn push(&mut self, piece: &Block, heard: &mut FrameScores) -> Result<(), DetectError> {
        self.mean_squares.extend(&piece.mean_square);
        self.rows.push(&piece.mono, piece.last, &mut self.probabilities)?;
        self.emit(heard);
        heard.samples = piece.position;
        Ok(())
    }

    fn emit(&mut self, heard: &mut FrameScores) {
        let frames = self.mean_squares.len().min(self.probabilities.len() / self.labels.len());
        heard.mean_square.extend(self.mean_squares.drain(..frames));
        heard.probabilities.extend(self.probabilities.drain(..frames * self.labels.len()));
    }
}
