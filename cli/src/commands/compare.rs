//! `earmark compare`: two lists of labels against each other.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result};
use earmark_core::Label;
use earmark_core::batch::Outputs;
use earmark_core::eval::{BorderErrors, ComparedLists, Comparison, compare, read_lists};
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::report::plot::{self, DifferenceInput};
use earmark_core::report::{Report, decimals, json_pretty};

use super::picture;
use crate::args::CompareArgs;
use crate::console::Usage;

pub fn run(args: &CompareArgs) -> Result<()> {
    if !(args.collar_ms >= 0.0 && args.collar_ms.is_finite()) {
        return Err(Usage(format!("--collar-ms {} is not a length of time", args.collar_ms)).into());
    }
    let mut outputs = Outputs::beside_paths([args.first.as_path(), args.second.as_path()]);
    if let Some(path) = &args.plot {
        picture::check_picture(path)?;
        outputs.claim_file(path)?;
    }
    args.output.as_deref().map_or(Ok(()), |path| outputs.claim_file(path))?;
    let (first, second) = (read_lists(&args.first, args.fps)?, read_lists(&args.second, args.fps)?);
    let pairs = paired(args, &first, &second)?;
    if pairs.len() > 1 && args.plot.is_some() {
        return Err(Usage("--plot draws one recording; these lists hold several".to_owned()).into());
    }
    let labels = labels(args, &pairs)?;
    let compared = compare(&pairs, &labels, args.collar_ms);
    std::io::stdout().lock().write_all(text(&compared, args.worst).as_bytes()).context("stdout")?;
    if let Some(path) = &args.output {
        create_folder_of(path)?;
        SafeFile::write_all_to(path, json_pretty(&compared)?.as_bytes())?;
    }
    if let (Some(path), [pair]) = (&args.plot, &pairs[..]) {
        picture::write_picture(path, &drawn(args, pair, &compared, &labels))?;
    }
    Ok(())
}

/// Lists of the same recording. Where each file is about one recording, it is the same, whatever it is called.
fn paired<'a>(
    args: &CompareArgs,
    first: &'a [Report],
    second: &'a [Report],
) -> Result<Vec<ComparedLists<'a>>> {
    let lists = |a: &'a Report, b: &'a Report| ComparedLists {
        file: if a.file.is_empty() { &b.file } else { &a.file },
        first: &a.timeline,
        second: &b.timeline,
    };
    if let ([a], [b]) = (first, second) {
        return Ok(vec![lists(a, b)]);
    }
    let lists_of = [(&args.first, first), (&args.second, second)];
    for ((path, list), (other_path, other)) in [(lists_of[0], lists_of[1]), (lists_of[1], lists_of[0])] {
        let is_nameless = |of: &Report| of.file.is_empty();
        if list.iter().any(is_nameless) && !other.iter().any(is_nameless) {
            return Err(Usage(format!(
                "{} names no recording, and {} has {}; compare it with a list of the same recording alone",
                path.display(),
                other_path.display(),
                other.len()
            ))
            .into());
        }
    }
    let missing = |of: &Report, others: &[Report]| others.iter().all(|other| other.file != of.file);
    let alone = first.iter().find(|a| missing(a, second)).or(second.iter().find(|b| missing(b, first)));
    if let Some(alone) = alone {
        return Err(Usage(format!(
            "{:?} is in one of the lists only; compare lists of the same recordings",
            alone.file
        ))
        .into());
    }
    let pair = |a: &'a Report| second.iter().find(|b| b.file == a.file).map(|b| lists(a, b));
    let pairs: Vec<_> = first.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return Err(Usage("there is nothing in these lists to compare".to_owned()).into());
    }
    Ok(pairs)
}

