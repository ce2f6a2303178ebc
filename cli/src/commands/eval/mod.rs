//! `earmark eval activity`: how well a pack hears, against label files.
//!
//! `truth.rs` finds and reads labels, groups and scores of other detectors; `report.rs` makes figures of what was heard
//! ([`Evaluation`], which is also the JSON file); `print.rs` lays them out for people.

pub mod noise;
mod print;
mod report;
mod truth;

use anyhow::{Context, Result, bail};
use earmark_core::audio::Source;
use earmark_core::decide::Timeline;
use earmark_core::detect::{DetectError, Detector, DetectorMode};
use earmark_core::eval::PeerScores;
use earmark_core::output::SafeFile;
use earmark_core::{FrameScores, Label};

use self::report::Evaluation;
use self::truth::Grouping;
use super::hearing::known_label;
use crate::args::{EvalActivityArgs, Global};
use crate::console::{Console, Usage};
use crate::inputs::{Input, expand};
use crate::interrupt;
use crate::jobs::Jobs;

/// One recording with all that is known of it.
struct Heard {
    truth: Timeline,
    /// What the pack heard, by gain.
    by_gain: Vec<FrameScores>,
    /// Scores of the peers, in their order.
    peers: Vec<PeerScores>,
    /// Its group in each way of grouping.
    groups: Vec<String>,
}

pub fn run(args: &EvalActivityArgs, global: &Global, console: &Console) -> Result<()> {
    if !(args.collar_ms >= 0.0 && args.collar_ms.is_finite()) {
        return Err(Usage(format!("--collar-ms {} is not a length of time", args.collar_ms)).into());
    }
    if let Some(gain) = args.gain_db.iter().find(|g| !(-120.0..=60.0).contains(*g)) {
        return Err(Usage(format!("--gain-db {gain} is not within −120 to 60 dB")).into());
    }
    let gains = gains(&args.gain_db);
    let pace = if args.live { DetectorMode::LowLatency } else { DetectorMode::Throughput };
    let jobs = Jobs { pack: &args.pack.pack, pace, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let pack = first.pack().clone();
    let wanted: Vec<Label> =
        args.label.iter().map(|name| known_label(name, &pack.manifest().labels)).collect::<Result<_>>()?;
    let inputs = expand(&args.inputs, console);
    let grouping = Grouping::read(&args.inputs, console);
    let heard = jobs
        .run(first, &inputs, |detector, input| hear_one(detector, input, &grouping, &gains, args, console))?;
    // Those that failed are told and left out.
    let heard: Vec<Heard> = heard.into_iter().flatten().collect();
    if heard.is_empty() {
        bail!("no recording could be scored");
    }
    let labels = labels_to_score(wanted, &heard, &pack.manifest().labels, console)?;
    let evaluation = Evaluation::new(args, &pack, &labels, &gains, &grouping, &heard)?;
    print::print(&evaluation)?;
    if let Some(path) = &args.output {
        let mut json = serde_json::to_vec_pretty(&evaluation.to_json())?;
        json.push(b'\n');
        SafeFile::write_all_to(path, &json)?;
    }
    Ok(())
}

/// The gain of all tables first: 0 dB, or the first one asked for if 0 is not among them.
fn gains(asked: &[f64]) -> Vec<f64> {
    let main = asked.iter().copied().find(|g| *g == 0.0).or(asked.first().copied()).unwrap_or(0.0);
    let mut gains = vec![main];
    for &gain in asked {
        if !gains.contains(&gain) {
            gains.push(gain);
        }
    }
    gains
}

fn labels_to_score(
    wanted: Vec<Label>,
    heard: &[Heard],
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
        .filter(|l| !known.contains(l))
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

/// Labels come first: without them there is no point in listening.
fn hear_one(
    detector: &Detector,
    input: &Input,
    grouping: &Grouping,
    gains: &[f64],
    args: &EvalActivityArgs,
    console: &Console,
) -> Result<Heard> {
    let truth = truth::read(input)?;
    let peers: Vec<PeerScores> =
        args.peer.iter().map(|(_, path)| truth::peer(input, path)).collect::<Result<_>>()?;
    let by_gain = hear_with_gains(detector, input, gains, console)?;
    truth::check_length(input, &truth, by_gain[0].duration_s())?;
    for ((peer, _), scores) in args.peer.iter().zip(&peers) {
        // Too few scores are this recording's failure, not that of the evaluation.
        scores
            .frames(&Label::SPEECH, by_gain[0].frames())
            .with_context(|| format!("{}: scores of {peer}", input.name()))?;
    }
    Ok(Heard { truth, by_gain, peers, groups: grouping.of(input) })
}

/// One decoding, one listener per gain.
fn hear_with_gains(
    detector: &Detector,
    input: &Input,
    gains: &[f64],
    console: &Console,
) -> Result<Vec<FrameScores>> {
    let mut source = if input.is_stdin() { Source::from_stdin()? } else { Source::open(&input.path)? };
    let info = source.info().clone();
    let mut streams = Vec::new();
    for &gain_db in gains {
        let listener = detector.stream(info.rate_hz, info.channels).map_err(named(input))?;
        let heard = listener.scores();
        streams.push((factor(gain_db), listener, heard));
    }
    let mut scaled = Vec::new();
    while let Some(block) = source.next_block()? {
        interrupt::check()?;
        for (factor, listener, heard) in &mut streams {
            scaled.clear();
            scaled.extend(block.iter().map(|x| x * *factor));
            listener.push(&scaled, heard).map_err(named(input))?;
        }
    }
    for warning in source.warnings() {
        console.warn(&format!("{}: {warning}", input.name()));
    }
    streams
        .into_iter()
        .map(|(_, listener, mut heard)| {
            listener.finish(&mut heard).map_err(named(input))?;
            Ok(heard)
        })
        .collect()
}

fn named(input: &Input) -> impl Fn(DetectError) -> anyhow::Error {
    |error| anyhow::Error::new(error).context(input.name())
}

#[expect(clippy::cast_possible_truncation, reason = "a gain needs no more than f32")]
fn factor(gain_db: f64) -> f32 {
    10_f64.powf(gain_db / 20.0) as f32
}
