//! What `earmark phrase` and `earmark voice` do alike with their profiles: list, remove, export, import.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use earmark_core::batch::Outputs;
use earmark_core::profile::{Entry, Existing, Passphrase, Profile, ProfileKind, ProfileStore};
use serde_json::json;

use crate::args::{
    ExportProfileArgs, Global, ImportProfileArgs, ListProfilesArgs, PassphraseArgs, RemoveProfileArgs,
    StoreArgs,
};
use crate::console::Console;

/// Environment variable with a passphrase.
const PASSPHRASE_VARIABLE: &str = "EARMARK_PASSPHRASE";

/// The folder of profiles.
pub fn store(args: &StoreArgs) -> Result<ProfileStore> {
    Ok(ProfileStore::open(args.profiles.as_deref())?)
}

/// The passphrase, if there is one.
pub fn passphrase(args: &PassphraseArgs) -> Result<Option<Passphrase>> {
    let text = match &args.passphrase_file {
        Some(path) => Some(
            std::fs::read_to_string(path).with_context(|| format!("--passphrase-file {}", path.display()))?,
        ),
        None => std::env::var(PASSPHRASE_VARIABLE).ok(),
    };
    let line = text.as_deref().map(|text| text.lines().next().unwrap_or_default());
    Ok(line.map(Passphrase::new).transpose()?)
}

/// What happens to a profile of the same name.
pub fn existing(replace: bool) -> Existing {
    if replace { Existing::Replace } else { Existing::Refuse }
}

/// `list`: a line for each profile; with `--json` an object.
pub fn list(kind: ProfileKind, args: &ListProfilesArgs, global: &Global, console: &Console) -> Result<()> {
    let entries = store(&args.store)?.list(kind)?;
    let mut out = std::io::stdout().lock();
    for Entry { name, path, facts } in &entries {
        let facts = match facts {
            Ok(facts) => facts,
            Err(error) => {
                console.warn(&error.to_string());
                continue;
            }
        };
        let enrolled =
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(facts.created_unix_s));
        if global.json_errors {
            let line = json!({
                "name": name, "path": path, "enrolled": enrolled.to_string(), "model": facts.model, "sealed": facts.sealed,
            });
            writeln!(out, "{line}")?;
        } else {
            let sealed = if facts.sealed { "sealed" } else { "open" };
            writeln!(out, "{name}\t{enrolled}\t{}\t{sealed}\t{}", facts.model, path.display())?;
        }
    }
    if entries.is_empty() {
        console.done(&format!("no {kind} is enrolled"));
    }
    Ok(())
}

/// `remove`.
pub fn remove(kind: ProfileKind, args: &RemoveProfileArgs, console: &Console) -> Result<()> {
    let store = store(&args.store)?;
    for name in &args.names {
        match store.remove(kind, name) {
            Ok(()) => console.done(&format!("{kind} {name} removed")),
            // The others are removed.
            Err(error) => console.error(&error.into()),
        }
    }
    Ok(())
}

/// `export`.
pub fn export(kind: ProfileKind, args: &ExportProfileArgs) -> Result<()> {
    let store = store(&args.store)?;
    let profile = store.path(kind, &args.name);
    Outputs::beside_paths([profile.as_path()]).claim_file(&args.output)?;
    Ok(store.export(kind, &args.name, &args.output)?)
}

/// `import`.
pub fn import<P: Profile>(args: &ImportProfileArgs, console: &Console) -> Result<()> {
    let store = store(&args.store)?;
    let name = store.import::<P>(Path::new(&args.file), args.name.as_ref(), existing(args.replace))?;
    console.done(&format!("{} {name} imported", P::KIND));
    Ok(())
}
