//! `earmark render`: the gate on files.
//!
//! `plan` turns flags into a preset and says where each output goes; `one` renders one recording in two passes: it is heard
//! to its end first, then decoded again through the gate, so that memory stays flat; `adaptive` lets the gate follow the
//! noise floor.

mod adaptive;
mod one;
mod plan;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use earmark_core::listen::{Ear, Pace};
use earmark_core::noise::Gauge;
use earmark_core::output::SafeFile;
use earmark_core::pack;
use earmark_core::timeline::TimelineSettings;

use self::one::Outcome;
use self::plan::Plan;
use super::hearing;
use super::picture::make_parent;
use crate::args::{Global, RenderArgs};
use crate::console::Console;
use crate::inputs::{Input, expand};

/// What all jobs share.
struct Work<'a> {
    inputs: &'a [Input],
    next: AtomicUsize,
    args: &'a RenderArgs,
    plan: Plan,
    timeline: TimelineSettings,
    console: &'a Console,
    outcomes: Mutex<Vec<Option<Outcome>>>,
}

pub fn run(args: &RenderArgs, global: &Global, console: &Console) -> Result<()> {
    let pace = if args.live { Pace::Live } else { Pace::Files };
    let default_pack = if args.live { pack::LIVE } else { pack::STUDIO };
    let pack = args.pack.as_deref().unwrap_or(default_pack);
    let inputs = expand(&args.inputs, console);
    let first = hearing::open_for(pack, pace, global, console)?;
    let plan = Plan::new(args, &inputs, &first.pack().manifest().labels)?;
    let timeline = hearing::timeline_settings(&args.timeline, first.pack())?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(processors).clamp(1, inputs.len().max(1));
    let gauge = || args.adaptive.then(|| hearing::open_gauge(pack::NOISE, pace, global, console)).transpose();
    let mut ears = vec![(first, gauge()?)];
    for _ in 1..jobs {
        ears.push((hearing::open_for(pack, pace, global, console)?, gauge()?));
    }
    let outcomes = Mutex::new(inputs.iter().map(|_| None).collect());
    let work = Work { inputs: &inputs, next: AtomicUsize::new(0), args, plan, timeline, console, outcomes };
    std::thread::scope(|scope| {
        for (ear, gauge) in ears {
            let work = &work;
            scope.spawn(move || work_through(work, &ear, gauge.as_ref()));
        }
    });
    crate::interrupt::check()?;
    let outcomes = work.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    write_summaries(args.summary.as_ref(), outcomes.iter().flatten())
}

fn work_through(work: &Work<'_>, ear: &Ear, gauge: Option<&Gauge>) {
    loop {
        let index = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(input) = work.inputs.get(index) else { return };
        if crate::interrupt::requested() {
            return;
        }
        match one::render(work.args, &work.plan, &work.timeline, (ear, gauge), input, work.console) {
            Ok(outcome) => work.outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = outcome,
            Err(error) => work.console.error(&error),
        }
    }
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
