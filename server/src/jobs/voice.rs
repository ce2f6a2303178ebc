//! Is it the owner: clips that are sent, judged by an enrolled voice.

use std::sync::Arc;

use earmark_core::embed::Embedder;
use earmark_core::model::pack;
use earmark_core::pipeline::read_voice_clip;
use earmark_core::profile::{Passphrase, ProfileError, ProfileName, ProfileStore};
use earmark_core::signal::{MAX_RATE_HZ, MIN_RATE_HZ};
use earmark_core::voice::{
    AskedWord, Clip, EnrolledVoice, EnrolledWord, OWNER_THRESHOLD, Outcome, Verdict, VoiceEar, VoiceError,
    VoiceProfile, WORD_THRESHOLD,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::work::failed;
use super::{JobError, JobWatch, Packs, Upload};
use crate::config::{Config, PhraseConfig, VoiceConfig};

/// Clips of one request.
const MAX_CLIPS: usize = 64;
/// The longest of them, seconds.
const MAX_CLIP_S: u64 = 60;
/// Samples beyond this are integers that somebody forgot to scale.
const MAX_SAMPLE: f32 = 2.0;
/// Environment variable with the passphrase of sealed profiles.
const PASSPHRASE_VARIABLE: &str = "EARMARK_PASSPHRASE";

/// What is answered to `POST /v1/voice/verify`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VerifyAnswer {
    /// The enrolled voice that was asked about.
    name: String,
    /// granted, wrong_word, not_owner or wrong_word_and_not_owner.
    outcome: String,
    /// The probability that the enrolled voice speaks.
    owner_probability: f64,
    /// Granted is what lies strictly above this.
    owner_threshold: f64,
    /// The probability that the word is said; null if none was asked for.
    word_probability: Option<f64>,
    /// Granted is what lies strictly above this.
    word_threshold: f64,
    /// Seconds of speech in the clip. One second is weak evidence.
    speech_s: f64,
}

impl VerifyAnswer {
    /// The line that the command prints.
    pub fn line(&self) -> String {
        // A value has the keys in the order that the command's has; an answer is plain data, which can always be one.
        format!("{}\n", serde_json::to_value(self).unwrap_or_default())
    }
}

/// The body of `POST /predict`: clips, each as its samples (one channel, within -1 and 1) and its rate in Hz.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictBody {
    /// `[[samples, rate], …]`
    #[schema(value_type = Vec<Vec<Object>>, example = json!([[[0.0, 0.1, -0.1], 16000]]))]
    query: Vec<(Vec<f32>, f64)>,
}

/// The answer to [`PredictBody`]: a value for each clip, in its order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Prediction {
    /// The probabilities that the word was said; null where the owner was enrolled without one.
    label_proba: Vec<Option<f64>>,
    /// The probabilities that the owner speaks.
    speaker_proba: Vec<f64>,
}

/// Who judges a clip.
trait Judge {
    /// The answer to a clip, and the seconds of speech in it.
    ///
    /// # Errors
    /// If it cannot be heard.
    fn judge(&self, clip: Clip<'_>) -> Result<(Verdict, f64), JobError>;
}

/// An enrolled voice and what hears.
struct Owner {
    ear: Arc<VoiceEar>,
    voice: EnrolledVoice,
    word: Option<Word>,
}

/// The word that is asked for, and what knows it.
struct Word {
    word: EnrolledWord,
    embedder: Arc<Embedder>,
    /// The voice was enrolled from clips that say it.
    of_voice: bool,
}

/// Which word is asked for.
#[derive(Debug, Clone, Copy)]
enum Asked<'a> {
    /// None.
    Nothing,
    /// The one of the voice, if it has one.
    Own,
    /// The one of this name: that of the voice, or one of these phrases.
    Named(&'a str, &'a PhraseConfig),
}

