//! What was heard, by its place on the host's timeline, until somebody saves it as a label file.
//!
//! The meters remember 41 s, and the audio thread writes nowhere else. One thread for all instances of the process collects
//! from them ten times a second, which is often enough for renders of four hundred times the speed of sound. What is played
//! again takes the place of what was heard there before. The log lives as long as the instance and is in no state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use earmark_core::decide::{Segment, Timeline, TimelineSettings, segment};
use earmark_core::detect::Detector;
use earmark_core::output::{OutputError, SafeFile};
use earmark_core::report::{Format, Report, ReportError};
use earmark_core::{FrameGrid, FrameScores, Label};

use crate::meters::{MeterFrame, Meters};
use crate::processor::settings::SettingsBank;
use crate::shared::Shared;

/// Frames of one piece of the log: 10 s.
const PIECE: usize = 1_000;
/// Pieces that are kept: 24 hours.
const PIECES_LIMIT: usize = 8_640;
/// Between two looks at the meters.
const PERIOD: Duration = Duration::from_millis(100);
/// The labels of the meters.
const LABELS: [Label; 4] = [Label::SPEECH, Label::MUSIC, Label::NOISE, Label::SINGING];

/// Why labels cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveLabelsError {
    /// Nothing was heard.
    #[error("nothing was heard yet: play the part whose labels you want")]
    Nothing,
    /// The file's name asks for no format.
    #[error("{0:?} ends in none of {list}", list = endings())]
    Format(PathBuf),
    /// Another file has the name.
    #[error("{0:?} is there already; choose another name")]
    Exists(PathBuf),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] OutputError),
}

fn endings() -> String {
    Format::ALL.map(|format| format!(".{}", format.extension())).join(", ")
}

/// One frame: the probabilities of [`LABELS`], and the level.
#[derive(Debug, Clone, Copy)]
struct Heard {
    probabilities: [f32; LABELS.len()],
    level_dbfs: f32,
}

/// The frames of one instance.
#[derive(Debug, Default)]
pub(crate) struct LabelLog {
    pieces: BTreeMap<i64, Vec<Option<Heard>>>,
    /// Number of the next frame of the meters.
    next: u64,
    frames: Vec<MeterFrame>,
    /// The paths that were saved to: they may be saved over.
    saved: Vec<PathBuf>,
}

impl LabelLog {
    /// Takes what the meters have and this has not.
    fn collect(&mut self, meters: &Meters) {
        let mut frames = std::mem::take(&mut self.frames);
        self.next = meters.read_from(self.next, &mut frames);
        for frame in frames.drain(..) {
            self.put(&frame);
        }
        self.frames = frames;
    }

    fn put(&mut self, frame: &MeterFrame) {
        let length = i64::try_from(PIECE).unwrap_or(i64::MAX);
        let (piece, within) = (frame.place.div_euclid(length), frame.place.rem_euclid(length));
        let full = self.pieces.len() >= PIECES_LIMIT && !self.pieces.contains_key(&piece);
        if frame.late || frame.place < 0 || full {
            return;
        }
        let heard = Heard {
            probabilities: [frame.speech, frame.music, frame.noise, frame.singing],
            level_dbfs: frame.level_dbfs,
        };
        let piece = self.pieces.entry(piece).or_insert_with(|| vec![None; PIECE]);
        if let Some(slot) = usize::try_from(within).ok().and_then(|within| piece.get_mut(within)) {
            *slot = Some(heard);
        }
    }

    /// Runs of frames without a gap, each with the number of its first.
    fn runs(&self) -> Vec<(i64, Vec<Heard>)> {
        let mut runs: Vec<(i64, Vec<Heard>)> = Vec::new();
        let length = i64::try_from(PIECE).unwrap_or(i64::MAX);
        for (piece, frames) in &self.pieces {
            for (place, heard) in (piece * length..).zip(frames) {
                let Some(heard) = heard else { continue };
                match runs.last_mut() {
                    Some((first, run)) if *first + i64::try_from(run.len()).unwrap_or(0) == place => {
                        run.push(*heard)
                    }
                    _ => runs.push((place, vec![*heard])),
                }
            }
        }
        runs
    }

    /// The segments of what was heard, in seconds of the timeline; where nothing was heard there are none.
    fn report(&self, name: &str, settings: &TimelineSettings, singing: bool) -> Option<Report> {
        /// Of the frames: the times are what counts.
        const RATE_HZ: u32 = 48_000;
        let labels = if singing { &LABELS[..] } else { &LABELS[..LABELS.len() - 1] };
        let mut whole = Timeline::default();
        for (first, run) in self.runs() {
            let mut scores = FrameScores::new(labels.to_vec(), RATE_HZ);
            for heard in &run {
                scores.probabilities.extend_from_slice(&heard.probabilities[..labels.len()]);
                scores.mean_square.push(10.0_f32.powf(heard.level_dbfs / 10.0));
            }
            scores.samples = FrameGrid::new(RATE_HZ).start(run.len() as u64);
            let part = segment(&scores, settings);
            let offset_s = FrameGrid::seconds(u64::try_from(first).unwrap_or(0));
            whole.segments.extend(part.segments.into_iter().map(|segment| Segment {
                start_s: segment.start_s + offset_s,
                end_s: segment.end_s + offset_s,
                ..segment
            }));
            whole.duration_s = offset_s + part.duration_s;
            whole.labels = part.labels;
        }
        (!whole.segments.is_empty()).then(|| Report::new(name, whole))
    }
}

impl Shared {
    /// Takes into the log what the meters have.
    pub(crate) fn collect_labels(&self) {
        self.with_labels(|log| log.collect(&self.meters));
    }

