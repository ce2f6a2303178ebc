//! `earmark tag`: label files, pictures and pages of recordings.

use std::io::Write;

use anyhow::Result;
use earmark_core::audio::SourceOptions;
use earmark_core::batch::{Input, Outputs, are_several};
use earmark_core::decide::{Segment, TimelineSettings};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack;
use earmark_core::noise::SnrEstimator;
use earmark_core::pipeline::{Recording, tag_file, tag_file_for_page, tag_file_for_plot, tag_while_heard};
use earmark_core::report::{Report, RowWriter};

use super::hearing::{self, Watch};
use super::label_files::{Destination, formats};
use super::pages::{Pages, Part};
use super::picture::Pictures;
use crate::args::{Global, TagArgs};
use crate::console::Console;
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

/// What one input leaves for the end.
struct Done {
    /// For [`Destination::Together`].
    report: Option<Report>,
    /// For `--report`.
    part: Option<Part>,
}

/// What each thread hears with.
struct Ears {
    detector: Detector,
    /// For the summary of a page.
    noise: Option<SnrEstimator>,
}

/// What is the same for all inputs.
struct Work<'a> {
    settings: TimelineSettings,
    destination: &'a Destination,
    pictures: &'a Pictures,
    pages: &'a Pages,
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
    let destination = Destination::plan(args.output.as_deref(), &args.inputs, formats, &inputs)?;
    let pictures = Pictures::plan(args, are_several(&args.inputs, &inputs))?;
    let mut outputs = Outputs::beside(&inputs);
    destination.claim(&inputs, &mut outputs)?;
    pictures.claim(&inputs, &mut outputs)?;
    let pages = Pages::plan(args, inputs.len())?;
    pages.claim(&inputs, &mut outputs)?;
    let part =
        |(input, options): &(Input, SourceOptions)| Recording::named(&input.path).with(options.clone());
    let recordings: Vec<Recording> = parts.iter().map(part).collect();
    if let Some(mut rows) = rows_while_heard(&destination, pictures.wanted() || pages.wanted(), &recordings) {
        let watch = &mut Watch::new(&inputs[0], console);
        let write = |segments: &[Segment]| {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            rows.write(segments, &mut out)?;
            out.flush()
        };
        return Ok(tag_while_heard(&first, &recordings[0], &settings, watch, write)?);
    }
    let work = Work { settings, destination: &destination, pictures: &pictures, pages: &pages, console };
    let open_noise = || hearing::open_noise(pack::NOISE, DetectorMode::Throughput, global, console);
    let ears = |detector| -> Result<Ears> {
        Ok(Ears { detector, noise: pages.wanted().then(open_noise).transpose()? })
    };
    let done = jobs.run_with(
        ears(first)?,
        || ears(jobs.detector()?),
        &parts,
        |ears, part_of| tag_one(&work, ears, &part_of.0, part(part_of)),
    )?;
    // A file that lacks recordings is half a file; to whoever reads along, what is done is told.
    let into_file = args.report.is_some() || matches!(destination, Destination::Together(Some(_), _));
    if into_file && done.iter().any(Option::is_none) {
        interrupt::check()?;
    }
    let (reports, parts): (Vec<_>, Vec<_>) = done.into_iter().flatten().map(|d| (d.report, d.part)).unzip();
    let reports: Vec<Report> = reports.into_iter().flatten().collect();
    pages.finish(parts.into_iter().flatten().collect())?;
    destination.finish(&reports)
}

/// A stream whose rows go to stdout is told while it is heard.
fn rows_while_heard(
    destination: &Destination,
    has_pictures: bool,
    recordings: &[Recording],
) -> Option<RowWriter> {
    match (destination, recordings) {
        (Destination::Together(None, format), [recording]) if !has_pictures => {
            recording.is_stream().then(|| RowWriter::new(*format, &recording.name())).flatten()
        }
        _ => None,
    }
}

fn tag_one(work: &Work<'_>, ears: &Ears, input: &Input, recording: Recording) -> Result<Done> {
    let watch = &mut Watch::new(input, work.console);
    let Ears { detector, noise } = ears;
    let (report, part) = if let Some(noise) = noise {
        let (report, measured) = tag_file_for_page(detector, noise, &recording, &work.settings, watch)?;
        work.pictures.draw(&report, &measured.plot, &input.stem)?;
        let part = work.pages.take(&report, &measured, input, work.console)?;
        (report, part)
    } else if work.pictures.wanted() {
        let (report, data) = tag_file_for_plot(detector, &recording, &work.settings, watch)?;
        work.pictures.draw(&report, &data, &input.stem)?;
        (report, None)
    } else {
        (tag_file(detector, &recording, &work.settings, watch)?, None)
    };
    let report = work.destination.take(report, input)?;
    Ok(Done { report, part })
}
