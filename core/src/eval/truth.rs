//! What an evaluation reads beside the audio: labels, groups, scores of other detectors.

use std::path::{Path, PathBuf};

use super::{EvalError, Groups, MANIFEST, PeerScores};
use crate::Label;
use crate::decide::{Segment, Timeline};
use crate::render::{FrameRate, ListFormat};
use crate::report::{Format, Report, ReportError};

/// Endings of label files that are tried before those of the formats.
const CSV_ENDINGS: [&str; 3] = ["csv", "labels.csv", "truth.csv"];

/// Labels may end this long after the recording: rounding, and codecs that cut the end.
const SLACK_S: f64 = 0.1;

/// Reads the labels beside a recording: `NAME.csv`, `NAME.labels.csv` or `NAME.truth.csv` with the columns
/// `start,end,label`, or any other [`Format`] by its ending.
///
/// # Errors
/// [`EvalError`] if there are none, or they cannot be read.
pub fn labels_beside(audio: &Path) -> Result<Timeline, EvalError> {
    let (path, format) = labels_at(audio).ok_or_else(|| EvalError::NoLabels { audio: audio.to_owned() })?;
    let text = read(&path)?;
    if text.trim().is_empty() {
        return Err(EvalError::EmptyLabels { path });
    }
    let joined = format.parse_all(&text).and_then(|reports| one_recording(format, reports));
    joined.map_err(|source| EvalError::Labels { path, source })
}

/// The labels of a recording, of all channels where each has a list of its own: it is heard as a whole.
fn one_recording(format: Format, reports: Vec<Report>) -> Result<Timeline, ReportError> {
    if reports.windows(2).any(|pair| pair[0].file != pair[1].file) {
        return Err(ReportError::OneSource { format, count: reports.len() });
    }
    let mut whole = Timeline::default();
    for Report { timeline, .. } in reports {
        whole.duration_s = whole.duration_s.max(timeline.duration_s);
        whole.segments.extend(timeline.segments);
        let new = |label: &Label| !whole.labels.contains(label);
        let labels: Vec<Label> = timeline.labels.into_iter().filter(new).collect();
        whole.labels.extend(labels);
    }
    whole.sort();
    Ok(whole)
}

/// Reads the labels of any number of recordings from one file: a [`Format`] by its ending, or a list of cuts
/// ([`ListFormat`]), of which the stretches that it keeps count as speech. A channel is a recording, `name#N`. `rate` is for a list of frames that does not say
/// its own.
///
/// # Errors
/// [`EvalError`] if it cannot be read.
pub fn read_lists(path: &Path, rate: Option<FrameRate>) -> Result<Vec<Report>, EvalError> {
    if let Some(format) = Format::of_path(path) {
        let text = read(path)?;
        let reports = format.parse_all(&text);
        let reports = reports.map_err(|source| EvalError::Labels { path: path.to_owned(), source })?;
        return Ok(reports.into_iter().map(Report::with_whole_name).collect());
    }
    let form = ListFormat::of_path(path).ok_or_else(|| EvalError::NoFormat { path: path.to_owned() })?;
    let kept = form.read(&read(path)?, rate);
    let kept = kept.map_err(|source| EvalError::Cuts { path: path.to_owned(), source })?;
    let duration_s = kept.last().map_or(0.0, |(_, end_s)| *end_s);
    let speech = |(start_s, end_s)| Segment { label: Label::SPEECH, start_s, end_s, confidence: 1.0 };
    let segments = kept.into_iter().map(speech).collect();
    let timeline = Timeline { segments, duration_s, labels: vec![Label::SPEECH] };
    Ok(vec![Report::new("", timeline)])
}

/// The file that [`labels_beside`] reads for a recording, if there is one.
pub fn label_file(audio: &Path) -> Option<PathBuf> {
    labels_at(audio).map(|(path, _)| path)
}

/// The first file that could hold the labels.
fn labels_at(audio: &Path) -> Option<(PathBuf, Format)> {
    let csv = CSV_ENDINGS.map(|ending| (ending, Format::Csv));
    let others = Format::ALL.into_iter().map(|format| (format.extension(), format));
    csv.into_iter()
        .chain(others)
        .chain([("textgrid", Format::TextGrid)])
        .map(|(ending, format)| (audio.with_extension(ending), format))
        .find(|(path, _)| path.is_file())
}

/// Refuses labels that reach far beyond the end of the recording `name`: they belong to another one.
///
/// # Errors
/// [`EvalError::LabelsTooLong`].
pub fn check_length(name: &str, truth: &Timeline, duration_s: f64) -> Result<(), EvalError> {
    let end_s = truth.segments.iter().map(|s| s.end_s).fold(0.0, f64::max);
    if end_s > duration_s + SLACK_S {
        return Err(EvalError::LabelsTooLong { name: name.to_owned(), end_s, duration_s });
    }
    Ok(())
}

impl PeerScores {
    /// Reads a CSV file.
    ///
    /// # Errors
    /// [`EvalError`] if it cannot be read or is not of the form of [`PeerScores::parse`].
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        Self::parse(&read(path)?).map_err(|source| EvalError::Table { path: path.to_owned(), source })
    }
}

fn read(path: &Path) -> Result<String, EvalError> {
    std::fs::read_to_string(path).map_err(|source| EvalError::Read { path: path.to_owned(), source })
}

/// The ways in which recordings are grouped.
#[derive(Debug, Clone)]
pub struct Grouping {
    names: Vec<String>,
    manifests: Vec<(PathBuf, Groups)>,
}

/// The way that needs no manifest.
const FOLDER: &str = "folder";

impl Grouping {
    /// From the manifests of the folders among `inputs`; by sub-folder if there are none. Manifests that cannot be read
    /// are left out, with their errors.
    pub fn read(inputs: &[PathBuf]) -> (Self, Vec<EvalError>) {
        let mut manifests = Vec::new();
        let mut errors = Vec::new();
        for folder in inputs {
            let path = folder.join(MANIFEST);
            if !path.is_file() {
                continue;
            }
            let parsed = read(&path).and_then(|text| {
                Groups::parse(&text).map_err(|source| EvalError::Table { path: path.clone(), source })
            });
            match parsed {
                Ok(groups) => manifests.push((folder.clone(), groups)),
                Err(error) => errors.push(error),
            }
        }
        let mut names: Vec<String> = Vec::new();
        for name in manifests.iter().flat_map(|(_, groups)| groups.columns()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        if names.is_empty() {
            names.push(FOLDER.to_owned());
        }
        (Self { names, manifests }, errors)
    }

    /// Names of the ways.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The group of a recording in each way; empty where it has none. `stem` is its path below the folder that was named.
    pub fn of(&self, path: &Path, stem: &Path) -> Vec<String> {
        self.names.iter().map(|name| self.group(path, stem, name).unwrap_or_default()).collect()
    }

    fn group(&self, path: &Path, stem: &Path, name: &str) -> Option<String> {
        if self.manifests.is_empty() {
            let folder = stem.parent().filter(|p| !p.as_os_str().is_empty())?;
            return Some(folder.display().to_string());
        }
        self.manifests.iter().find_map(|(folder, groups)| {
            let below = path.strip_prefix(folder).ok()?;
            let parts: Vec<_> = below.iter().map(|p| p.to_string_lossy()).collect();
            groups.of(&parts.join("/"), name).map(str::to_owned)
        })
    }
}
