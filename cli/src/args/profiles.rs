//! Flags that `earmark phrase` and `earmark voice` share: where profiles lie, and what is done with them.

use std::path::PathBuf;

use clap::Args;
use earmark_core::profile::ProfileName;

/// Where profiles lie.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// Folder of profiles. Default: $XDG_DATA_HOME/earmark, else ~/.local/share/earmark
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
}

/// What opens sealed profiles.
#[derive(Debug, Clone, Args)]
pub struct PassphraseArgs {
    /// File whose first line is the passphrase of a sealed profile. Without it: EARMARK_PASSPHRASE, if that is set
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ListProfilesArgs {
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct RemoveProfileArgs {
    /// What is deleted
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<ProfileName>,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct ExportProfileArgs {
    /// What is written
    pub name: ProfileName,
    /// FILE.json; only its owner can read it
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct ImportProfileArgs {
    /// What `export` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Another name for it
    #[arg(long, value_name = "NAME")]
    pub name: Option<ProfileName>,
    /// Take the place of one of the same name
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}
