//! What is done with an upload: one call of core each.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use earmark_core::Label;
use earmark_core::audio::{AudioError, SampleFormat};
use earmark_core::decide::{
    LabelSettings, SpanShape, Thresholds, TimelineChanges, TimelineError, TimelineSettings, shaped_spans,
};
use earmark_core::detect::DetectorMode;
use earmark_core::gate::{PresetChanges, preset};
use earmark_core::model::pack;
use earmark_core::output::{OutputError, is_disk_full};
use earmark_core::pipeline::{
    AudioTarget, FileRenderer, PipelineError, RenderSettings, detect_file, noise_of_file, tag_file,
};
use earmark_core::render::{Container, Dither, RenderError};
use earmark_core::report::{Format, FramesFormat, NoiseFormat, NoiseRow, ReportError};

use super::{JobWatch, Packs, Stopped, Upload};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Something was asked for that there is not.
    #[error("{0}")]
    Parameter(String),
    /// It is no audio, or in a format that is not read here.
    #[error("{0}")]
    NotAudio(String),
    /// It is audio, but cannot be read to its end, or nothing can be said of it.
    #[error("{0}")]
    Unreadable(String),
    /// What is asked about is not here.
    #[error("{0}")]
    Missing(String),
    /// It is here, but not in a state in which it can be asked.
    #[error("{0}")]
    Conflict(String),
    /// More audio than is taken here.
    #[error("{0}")]
    TooLong(String),
    /// The watch stopped it.
    #[error("stopped")]
    Stopped(Stopped),
    /// The answer finds no room.
    #[error("the disk with the server's folder for temporary files is full; try again when there is room")]
    DiskFull,
    /// The service's own fault.
    #[error("{0}")]
    Failed(String),
}

impl From<TimelineError> for JobError {
    fn from(error: TimelineError) -> Self {
        Self::Parameter(error.to_string())
    }
}

impl From<std::io::Error> for JobError {
    fn from(error: std::io::Error) -> Self {
        if is_disk_full(&error) {
            return Self::DiskFull;
        }
        Self::Failed(format!("the answer cannot be kept in a temporary file: {error}"))
    }
}

impl From<ReportError> for JobError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Io(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What a pipeline's error is to who asked.
pub(super) fn failed(error: PipelineError, watch: &JobWatch) -> JobError {
    let said = error.to_string();
    match (error, watch.stopped()) {
        (PipelineError::Interrupted, Some(stopped)) => JobError::Stopped(stopped),
        (PipelineError::Audio(AudioError::Open { .. }), _) => JobError::Failed(said),
        (PipelineError::Audio(AudioError::NotAudio { .. } | AudioError::Unsupported { .. }), _) => {
            JobError::NotAudio(said)
        }
        (PipelineError::Audio(_) | PipelineError::NoSamples { .. } | PipelineError::Metadata(_), _) => {
            JobError::Unreadable(said)
        }
        (PipelineError::NoSound { .. }, _) => JobError::Unreadable(said),
        (PipelineError::ClipTooLong { .. }, _) => JobError::TooLong(said),
        (PipelineError::OutputFormat { .. }, _) => JobError::Parameter(said),
        // The name of the answer's file is nobody's business.
        (
            PipelineError::Render { source: RenderError::DiskFull, .. }
            | PipelineError::Output(OutputError::DiskFull { .. }),
            _,
        ) => JobError::DiskFull,
        (PipelineError::Spool { source, .. } | PipelineError::Taken(source), _) if is_disk_full(&source) => {
            JobError::DiskFull
        }
        _ => JobError::Failed(said),
    }
}

/// An empty file without a name, for an answer.
fn answer() -> Result<File, JobError> {
    Ok(tempfile::tempfile()?)
}

/// What `write` writes, ready to be read.
fn written<E: Into<JobError>>(write: impl FnOnce(&mut dyn Write) -> Result<(), E>) -> Result<File, JobError> {
    let mut out = BufWriter::new(answer()?);
    write(&mut out).map_err(Into::into)?;
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// As `earmark tag`.
#[derive(Debug, Clone)]
pub struct TagRequest {
    /// Which pack hears.
    pub pack: String,
    /// Form of the answer.
    pub format: Format,
    /// Changes to how frames become segments.
    pub timeline: TimelineChanges,
}

impl TagRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(&self, packs: &Packs, upload: &Upload, watch: &mut JobWatch) -> Result<File, JobError> {
        let detector = packs.detector(&self.pack, DetectorMode::Throughput)?;
        let manifest = detector.pack().manifest();
        let settings = self.timeline.apply(TimelineSettings::for_pack(manifest), &manifest.labels)?;
        let report =
            tag_file(&detector, &upload.recording(), &settings, watch).map_err(|e| failed(e, watch))?;
        written(|out| self.format.write(&report, out))
    }
}

/// As `earmark frames`.
#[derive(Debug, Clone)]
pub struct FramesRequest {
    /// Which pack hears.
    pub pack: String,
    /// Form of the answer.
    pub format: FramesFormat,
    /// As live audio is heard.
    pub live: bool,
}

impl FramesRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(&self, packs: &Packs, upload: &Upload, watch: &mut JobWatch) -> Result<File, JobError> {
        let detector = packs.detector(&self.pack, mode(self.live))?;
        let scores = detect_file(&detector, &upload.recording(), watch).map_err(|e| failed(e, watch))?;
        written(|out| self.format.write(&scores, out))
    }
}

/// As `earmark noise`.
#[derive(Debug, Clone)]
pub struct NoiseRequest {
    /// Form of the answer.
    pub format: NoiseFormat,
    /// Every second, too.
    pub timeline: bool,
    /// Probability at which a recording counts as noisy; `None`: the pack's.
    pub threshold: Option<f32>,
}

