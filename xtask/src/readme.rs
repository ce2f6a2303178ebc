//! `cargo xtask readme`: the figures of `docs/figures.md` and `docs/phrases.md` come from the packs' metrics, never from a keyboard.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::pack_names;

mod peers;
mod phrase_peers;
mod vectors;

/// Where a page's figures begin and end.
const BEGIN: &str = "<!-- figures: begin (cargo xtask readme) -->\n";
const END: &str = "<!-- figures: end -->";

/// Makes the figures of a page.
type Tables = fn(&Path) -> Result<String>;

/// The pages that bear figures.
const PAGES: [(&str, Tables); 2] = [("docs/figures.md", tables), ("docs/phrases.md", phrase_peers::table)];

/// Writes the tables between the two marks of each page, or with `check` refuses a page that lacks them.
pub fn update(root: &Path, check: bool) -> Result<()> {
    PAGES.into_iter().try_for_each(|(page, tables)| update_page(root, page, tables, check))
}

fn update_page(root: &Path, name: &str, tables: Tables, check: bool) -> Result<()> {
    let path = root.join(name);
    let page = fs::read_to_string(&path)?;
    let (before, rest) =
        page.split_once(BEGIN).with_context(|| format!("{name} has no mark where the figures begin"))?;
    let (_, after) =
        rest.split_once(END).with_context(|| format!("{name} has no mark where the figures end"))?;
    let updated = format!("{before}{BEGIN}{}{END}{after}", tables(root)?);
    if check {
        ensure!(updated == page, "{name}: its figures are not those of the packs; run `cargo xtask readme`");
        return Ok(());
    }
    Ok(fs::write(path, updated)?)
}

fn tables(root: &Path) -> Result<String> {
    let mut out = String::new();
    for name in pack_names(root)? {
        let text = fs::read_to_string(root.join("models/packs").join(&name).join("metrics.json"))?;
        let metrics: Value = serde_json::from_str(&text)?;
        if metrics["what"] == "earmark eval noise" {
            noise_table(&name, &metrics, &mut out)?;
        } else if metrics["test"]["outcomes"].is_array() {
            vectors::phrase_table(&name, &metrics, &mut out)?;
        } else if metrics["test"]["pairs"].is_array() {
            vectors::voice_table(&name, &metrics, &mut out)?;
        } else {
            table(&name, &metrics, &mut out)?;
        }
    }
    peers::table(root, &mut out)?;
    Ok(out)
}

/// Presence and error of the ratio, by ratio.
fn noise_table(name: &str, metrics: &Value, out: &mut String) -> Result<()> {
    let figure = |value: &Value| value.as_f64().with_context(|| format!("{name}: a figure is missing"));
    let figures = &metrics["figures"];
    let sha = metrics["model_sha256"].as_str().with_context(|| format!("{name}: no model_sha256"))?;
    writeln!(
        out,
        "\n**{name}**, sha256 `{}…`: {} recordings of speech sources and kinds of noise that training never heard; false \
         alarms on clean ones {:.1} %; SNR from −5 to 25 dB to {:.1} dB in the mean.\n",
        &sha[..12],
        figure(&figures["recordings"])?,
        100.0 * figure(&figures["false_alarms"])?,
        figure(&figures["error"]["mae_db"])?,
    )?;
    writeln!(out, "| SNR | recordings | called noisy | ROC-AUC | error of the SNR |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for row in figures["by_snr"].as_array().into_iter().flatten() {
        writeln!(
            out,
            "| {} dB | {} | {:.1} % | {:.3} | {:.1} dB |",
            figure(&row["snr_db"])?,
            figure(&row["recordings"])?,
            100.0 * figure(&row["found"])?,
            figure(&row["roc_auc"])?,
            figure(&row["error"]["mae_db"])?,
        )?;
    }
    Ok(())
}

fn table(name: &str, metrics: &Value, out: &mut String) -> Result<()> {
    let text =
        |key: &str| metrics[key].as_str().with_context(|| format!("{name}: its metrics have no {key}"));
    writeln!(out, "\n**{name}**, sha256 `{}…`: {}.\n", &text("model_sha256")?[..12], text("data")?)?;
    writeln!(
        out,
        "| label | ROC-AUC | F1 at 0.5 | accuracy | share of frames | accuracy if always / never said |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for label in ["speech", "singing", "music", "noise"] {
        let row = &metrics["mixtures"]["labels"][label];
        // A pack may have no word for singing.
        if label == "singing" && row.is_null() {
            continue;
        }
        let figure =
            |value: &Value| value.as_f64().with_context(|| format!("{name}: a figure of {label} is missing"));
        writeln!(
            out,
            "| {label} | {:.3} | {:.3} | {:.1} % | {:.1} % | {:.1} % / {:.1} % |",
            figure(&row["roc_auc"])?,
            figure(&row["f1"])?,
            100.0 * figure(&row["accuracy"])?,
            100.0 * figure(&row["base_rate"])?,
            100.0 * figure(&row["all_one"]["accuracy"])?,
            100.0 * figure(&row["all_zero"]["accuracy"])?,
        )?;
    }
    Ok(())
}
