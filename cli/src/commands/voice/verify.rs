//! `earmark voice verify`.

use std::io::Write;

use anyhow::{Context, Result};
use earmark_core::voice::{LEAST_HEARD_S, OWNER_THRESHOLD, Outcome, WORD_THRESHOLD};
use serde_json::json;

use super::{ear, enrolled, hear};
use crate::args::{Global, VerifyVoiceArgs};
use crate::commands::profiles;
use crate::console::{Console, Denied};

pub fn run(args: &VerifyVoiceArgs, global: &Global, console: &Console) -> Result<()> {
    let store = profiles::store(&args.store)?;
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let ear = ear(&args.pack.voice_pack, false, global, console)?;
    let voice = enrolled(&store, &args.name, &ear.model, passphrase.as_ref())?;
    let heard = hear(&ear, &args.clip, global, console)?;
    let speech_s = heard.quality.speech_s;
    let verdict = ear.model.verify(&voice, &heard.print, None);
    let mut out = std::io::stdout().lock();
    if global.json_errors {
        let line = json!({
            "name": args.name,
            "outcome": verdict.outcome,
            "owner_probability": verdict.owner_probability,
            "owner_threshold": OWNER_THRESHOLD,
            "word_probability": verdict.word_probability,
            "word_threshold": WORD_THRESHOLD,
            "speech_s": speech_s,
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
