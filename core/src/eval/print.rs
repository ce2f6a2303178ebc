//! The figures as tables for people.

use std::io::Write;

use super::{EvalSetup, Evaluation, Interval, LabelComparison, LabelFigures, Metrics, SystemFigures};
use crate::report::decimals;

/// Hexadecimal digits of a hash that are shown.
const HASH_DIGITS: usize = 12;

/// Ways with more groups are only in the JSON file.
const GROUPS_SHOWN: usize = 16;

impl Evaluation {
    /// Writes tables for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write_all(self, out)
    }
}

fn write_all(e: &Evaluation, out: &mut dyn Write) -> std::io::Result<()> {
    let manifest = e.setup.pack.manifest();
    let hash = manifest.model.sha256.get(..HASH_DIGITS).unwrap_or(&manifest.model.sha256);
    writeln!(
        out,
        "pack {} {}, sha256 {hash}…, {} parameters, look-ahead {} ms, called {}",
        manifest.name,
        manifest.version,
        manifest.model.parameters,
        manifest.lookahead_frames * 10,
        if e.setup.live { "live" } else { "over files" },
    )?;
    writeln!(
        out,
        "{} {}, {:.1} min, frames of 10 ms, collar {} ms, gain {} dB, called above 0.5",
        e.recordings,
        if e.recordings == 1 { "recording" } else { "recordings" },
        e.duration_s / 60.0,
        e.setup.collar_ms,
        e.gain_db()
    )?;
    for figures in &e.labels {
        write_label(&e.setup, figures, out)?;
    }
    out.flush()
}

fn write_label(setup: &EvalSetup, figures: &LabelFigures, out: &mut dyn Write) -> std::io::Result<()> {
    let Some(ours) = figures.systems.first() else { return Ok(()) };
    let base = ours.all.baselines;
    writeln!(out, "\n{}", figures.label.as_str().to_uppercase())?;
    writeln!(
        out,
        "base rate {}; calling every frame: accuracy {}, F1 {}; calling none: accuracy {}, F1 0",
        figure(base.base_rate),
        figure(base.all_one_accuracy),
        figure(base.all_one_f1),
        figure(base.all_zero_accuracy)
    )?;
    let systems = || figures.systems.iter();
    writeln!(out)?;
    table(out, "system", &FRAME_HEADER, systems().map(|s| (s.name.as_str(), frame_cells(&s.all))))?;
    writeln!(out)?;
    table(out, "borders", &BORDER_HEADER, systems().map(|s| (s.name.as_str(), border_cells(&s.all))))?;
    writeln!(out)?;
    let segments = format!("segments ± {} ms", decimals(setup.segment_collar_ms, 0));
    let decided = std::iter::once((setup.pack.manifest().name.as_str(), segment_cells(&figures.segments)));
    table(out, &segments, &SEGMENT_HEADER, decided)?;
    write_calibration(figures, out)?;
    for (way, groups) in &ours.groups {
        if groups.len() <= GROUPS_SHOWN {
            write_groups(way, figures, out)?;
        } else {
            writeln!(out, "\n{way}: {} groups, too many to show here; -o writes them", groups.len())?;
        }
    }
    if !figures.gains.is_empty() {
        writeln!(out)?;
        let rows = figures.gains.iter().map(|(gain, m)| (format!("{gain:+} dB"), frame_cells(m)));
        table(out, "gain", &FRAME_HEADER, rows)?;
    }
    Ok(())
}

const FRAME_HEADER: [&str; 11] =
    ["frames", "base", "AUC", "95 %", "EER", "F1", "95 %", "precision", "recall", "accuracy", "false al."];

fn frame_cells(m: &Metrics) -> Vec<String> {
    let spread = m.intervals.unwrap_or_default();
    vec![
        m.frames.to_string(),
        figure(m.baselines.base_rate),
        figure(m.roc_auc),
        range(spread.roc_auc),
        figure(m.equal_error_rate),
        figure(m.rates.f1),
        range(spread.f1),
        figure(m.rates.precision),
        figure(m.rates.recall),
        figure(m.rates.accuracy),
        figure(m.rates.false_alarm_rate),
    ]
}

