//! `earmark voice`: who speaks, and is it the enrolled voice.

mod enrol;
mod verify;
mod who;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use earmark_core::batch::{Input, is_dash};
use earmark_core::detect::DetectorMode;
use earmark_core::model::pack;
use earmark_core::pipeline::{VoiceClip, read_voice_clip};
use earmark_core::profile::{Passphrase, ProfileKind, ProfileName, ProfileStore};
use earmark_core::voice::{
    EnrolledVoice, EnrolledWord, FollowSettings, HeardClip, VoiceEar, VoiceModel, VoiceProfile, Voices,
};

use super::hearing::{self, Watch, recording};
use super::profiles;
use crate::args::{EmbedVoiceArgs, FollowArgs, Global, VoiceCommand};
use crate::console::Console;

pub fn run(command: &VoiceCommand, global: &Global, console: &Console) -> Result<()> {
    const KIND: ProfileKind = ProfileKind::Voice;
    match command {
        VoiceCommand::Enrol(args) => enrol::run(args, global, console),
        VoiceCommand::List(args) => profiles::list(KIND, args, global, console),
        VoiceCommand::Remove(args) => profiles::remove(KIND, args, console),
        VoiceCommand::Export(args) => profiles::export(KIND, args),
        VoiceCommand::Import(args) => profiles::import::<VoiceProfile>(args, console),
        VoiceCommand::Verify(args) => verify::run(args, global, console),
        VoiceCommand::Who(args) => who::run(args, global, console),
        VoiceCommand::Embed(args) => embed(args, global, console),
    }
}

/// `embed`: one JSON array.
fn embed(args: &EmbedVoiceArgs, global: &Global, console: &Console) -> Result<()> {
    let ear = ear(&args.pack.voice_pack, false, global, console)?;
    let heard = hear(&ear, &args.clip, global, console)?;
    if heard.print.duration_s <= 0.0 {
        console.warn(&format!("{}: nobody speaks", args.clip.display()));
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&heard.print.unit)?).context("stdout")
}

/// The networks that judge a clip; for an enrolment also that of noise.
pub fn ear(voice_pack: &str, enrols: bool, global: &Global, console: &Console) -> Result<VoiceEar> {
    let mode = DetectorMode::Throughput;
    Ok(VoiceEar {
        model: Arc::new(hearing::open_voice(voice_pack, mode, global, console)?),
        speech: Arc::new(hearing::open(pack::STUDIO, mode, global, console)?),
        noise: enrols
            .then(|| hearing::open_noise(pack::NOISE, mode, global, console).map(Arc::new))
            .transpose()?,
    })
}

/// Reads and hears a clip.
fn hear(ear: &VoiceEar, clip: &Path, global: &Global, console: &Console) -> Result<HeardClip> {
    let clip = read(clip, global, console)?;
    Ok(ear.hear(clip.clip())?)
}

fn input(clip: &Path) -> Input {
    let stem = if is_dash(clip) { "stdin".into() } else { clip.file_stem().unwrap_or_default().into() };
    Input { path: clip.to_owned(), stem }
}

fn read(clip: &Path, global: &Global, console: &Console) -> Result<VoiceClip> {
    let input = input(clip);
    Ok(read_voice_clip(&recording(&input, global), &mut Watch::new(&input, console))?)
}

/// An enrolled voice from the store, and its word.
fn enrolled(
    store: &ProfileStore,
    name: &ProfileName,
    model: &VoiceModel,
    passphrase: Option<&Passphrase>,
) -> Result<(EnrolledVoice, Option<EnrolledWord>)> {
    let profile: VoiceProfile = store.load(name, &model.id().sha256, passphrase)?;
    Ok((model.voice(name.clone(), &profile)?, profile.word))
}

/// Those voices that a command is to follow; none if none is named.
pub fn followed(
    args: &FollowArgs,
    mode: DetectorMode,
    settings: FollowSettings,
    global: &Global,
    console: &Console,
) -> Result<Option<Voices>> {
    if args.voice.is_empty() {
        return Ok(None);
    }
    let store = profiles::store(&args.store)?;
    let passphrase = profiles::passphrase(&args.passphrase)?;
    let model = hearing::open_voice(&args.voice_pack.voice_pack, mode, global, console)?;
    let enrolled = |name| Ok(enrolled(&store, name, &model, passphrase.as_ref())?.0);
    let enrolled = args.voice.iter().map(enrolled);
    let enrolled = enrolled.collect::<Result<_>>()?;
    Ok(Some(Voices::new(Arc::new(model), enrolled, settings)))
}
