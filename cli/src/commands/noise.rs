//! `earmark noise`: which recordings are noisy, how much, of what kind; worst first.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use earmark_core::Label;
use earmark_core::audio::Source;
use earmark_core::detect::DetectorMode;
use earmark_core::noise::{HIGHEST_SNR_DB, LOWEST_SNR_DB, NoiseEstimate, NoiseSecond, SnrEstimator};
use earmark_core::output::SafeFile;
use earmark_core::report::plot;
use serde_json::{Value, json};

use super::hearing;
use super::picture;
use crate::args::{Global, NoiseArgs, NoiseFormat};
use crate::console::Console;
use crate::inputs::{Input, expand};
use crate::jobs::Jobs;

/// A recording and its verdict.
struct Found {
    file: String,
    take: NoiseEstimate,
}

pub fn run(args: &NoiseArgs, global: &Global, console: &Console) -> Result<()> {
    if let Some(path) = &args.plot {
        picture::check_picture(path)?;
    }
    let first = hearing::open_gauge(&args.pack, DetectorMode::Throughput, global, console)?;
    let inputs = expand(&args.inputs, console);
    let mut found = gauge_all(first, &inputs, args, global, console)?;
    if found.is_empty() {
        return Ok(());
    }
    found.sort_by(worst_first);
    let mut bytes = Vec::new();
    match args.format {
        NoiseFormat::Text => write_text(&found, args.timeline, &mut bytes)?,
        NoiseFormat::Csv => write_csv(&found, args.timeline, &mut bytes)?,
        NoiseFormat::Json => write_json(&found, args.timeline, &mut bytes)?,
    }
    match args.output.as_deref().filter(|p| p.as_os_str() != "-") {
        Some(path) => {
            picture::make_parent(path)?;
            SafeFile::write_all_to(path, &bytes)?;
        }
        None => std::io::stdout().lock().write_all(&bytes).context("stdout")?,
    }
    if let Some(path) = &args.plot {
        draw(path, &found)?;
    }
    Ok(())
}

