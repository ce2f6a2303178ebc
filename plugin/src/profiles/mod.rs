//! Enrolled voices and phrases of one instance: which are chosen, what is wrong with them, and learning new ones.
//!
//! A host's parameters say what a voice or a phrase does; their names stand in the state, with the hash of the network that
//! they were chosen under. They are looked up at each activation. Where one cannot be used the gate works as without it, or
//! stays shut if *Without ear* says so, and the window tells why.

mod learn;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::Label;
use earmark_core::embed::Embedder;
use earmark_core::phrase::{PhraseProfile, PhraseSpotter, Phrases};
use earmark_core::profile::{ProfileKind, ProfileName, ProfileStore};
use earmark_core::realtime::{Beside, LivePhrases, PhraseSpan};
use earmark_core::voice::{FollowSettings, VoiceModel, VoiceProfile, Voices};
use serde::{Deserialize, Serialize};

pub(crate) use learn::Learner;
pub use learn::{LearnError, Learning, TAKE_S, TAKES, VOICE_CLIPS};

use crate::ears;
use crate::params::{Params, id};
use crate::shared::{Shared, lock};

/// How much of what was last heard is at hand for learning, seconds.
pub(crate) const RECENT_S: f32 = 4.0;

/// A profile by name, as the state keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenProfile {
    /// Its name in the store.
    pub name: String,
    /// SHA-256 of the network that ran when it was chosen, hexadecimal.
    #[serde(default)]
    pub model_sha256: String,
}

/// What a phrase does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum PhraseUse {
    #[default]
    Off,
    Mute,
    Duck,
    OpenAfter,
}

impl PhraseUse {
    pub(crate) fn of(params: &Params) -> Self {
        match params.choice(id::PHRASE) {
            1 => Self::Mute,
            2 => Self::Duck,
            3 => Self::OpenAfter,
            _ => Self::Off,
        }
    }
}

/// The voices and phrases that an activation hears.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    pub(crate) voices: Option<Voices>,
    pub(crate) phrases: Option<LivePhrases>,
    /// What the phrase does, if it is there.
    does: PhraseUse,
    /// What cannot be used, and why.
    pub(crate) problems: Vec<String>,
}

impl InForce {
    /// The labels of the voices.
    pub(crate) fn voice_labels(&self) -> Vec<Label> {
        self.voices.iter().flat_map(Voices::labels).collect()
    }

    /// The label of the phrase.
    pub(crate) fn phrase_label(&self) -> Option<Label> {
        self.phrases.as_ref().and_then(|phrases| phrases.phrases.labels().next().cloned())
    }

    /// What it does.
    pub(crate) fn phrase_use(&self) -> PhraseUse {
        if self.phrases.is_some() { self.does } else { PhraseUse::Off }
    }

    pub(crate) fn beside(&self) -> Beside<'_> {
        Beside { gauge: None, voices: self.voices.as_ref(), phrases: self.phrases.as_ref() }
    }
}

/// The networks that the last activation needed, so that the next one need not compile them.
#[derive(Debug, Default)]
pub(crate) struct KeptModels {
    voice: Option<Arc<VoiceModel>>,
    phrase: Option<Arc<Embedder>>,
}

impl Shared {
    /// Another place for profiles than the user's own.
    pub fn set_profile_folder(&self, folder: Option<PathBuf>) {
        *lock(&self.profiles.folder) = folder;
    }

    /// Where packs of other versions are kept: beside the profiles.
    pub(crate) fn kept_packs(&self) -> Option<PathBuf> {
        let beside = lock(&self.profiles.folder).as_ref().map(|folder| folder.join("packs"));
        beside.or_else(earmark_core::model::pack::kept_folder)
    }

    /// Where profiles lie.
    pub(crate) fn profile_store(&self) -> Result<ProfileStore, String> {
        let folder = lock(&self.profiles.folder).clone();
        ProfileStore::open(folder.as_deref()).map_err(|error| error.to_string())
    }

