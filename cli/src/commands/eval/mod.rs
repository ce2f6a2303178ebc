//! `earmark eval activity`: how well a pack hears, against label files.

pub mod noise;
pub mod phrase;
pub mod voice;

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use earmark_core::Label;
use earmark_core::batch::{Input, Outputs, in_folder};
use earmark_core::detect::Detector;
use earmark_core::eval::{
    EvalRecording, EvalSetup, Evaluation, Grouping, MANIFEST, PeerScores, check_length, label_file,
    labels_beside,
};
use earmark_core::output::SafeFile;
use earmark_core::pipeline::{Recording, detect_file_with_gains};
use earmark_core::report::json_pretty;

use super::hearing::{self, Watch};
use crate::args::{EvalActivityArgs, Global};
use crate::console::{Console, Usage};
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

pub fn run(args: &EvalActivityArgs, global: &Global, console: &Console) -> Result<()> {
    let collars = [("--collar-ms", args.collar_ms), ("--segment-collar-ms", args.segment_collar_ms)];
    if let Some((flag, ms)) = collars.into_iter().find(|(_, ms)| !(*ms >= 0.0 && ms.is_finite())) {
        return Err(Usage(format!("{flag} {ms} is not a length of time")).into());
    }
    check_gains(&args.gain_db)?;
    let gains_db = EvalSetup::order_of_gains(&args.gain_db);
    let pace = hearing::mode(args.live);
    let jobs = Jobs { pack: &args.pack.pack, pace, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let pack = first.pack().clone();
    let wanted: Vec<Label> = args.label.iter().map(|name| Label::new(name.as_str())).collect();
    for label in &wanted {
        label.check_known(&pack.manifest().labels).map_err(|e| Usage(e.to_string()))?;
    }
    let inputs = expand(&args.inputs, console);
    let mut outputs = Outputs::beside(&inputs);
    args.peer.iter().for_each(|(_, path)| outputs.protect(path));
    args.inputs.iter().for_each(|folder| outputs.protect(&folder.join(MANIFEST)));
    inputs.iter().filter_map(|input| label_file(&input.path)).for_each(|path| outputs.protect(&path));
    args.output.as_deref().map_or(Ok(()), |path| outputs.claim_file(path))?;
    let (grouping, unreadable) = Grouping::read(&args.inputs);
    unreadable.into_iter().for_each(|error| console.error(&error.into()));
    let heard = jobs.run(first, &inputs, |detector, input| {
        hear_one(detector, input, &grouping, &gains_db, args, console)
    })?;
    interrupt::check()?;
    // Those that failed are told and left out.
    let heard: Vec<EvalRecording> = heard.into_iter().flatten().collect();
    if heard.is_empty() {
        bail!("no recording could be scored");
    }
    let setup = EvalSetup {
        labels: labels_to_score(wanted, &heard, &pack.manifest().labels, console)?,
        pack,
        live: args.live,
        collar_ms: args.collar_ms,
        segment_collar_ms: args.segment_collar_ms,
        gains_db,
        peers: args.peer.iter().map(|(name, _)| name.clone()).collect(),
        ways: grouping.names().to_vec(),
        data: args.inputs.iter().map(|p| p.display().to_string()).collect(),
        command: std::env::args().collect(),
    };
    let evaluation = Evaluation::new(setup, &heard)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    evaluation.write_text(&mut out).and_then(|()| out.flush()).context("stdout")?;
    if let Some(path) = &args.output {
        SafeFile::write_all_to(path, json_pretty(&evaluation.to_json())?.as_bytes())?;
    }
    Ok(())
}

fn check_gains(gains_db: &[f64]) -> Result<()> {
    match gains_db.iter().find(|g| !(-120.0..=60.0).contains(*g)) {
        Some(gain) => Err(Usage(format!("--gain-db {gain} is not within −120 to 60 dB")).into()),
        None => Ok(()),
    }
}

fn labels_to_score(
    wanted: Vec<Label>,
    heard: &[EvalRecording],
    known: &[Label],
    console: &Console,
) -> Result<Vec<Label>> {
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let in_truth = |label: &Label| heard.iter().any(|h| h.truth.labels.contains(label));
    let mut strange: Vec<&str> = heard
        .iter()
        .flat_map(|h| &h.truth.labels)
        .filter(|l| !(known.contains(l) || **l == Label::SINGING && in_truth(&Label::MUSIC)))
        .map(Label::as_str)
        .collect();
    strange.sort_unstable();
    strange.dedup();
    if !strange.is_empty() {
        console
            .warn(&format!("the pack does not know what the labels call {}: not scored", strange.join(", ")));
    }
    let labels: Vec<Label> = known.iter().filter(|l| in_truth(l)).cloned().collect();
    if labels.is_empty() {
        let names: Vec<&str> = known.iter().map(Label::as_str).collect();
        bail!(
            "the label files name nothing that the pack hears ({}); name labels with --label",
            names.join(", ")
        );
    }
    Ok(labels)
}

/// What another detector said of a recording: a file, or one under the recording's name in a folder.
fn scores_of(path: &Path, input: &Input) -> Result<PeerScores> {
    let below = in_folder(path, &input.stem, "csv");
    let path = if path.is_dir() { &below } else { path };
    PeerScores::read(path).with_context(|| format!("{}: its scores", input.name()))
}

/// Labels come first: without them there is no point in listening.
fn hear_one(
    detector: &Detector,
    input: &Input,
    grouping: &Grouping,
    gains_db: &[f64],
    args: &EvalActivityArgs,
    console: &Console,
) -> Result<EvalRecording> {
    if input.is_stdin() {
        bail!("stdin has no label file beside it; name a file");
    }
    let truth = labels_beside(&input.path)?;
    let peers: Vec<PeerScores> =
        args.peer.iter().map(|(_, path)| scores_of(path, input)).collect::<Result<_>>()?;
    let watch = &mut Watch::new(input, console);
    let by_gain = detect_file_with_gains(detector, &Recording::named(&input.path), gains_db, watch)?;
    check_length(&input.name(), &truth, by_gain[0].duration_s())?;
    for ((peer, _), scores) in args.peer.iter().zip(&peers) {
        // Too few scores are this recording's failure, not that of the evaluation.
        scores
            .frames(&Label::SPEECH, by_gain[0].frames())
            .with_context(|| format!("{}: scores of {peer}", input.name()))?;
    }
    Ok(EvalRecording { truth, by_gain, peers, groups: grouping.of(&input.path, &input.stem) })
}
