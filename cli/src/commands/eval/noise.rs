//! `earmark eval noise`: how well noise is found and measured, on recordings of known SNR.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use earmark_core::audio::read_mono;
use earmark_core::detect::DetectorMode;
use earmark_core::eval::{NoiseFigures, NoiseItem, SnrRow, noise_figures};
use earmark_core::features;
use earmark_core::noise::{NoiseEstimate, SnrEstimator};
use earmark_core::output::SafeFile;
use serde_json::json;

use super::print::table;
use crate::args::{EvalNoiseArgs, Global};
use crate::commands::hearing;
use crate::console::{Console, Usage};
use crate::jobs::Jobs;

const MANIFEST: &str = "manifest.csv";
/// What classifiers that know nothing of noise look at.
const SHORTCUTS: [&str; 4] = ["lowest log-mel value", "mean log-mel value", "rms level", "duration"];

/// A row of a manifest.
struct Entry {
    path: PathBuf,
    true_snr_db: Option<f64>,
    groups: BTreeMap<String, String>,
}

/// What was said of it.
struct Scored {
    item: NoiseItem,
    take: NoiseEstimate,
    /// Largest change of the probability by a gain.
    moved: f64,
}

pub fn run(args: &EvalNoiseArgs, global: &Global, console: &Console) -> Result<()> {
    if let Some(gain) = args.gain_db.iter().find(|g| !(-120.0..=60.0).contains(*g)) {
        return Err(Usage(format!("--gain-db {gain} is not within −120 to 60 dB")).into());
    }
    let mut entries = Vec::new();
    for folder in &args.inputs {
        entries.extend(read_manifest(folder)?);
    }
    let first = hearing::open_gauge(&args.pack, DetectorMode::Throughput, global, console)?;
    let pack = first.pack().clone();
    let scored = score_all(first, &entries, args, global, console)?;
    if scored.is_empty() {
        bail!("no recording could be scored");
    }
    let items: Vec<NoiseItem> = scored.iter().map(|s| s.1.item.clone()).collect();
    let figures = noise_figures(&items, &SHORTCUTS);
    let moved: Vec<f64> = scored.iter().map(|s| s.1.moved).collect();
    print(&figures, &args.gain_db, &moved, &mut std::io::stdout().lock())?;
    if let Some(path) = &args.answers {
        write_answers(path, &entries, &scored)?;
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
        "gain": { "gains_db": args.gain_db, "largest_change": quantile(&moved, 1.0), "p95_change": quantile(&moved, 0.95) },
    });
    let mut bytes = serde_json::to_vec_pretty(&json)?;
    bytes.push(b'\n');
    Ok(SafeFile::write_all_to(path, &bytes)?)
}

fn read_manifest(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join(MANIFEST);
    if !path.is_file() {
        return Err(Usage(format!(
            "{}: there is no {MANIFEST} in it; it must list the recordings with the columns file,snr_db (empty: clean)",
            folder.display()
        ))
        .into());
    }
    let mut reader = csv::Reader::from_path(&path).with_context(|| path.display().to_string())?;
    let head = reader.headers().with_context(|| path.display().to_string())?.clone();
    let column = |name: &str| {
        head.iter()
            .position(|h| h == name)
            .ok_or_else(|| anyhow!("{}: it has no column {name:?}", path.display()))
    };
    let (file, snr) = (column("file")?, column("snr_db")?);
    let mut entries = Vec::new();
    for record in reader.records() {
        let record = record.with_context(|| path.display().to_string())?;
        let cell = |index: usize| record.get(index).unwrap_or_default().trim();
        let true_snr_db = match cell(snr) {
            "" => None,
            text => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Some(value),
                _ => bail!("{}: snr_db {text:?} of {} is not a number", path.display(), cell(file)),
            },
        };
        let groups = head.iter().enumerate().filter(|(index, _)| ![file, snr].contains(index));
        let groups = groups.map(|(index, name)| (name.to_owned(), cell(index).to_owned())).collect();
        entries.push(Entry { path: folder.join(cell(file)), true_snr_db, groups });
    }
    Ok(entries)
}

/// Scores all recordings in parallel, in the order of the list. Those that fail are reported and left out.
fn score_all(
    first: SnrEstimator,
    entries: &[Entry],
    args: &EvalNoiseArgs,
    global: &Global,
    console: &Console,
) -> Result<Vec<(usize, Scored)>> {
    let jobs = Jobs { pack: &args.pack, pace: DetectorMode::Throughput, jobs: args.jobs, global, console };
    let another = || hearing::open_gauge(&args.pack, DetectorMode::Throughput, global, console);
    let scored = jobs.run_with(first, another, entries, |gauge, entry| score(gauge, entry, &args.gain_db))?;
    Ok(scored.into_iter().enumerate().filter_map(|(index, one)| Some((index, one?))).collect())
}

