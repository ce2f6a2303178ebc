//! Voices: enrolled from clips, verified, followed through recordings.

use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::decide::TimelineSettings;
use earmark_core::detect::DetectorMode;
use earmark_core::pipeline::{read_voice_clip, who_speaks};
use earmark_core::profile::{ProfileKind, ProfileName};
use earmark_core::report::Report;
use earmark_core::voice::{
    self, EnrolError, EnrolledVoice, FollowSettings, HeardClip, OWNER_THRESHOLD, Outcome, VoiceEar,
    VoiceError, VoiceModel, VoiceProfile, Voices,
};
use numpy::PyArray1;
use pyo3::prelude::*;
use serde_json::json;

use crate::detector::{Detector, start};
use crate::errors::{Kind, OrRaise, Raise, exception};
use crate::noise::NoiseEstimator;
use crate::observer::Watch;
use crate::profiles::{NamedFile, existing, name, passphrase, recording, store};
use crate::timeline::TimelineData;

impl Raise for VoiceError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFinite => Kind::Audio,
            Self::TooManyVoices { .. } => Kind::Settings,
            Self::Dim { .. } => Kind::Profile,
            _ => Kind::Model,
        }
    }
}

/// A voice pack on a runtime, compiled once, and the detector that tells where there is speech. May be used by several
/// threads at a time.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct VoiceListener {
    model: Arc<VoiceModel>,
    speech: Py<Detector>,
}

/// Where profiles lie, and what opens them.
type Store<'a> = (Option<PathBuf>, Option<&'a str>);

#[pymethods]
impl VoiceListener {
    #[new]
    #[pyo3(signature = (pack, speech, runtime=None, device="cpu"))]
    fn new(
        py: Python<'_>,
        pack: &str,
        speech: Py<Detector>,
        runtime: Option<PathBuf>,
        device: &str,
    ) -> PyResult<Self> {
        let model = py.detach(|| {
            let (runtime, pack) = start(pack, runtime, device)?;
            VoiceModel::load(&runtime, pack, DetectorMode::Throughput).or_raise(None)
        })?;
        Ok(Self { model: Arc::new(model), speech })
    }

    /// Enrols a voice, sealed if there is a passphrase; gives what is to be said of it as JSON.
    fn enrol(
        &self,
        py: Python<'_>,
        noise: &NoiseEstimator,
        called: &str,
        clips: Vec<NamedFile>,
        store_of: Store<'_>,
        replace: bool,
    ) -> PyResult<String> {
        let called = name(called)?;
        let (store, seal) = (store(store_of.0.as_deref())?, passphrase(store_of.1)?);
        let ear = self.ear(Some(noise));
        let mut watch = Watch::new(None);
        let saved = py.detach(|| {
            let heard: Vec<HeardClip> =
                clips.iter().map(|clip| hear(&ear, clip, &mut watch)).collect::<PyResult<_>>()?;
            let enrolled =
                voice::enrol(&self.model, &heard, false).map_err(|error| refused(&error, &clips))?;
            let path = store
                .save(&called, &self.model.id(), &enrolled.profile, seal.as_ref(), existing(replace))
                .or_raise(None)?;
            Ok((enrolled, path))
        });
        let (enrolled, path) = watch.result(saved)?;
        let advice: Vec<(&str, String)> = clips
            .iter()
            .zip(&enrolled.advice)
            .flat_map(|(clip, advice)| advice.iter().map(|advice| (clip.1.as_str(), advice.to_string())))
            .collect();
        let told = json!({
            "name": called, "path": path, "clips": clips.len(), "speech_s": enrolled.profile.speech_s(),
            "advice": advice,
        });
        serde_json::to_string(&told).or_raise(None)
    }