impl NoiseRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(&self, packs: &Packs, upload: &Upload, watch: &mut JobWatch) -> Result<File, JobError> {
        let estimator = packs.noise(DetectorMode::Throughput)?;
        let estimate = noise_of_file(&estimator, &upload.recording(), self.threshold, watch)
            .map_err(|e| failed(e, watch))?;
        let row = NoiseRow { file: upload.name.clone(), estimate };
        written(|out| self.format.write(std::slice::from_ref(&row), self.timeline, out))
    }
}

/// As `earmark render`.
#[derive(Debug, Clone)]
pub struct RenderRequest {
    /// Name of a preset that is built in.
    pub preset: String,
    /// Changes to it.
    pub gate: PresetChanges,
    /// Changes to how frames become segments.
    pub timeline: TimelineChanges,
    /// Which pack hears; `None`: the studio pack, or the live one for `live`.
    pub pack: Option<String>,
    /// As the plugin decides.
    pub live: bool,
    /// The gate follows the noise floor.
    pub adaptive: bool,
    /// Sample format; `None`: the recording's.
    pub sample_format: Option<SampleFormat>,
    /// Round without dither.
    pub no_dither: bool,
    /// Container of the answer.
    pub container: Container,
}

impl RenderRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(&self, packs: &Packs, upload: &Upload, watch: &mut JobWatch) -> Result<File, JobError> {
        let default_pack = if self.live { pack::LIVE } else { pack::STUDIO };
        let detector = packs.detector(self.pack.as_deref().unwrap_or(default_pack), mode(self.live))?;
        let manifest = detector.pack().manifest();
        let parameter = |error: earmark_core::gate::GateError| JobError::Parameter(error.to_string());
        let mut preset = preset(&self.preset).map_err(parameter)?;
        self.gate.apply(&mut preset);
        let settings = RenderSettings::new(preset, manifest);
        let settings = RenderSettings {
            timeline: self.timeline.apply(settings.timeline, &manifest.labels)?,
            causal: self.live,
            cut_only: self.gate.cut_only(),
            sample_format: self.sample_format,
            dither: if self.no_dither { Dither::Off } else { Dither::Triangular },
            ..settings
        };
        let renderer = FileRenderer::new(settings, manifest).map_err(parameter)?;
        let noise = self.adaptive.then(|| packs.noise(mode(self.live))).transpose()?;
        let mut file = answer()?;
        let target = AudioTarget::Handle {
            name: Path::new(if self.container == Container::Flac { "answer.flac" } else { "answer.wav" }),
            file: file.try_clone()?,
        };
        renderer
            .render(&detector, noise.as_deref(), &upload.recording(), target, None, watch)
            .map_err(|e| failed(e, watch))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// Where somebody speaks, in the terms of the common speech detectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeechRequest {
    /// Where speech begins and ends; `None`: the pack's.
    pub thresholds: Option<Thresholds>,
    /// Shorter speech is dropped, ms.
    pub min_speech_ms: u32,
    /// Shorter pauses are filled, ms.
    pub min_silence_ms: u32,
    /// What is done with the spans that are found.
    pub shape: SpanShape,
}

/// One stretch of speech, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct SpeechSpan {
    /// First instant.
    pub start: u64,
    /// End.
    pub end: u64,
}

impl SpeechRequest {
    /// Does it.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(
        &self,
        packs: &Packs,
        upload: &Upload,
        watch: &mut JobWatch,
    ) -> Result<Vec<SpeechSpan>, JobError> {
        let detector = packs.detector(pack::STUDIO, DetectorMode::Throughput)?;
        let mut settings = TimelineSettings::for_pack(detector.pack().manifest());
        let speech = settings.of(&Label::SPEECH);
        let thresholds = self.thresholds.unwrap_or(speech.thresholds());
        let changed = LabelSettings {
            min_on_ms: self.min_speech_ms,
            min_gap_ms: self.min_silence_ms,
            open: thresholds.open,
            close: thresholds.close,
            ..speech
        };
        settings.labels.insert(Label::SPEECH, changed);
        // A pause that is to be filled is no silence either.
        settings.min_silence_ms = self.min_silence_ms;
        settings.check()?;
        let report =
            tag_file(&detector, &upload.recording(), &settings, watch).map_err(|e| failed(e, watch))?;
        let spans = shaped_spans(&report.timeline, &Label::SPEECH, &self.shape);
        Ok(spans.into_iter().map(|(start, end)| SpeechSpan { start: ms(start), end: ms(end) }).collect())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time in a file; `as` saturates"
)]
fn ms(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

fn mode(live: bool) -> DetectorMode {
    if live { DetectorMode::LowLatency } else { DetectorMode::Throughput }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::Arc;

    use super::*;
    use crate::config::Limits;

    #[test]
    fn a_full_disk_is_told_apart_whatever_was_written() {
        let watch = JobWatch::new(&Limits::default(), Arc::default(), Arc::default());
        let name = "answer.wav".to_owned();
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let full = || std::io::Error::from(kind);
            for error in [
                JobError::from(full()),
                written(|_| Err::<(), _>(ReportError::Io(full()))).unwrap_err(),
                failed(PipelineError::Render { name: name.clone(), source: full().into() }, &watch),
                failed(PipelineError::Output(OutputError::DiskFull { path: name.clone().into() }), &watch),
                failed(PipelineError::Spool { name: name.clone(), source: full() }, &watch),
            ] {
                assert!(matches!(error, JobError::DiskFull), "{error:?}");
                assert!(!error.to_string().contains(&name), "{error}");
            }
        }
        let other = JobError::from(std::io::Error::from(ErrorKind::PermissionDenied));
        assert!(matches!(other, JobError::Failed(_)), "{other:?}");
    }
}
