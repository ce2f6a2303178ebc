//! What an embedder gives.

use crate::FrameGrid;
use crate::signal::units::real;

/// The vectors of a stretch of audio, row-major, `len() × dim`.
///
/// Row `i` is about the frames `[i · hop_frames, (i + 1) · hop_frames)` of the source's 10 ms grid; the last row of a source
/// may reach beyond its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// Values per row.
    pub dim: usize,
    /// Frames of 10 ms per row.
    pub hop_frames: usize,
    /// `len() × dim` values.
    pub rows: Vec<f32>,
}

impl Vectors {
    /// No rows yet.
    pub fn new(dim: usize, hop_frames: usize) -> Self {
        Self { dim, hop_frames, rows: Vec::new() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.dim.max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row `row`, `dim` values.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.dim..(row + 1) * self.dim]
    }

    /// All rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.rows.chunks_exact(self.dim.max(1))
    }

    /// Seconds that the rows stand for.
    pub fn duration_s(&self) -> f64 {
        real(self.len()) * self.hop_s()
    }

    /// Seconds from one row to the next.
    pub fn hop_s(&self) -> f64 {
        hop_s(self.hop_frames)
    }
}

/// So many frames as seconds.
pub(super) fn hop_s(frames: usize) -> f64 {
    real(frames) * FrameGrid::FRAME_S
}
