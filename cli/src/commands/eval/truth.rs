//! What an evaluation reads beside the audio: labels, groups, scores of other detectors.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use earmark_core::decide::Timeline;
use earmark_core::eval::{Groups, PeerScores};
use earmark_core::report::Format;

use crate::console::Console;
use crate::inputs::Input;

/// Endings of label files that are tried before those of the formats.
const CSV_ENDINGS: [&str; 3] = ["csv", "labels.csv", "truth.csv"];

/// Labels may end this long after the recording: rounding, and codecs that cut the end.
const SLACK_S: f64 = 0.1;

/// File with the groups of a folder's recordings.
const MANIFEST: &str = "manifest.csv";

/// Reads the labels beside a recording.
pub fn read(input: &Input) -> Result<Timeline> {
    if input.is_stdin() {
        bail!("stdin has no label file beside it; name a file");
    }
    let (path, format) = label_file(&input.path).ok_or_else(|| {
        let stem = input.path.with_extension("");
        anyhow!(
            "{}: no label file beside it; expected {}.csv (start,end,label), .labels.csv, .truth.csv, .rttm, .TextGrid \
             or another format of `earmark tag`",
            input.path.display(),
            stem.display()
        )
    })?;
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    if text.trim().is_empty() {
        bail!("{}: is empty; the labels of a recording without any are the header alone", path.display());
    }
    let report = format.parse(&text).with_context(|| path.display().to_string())?;
    Ok(report.timeline)
}

/// The first file that could hold the labels.
fn label_file(audio: &Path) -> Option<(PathBuf, Format)> {
    let csv = CSV_ENDINGS.map(|ending| (ending, Format::Csv));
    let others = Format::ALL.into_iter().map(|format| (format.extension(), format));
    csv.into_iter()
        .chain(others)
        .chain([("textgrid", Format::TextGrid)])
        .map(|(ending, format)| (audio.with_extension(ending), format))
        .find(|(path, _)| path.is_file())
}

/// Labels that reach far beyond the recording belong to another one.
pub fn check_length(input: &Input, truth: &Timeline, duration_s: f64) -> Result<()> {
    let end_s = truth.segments.iter().map(|s| s.end_s).fold(0.0, f64::max);
    if end_s > duration_s + SLACK_S {
        bail!(
            "{}: its labels reach to {end_s:.3} s, but it ends at {duration_s:.3} s; are they of this recording?",
            input.name()
        );
    }
    Ok(())
}

/// Reads a peer's scores of one recording.
pub fn peer(input: &Input, path: &Path) -> Result<PeerScores> {
    let path =
        if path.is_dir() { path.join(format!("{}.csv", input.stem.display())) } else { path.to_owned() };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: its scores {} cannot be read", input.name(), path.display()))?;
    PeerScores::parse(&text).with_context(|| path.display().to_string())
}

/// The ways in which recordings are grouped.
#[derive(Debug)]
pub struct Grouping {
    /// Names of the ways.
    pub names: Vec<String>,
    manifests: Vec<(PathBuf, Groups)>,
}

/// The way that needs no manifest.
const FOLDER: &str = "folder";

impl Grouping {
    /// From the manifests of the folders among the inputs; from sub-folders if there are none.
    pub fn read(inputs: &[PathBuf], console: &Console) -> Self {
        let mut manifests = Vec::new();
        for folder in inputs {
            let path = folder.join(MANIFEST);
            if !path.is_file() {
                continue;
            }
            let groups = std::fs::read_to_string(&path)
                .map_err(anyhow::Error::from)
                .and_then(|text| Ok(Groups::parse(&text)?))
                .with_context(|| path.display().to_string());
            match groups {
                Ok(groups) => manifests.push((folder.clone(), groups)),
                Err(error) => console.error(&error),
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
        Self { names, manifests }
    }

    /// The group of a recording in each way; empty where it has none.
    pub fn of(&self, input: &Input) -> Vec<String> {
        self.names.iter().map(|name| self.group(input, name).unwrap_or_default()).collect()
    }

    fn group(&self, input: &Input, name: &str) -> Option<String> {
        if self.manifests.is_empty() {
            let folder = input.stem.parent().filter(|p| !p.as_os_str().is_empty())?;
            return Some(folder.display().to_string());
        }
        self.manifests.iter().find_map(|(folder, groups)| {
            let below = input.path.strip_prefix(folder).ok()?;
            let parts: Vec<_> = below.iter().map(|p| p.to_string_lossy()).collect();
            groups.of(&parts.join("/"), name).map(str::to_owned)
        })
    }
}
