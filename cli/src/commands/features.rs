//! `earmark features`: what a network sees.

use std::path::Path;

use anyhow::{Context, Result};
use earmark_core::audio::read_mono;
use earmark_core::batch::Outputs;
use earmark_core::features::{self, FeatureSpec, preset_names};
use earmark_core::output::SafeFile;
use earmark_core::report::npy;

use crate::args::FeaturesArgs;
use crate::console::{Console, Usage};

pub fn run(args: &FeaturesArgs, console: &Console) -> Result<()> {
    Outputs::beside_paths([args.input.as_path(), Path::new(&args.spec)]).claim_file(&args.output)?;
    let spec = spec(&args.spec)?;
    let samples = read_mono(&args.input, spec.rate_hz)?;
    let computed = features::compute(&spec, &samples)?;
    let mut bytes = Vec::new();
    npy::write(&mut bytes, computed.frames, computed.bands, &computed.values)?;
    SafeFile::write_all_to(&args.output, &bytes)?;
    console.detail(&format!(
        "{}: {} frames of {} values",
        args.output.display(),
        computed.frames,
        computed.bands
    ));
    Ok(())
}

fn spec(name_or_file: &str) -> Result<FeatureSpec> {
    if preset_names().any(|known| known == name_or_file) {
        return Ok(FeatureSpec::preset(name_or_file)?);
    }
    let path = Path::new(name_or_file);
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("json")) {
        let known: Vec<&str> = preset_names().collect();
        let message = format!(
            "{name_or_file:?} is not a feature preset; known are {}, or name a FILE.json",
            known.join(", ")
        );
        return Err(Usage(message).into());
    }
    let json = std::fs::read_to_string(path).with_context(|| format!("{name_or_file}: cannot be read"))?;
    FeatureSpec::from_json(&json).with_context(|| format!("{name_or_file}: not a feature spec"))
}
