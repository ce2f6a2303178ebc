//! Voices: who speaks, and is it the enrolled one.
//!
//! ```text
//! samples ─▶ embed ─▶ rows ─▶ VoicePrint (any stretch) ─┐
//!                                                       ├─▶ Likeness: score ─▶ log-odds ─▶ probability
//! VoiceProfile ────────────▶ EnrolledVoice ─────────────┘       cohort            calibration
//! ```
//!
//! * The network of a voice pack gives a row for each 40 ms; the normalised sum of the rows of a stretch is its
//!   [`VoicePrint`]. The network weighs silence and noise down by itself.
//! * Enrolling ([`VoiceProfile`]) keeps one print per clip. Nothing is trained.
//! * The cosine of two prints is normalised by those of the most alike impostors that the pack brings (adaptive symmetric
//!   normalisation, "as-norm"), and then calibrated, also by the duration of what is judged.
//! * A voice may be enrolled with an [`EnrolledWord`], a password: a phrase that is learnt from the same clips.
//! * [`verify`](VoiceModel::verify) answers once for a clip; [`VoiceStream`] follows a live stream and adds a column
//!   `voice:NAME` to the scores of a detector; [`Voices::assign`] does that for a recording whose future is known. Decision, gate and
//!   mixer take that column as any other label.
//!
//! There is no protection against recordings that are played back: a voice is no secret. See `docs/voices.md`.

mod assign;
mod cohort;
mod enrol;
mod error;
mod follow;
mod follow_settings;
mod model;
mod print;
mod profile;
mod quality;
mod stream;
#[cfg(all(test, feature = "files", feature = "embedded-packs", feature = "embedded-runtime"))]
mod tests;
mod verify;
mod word;

use crate::Label;
use crate::profile::ProfileName;

pub use assign::other_voice;
pub use enrol::{Clip, EnrolError, Enrolment, HeardClip, LEAST_HEARD_S, VoiceEar, enrol};
pub use error::VoiceError;
pub use follow::Voices;
pub use follow_settings::{FollowSettings, OnVoiceFailure};
pub use model::{EnrolledVoice, Likeness, VoiceModel};
pub use print::VoicePrint;
pub use profile::{EnrolledClip, VoiceProfile};
pub use quality::{Advice, ClipQuality};
pub use stream::VoiceStream;
pub use verify::{AskedWord, OWNER_THRESHOLD, Outcome, Verdict, WORD_THRESHOLD};
pub use word::EnrolledWord;

/// What a voice is called among labels: `voice:NAME`.
pub fn voice_label(name: &ProfileName) -> Label {
    Label::new(format!("{}{name}", Label::VOICE_PREFIX))
}