/// Gauges all inputs in parallel; those that fail are reported and left out.
fn gauge_all(
    first: SnrEstimator,
    inputs: &[Input],
    args: &NoiseArgs,
    global: &Global,
    console: &Console,
) -> Result<Vec<Found>> {
    let jobs = Jobs { pack: &args.pack, pace: DetectorMode::Throughput, jobs: args.jobs, global, console };
    let another = || hearing::open_gauge(&args.pack, DetectorMode::Throughput, global, console);
    let found = jobs.run_with(first, another, inputs, |gauge, input| {
        Ok(Found { file: input.name(), take: gauge_one(gauge, input, args, console)? })
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn gauge_one(
    gauge: &SnrEstimator,
    input: &Input,
    args: &NoiseArgs,
    console: &Console,
) -> Result<NoiseEstimate> {
    let mut source = if input.is_stdin() { Source::from_stdin()? } else { Source::open(&input.path)? };
    let heard = hearing::hear(gauge.detector(), &mut source, &input.name(), console, |_| {})?;
    if heard.samples == 0 {
        bail!("{}: has no samples, so nothing can be said of its noise", input.name());
    }
    Ok(match args.threshold {
        Some(open) => gauge.assess_at(&heard, open),
        None => gauge.assess(&heard),
    })
}

/// Noisy before clean, low ratios before high ones; without speech there is nothing but noise, or nothing at all.
fn worst_first(a: &Found, b: &Found) -> std::cmp::Ordering {
    let ratio =
        |f: &Found| f.take.snr_db.unwrap_or(if f.take.noisy { f64::NEG_INFINITY } else { f64::INFINITY });
    b.take
        .noisy
        .cmp(&a.take.noisy)
        .then(ratio(a).total_cmp(&ratio(b)))
        .then(b.take.probability.total_cmp(&a.take.probability))
        .then_with(|| a.file.cmp(&b.file))
}

const HEADER: [&str; 6] = ["", "noisy", "p", "SNR dB", "floor dBFS", "kind"];

fn write_text(found: &[Found], timeline: bool, out: &mut impl Write) -> std::io::Result<()> {
    let width = found.iter().map(|f| f.file.chars().count()).max().unwrap_or(0).max(4);
    row(out, width, &HEADER.map(str::to_owned))?;
    let cells = |name, noisy, probability, snr_db, floor_dbfs, kind: Option<&Label>| {
        let kind = kind.map_or("–".to_owned(), |k| spoken(k.as_str()));
        [name, verdict(noisy), decimals(probability, 2), ratio(snr_db), decimals(floor_dbfs, 1), kind]
    };
    for one in found {
        let t = &one.take;
        let whole = cells(one.file.clone(), t.noisy, t.probability, t.snr_db, t.floor_dbfs, t.kind.as_ref());
        row(out, width, &whole)?;
        for w in t.windows.iter().filter(|_| timeline) {
            let time = format!("  {:.1} – {:.1} s", w.start_s, w.end_s);
            let part = cells(time, w.noisy, w.probability, w.snr_db, w.floor_dbfs, w.kind.as_ref());
            row(out, width, &part)?;
        }
    }
    Ok(())
}

fn row(out: &mut impl Write, width: usize, cells: &[String; 6]) -> std::io::Result<()> {
    let [file, noisy, p, snr, floor, kind] = cells;
    writeln!(out, "{file:<width$}  {noisy:<5}  {p:>4}  {snr:>6}  {floor:>10}  {kind}")
}

fn verdict(noisy: bool) -> String {
    if noisy { "noisy" } else { "clean" }.to_owned()
}

fn decimals(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// Ends of the scale are told as such.
fn ratio(snr_db: Option<f64>) -> String {
    match snr_db {
        None => "–".to_owned(),
        Some(v) if v >= HIGHEST_SNR_DB => format!("> {HIGHEST_SNR_DB:.0}"),
        Some(v) if v <= LOWEST_SNR_DB => format!("< {LOWEST_SNR_DB:.0}"),
        Some(v) => format!("{v:.1}"),
    }
}

/// `music_bed` is the name for machines.
fn spoken(kind: &str) -> String {
    kind.replace('_', " ")
}

fn write_csv(found: &[Found], timeline: bool, out: &mut Vec<u8>) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let columns = ["noisy", "probability", "snr_db", "floor_dbfs", "kind"];
    let head: &[&str] = if timeline { &["file", "start", "end"] } else { &["file", "duration"] };
    writer.write_record(head.iter().chain(&columns))?;
    for one in found {
        let t = &one.take;
        if !timeline {
            let values = cells(t.noisy, t.probability, t.snr_db, t.floor_dbfs, t.kind.as_ref());
            writer.write_record([one.file.clone(), decimals(t.duration_s, 3)].iter().chain(&values))?;
            continue;
        }
        for NoiseSecond { start_s, end_s, noisy, probability, snr_db, floor_dbfs, kind } in &t.windows {
            let values = cells(*noisy, *probability, *snr_db, *floor_dbfs, kind.as_ref());
            let place = [one.file.clone(), decimals(*start_s, 3), decimals(*end_s, 3)];
            writer.write_record(place.iter().chain(&values))?;
        }
    }
    writer.flush()?;
    Ok(())
}

fn cells(
    noisy: bool,
    probability: f64,
    snr_db: Option<f64>,
    floor_dbfs: f64,
    kind: Option<&earmark_core::Label>,
) -> [String; 5] {
    [
        noisy.to_string(),
        decimals(probability, 4),
        snr_db.map_or(String::new(), |v| decimals(v, 2)),
        decimals(floor_dbfs, 2),
        kind.map_or(String::new(), ToString::to_string),
    ]
}

fn write_json(found: &[Found], timeline: bool, out: &mut Vec<u8>) -> Result<()> {
    let rows: Vec<Value> = found
        .iter()
        .map(|one| {
            let mut row = json!({ "file": one.file });
            if let (Value::Object(row), Value::Object(take)) = (&mut row, serde_json::to_value(&one.take)?) {
                row.extend(take);
                if timeline {
                    row.insert("windows".to_owned(), serde_json::to_value(&one.take.windows)?);
                }
            }
            Ok(row)
        })
        .collect::<Result<_>>()?;
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    out.push(b'\n');
    Ok(())
}

fn draw(path: &Path, found: &[Found]) -> Result<()> {
    let takes: Vec<&NoiseEstimate> = found.iter().map(|f| &f.take).collect();
    let title = match found {
        [one] => one.file.clone(),
        many => format!("{} recordings", many.len()),
    };
    picture::write_picture(path, &plot::noise_histogram(&title, &takes))
}
