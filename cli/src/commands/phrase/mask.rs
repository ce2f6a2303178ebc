//! `earmark phrase mask`.

use anyhow::Result;
use earmark_core::batch::{Input, Outputs, is_dash};
use earmark_core::pipeline::{AudioTarget, Cover, MaskSettings, mask_file};
use earmark_core::render::Container;

use super::{hearing, wanted};
use crate::args::{Global, MaskWith, PhraseMaskArgs};
use crate::commands::hearing::Watch;
use crate::console::{Console, Usage};

pub fn run(args: &PhraseMaskArgs, global: &Global, console: &Console) -> Result<()> {
    let input = Input { path: args.input.clone(), stem: args.input.clone() };
    let mut outputs = Outputs::beside(std::slice::from_ref(&input));
    let target = if is_dash(&args.output) {
        outputs.claim(&args.output)?;
        AudioTarget::stdout()
    } else {
        outputs.claim_file(&args.output)?;
        if Container::of_path(&args.output).is_none() {
            let what = "its ending names no format that is written here; name a FILE.wav or FILE.flac";
            return Err(Usage(format!("{}: {what}", args.output.display())).into());
        }
        AudioTarget::File(&args.output)
    };
    // A network that cannot be loaded ends it here, before there is an output.
    let phrases = wanted(&args.wanted, hearing::mode(args.live), global, console)?;
    let settings = MaskSettings {
        cover: match args.with {
            MaskWith::Silence => Cover::Silence,
            MaskWith::Beep => Cover::Beep,
            MaskWith::Duck => Cover::Duck,
        },
        pad_ms: args.pad_ms,
        live: args.live,
        lookahead_ms: args.lookahead_ms,
    };
    let watch = &mut Watch::new(&input, console);
    let masked = mask_file(&phrases, &hearing::recording(&input, global), &settings, target, watch)?;
    for (start_s, end_s) in &masked.covered_s {
        console.detail(&format!("covered from {start_s:.2} s to {end_s:.2} s"));
    }
    let said = masked.spoken.detections.len();
    // Not `sum`, which begins at −0.
    let covered_s = masked.covered_s.iter().fold(0.0, |sum, (start_s, end_s)| sum + (end_s - start_s));
    console.done(&format!("{}: {said} phrase(s) said, {covered_s:.2} s covered", input.name()));
    if args.live {
        console.done(&format!(
            "live: the sound is delayed by {} ms; a beginning is known {} ms after the sound that tells it, which covers \
             it {}",
            args.lookahead_ms,
            phrases.delay_frames() * 10,
            if args.lookahead_ms == 0 { "late: its start goes out" } else { "as far as the delay reaches" },
        ));
    }
    Ok(())
}
