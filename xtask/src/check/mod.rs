//! `cargo xtask check`: installs what is missing where it can, then runs all that a change must pass.
//!
//! What is run stands in [`steps`]; a failing step does not keep the others from being run. A step that cannot be run is a
//! failure as well, unless `EARMARK_ALLOW_SKIP` is set; the tests keep the same rule about themselves.

mod deep;
mod features;
mod needs;
mod packages;
mod python;
mod session;
mod space;
mod steps;
mod wheel;

use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use session::Session;
use steps::{Kind, STEPS, Step};

/// What is checked.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Also what is long or large: PyTorch, an hour of audio, sanitizer, fuzz targets, validators, a bare machine
    #[arg(long)]
    deep: bool,
    /// Only this step; may be repeated
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Only list the steps
    #[arg(long)]
    list: bool,
    /// Minutes that each fuzz target is run
    #[arg(long, value_name = "N", default_value_t = 5)]
    fuzz_minutes: u32,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Passed,
    Failed(String),
    Missing(String),
}

/// Runs the check; an error if anything failed.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        for step in chosen {
            println!("{:<36}{}", step.name, if step.kind == Kind::Deep { "deep" } else { "" });
        }
        return Ok(());
    }
    if options.only.is_empty() {
        space::suffices(root)?;
    }
    let skips_allowed = env::var_os("EARMARK_ALLOW_SKIP").is_some();
    let began = Instant::now();
    let unmet = needs::meet(root, &chosen);
    let session = Session::new(root, options);
    let mut rows = vec![("set-up", began.elapsed(), End::Passed)];
    for step in chosen {
        println!("\n── {} ──", step.name);
        let began = Instant::now();
        let end = match unmet.of(step) {
            Some(reason) => End::Missing(reason.to_owned()),
            None => match session.run(step) {
                Ok(()) => End::Passed,
                Err(error) => End::Failed(format!("{error:#}")),
            },
        };
        if let End::Failed(reason) | End::Missing(reason) = &end {
            eprintln!("{}: {reason}", step.name);
        }
        rows.push((step.name, began.elapsed(), end));
    }
    print!("\n{}", table(&rows));
    let failed = failures(&rows, skips_allowed);
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join("; ")) }
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    for name in &options.only {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step {name:?}; `cargo xtask check --deep --list` names them");
        }
    }
    let is_chosen = |step: &&Step| {
        if options.only.is_empty() {
            options.deep || step.kind == Kind::Quick
        } else {
            options.only.iter().any(|name| name == step.name)
        }
    };
    Ok(STEPS.iter().filter(is_chosen).collect())
}

type Row = (&'static str, Duration, End);

/// Minutes per step and how it ended.
fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<36}{:>7}\n", "step", "min");
    let line = |name: &str, took: Duration, end: &str| {
        format!("{name:<36}{:>7.1}  {end}\n", took.as_secs_f64() / 60.0)
    };
    for (name, took, end) in rows {
        let end = match end {
            End::Passed => "passed",
            End::Failed(_) => "FAILED",
            End::Missing(_) => "not run",
        };
        text += &line(name, *took, end);
    }
    text += &line("all", rows.iter().map(|(_, took, _)| *took).sum(), "");
    for (name, _, end) in rows {
        if let End::Missing(reason) = end {
            text += &format!("{name} was not run: {reason}\n");
        }
    }
    text
}

/// The names of the steps for which the check fails.
fn failures(rows: &[Row], skips_allowed: bool) -> Vec<&'static str> {
    let fails = |end: &End| match end {
        End::Passed => false,
        End::Failed(_) => true,
        End::Missing(_) => !skips_allowed,
    };
    rows.iter().filter(|(_, _, end)| fails(end)).map(|(name, _, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let minute = Duration::from_secs(60);
        vec![
            ("good", minute, End::Passed),
            ("bad", minute * 2, End::Failed("it broke".into())),
            ("absent", Duration::ZERO, End::Missing("no such program".into())),
        ]
    }

    #[test]
    fn what_was_not_run_fails_unless_that_is_allowed() {
        assert_eq!(failures(&rows(), false), ["bad", "absent"]);
        assert_eq!(failures(&rows(), true), ["bad"]);
    }

    #[test]
    fn the_table_has_minutes_and_reasons() {
        let text = table(&rows());
        for line in ["good", "bad", "all"].into_iter().zip(["1.0  passed", "2.0  FAILED", "3.0  "]) {
            let row = text.lines().find(|row| row.starts_with(line.0)).unwrap();
            assert!(row.ends_with(line.1), "{text}");
        }
        assert!(text.contains("absent was not run: no such program"), "{text}");
    }

    #[test]
    fn deep_adds_and_only_selects() {
        let options = |deep, only: &[&str]| Options {
            deep,
            only: only.iter().map(|&name| name.into()).collect(),
            list: false,
            fuzz_minutes: 1,
        };
        let names =
            |options| -> Vec<&str> { choose(&options).unwrap().iter().map(|step| step.name).collect() };
        let quick = names(options(false, &[]));
        assert!(quick.contains(&"lints") && !quick.contains(&"fuzz"));
        assert_eq!(names(options(true, &[])).len(), STEPS.len());
        assert_eq!(names(options(false, &["fuzz"])), ["fuzz"]);
        assert!(choose(&options(false, &["nothing"])).is_err());
    }
}
