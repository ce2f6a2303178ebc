//! Where label files go: one for all inputs, or one for each below a folder.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use earmark_core::batch::{Input, Outputs, are_several, in_folder, is_dash, names_folder};
use earmark_core::model::pack::Manifest;
use earmark_core::output::{SafeFile, create_folder_of, remove_abandoned_files};
use earmark_core::report::{Format, Report, TableOrigin, write_parquet};

use super::label_format::{LabelFormat, check_ending, check_folder};
use crate::console::{Console, Usage};

/// Where the labels of one input go.
pub enum Destination {
    /// One file, or stdout, for all inputs together.
    Together(Option<PathBuf>, LabelFormat),
    /// One file per input and format, below a folder.
    Apart(PathBuf, Vec<LabelFormat>),
}

/// What a table says of the pack that heard.
pub fn origin(manifest: &Manifest) -> TableOrigin {
    TableOrigin {
        pack: format!("{} {}", manifest.name, manifest.version),
        pack_sha256: manifest.model.sha256.clone(),
    }
}

impl Destination {
    /// A single file if one can hold all that is asked for, or else a folder.
    pub fn plan(
        output: Option<&Path>,
        named: &[PathBuf],
        formats: Vec<LabelFormat>,
        inputs: &[Input],
    ) -> Result<Self> {
        let fits_one_file = |format: LabelFormat| {
            inputs.len() <= 1 || format.holds_many() || format == LabelFormat::Text(Format::Text)
        };
        let several = are_several(named, inputs);
        let output = output.filter(|path| !is_dash(path)).map(Path::to_owned);
        let folder_named = output.as_deref().is_some_and(names_folder);
        match (output, formats.as_slice()) {
            (Some(path), [format]) if !folder_named && !several => Ok(Self::Together(Some(path), *format)),
            // Several inputs into `all.csv`: the name says that a file is meant.
            (Some(path), [format]) if !folder_named && format.holds_many() && path.extension().is_some() => {
                Ok(Self::Together(Some(path), *format))
            }
            (Some(path), _) => Ok(Self::Apart(path, formats)),
            (None, [format]) if fits_one_file(*format) => Ok(Self::Together(None, *format)),
            (None, [format]) => Err(Usage(format!(
                "{format} holds one recording per file; name a folder with -o, or choose csv, tsv, json, jsonl, rttm, nemo, \
                 lhotse or parquet"
            ))
            .into()),
            (None, _) => Err(Usage("several formats need a folder: name one with -o".to_owned()).into()),
        }
    }

    /// Claims every file that the run will write.
    pub fn claim(&self, inputs: &[Input], outputs: &mut Outputs) -> Result<()> {
        match self {
            Self::Together(Some(path), _) => outputs.claim(path)?,
            Self::Together(None, _) => {}
            Self::Apart(..) => {
                for path in inputs.iter().flat_map(|input| self.files(input)) {
                    outputs.claim(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Refuses an output whose ending is that of something else, and tells of one that contradicts `--format`, whose
    /// `names` were given.
    pub fn check_endings(&self, names: &[String], console: &Console) -> Result<()> {
        match self {
            Self::Together(Some(path), format) => check_ending(path, names, *format, console),
            Self::Together(None, _) => Ok(()),
            Self::Apart(folder, _) => check_folder(folder),
        }
    }

    /// The files of one input, if it has its own.
    pub fn files(&self, input: &Input) -> Vec<PathBuf> {
        match self {
            Self::Together(..) => Vec::new(),
            Self::Apart(dir, formats) => {
                formats.iter().map(|format| in_folder(dir, &input.stem, format.extension())).collect()
            }
        }
    }

    /// Writes what goes to a file of its own; gives back what waits for the others.
    pub fn take(
        &self,
        report: Report,
        input: &Input,
        origin: &TableOrigin,
        console: &Console,
    ) -> Result<Option<Report>> {
        self.tell_limit(&report, console);
        let Self::Apart(_, formats) = self else { return Ok(Some(report)) };
        for (path, format) in self.files(input).iter().zip(formats) {
            write_file(path, *format, std::slice::from_ref(&report), origin)?;
        }
        Ok(None)
    }

    /// Tells of more segments than a format has room for by its own rules.
    fn tell_limit(&self, report: &Report, console: &Console) {
        let formats = match self {
            Self::Together(_, format) => std::slice::from_ref(format),
            Self::Apart(_, formats) => formats.as_slice(),
        };
        let count = report.timeline.segments.len();
        for format in formats {
            if let Some(most) = format.most_segments().filter(|&most| count > most) {
                console.warn(&format!(
                    "{}: {format} allows {most} tracks and this is {count}; all are written, but players and burners that \
                     keep to the standard read the first {most} or none",
                    report.name()
                ));
            }
        }
    }

    /// Writes what waited, when all is done.
    pub fn finish(&self, reports: &[Report], origin: &TableOrigin) -> Result<()> {
        match self {
            Self::Together(path, format) if !reports.is_empty() => {
                write_together(path.as_deref(), *format, reports, origin)
            }
            _ => Ok(()),
        }
    }
}

/// Removes what a run that was killed left half-written beside `outputs`.
pub fn clear_abandoned<'a>(outputs: impl Iterator<Item = &'a Path>, console: &Console) {
    let folders: BTreeSet<&Path> = outputs.filter_map(Path::parent).collect();
    let removed: usize = folders.into_iter().map(remove_abandoned_files).sum();
    if removed > 0 {
        console.detail(&format!("{removed} half-written files of a run that was killed are removed"));
    }
}

fn write_together(
    path: Option<&Path>,
    format: LabelFormat,
    reports: &[Report],
    origin: &TableOrigin,
) -> Result<()> {
    let Some(path) = path else {
        let mut bytes = Vec::new();
        write_reports(format, reports, origin, None, &mut bytes).context("stdout")?;
        return std::io::stdout().lock().write_all(&bytes).context("stdout");
    };
    write_file(path, format, reports, origin)
}

fn write_file(path: &Path, format: LabelFormat, reports: &[Report], origin: &TableOrigin) -> Result<()> {
    // The folder must be there for what counts from it.
    create_folder_of(path)?;
    let mut bytes = Vec::new();
    write_reports(format, reports, origin, path.parent(), &mut bytes)?;
    Ok(SafeFile::write_all_to(path, &bytes)?)
}

/// Text is for reading: several recordings follow each other, each under its name. `folder` is that of the file, if it is one.
fn write_reports(
    format: LabelFormat,
    reports: &[Report],
    origin: &TableOrigin,
    folder: Option<&Path>,
    out: &mut Vec<u8>,
) -> Result<()> {
    match format {
        LabelFormat::Parquet => Ok(write_parquet(reports, origin, out)?),
        LabelFormat::Text(format @ Format::Text) if reports.len() > 1 => {
            for report in reports {
                writeln!(out, "# {}", report.name())?;
                format.write(report, out)?;
            }
            Ok(())
        }
        LabelFormat::Text(format) => {
            let written = match folder {
                Some(folder) => format.write_all_in(folder, reports, out),
                None => format.write_all(reports, out),
            };
            Ok(written?)
        }
    }
}
