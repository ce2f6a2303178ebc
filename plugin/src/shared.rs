//! What all threads of one instance see.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atomic_float::AtomicF64;
use earmark_core::Label;
use earmark_core::decide::Thresholds;
use earmark_core::detect::Detector;
use earmark_core::realtime::{Hearing, LiveFloor, LiveMonitor, LiveVoice, RecentAudio};
use serde_json::{Map, Value};

use crate::edits::Edits;
use crate::host_words::HostWords;
use crate::label_log::LabelLog;
use crate::made_with::OlderEar;
use crate::meters::Meters;
use crate::params::{PARAMS, ParamId, Params, PresetExtras};
use crate::profiles::{ChosenProfile, KeptModels, Learner, Learning};

/// Parameters, meters, status and state of one instance; held in an `Arc` by the format layer, the processor and the
/// window.
///
/// The audio thread only touches atomics here. The mutexes are between the window and the host's main thread.
#[derive(Debug, Default)]
pub struct Shared {
    /// The parameters.
    pub params: Params,
    /// What the window draws.
    pub meters: Meters,
    /// What the window changed and the host was not yet told.
    pub edits: Edits,
    restart_wanted: AtomicBool,
    values_replaced: AtomicBool,
    label_outputs: AtomicU64,
    /// Lanes whose gesture the host was told the beginning of and not the end, one bit for each parameter.
    gestures: AtomicU64,
    /// Notes that the host was told the beginning of and not the end, one bit for each.
    sounding: AtomicU8,
    activation: ActivationInfo,
    kept: Mutex<PluginState>,
    /// The ear of the last activation, so that the next one need not compile it, and the gates' status.
    ear: Mutex<Option<(String, Arc<Detector>)>>,
    monitors: Mutex<Vec<LiveMonitor>>,
    labels: Mutex<LabelLog>,
    host_words: Mutex<HostWords>,
    pub(crate) profiles: ProfileState,
}

/// Voices and phrases: between the window, the main thread and the thread that learns.
#[derive(Debug, Default)]
pub(crate) struct ProfileState {
    /// Where they lie, if not at the user's own place.
    pub(crate) folder: Mutex<Option<PathBuf>>,
    pub(crate) models: Mutex<KeptModels>,
    pub(crate) problems: Mutex<Vec<String>>,
    /// Takes of a phrase, each with its rate.
    pub(crate) takes: Mutex<Vec<(Vec<f32>, u32)>>,
    pub(crate) learning: Mutex<Learning>,
    pub(crate) learner: Mutex<Option<Learner>>,
}

/// What the state holds beside parameters.
#[derive(Debug, Default, Clone)]
pub(crate) struct PluginState {
    /// What the loaded preset says and the parameters cannot.
    pub(crate) extras: PresetExtras,
    /// The preset that was loaded last.
    pub(crate) preset: Option<String>,
    /// What the window wants to find again.
    pub(crate) window: Map<String, Value>,
    /// The voice and the phrase that are chosen.
    pub(crate) voice: Option<ChosenProfile>,
    pub(crate) phrase: Option<ChosenProfile>,
    /// The ear that the loaded project was made with, while it is another than the shipped one or nobody looked.
    pub(crate) older_ear: Option<OlderEar>,
}

#[derive(Debug, Default)]
struct ActivationInfo {
    active: AtomicBool,
    broken: AtomicBool,
    has_singing: AtomicBool,
    latency_samples: AtomicU32,
    rate_hz: AtomicF64,
    max_block: AtomicU32,
}

/// What the window shows of the machine room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// Whether the host has the plugin switched on.
    pub active: bool,
    /// Latency of this activation, samples.
    pub latency_samples: u32,
    /// Sample rate of this activation, Hz; 0 before the first.
    pub rate_hz: f64,
    /// The ear.
    pub ear: DetectorStatus,
    /// Frames whose decision was not there in time: the last one held.
    pub underruns: u64,
    /// Those of them that came later.
    pub late: u64,
    /// Times that audio went unheard because the worker was too far behind.
    pub overflows: u64,
    /// Share of the time that the ear is busy, 0 to 1.
    pub load: f32,
    /// Whether the system gave all of the ear's threads more than ordinary priority.
    pub raised_priority: bool,
    /// The noise floor that the gate follows, where it follows one; of several gates the loudest.
    pub floor: Option<LiveFloor>,
    /// The enrolled voice, where one is followed; of several gates the likeliest.
    pub voice: Option<LiveVoice>,
}

/// How the ear is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DetectorStatus {
    /// Nothing runs before the first activation.
    #[default]
    Idle,
    /// It hears.
    Running,
    /// It has not answered for a second of audio: the fail mode is in force until it does.
    Stalled,
    /// It is missing or broken, and why: the fail mode is in force.
    Failed(String),
}

