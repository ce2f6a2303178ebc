//! `earmark voice who`.

use std::sync::Arc;

use anyhow::{Result, bail};
use earmark_core::batch::{Input, Outputs, is_dash};
use earmark_core::decide::TimelineSettings;
use earmark_core::detect::DetectorMode;
use earmark_core::pipeline::who_speaks;
use earmark_core::profile::{ProfileKind, ProfileName};
use earmark_core::report::Report;
use earmark_core::voice::{EnrolledVoice, FollowSettings, Voices};

use super::enrolled;
use crate::args::{Global, WhoArgs};
use crate::commands::hearing::{self, Watch, recording};
use crate::commands::label_files::{Destination, origin};
use crate::commands::label_format::formats;
use crate::commands::profiles;
use crate::console::{Console, Usage, sentence};

pub fn run(args: &WhoArgs, global: &Global, console: &Console) -> Result<()> {
    let named = args.format.as_slice();
    let formats = formats(named, args.output.as_deref())?;
    let stem =
        if is_dash(&args.input) { "stdin".into() } else { args.input.file_stem().unwrap_or_default().into() };
    let input = Input { path: args.input.clone(), stem };
    let inputs = std::slice::from_ref(&input);
    let destination =
        Destination::plan(args.output.as_deref(), std::slice::from_ref(&args.input), formats, inputs)?;
    let mut outputs = Outputs::beside(inputs);
    args.passphrase.passphrase_file.iter().for_each(|path| outputs.protect(path));
    destination.claim(inputs, &mut outputs)?;
    destination.check_endings(named, console)?;
    let mode = DetectorMode::Throughput;
    let model = hearing::open_voice(&args.voice_pack.voice_pack, mode, global, console)?;
    let store = profiles::store(&args.store)?;
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let voice = |name: &ProfileName| Ok(enrolled(&store, name, &model, passphrase.as_ref())?.0);
    let enrolled: Vec<EnrolledVoice> = if args.voice.is_empty() {
        let all = store.list(ProfileKind::Voice)?;
        if all.is_empty() {
            let remedy = "no voice is enrolled; `earmark voice enrol NAME CLIP…` learns one";
            return Err(Usage(remedy.to_owned()).into());
        }
        // One that was enrolled with another network, or is sealed, is no reason not to know the others.
        let usable = all.iter().filter_map(|entry| {
            let left_out = |error: &anyhow::Error| console.warn(&format!("left out: {}", sentence(error)));
            voice(&entry.name).inspect_err(left_out).ok()
        });
        let usable: Vec<EnrolledVoice> = usable.collect();
        if usable.is_empty() {
            bail!("none of the {} enrolled voices can be used", all.len());
        }
        usable
    } else {
        args.voice.iter().map(voice).collect::<Result<_>>()?
    };
    let voices = Voices::new(Arc::new(model), enrolled, FollowSettings::default());
    let detector = hearing::open(&args.pack, mode, global, console)?;
    let settings = TimelineSettings::for_pack(detector.pack().manifest());
    let watch = &mut Watch::new(&input, console);
    let report = who_speaks(&detector, &voices, &recording(&input, global), &settings, watch)?;
    let origin = origin(detector.pack().manifest());
    let reports: Vec<Report> = destination.take(report, &input, &origin, console)?.into_iter().collect();
    destination.finish(&reports, &origin)
}
