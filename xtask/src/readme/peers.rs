//! Earmark beside other detectors, on the same frames.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Groups of recordings in which somebody speaks, and what the table calls them.
const SPOKEN: [(&str, &str); 3] =
    [("speech", "alone"), ("speech-over-music", "over music"), ("speech-over-noise", "over noise")];
/// Groups in which nobody does.
const UNSPOKEN: [(&str, &str); 4] = [
    ("singing", "songs"),
    ("instrumental", "instrumental music"),
    ("music-other", "other music"),
    ("noise", "noise"),
];

/// The table of `models/peers.json`, whose packs must be those that are shipped.
pub(super) fn table(root: &Path, out: &mut String) -> Result<()> {
    let path = root.join("models/peers.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let found: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let figure = |value: &Value| value.as_f64().context("models/peers.json: a figure is missing");
    for pack in found["packs"].as_array().into_iter().flatten() {
        let name = pack["name"].as_str().context("models/peers.json: a pack has no name")?;
        let metrics = fs::read_to_string(root.join("models/packs").join(name).join("metrics.json"))?;
        let metrics: Value = serde_json::from_str(&metrics)?;
        ensure!(
            metrics["model_sha256"] == pack["sha256"],
            "models/peers.json was measured with another {name}; tests/peers/README.md has the steps"
        );
    }
    writeln!(
        out,
        "\n**Beside other detectors**: {} recordings of the valid side, {:.0} min, {:.0} % of the frames speech by word times. Earmark's \
         candidates were compared on that side, others may have trained on what is in it. Nothing is smoothed, no lag is corrected.\n",
        figure(&found["recordings"])?,
        figure(&found["duration_s"])? / 60.0,
        100.0 * figure(&found["baselines"]["base_rate"])?,
    )?;
    let columns = |groups: &[(&str, &str)], before: &str| -> String {
        groups.iter().map(|(_, name)| format!(" {before}{name} |")).collect()
    };
    writeln!(
        out,
        "| detector | ROC-AUC (95 %) | F1 at 0.5 | onsets p50 / p90 | silences found |{}{}",
        columns(&SPOKEN, "ROC-AUC "),
        columns(&UNSPOKEN, "called speech in "),
    )?;
    writeln!(out, "|---|---|---|---|---|{}", "---|".repeat(SPOKEN.len() + UNSPOKEN.len()))?;
    for system in found["systems"].as_array().into_iter().flatten() {
        let name = system["name"].as_str().context("models/peers.json: a detector has no name")?;
        write!(
            out,
            "| {name} | {:.3} ({:.3} to {:.3}) | {:.3} | {:.0} / {:.0} ms | {:.0} % |",
            figure(&system["roc_auc"])?,
            figure(&system["interval"][0])?,
            figure(&system["interval"][1])?,
            figure(&system["f1"])?,
            figure(&system["onset_p50_ms"])?,
            figure(&system["onset_p90_ms"])?,
            100.0 * figure(&system["silences_found"])?,
        )?;
        for (group, _) in SPOKEN {
            write!(out, " {:.3} |", figure(&system["groups"][group]["roc_auc"])?)?;
        }
        for (group, _) in UNSPOKEN {
            write!(out, " {:.1} % |", 100.0 * figure(&system["groups"][group]["called_speech"])?)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
