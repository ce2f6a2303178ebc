//! `earmark voice who`.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use earmark_core::batch::{Input, Outputs, is_dash};
use earmark_core::decide::TimelineSettings;
use earmark_core::detect::DetectorMode;
use earmark_core::output::{SafeFile, create_folder_of};
use earmark_core::pipeline::who_speaks;
use earmark_core::profile::{ProfileKind, ProfileName};
use earmark_core::report::Format;
use earmark_core::voice::{FollowSettings, Voices};

use super::enrolled;
use crate::args::{Global, WhoArgs};
use crate::commands::hearing::{self, Watch, recording};
use crate::commands::profiles;
use crate::console::{Console, Usage};

pub fn run(args: &WhoArgs, global: &Global, console: &Console) -> Result<()> {
    let format: Format = args.format.parse().map_err(|e| Usage(format!("{e}")))?;
    let stem =
        if is_dash(&args.input) { "stdin".into() } else { args.input.file_stem().unwrap_or_default().into() };
    let input = Input { path: args.input.clone(), stem };
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    let mut outputs = Outputs::beside(std::slice::from_ref(&input));
    output.map_or(Ok(()), |path| outputs.claim(path))?;
    let mode = DetectorMode::Throughput;
    let model = hearing::open_voice(&args.voice_pack.voice_pack, mode, global, console)?;
    let store = profiles::store(&args.store)?;
    let names: Vec<ProfileName> = if args.voice.is_empty() {
        store.list(ProfileKind::Voice)?.into_iter().map(|entry| entry.name).collect()
    } else {
        args.voice.clone()
    };
    if names.is_empty() {
        return Err(
            Usage("no voice is enrolled; `earmark voice enrol NAME CLIP…` learns one".to_owned()).into()
        );
    }
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let voice = |name| Ok(enrolled(&store, name, &model, passphrase.as_ref())?.0);
    let enrolled = names.iter().map(voice).collect::<Result<_>>()?;
    let voices = Voices::new(Arc::new(model), enrolled, FollowSettings::default());
    let detector = hearing::open(&args.pack, mode, global, console)?;
    let settings = TimelineSettings::for_pack(detector.pack().manifest());
    let watch = &mut Watch::new(&input, console);
    let report = who_speaks(&detector, &voices, &recording(&input, global), &settings, watch)?;
    let mut bytes = Vec::new();
    format.write(&report, &mut bytes)?;
    match output {
        Some(path) => {
            create_folder_of(path)?;
            Ok(SafeFile::write_all_to(path, &bytes)?)
        }
        None => std::io::stdout().lock().write_all(&bytes).context("stdout"),
    }
}
