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
use earmark_core::report::{Report, RowWriter, TableOrigin};

use super::cuts::Cuts;
use super::hearing::{self, Watch};
use super::label_files::{Destination, clear_abandoned, origin};
use super::label_format::formats;
use super::pages::{Pages, Part};
use super::picture::Pictures;
use crate::args::{Global, TagArgs};
use crate::console::{Console, Usage};
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
    cuts: &'a Cuts,
    origin: TableOrigin,
    skip_existing: bool,
    console: &'a Console,
}

pub fn run(args: &TagArgs, global: &Global, console: &Console) -> Result<()> {
    let formats = formats(&args.format, args.output.as_deref())?;
    let jobs =
        Jobs { pack: &args.pack.pack, pace: DetectorMode::Throughput, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let manifest = first.pack().manifest();
    let shape = Some(&args.shape);
    let settings =
        hearing::with_flags(TimelineSettings::for_pack(manifest), &args.timeline, shape, manifest)?;
    let origin = origin(manifest);
    let expanded = expand(&args.inputs, console);
    let parts = hearing::parts(&expanded, &args.part, global)?;
    let parts = args.archive.shard.map_or(parts.clone(), |shard| shard.of(parts));
    let inputs: Vec<Input> = parts.iter().map(|(input, _)| input.clone()).collect();
    let destination = Destination::plan(args.output.as_deref(), &args.inputs, formats, &inputs)?;
    let pictures = Pictures::plan(args, are_several(&args.inputs, &inputs))?;
    let cuts = Cuts::plan(&args.cuts, &inputs, &manifest.labels)?;
    let mut outputs = Outputs::beside(&expanded);
    args.against.iter().for_each(|path| outputs.protect(path));
    destination.claim(&inputs, &mut outputs)?;
    pictures.claim(&inputs, &mut outputs)?;
    let pages = Pages::plan(args, inputs.len())?;
    pages.claim(&inputs, &mut outputs)?;
    cuts.claim(&inputs, &mut outputs)?;
    destination.check_endings(&args.format, console)?;
    if args.archive.skip_existing {
        check_resumable(args, &destination)?;
        let files = inputs.iter().flat_map(|input| [destination.files(input), cuts.files(input)]);
        let files: Vec<_> = files.flatten().collect();
        clear_abandoned(files.iter().map(AsRef::as_ref), console);
    }
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
    let work = Work {
        settings,
        destination: &destination,
        pictures: &pictures,
        pages: &pages,
        cuts: &cuts,
        origin,
        skip_existing: args.archive.skip_existing,
        console,
    };
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
    destination.finish(&reports, &work.origin)
}

/// A stream whose rows go to stdout is told while it is heard.
fn rows_while_heard(
    destination: &Destination,
    has_pictures: bool,
    recordings: &[Recording],
) -> Option<RowWriter> {
    match (destination, recordings) {
        (Destination::Together(None, format), [recording]) if !has_pictures => {
            recording.is_stream().then(|| format.rows(recording)).flatten()
        }
        _ => None,
    }
}

/// What is written at the end of a run, of all recordings, cannot be half there.
fn check_resumable(args: &TagArgs, destination: &Destination) -> Result<()> {
    if args.report.is_some() {
        return Err(Usage(
            "--skip-existing leaves recordings out, and --report holds all; leave one of them out".into(),
        )
        .into());
    }
    match destination {
        Destination::Apart(..) => Ok(()),
        Destination::Together(..) => Err(Usage(
            "--skip-existing needs a file for each recording: name a folder with -o, for instance `-o labels/`".into(),
        )
        .into()),
    }
}

fn tag_one(work: &Work<'_>, ears: &Ears, input: &Input, recording: Recording) -> Result<Done> {
    let mut outputs = work.destination.files(input);
    outputs.extend(work.cuts.files(input).into_iter().chain(work.pictures.file(input)));
    if work.skip_existing && outputs.iter().all(|path| path.exists()) {
        work.console.detail(&format!("{}: its outputs are already there, skipped", input.name()));
        return Ok(Done { report: None, part: None });
    }
    let watch = &mut Watch::new(input, work.console);
    let Ears { detector, noise } = ears;
    let (report, part) = if let Some(noise) = noise {
        let (report, measured) = tag_file_for_page(detector, noise, &recording, &work.settings, watch)?;
        work.pictures.check_view(&report)?;
        work.pictures.draw(&report, &measured.plot, &input.stem)?;
        let part = work.pages.take(&report, &measured, input, work.console)?;
        (report, part)
    } else if work.pictures.wanted() {
        let (report, data) = tag_file_for_plot(detector, &recording, &work.settings, watch)?;
        work.pictures.check_view(&report)?;
        work.pictures.draw(&report, &data, &input.stem)?;
        (report, None)
    } else {
        (tag_file(detector, &recording, &work.settings, watch)?, None)
    };
    work.cuts.write(&report, &recording, input, watch, work.console)?;
    let report = work.destination.take(report, input, &work.origin, work.console)?;
    Ok(Done { report, part })
}
