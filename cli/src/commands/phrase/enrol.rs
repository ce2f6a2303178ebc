//! `earmark phrase enrol`.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use earmark_core::batch::Input;
use earmark_core::detect::DetectorMode;
use earmark_core::model::pack;
use earmark_core::phrase::{Clip, Ears, Negatives, PhraseProfile, Strictness, Working, enrol};
use earmark_core::pipeline::{MAX_CLIP_S, embed_file, read_clip};
use earmark_core::profile::ModelId;

use super::{hearing, strictness};
use crate::args::{Global, PhraseEnrolArgs};
use crate::commands::hearing::Watch;
use crate::commands::profiles;
use crate::console::Console;

pub fn run(args: &PhraseEnrolArgs, global: &Global, console: &Console) -> Result<()> {
    let mode = DetectorMode::Throughput;
    let embedder = hearing::open_phrases(&args.pack.pack, mode, global, console)?;
    // Tells where in a clip speech is.
    let detector = hearing::open(pack::LIVE, mode, global, console)?;
    let store = profiles::store(&args.pack.store)?;
    let input = |path: &Path| Input { path: path.to_owned(), stem: path.into() };
    let mut clips: Vec<Clip> = Vec::new();
    for path in &args.clips {
        let input = input(path);
        clips.push(read_clip(&hearing::recording(&input, global), &mut Watch::new(&input, console))?);
    }
    let mut background = Negatives::of_pack(&embedder)?;
    let mut others = Vec::new();
    for path in &args.negative {
        let input = input(path);
        let recording = hearing::recording(&input, global);
        let vectors = embed_file(&embedder, &recording, &mut Watch::new(&input, console))?;
        background.add(vectors.clone());
        if vectors.duration_s() <= MAX_CLIP_S {
            others.push((input.name(), vectors));
        }
    }
    let ears = Ears { embedder: &embedder, detector: &detector };
    let wanted = strictness(args.strictness).unwrap_or_default();
    let enrolled = enrol(ears, &clips, &background, &others, wanted)?;
    for (name, advice) in &enrolled.advice {
        console.warn(&format!("{name}: {advice}"));
    }
    for name in &enrolled.mistaken {
        console.warn(&format!(
            "{name}: sounds so much like the phrase that it would be taken for it; choose a longer or rarer phrase"
        ));
    }
    let model = ModelId::of(embedder.pack());
    let path = store.save(&args.name, &model, &enrolled.profile, None, profiles::existing(args.replace))?;
    print(&args.name.to_string(), &enrolled.profile, &path)
}

/// What was enrolled, and what to expect of it.
fn print(name: &str, profile: &PhraseProfile, path: &Path) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{name}: {} clips, {}", profile.clips(), path.display())?;
    writeln!(out, "{:<10} {:>7} {:>16} {:>14}", "", "limit", "false alarms/h", "expected miss")?;
    for strictness in Strictness::ALL {
        let Working { limits, expected_miss, missed_clips } = profile.working(strictness);
        let chosen = if strictness == profile.strictness() { " *" } else { "" };
        writeln!(
            out,
            "{:<10} {:>7.3} {:>16} {:>12.0} % ({missed_clips} of {} clips){chosen}",
            strictness.name(),
            limits.whole,
            strictness.false_alarms_per_hour(),
            100.0 * expected_miss,
            profile.clips(),
        )?;
    }
    if profile.negative_hours() <= 0.0 {
        bail!("{name}: no other speech to find a limit on");
    }
    writeln!(
        out,
        "limits are extrapolated from {:.2} h of other speech; a miss is judged by leaving each clip out in turn",
        profile.negative_hours()
    )?;
    Ok(())
}
