//! `earmark phrase list`: what is enrolled, with how many clips and how strict.

use std::io::Write;

use anyhow::Result;
use earmark_core::phrase::PhraseProfile;
use earmark_core::profile::ProfileKind;

use crate::args::ListProfilesArgs;
use crate::commands::profiles;

pub fn list(args: &ListProfilesArgs) -> Result<()> {
    let store = profiles::store(&args.store)?;
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