impl Owner {
    fn load(
        name: &ProfileName,
        asked: Asked<'_>,
        packs: &Packs,
        config: &VoiceConfig,
    ) -> Result<Self, JobError> {
        let store = ProfileStore::open(config.profiles.as_deref()).map_err(|e| profile(&e))?;
        let passphrase = passphrase().map_err(|e| profile(&e))?;
        let ear = packs.voice(&config.pack)?;
        let enrolled: VoiceProfile =
            store.load(name, &ear.model.id().sha256, passphrase.as_ref()).map_err(|e| profile(&e))?;
        let voice =
            ear.model.voice(name.clone(), &enrolled).map_err(|e| JobError::Conflict(e.to_string()))?;
        let own = |word: EnrolledWord| {
            let embedder = packs.words(pack::PHRASE)?;
            Ok::<_, JobError>(Some(Word { word, embedder, of_voice: true }))
        };
        let word = match (asked, enrolled.word) {
            (Asked::Nothing, _) | (Asked::Own, None) => None,
            (Asked::Own, Some(word)) => own(word)?,
            (Asked::Named(wanted, _), Some(word)) if word.name() == wanted => own(word)?,
            (Asked::Named(wanted, phrases), _) => {
                let phrase = packs.phrase_as_word(wanted, phrases)?;
                let (word, embedder) = phrase.ok_or_else(|| {
                    JobError::Conflict(format!(
                        "{name} was not enrolled with the word {wanted:?}, nor is it a phrase that this service was \
                         started with (--phrase)"
                    ))
                })?;
                Some(Word { word, embedder, of_voice: false })
            }
        };
        Ok(Self { ear, voice, word })
    }
}

impl Judge for Owner {
    fn judge(&self, clip: Clip<'_>) -> Result<(Verdict, f64), JobError> {
        let failed = |error: VoiceError| match error {
            VoiceError::NotFinite | VoiceError::Embed(_) => JobError::Unreadable(error.to_string()),
            VoiceError::WordModel { .. } => JobError::Conflict(error.to_string()),
            other => JobError::Failed(other.to_string()),
        };
        let heard = self.ear.hear(clip).map_err(failed)?;
        let word = self.word.as_ref().map(|Word { word, embedder, of_voice }| {
            let probability = word.probability(embedder, clip)?;
            Ok(AskedWord { probability, of_voice: *of_voice })
        });
        let word = word.transpose().map_err(failed)?;
        Ok((self.ear.model.verify(&self.voice, &heard.print, word), heard.quality.speech_s))
    }
}

/// The passphrase of sealed profiles, where there is one.
pub(super) fn passphrase() -> Result<Option<Passphrase>, Box<ProfileError>> {
    let passphrase = std::env::var(PASSPHRASE_VARIABLE).ok();
    passphrase.as_deref().map(Passphrase::new).transpose().map_err(Box::new)
}

/// What a profile's error is to who asked. Nothing of the machine's folders is told.
fn profile(error: &ProfileError) -> JobError {
    match error {
        ProfileError::Missing { name, .. } => JobError::Missing(format!("no voice is called {name:?} here")),
        ProfileError::Model { .. } | ProfileError::Sealed { .. } | ProfileError::WrongPassphrase { .. } => {
            JobError::Conflict(error.to_string())
        }
        _ => {
            tracing::error!(%error, "a voice cannot be loaded");
            JobError::Failed("the voice cannot be loaded; the server's log says why".to_owned())
        }
    }
}

/// One clip and one voice.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// Whose voice it is to be.
    pub name: ProfileName,
    /// The word that is to be said, if one is asked for.
    pub word: Option<String>,
}

