//! Packs that are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::{self, Pack, PackError, Task};
use earmark_core::model::runtime::{Device, Runtime, RuntimeError};
use earmark_core::noise::SnrEstimator;
use earmark_core::phrase::{PhraseProfile, Phrases};
use earmark_core::profile::{ProfileError, ProfileName, ProfileStore};
use earmark_core::voice::{
    EnrolledWord, FollowSettings, OnVoiceFailure, VoiceEar, VoiceError, VoiceModel, VoiceProfile, Voices,
};

use super::JobError;
use super::voice::passphrase;
use crate::config::{PhraseConfig, VoiceConfig};

/// The networks of the service: each is compiled once, when it is first asked for, and shared.
pub struct Packs {
    runtime: Runtime,
    detectors: Mutex<HashMap<(String, bool), Arc<Detector>>>,
    noise: Mutex<HashMap<bool, Arc<SnrEstimator>>>,
    voice: Mutex<Option<Arc<VoiceEar>>>,
    words: Mutex<HashMap<String, Arc<Embedder>>>,
}

impl std::fmt::Debug for Packs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packs")
    }
}

impl Packs {
    /// Starts the runtime: ONNX Runtime if its library is named.
    ///
    /// # Errors
    /// [`RuntimeError`] names the library and the remedy.
    pub fn new(library: Option<&std::path::Path>, device: Device) -> Result<Self, RuntimeError> {
        let runtime = Runtime::start(library, device)?;
        Ok(Self {
            runtime,
            detectors: Mutex::default(),
            noise: Mutex::default(),
            voice: Mutex::default(),
            words: Mutex::default(),
        })
    }

