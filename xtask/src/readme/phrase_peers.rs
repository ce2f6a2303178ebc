//! Earmark's phrases beside other detectors of phrases, on the same recordings.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const FILE: &str = "models/peers-phrase.json";
/// Conditions, as the recordings' folders are called, and what the table calls them.
const CONDITIONS: [(&str, &str); 3] = [("clean", "quiet"), ("10 dB", "10 dB"), ("0 dB", "0 dB")];
/// False alarms per hour at which misses are shown, as the file writes them.
const RATES: [&str; 2] = ["0.5", "2"];

/// The table of the file, whose pack must be the one that is shipped.
pub(super) fn table(root: &Path) -> Result<String> {
    let path = root.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let found: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let metrics: Value =
        serde_json::from_str(&fs::read_to_string(root.join("models/packs/phrase/metrics.json"))?)?;
    ensure!(
        metrics["model_sha256"] == found["pack"]["sha256"],
        "{FILE} was measured with another pack; tests/peers/README.md has the steps"
    );
    rows(&found)
}

fn rows(found: &Value) -> Result<String> {
    let figure = |value: &Value| value.as_f64().with_context(|| format!("{FILE}: a figure is missing"));
    let text = |value: &Value| {
        value.as_str().map(str::to_owned).with_context(|| format!("{FILE}: a name is missing"))
    };
    // What too little speech was heard for is no figure.
    let percent =
        |value: &Value| value.as_f64().map_or("–".to_owned(), |miss| format!("{:.0} %", 100.0 * miss));
    let mut out = String::from("\n| phrase (clips enrolled, said) | detector |");
    for rate in RATES {
        for (_, condition) in CONDITIONS {
            write!(out, " missed at {rate}/h, {condition} |")?;
        }
    }
    out.push_str(" at its own limit: missed, all | false alarms an hour (95 %) | delay p50 / p95 |\n");
    writeln!(out, "|---|---|{}", "---|".repeat(RATES.len() * CONDITIONS.len() + 3))?;
    for phrase in found["phrases"].as_array().into_iter().flatten() {
        let name = text(&phrase["phrase"])?.replace('-', " ");
        for system in phrase["systems"].as_array().into_iter().flatten() {
            let groups = &system["groups"];
            let said = figure(&groups[CONDITIONS[0].0]["sayings"])?;
            write!(out, "| {name} ({}, {said}) | {} |", figure(&phrase["clips"])?, text(&system["name"])?)?;
            for rate in RATES {
                for (condition, _) in CONDITIONS {
                    write!(out, " {} |", percent(&groups[condition]["miss_at"][rate]))?;
                }
            }
            let alarms = &system["false_alarms_per_hour"];
            write!(
                out,
                " {} | {:.1} ({:.1} to {:.1}) |",
                percent(&groups["all"]["miss_at_limit"]),
                figure(&alarms[0])?,
                figure(&alarms[1])?,
                figure(&alarms[2])?,
            )?;
            match groups["all"]["delay_s"].as_array() {
                Some(delay) => {
                    let ms = |place: usize| figure(&delay[place]).map(|s| 1_000.0 * s);
                    writeln!(out, " {:.0} / {:.0} ms |", ms(0)?, ms(1)?)?;
                }
                None => writeln!(out, " – |")?,
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_misses_by_rate_and_noise_and_what_is_missing_is_refused() {
        let group = |miss: f64| {
            json!({ "sayings": 40, "miss_at_limit": miss, "miss_at": { "0.5": miss, "2": null },
                                        "delay_s": [0.25, 0.4] })
        };
        let mut found = json!({ "phrases": [{ "phrase": "smart-mirror", "clips": 8, "systems": [{
            "name": "other",
            "false_alarms_per_hour": [0.5, 0.1, 1.25],
            "groups": { "all": group(0.1), "clean": group(0.0), "10 dB": group(0.05), "0 dB": group(0.25) },
        }] }] });
        let table = rows(&found).unwrap();
        let row = "| smart mirror (8, 40) | other | 0 % | 5 % | 25 % | – | – | – | 10 % | 0.5 (0.1 to 1.2) | 250 / 400 ms |";
        assert!(table.contains(row), "{table}");
        found["phrases"][0]["systems"][0]["name"] = Value::Null;
        assert!(rows(&found).is_err());
    }
}
