//! Phrases: a command, enrolled from a handful of clips, found in speech while it is said.
//!
//! ```text
//! clips ─▶ enrol ─▶ PhraseProfile (templates, limits) ──┐
//! samples ─▶ embed ─▶ vectors ─▶ PhraseSpotter ─▶ Detection: `phrase:NAME`, start, end, confidence
//! ```
//!
//! | file | what |
//! |---|---|
//! | `law.rs` | how much a stretch of vectors is like a clip: alignment, its constants, its combination over clips |
//! | `calibrate.rs` | limits from speech that is not the phrase; how many sayings they will miss |
//! | `negatives.rs`, `usual.rs` | that speech, as a pack brings it, and the limits that other phrases needed |
//! | `profile.rs` | [`PhraseProfile`]: what is kept of a phrase |
//! | `template.rs` | what is kept of a clip: its vectors, heard with and without noise |
//! | `enrol.rs`, `advice.rs` | [`enrol`]: clips to a profile, with advice |
//! | `spotter.rs`, `stream.rs` | [`Phrases`]: several phrases in a stream of samples |
//! | `paced.rs` | a live channel played at its own pace |
//! | `challenge.rs` | the score of a suppressor of commands, sample by sample |
//!
//! Nothing is trained: the network (a pack for [`Task::Phrase`](crate::model::pack::Task::Phrase)) is the same for all
//! phrases.

mod advice;
mod calibrate;
pub mod challenge;
mod enrol;
mod law;
mod negatives;
pub mod paced;
mod profile;
mod spotter;
mod stream;
mod template;
#[cfg(all(test, feature = "files", feature = "embedded-packs", feature = "embedded-runtime"))]
mod tests;
mod usual;

use crate::Label;
use crate::embed::EmbedError;

pub use advice::Advice;
pub use enrol::{Clip, Ears, Enrolled, enrol};
pub use negatives::{NEGATIVES_FILE, Negatives};
pub use profile::{Limits, MAX_CLIPS, MIN_CLIPS, PhraseProfile, Strictness, Working};
pub use spotter::{PhraseSpotter, Spotted, SpotterSettings, Told, peaks};
pub use stream::{Detection, PhraseEvent, PhraseStream, Phrases};

/// What the label of a phrase begins with.
pub const LABEL_PREFIX: &str = "phrase:";

/// What is done about a phrase is done for so long before its beginning too, milliseconds: hops are 40 ms apart, and a first
/// consonant is soft.
pub const PAD_MS: u16 = 80;

/// The label of the phrase called `name`.
pub fn label(name: &str) -> Label {
    Label::new(format!("{LABEL_PREFIX}{name}"))
}

/// What goes wrong with phrases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhraseError {
    /// Too few clips, or too many.
    #[error("{usable} clips can be used, a phrase needs 3 to 20{}", list(reasons))]
    Clips {
        /// Clips that can be used.
        usable: usize,
        /// Why others cannot.
        reasons: Vec<String>,
    },
    /// A clip cannot be heard.
    #[error("{name}: {source}")]
    Hear {
        /// The clip.
        name: String,
        /// Why.
        source: EmbedError,
    },
    /// The pack's vectors of other speech cannot be used.
    #[error("{pack}: its negatives.bin cannot be used: {reason}; get the pack anew")]
    Negatives {
        /// The pack.
        pack: String,
        /// What is wrong.
        reason: String,
    },
    /// A number that makes no sense.
    #[error("{name} is {value}; give {low} to {high}")]
    Setting {
        /// What it is called.
        name: &'static str,
        /// The number.
        value: u32,
        /// The least.
        low: u32,
        /// The most.
        high: u32,
    },
    /// There is nothing to find a limit on.
    #[error(
        "{pack}: it brings no negatives.bin, so that nothing says how often other speech would be taken for the phrase; \
         give recordings without it by --negative, an hour or more together"
    )]
    NoNegatives {
        /// The pack.
        pack: String,
    },
}

fn list(reasons: &[String]) -> String {
    reasons.iter().fold(String::new(), |text, reason| format!("{text}; {reason}"))
}
