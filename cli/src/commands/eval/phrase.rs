//! `earmark eval phrase`: misses against false alarms per hour.

use std::path::Path;

use anyhow::{Result, bail};
use earmark_core::batch::{Input, Outputs};
use earmark_core::detect::DetectorMode;
use earmark_core::eval::{PhraseSaid, PhraseUnsaid, labels_beside, phrase_figures};
use earmark_core::model::pack::Pack;
use earmark_core::output::SafeFile;
use earmark_core::phrase::{PhraseProfile, Phrases, label, peaks};
use earmark_core::pipeline::{embed_file, spot_file};
use earmark_core::report::json_pretty;
use serde_json::json;

use crate::args::{EvalPhraseArgs, Global};
use crate::commands::hearing::{self, Watch, recording};
use crate::commands::phrase::strictness;
use crate::commands::profiles;
use crate::console::Console;
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

/// The SHA-256 of each file that a pack was trained on, or the first 16 hexadecimal digits of it, one a line.
const TRAINED_FILE: &str = "trained.txt";

pub fn run(args: &EvalPhraseArgs, global: &Global, console: &Console) -> Result<()> {
    let pace = DetectorMode::Throughput;
    let store = profiles::store(&args.pack.store)?;
    let open = || {
        let embedder = hearing::open_phrases(&args.pack.pack, pace, global, console)?;
        Ok(Phrases::load(embedder, &store, std::slice::from_ref(&args.phrase), strictness(args.strictness))?)
    };
    let first = open()?;
    let pack = first.embedder().pack().clone();
    let profile: PhraseProfile = store.load(&args.phrase, first.embedder().model_sha256(), None)?;
    refuse_trained(&pack, &profile)?;
    let limits = profile.working(strictness(args.strictness).unwrap_or(profile.strictness())).limits;
    let positives = expand(&args.inputs, console);
    let negatives = expand(&args.negative, console);
    let all: Vec<Input> = positives.iter().chain(&negatives).cloned().collect();
    if let Some(path) = &args.output {
        Outputs::beside(&all).claim_file(path)?;
    }
    let count = positives.len();
    let numbered: Vec<(usize, Input)> = all.into_iter().enumerate().collect();
    let jobs = Jobs { pack: &args.pack.pack, pace, jobs: args.jobs, global, console };
    let done = jobs.run_with(first, open, &numbered, |phrases, (index, input)| {
        let recording = recording(input, global);
        let vectors = embed_file(phrases.embedder(), &recording, &mut Watch::new(input, console))?;
        let (each, highest) = peaks(&profile, &vectors);
        if *index >= count {
            return Ok((None, Some((vectors.duration_s(), each))));
        }
        let end_s = end_of(&input.path, args.phrase.as_str());
        let delay_s = match end_s {
            Some(end_s) if highest >= limits.whole => {
                let spoken = spot_file(phrases, &recording, &mut Watch::new(input, console), |_| Ok(()))?;
                let nearest = spoken.detections.iter().map(|found| found.decided_s - end_s);
                nearest.reduce(|a, b| if b.abs() < a.abs() { b } else { a })
            }
            _ => None,
        };
        let folder = input.path.parent().and_then(Path::file_name).unwrap_or_default();
        let group = folder.to_string_lossy().into_owned();
        Ok((Some(PhraseSaid { group, score: highest, delay_s }), None))
    })?;
    interrupt::check()?;
    let (said, heard): (Vec<_>, Vec<_>) = done.into_iter().flatten().unzip();
    let said: Vec<PhraseSaid> = said.into_iter().flatten().collect();
    let mut unsaid = PhraseUnsaid::default();
    for (duration_s, each) in heard.into_iter().flatten() {
        unsaid.hours += duration_s / 3_600.0;
        unsaid.peaks.extend(each);
    }
    if said.is_empty() || unsaid.hours == 0.0 {
        bail!("no recording could be scored");
    }
    let figures = phrase_figures(&said, &unsaid, limits.whole);
    figures.write_text(&mut std::io::stdout().lock())?;
    let Some(path) = &args.output else { return Ok(()) };
    let json = json!({
        "format": 1,
        "what": "earmark eval phrase",
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>(),
        "pack": { "name": pack.manifest().name, "version": pack.manifest().version, "sha256": pack.manifest().model.sha256 },
        "phrase": args.phrase.as_str(),
        "clips": profile.clips(),
        "figures": figures,
        "miss_by_false_alarms_per_hour": figures.corners(),
    });
    Ok(SafeFile::write_all_to(path, json_pretty(&json)?.as_bytes())?)
}

/// A phrase that was enrolled from what its network was trained on would look better than it is.
fn refuse_trained(pack: &Pack, profile: &PhraseProfile) -> Result<()> {
    let Some(trained) = pack.companion(TRAINED_FILE) else { return Ok(()) };
    let trained = String::from_utf8_lossy(trained);
    let is_trained = |hash: &&str| trained.lines().any(|line| !line.is_empty() && hash.starts_with(line));
    match profile.clip_hashes().find(is_trained) {
        Some(hash) => bail!(
            "{}: it was enrolled from a clip that its pack was trained on ({hash}), so that its figures would be too good; \
             enrol it from others",
            pack.origin()
        ),
        None => Ok(()),
    }
}

/// Where the phrase ends in a recording, if labels beside it tell.
fn end_of(path: &Path, name: &str) -> Option<f64> {
    let timeline = labels_beside(path).ok()?;
    let wanted = label(name);
    timeline.of(&wanted).last().map(|segment| segment.end_s)
}