impl VerifyRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(
        &self,
        packs: &Packs,
        config: &Config,
        upload: &Upload,
        watch: &mut JobWatch,
    ) -> Result<VerifyAnswer, JobError> {
        let named = |word| Asked::Named(word, &config.phrase);
        let asked = self.word.as_deref().map_or(Asked::Nothing, named);
        let owner = Owner::load(&self.name, asked, packs, &config.voice)?;
        let clip = read_voice_clip(&upload.recording(), watch).map_err(|e| failed(e, watch))?;
        self.answer(&owner, clip.clip())
    }

    fn answer(&self, judge: &dyn Judge, clip: Clip<'_>) -> Result<VerifyAnswer, JobError> {
        let (Verdict { outcome, owner_probability, word_probability }, speech_s) = judge.judge(clip)?;
        let outcome = match outcome {
            Outcome::Granted => "granted",
            Outcome::WrongWord => "wrong_word",
            Outcome::NotOwner => "not_owner",
            Outcome::WrongWordAndNotOwner => "wrong_word_and_not_owner",
        };
        Ok(VerifyAnswer {
            name: self.name.to_string(),
            outcome: outcome.to_owned(),
            owner_probability,
            owner_threshold: OWNER_THRESHOLD,
            word_probability,
            word_threshold: WORD_THRESHOLD,
            speech_s,
        })
    }
}

/// Clips for the owner of this server, checked.
#[derive(Debug, Clone)]
pub struct PredictRequest {
    clips: Vec<(Vec<f32>, u32)>,
}

