//! Phrases: enrolled from clips, found in recordings.

use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::detect::{self, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::Task;
use earmark_core::phrase::{self, Clip, Ears, Negatives, PhraseError, PhraseProfile, Phrases, Strictness};
use earmark_core::pipeline::{MAX_CLIP_S, embed_file, read_clip, spot_file};
use earmark_core::profile::{ModelId, ProfileName};
use earmark_core::report::Report;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::detector::{Detector, start};
use crate::errors::{Kind, OrRaise, Raise, exception};
use crate::observer::Watch;
use crate::profiles::{NamedFile, existing, name, recording, store};
use crate::timeline::TimelineData;

impl Raise for PhraseError {
    fn kind(&self) -> Kind {
        match self {
            Self::Clips { .. } => Kind::Audio,
            _ => Kind::Model,
        }
    }
}

/// A phrase pack on a runtime, compiled once. May be used by several threads at a time.
#[pyclass(frozen, module = "earmark._earmark")]
#[derive(Debug)]
pub struct PhraseEmbedder {
    inner: Arc<Embedder>,
}

#[pymethods]
impl PhraseEmbedder {
    #[new]
    #[pyo3(signature = (pack, runtime=None, device="cpu"))]
    fn new(py: Python<'_>, pack: &str, runtime: Option<PathBuf>, device: &str) -> PyResult<Self> {
        py.detach(|| {
            let (runtime, pack) = start(pack, runtime, device)?;
            let pack = pack.for_task(Task::Phrase).or_raise(None)?;
            let inner = Embedder::load(&runtime, pack, DetectorMode::Throughput).or_raise(None)?;
            Ok(Self { inner: Arc::new(inner) })
        })
    }

    /// Enrols a phrase; gives what is to be said of it as JSON. `speech` tells where in a clip speech is.
    #[expect(clippy::too_many_arguments, reason = "called from one place, by earmark.phrase.enrol")]
    fn enrol(
        &self,
        py: Python<'_>,
        speech: &Detector,
        called: &str,
        clips: Vec<NamedFile>,
        negative: Vec<NamedFile>,
        strictness: &str,
        profiles: Option<PathBuf>,
        replace: bool,
    ) -> PyResult<String> {
        let (called, strictness) = (name(called)?, strictness_of(strictness)?);
        let store = store(profiles.as_deref())?;
        let mut watch = Watch::new(None);
        let enrolled = py.detach(|| self.enrolled(speech.inner(), &clips, &negative, strictness, &mut watch));
        let phrase::Enrolled { profile, advice, mistaken } = watch.result(enrolled)?;
        let model = ModelId::of(self.inner.pack());
        let path = store.save(&called, &model, &profile, None, existing(replace)).or_raise(None)?;
        let advice: Vec<(String, String)> =
            advice.into_iter().map(|(clip, advice)| (clip, advice.to_string())).collect();
        let told = json!({
            "name": called, "path": path, "clips": profile.clips(), "strictness": strictness,
            "working": Strictness::ALL.map(|strictness| working(&profile, strictness)),
            "negative_hours": profile.negative_hours(), "advice": advice, "mistaken": mistaken,
        });
        serde_json::to_string(&told).or_raise(None)
    }

    /// Where phrases are said in a recording.
    #[pyo3(signature = (file, phrases, strictness=None, profiles=None, progress=None))]
    fn spot(
        &self,
        py: Python<'_>,
        file: NamedFile,
        phrases: Vec<String>,
        strictness: Option<&str>,
        profiles: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<TimelineData> {
        let names: Vec<ProfileName> = phrases.iter().map(|text| name(text)).collect::<PyResult<_>>()?;
        let strictness = strictness.map(strictness_of).transpose()?;
        let store = store(profiles.as_deref())?;
        let phrases = Phrases::load(Arc::clone(&self.inner), &store, &names, strictness).or_raise(None)?;
        let mut watch = Watch::new(progress);
        let spoken = py.detach(|| {
            spot_file(&phrases, &recording(&file), &mut watch, |_| Ok(()))
                .map_err(|error| error.raise(Some(&file.1)))
        });
        let timeline = watch.result(spoken)?.timeline(&phrases);
        Ok(Report::new(file.1, timeline).into())
    }
}

impl PhraseEmbedder {
    fn enrolled(
        &self,
        detector: &detect::Detector,
        clips: &[NamedFile],
        negative: &[NamedFile],
        strictness: Strictness,
        watch: &mut Watch,
    ) -> PyResult<phrase::Enrolled> {
        let mut heard: Vec<Clip> = Vec::new();
        for clip in clips {
            heard.push(read_clip(&recording(clip), watch).map_err(|error| error.raise(Some(&clip.1)))?);
        }
        let mut background = Negatives::of_pack(&self.inner).or_raise(None)?;
        let mut others = Vec::new();
        for file in negative {
            let vectors = embed_file(&self.inner, &recording(file), watch)
                .map_err(|error| error.raise(Some(&file.1)))?;
            background.add(vectors.clone());
            // A longer one is speech without the phrase; a short one is what must not be taken for it.
            if vectors.duration_s() <= MAX_CLIP_S {
                others.push((file.1.clone(), vectors));
            }
        }
        let ears = Ears { embedder: &self.inner, detector };
        phrase::enrol(ears, &heard, &background, &others, strictness).or_raise(None)
    }
}

fn working(profile: &PhraseProfile, strictness: Strictness) -> Value {
    let working = profile.working(strictness);
    json!({
        "strictness": strictness,
        "limit": working.limits.whole,
        "false_alarms_per_hour": strictness.false_alarms_per_hour(),
        "expected_miss": working.expected_miss,
        "missed_clips": working.missed_clips,
    })
}

fn strictness_of(text: &str) -> PyResult<Strictness> {
    Strictness::ALL.into_iter().find(|strictness| strictness.name() == text).ok_or_else(|| {
        let known = Strictness::ALL.map(Strictness::name).join(", ");
        exception(Kind::Settings, &format!("{text:?} is no strictness; give one of {known}"), None)
    })
}