    /// Whether an enrolled voice speaks in a clip, as JSON.
    fn verify(&self, py: Python<'_>, called: &str, clip: NamedFile, store_of: Store<'_>) -> PyResult<String> {
        let voice = self.enrolled(&name(called)?, &store_of)?;
        let ear = self.ear(None);
        let mut watch = Watch::new(None);
        let heard = py.detach(|| hear(&ear, &clip, &mut watch));
        let heard = watch.result(heard)?;
        let verdict = self.model.verify(&voice, &heard.print, None);
        let told = json!({
            "granted": verdict.outcome == Outcome::Granted,
            "probability": verdict.owner_probability,
            "threshold": OWNER_THRESHOLD,
            "speech_s": heard.quality.speech_s,
        });
        serde_json::to_string(&told).or_raise(None)
    }

    /// Who speaks in a recording: these voices, or all that are enrolled.
    #[pyo3(signature = (file, voices, store_of, progress=None))]
    fn who(
        &self,
        py: Python<'_>,
        file: NamedFile,
        voices: Option<Vec<String>>,
        store_of: Store<'_>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<TimelineData> {
        let names: Vec<ProfileName> = match voices {
            Some(voices) => voices.iter().map(|text| name(text)).collect::<PyResult<_>>()?,
            None => {
                let entries = store(store_of.0.as_deref())?.list(ProfileKind::Voice).or_raise(None)?;
                entries.into_iter().map(|entry| entry.name).collect()
            }
        };
        if names.is_empty() {
            let message = "no voice is enrolled; earmark.voice.enrol learns one";
            return Err(exception(Kind::Profile, message, None));
        }
        let enrolled = names.iter().map(|name| self.enrolled(name, &store_of)).collect::<PyResult<_>>()?;
        let voices = Voices::new(Arc::clone(&self.model), enrolled, FollowSettings::default());
        let detector = self.speech.get().inner();
        let settings = TimelineSettings::for_pack(detector.pack().manifest());
        let mut watch = Watch::new(progress);
        let report = py.detach(|| {
            who_speaks(detector, &voices, &recording(&file), &settings, &mut watch)
                .map_err(|error| error.raise(Some(&file.1)))
        });
        Ok(Report { file: file.1.clone(), ..watch.result(report)? }.into())
    }

    /// The embedding of a clip: a unit vector; nothing but zeros where nobody speaks.
    fn embed<'py>(&self, py: Python<'py>, clip: NamedFile) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let ear = self.ear(None);
        let mut watch = Watch::new(None);
        let heard = py.detach(|| hear(&ear, &clip, &mut watch));
        Ok(PyArray1::from_vec(py, watch.result(heard)?.print.unit))
    }
}

impl VoiceListener {
    fn ear(&self, noise: Option<&NoiseEstimator>) -> VoiceEar {
        VoiceEar {
            model: Arc::clone(&self.model),
            speech: self.speech.get().shared(),
            noise: noise.map(NoiseEstimator::shared),
        }
    }

    fn enrolled(&self, name: &ProfileName, (folder, text): &Store<'_>) -> PyResult<EnrolledVoice> {
        let store = store(folder.as_deref())?;
        let profile: VoiceProfile =
            store.load(name, &self.model.id().sha256, passphrase(*text)?.as_ref()).or_raise(None)?;
        self.model.voice(name.clone(), &profile).or_raise(None)
    }
}

fn hear(ear: &VoiceEar, clip: &NamedFile, watch: &mut Watch) -> PyResult<HeardClip> {
    let read = read_voice_clip(&recording(clip), watch).map_err(|error| error.raise(Some(&clip.1)))?;
    ear.hear(read.clip()).or_raise(Some(&clip.1))
}

/// A refusal is about its clip, if it is about one.
fn refused(error: &EnrolError, clips: &[NamedFile]) -> PyErr {
    match error {
        EnrolError::NoSpeech { number, .. } => {
            let name = clips.get(number - 1).map(|clip| clip.1.as_str());
            exception(Kind::Audio, &format!("{}: {error}", name.unwrap_or_default()), name)
        }
        _ => exception(Kind::Settings, &error.to_string(), None),
    }
}