impl PredictRequest {
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`JobError::Parameter`] says which clip is wrong and what of it, [`JobError::TooLong`] that there is too much.
    pub fn parse(json: &[u8]) -> Result<Self, JobError> {
        let body: PredictBody = serde_json::from_slice(json).map_err(|e| {
            JobError::Parameter(format!("the body is not {{\"query\": [[samples, rate], …]}}: {e}"))
        })?;
        if body.query.is_empty() {
            return Err(JobError::Parameter("the query has no clip".to_owned()));
        }
        if body.query.len() > MAX_CLIPS {
            return Err(JobError::TooLong(format!("a query may have {MAX_CLIPS} clips")));
        }
        let check = |(index, (samples, rate)): (usize, (Vec<f32>, f64))| {
            let wrong = |what: String| JobError::Parameter(format!("clip {}: {what}", index + 1));
            let rate_hz = whole_rate(rate).ok_or_else(|| {
                wrong(format!(
                    "its rate is {rate} Hz; a whole number from {MIN_RATE_HZ} to {MAX_RATE_HZ} is heard"
                ))
            })?;
            if samples.is_empty() {
                return Err(wrong("it has no samples".to_owned()));
            }
            if samples.len() as u64 > MAX_CLIP_S * u64::from(rate_hz) {
                return Err(JobError::TooLong(format!("clip {} is longer than {MAX_CLIP_S} s", index + 1)));
            }
            if samples.iter().any(|sample| sample.abs() > MAX_SAMPLE) {
                return Err(wrong(
                    "its samples lie outside -1 and 1; divide integers by their full scale".to_owned(),
                ));
            }
            Ok((samples, rate_hz))
        };
        let clips = body.query.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
        Ok(Self { clips })
    }

    /// Whose voice it is to be.
    ///
    /// # Errors
    /// [`JobError::Conflict`] if the server has no owner.
    pub fn owner(config: &VoiceConfig) -> Result<&ProfileName, JobError> {
        config.owner.as_ref().ok_or_else(|| {
            JobError::Conflict(
                "this server has no owner; it is named by --owner NAME, an enrolled voice".to_owned(),
            )
        })
    }

    /// Does it.
    ///
    /// # Errors
    /// [`JobError`]; [`JobError::Conflict`] if the server has no owner.
    pub fn run(&self, packs: &Packs, config: &VoiceConfig) -> Result<Prediction, JobError> {
        self.answer(&Owner::load(Self::owner(config)?, Asked::Own, packs, config)?)
    }

    fn answer(&self, judge: &dyn Judge) -> Result<Prediction, JobError> {
        let mut prediction = Prediction { label_proba: Vec::new(), speaker_proba: Vec::new() };
        for (samples, rate_hz) in &self.clips {
            let (verdict, _) = judge.judge(Clip { interleaved: samples, rate_hz: *rate_hz, channels: 1 })?;
            prediction.label_proba.push(verdict.word_probability);
            prediction.speaker_proba.push(verdict.owner_probability);
        }
        Ok(prediction)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and within the range of rates"
)]
fn whole_rate(rate: f64) -> Option<u32> {
    let heard = f64::from(MIN_RATE_HZ)..=f64::from(MAX_RATE_HZ);
    (rate.fract() == 0.0 && heard.contains(&rate)).then_some(rate as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The owner is as probable as the first sample says, the word as the second.
    struct Stub;

    impl Judge for Stub {
        fn judge(&self, clip: Clip<'_>) -> Result<(Verdict, f64), JobError> {
            let [owner, word] = [clip.interleaved[0], clip.interleaved[1]].map(f64::from);
            Ok((Verdict::of(owner, Some(word)), f64::from(clip.rate_hz)))
        }
    }

    #[test]
    fn the_two_answers_are_not_swapped() {
        let request =
            PredictRequest::parse(br#"{"query": [[[1.0, 0.25], 16000], [[0.5, 0.75], 8000.0]]}"#).unwrap();
        let json = serde_json::to_value(request.answer(&Stub).unwrap()).unwrap();
        let wanted = serde_json::json!({ "label_proba": [0.25, 0.75], "speaker_proba": [1.0, 0.5] });
        assert_eq!(json, wanted);
        let verify = VerifyRequest { name: "anna".parse().unwrap(), word: None };
        let clip = Clip { interleaved: &[1.0, 0.25], rate_hz: 16_000, channels: 1 };
        let answer = verify.answer(&Stub, clip).unwrap();
        assert_eq!((answer.owner_probability, answer.word_probability), (1.0, Some(0.25)));
        assert_eq!(answer.outcome, "wrong_word");
        // As `earmark voice verify --json` makes it.
        let of_command = serde_json::json!({
            "name": "anna",
            "outcome": Outcome::WrongWord,
            "owner_probability": 1.0,
            "owner_threshold": OWNER_THRESHOLD,
            "word_probability": 0.25,
            "word_threshold": WORD_THRESHOLD,
            "speech_s": 16_000.0,
        });
        assert_eq!(answer.line(), format!("{of_command}\n"));
        let clip = Clip { interleaved: &[0.25, 1.0], ..clip };
        assert_eq!(verify.answer(&Stub, clip).unwrap().outcome, "not_owner");
    }

    #[test]
    fn what_is_no_clip_is_refused_with_its_number() {
        let too_long = format!("{{\"query\": [[[{}0], 1000]]}}", "0,".repeat(60_000));
        for (body, says) in [
            (r#"{"query": []}"#, "no clip"),
            (r#"{"query": [[[], 16000]]}"#, "clip 1: it has no samples"),
            (r#"{"query": [[[0.0], 16000], [[0.0], 0]]}"#, "clip 2: its rate is 0"),
            (r#"{"query": [[[0.0], -16000]]}"#, "its rate is -16000"),
            (r#"{"query": [[[0.0], 16000.5]]}"#, "its rate is 16000.5"),
            (r#"{"query": [[[NaN], 16000]]}"#, "the body is not"),
            (r#"{"query": [[[null], 16000]]}"#, "the body is not"),
            (r#"{"query": [[[1e300], 16000]]}"#, "the body is not"),
            (r#"{"query": [[[12000.0], 16000]]}"#, "outside -1 and 1"),
            (r#"{"query": 3}"#, "the body is not"),
            (r#"{"query": [[[0.0], 16000]], "more": 1}"#, "unknown field"),
            (&too_long, "clip 1 is longer than 60 s"),
        ] {
            let said = PredictRequest::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(says), "{}: {said}", &body[..body.len().min(60)]);
        }
    }
}
