//! What steps need, and getting it.

use std::collections::HashMap;
use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::packages::{self, Group};
use super::python::Venv;
use super::steps::Step;
use crate::tools;

/// Something that must be there before a step can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// Packages of the system.
    Packages(Group),
    /// A Python environment.
    Python(Venv),
    /// A component of the Rust toolchain.
    Rust(&'static str),
    /// A nightly Rust toolchain.
    Nightly,
    /// A program that `cargo install` brings, by its package's name.
    Program(&'static str),
    /// A variable that names something which nobody can install from here.
    Variable(&'static str),
}

/// The needs that could not be met, with the reason.
#[derive(Debug, Default)]
pub struct Unmet(HashMap<Need, String>);

impl Unmet {
    /// Why this step cannot be run, if it cannot.
    pub fn of(&self, step: &Step) -> Option<&str> {
        step.needs.iter().find_map(|need| self.0.get(need)).map(String::as_str)
    }
}

/// Gets whatever is missing of what these steps need.
pub fn meet(root: &Path, steps: &[&Step]) -> Unmet {
    let mut needs: Vec<Need> = Vec::new();
    for need in steps.iter().flat_map(|step| step.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    let mut unmet = Unmet::default();
    // All packages in one call; one group that cannot be had takes the others with it only in that call.
    let mut groups: Vec<Group> = needs
        .iter()
        .filter_map(|need| if let Need::Packages(group) = need { Some(*group) } else { None })
        .collect();
    if needs.iter().any(|need| matches!(need, Need::Python(_))) {
        groups.push(Group::Python);
    }
    if let Err(error) = packages::install(&groups) {
        eprintln!("{error:#}");
    }
    for need in needs {
        if let Err(error) = meet_one(root, need) {
            unmet.0.insert(need, format!("{error:#}"));
        }
    }
    unmet
}

fn meet_one(root: &Path, need: Need) -> Result<()> {
    match need {
        Need::Packages(group) => packages::install(&[group]),
        Need::Python(venv) => venv.make(root),
        Need::Rust(component) => {
            let subcommand = if component == "rustfmt" { "fmt" } else { component };
            if tools::succeeds("cargo", &[subcommand, "--version"]) {
                return Ok(());
            }
            tools::run(Command::new("rustup").args(["component", "add", component]))
        }
        Need::Nightly => {
            if tools::succeeds("rustup", &["run", "nightly", "rustc", "--version"]) {
                return Ok(());
            }
            tools::run(Command::new("rustup").args(["toolchain", "install", "nightly", "--profile=minimal"]))
        }
        Need::Program(name) => {
            if tools::succeeds(name, &["--version"]) {
                return Ok(());
            }
            tools::run(tools::cargo(root).args(["install", "--locked", name]))
        }
        Need::Variable(name) => match env::var_os(name) {
            Some(path) if Path::new(&path).is_file() => Ok(()),
            Some(path) => bail!("{name} names {}, which is no file", path.display()),
            None => bail!("{name} names no program"),
        },
    }
}
