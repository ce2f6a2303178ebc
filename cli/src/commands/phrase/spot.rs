//! `earmark phrase spot`: phrases as label files.

use std::io::Write;
use std::sync::Mutex;

use anyhow::Result;
use earmark_core::batch::{Input, Outputs};
use earmark_core::decide::Segment;
use earmark_core::detect::DetectorMode;
use earmark_core::phrase::Phrases;
use earmark_core::pipeline::{Recording, Spoken, spot_file, spot_file_for_plot};
use earmark_core::report::plot::{self, PlotInput, PlotOptions};
use earmark_core::report::{Report, RowWriter};

use super::{hearing, wanted};
use crate::args::{Global, PhraseSpotArgs};
use crate::commands::hearing::Watch;
use crate::commands::label_files::{Destination, origin};
use crate::commands::label_format::formats;
use crate::commands::picture;
use crate::console::{Console, Usage};
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

pub fn run(args: &PhraseSpotArgs, global: &Global, console: &Console) -> Result<()> {
    let formats = formats(&args.format, args.output.as_deref())?;
    let pace = DetectorMode::Throughput;
    let open = || wanted(&args.wanted, pace, global, console);
    let first = open()?;
    let parts = hearing::parts(&expand(&args.inputs, console), &args.part, global)?;
    let inputs: Vec<Input> = parts.iter().map(|(input, _)| input.clone()).collect();
    let destination = Destination::plan(args.output.as_deref(), &args.inputs, formats, &inputs)?;
    let mut outputs = Outputs::beside(&inputs);
    destination.claim(&inputs, &mut outputs)?;
    if let Some(path) = &args.plot {
        picture::check_picture(path)?;
        outputs.claim_file(path)?;
        if inputs.len() > 1 {
            return Err(Usage("--plot is for one recording; draw a folder file by file".to_owned()).into());
        }
    }
    destination.check_endings(&args.format, console)?;
    let origin = origin(first.embedder().pack().manifest());
    if let ([(input, options)], Destination::Together(None, format), None) =
        (parts.as_slice(), &destination, &args.plot)
    {
        let recording = Recording::named(&input.path).with(options.clone());
        let rows = recording.is_stream().then(|| format.rows(&recording)).flatten();
        if let Some(rows) = rows {
            return while_heard(&first, &recording, rows, &mut Watch::new(input, console));
        }
    }
    let jobs = Jobs { pack: &args.wanted.pack.pack, pace, jobs: args.jobs, global, console };
    let done = jobs.run_with(first, open, &parts, |phrases, (input, options)| {
        let recording = Recording::named(&input.path).with(options.clone());
        let watch = &mut Watch::new(input, console);
        let report = |spoken: &Spoken| recording.report(spoken.timeline(phrases));
        let report = if let Some(path) = &args.plot {
            let (spoken, scores) = spot_file_for_plot(phrases, &recording, watch)?;
            let report = report(&spoken);
            let (title, timeline) = (&report.name(), &report.timeline);
            let lanes = PlotInput { title, timeline, envelope: None, activity: Some(&scores) };
            picture::write_picture(path, &plot::render(&lanes, &PlotOptions::default()))?;
            report
        } else {
            report(&spot_file(phrases, &recording, watch, |_| Ok(()))?)
        };
        destination.take(report, input, &origin, console)
    })?;
    // A file that lacks recordings is half a file.
    if matches!(destination, Destination::Together(Some(_), _)) && done.iter().any(Option::is_none) {
        interrupt::check()?;
    }
    let reports: Vec<Report> = done.into_iter().flatten().flatten().collect();
    destination.finish(&reports, &origin)
}

/// A stream: each phrase is told when it is known.
fn while_heard(
    phrases: &Phrases,
    recording: &Recording,
    rows: RowWriter,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let rows = Mutex::new(rows);
    let write = |segments: &[Segment]| {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(segments, &mut out)?;
        out.flush()
    };
    spot_file(phrases, recording, watch, |found| {
        write(&[Segment {
            label: found.label.clone(),
            start_s: found.start_s,
            end_s: found.end_s,
            confidence: found.confidence,
        }])
    })?;
    // A stream in which nothing was said has a header still.
    Ok(write(&[])?)
}
