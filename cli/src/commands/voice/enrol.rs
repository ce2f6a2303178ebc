//! `earmark voice enrol`.

use std::path::Path;

use anyhow::{Context, Result};
use earmark_core::detect::DetectorMode;
use earmark_core::phrase::{Clip as Take, Ears};
use earmark_core::pipeline::read_clip;
use earmark_core::profile::Existing;
use earmark_core::voice::{Clip, EnrolError, EnrolledWord, HeardClip, VoiceEar, enrol};

use super::{ear, hear, input};
use crate::args::{EnrolVoiceArgs, Global};
use crate::commands::hearing::{self, Watch, recording};
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
    let (clips, word): (Vec<HeardClip>, _) = match &args.word {
        Some(word) => {
            // Voice and word are learnt from one reading: stdin has no second one.
            let takes: Vec<Take> =
                args.clips.iter().map(|clip| read_take(clip, global, console)).collect::<Result<_>>()?;
            let heard = takes.iter().map(|take| Ok(ear.hear(samples_of(take))?)).collect::<Result<_>>()?;
            (heard, Some(learn_word(word, &takes, args, &ear, global, console)?))
        }
        None => {
            let heard = args.clips.iter().map(|clip| hear(&ear, clip, global, console));
            (heard.collect::<Result<_>>()?, None)
        }
    };
    let mut enrolment = enrol(&ear.model, &clips, word.is_some()).map_err(|error| match error {
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
    enrolment.profile.word = word;
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
    let word = args.word.as_ref().map_or(String::new(), |word| format!(" and the word {word:?}"));
    let (count, speech_s) = (clips.len(), enrolment.profile.speech_s());
    let clips = if count == 1 { "clip" } else { "clips" };
    console.done(&format!(
        "{}{word} enrolled from {count} {clips} with {speech_s:.1} s of speech: {}",
        args.name,
        path.display()
    ));
    Ok(())
}

fn read_take(clip: &Path, global: &Global, console: &Console) -> Result<Take> {
    let input = input(clip);
    Ok(read_clip(&recording(&input, global), &mut Watch::new(&input, console))?)
}

fn samples_of(take: &Take) -> Clip<'_> {
    Clip { interleaved: &take.samples, rate_hz: take.rate_hz, channels: take.channels }
}

/// The word that all clips say.
fn learn_word(
    word: &str,
    takes: &[Take],
    args: &EnrolVoiceArgs,
    ear: &VoiceEar,
    global: &Global,
    console: &Console,
) -> Result<EnrolledWord> {
    let embedder =
        hearing::open_phrases(&args.word_pack.phrase_pack, DetectorMode::Throughput, global, console)?;
    let ears = Ears { embedder: &embedder, detector: &ear.speech };
    let (learnt, advice) =
        EnrolledWord::learn(ears, word, takes).with_context(|| format!("the word {word:?}"))?;
    for (clip, advice) in advice {
        console.warn(&format!("{clip}: {advice}"));
    }
    Ok(learnt)
}
