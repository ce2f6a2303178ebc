//! `earmark voice verify`.

use std::io::Write;

use anyhow::{Context, Result};
use earmark_core::detect::DetectorMode;
use earmark_core::embed::Embedder;
use earmark_core::phrase::PhraseProfile;
use earmark_core::profile::{ProfileError, ProfileName, ProfileStore};
use earmark_core::voice::{AskedWord, EnrolledWord, LEAST_HEARD_S, OWNER_THRESHOLD, Outcome, WORD_THRESHOLD};
use serde_json::json;

use super::{ear, enrolled, read};
use crate::args::{Global, VerifyVoiceArgs};
use crate::commands::{hearing, profiles};
use crate::console::{Console, Denied, Usage};

pub fn run(args: &VerifyVoiceArgs, global: &Global, console: &Console) -> Result<()> {
    let store = profiles::store(&args.store)?;
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let ear = ear(&args.pack.voice_pack, false, global, console)?;
    let (voice, own_word) = enrolled(&store, &args.name, &ear.model, passphrase.as_ref())?;
    let clip = read(&args.clip, global, console)?;
    let heard = ear.hear(clip.clip())?;
    let speech_s = heard.quality.speech_s;
    let word = match &args.word {
        Some(word) => {
            let embedder = hearing::open_phrases(
                &args.word_pack.phrase_pack,
                DetectorMode::Throughput,
                global,
                console,
            )?;
            let own = own_word.filter(|own| own.name() == word);
            let of_voice = own.is_some();
            let word = own.map_or_else(|| find_phrase(word, &store, &embedder), Ok)?;
            Some(AskedWord { probability: word.probability(&embedder, clip.clip())?, of_voice })
        }
        None => None,
    };
    let verdict = ear.model.verify(&voice, &heard.print, word);
    let mut out = std::io::stdout().lock();
    if global.json_errors {
        let line = json!({
            "name": args.name,
            "outcome": verdict.outcome,
            "owner_probability": verdict.owner_probability,
            "owner_threshold": OWNER_THRESHOLD,
            "word_probability": verdict.word_probability,
            "word_threshold": WORD_THRESHOLD,
            // To the millisecond, as all times are told.
            "speech_s": (speech_s * 1e3).round() / 1e3,
        });
        writeln!(out, "{line}").context("stdout")?;
    } else {
        let owner = format!("owner {:.3} (above {OWNER_THRESHOLD})", verdict.owner_probability);
        let word = verdict
            .word_probability
            .map_or(String::new(), |p| format!(", word {p:.3} (above {WORD_THRESHOLD})"));
        writeln!(out, "{}: {owner}{word}, {speech_s:.1} s of speech", verdict.outcome.words())
            .context("stdout")?;
    }
    if speech_s < LEAST_HEARD_S {
        console.warn(&format!("{}: nobody speaks", args.clip.display()));
    }
    if verdict.outcome == Outcome::Granted { Ok(()) } else { Err(Denied.into()) }
}

/// An enrolled phrase as a word that is not the voice's own.
fn find_phrase(word: &str, store: &ProfileStore, embedder: &Embedder) -> Result<EnrolledWord> {
    let missing = || {
        let remedy = "enrol the voice with --word WORD, or the phrase with `earmark phrase enrol`";
        Usage(format!("--word {word:?}: neither the word of this voice nor an enrolled phrase; {remedy}"))
    };
    let name: ProfileName = word.parse().map_err(|_| missing())?;
    match store.load::<PhraseProfile>(&name, embedder.model_sha256(), None) {
        Ok(phrase) => Ok(EnrolledWord::new(word, embedder, phrase)),
        Err(ProfileError::Missing { .. }) => Err(missing().into()),
        Err(error) => Err(error.into()),
    }
}
