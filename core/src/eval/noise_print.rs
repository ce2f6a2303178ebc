//! The figures of a noise pack as tables for people.

use std::io::{self, Write};

use super::print::table;
use super::{NoiseFigures, SnrRow};
use crate::report::decimals;

impl NoiseFigures {
    /// Writes tables for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        write_figures(self, out)
    }
}

fn write_figures(f: &NoiseFigures, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} recordings; base rate {}: answering always \"noisy\" is right that often\n\
         accuracy {}  balanced {}  false alarms on clean {}  ROC-AUC {}\n\
         SNR between −5 and 25 dB: mean absolute error {} dB, bias {} dB\n",
        f.recordings,
        percent(f.base_rate),
        percent(f.accuracy),
        percent(f.balanced_accuracy),
        percent(f.false_alarms),
        number(f.roc_auc, 3),
        number(f.error.mae_db, 2),
        number(f.error.bias_db, 2)
    )?;
    let cells = |r: &SnrRow| {
        vec![
            r.recordings.to_string(),
            percent(r.found),
            number(r.roc_auc, 3),
            number(r.mean_probability, 2),
            number(r.error.mae_db, 2),
            number(r.error.bias_db, 2),
        ]
    };
    let header = ["recordings", "called noisy", "AUC", "mean p", "MAE dB", "bias dB"];
    table(out, "SNR dB", &header, f.by_snr.iter().map(|r| (decimals(r.snr_db, 0), cells(r))))?;
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
                percent(g.false_alarms),
                g.noisy.to_string(),
                percent(g.found),
                auc(&g.by_snr, 20.0),
                auc(&g.by_snr, 30.0),
            ];
            (name, cells)
        });
        table(out, way, &header, rows)?;
    }
    writeln!(out)?;
    let rows = f.shortcuts.iter().map(|s| (s.name.as_str(), vec![percent(s.balanced_accuracy)]));
    table(out, "shortcut", &["balanced accuracy, best threshold"], rows)?;
    Ok(())
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |v| format!("{:.1} %", 100.0 * v))
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.digits$}"))
}