    /// Names of the packs that can be asked for: those in the program. A path is none of them, so that nobody asks for
    /// files of the machine.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Pack::embedded_names()
    }

    /// An activity pack for whole files, or as live audio is heard.
    ///
    /// # Errors
    /// [`JobError::Parameter`] for a name that is not one of [`Packs::names`], or a pack for something else.
    pub fn detector(&self, name: &str, mode: DetectorMode) -> Result<Arc<Detector>, JobError> {
        let key = (name.to_owned(), mode == DetectorMode::LowLatency);
        let mut detectors = self.detectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(detector) = detectors.get(&key) {
            return Ok(Arc::clone(detector));
        }
        let pack = Self::find(name)?;
        let detector = Detector::load(&self.runtime, pack, mode).map_err(|error| refused(&error))?;
        let detector = Arc::new(detector);
        detectors.insert(key, Arc::clone(&detector));
        Ok(detector)
    }

    /// The noise pack, for whole files or as live audio is heard.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn noise(&self, mode: DetectorMode) -> Result<Arc<SnrEstimator>, JobError> {
        let key = mode == DetectorMode::LowLatency;
        let mut noise = self.noise.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noise) = noise.get(&key) {
            return Ok(Arc::clone(noise));
        }
        let estimator = SnrEstimator::load(&self.runtime, Self::find(pack::NOISE)?, mode);
        let estimator = Arc::new(estimator.map_err(|error| JobError::Failed(error.to_string()))?);
        noise.insert(key, Arc::clone(&estimator));
        Ok(estimator)
    }

    /// What judges voices. `name_or_dir` is that of the configuration: whoever runs the service may name a folder.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn voice(&self, name_or_dir: &str) -> Result<Arc<VoiceEar>, JobError> {
        let mut voice = self.voice.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(voice) = &*voice {
            return Ok(Arc::clone(voice));
        }
        let mode = DetectorMode::Throughput;
        let failed = |error: VoiceError| JobError::Failed(error.to_string());
        let found = Pack::find(name_or_dir).map_err(|error| failed(error.into()))?;
        let model = Arc::new(VoiceModel::load(&self.runtime, found, mode).map_err(failed)?);
        let ear = Arc::new(VoiceEar { model, speech: self.detector(pack::STUDIO, mode)?, noise: None });
        Ok(Arc::clone(voice.insert(ear)))
    }

    /// What knows words by a pack of phrases, in clips.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn words(&self, name_or_dir: &str) -> Result<Arc<Embedder>, JobError> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = words.get(name_or_dir) {
            return Ok(Arc::clone(words));
        }
        let embedder = Arc::new(self.phrase_network(name_or_dir, DetectorMode::Throughput)?);
        words.insert(name_or_dir.to_owned(), Arc::clone(&embedder));
        Ok(embedder)
    }

    /// A phrase of this service as a word, with what knows it; nothing if none is called so.
    ///
    /// # Errors
    /// If its profile or its pack cannot be loaded any more.
    pub fn phrase_as_word(
        &self,
        wanted: &str,
        config: &PhraseConfig,
    ) -> Result<Option<(EnrolledWord, Arc<Embedder>)>, JobError> {
        let wanted: Option<ProfileName> = wanted.parse().ok();
        let Some(name) = wanted.filter(|wanted| config.names.contains(wanted)) else { return Ok(None) };
        let embedder = self.words(&config.pack)?;
        // The folder of the profile is nobody's business but the log's.
        let failed = |error: ProfileError| {
            tracing::error!(%error, "a phrase cannot be loaded");
            JobError::Failed(format!("the phrase {name} cannot be loaded; the server's log says why"))
        };
        let store = ProfileStore::open(config.profiles.as_deref()).map_err(failed)?;
        let phrase: PhraseProfile = store.load(&name, embedder.model_sha256(), None).map_err(failed)?;
        Ok(Some((EnrolledWord::new(name.as_str(), &embedder, phrase), embedder)))
    }

    fn phrase_network(&self, name_or_dir: &str, mode: DetectorMode) -> Result<Embedder, JobError> {
        Pack::find(name_or_dir)
            .and_then(|pack| pack.for_task(Task::Phrase))
            .and_then(|pack| Embedder::load(&self.runtime, pack, mode))
            .map_err(|error| JobError::Failed(error.to_string()))
    }

    /// Enrolled phrases, for live audio.
    ///
    /// # Errors
    /// [`JobError::Failed`] with what is wrong with the pack or a profile.
    pub fn phrases(
        &self,
        pack: &str,
        profiles: Option<&std::path::Path>,
        names: &[ProfileName],
    ) -> Result<Phrases, JobError> {
        let embedder = self.phrase_network(pack, DetectorMode::LowLatency)?;
        let store = ProfileStore::open(profiles).map_err(|error| JobError::Failed(error.to_string()))?;
        Phrases::load(embedder, &store, names, None).map_err(|error| JobError::Failed(error.to_string()))
    }

    /// Enrolled voices that are followed in live audio. Where their network fails nobody counts as one of them.
    ///
    /// # Errors
    /// [`JobError::Failed`] with what is wrong with the pack or a profile.
    pub fn voices(&self, config: &VoiceConfig, names: &[ProfileName]) -> Result<Voices, JobError> {
        let failed = |error: &dyn std::error::Error| JobError::Failed(error.to_string());
        let found = Pack::find(&config.pack).map_err(|error| failed(&error))?;
        let model =
            VoiceModel::load(&self.runtime, found, DetectorMode::LowLatency).map_err(|e| failed(&e))?;
        let store = ProfileStore::open(config.profiles.as_deref()).map_err(|error| failed(&error))?;
        let passphrase = passphrase().map_err(|error| failed(&error))?;
        let enrolled = |name: &ProfileName| {
            let profile: VoiceProfile = store
                .load(name, &model.id().sha256, passphrase.as_ref())
                .map_err(|error: ProfileError| failed(&error))?;
            model.voice(name.clone(), &profile).map_err(|error| failed(&error))
        };
        let enrolled = names.iter().map(enrolled).collect::<Result<_, JobError>>()?;
        let settings = FollowSettings { on_failure: OnVoiceFailure::Closed, ..FollowSettings::default() };
        Ok(Voices::new(Arc::new(model), enrolled, settings))
    }

    fn find(name: &str) -> Result<Pack, JobError> {
        if !Self::names().any(|known| known == name) {
            let known = Self::names().collect::<Vec<_>>().join(", ");
            return Err(JobError::Parameter(format!("{name:?} is not a pack; there are {known}")));
        }
        Pack::find(name).map_err(|error| JobError::Failed(error.to_string()))
    }
}

fn refused(error: &PackError) -> JobError {
    match error {
        PackError::Task { .. } => JobError::Parameter(error.to_string()),
        _ => JobError::Failed(error.to_string()),
    }
}