fn score(gauge: &SnrEstimator, entry: &Entry, gains_db: &[f64]) -> Result<Scored> {
    let spec = &gauge.pack().manifest().features;
    let samples = read_mono(&entry.path, spec.rate_hz)?;
    if samples.is_empty() {
        bail!("{}: has no samples", entry.path.display());
    }
    let named = || entry.path.display().to_string();
    let take = gauge.hear_samples(&samples, spec.rate_hz).with_context(named)?;
    let mut moved = 0.0_f64;
    for &gain_db in gains_db {
        #[expect(clippy::cast_possible_truncation, reason = "a gain needs no more than f32")]
        let gain = 10.0_f64.powf(gain_db / 20.0) as f32;
        let changed: Vec<f32> = samples.iter().map(|s| s * gain).collect();
        let other = gauge.hear_samples(&changed, spec.rate_hz).with_context(named)?;
        moved = moved.max((other.probability - take.probability).abs());
    }
    let seen = features::compute(spec, &samples)?.values;
    let count = hearing::whole(seen.len() as u64);
    let power: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let shortcuts = vec![
        f64::from(seen.iter().copied().fold(f32::INFINITY, f32::min)),
        seen.iter().map(|&v| f64::from(v)).sum::<f64>() / count,
        10.0 * (power / hearing::whole(samples.len() as u64)).max(1e-20).log10(),
        take.duration_s,
    ];
    let item = NoiseItem {
        true_snr_db: entry.true_snr_db,
        probability: take.probability,
        noisy: take.noisy,
        snr_db: take.snr_db,
        shortcuts,
        groups: entry.groups.clone(),
    };
    Ok(Scored { item, take, moved })
}

fn print(f: &NoiseFigures, gains_db: &[f64], moved: &[f64], out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "{} recordings; base rate {}: answering always \"noisy\" is right that often\n\
         accuracy {}  balanced {}  false alarms on clean {}  ROC-AUC {}\n\
         SNR between −5 and 25 dB: mean absolute error {} dB, bias {} dB\n",
        f.recordings,
        share(f.base_rate),
        share(f.accuracy),
        share(f.balanced_accuracy),
        share(f.false_alarms),
        number(f.roc_auc, 3),
        number(f.error.mae_db, 2),
        number(f.error.bias_db, 2)
    )?;
    let cells = |r: &SnrRow| {
        vec![
            r.recordings.to_string(),
            share(r.found),
            number(r.roc_auc, 3),
            number(r.mean_probability, 2),
            number(r.error.mae_db, 2),
            number(r.error.bias_db, 2),
        ]
    };
    let header = ["recordings", "called noisy", "AUC", "mean p", "MAE dB", "bias dB"];
    table(out, "SNR dB", &header, f.by_snr.iter().map(|r| (format!("{:.0}", r.snr_db), cells(r))))?;
    for (way, groups) in &f.groups {
        writeln!(out)?;
        let header = ["clean", "false alarms", "noisy", "found", "AUC 20 dB", "AUC 30 dB"];
        let auc = |rows: &[SnrRow], at: f64| {
            number(rows.iter().find(|r| (r.snr_db - at).abs() < 0.1).and_then(|r| r.roc_auc), 3)
        };
        let rows = groups.iter().map(|g| {
            let name = if g.name.is_empty() { "–".to_owned() } else { g.name.clone() };
            let cells = vec![
                g.clean.to_string(),
                share(g.false_alarms),
                g.noisy.to_string(),
                share(g.found),
                auc(&g.by_snr, 20.0),
                auc(&g.by_snr, 30.0),
            ];
            (name, cells)
        });
        table(out, way, &header, rows)?;
    }
    writeln!(out)?;
    let rows = f.shortcuts.iter().map(|s| (s.name.as_str(), vec![share(s.balanced_accuracy)]));
    table(out, "shortcut", &["balanced accuracy, best threshold"], rows)?;
    if !gains_db.is_empty() {
        writeln!(
            out,
            "\ngains {gains_db:?} dB move the probability by at most {:.3} (95 % of the recordings: {:.3})",
            quantile(moved, 1.0),
            quantile(moved, 0.95)
        )?;
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank below the number of values"
)]
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * hearing::whole(sorted.len() as u64)).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |v| format!("{:.1} %", 100.0 * v))
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.digits$}"))
}

fn write_answers(path: &Path, entries: &[Entry], scored: &[(usize, Scored)]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["file", "true_snr_db", "noisy", "probability", "snr_db", "floor_dbfs", "kind"])?;
    for (index, one) in scored {
        let t = &one.take;
        let optional = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.2}"));
        writer.write_record([
            entries[*index].path.display().to_string(),
            optional(one.item.true_snr_db),
            t.noisy.to_string(),
            format!("{:.4}", t.probability),
            optional(t.snr_db),
            format!("{:.2}", t.floor_dbfs),
            t.kind.as_ref().map_or(String::new(), ToString::to_string),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|e| anyhow!("{e}"))?;
    Ok(SafeFile::write_all_to(path, &bytes)?)
}
