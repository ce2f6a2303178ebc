//! `earmark tag`: label files and pictures of recordings.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use earmark_core::audio::SourceOptions;
use earmark_core::batch::{Input, Outputs, are_several, in_folder, is_dash, names_folder};
use earmark_core::decide::{Segment, TimelineSettings};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::{Recording, tag_file, tag_file_for_plot, tag_while_heard};
use earmark_core::report::html::Section;
use earmark_core::report::{Format, Report, RowWriter};

use super::hearing::{self, Watch};
use super::picture::Pictures;
use crate::args::{Global, TagArgs};
use crate::console::{Console, Usage};
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

/// Where the labels of one input go.
enum Destination {
    /// One file, or stdout, for all inputs together.
    Together(Option<PathBuf>, Format),
    /// One file per input and format, below a folder.
    Apart(PathBuf, Vec<Format>),
}

/// What one input leaves for the end.
struct Done {
    /// For [`Destination::Together`].
    report: Option<Report>,
    /// For the page of `--report`.
    section: Option<Section>,
}

/// What is the same for all inputs.
struct Work<'a> {
    settings: TimelineSettings,
    destination: &'a Destination,
    pictures: &'a Pictures,
    console: &'a Console,
}

pub fn run(args: &TagArgs, global: &Global, console: &Console) -> Result<()> {
    let formats = formats(&args.format)?;
    let jobs =
        Jobs { pack: &args.pack.pack, pace: DetectorMode::Throughput, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let manifest = first.pack().manifest();
    let settings = hearing::with_flags(TimelineSettings::for_pack(manifest), &args.timeline, manifest)?;
    let parts = hearing::parts(&expand(&args.inputs, console), &args.part, global)?;
    let inputs: Vec<Input> = parts.iter().map(|(input, _)| input.clone()).collect();
    let destination = destination(args, formats, &inputs)?;
    let pictures = Pictures::plan(args, are_several(&args.inputs, &inputs))?;
    claim(&destination, &pictures, &inputs)?;
    let part =
        |(input, options): &(Input, SourceOptions)| Recording::named(&input.path).with(options.clone());
    let recordings: Vec<Recording> = parts.iter().map(part).collect();
    if let Some(mut rows) = rows_while_heard(&destination, &pictures, &recordings) {
        let watch = &mut Watch::new(&inputs[0], console);
        let write = |segments: &[Segment]| {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            rows.write(segments, &mut out)?;
            out.flush()
        };
        return Ok(tag_while_heard(&first, &recordings[0], &settings, watch, write)?);
    }
    let work = Work { settings, destination: &destination, pictures: &pictures, console };
    let done = jobs.run_with(
        first,
        || jobs.detector(),
        &parts,
        |detector, part_of| tag_one(&work, detector, &part_of.0, part(part_of)),
    )?;
    // A file that lacks recordings is half a file; to whoever reads along, what is done is told.
    let into_file = args.report.is_some() || matches!(destination, Destination::Together(Some(_), _));
    if into_file && done.iter().any(Option::is_none) {
        interrupt::check()?;
    }
    let (reports, sections): (Vec<_>, Vec<_>) =
        done.into_iter().flatten().map(|d| (d.report, d.section)).unzip();
    let reports: Vec<Report> = reports.into_iter().flatten().collect();
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    if !sections.is_empty() {
        pictures.write_page(&sections)?;
    }
    match &destination {
        Destination::Together(path, format) if !reports.is_empty() => {
            write_together(path.as_deref(), *format, &reports)
        }
        _ => Ok(()),
    }
}

/// A stream whose rows go to stdout is told while it is heard.
fn rows_while_heard(
    destination: &Destination,
    pictures: &Pictures,
    recordings: &[Recording],
) -> Option<RowWriter> {
    match (destination, recordings) {
        (Destination::Together(None, format), [recording]) if !pictures.wanted() => {
            recording.is_stream().then(|| RowWriter::new(*format, &recording.name())).flatten()
        }
        _ => None,
    }
}

fn tag_one(work: &Work<'_>, detector: &Detector, input: &Input, recording: Recording) -> Result<Done> {
    let watch = &mut Watch::new(input, work.console);
    let (report, section) = if work.pictures.wanted() {
        let (report, data) = tag_file_for_plot(detector, &recording, &work.settings, watch)?;
        let section = work.pictures.draw(&report, &data, &input.stem)?;
        (report, section)
    } else {
        (tag_file(detector, &recording, &work.settings, watch)?, None)
    };
    let report = match work.destination {
        Destination::Together(..) => Some(report),
        Destination::Apart(dir, formats) => {
            for format in formats {
                let path = in_folder(dir, &input.stem, format.extension());
                write_file(&path, *format, std::slice::from_ref(&report))?;
            }
            None
        }
    };
    Ok(Done { report, section })
}

fn formats(names: &[String]) -> Result<Vec<Format>> {
    names.iter().map(|name| name.parse::<Format>().map_err(|e| Usage(e.to_string()).into())).collect()
}

/// Claims every file that the run will write.
fn claim(destination: &Destination, pictures: &Pictures, inputs: &[Input]) -> Result<()> {
    let mut outputs = Outputs::beside(inputs);
    match destination {
        Destination::Together(Some(path), _) => outputs.claim(path)?,
        Destination::Together(None, _) => {}
        Destination::Apart(dir, formats) => {
            for input in inputs {
                for format in formats {
                    outputs.claim(&in_folder(dir, &input.stem, format.extension()))?;
                }
            }
        }
    }
    pictures.claim(inputs, &mut outputs)
}

/// A single file if one can hold all that is asked for, or else a folder.
fn destination(args: &TagArgs, formats: Vec<Format>, inputs: &[Input]) -> Result<Destination> {
    let fits_one_file = |format: Format| inputs.len() <= 1 || format.holds_many() || format == Format::Text;
    let several = are_several(&args.inputs, inputs);
    let output = args.output.clone().filter(|path| !is_dash(path));
    let folder_named = output.as_deref().is_some_and(names_folder);
    match (output, formats.as_slice()) {
        (Some(path), [format]) if !folder_named && !several => Ok(Destination::Together(Some(path), *format)),
        // Several inputs into `all.csv`: the name says that a file is meant.
        (Some(path), [format]) if !folder_named && format.holds_many() && path.extension().is_some() => {
            Ok(Destination::Together(Some(path), *format))
        }
        (Some(path), _) => Ok(Destination::Apart(path, formats)),
        (None, [format]) if fits_one_file(*format) => Ok(Destination::Together(None, *format)),
        (None, [format]) => Err(Usage(format!(
            "{format} holds one recording per file; name a folder with -o, or choose csv, tsv, json, jsonl or rttm"
        ))
        .into()),
        (None, _) => Err(Usage("several formats need a folder: name one with -o".to_owned()).into()),
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
