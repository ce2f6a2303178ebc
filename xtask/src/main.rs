//! Chores of the workspace: `cargo xtask --help`.

mod bundle;
mod check;
mod dist;
mod licences;
mod models;
mod readme;
mod tools;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use sha2::{Digest, Sha256};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, then run all that a change must pass
    Check(check::Options),
    /// Check every pack in models/packs: hash, manifest, card, metrics, and that its network runs
    Models,
    /// Build the plugin and lay out its bundles (CLAP, VST3, on Linux LADSPA and LV2) in target/bundled, or target/TRIPLE/bundled
    Bundle(bundle::Options),
    /// Make the bundles and copy them to where hosts look for your plugins
    Install(bundle::Options),
    /// Archives of the command and of the plugin with checksums, in target/archives
    Dist(dist::Options),
    /// Write the licences of all that the command and the plugin contain
    Licences(licences::Options),
    /// Write the figures of the packs' metrics into the README
    Readme {
        /// Only say whether the README is up to date; exit code 1 if it is not
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = workspace();
    match command {
        Command::Check(options) => check::run(&root, &options),
        Command::Models => models::verify(&root, &tools::build_program(&root)?),
        Command::Bundle(options) => bundle::bundle(&root, &options).map(drop),
        Command::Install(options) => bundle::install(&root, &options),
        Command::Dist(options) => dist::run(&root, &options),
        Command::Licences(options) => licences::run(&root, &options),
        Command::Readme { check } => readme::update(&root, check),
    }
}

/// The workspace's root: the folder above this crate's.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The names of the packs in the repository, sorted.
fn pack_names(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("models/packs"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// SHA-256 in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
