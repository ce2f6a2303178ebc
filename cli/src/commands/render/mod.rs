//! `earmark render`: the gate on files.
//!
//! `plan` turns flags into settings and says where each output goes; the rest is one call into core for each recording.

mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use earmark_core::Label;
use earmark_core::batch::{Input, is_dash};
use earmark_core::detect::Detector;
use earmark_core::model::pack;
use earmark_core::noise::SnrEstimator;
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::phrase::Phrases;
use earmark_core::pipeline::{AudioTarget, Rendered};
use earmark_core::render::Summary;
use earmark_core::report::{Report, json_line};
use earmark_core::voice::FollowSettings;
use serde::Serialize;

use self::plan::Plan;
use super::cuts::tell_events;
use super::hearing::{self, Watch, recording};
use super::label_files::clear_abandoned;
use super::phrase::beside;
use super::voice;
use crate::args::{Global, RenderArgs};
use crate::console::Console;
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

/// A line of the summary.
#[derive(Debug, Serialize)]
struct Outcome {
    /// The recording.
    file: String,
    /// What was written.
    output: String,
    /// Seconds of the source that carry each label.
    labels_s: BTreeMap<Label, f64>,
    #[serde(flatten)]
    render: Summary,
}

pub fn run(args: &RenderArgs, global: &Global, console: &Console) -> Result<()> {
    plan::refuse_phrases_without_a_say(args)?;
    let pace = hearing::mode(args.live);
    let default_pack = if args.live { pack::LIVE } else { pack::STUDIO };
    let pack = args.pack.as_deref().unwrap_or(default_pack);
    let inputs = expand(&args.inputs, console);
    let jobs = Jobs { pack, pace, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let voices = voice::followed(&args.follow, pace, FollowSettings::default(), global, console)?;
    let profiles = args.follow.store.profiles.as_deref();
    let phrases = || beside(&args.phrases, &args.phrase_pack.phrase_pack, profiles, pace, (global, console));
    let first_phrases = phrases()?;
    let plan = Plan::new(args, &inputs, first.pack(), (voices, first_phrases.as_ref()), console)?;
    if args.skip_existing {
        let outputs: Vec<PathBuf> = inputs.iter().filter_map(|input| plan.output(args, input)).collect();
        clear_abandoned(outputs.iter().map(AsRef::as_ref), console);
    }
    let noise = || args.adaptive.then(|| hearing::open_noise(pack::NOISE, pace, global, console)).transpose();
    let outcomes = jobs.run_with(
        (first, noise()?, first_phrases),
        || Ok((jobs.detector()?, noise()?, phrases()?)),
        &inputs,
        |(detector, noise, phrases), input| {
            let ears = (detector, noise.as_ref(), phrases.as_ref());
            render_one(args, &plan, ears, input, (global, console))
        },
    )?;
    interrupt::check()?;
    write_summaries(args.summary.as_ref(), outcomes.iter().flatten().flatten())
}

/// Renders one recording; nothing if its output is there already and `--skip-existing` says so.
fn render_one(
    args: &RenderArgs,
    plan: &Plan,
    ears: (&Detector, Option<&SnrEstimator>, Option<&Phrases>),
    input: &Input,
    (global, console): (&Global, &Console),
) -> Result<Option<Outcome>> {
    let output = plan.output(args, input);
    if args.skip_existing && output.as_deref().is_some_and(Path::exists) {
        console.detail(&format!("{}: its output is already there, skipped", input.name()));
        return Ok(None);
    }
    let target = output.as_deref().map_or_else(AudioTarget::stdout, AudioTarget::File);
    let removed = plan.listen(args, input);
    let watch = &mut Watch::new(input, console);
    let Rendered { mut summary, timeline, output_timeline } = plan.renderer.render_with_phrases(
        ears,
        &recording(input, global),
        target,
        removed.as_deref(),
        watch,
    )?;
    if args.list.is_some() && !input.is_stdin() {
        summary.edits = summary.edits.of_file(&input.path);
    }
    if summary.saved_s > 0.0 {
        let (saved_s, source_s) = (summary.saved_s, summary.source_s);
        console.done(&format!("{}: {saved_s:.1} s of {source_s:.1} s cut out", input.name()));
    }
    if let (Some(path), Some(format)) = (&args.labels, plan.label_format) {
        let mut bytes = Vec::new();
        let report = Report::new(args.output.display().to_string(), output_timeline);
        create_folder_of(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        format.write_all_in(folder, std::slice::from_ref(&report), &mut bytes)?;
        write(path, &bytes)?;
    }
    if let (Some(path), Some(format)) = (&args.list, plan.list_format) {
        let text = format.write(&summary.edits, &input.path, args.fps);
        tell_events(path, format, &text, console);
        write(path, text.as_bytes())?;
    }
    Ok(Some(Outcome {
        file: input.name(),
        output: output.map_or("-".to_owned(), |p| p.display().to_string()),
        labels_s: timeline.labels.iter().map(|label| (label.clone(), timeline.total_s(label))).collect(),
        render: summary,
    }))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    create_folder_of(path)?;
    Ok(SafeFile::write_all_to(path, bytes)?)
}

fn write_summaries<'a>(path: Option<&PathBuf>, outcomes: impl Iterator<Item = &'a Outcome>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut lines = String::new();
    for outcome in outcomes {
        lines.push_str(&json_line(outcome)?);
        lines.push('\n');
    }
    if is_dash(path) {
        use std::io::Write;
        return Ok(std::io::stdout().write_all(lines.as_bytes())?);
    }
    write(path, lines.as_bytes())
}
