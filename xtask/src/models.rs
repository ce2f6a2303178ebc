//! `cargo xtask models`: nothing is shipped that does not fit together.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::Runtime;

use crate::pack_names;

/// Opens each pack from its folder, runs its network at both paces, and holds its metrics and card against its hash.
pub fn verify(root: &Path) -> Result<()> {
    let runtime = Runtime::embedded()?;
    let embedded: Vec<&str> = Pack::embedded_names().collect();
    for name in pack_names(root)? {
        let dir = root.join("models/packs").join(&name);
        let pack = Pack::open(&dir)?;
        ensure!(
            pack.manifest().name == name,
            "{}: the manifest calls it {}",
            dir.display(),
            pack.manifest().name
        );
        ensure!(embedded.contains(&name.as_str()), "{name} is in models/packs but not in the binary");
        let hash = pack.manifest().model.sha256.clone();
        let metrics: serde_json::Value = serde_json::from_str(
            &fs::read_to_string(dir.join(&pack.manifest().metrics)).context("metrics of the pack")?,
        )
        .with_context(|| format!("{}: metrics", dir.display()))?;
        ensure!(
            metrics["model_sha256"] == hash.as_str(),
            "{name}: its metrics were measured on another network"
        );
        ensure!(pack.card().contains(&hash), "{name}: its card is about another network");
        for pace in [DetectorMode::LowLatency, DetectorMode::Throughput] {
            Detector::load_for(pack.manifest().task, &runtime, pack.clone(), pace)?;
        }
        println!("{name}: {} parameters, {hash}", pack.manifest().model.parameters);
    }
    Ok(())
}
