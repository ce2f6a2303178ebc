//! Tables that come with an evaluation: scores of other detectors, and which recording belongs to which group.

use std::collections::BTreeMap;

use crate::{FrameGrid, Label};

/// Name of a score column that does not name its label.
const SCORE: &str = "score";

/// Scores may stop this long before the recording does: detectors with long hops leave a rest.
const TAIL_S: f64 = 0.1;

/// Why a table cannot be used; a clause that follows the file's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Not CSV.
    #[error("line {line}: {what}")]
    Csv {
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A column is missing.
    #[error("the header has no column \"{0}\"")]
    Column(String),
    /// Scores end long before the recording.
    #[error("the scores end at {end_s:.2} s, but the recording has {duration_s:.2} s")]
    Short {
        /// Time of the last score.
        end_s: f64,
        /// Length of the recording.
        duration_s: f64,
    },
}

impl TableError {
    pub(super) fn from_csv(error: &csv::Error) -> Self {
        Self::Csv { line: error.position().map_or(0, csv::Position::line), what: error.to_string() }
    }
}

/// Scores of a detector over one recording, from CSV with the columns `time` (seconds, ascending) and either `score`, for
/// speech, or one column per label, as `earmark frames` writes. A score holds from its time to that of the next row.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerScores {
    times_s: Vec<f64>,
    columns: Vec<(Label, Vec<f32>)>,
}

impl PeerScores {
    /// Reads the CSV.
    ///
    /// # Errors
    /// [`TableError`] where it is not of that form.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().map_err(|e| TableError::from_csv(&e))?.clone();
        let time = column(&header, "time")?;
        let mut columns: Vec<(usize, Label, Vec<f32>)> = (0..header.len())
            .filter(|&at| at != time)
            .map(|at| (at, label_of(header[at].trim()), Vec::new()))
            .collect();
        if columns.is_empty() {
            return Err(TableError::Column(SCORE.to_owned()));
        }
        let mut times_s = Vec::new();
        for row in table.records() {
            let row = row.map_err(|e| TableError::from_csv(&e))?;
            let line = row.position().map_or(0, csv::Position::line);
            let number = |at: usize| {
                let text = row.get(at).unwrap_or_default().trim();
                let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
                number.ok_or_else(|| TableError::Csv { line, what: format!("\"{text}\" is no number") })
            };
            let time_s = number(time)?;
            if times_s.last().is_some_and(|&last| time_s <= last) {
                return Err(TableError::Csv { line, what: format!("the time {time_s} does not ascend") });
            }
            times_s.push(time_s);
            for (at, _, scores) in &mut columns {
                #[expect(clippy::cast_possible_truncation, reason = "scores are f32 everywhere")]
                scores.push(number(*at)? as f32);
            }
        }
        Ok(Self { times_s, columns: columns.into_iter().map(|(_, label, scores)| (label, scores)).collect() })
    }

    /// One score per frame for `label`: the score that holds in the middle of the frame, 0 before the first. `None` if
    /// there is no column for the label.
    ///
    /// # Errors
    /// [`TableError::Short`] if the scores end more than 100 ms and one of their own hops before the recording.
    pub fn frames(&self, label: &Label, frames: usize) -> Result<Option<Vec<f32>>, TableError> {
        let Some((_, scores)) = self.columns.iter().find(|(l, _)| l == label) else { return Ok(None) };
        self.check_reach(FrameGrid::seconds(frames as u64))?;
        let mut next = 0;
        let held = (0..frames).map(|frame| {
            let middle_s = FrameGrid::seconds(frame as u64) + FrameGrid::FRAME_S / 2.0;
            while self.times_s.get(next).is_some_and(|&t| t <= middle_s) {
                next += 1;
            }
            next.checked_sub(1).map_or(0.0, |row| scores[row])
        });
        Ok(Some(held.collect()))
    }

    /// The times and scores of a phrase: of the column with its label, or else of the one that names no label.
    ///
    /// # Errors
    /// [`TableError::Column`] without either, [`TableError::Short`] as in [`Self::frames`].
    pub(super) fn of_phrase(
        &self,
        label: &Label,
        duration_s: f64,
    ) -> Result<impl Iterator<Item = (f64, f32)> + Clone, TableError> {
        let find = |wanted: &Label| self.columns.iter().find(|(l, _)| l == wanted);
        let found = find(label).or_else(|| find(&Label::SPEECH));
        let (_, scores) = found.ok_or_else(|| TableError::Column(SCORE.to_owned()))?;
        self.check_reach(duration_s)?;
        Ok(self.times_s.iter().copied().zip(scores.iter().copied()))
    }

    fn check_reach(&self, duration_s: f64) -> Result<(), TableError> {
        let end_s = self.times_s.last().copied().unwrap_or(0.0);
        let hop_s = end_s / super::real(self.times_s.len().saturating_sub(1).max(1));
        if duration_s > end_s + hop_s + TAIL_S {
            return Err(TableError::Short { end_s, duration_s });
        }
        Ok(())
    }
}

/// Groups of recordings, from a `manifest.csv` with the column `file` (a path below the manifest's folder, with `/`) and
/// one column per way to group: condition, ratio of speech to noise, language and so on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Groups {
    /// Reads the CSV.
    ///
    /// # Errors
    /// [`TableError`] where it is not of that form.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().map_err(|e| TableError::from_csv(&e))?.clone();
        let file = column(&header, "file")?;
        let others: Vec<usize> = (0..header.len()).filter(|&at| at != file).collect();
        let columns = others.iter().map(|&at| header[at].trim().to_owned()).collect();
        let mut rows = BTreeMap::new();
        for row in table.records() {
            let row = row.map_err(|e| TableError::from_csv(&e))?;
            let cell = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
            rows.insert(cell(file), others.iter().map(|&at| cell(at)).collect());
        }
        Ok(Self { columns, rows })
    }

    /// The ways to group.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The group of a file, if the manifest names it and the cell is not empty.
    pub fn of(&self, file: &str, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|c| c == column)?;
        self.rows.get(file).map(|row| row[at].as_str()).filter(|group| !group.is_empty())
    }
}

fn label_of(column: &str) -> Label {
    if column.eq_ignore_ascii_case(SCORE) { Label::SPEECH } else { Label::new(column) }
}

fn column(header: &csv::StringRecord, name: &str) -> Result<usize, TableError> {
    let at = header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
    at.ok_or_else(|| TableError::Column(name.to_owned()))
}
