//! Scores frame by frame, before any decision.

use std::io::{self, Write};
use std::path::Path;

use super::{decimals, npy};
use crate::{FrameGrid, FrameScores};

/// Forms of written scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramesFormat {
    /// `time,<labels>,level_dbfs`, one row per frame of 10 ms.
    Csv,
    /// NumPy array of float32, frames × (labels, level in dBFS): the columns of the CSV without the time.
    Npy,
}

impl FramesFormat {
    /// The form that the ending of a file's name asks for.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_ascii_lowercase().to_str()? {
            "csv" => Some(Self::Csv),
            "npy" => Some(Self::Npy),
            _ => None,
        }
    }

    /// Writes all frames.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(self, scores: &FrameScores, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Csv => write_csv(scores, out),
            Self::Npy => write_npy(scores, out),
        }
    }
}

fn write_csv(scores: &FrameScores, out: &mut dyn Write) -> io::Result<()> {
    FrameRows::default().write(scores, out)
}

/// Writes the CSV of a source whose frames come piece by piece.
#[derive(Debug, Default)]
pub struct FrameRows {
    began: bool,
    /// The next frame.
    next: u64,
}

impl FrameRows {
    /// Writes the frames that follow on those before; the first call also the header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, scores: &FrameScores, out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.began, true) {
            write!(out, "time")?;
            for label in &scores.labels {
                write!(out, ",{label}")?;
            }
            writeln!(out, ",level_dbfs")?;
        }
        for frame in 0..scores.frames() {
            write!(out, "{:.2}", FrameGrid::seconds(self.next))?;
            self.next += 1;
            for probability in scores.row(frame) {
                write!(out, ",{probability:.6}")?;
            }
            writeln!(out, ",{}", decimals(scores.level_dbfs(frame).into(), 3))?;
        }
        Ok(())
    }
}

fn write_npy(scores: &FrameScores, mut out: &mut dyn Write) -> io::Result<()> {
    let columns = scores.labels.len() + 1;
    let mut values = Vec::with_capacity(scores.frames() * columns);
    for frame in 0..scores.frames() {
        values.extend_from_slice(scores.row(frame));
        values.push(scores.level_dbfs(frame));
    }
    npy::write(&mut out, scores.frames(), columns, &values)
}