    /// The names of what is enrolled. Reads a folder.
    pub fn enrolled(&self, kind: ProfileKind) -> Vec<String> {
        let entries = self.profile_store().ok().and_then(|store| store.list(kind).ok()).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name.to_string()).collect()
    }

    /// The profile that is chosen.
    pub fn chosen_profile(&self, kind: ProfileKind) -> Option<ChosenProfile> {
        self.kept(|kept| match kind {
            ProfileKind::Voice => kept.voice.clone(),
            ProfileKind::Phrase => kept.phrase.clone(),
        })
    }

    /// Chooses a profile by its name; it is heard from the next activation on, which is asked for.
    pub fn choose_profile(&self, kind: ProfileKind, name: &str) {
        let model_sha256 = running_sha256(kind).unwrap_or_default();
        let chosen = ChosenProfile { name: name.to_owned(), model_sha256 };
        self.kept(|kept| match kind {
            ProfileKind::Voice => kept.voice = Some(chosen),
            ProfileKind::Phrase => kept.phrase = Some(chosen),
        });
        self.want_restart();
    }

    /// What of the voices and phrases that are asked for cannot be used, and why, since the last activation.
    pub fn profile_problems(&self) -> Vec<String> {
        lock(&self.profiles.problems).clone()
    }

    /// What the parameters ask for. For the main thread: may compile networks.
    pub(crate) fn load_profiles(&self) -> InForce {
        let mut in_force = InForce::default();
        let mut kept = KeptModels::default();
        if self.params.is_on(id::VOICE) {
            match self.load_voice(&mut in_force.problems) {
                Ok(voices) => {
                    kept.voice = ears::voices().ok();
                    in_force.voices = Some(voices);
                }
                Err(problem) => in_force.problems.push(problem),
            }
        }
        let phrase_use = PhraseUse::of(&self.params);
        if phrase_use != PhraseUse::Off {
            match self.load_phrase(phrase_use, &mut in_force.problems) {
                Ok(phrases) => {
                    kept.phrase = ears::phrases().ok();
                    (in_force.phrases, in_force.does) = (Some(phrases), phrase_use);
                }
                Err(problem) => in_force.problems.push(problem),
            }
        }
        *lock(&self.profiles.models) = kept;
        lock(&self.profiles.problems).clone_from(&in_force.problems);
        in_force
    }

    /// How much later everything would leave in an activation now because of the phrase, milliseconds.
    pub(crate) fn usable_phrase_wait_ms(&self) -> u16 {
        let wait_ms = phrase_wait_ms(&self.params);
        if wait_ms > 0 && self.load_phrase(PhraseUse::of(&self.params), &mut Vec::new()).is_ok() {
            wait_ms
        } else {
            0
        }
    }

    fn name_of(&self, kind: ProfileKind) -> Result<(ProfileName, ChosenProfile), String> {
        let chosen = self
            .chosen_profile(kind)
            .ok_or_else(|| format!("no {kind} is chosen: choose or learn one under Voices and phrases"))?;
        Ok((chosen.name.parse::<ProfileName>().map_err(|error| error.to_string())?, chosen))
    }

    fn load_voice(&self, notes: &mut Vec<String>) -> Result<Voices, String> {
        let (name, chosen) = self.name_of(ProfileKind::Voice)?;
        let model = ears::voices().map_err(|error| error.to_string())?;
        let sha256 = model.embedder().model_sha256();
        let profile: VoiceProfile =
            self.profile_store()?.load(&name, sha256, None).map_err(|error| error.to_string())?;
        notes.extend(other_model(ProfileKind::Voice, &chosen, sha256));
        let voice = model.voice(name, &profile).map_err(|error| error.to_string())?;
        Ok(Voices::new(model, vec![voice], FollowSettings::default()))
    }

    fn load_phrase(&self, phrase_use: PhraseUse, notes: &mut Vec<String>) -> Result<LivePhrases, String> {
        let (name, chosen) = self.name_of(ProfileKind::Phrase)?;
        let embedder = ears::phrases().map_err(|error| error.to_string())?;
        let profile: PhraseProfile = self
            .profile_store()?
            .load(&name, embedder.model_sha256(), None)
            .map_err(|error| error.to_string())?;
        notes.extend(other_model(ProfileKind::Phrase, &chosen, embedder.model_sha256()));
        let spotter = PhraseSpotter::new(name.as_str(), &profile);
        let (span, wait_ms) = match phrase_use {
            PhraseUse::OpenAfter => (PhraseSpan::AfterSaid(whole_ms(self.params.get(id::PHRASE_HOLD_S))), 0),
            _ => (PhraseSpan::WhileSaid, phrase_wait_ms(&self.params)),
        };
        Ok(LivePhrases { phrases: Phrases::new(embedder, vec![spotter]), span, wait_ms })
    }
}

/// How much later everything leaves because of the phrase, milliseconds.
pub(crate) fn phrase_wait_ms(params: &Params) -> u16 {
    match PhraseUse::of(params) {
        PhraseUse::Mute | PhraseUse::Duck => {
            u16::try_from(whole_ms(1e-3 * params.get(id::PHRASE_WAIT_MS))).unwrap_or(u16::MAX)
        }
        PhraseUse::Off | PhraseUse::OpenAfter => 0,
    }
}

/// A project that was saved under another network than the one that runs.
fn other_model(kind: ProfileKind, chosen: &ChosenProfile, running: &str) -> Option<String> {
    let same = chosen.model_sha256.is_empty() || chosen.model_sha256.eq_ignore_ascii_case(running);
    (!same).then(|| {
        format!(
            "the {kind} {} was enrolled anew for another network since this project was saved: it may decide otherwise",
            chosen.name
        )
    })
}

fn running_sha256(kind: ProfileKind) -> Option<String> {
    use earmark_core::model::pack::{PHRASE, Pack, VOICE};
    let pack = match kind {
        ProfileKind::Voice => VOICE,
        ProfileKind::Phrase => PHRASE,
    };
    Some(Pack::find(pack).ok()?.manifest().model.sha256.clone())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole_ms(seconds: f64) -> u32 {
    (1_000.0 * seconds).round() as u32
}
