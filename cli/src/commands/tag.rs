//! `earmark tag`: label files and pictures of recordings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use earmark_core::Activity;
use earmark_core::audio::Source;
use earmark_core::listen::Ear;
use earmark_core::output::SafeFile;
use earmark_core::report::html::Section;
use earmark_core::report::plot::{Envelope, EnvelopeBuilder};
use earmark_core::report::{Format, Report};
use earmark_core::timeline::{TimelineSettings, segment};

use super::hearing;
use super::picture::{self, Pictures};
use crate::args::{Global, TagArgs};
use crate::console::{Console, Usage};
use crate::inputs::{Input, expand};

/// Where the labels of one input go.
enum Destination {
    /// One file, or stdout, for all inputs together.
    Together(Option<PathBuf>, Format),
    /// One file per input and format, below a folder.
    Apart(PathBuf, Vec<Format>),
}

/// What one input leaves for the end.
#[derive(Default)]
struct Done {
    /// For [`Destination::Together`].
    report: Option<Report>,
    /// For the page of `--report`.
    section: Option<Section>,
}

/// What all jobs share.
struct Work<'a> {
    inputs: &'a [Input],
    next: AtomicUsize,
    settings: TimelineSettings,
    destination: &'a Destination,
    pictures: &'a Pictures,
    console: &'a Console,
    /// What is written at the end, by the place of its input.
    done: Mutex<Vec<Done>>,
}

pub fn run(args: &TagArgs, global: &Global, console: &Console) -> Result<()> {
    let formats = formats(&args.format)?;
    let first = hearing::open(&args.pack.pack, global, console)?;
    let settings = hearing::timeline_settings(&args.timeline, first.pack())?;
    let inputs = expand(&args.inputs, console);
    let destination = destination(args, formats, &inputs)?;
    let pictures = Pictures::plan(args, inputs.len())?;
    let work = Work {
        inputs: &inputs,
        next: AtomicUsize::new(0),
        settings,
        destination: &destination,
        pictures: &pictures,
        console,
        done: Mutex::new(inputs.iter().map(|_| Done::default()).collect()),
    };
    run_jobs(&work, first, args, global)?;
    crate::interrupt::check()?;
    let done = work.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (reports, sections): (Vec<_>, Vec<_>) = done.into_iter().map(|d| (d.report, d.section)).unzip();
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

/// One thread per job, each with a network of its own: results do not depend on their number.
fn run_jobs(work: &Work<'_>, first: Ear, args: &TagArgs, global: &Global) -> Result<()> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(processors).clamp(1, work.inputs.len().max(1));
    let mut ears = vec![first];
    for _ in 1..jobs {
        ears.push(hearing::open(&args.pack.pack, global, work.console)?);
    }
    std::thread::scope(|scope| {
        for ear in ears {
            scope.spawn(move || work_through(work, &ear));
        }
    });
    Ok(())
}

fn work_through(work: &Work<'_>, ear: &Ear) {
    loop {
        let index = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(input) = work.inputs.get(index) else { return };
        if crate::interrupt::requested() {
            return;
        }
        if let Err(error) = tag_one(work, ear, index, input) {
            work.console.error(&error);
        }
    }
}

fn tag_one(work: &Work<'_>, ear: &Ear, index: usize, input: &Input) -> Result<()> {
    let (report, heard, envelope) = hear_one(work, ear, input)?;
    let section = match envelope {
        Some(envelope) => work.pictures.draw(&report, &heard, &envelope, &input.stem)?,
        None => None,
    };
    let report = match work.destination {
        Destination::Together(..) => Some(report),
        Destination::Apart(dir, formats) => {
            for format in formats {
                let name = format!("{}.{}", input.stem.display(), format.extension());
                write_file(&dir.join(name), *format, std::slice::from_ref(&report))?;
            }
            None
        }
    };
    work.done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Done { report, section };
    Ok(())
}

fn hear_one(work: &Work<'_>, ear: &Ear, input: &Input) -> Result<(Report, Activity, Option<Envelope>)> {
    let mut source = if input.is_stdin() { Source::from_stdin()? } else { Source::open(&input.path)? };
    let info = source.info().clone();
    let mut envelope =
        work.pictures.wanted().then(|| EnvelopeBuilder::new(info.rate_hz, usize::from(info.channels)));
    let heard = hearing::hear(ear, &mut source, &input.name(), work.console, |block| {
        if let Some(envelope) = &mut envelope {
            envelope.push(block);
        }
    })?;
    let timeline = segment(&heard, &work.settings);
    Ok((Report { file: input.name(), timeline }, heard, envelope.map(EnvelopeBuilder::finish)))
}

fn formats(names: &[String]) -> Result<Vec<Format>> {
    names.iter().map(|name| name.parse::<Format>().map_err(|e| Usage(e.to_string()).into())).collect()
}

/// A single file if one can hold all that is asked for, or else a folder.
fn destination(args: &TagArgs, formats: Vec<Format>, inputs: &[Input]) -> Result<Destination> {
    let fits_one_file = |format: Format| inputs.len() <= 1 || format.holds_many() || format == Format::Text;
    let folder_named = args
        .output
        .as_deref()
        .is_some_and(|p| p.is_dir() || p.as_os_str().to_string_lossy().ends_with(['/', '\\']));
    let output = args.output.clone().filter(|p| p.as_os_str() != "-");
    match (output, formats.as_slice()) {
        (Some(path), [format]) if !folder_named && inputs.len() <= 1 => Ok(Destination::Together(Some(path), *format)),
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
    picture::make_parent(path)?;
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
