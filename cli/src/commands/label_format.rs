//! Which forms label files take: those of `--format`, or what the ending of the output says.

use std::path::Path;

use anyhow::Result;
use earmark_core::batch::{is_dash, names_audio, names_folder};
use earmark_core::decide::Timeline;
use earmark_core::pipeline::Recording;
use earmark_core::report::{Format, RowWriter};

use crate::console::{Console, Usage};

/// A form of label files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelFormat {
    /// Text.
    Text(Format),
    /// A table for other programs.
    Parquet,
}

impl LabelFormat {
    /// The ending of its files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text(format) => format.extension(),
            Self::Parquet => "parquet",
        }
    }

    /// Whether one file of it may hold several recordings.
    pub fn holds_many(self) -> bool {
        match self {
            Self::Text(format) => format.holds_many(),
            Self::Parquet => true,
        }
    }

    /// Most segments that its own rules allow in a file, if they set a limit.
    pub fn most_segments(self) -> Option<usize> {
        match self {
            Self::Text(format) => format.most_segments(),
            Self::Parquet => None,
        }
    }

    /// What writes rows of a recording as they are known, if the format is rows.
    pub fn rows(self, recording: &Recording) -> Option<RowWriter> {
        match self {
            Self::Text(format) => RowWriter::new(format, &recording.report(Timeline::default())),
            Self::Parquet => None,
        }
    }

    /// What the ending of `path` asks for.
    pub fn of_path(path: &Path) -> Option<Self> {
        let parquet = file_ending(path).is_some_and(|ending| ending == "parquet");
        if parquet { Some(Self::Parquet) } else { Format::of_path(path).map(Self::Text) }
    }

    /// Whether its files may end as `path` does: the last part of the ending counts, `a.txt` may be Audacity's.
    fn may_end_as(self, path: &Path) -> bool {
        let last = self.extension().rsplit('.').next().unwrap_or_default().to_lowercase();
        file_ending(path).is_some_and(|ending| ending == last)
    }
}

impl std::fmt::Display for LabelFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(format) => f.pad(format.name()),
            Self::Parquet => f.pad("parquet"),
        }
    }
}

/// The formats of `--format`; without it the one that the ending of `output` asks for, or else text.
pub fn formats(names: &[String], output: Option<&Path>) -> Result<Vec<LabelFormat>> {
    if names.is_empty() {
        let by_ending = output.filter(|path| says_format(path)).and_then(LabelFormat::of_path);
        return Ok(vec![by_ending.unwrap_or(LabelFormat::Text(Format::Text))]);
    }
    let format = |name: &String| match name.as_str() {
        "parquet" => Ok(LabelFormat::Parquet),
        name => name.parse().map(LabelFormat::Text).map_err(|e| Usage(format!("{e}, parquet")).into()),
    };
    names.iter().map(format).collect()
}

/// Refuses a file for labels whose ending is that of something else, and tells of one that is another format's. `names` are
/// those of `--format`, which have given `format`.
pub fn check_ending(path: &Path, names: &[String], format: LabelFormat, console: &Console) -> Result<()> {
    refuse_audio_ending(path)?;
    let asked = LabelFormat::of_path(path);
    if !says_format(path) || asked.is_none() && !names.is_empty() {
        return Ok(());
    }
    let path_said = path.display();
    let Some(asked) = asked else {
        let known = Format::ALL.map(|format| format!(".{}", format.extension())).join(", ");
        let message = "its ending names no format of labels; name one with --format, or a file that ends in";
        return Err(Usage(format!("{path_said}: {message} {known} or .parquet")).into());
    };
    if !format.may_end_as(path) {
        console.warn(&format!(
            "{path_said}: written as {format}, as --format says; by its ending others will take it for {asked}"
        ));
    }
    Ok(())
}

/// Refuses a folder that does not exist and whose name would be taken for that of a file.
pub fn check_folder(path: &Path) -> Result<()> {
    if !says_format(path) || !names_audio(path) && LabelFormat::of_path(path).is_none() {
        return Ok(());
    }
    let message = "several recordings or formats need a folder, and this ends as a file does; write";
    Err(Usage(format!("{0}: {message} `{0}/` if a folder is meant", path.display())).into())
}

/// Refuses a file for something else than sound that ends as a recording does.
pub fn refuse_audio_ending(path: &Path) -> Result<()> {
    if !says_format(path) || !names_audio(path) {
        return Ok(());
    }
    let message = "it ends as a recording does, and none is written here; name a file that ends as its format does, \
                   such as FILE.csv or FILE.txt";
    Err(Usage(format!("{}: {message}", path.display())).into())
}

/// Whether the name of an output says what is written: not that of a stream, a folder, a device or a pipe, nor one without
/// an ending.
pub fn says_format(path: &Path) -> bool {
    let is_special = || std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    !is_dash(path) && !names_folder(path) && file_ending(path).is_some() && !is_special()
}

fn file_ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_string_lossy().to_lowercase())
}
