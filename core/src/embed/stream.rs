//! One stream through an embedder.

use super::{EmbedError, Embedder, Vectors};
use crate::FrameGrid;
use crate::detect::{Block, Preprocessor, RowNetwork};

/// Hears one source, block by block, and appends vectors as they are complete.
#[derive(Debug)]
pub struct EmbedStream {
    grid: FrameGrid,
    dim: usize,
    hop_frames: usize,
    preprocess: Preprocessor,
    network: RowNetwork,
    piece: Block,
    /// Rows handed out since the start.
    rows: u64,
}

impl EmbedStream {
    pub(super) fn new(embedder: &Embedder, rate_hz: u32, channels: u16) -> Result<Self, EmbedError> {
        Ok(Self {
            grid: FrameGrid::new(rate_hz),
            dim: embedder.dim(),
            hop_frames: embedder.hop_frames(),
            preprocess: Preprocessor::new(rate_hz, channels, &embedder.pack().manifest().features)?,
            network: RowNetwork::new(embedder.pack(), embedder.network.another(), &embedder.silence)?,
            piece: Block::default(),
            rows: 0,
        })
    }

    /// Empty [`Vectors`] of this stream's shape, to append rows to.
    pub fn vectors(&self) -> Vectors {
        Vectors::new(self.dim, self.hop_frames)
    }

    /// Back to the start: what is pushed next is the beginning of a new stream. Rows that are on their way are lost.
    pub fn reset(&mut self) {
        self.preprocess.reset();
        self.network.reset();
        self.rows = 0;
    }

    /// Hears interleaved samples and appends the rows that are complete.
    ///
    /// # Errors
    /// [`EmbedError`] if the network fails; the stream cannot go on then.
    pub fn push(&mut self, interleaved: &[f32], vectors: &mut Vectors) -> Result<(), EmbedError> {
        self.preprocess.push(interleaved, &mut self.piece);
        self.take_piece(vectors)
    }

    /// The stream has ended: appends all rows that are still on their way, so that each frame of the source has its row,
    /// and goes back to the start.
    ///
    /// # Errors
    /// As [`EmbedStream::push`].
    pub fn finish(&mut self, vectors: &mut Vectors) -> Result<(), EmbedError> {
        self.preprocess.finish(&mut self.piece);
        self.take_piece(vectors)?;
        self.reset();
        Ok(())
    }

    fn take_piece(&mut self, vectors: &mut Vectors) -> Result<(), EmbedError> {
        let before = vectors.rows.len();
        self.network.push(&self.piece.mono, self.piece.last, &mut vectors.rows)?;
        let mut new = (vectors.rows.len() - before) / self.dim;
        if self.piece.last {
            // The silence that ran the network out gave rows of its own.
            let all = self.grid.frames(self.piece.position).div_ceil(self.hop_frames as u64);
            new = new.min(usize::try_from(all.saturating_sub(self.rows)).unwrap_or(usize::MAX));
            vectors.rows.truncate(before + new * self.dim);
        }
        self.rows += new as u64;
        Ok(())
    }
}
