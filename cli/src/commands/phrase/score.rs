//! `earmark phrase score`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use earmark_core::phrase::challenge::{Truth, parse_labels, score};

use crate::args::PhraseScoreArgs;

pub fn run(args: &PhraseScoreArgs) -> Result<()> {
    let named = |path: &Path| path.display().to_string();
    let text = |path: &Path| std::fs::read_to_string(path).with_context(|| named(path));
    let truth = Truth::parse(&text(&args.truth)?).with_context(|| named(&args.truth))?;
    let labels = parse_labels(&text(&args.labels)?).with_context(|| named(&args.labels))?;
    let found = score(&truth, &labels).with_context(|| named(&args.labels))?;
    let mut out = std::io::stdout().lock();
    match &found.score {
        Ok(score) => writeln!(out, "{score:?}")?,
        Err(reason) => writeln!(out, "invalid\n# {reason}")?,
    }
    let kept = found.command_samples.saturating_sub(found.missed_samples);
    let others = found.samples - found.command_samples;
    writeln!(out, "# positive class: command (kept off the air)")?;
    writeln!(out, "# samples {}, of which commands {}", found.samples, found.command_samples)?;
    writeln!(
        out,
        "# commands not broadcast in time to be counted: {kept} ({})",
        percent(kept, found.command_samples)
    )?;
    writeln!(
        out,
        "# others kept off the air: {} ({})",
        found.lost_samples,
        percent(found.lost_samples, others)
    )?;
    writeln!(out, "# labelled 20 ms late or later: {}", found.late_samples)?;
    writeln!(out, "# latest label: {} ms", milliseconds(found.worst_delay_ns))?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2} %", 100.0 * part as f64 / whole as f64) }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn milliseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}