impl Shared {
    /// A fresh instance with defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter from any side; a change of latency or memory is noted as a wish for a restart.
    pub fn set(&self, id: ParamId, plain: f64) {
        if self.params.set(id, plain) && id.spec().flags.restart {
            self.want_restart();
        }
    }

    /// The window (through the format layer) sets a parameter; the host will hear of it.
    pub fn edit(&self, id: ParamId, plain: f64) {
        self.set(id, plain);
        self.edits.change(id);
    }

    /// Asks for a new activation.
    pub fn want_restart(&self) {
        self.restart_wanted.store(true, Ordering::Release);
    }

    /// Whether a restart is wanted since this was last asked. The format layer then asks the host, from the main thread.
    /// An activation answers it by itself.
    pub fn take_restart_wanted(&self) -> bool {
        self.restart_wanted.swap(false, Ordering::AcqRel)
    }

    /// Whether all values changed at once (state, preset) since this was last asked: the host shall read them anew.
    pub fn take_values_replaced(&self) -> bool {
        self.values_replaced.swap(false, Ordering::AcqRel)
    }

    /// One bit for each parameter that the processor moved by itself (labels, meters) since this was last asked: for
    /// formats whose hosts record only edits by the main thread.
    pub fn take_label_outputs(&self) -> impl Iterator<Item = ParamId> + use<> {
        params_of(self.label_outputs.swap(0, Ordering::AcqRel))
    }

    /// The processor begins to move a lane, and the host is told.
    pub(crate) fn note_gesture(&self, id: ParamId) {
        self.gestures.fetch_or(1_u64.checked_shl(id.0).unwrap_or(0), Ordering::AcqRel);
    }

    /// The lanes whose gesture has not ended; whoever asks tells the host that it ends. The processor does so while it runs,
    /// and a format layer after a deactivation.
    pub(crate) fn take_gestures(&self) -> impl Iterator<Item = ParamId> + use<> {
        params_of(self.gestures.swap(0, Ordering::AcqRel))
    }

    /// These notes sound from now on; gives those that did. It outlives an activation, because only audio carries notes.
    pub(crate) fn swap_sounding(&self, notes: u8) -> u8 {
        self.sounding.swap(notes, Ordering::AcqRel)
    }

    /// The processor moved a parameter by itself.
    pub(crate) fn note_output(&self, id: ParamId, plain: f64) {
        if self.params.set_quietly(id, plain) && id.index() < PARAMS.len() {
            self.label_outputs.fetch_or(1 << id.0, Ordering::Release);
        }
    }

    /// A state took the place of all values.
    pub(crate) fn values_were_replaced(&self) {
        self.values_replaced.store(true, Ordering::Release);
    }

    /// Name of the preset that was loaded last.
    pub fn preset(&self) -> Option<String> {
        self.kept(|kept| kept.preset.clone())
    }

    /// What the window kept under `key`: it lives in the state.
    pub fn window_get(&self, key: &str) -> Option<Value> {
        self.kept(|kept| kept.window.get(key).cloned())
    }

    /// Keeps something for the window.
    pub fn window_set(&self, key: &str, value: Value) {
        self.kept(|kept| kept.window.insert(key.to_owned(), value));
    }

    /// What the host said by itself.
    pub fn host_words(&self) -> HostWords {
        lock(&self.host_words).clone()
    }

    /// The host says something.
    pub(crate) fn note_host_words(&self, note: impl FnOnce(&mut HostWords)) {
        note(&mut lock(&self.host_words));
    }

    /// How the activation is doing.
    pub fn status(&self) -> Status {
        Status {
            active: self.activation.active.load(Ordering::Acquire),
            latency_samples: self.latency_samples(),
            rate_hz: self.activation.rate_hz.load(Ordering::Relaxed),
            ..self.gates_status()
        }
    }

    fn gates_status(&self) -> Status {
        let mut status = Status::default();
        if self.activation.broken.load(Ordering::Acquire) {
            status.ear =
                DetectorStatus::Failed("a fault in the plugin: the sound passes as it comes".to_owned());
        }
        let monitors = lock(&self.monitors);
        status.raised_priority = !monitors.is_empty();
        for monitor in &*monitors {
            let gate = monitor.status();
            status.underruns += gate.underruns;
            status.late += gate.late;
            status.overflows += gate.overflows;
            status.load += gate.worker_load;
            status.raised_priority &= gate.raised_priority;
            if status.floor.is_none_or(|louder| gate.floor.is_some_and(|floor| floor.dbfs > louder.dbfs)) {
                status.floor = gate.floor.or(status.floor);
            }
            if let Some(voice) = gate.voice {
                let other = status.voice.unwrap_or_default();
                let likeness = voice.likeness.into_iter().chain(other.likeness).reduce(f32::max);
                status.voice = Some(LiveVoice { likeness, failed: voice.failed || other.failed });
            }
            let ear = match gate.hearing {
                Hearing::Running => DetectorStatus::Running,
                Hearing::Stalled => DetectorStatus::Stalled,
                Hearing::Failed | Hearing::Missing => {
                    DetectorStatus::Failed(monitor.problem().unwrap_or_default())
                }
            };
            // The worst of them counts.
            if !matches!(status.ear, DetectorStatus::Failed(_)) && ear != DetectorStatus::Running
                || status.ear == DetectorStatus::Idle
            {
                status.ear = ear;
            }
        }
        status
    }