    /// Saves the labels of all that was heard, in seconds of the host's timeline (of the samples since the start, where the
    /// host has none), in the format of the path's ending. Gives the number of segments. Not for the audio thread.
    ///
    /// # Errors
    /// [`SaveLabelsError`]: nothing was heard, no such format, or the file cannot be written. A file that is there is only
    /// replaced if this instance has written it.
    pub fn save_labels(&self, path: &Path) -> Result<usize, SaveLabelsError> {
        self.collect_labels();
        let format = Format::of_path(path).ok_or_else(|| SaveLabelsError::Format(path.to_owned()))?;
        let settings = self.timeline_settings();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.with_labels(|log| {
            if path.exists() && !log.saved.iter().any(|saved| saved == path) {
                return Err(SaveLabelsError::Exists(path.to_owned()));
            }
            let report = log.report(&name, &settings, self.has_singing()).ok_or(SaveLabelsError::Nothing)?;
            let mut bytes = Vec::new();
            format.write(&report, &mut bytes)?;
            SafeFile::write_all_to(path, &bytes)?;
            log.saved.push(path.to_owned());
            Ok(report.timeline.segments.len())
        })
    }

    /// How the tagger makes segments of what this ear hears, with the thresholds of the gate.
    fn timeline_settings(&self) -> TimelineSettings {
        let of_pack = |ear: &Detector| TimelineSettings::for_pack(ear.pack().manifest());
        let settings = self.with_ear(of_pack).unwrap_or_default();
        let mut bank = self
            .kept(|kept| SettingsBank::new(&kept.extras))
            .with_others(|label| self.thresholds_of_ear(label));
        match bank.update(&self.params) {
            Some(gate) => settings.with_gate(gate),
            None => settings,
        }
    }
}

/// The instances that are collected from, and whether the thread runs.
static COLLECTED: Mutex<(Vec<Weak<Shared>>, bool)> = Mutex::new((Vec::new(), false));

/// From now on the labels of an instance are collected. On the main thread.
pub(crate) fn collect_from(shared: &Arc<Shared>) {
    let mut collected = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
    let own = Arc::downgrade(shared);
    if !collected.0.iter().any(|other| other.ptr_eq(&own)) {
        collected.0.push(own);
    }
    if !collected.1 {
        // The thread may go on for a moment when the last instance is gone.
        crate::module::keep_loaded();
        // Without it labels are collected when they are saved: 41 s of them.
        let started = std::thread::Builder::new().name("earmark labels".to_owned()).spawn(collect);
        collected.1 = started.is_ok();
    }
}

fn collect() {
    loop {
        std::thread::sleep(PERIOD);
        let mut collected = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
        collected.0.retain(|instance| instance.strong_count() > 0);
        if collected.0.is_empty() {
            collected.1 = false;
            return;
        }
        let instances = collected.0.clone();
        drop(collected);
        instances.iter().filter_map(Weak::upgrade).for_each(|shared| shared.collect_labels());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(shared: &Shared, places: std::ops::Range<i64>, speech: f32) {
        for place in places {
            let (level_dbfs, noise) = (-20.0, 1.0 - speech);
            shared.meters.push(MeterFrame { place, speech, noise, level_dbfs, ..MeterFrame::default() });
        }
    }

    #[test]
    fn labels_have_the_times_of_the_project_and_what_is_played_again_counts() {
        let shared = Shared::new();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("song.csv");
        assert!(matches!(shared.save_labels(&path), Err(SaveLabelsError::Nothing)));
        play(&shared, 6_000..6_500, 0.02);
        play(&shared, 6_500..6_800, 0.98);
        play(&shared, 6_800..7_000, 0.02);
        shared.save_labels(&path).expect("saved");
        let read = |path: &Path| {
            let text = std::fs::read_to_string(path).expect("a file");
            let report = Format::of_path(path).expect("a format").parse(&text).expect("it parses");
            report.timeline.of(&Label::SPEECH).map(|s| (s.start_s, s.end_s)).collect::<Vec<_>>()
        };
        let [(start_s, end_s)] = read(&path)[..] else { panic!("one stretch of speech") };
        assert!((start_s - 65.0).abs() < 0.2 && (end_s - 68.0).abs() < 0.2, "{start_s} {end_s}");
        // The same bars again, with other words; then a part far behind, and nothing between.
        play(&shared, 6_500..6_800, 0.02);
        play(&shared, 60_000..60_300, 0.98);
        let other = folder.path().join("song.labels.txt");
        shared.save_labels(&other).expect("saved");
        let [(start_s, end_s)] = read(&other)[..] else { panic!("one stretch of speech") };
        assert!((start_s - 600.0).abs() < 0.05 && (end_s - 603.0).abs() < 0.05, "{start_s} {end_s}");
        shared.save_labels(&path).expect("its own file is saved over");
        std::fs::write(folder.path().join("mine.srt"), "kept").expect("written");
        let taken = shared.save_labels(&folder.path().join("mine.srt"));
        assert!(matches!(taken, Err(SaveLabelsError::Exists(_))));
        assert!(matches!(shared.save_labels(&folder.path().join("x.doc")), Err(SaveLabelsError::Format(_))));
    }

    #[test]
    fn instances_are_collected_from_while_they_live() {
        let shared = Arc::new(Shared::new());
        collect_from(&shared);
        for _ in 0..3 {
            play(&shared, 0..4_000, 0.9);
            let begun = std::time::Instant::now();
            let all = || shared.with_labels(|log| log.next == shared.meters.written());
            while !all() {
                assert!(begun.elapsed() < Duration::from_secs(60), "nobody collects");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        drop(shared);
    }
}
