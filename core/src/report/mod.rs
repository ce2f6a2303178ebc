//! Timelines as files: label lists in twenty formats, each with its parser, [`plot`]s, and the [`page`] for a browser.
//!
//! | family | formats | file |
//! |---|---|---|
//! | tables | text, csv, tsv | `tables.rs` |
//! | one row per second | matrix | `matrix.rs` |
//! | JSON | json, jsonl | `json.rs` |
//! | speech research | rttm, textgrid, eaf | `rttm.rs`, `textgrid.rs`, `eaf.rs` |
//! | audio editors | audacity, reaper, cue | `editors.rs`, `cue.rs` |
//! | subtitles | srt, vtt | `subtitles.rs` |
//! | recognisers | clips, nemo, lhotse | `manifests.rs` |
//! | chapters | ffmetadata, chapters | `chapters.rs` |
//! | archives | iiif | `annotations.rs` |
//!
//! Beside them stand what is not text, Parquet (`parquet.rs`), and what is not about segments: scores frame by
//! frame (`frames.rs`) and verdicts on noise (`noise.rs`). Formats that point to the recording do it as `pointer.rs` says.
//!
//! Every format parses back to the list that was written, in the resolution of the format ([`Format::steps_per_s`]); a
//! segment that is shorter than half a step may vanish. What a format has no place for comes back as: confidence 1,
//! file "" and the end of the last segment as duration; clips hold speech only. Which channel was heard is told where a file may
//! hold several ([`Format::holds_many`]); formats that point to the recording give its path. Labels and file names are free text; what a format cannot hold
//! as it is (line breaks, blanks between columns) is written `%XX` as in a URL.

mod annotations;
mod chapters;
mod cue;
mod draft;
mod eaf;
mod editors;
mod escape;
mod frames;
mod heard;
mod json;
mod manifests;
mod matrix;
mod noise;
pub mod npy;
mod numbers;
pub mod page;
#[cfg(feature = "parquet")]
mod parquet;
pub mod plot;
mod pointer;
mod rows;
mod rttm;
mod subtitles;
mod tables;
#[cfg(test)]
mod tests;
mod textgrid;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

pub use frames::{FrameRows, FramesFormat};
pub use heard::Report;
pub use matrix::write_matrix;
pub use noise::{NoiseFormat, NoiseRow, sort_worst_first};
pub use numbers::{decimals, json_line, json_pretty};
#[cfg(feature = "parquet")]
pub use parquet::{TableOrigin, write_parquet};
pub use rows::RowWriter;

/// Why a report could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// No such format.
    #[error("there is no format named \"{0}\"; the formats are {list}", list = format_names())]
    UnknownFormat(String),
    /// The text is not in that format.
    #[error("line {line} is no {format}: {what}")]
    Parse {
        /// What it was read as.
        format: Format,
        /// Where, from 1; 0 where the place is not known.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The format has no place for several sources.
    #[error(
        "{format} holds one source per file, not {count}; write one file each, or use csv, tsv, json, jsonl, rttm, nemo or lhotse"
    )]
    OneSource {
        /// The format.
        format: Format,
        /// How many were given or found.
        count: usize,
    },
    /// The hop of a matrix makes no rows.
    #[error("a matrix needs a hop of at least 0.001 s, not {0} s")]
    Hop(f64),
    /// Writing failed.
    #[error("writing the report failed: {0}")]
    Io(#[from] io::Error),
}

/// A format of label files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// `start end label confidence` per line.
    Text,
    /// Comma-separated, header `file,start,end,label,confidence`.
    Csv,
    /// The same with tabs.
    Tsv,
    /// One object; an array of them for several sources.
    Json,
    /// One object per line: one for each source, followed by one for each of its segments.
    Jsonl,
    /// Audacity's label track.
    Audacity,
    /// Rich transcription time marked (NIST): speech as `SPEAKER`, all else as `NON-SPEECH`.
    Rttm,
    /// Praat: one interval tier per label.
    TextGrid,
    /// ELAN: one tier per label.
    Eaf,
    /// SubRip subtitles.
    Srt,
    /// Web video text tracks.
    Vtt,
    /// Cue sheet: one track per segment, exact times in remarks.
    Cue,
    /// REAPER's region list.
    Reaper,
    /// One row per second with the share of each label.
    Matrix,
    /// `start,end,start,end…` of speech, for recognisers.
    Clips,
    /// NeMo's manifest: one object per line and segment.
    Nemo,
    /// lhotse's supervisions: one object per line and segment.
    Lhotse,
    /// W3C web annotations, for IIIF viewers.
    Iiif,
    /// ffmpeg's metadata file with a chapter per segment.
    Ffmetadata,
    /// Chapters for podcast players, as JSON.
    Chapters,
}

