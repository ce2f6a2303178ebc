//! `earmark eval phrase`: misses against false alarms per hour.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use earmark_core::Label;
use earmark_core::batch::{Input, Outputs};
use earmark_core::detect::DetectorMode;
use earmark_core::eval::{
    PeerScores, PhraseFigures, PhraseHeard, PhraseSaid, PhraseTally, PhraseUnsaid, THRESHOLD, label_file,
    labels_beside,
};
use earmark_core::model::pack::Pack;
use earmark_core::output::SafeFile;
use earmark_core::phrase::{PhraseEvent, PhraseProfile, Phrases, label, peaks};
use earmark_core::pipeline::{embed_file, spot_file};
use earmark_core::report::json_pretty;
use serde_json::{Value, json};

use super::scores_of;
use crate::args::{EvalPhraseArgs, Global};
use crate::commands::hearing::{self, Watch, recording};
use crate::commands::phrase::strictness;
use crate::commands::profiles;
use crate::console::{Console, Usage};
use crate::inputs::expand;
use crate::interrupt;
use crate::jobs::Jobs;

/// The SHA-256 of each file that a pack was trained on, or the first 16 hexadecimal digits of it, one a line.
const TRAINED_FILE: &str = "trained.txt";

/// Another detector, and the score at which it tells the phrase.
struct Peer<'a> {
    name: &'a str,
    scores: &'a Path,
    limit: f32,
}

pub fn run(args: &EvalPhraseArgs, global: &Global, console: &Console) -> Result<()> {
    let peers = peers(args)?;
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
    let limit = profile.working(strictness(args.strictness).unwrap_or(profile.strictness())).limits.whole;
    let positives = expand(&args.inputs, console);
    let negatives = expand(&args.negative, console);
    let all: Vec<Input> = positives.iter().chain(&negatives).cloned().collect();
    if let Some(path) = &args.output {
        let mut outputs = Outputs::beside(&all);
        peers.iter().for_each(|peer| outputs.protect(peer.scores));
        all.iter().filter_map(|input| label_file(&input.path)).for_each(|path| outputs.protect(&path));
        outputs.claim_file(path)?;
    }
    let count = positives.len();
    let numbered: Vec<(usize, Input)> = all.into_iter().enumerate().collect();
    let jobs = Jobs { pack: &args.pack.pack, pace, jobs: args.jobs, global, console };
    let done = jobs.run_with(first, open, &numbered, |phrases, (index, input)| {
        let others: Vec<PeerScores> =
            peers.iter().map(|peer| scores_of(peer.scores, input)).collect::<Result<_>>()?;
        let recording = recording(input, global);
        let vectors = embed_file(phrases.embedder(), &recording, &mut Watch::new(input, console))?;
        let duration_s = vectors.duration_s();
        let (peaks, score) = peaks(&profile, &vectors);
        let wanted = label(args.phrase.as_str());
        let told = |peer: &Peer<'_>| format!("{}: scores of {}", input.name(), peer.name);
        let mut heard = Vec::new();
        if *index >= count {
            let unsaid = PhraseUnsaid { hours: duration_s / 3_600.0, peaks };
            heard.push(PhraseHeard::Unsaid(unsaid));
            for (peer, scores) in peers.iter().zip(&others) {
                heard.push(scores.unsaid(&wanted, duration_s).with_context(|| told(peer))?);
            }
            return Ok(heard);
        }
        let end_s = end_of(&input.path, &wanted);
        let delay_s = match end_s {
            Some(end_s) if score >= limit => {
                let spoken = spot_file(phrases, &recording, &mut Watch::new(input, console), |_| Ok(()))?;
                let late = spoken.events.iter().filter_map(|event| match event {
                    PhraseEvent::Recognised(found) => Some(found.decided_s - end_s),
                    _ => None,
                });
                late.reduce(|a, b| if b.abs() < a.abs() { b } else { a })
            }
            _ => None,
        };
        let folder = input.path.parent().and_then(Path::file_name).unwrap_or_default();
        let group = folder.to_string_lossy().into_owned();
        heard.push(PhraseHeard::Said(PhraseSaid { group: group.clone(), score, delay_s }));
        for (peer, scores) in peers.iter().zip(&others) {
            let said = scores.said(&wanted, group.clone(), (duration_s, end_s), peer.limit);
            heard.push(said.with_context(|| told(peer))?);
        }
        Ok(heard)
    })?;
    interrupt::check()?;
    // The profile's first, then each peer's. What failed is told and left out for all of them.
    let mut tallies = vec![PhraseTally::default(); 1 + peers.len()];
    for heard in done.into_iter().flatten() {
        tallies.iter_mut().zip(heard).for_each(|(tally, heard)| tally.add(heard));
    }
    let limits = std::iter::once(limit).chain(peers.iter().map(|peer| peer.limit));
    let figures: Option<Vec<PhraseFigures>> =
        tallies.iter().zip(limits).map(|(tally, limit)| tally.figures(limit)).collect();
    let Some(figures) = figures else { bail!("no recording could be scored") };
    let out = &mut std::io::stdout().lock();
    figures[0].write_text(out)?;
    for (peer, figures) in peers.iter().zip(&figures[1..]) {
        writeln!(out, "\n{}", peer.name)?;
        figures.write_text(out)?;
    }
    let Some(path) = &args.output else { return Ok(()) };
    let others: Vec<Value> = peers
        .iter()
        .zip(&figures[1..])
        .map(|(peer, figures)| {
            json!({ "name": peer.name, "figures": figures, "miss_by_false_alarms_per_hour": figures.corners() })
        })
        .collect();
    let json = json!({
        "format": 1,
        "what": "earmark eval phrase",
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>(),
        "pack": { "name": pack.manifest().name, "version": pack.manifest().version, "sha256": pack.manifest().model.sha256 },
        "phrase": args.phrase.as_str(),
        "clips": profile.clips(),
        "figures": figures[0],
        "miss_by_false_alarms_per_hour": figures[0].corners(),
        "peers": others,
    });
    Ok(SafeFile::write_all_to(path, json_pretty(&json)?.as_bytes())?)
}

/// The other detectors, each with its limit.
fn peers(args: &EvalPhraseArgs) -> Result<Vec<Peer<'_>>> {
    for (number, (name, _)) in args.peer.iter().enumerate() {
        if args.peer[..number].iter().any(|(other, _)| other == name) {
            return Err(Usage(format!("--peer {name} is named twice")).into());
        }
    }
    if let Some((name, _)) =
        args.peer_limit.iter().find(|(name, _)| !args.peer.iter().any(|(n, _)| n == name))
    {
        return Err(Usage(format!("--peer-limit {name}: there is no --peer of that name")).into());
    }
    let limit = |name: &str| args.peer_limit.iter().rev().find(|(n, _)| n == name).map_or(THRESHOLD, |l| l.1);
    Ok(args.peer.iter().map(|(name, scores)| Peer { name, scores, limit: limit(name) }).collect())
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
fn end_of(path: &Path, wanted: &Label) -> Option<f64> {
    let timeline = labels_beside(path).ok()?;
    timeline.of(wanted).last().map(|segment| segment.end_s)
}
