//! A voice pack at work: from rows to likenesses.

use sha2::{Digest, Sha256};

use super::cohort::{Cohort, CohortStats, normalise};
use super::print::{RowSum, cosine, normalised};
use super::{VoiceError, VoicePrint, VoiceProfile};
use crate::Label;
use crate::detect::DetectorMode;
use crate::embed::{Embedder, Vectors};
use crate::model::pack::{Pack, Task, VoiceCalibration, Words, hex};
use crate::model::runtime::Runtime;
use crate::profile::{ModelId, ProfileName};

use super::voice_label;

/// A pack for [`Task::Voice`], compiled, with its impostors and its calibration.
#[derive(Debug)]
pub struct VoiceModel {
    embedder: Embedder,
    cohort: Cohort,
    calibration: VoiceCalibration,
}

/// A profile, ready to be compared with what is heard.
#[derive(Debug, Clone)]
pub struct EnrolledVoice {
    name: ProfileName,
    centre: Vec<f32>,
    stats: CohortStats,
}

impl EnrolledVoice {
    /// Whose it is.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// `voice:NAME`.
    pub fn label(&self) -> Label {
        voice_label(&self.name)
    }
}

/// How like an enrolled voice a stretch is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// The normalised score: about 0 for strangers.
    pub score: f64,
    /// Calibrated: above 0 it is more likely the enrolled voice than not.
    pub log_odds: f64,
}

impl Likeness {
    /// Nothing was heard: certainly not.
    pub(super) const NOTHING: Self = Self { score: f64::NEG_INFINITY, log_odds: f64::NEG_INFINITY };

    /// The probability that it is the enrolled voice, 0 to 1.
    pub fn probability(self) -> f64 {
        1.0 / (1.0 + (-self.log_odds).exp())
    }
}

impl VoiceModel {
    /// Compiles a pack.
    ///
    /// # Errors
    /// [`VoiceError`] if the pack is for another task, the backend refuses it, or it lacks cohort or calibration.
    pub fn load(runtime: &Runtime, pack: Pack, pace: DetectorMode) -> Result<Self, VoiceError> {
        let pack = pack.for_task(Task::Voice)?;
        let origin = pack.origin().to_owned();
        let incomplete = |what| VoiceError::Incomplete { pack: origin.clone(), what };
        let calibration = pack.manifest().calibration.ok_or_else(|| incomplete("calibration"))?;
        let stated = pack.manifest().cohort.clone().ok_or_else(|| incomplete("cohort"))?;
        let cohort = pack.companion(&stated.file).ok_or_else(|| incomplete("cohort.bin"))?.to_vec();
        let embedder = Embedder::load(runtime, pack, pace)?;
        let (dim, sha256) = (embedder.dim(), embedder.model_sha256());
        let wrong = |reason| VoiceError::Cohort { pack: origin.clone(), reason };
        if !stated.sha256.eq_ignore_ascii_case(&hex(&Sha256::digest(&cohort))) {
            return Err(wrong("its sha256 is not the one that pack.json states".to_owned()));
        }
        let cohort = Cohort::parse(&cohort, dim, sha256, calibration.cohort_top).map_err(wrong)?;
        Ok(Self { embedder, cohort, calibration })
    }

    /// The network.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// What profiles that are made with it state.
    pub fn id(&self) -> ModelId {
        ModelId::of(self.embedder.pack())
    }

    /// The print of all rows.
    pub fn print(&self, vectors: &Vectors) -> VoicePrint {
        let mut sum = RowSum::new(vectors.dim);
        vectors.iter().for_each(|row| sum.add(row));
        sum.print(vectors.hop_s())
    }

    /// A profile, ready to be compared.
    ///
    /// # Errors
    /// [`VoiceError::Dim`] if its vectors are not those of this network.
    pub fn voice(&self, name: ProfileName, profile: &VoiceProfile) -> Result<EnrolledVoice, VoiceError> {
        let wanted = self.embedder.dim();
        let mut sum = vec![0.0; wanted];
        for clip in &profile.clips {
            let is = clip.embedding.len();
            if is != wanted {
                return Err(VoiceError::Dim { is, wanted });
            }
            sum.iter_mut().zip(&clip.embedding).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let centre = normalised(&sum);
        let stats = self.cohort.stats(&centre);
        Ok(EnrolledVoice { name, centre, stats })
    }

    /// How like `voice` a print is.
    pub fn compare(&self, voice: &EnrolledVoice, print: &VoicePrint) -> Likeness {
        self.compare_saying(Words::Any, voice, print)
    }

    /// The same where more is known of the words.
    pub(super) fn compare_saying(&self, words: Words, voice: &EnrolledVoice, print: &VoicePrint) -> Likeness {
        self.likeness(words, voice, print, self.stats(print))
    }

    /// The same for several voices, whatever is said: what does not depend on the voices is computed once.
    pub(crate) fn compare_all(
        &self,
        voices: &[EnrolledVoice],
        print: &VoicePrint,
    ) -> impl Iterator<Item = Likeness> {
        let stats = self.stats(print);
        voices.iter().map(move |voice| self.likeness(Words::Any, voice, print, stats))
    }

    /// How like impostors a print is; `None` where nothing was heard.
    fn stats(&self, print: &VoicePrint) -> Option<CohortStats> {
        (print.duration_s > 0.0).then(|| self.cohort.stats(&print.unit))
    }

    fn likeness(
        &self,
        words: Words,
        voice: &EnrolledVoice,
        print: &VoicePrint,
        stats: Option<CohortStats>,
    ) -> Likeness {
        let Some(stats) = stats else { return Likeness::NOTHING };
        let score = normalise(cosine(&voice.centre, &print.unit), voice.stats, stats);
        Likeness { score, log_odds: self.calibration.log_odds(words, score, print.duration_s) }
    }
}