/// The labels that are asked for, or all that there are.
fn labels(args: &CompareArgs, pairs: &[ComparedLists<'_>]) -> Result<Vec<Label>> {
    let mut found: Vec<Label> = Vec::new();
    let lists = pairs.iter().flat_map(|pair| [pair.first, pair.second]);
    for label in lists.flat_map(|list| &list.segments).map(|segment| &segment.label) {
        if !found.contains(label) {
            found.push(label.clone());
        }
    }
    found.sort();
    let wanted: Vec<Label> = args.label.iter().map(|name| Label::new(name.as_str())).collect();
    for label in &wanted {
        label.check_known(&found).map_err(|_| {
            let known: Vec<&str> = found.iter().map(Label::as_str).collect();
            Usage(format!("--label {label}: neither list has it; they have {}", known.join(", ")))
        })?;
    }
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let heard = |label: &Label| ![Label::SILENCE, Label::UNKNOWN].contains(label);
    if found.iter().any(heard) {
        found.retain(heard);
    }
    Ok(found)
}

fn text(compared: &Comparison, worst: usize) -> String {
    let width = compared.labels.iter().map(|of| of.label.as_str().chars().count()).max().unwrap_or(0).max(5);
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| decimals(value, 3));
    let ms = |value: Option<f64>| value.map_or("–".to_owned(), |value| decimals(value, 0));
    let mut out = format!(
        "collar {} ms, recordings {}\n\n{:<width$}  {:>8} {:>9} {:>8}   {:>8} {:>7} {:>7} {:>7}\n",
        decimals(compared.collar_ms, 0),
        compared.recordings,
        "",
        "frame F1",
        "precision",
        "recall",
        "segm. F1",
        "both",
        "first",
        "second",
    );
    for of in &compared.labels {
        let (rates, segments) = (&of.rates, &of.segments);
        let _ = writeln!(
            out,
            "{:<width$}  {:>8} {:>9} {:>8}   {:>8} {:>7} {:>7} {:>7}",
            of.label.as_str(),
            share(rates.f1),
            share(rates.precision),
            share(rates.recall),
            share(segments.f1),
            segments.matched,
            segments.only_first,
            segments.only_second,
        );
    }
    let _ = writeln!(
        out,
        "\n{:<width$}  {:<7}{:>7} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "borders, ms", "", "count", "median", "p50 |err|", "p90 |err|", "max |err|", "≤ 50 ms", "≤ 200 ms"
    );
    for of in &compared.labels {
        for (name, borders) in [("starts", &of.starts), ("ends", &of.ends)] {
            let BorderErrors { count, median_ms, p50_ms, p90_ms, max_ms, .. } = borders;
            let _ = writeln!(
                out,
                "{:<width$}  {name:<7}{count:>7} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
                of.label.as_str(),
                ms(*median_ms),
                ms(*p50_ms),
                ms(*p90_ms),
                ms(*max_ms),
                share(borders.within(50.0)),
                share(borders.within(200.0)),
            );
        }
    }
    let listed = compared.disagreements.iter().take(worst);
    if worst > 0 && !compared.disagreements.is_empty() {
        let _ = writeln!(out, "\nlongest of {} disagreements", compared.disagreements.len());
    }
    for d in listed {
        let whose = if d.in_first { "only first" } else { "only second" };
        let name = if compared.recordings > 1 { format!("  {}", d.file) } else { String::new() };
        let _ = writeln!(
            out,
            "{:>12} {:>12}  {:>9} s  {:<width$}  {whose}{name}",
            decimals(d.start_s, 3),
            decimals(d.end_s, 3),
            decimals(d.duration_s(), 3),
            d.label.as_str(),
        );
    }
    out
}

fn drawn(args: &CompareArgs, pair: &ComparedLists<'_>, compared: &Comparison, labels: &[Label]) -> String {
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (first, second) = (name(&args.first), name(&args.second));
    let title = format!("{first} and {second}");
    let differences: Vec<_> = compared.disagreements.iter().map(|d| (&d.label, d.start_s, d.end_s)).collect();
    plot::difference(&DifferenceInput {
        title: &title,
        names: [&first, &second],
        lists: [pair.first, pair.second],
        differences: &differences,
        labels,
    })
}
