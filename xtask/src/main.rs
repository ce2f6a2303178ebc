//! Chores of the workspace: `cargo xtask --help`.

mod bundle;
mod models;
mod readme;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every pack in models/packs: hash, manifest, card, metrics, and that its network runs
    Models,
    /// Build the plugin and lay out its CLAP and VST3 bundles in target/bundled
    Bundle(bundle::Options),
    /// Make the bundles and copy them to where hosts look for your plugins
    Install(bundle::Options),
    /// Write the figures of the packs' metrics into the README
    Readme {
        /// Only say whether the README is up to date; exit code 1 if it is not
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Models => models::verify(&workspace()),
        Command::Bundle(options) => bundle::bundle(&workspace(), &options).map(drop),
        Command::Install(options) => bundle::install(&workspace(), &options),
        Command::Readme { check } => readme::update(&workspace(), check),
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
