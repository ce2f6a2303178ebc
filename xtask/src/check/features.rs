//! Every feature of the core by itself: who takes one gets what its line in `core/Cargo.toml` says, without the others.

use std::fs;

use anyhow::{Context, Result, ensure};
use toml::Table;

use super::session::Session;
use crate::tools;

/// What the plugin takes for its live half: features that only mean something together.
const TOGETHER: &str = "embedded-packs,embedded-runtime";
/// Wants CMake and a C compiler that finds it.
const NEEDS_MORE: &str = "libopus";

/// Lints the core without features, with each one, and with those that the plugin takes.
pub fn check(session: &Session) -> Result<()> {
    let manifest = session.root.join("core/Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
    let manifest: Table = text.parse()?;
    let features = manifest["features"].as_table().context("core/Cargo.toml has no features")?;
    ensure!(
        features.contains_key(NEEDS_MORE),
        "core has no feature {NEEDS_MORE} any more: drop it here, too"
    );
    let single = features.keys().map(String::as_str).filter(|name| *name != NEEDS_MORE);
    for features in ["", TOGETHER].into_iter().chain(single) {
        println!("features: {}", if features.is_empty() { "none" } else { features });
        let mut command = session.cargo(&["clippy", "--release", "--locked", "--package=earmark-core"]);
        command.args(["--no-default-features", "--features", features, "--", "--deny=warnings"]);
        tools::run(session.prepare(&mut command))?;
    }
    Ok(())
}
