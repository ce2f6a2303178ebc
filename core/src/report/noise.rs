//! Lists of verdicts on noise: which recordings are noisy, how much, of what kind; worst first.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::ReportError;
use super::numbers::{decimals, json_pretty};
use crate::Label;
use crate::noise::{HIGHEST_SNR_DB, LOWEST_SNR_DB, NoiseEstimate, NoiseSecond};

/// A recording and the verdict on its noise.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseRow {
    /// The recording's name as it shall be written.
    pub file: String,
    /// The verdict.
    pub estimate: NoiseEstimate,
}

/// Forms of a list of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoiseFormat {
    /// A table for people.
    Text,
    /// `file,duration,noisy,probability,snr_db,floor_dbfs,kind`, or one row per second with `start,end` in place of
    /// `duration`.
    Csv,
    /// One array with an object for each recording.
    Json,
}

impl NoiseFormat {
    /// The form that the ending of a file's name asks for: `.txt`, `.csv` or `.json`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_ascii_lowercase().to_str()? {
            "txt" => Some(Self::Text),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Writes the list; with `timeline` every second of each recording too.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(self, rows: &[NoiseRow], timeline: bool, out: &mut dyn Write) -> Result<(), ReportError> {
        match self {
            Self::Text => write_text(rows, timeline, out)?,
            Self::Csv => write_csv(rows, timeline, out).map_err(io::Error::other)?,
            Self::Json => write_json(rows, timeline, out).map_err(io::Error::from)?,
        }
        Ok(())
    }
}

/// Sorts a list: noisy before clean, low ratios before high ones; without speech there is nothing but noise, or nothing
/// at all.
pub fn sort_worst_first(rows: &mut [NoiseRow]) {
    rows.sort_by(worst_first);
}

fn worst_first(a: &NoiseRow, b: &NoiseRow) -> std::cmp::Ordering {
    let ratio = |f: &NoiseRow| {
        f.estimate.snr_db.unwrap_or(if f.estimate.noisy { f64::NEG_INFINITY } else { f64::INFINITY })
    };
    b.estimate
        .noisy
        .cmp(&a.estimate.noisy)
        .then(ratio(a).total_cmp(&ratio(b)))
        .then(b.estimate.probability.total_cmp(&a.estimate.probability))
        .then_with(|| a.file.cmp(&b.file))
}

const HEADER: [&str; 6] = ["", "noisy", "p", "SNR dB", "floor dBFS", "kind"];

fn write_text(found: &[NoiseRow], timeline: bool, out: &mut dyn Write) -> io::Result<()> {
    let width = found.iter().map(|f| f.file.chars().count()).max().unwrap_or(0).max(4);
    row(out, width, &HEADER.map(str::to_owned))?;
    let cells = |name, noisy, probability, snr_db, floor_dbfs, kind: Option<&Label>| {
        let kind = kind.map_or("–".to_owned(), |k| spoken(k.as_str()));
        [name, verdict(noisy), decimals(probability, 2), ratio(snr_db), decimals(floor_dbfs, 1), kind]
    };
    for one in found {
        let t = &one.estimate;
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

fn row(out: &mut dyn Write, width: usize, cells: &[String; 6]) -> io::Result<()> {
    let [file, noisy, p, snr, floor, kind] = cells;
    writeln!(out, "{file:<width$}  {noisy:<5}  {p:>4}  {snr:>6}  {floor:>10}  {kind}")
}

fn verdict(noisy: bool) -> String {
    if noisy { "noisy" } else { "clean" }.to_owned()
}

/// Ends of the scale are told as such.
fn ratio(snr_db: Option<f64>) -> String {
    match snr_db {
        None => "–".to_owned(),
        Some(v) if v >= HIGHEST_SNR_DB => format!("> {HIGHEST_SNR_DB:.0}"),
        Some(v) if v <= LOWEST_SNR_DB => format!("< {LOWEST_SNR_DB:.0}"),
        Some(v) => decimals(v, 1),
    }
}

/// `music_bed` is the name for machines.
fn spoken(kind: &str) -> String {
    kind.replace('_', " ")
}

fn write_csv(found: &[NoiseRow], timeline: bool, out: &mut dyn Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    let columns = ["noisy", "probability", "snr_db", "floor_dbfs", "kind"];
    let head: &[&str] = if timeline { &["file", "start", "end"] } else { &["file", "duration"] };
    writer.write_record(head.iter().chain(&columns))?;
    for one in found {
        let t = &one.estimate;
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
    kind: Option<&Label>,
) -> [String; 5] {
    [
        noisy.to_string(),
        decimals(probability, 4),
        snr_db.map_or(String::new(), |v| decimals(v, 2)),
        decimals(floor_dbfs, 2),
        kind.map_or(String::new(), ToString::to_string),
    ]
}

fn write_json(found: &[NoiseRow], timeline: bool, out: &mut dyn Write) -> Result<(), serde_json::Error> {
    let rows: Vec<Value> = found
        .iter()
        .map(|one| {
            let mut row = json!({ "file": one.file });
            if let (Value::Object(row), Value::Object(take)) =
                (&mut row, serde_json::to_value(&one.estimate)?)
            {
                row.extend(take);
                if timeline {
                    row.insert("windows".to_owned(), serde_json::to_value(&one.estimate.windows)?);
                }
            }
            Ok(row)
        })
        .collect::<Result<_, serde_json::Error>>()?;
    out.write_all(json_pretty(&rows)?.as_bytes()).map_err(serde_json::Error::io)
}