/// The format names as help and messages list them.
fn format_names() -> String {
    Format::ALL.map(Format::name).join(", ")
}

impl Format {
    /// The format that the ending of a file's name asks for; the longest ending that fits wins: `a.labels.txt` is
    /// Audacity's, `a.txt` is text.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ending = |format: &Self| format!(".{}", format.extension().to_lowercase());
        let fits = Self::ALL.into_iter().filter(|format| name.ends_with(&ending(format)));
        fits.max_by_key(|format| format.extension().len())
    }

    /// Every format.
    pub const ALL: [Self; 20] = [
        Self::Text,
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Jsonl,
        Self::Audacity,
        Self::Rttm,
        Self::TextGrid,
        Self::Eaf,
        Self::Srt,
        Self::Vtt,
        Self::Cue,
        Self::Reaper,
        Self::Matrix,
        Self::Clips,
        Self::Nemo,
        Self::Lhotse,
        Self::Iiif,
        Self::Ffmetadata,
        Self::Chapters,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Audacity => "audacity",
            Self::Rttm => "rttm",
            Self::TextGrid => "textgrid",
            Self::Eaf => "eaf",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::Cue => "cue",
            Self::Reaper => "reaper",
            Self::Matrix => "matrix",
            Self::Clips => "clips",
            Self::Nemo => "nemo",
            Self::Lhotse => "lhotse",
            Self::Iiif => "iiif",
            Self::Ffmetadata => "ffmetadata",
            Self::Chapters => "chapters",
        }
    }

    /// The usual file name extension, without its dot; different for each format, so that all can stand side by side.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Audacity => "labels.txt",
            Self::TextGrid => "TextGrid",
            Self::Reaper => "regions.csv",
            Self::Matrix => "matrix.csv",
            Self::Clips => "clips.txt",
            Self::Nemo => "nemo.jsonl",
            Self::Lhotse => "supervisions.jsonl",
            Self::Iiif => "annotations.json",
            Self::Chapters => "chapters.json",
            other => other.name(),
        }
    }

    /// Resolution of its times, steps per second.
    pub fn steps_per_s(self) -> u32 {
        match self {
            Self::Json | Self::Jsonl | Self::Audacity | Self::TextGrid => 1_000_000,
            _ => 1_000,
        }
    }

    /// Whether one file of it may hold several sources.
    pub fn holds_many(self) -> bool {
        matches!(
            self,
            Self::Csv | Self::Tsv | Self::Json | Self::Jsonl | Self::Rttm | Self::Nemo | Self::Lhotse
        )
    }

    /// Most segments that the rules of the format allow in a file, if they set a limit: a cue sheet has 99 tracks. More
    /// are written all the same, and parse back.
    pub fn most_segments(self) -> Option<usize> {
        (self == Self::Cue).then_some(cue::MOST_TRACKS)
    }

    /// Writes one source.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn write(self, report: &Report, out: &mut dyn Write) -> Result<(), ReportError> {
        self.write_all(std::slice::from_ref(report), out)
    }

    /// Writes several sources into one file.
    ///
    /// # Errors
    ///
    /// Writing fails, or the format holds one source and there are more or none.
    pub fn write_all(self, reports: &[Report], out: &mut dyn Write) -> Result<(), ReportError> {
        self.write_from(None, reports, out)
    }

    /// As [`Format::write_all`], for a file that will lie in `folder`: a cue sheet's paths count from there, and ELAN is told
    /// where a recording is that exists. Files are looked up, so names must be the user's own.
    ///
    /// # Errors
    ///
    /// Those of [`Format::write_all`].
    pub fn write_all_in(
        self,
        folder: &Path,
        reports: &[Report],
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        self.write_from(Some(folder), reports, out)
    }

    fn write_from(
        self,
        folder: Option<&Path>,
        reports: &[Report],
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let rounded = |r: &Report| {
            let timeline = r.timeline.rounded(self.steps_per_s());
            Report { file: r.file.clone(), channel: r.channel, timeline }
        };
        let rounded: Vec<Report> = reports.iter().map(rounded).collect();
        match self {
            Self::Csv => return tables::write(&rounded, b',', out),
            Self::Tsv => return tables::write(&rounded, b'\t', out),
            Self::Json => return json::write(&rounded, out),
            Self::Jsonl => return json::write_lines(&rounded, out),
            Self::Rttm => return Ok(rttm::write(&rounded, out)?),
            Self::Nemo => return manifests::write_nemo(&rounded, out),
            Self::Lhotse => return manifests::write_lhotse(&rounded, out),
            _ => {}
        }
        let [report] = &rounded[..] else {
            return Err(ReportError::OneSource { format: self, count: rounded.len() });
        };
        match self {
            Self::Text => tables::write_text(report, out)?,
            Self::Audacity => editors::write_audacity(report, out)?,
            Self::TextGrid => textgrid::write(report, out)?,
            Self::Eaf => eaf::write(report, folder, out)?,
            Self::Srt => subtitles::write_srt(report, out)?,
            Self::Vtt => subtitles::write_vtt(report, out)?,
            Self::Cue => cue::write(report, folder, out)?,
            Self::Reaper => editors::write_reaper(report, out)?,
            Self::Clips => manifests::write_clips(report, out)?,
            Self::Iiif => annotations::write(report, out)?,
            Self::Ffmetadata => chapters::write_ffmetadata(report, out)?,
            Self::Chapters => chapters::write_podcast(report, out)?,
            _ => write_matrix(report, matrix::DEFAULT_HOP_S, out)?,
        }
        Ok(())
    }

    /// Reads a file that describes one source.
    ///
    /// # Errors
    ///
    /// The text is not in this format, or it describes several sources.
    pub fn parse(self, text: &str) -> Result<Report, ReportError> {
        let mut reports = self.parse_all(text)?;
        match reports.len() {
            0 => Ok(Report::default()),
            1 => Ok(reports.remove(0)),
            count => Err(ReportError::OneSource { format: self, count }),
        }
    }

    /// Reads a file that describes any number of sources, in the order of their first mention.
    ///
    /// # Errors
    ///
    /// The text is not in this format.
    pub fn parse_all(self, text: &str) -> Result<Vec<Report>, ReportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let one = |report: Result<Report, ReportError>| report.map(|r| vec![r]);
        match self {
            Self::Text => one(tables::parse_text(text)),
            Self::Csv => tables::parse(text, b',', self),
            Self::Tsv => tables::parse(text, b'\t', self),
            Self::Json => json::parse(text),
            Self::Jsonl => json::parse_lines(text),
            Self::Audacity => one(editors::parse_audacity(text)),
            Self::Rttm => rttm::parse(text),
            Self::TextGrid => one(textgrid::parse(text)),
            Self::Eaf => one(eaf::parse(text)),
            Self::Srt => one(subtitles::parse(text, self)),
            Self::Vtt => one(subtitles::parse(text, self)),
            Self::Cue => one(cue::parse(text)),
            Self::Reaper => one(editors::parse_reaper(text)),
            Self::Matrix => one(matrix::parse(text)),
            Self::Clips => one(manifests::parse_clips(text)),
            Self::Nemo => manifests::parse_nemo(text),
            Self::Lhotse => manifests::parse_lhotse(text),
            Self::Iiif => one(annotations::parse(text)),
            Self::Ffmetadata => one(chapters::parse_ffmetadata(text)),
            Self::Chapters => one(chapters::parse_podcast(text)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        let same = |f: &Self| f.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same).ok_or_else(|| ReportError::UnknownFormat(name.to_owned()))
    }
}
