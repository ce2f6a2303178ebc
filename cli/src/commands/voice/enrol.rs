//! `earmark voice enrol`.

use anyhow::{Context, Result};
use earmark_core::profile::Existing;
use earmark_core::voice::{EnrolError, HeardClip, enrol};

use super::{ear, hear};
use crate::args::{EnrolVoiceArgs, Global};
use crate::commands::profiles;
use crate::console::{Console, Usage};

/// Fewer clips than this make a profile that depends on the day.
const GOOD_CLIPS: usize = 3;

pub fn run(args: &EnrolVoiceArgs, global: &Global, console: &Console) -> Result<()> {
    let store = profiles::store(&args.store)?;
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let seal = passphrase.as_ref().filter(|_| args.seal);
    if args.seal && seal.is_none() {
        let remedy = "give a passphrase with --passphrase-file FILE or EARMARK_PASSPHRASE";
        return Err(Usage(format!("--seal: {remedy}")).into());
    }
    let ear = ear(&args.pack.voice_pack, true, global, console)?;
    let heard = |clip| hear(&ear, clip, global, console);
    let clips: Vec<HeardClip> = args.clips.iter().map(|clip| heard(clip.as_path())).collect::<Result<_>>()?;
    let enrolment = enrol(&ear.model, &clips, false).map_err(|error| match error {
        EnrolError::NoSpeech { number, .. } => {
            anyhow::Error::new(error).context(args.clips[number - 1].display().to_string())
        }
        EnrolError::Count { .. } => Usage(error.to_string()).into(),
        other => other.into(),
    })?;
    for (clip, advice) in args.clips.iter().zip(&enrolment.advice) {
        for advice in advice {
            console.warn(&format!("{}: {advice}", clip.display()));
        }
    }
    if clips.len() < GOOD_CLIPS {
        console
            .warn(&format!("{} of {GOOD_CLIPS} to 5 clips: more of them know the voice better", clips.len()));
    }
    let existing = profiles::existing(args.replace);
    if existing == Existing::Replace {
        console.detail(&format!("a voice {} that is there is replaced", args.name));
    }
    let path = store
        .save(&args.name, &ear.model.id(), &enrolment.profile, seal, existing)
        .with_context(|| format!("voice {}", args.name))?;
    let (clips, speech_s) = (clips.len(), enrolment.profile.speech_s());
    console.done(&format!(
        "{} enrolled from {clips} clips with {speech_s:.1} s of speech: {}",
        args.name,
        path.display()
    ));
    Ok(())
}
