//! The flags of `earmark voice`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use earmark_core::model::pack;
use earmark_core::profile::ProfileName;

use super::profiles::{
    ExportProfileArgs, ImportProfileArgs, ListProfilesArgs, PassphraseArgs, RemoveProfileArgs, StoreArgs,
};

/// Who speaks.
#[derive(Debug, Subcommand)]
pub enum VoiceCommand {
    /// Learn a voice from 3 to 5 clips
    Enrol(EnrolVoiceArgs),
    /// List the enrolled voices
    List(ListProfilesArgs),
    /// Delete enrolled voices
    Remove(RemoveProfileArgs),
    /// Write a profile to a file
    Export(ExportProfileArgs),
    /// Take in a profile that `export` wrote
    Import(ImportProfileArgs),
    /// Ask whether a clip is an enrolled voice: exit code 0 if it is, 3 if it is not
    Verify(VerifyVoiceArgs),
    /// Say who speaks when in a recording
    Who(WhoArgs),
    /// Print the embedding of a clip as a JSON array
    Embed(EmbedVoiceArgs),
}

/// Which network knows voices.
#[derive(Debug, Clone, Args)]
pub struct VoicePackArgs {
    /// Pack of the voices: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::VOICE)]
    pub voice_pack: String,
}

/// Which network knows words.
#[derive(Debug, Clone, Args)]
pub struct WordPackArgs {
    /// Pack of the word: an embedded name, or the folder of any other of the task `phrase`
    #[arg(long, value_name = "NAME|DIR", default_value = pack::PHRASE, requires = "word")]
    pub phrase_pack: String,
}

#[derive(Debug, Args)]
pub struct EnrolVoiceArgs {
    /// What the voice is called
    pub name: ProfileName,
    /// Recordings of this voice alone, 3 to 5 of a few seconds each
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// Take the place of a voice of the same name
    #[arg(long)]
    pub replace: bool,
    /// The recordings all say this word, and nothing else: the owner is to say it when asked. At least 3 recordings
    #[arg(long, value_name = "WORD")]
    pub word: Option<String>,
    #[command(flatten)]
    pub word_pack: WordPackArgs,
    /// Encrypt the profile with the passphrase
    #[arg(long)]
    pub seal: bool,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub pack: VoicePackArgs,
}

#[derive(Debug, Args)]
pub struct VerifyVoiceArgs {
    /// The enrolled voice
    pub name: ProfileName,
    /// A recording of one person; `-` is stdin
    pub clip: PathBuf,
    /// Ask for this word as well: the one that the voice was enrolled with, or an enrolled phrase
    #[arg(long, value_name = "WORD")]
    pub word: Option<String>,
    #[command(flatten)]
    pub word_pack: WordPackArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub pack: VoicePackArgs,
}

#[derive(Debug, Args)]
pub struct WhoArgs {
    /// A recording; `-` is stdin
    pub input: PathBuf,
    /// Look for these voices only; repeatable. Default: all that are enrolled
    #[arg(long, value_name = "NAME")]
    pub voice: Vec<ProfileName>,
    /// Format: one of those of `tag`. Default: by the ending of -o, or text
    #[arg(long, short, value_name = "NAME")]
    pub format: Option<String>,
    /// Where the list goes. Default: stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Pack that hears speech: an embedded name, or the folder of any other
    #[arg(long, value_name = "NAME|DIR", default_value = pack::STUDIO)]
    pub pack: String,
    #[command(flatten)]
    pub voice_pack: VoicePackArgs,
}

#[derive(Debug, Args)]
pub struct EmbedVoiceArgs {
    /// A recording; `-` is stdin
    pub clip: PathBuf,
    #[command(flatten)]
    pub pack: VoicePackArgs,
}

/// Whose speech is followed, by commands that hear recordings and streams.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Voices")]
pub struct FollowArgs {
    /// Only the speech of this enrolled voice counts; repeatable
    #[arg(long, value_name = "NAME")]
    pub voice: Vec<ProfileName>,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub voice_pack: VoicePackArgs,
}

/// What happens to speech when the network of the voices fails in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VoiceFailure {
    /// All speech passes
    Open,
    /// None does
    Closed,
}
