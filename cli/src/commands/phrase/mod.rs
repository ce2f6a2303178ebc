//! `earmark phrase`: commands that are enrolled from a handful of clips and found while they are said.

mod bench;
mod enrol;
mod mask;
mod score;
mod spot;
mod store;

use std::path::Path;

use anyhow::Result;
use earmark_core::detect::DetectorMode;
use earmark_core::phrase::{PhraseProfile, Phrases, Strictness};
use earmark_core::profile::{ProfileKind, ProfileName, ProfileStore};

use super::{hearing, profiles};
use crate::args::{Global, PhraseCommand, StrictnessArgs, WantedArgs};
use crate::console::Console;

pub fn run(command: &PhraseCommand, global: &Global, console: &Console) -> Result<()> {
    match command {
        PhraseCommand::Enrol(args) => enrol::run(args, global, console),
        PhraseCommand::List(args) => store::list(args),
        PhraseCommand::Remove(args) => profiles::remove(ProfileKind::Phrase, args, console),
        PhraseCommand::Export(args) => profiles::export(ProfileKind::Phrase, args),
        PhraseCommand::Import(args) => profiles::import::<PhraseProfile>(args, console),
        PhraseCommand::Spot(args) => spot::run(args, global, console),
        PhraseCommand::Mask(args) => mask::run(args, global, console),
        PhraseCommand::Score(args) => score::run(args),
        PhraseCommand::Bench(args) => bench::run(args, global, console),
    }
}

/// What the flags say of strictness.
pub fn strictness(args: StrictnessArgs) -> Option<Strictness> {
    match args {
        StrictnessArgs { strict: true, .. } => Some(Strictness::Strict),
        StrictnessArgs { balanced: true, .. } => Some(Strictness::Balanced),
        StrictnessArgs { keen: true, .. } => Some(Strictness::Keen),
        _ => None,
    }
}

/// The phrases that the flags name, with the network that hears them.
fn wanted(args: &WantedArgs, pace: DetectorMode, global: &Global, console: &Console) -> Result<Phrases> {
    let embedder = hearing::open_phrases(&args.pack.pack, pace, global, console)?;
    let store = profiles::store(&args.pack.store)?;
    Ok(Phrases::load(embedder, &store, &args.phrases, strictness(args.strictness))?)
}

/// The phrases of a command that hears other things too; none where it names none.
pub fn beside(
    names: &[ProfileName],
    pack: &str,
    profiles: Option<&Path>,
    pace: DetectorMode,
    (global, console): (&Global, &Console),
) -> Result<Option<Phrases>> {
    if names.is_empty() {
        return Ok(None);
    }
    let embedder = hearing::open_phrases(pack, pace, global, console)?;
    let store = ProfileStore::open(profiles)?;
    Ok(Some(Phrases::load(embedder, &store, names, None)?))
}
