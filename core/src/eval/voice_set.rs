//! Recordings of known speakers, and the trials that are made of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{EvalError, MANIFEST, TableError, VoiceTrial};
use crate::audio::{mix, read_mono};
use crate::profile::ProfileName;
use crate::voice::{Clip, EnrolledClip, EnrolledVoice, VoiceEar, VoiceError, VoicePrint, VoiceProfile};

/// Clips are read at this rate.
const RATE_HZ: u32 = 16_000;

/// A clip of a known speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeakerClip {
    /// The file.
    pub path: PathBuf,
    /// Who speaks.
    pub speaker: String,
    /// Its group in each way of grouping.
    pub groups: BTreeMap<String, String>,
}

/// What is done to a clip before it is judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Condition {
    /// Only the first so many seconds.
    pub length_s: Option<f64>,
    /// Noise is added at this ratio, dB.
    pub snr_db: Option<f64>,
}

impl SpeakerClip {
    /// The clips of a folder: those that its `manifest.csv` lists (columns `file`, `speaker`, and any others, by which trials
    /// are grouped), or else one sub-folder for each speaker.
    ///
    /// # Errors
    /// [`EvalError`] if there are none or the list is not of that form.
    pub fn read_folder(folder: &Path) -> Result<Vec<Self>, EvalError> {
        let path = folder.join(MANIFEST);
        let read = |path: &Path| {
            let path = path.to_owned();
            move |source| EvalError::Read { path, source }
        };
        if path.is_file() {
            let text = std::fs::read_to_string(&path).map_err(read(&path))?;
            return Self::parse(&text, folder)
                .map_err(|source| EvalError::Table { path: path.clone(), source });
        }
        let mut clips = Vec::new();
        for speaker in sorted(folder).map_err(read(folder))? {
            if !speaker.is_dir() {
                continue;
            }
            let name = speaker.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for path in sorted(&speaker).map_err(read(&speaker))?.into_iter().filter(|path| path.is_file()) {
                clips.push(Self { path, speaker: name.clone(), groups: BTreeMap::new() });
            }
        }
        if clips.is_empty() {
            return Err(EvalError::NoSpeakers { folder: folder.to_owned() });
        }
        Ok(clips)
    }

    fn parse(text: &str, folder: &Path) -> Result<Vec<Self>, TableError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().map_err(|e| TableError::from_csv(&e))?.clone();
        let column = |name: &str| {
            head.iter().position(|h| h == name).ok_or_else(|| TableError::Column(name.to_owned()))
        };
        let (file, speaker) = (column("file")?, column("speaker")?);
        let mut clips = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| TableError::from_csv(&e))?;
            let cell = |index: usize| record.get(index).unwrap_or_default().trim().to_owned();
            let groups = head.iter().enumerate().filter(|(index, _)| ![file, speaker].contains(index));
            let groups = groups.map(|(index, way)| (way.to_owned(), cell(index))).collect();
            clips.push(Self { path: folder.join(cell(file)), speaker: cell(speaker), groups });
        }
        Ok(clips)
    }

    /// Reads and hears it.
    ///
    /// # Errors
    /// [`EvalError`] if it cannot be read, has no samples or a network fails.
    pub fn hear(
        &self,
        ear: &VoiceEar,
        noise: &[f32],
        condition: &Condition,
    ) -> Result<VoicePrint, EvalError> {
        let mut samples = read_mono(&self.path, RATE_HZ)?;
        if samples.is_empty() {
            return Err(EvalError::NoSamples { path: self.path.clone() });
        }
        if let Some(length_s) = condition.length_s {
            let length = crate::signal::units::samples_covering(length_s, RATE_HZ);
            samples.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        }
        if let Some(snr_db) = condition.snr_db {
            let mixed = mix(&samples, noise, snr_db);
            samples = mixed.map_err(|source| EvalError::Mix { path: self.path.clone(), source })?.samples;
        }
        let clip = Clip { interleaved: &samples, rate_hz: RATE_HZ, channels: 1 };
        ear.print(clip).map_err(|source| EvalError::Voice { path: self.path.clone(), source })
    }
}

/// The entries of a folder by name.
fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

/// The clips of one speaker: what is enrolled, and what is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    /// Who.
    pub name: String,
    /// Prints of the clips that are enrolled.
    pub enrolled: Vec<VoicePrint>,
}

/// Every enrolled voice against every clip.
///
/// # Errors
/// [`VoiceError`] if prints and model do not fit.
pub fn voice_trials(
    ear: &VoiceEar,
    speakers: &[Speaker],
    tests: &[(String, VoicePrint, BTreeMap<String, String>)],
) -> Result<Vec<VoiceTrial>, VoiceError> {
    let name: ProfileName = match "trial".parse() {
        Ok(name) => name,
        Err(_) => return Ok(Vec::new()),
    };
    let enrol = |speaker: &Speaker| -> Result<EnrolledVoice, VoiceError> {
        let clip =
            |print: &VoicePrint| EnrolledClip { embedding: print.unit.clone(), speech_s: print.duration_s };
        let profile = VoiceProfile { clips: speaker.enrolled.iter().map(clip).collect(), word: None };
        ear.model.voice(name.clone(), &profile)
    };
    let voices: Vec<EnrolledVoice> = speakers.iter().map(enrol).collect::<Result<_, _>>()?;
    let mut trials = Vec::with_capacity(voices.len() * tests.len());
    for (speaker, print, groups) in tests {
        let likenesses = ear.model.compare_all(&voices, print);
        for (enrolled, (known, likeness)) in speakers.iter().zip(likenesses).enumerate() {
            let is_target = known.name == *speaker;
            trials.push(VoiceTrial {
                enrolled,
                is_target,
                log_odds: likeness.log_odds,
                groups: groups.clone(),
            });
        }
    }
    Ok(trials)
}