    /// The ear of a pack (a name or a folder), or why there is none. For the main thread: may compile it.
    pub(crate) fn ear(&self, pack: &str) -> Result<Arc<Detector>, String> {
        let mut kept = lock(&self.ear);
        if let Some((name, ear)) = &*kept
            && *name == pack
        {
            return Ok(Arc::clone(ear));
        }
        let ear = crate::ears::ear(pack).map_err(|error| error.to_string())?;
        *kept = Some((pack.to_owned(), Arc::clone(&ear)));
        Ok(ear)
    }

    pub(crate) fn with_labels<T>(&self, with: impl FnOnce(&mut LabelLog) -> T) -> T {
        with(&mut lock(&self.labels))
    }

    /// Asks the ear of the last activation.
    pub(crate) fn with_ear<T>(&self, with: impl FnOnce(&Detector) -> T) -> Option<T> {
        lock(&self.ear).as_ref().map(|(_, ear)| with(ear))
    }

    /// The thresholds of a label in the pack of the last activation, if there was one. Never waits: not while an ear is
    /// being compiled.
    pub(crate) fn thresholds_of_ear(&self, label: &Label) -> Option<Thresholds> {
        let kept = self.ear.try_lock().ok()?;
        kept.as_ref().map(|(_, ear)| ear.pack().manifest().thresholds_of(label))
    }

    /// From now on this ear stands in for that of the live pack.
    #[cfg(test)]
    pub(crate) fn use_ear(&self, ear: Arc<Detector>) {
        *lock(&self.ear) = Some((earmark_core::model::pack::LIVE.to_owned(), ear));
    }

    pub(crate) fn watch(&self, monitors: Vec<LiveMonitor>) {
        *lock(&self.monitors) = monitors;
    }

    /// What was heard since sample `from` (of the first gate, its channels as one), and its rate in Hz; `None` where nothing
    /// is heard.
    pub(crate) fn recent(&self, from: u64) -> Option<(RecentAudio, u32)> {
        let rate_hz = self.activation.rate_hz.load(Ordering::Relaxed);
        let recent = lock(&self.monitors).first()?.heard_since(from);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let rate_hz = rate_hz.round() as u32;
        (recent.end > 0 && rate_hz > 0).then_some((recent, rate_hz))
    }

    /// Latency of this activation in samples, as reported to the host.
    pub fn latency_samples(&self) -> u32 {
        self.activation.latency_samples.load(Ordering::Acquire)
    }

    /// Whether the ear of the last activation tells singing from music.
    pub fn has_singing(&self) -> bool {
        self.activation.has_singing.load(Ordering::Acquire)
    }

    pub(crate) fn note_activation(&self, rate_hz: f64, latency_samples: u32, has_singing: bool) {
        self.activation.has_singing.store(has_singing, Ordering::Release);
        self.activation.broken.store(false, Ordering::Relaxed);
        self.activation.rate_hz.store(rate_hz, Ordering::Relaxed);
        self.activation.latency_samples.store(latency_samples, Ordering::Release);
        self.activation.active.store(true, Ordering::Release);
    }

    /// The longest block of this activation, samples.
    pub(crate) fn note_block(&self, max_block: usize) {
        let samples = u32::try_from(max_block).unwrap_or(u32::MAX);
        self.activation.max_block.store(samples, Ordering::Relaxed);
    }

    /// Rate and longest block of the last activation; `None` before the first.
    pub(crate) fn last_rate_and_block(&self) -> Option<(f64, usize)> {
        let max_block = usize::try_from(self.activation.max_block.load(Ordering::Relaxed)).ok()?;
        (max_block > 0).then(|| (self.activation.rate_hz.load(Ordering::Relaxed), max_block))
    }

    pub(crate) fn note_broken(&self) {
        self.activation.broken.store(true, Ordering::Release);
    }

    pub(crate) fn note_deactivation(&self) {
        self.activation.active.store(false, Ordering::Release);
    }

    pub(crate) fn kept<T>(&self, with: impl FnOnce(&mut PluginState) -> T) -> T {
        with(&mut lock(&self.kept))
    }
}

/// The parameters of a set of bits.
fn params_of(mut bits: u64) -> impl Iterator<Item = ParamId> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let id = ParamId(bits.trailing_zeros());
            bits &= bits - 1;
            id
        })
    })
}

/// What is kept behind these locks is whole after every statement: a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
