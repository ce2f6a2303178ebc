//! Figures of the packs that give vectors: phrases and voices.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// Misses of the phrases that were measured once, by enrolled clips and noise.
pub(super) fn phrase_table(name: &str, metrics: &Value, out: &mut String) -> Result<()> {
    let test = &metrics["test"];
    let figure = |value: &Value| value.as_f64().with_context(|| format!("{name}: a figure is missing"));
    let sha = metrics["model_sha256"].as_str().with_context(|| format!("{name}: no model_sha256"))?;
    writeln!(
        out,
        "\n**{name}**, sha256 `{}…`: phrases that training never had, at the threshold that {} false alarms in {:.1} hours of \
         dialogue, commands, other languages and music exceed.\n",
        &sha[..12],
        figure(&test["alarms_allowed"])?,
        figure(&test["hours_of_negatives"])?,
    )?;
    writeln!(out, "| phrase | syllables | enrolled clips | missed, quiet | missed, 10 dB | missed, 0 dB |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for row in test["outcomes"].as_array().into_iter().flatten() {
        let phrase = row["phrase"].as_str().with_context(|| format!("{name}: a phrase has no name"))?;
        write!(out, "| {phrase} | {} | {} |", figure(&row["syllables"])?, figure(&row["clips"])?)?;
        for noise in ["clean", "10 dB", "0 dB"] {
            let [missed, tried] = [0, 1].map(|place| figure(&row["misses"][noise][place]));
            write!(out, " {:.0} % |", 100.0 * missed? / tried?)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Equal error rates of the pairs that were measured once, beside a public encoder's.
pub(super) fn voice_table(name: &str, metrics: &Value, out: &mut String) -> Result<()> {
    let test = &metrics["test"];
    let sha = metrics["model_sha256"].as_str().with_context(|| format!("{name}: no model_sha256"))?;
    let figure = |value: &Value| value.as_f64().with_context(|| format!("{name}: a figure is missing"));
    writeln!(
        out,
        "\n**{name}**, sha256 `{}…`: pairs of stretches of {} speakers that training never heard.\n",
        &sha[..12],
        figure(&test["speakers"])?,
    )?;
    writeln!(out, "| pairs | noise | same / other | EER | EER of Resemblyzer |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for row in test["pairs"].as_array().into_iter().flatten() {
        let text = |key: &str| row[key].as_str().with_context(|| format!("{name}: a row has no {key}"));
        writeln!(
            out,
            "| {} | {} | {} / {} | {:.1} % | {:.1} % |",
            text("kind")?,
            text("noise")?,
            figure(&row["same"])?,
            figure(&row["other"])?,
            100.0 * figure(&row["eer"])?,
            100.0 * figure(&row["peer"])?,
        )?;
    }
    Ok(())
}
