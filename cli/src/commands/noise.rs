//! `earmark noise`: which recordings are noisy, how much, of what kind; worst first.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use earmark_core::batch::{Outputs, is_dash};
use earmark_core::noise::NoiseEstimate;
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::noise_of_file;
use earmark_core::report::plot;
use earmark_core::report::{NoiseFormat, NoiseRow, sort_worst_first};

use super::hearing::{self, Watch, recording};
use super::label_format::{refuse_audio_ending, says_format};
use super::picture;
use crate::args::{self, Global, NoiseArgs};
use crate::console::{Console, Usage};
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

pub fn run(args: &NoiseArgs, global: &Global, console: &Console) -> Result<()> {
    if let Some(path) = &args.plot {
        picture::check_picture(path)?;
    }
    let mode = hearing::mode(false);
    let open = || hearing::open_noise(&args.pack, mode, global, console);
    let first = open()?;
    let inputs = expand(&args.inputs, console);
    let mut outputs = Outputs::beside(&inputs);
    args.output.as_deref().map_or(Ok(()), |path| outputs.claim(path))?;
    args.plot.as_deref().map_or(Ok(()), |path| outputs.claim_file(path))?;
    let format = format(args, console)?;
    let jobs = Jobs { pack: &args.pack, pace: mode, jobs: args.jobs, global, console };
    let found = jobs.run_with(first, open, &inputs, |estimator, input| {
        let watch = &mut Watch::new(input, console);
        let estimate = noise_of_file(estimator, &recording(input, global), args.threshold, watch)?;
        Ok(NoiseRow { file: input.name(), estimate })
    })?;
    // A file that lacks recordings is half a file; to whoever reads along, what is done is told.
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    if (output.is_some() || args.plot.is_some()) && found.iter().any(Option::is_none) {
        interrupt::check()?;
    }
    let mut found: Vec<NoiseRow> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return Ok(());
    }
    sort_worst_first(&mut found);
    let mut bytes = Vec::new();
    format.write(&found, args.timeline, &mut bytes)?;
    match output {
        Some(path) => {
            create_folder_of(path)?;
            SafeFile::write_all_to(path, &bytes)?;
        }
        None => std::io::stdout().lock().write_all(&bytes).context("stdout")?,
    }
    if let Some(path) = &args.plot {
        draw(path, &found, args.timeline)?;
    }
    Ok(())
}

/// The form of the list: that of `--format`, or what the ending of the output asks for, or else text.
fn format(args: &NoiseArgs, console: &Console) -> Result<NoiseFormat> {
    let named = args.format.map(|format| match format {
        args::NoiseFormat::Text => NoiseFormat::Text,
        args::NoiseFormat::Csv => NoiseFormat::Csv,
        args::NoiseFormat::Json => NoiseFormat::Json,
    });
    let Some(path) = args.output.as_deref().filter(|path| says_format(path)) else {
        return Ok(named.unwrap_or(NoiseFormat::Text));
    };
    refuse_audio_ending(path)?;
    let asked = NoiseFormat::of_path(path);
    let path = path.display();
    match (named, asked) {
        (Some(named), Some(asked)) if named != asked => {
            console.warn(&format!("{path}: written as --format says, though its ending says otherwise"));
            Ok(named)
        }
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => Err(Usage(format!(
            "{path}: its ending names no format; name one with --format, or a FILE.txt, .csv or .json"
        ))
        .into()),
    }
}

/// One recording over time, if its seconds are asked for; else how many recordings have which ratio.
fn draw(path: &Path, found: &[NoiseRow], timeline: bool) -> Result<()> {
    if let ([one], true) = (found, timeline) {
        return picture::write_picture(path, &plot::noise_timeline(&one.file, &one.estimate));
    }
    let estimates: Vec<&NoiseEstimate> = found.iter().map(|row| &row.estimate).collect();
    let title = match found {
        [one] => one.file.clone(),
        many => format!("{} recordings", many.len()),
    };
    picture::write_picture(path, &plot::noise_histogram(&title, &estimates))
}
