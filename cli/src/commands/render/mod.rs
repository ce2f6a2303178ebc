//! `earmark render`: the gate on files.
//!
//! `plan` turns flags into a preset and says where each output goes; `one` renders one recording in two passes: it is heard
//! to its end first, then decoded again through the gate, so that memory stays flat; `adaptive` lets the gate follow the
//! noise floor.

mod adaptive;
mod one;
mod plan;

use std::path::PathBuf;

use anyhow::Result;
use earmark_core::detect::DetectorMode;
use earmark_core::model::pack;
use earmark_core::output::SafeFile;

use self::one::Outcome;
use self::plan::Plan;
use super::hearing;
use super::picture::make_parent;
use crate::args::{Global, RenderArgs};
use crate::console::Console;
use crate::inputs::expand;
use crate::jobs::Jobs;

pub fn run(args: &RenderArgs, global: &Global, console: &Console) -> Result<()> {
    let pace = if args.live { DetectorMode::LowLatency } else { DetectorMode::Throughput };
    let default_pack = if args.live { pack::LIVE } else { pack::STUDIO };
    let pack = args.pack.as_deref().unwrap_or(default_pack);
    let inputs = expand(&args.inputs, console);
    let jobs = Jobs { pack, pace, jobs: args.jobs, global, console };
    let first = jobs.detector()?;
    let plan = Plan::new(args, &inputs, first.pack())?;
    let gauge = || args.adaptive.then(|| hearing::open_gauge(pack::NOISE, pace, global, console)).transpose();
    let outcomes = jobs.run_with(
        (first, gauge()?),
        || Ok((jobs.detector()?, gauge()?)),
        &inputs,
        |(detector, gauge), input| one::render(args, &plan, (detector, gauge.as_ref()), input, console),
    )?;
    write_summaries(args.summary.as_ref(), outcomes.iter().flatten().flatten())
}

fn write_summaries<'a>(path: Option<&PathBuf>, outcomes: impl Iterator<Item = &'a Outcome>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut lines = String::new();
    for outcome in outcomes {
        lines.push_str(&serde_json::to_string(outcome)?);
        lines.push('\n');
    }
    if path.as_os_str() == "-" {
        use std::io::Write;
        return Ok(std::io::stdout().write_all(lines.as_bytes())?);
    }
    make_parent(path)?;
    Ok(SafeFile::write_all_to(path, lines.as_bytes())?)
}
