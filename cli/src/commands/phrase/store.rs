//! `earmark phrase list`, `remove`, `export`, `import`.

use std::io::Write;

use anyhow::Result;
use earmark_core::batch::{Input, Outputs};
use earmark_core::phrase::PhraseProfile;
use earmark_core::profile::{Existing, ProfileKind, ProfileStore};

use crate::args::{PhraseExportArgs, PhraseImportArgs, PhraseListArgs, PhraseNameArgs};
use crate::console::Console;

pub fn list(args: &PhraseListArgs) -> Result<()> {
    let store = ProfileStore::open(args.profiles.profiles.as_deref())?;
    let mut out = std::io::stdout().lock();
    for entry in store.list(ProfileKind::Phrase)? {
        match &entry.facts {
            Ok(facts) => {
                let loaded = store.load::<PhraseProfile>(&entry.name, &facts.model.sha256, None);
                let what = match loaded {
                    Ok(profile) => format!("{} clips, {}", profile.clips(), profile.strictness().name()),
                    Err(error) => error.to_string(),
                };
                writeln!(out, "{}\t{what}\t{}", entry.name, facts.model)?;
            }
            Err(error) => writeln!(out, "{}\t{error}\t-", entry.name)?,
        }
    }
    Ok(())
}

pub fn remove(args: &PhraseNameArgs) -> Result<()> {
    let store = ProfileStore::open(args.profiles.profiles.as_deref())?;
    Ok(store.remove(ProfileKind::Phrase, &args.name)?)
}

pub fn export(args: &PhraseExportArgs) -> Result<()> {
    let store = ProfileStore::open(args.profiles.profiles.as_deref())?;
    let path = store.path(ProfileKind::Phrase, &args.name);
    Outputs::beside(&[Input { stem: path.clone(), path }]).claim_file(&args.output)?;
    Ok(store.export(ProfileKind::Phrase, &args.name, &args.output)?)
}

pub fn import(args: &PhraseImportArgs, console: &Console) -> Result<()> {
    let store = ProfileStore::open(args.profiles.profiles.as_deref())?;
    let existing = if args.replace { Existing::Replace } else { Existing::Refuse };
    let name = store.import::<PhraseProfile>(&args.file, args.name.as_ref(), existing)?;
    console.done(&format!("{name}: imported"));
    Ok(())
}
