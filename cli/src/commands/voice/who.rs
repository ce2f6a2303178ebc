//! `earmark voice who`.

use std::sync::Arc;

use anyhow::Result;
use earmark_core::batch::{Input, Outputs, is_dash};
use earmark_core::decide::TimelineSettings;
use earmark_core::detect::DetectorMode;
use earmark_core::pipeline::who_speaks;
use earmark_core::profile::{ProfileKind, ProfileName};
use earmark_core::report::Report;
use earmark_core::voice::{FollowSettings, Voices};

use super::enrolled;
use crate::args::{Global, WhoArgs};
use crate::commands::hearing::{self, Watch, recording};
use crate::commands::label_files::{Destination, origin};
use crate::commands::label_format::formats;
use crate::commands::profiles;
use crate::console::{Console, Usage};

pub fn run(args: &WhoArgs, global: &Global, console: &Console) -> Result<()> {
    let named = args.format.as_slice();
    let formats = formats(named, args.output.as_deref())?;
    let stem =
        if is_dash(&args.input) { "stdin".into() } else { args.input.file_stem().unwrap_or_default().into() };
    let input = Input { path: args.input.clone(), stem };
    let inputs = std::slice::from_ref(&input);
    let destination =
        Destination::plan(args.output.as_deref(), std::slice::from_ref(&args.input), formats, inputs)?;
    destination.claim(inputs, &mut Outputs::beside(inputs))?;
    destination.check_endings(named, console)?;
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
    let origin = origin(detector.pack().manifest());
    let reports: Vec<Report> = destination.take(report, &input, &origin, console)?.into_iter().collect();
    destination.finish(&reports, &origin)
}