const BORDER_HEADER: [&str; 9] =
    ["onsets", "p50 ms", "p90 ms", "early", "missed", "no opening", "silences", "found", "half found"];

fn border_cells(m: &Metrics) -> Vec<String> {
    let ms = |value: Option<f64>| value.map_or("–".to_owned(), |ms| decimals(ms, 0));
    vec![
        m.onsets.count.to_string(),
        ms(m.onsets.p50_ms),
        ms(m.onsets.p90_ms),
        m.onsets.early.to_string(),
        m.onsets.missed.to_string(),
        m.onsets.already_on.to_string(),
        m.silences.count.to_string(),
        figure(m.silences.any_share),
        figure(m.silences.half_share),
    ]
}

/// Of the list that is decided by the scores, as `earmark compare` says it.
const SEGMENT_HEADER: [&str; 8] =
    ["F1", "in both", "missed", "too many", "starts p50 ms", "p90 ms", "ends p50 ms", "p90 ms"];

fn segment_cells(of: &LabelComparison) -> Vec<String> {
    let ms = |value: Option<f64>| value.map_or("–".to_owned(), |ms| decimals(ms, 0));
    vec![
        figure(of.segments.f1),
        of.segments.matched.to_string(),
        of.segments.only_first.to_string(),
        of.segments.only_second.to_string(),
        ms(of.starts.p50_ms),
        ms(of.starts.p90_ms),
        ms(of.ends.p50_ms),
        ms(of.ends.p90_ms),
    ]
}

/// Observed share of true frames by score.
fn write_calibration(figures: &LabelFigures, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out)?;
    let header = ["0–.1", "–.2", "–.3", "–.4", "–.5", "–.6", "–.7", "–.8", "–.9", "–1", "error"];
    let cells = |s: &SystemFigures| -> Vec<String> {
        let curve = &s.all.calibration;
        curve.bins.iter().map(|b| figure(b.observed)).chain([figure(curve.expected_error)]).collect()
    };
    table(out, "true at score", &header, figures.systems.iter().map(|s| (s.name.as_str(), cells(s))))
}

fn write_groups(way: &str, figures: &LabelFigures, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out)?;
    let many = figures.systems.len() > 1;
    let Some(ours) = figures.systems.first() else { return Ok(()) };
    let groups = ours.groups.iter().find(|(name, _)| name == way).map(|(_, groups)| groups.as_slice());
    let mut rows = Vec::new();
    for (group, _) in groups.unwrap_or_default() {
        for system in &figures.systems {
            let found = system.groups.iter().find(|(name, _)| name == way);
            let metrics = found.and_then(|(_, groups)| groups.iter().find(|(name, _)| name == group));
            if let Some((_, metrics)) = metrics {
                let name = if many { format!("{group} · {}", system.name) } else { group.clone() };
                rows.push((name, frame_cells(metrics)));
            }
        }
    }
    table(out, way, &FRAME_HEADER, rows)
}

/// First column to the left, all others to the right, each as wide as it must be.
pub(super) fn table<N: AsRef<str>>(
    out: &mut dyn Write,
    first: &str,
    header: &[&str],
    rows: impl IntoIterator<Item = (N, Vec<String>)>,
) -> std::io::Result<()> {
    let rows: Vec<(N, Vec<String>)> = rows.into_iter().collect();
    let width = |text: &str| text.chars().count();
    let names = rows.iter().map(|(name, _)| width(name.as_ref()));
    let name_width = names.chain([width(first)]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len())
        .map(|c| rows.iter().map(|(_, cells)| width(&cells[c])).chain([width(header[c])]).max().unwrap_or(0))
        .collect();
    let mut line = |name: &str, cells: &[&str]| {
        write!(out, "{name:<name_width$}")?;
        cells.iter().zip(&widths).try_for_each(|(cell, &width)| write!(out, "  {cell:>width$}"))?;
        writeln!(out)
    };
    line(first, header)?;
    for (name, cells) in &rows {
        line(name.as_ref(), &cells.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn figure(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.3}"))
}

fn range(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), |i| format!("{:.3}–{:.3}", i.low, i.high))
}
