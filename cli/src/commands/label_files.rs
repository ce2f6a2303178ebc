//! Where label files go: one for all inputs, or one for each below a folder.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use earmark_core::batch::{Input, Outputs, are_several, in_folder, is_dash, names_folder};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::report::{Format, Report};

use crate::console::Usage;

/// Where the labels of one input go.
pub enum Destination {
    /// One file, or stdout, for all inputs together.
    Together(Option<PathBuf>, Format),
    /// One file per input and format, below a folder.
    Apart(PathBuf, Vec<Format>),
}

/// Formats by their names.
pub fn formats(names: &[String]) -> Result<Vec<Format>> {
    names.iter().map(|name| name.parse::<Format>().map_err(|e| Usage(e.to_string()).into())).collect()
}

impl Destination {
    /// A single file if one can hold all that is asked for, or else a folder.
    pub fn plan(
        output: Option<&Path>,
        named: &[PathBuf],
        formats: Vec<Format>,
        inputs: &[Input],
    ) -> Result<Self> {
        let fits_one_file =
            |format: Format| inputs.len() <= 1 || format.holds_many() || format == Format::Text;
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
            "{format} holds one recording per file; name a folder with -o, or choose csv, tsv, json, jsonl or rttm"
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
            Self::Apart(dir, formats) => {
                for input in inputs {
                    for format in formats {
                        outputs.claim(&in_folder(dir, &input.stem, format.extension()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes what goes to a file of its own; gives back what waits for the others.
    pub fn take(&self, report: Report, input: &Input) -> Result<Option<Report>> {
        let Self::Apart(dir, formats) = self else { return Ok(Some(report)) };
        for format in formats {
            let path = in_folder(dir, &input.stem, format.extension());
            write_file(&path, *format, std::slice::from_ref(&report))?;
        }
        Ok(None)
    }

    /// Writes what waited, when all is done.
    pub fn finish(&self, reports: &[Report]) -> Result<()> {
        match self {
            Self::Together(path, format) if !reports.is_empty() => {
                write_together(path.as_deref(), *format, reports)
            }
            _ => Ok(()),
        }
    }
}

fn write_together(path: Option<&Path>, format: Format, reports: &[Report]) -> Result<()> {
    let Some(path) = path else {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        write_reports(format, reports, &mut out).context("stdout")?;
        return out.flush().context("stdout");
    };
    write_file(path, format, reports)
}

fn write_file(path: &Path, format: Format, reports: &[Report]) -> Result<()> {
    let mut bytes = Vec::new();
    write_reports(format, reports, &mut bytes)?;
    create_folder_of(path)?;
    Ok(SafeFile::write_all_to(path, &bytes)?)
}

/// Text is for reading: several recordings follow each other, each under its name.
fn write_reports(format: Format, reports: &[Report], out: &mut dyn Write) -> Result<()> {
    if format == Format::Text && reports.len() > 1 {
        for report in reports {
            writeln!(out, "# {}", report.file)?;
            format.write(report, out)?;
        }
        return Ok(());
    }
    Ok(format.write_all(reports, out)?)
}
