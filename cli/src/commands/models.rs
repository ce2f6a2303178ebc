//! `earmark models`: what the packs are.

use std::io::Write;

use anyhow::{Context, Result};
use earmark_core::model::pack::{Pack, kept_folder};

use crate::args::ModelsArgs;

pub fn run(args: &ModelsArgs) -> Result<()> {
    let names: Vec<String> = if args.packs.is_empty() {
        Pack::embedded_names().map(str::to_owned).collect()
    } else {
        args.packs.clone()
    };
    let mut out = std::io::stdout().lock();
    for (index, name) in names.iter().enumerate() {
        let pack = Pack::find(name)?;
        if args.card {
            writeln!(out, "{}", pack.card())?;
            continue;
        }
        if args.keep {
            let folder = kept_folder().context(
                "there is no folder to keep packs in: neither XDG_DATA_HOME nor a home folder is set",
            )?;
            writeln!(out, "{}", pack.keep(&folder)?.display())?;
            continue;
        }
        if index > 0 {
            writeln!(out)?;
        }
        describe(&pack, &mut out)?;
    }
    Ok(())
}

fn describe(pack: &Pack, out: &mut impl Write) -> std::io::Result<()> {
    let m = pack.manifest();
    let labels: Vec<&str> = m.labels.iter().map(|l| l.as_str()).collect();
    writeln!(out, "{} {}  ({})", m.name, m.version, pack.origin())?;
    match m.vectors {
        Some(vectors) => {
            writeln!(out, "  gives        vectors of {} values for the task {}", vectors.dim, m.task)?
        }
        None => writeln!(out, "  hears        {}", labels.join(", "))?,
    }
    writeln!(out, "  parameters   {}", m.model.parameters)?;
    writeln!(
        out,
        "  look-ahead   {} ms, called every {} ms when live",
        m.lookahead_frames * 10,
        m.hop_frames * 10
    )?;
    for (label, t) in &m.thresholds {
        writeln!(out, "  threshold    {label}: opens at {}, closes at {}", t.open, t.close)?;
    }
    for (label, confirm) in &m.confirm {
        writeln!(out, "  confirm      {label}: in files a stretch has to reach {confirm}")?;
    }
    writeln!(out, "  sha256       {}", m.model.sha256)?;
    writeln!(out, "  licence      {}", m.licence)?;
    let hours: f64 = m.data.iter().map(|d| d.hours).sum();
    writeln!(
        out,
        "  trained on   {hours:.1} h from {} sources; `earmark models --card {}` names them",
        m.data.len(),
        pack.origin()
    )
}
