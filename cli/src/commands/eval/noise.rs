//! `earmark eval noise`: how well noise is found and measured, on recordings of known SNR.

use std::io::Write;

use anyhow::{Result, bail};
use earmark_core::batch::Outputs;
use earmark_core::eval::{
    EvalError, MANIFEST, NoiseEntry, NoiseItem, SHORTCUTS, noise_figures, quantile, write_noise_answers,
};
use earmark_core::output::SafeFile;
use earmark_core::report::json_pretty;
use serde_json::json;

use super::check_gains;
use crate::args::{EvalNoiseArgs, Global};
use crate::commands::hearing;
use crate::console::{Console, Usage};
use crate::interrupt;
use crate::jobs::Jobs;

pub fn run(args: &EvalNoiseArgs, global: &Global, console: &Console) -> Result<()> {
    check_gains(&args.gain_db)?;
    let mut entries = Vec::new();
    for folder in &args.inputs {
        entries.extend(NoiseEntry::read_manifest(folder).map_err(|e| match e {
            EvalError::NoManifest { .. } => Usage(e.to_string()).into(),
            e => anyhow::Error::new(e),
        })?);
    }
    let mut outputs = Outputs::beside_paths(entries.iter().map(|entry| entry.path.as_path()));
    args.inputs.iter().for_each(|folder| outputs.protect(&folder.join(MANIFEST)));
    for path in [&args.answers, &args.output].into_iter().flatten() {
        outputs.claim_file(path)?;
    }
    let mode = hearing::mode(false);
    let open = || hearing::open_noise(&args.pack, mode, global, console);
    let first = open()?;
    let pack = first.pack().clone();
    let jobs = Jobs { pack: &args.pack, pace: mode, jobs: args.jobs, global, console };
    let scored =
        jobs.run_with(first, open, &entries, |noise, entry| Ok(entry.score(noise, &args.gain_db)?))?;
    interrupt::check()?;
    let scored: Vec<_> = scored.into_iter().flatten().collect();
    if scored.is_empty() {
        bail!("no recording could be scored");
    }
    let items: Vec<NoiseItem> = scored.iter().map(|s| s.item.clone()).collect();
    let figures = noise_figures(&items, &SHORTCUTS);
    let moved: Vec<f64> = scored.iter().map(|s| s.moved).collect();
    let (largest, p95) = (quantile(&moved, 1.0), quantile(&moved, 0.95));
    let mut out = std::io::stdout().lock();
    figures.write_text(&mut out)?;
    if !args.gain_db.is_empty() {
        writeln!(
            out,
            "\ngains {:?} dB move the probability by at most {largest:.3} (95 % of the recordings: {p95:.3})",
            args.gain_db
        )?;
    }
    if let Some(path) = &args.answers {
        let mut bytes = Vec::new();
        write_noise_answers(&scored, &mut bytes)?;
        SafeFile::write_all_to(path, &bytes)?;
    }
    let Some(path) = &args.output else { return Ok(()) };
    let manifest = pack.manifest();
    let json = json!({
        "format": 1,
        "what": "earmark eval noise",
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>(),
        "data": args.inputs.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
        "pack": {
            "name": manifest.name,
            "version": manifest.version,
            "origin": pack.origin(),
            "sha256": manifest.model.sha256,
            "parameters": manifest.model.parameters,
        },
        "thresholds": manifest.thresholds,
        "figures": figures,
        "gain": { "gains_db": args.gain_db, "largest_change": largest, "p95_change": p95 },
    });
    Ok(SafeFile::write_all_to(path, json_pretty(&json)?.as_bytes())?)
}
