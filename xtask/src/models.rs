//! `cargo xtask models`: nothing is shipped that does not fit together.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{pack_names, sha256, tools};

/// What is read here of `pack.json`; the program reads the rest.
#[derive(Debug, Deserialize)]
struct Manifest {
    name: String,
    #[serde(default = "activity")]
    task: String,
    model: Model,
    metrics: String,
    card: String,
}

#[derive(Debug, Deserialize)]
struct Model {
    file: String,
    sha256: String,
    parameters: u64,
}

/// The task of a pack that names none.
fn activity() -> String {
    "activity".to_owned()
}

/// Holds each pack's network, metrics and card against its hash, and has `program` run the network from its folder.
pub fn verify(root: &Path, program: &Path) -> Result<()> {
    let embedded = tools::output(Command::new(program).arg("models"))?;
    let recording = root.join("examples/programme.flac");
    for name in pack_names(root)? {
        let dir = root.join("models/packs").join(&name);
        let read = |file: &str| {
            fs::read(dir.join(file)).with_context(|| format!("{}: cannot be read", dir.join(file).display()))
        };
        let manifest: Manifest = serde_json::from_slice(&read("pack.json")?)
            .with_context(|| format!("{}: its pack.json", dir.display()))?;
        let Model { file, sha256: hash, parameters } = &manifest.model;
        ensure!(manifest.name == name, "{}: the manifest calls it {}", dir.display(), manifest.name);
        ensure!(sha256(&read(file)?) == *hash, "{name}: {file} is not the network that pack.json names");
        ensure!(embedded.contains(hash.as_str()), "{name} is in models/packs but not in the program");
        let metrics: serde_json::Value = serde_json::from_slice(&read(&manifest.metrics)?)
            .with_context(|| format!("{}: metrics", dir.display()))?;
        ensure!(
            metrics["model_sha256"] == hash.as_str(),
            "{name}: its metrics were measured on another network"
        );
        let card = String::from_utf8(read(&manifest.card)?).context("a card is text")?;
        ensure!(card.contains(hash.as_str()), "{name}: its card is about another network");
        // Many frames a call, as on files, and few, as live.
        let modes: &[(&[&str], &str)] = match manifest.task.as_str() {
            "activity" => &[(&["frames"], "--pack"), (&["frames", "--live"], "--pack")],
            "noise" => &[(&["noise", "--format", "json"], "--pack")],
            // Runs only on clips that were enrolled: the program's tests do that.
            "phrase" => &[],
            "voice" => &[(&["voice", "embed"], "--voice-pack")],
            other => anyhow::bail!("{name}: nothing here runs a pack for the task {other:?}"),
        };
        for (mode, flag) in modes {
            let mut command = Command::new(program);
            command.args(*mode).arg(flag).arg(&dir).arg(&recording);
            let result = tools::output(&mut command)?;
            ensure!(!result.trim().is_empty(), "{name}: `{}` says nothing", tools::text(&command));
        }
        println!("{name}: {parameters} parameters, {hash}");
    }
    Ok(())
}
