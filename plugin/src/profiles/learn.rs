//! Learning a voice or a phrase from what the plugin hears.
//!
//! The worker of the gate keeps the last seconds ([`LiveMonitor::heard_since`]): the audio thread hands samples over by the
//! same ring as ever and knows nothing of it. A thread of its own takes them, judges them and writes the profile.
//!
//! [`LiveMonitor::heard_since`]: earmark_core::realtime::LiveMonitor::heard_since

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use earmark_core::lower_thread_priority;
use earmark_core::model::pack;
use earmark_core::phrase::{self, Ears, Negatives, Strictness};
use earmark_core::profile::{Existing, ModelId, ProfileKind, ProfileName};
use earmark_core::voice::{self, HeardClip, VoiceEar};

use crate::ears;
use crate::params::id;
use crate::shared::{Shared, lock};

/// Clips that a voice is learnt from.
pub const VOICE_CLIPS: usize = 4;
/// Length of each, seconds, and the speech that must be in it.
const CLIP_S: u32 = 3;
const LEAST_SPEECH_S: f64 = 1.5;
/// Takes that a phrase is learnt from, and the length of each, seconds.
pub const TAKES: usize = 3;
/// Length of a take, seconds.
pub const TAKE_S: u32 = 2;
/// Between two looks at what was heard.
const PERIOD: Duration = Duration::from_millis(100);

/// How far learning has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Learning {
    /// Nothing is being learnt.
    #[default]
    Idle,
    /// A voice is listened to: so many of [`VOICE_CLIPS`] are there.
    Voice(usize),
    /// A profile is being made.
    Making,
    /// It is there, and what is to be said of it.
    Done(String),
    /// It cannot be made, and why.
    Failed(String),
}

/// Why learning does not begin.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Something is being learnt already.
    #[error("something is being learnt already; wait for its end or stop it")]
    Busy,
    /// No name, or one that no profile can have.
    #[error(transparent)]
    Name(Box<earmark_core::profile::ProfileError>),
    /// No audio runs.
    #[error("nothing is heard: play or speak into the plugin first")]
    Nothing,
    /// Fewer takes than a phrase needs.
    #[error("{taken} of {TAKES} takes are there; say the phrase again and take it")]
    Takes {
        /// How many there are.
        taken: usize,
    },
    /// The system refuses a thread.
    #[error("the thread that learns cannot be started: {0}")]
    Thread(std::io::Error),
}

/// The thread that learns; it ends with this value.
#[derive(Debug)]
pub(crate) struct Learner {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Learner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id())
        {
            // What it has to say it has said.
            let _ = thread.join();
        }
    }
}

/// What a take of the plugin's input is.
#[derive(Debug, Clone)]
struct Take {
    samples: Vec<f32>,
    rate_hz: u32,
}

impl Shared {
    /// How far learning has come.
    pub fn learning(&self) -> Learning {
        lock(&self.profiles.learning).clone()
    }

    /// Takes of a phrase that are there.
    pub fn phrase_takes(&self) -> usize {
        lock(&self.profiles.takes).len()
    }

    /// Learns the voice that speaks from now on, under `name`, and keeps only it when that is done.
    ///
    /// # Errors
    /// [`LearnError`] if it cannot begin. What goes wrong later is told by [`Shared::learning`].
    pub fn learn_voice(self: &Arc<Self>, name: &str) -> Result<(), LearnError> {
        let name: ProfileName = name.trim().parse().map_err(|error| LearnError::Name(Box::new(error)))?;
        self.recent(u64::MAX).ok_or(LearnError::Nothing)?;
        self.start_learning(Learning::Voice(0), move |shared, stop| listen(shared, stop, &name))
    }

    /// Takes the last [`TAKE_S`] seconds as a saying of a phrase. Gives the number of takes.
    ///
    /// # Errors
    /// [`LearnError::Nothing`] if so much was not heard yet.
    pub fn take_phrase(&self) -> Result<usize, LearnError> {
        let (recent, rate_hz) = self.recent(0).ok_or(LearnError::Nothing)?;
        let wanted = usize::try_from(TAKE_S * rate_hz).unwrap_or(usize::MAX);
        let first = recent.samples.len().checked_sub(wanted).ok_or(LearnError::Nothing)?;
        let mut takes = lock(&self.profiles.takes);
        takes.push((recent.samples[first..].to_vec(), rate_hz));
        Ok(takes.len())
    }

    /// Forgets the takes.
    pub fn drop_takes(&self) {
        lock(&self.profiles.takes).clear();
    }

    /// Learns a phrase from the takes, under `name`.
    ///
    /// # Errors
    /// [`LearnError`] if it cannot begin. What goes wrong later is told by [`Shared::learning`].
    pub fn learn_phrase(self: &Arc<Self>, name: &str) -> Result<(), LearnError> {
        let name: ProfileName = name.trim().parse().map_err(|error| LearnError::Name(Box::new(error)))?;
        let takes: Vec<Take> = lock(&self.profiles.takes)
            .iter()
            .map(|(samples, rate_hz)| Take { samples: samples.clone(), rate_hz: *rate_hz })
            .collect();
        if takes.len() < TAKES {
            return Err(LearnError::Takes { taken: takes.len() });
        }
        self.start_learning(Learning::Making, move |shared, _| {
            let Some(shared) = shared.upgrade() else { return };
            let made = make_phrase(&shared, &name, takes);
            if made.is_ok() {
                shared.drop_takes();
            }
            finish(&shared, ProfileKind::Phrase, &name, made);
        })
    }

    /// Stops learning; nothing is kept.
    pub fn stop_learning(&self) {
        let learner = lock(&self.profiles.learner).take();
        drop(learner);
        *lock(&self.profiles.learning) = Learning::Idle;
    }

    fn start_learning(
        self: &Arc<Self>,
        begins: Learning,
        work: impl FnOnce(&Weak<Self>, &AtomicBool) + Send + 'static,
    ) -> Result<(), LearnError> {
        if matches!(self.learning(), Learning::Voice(_) | Learning::Making) {
            return Err(LearnError::Busy);
        }
        // The networks compute on threads that never end.
        crate::module::keep_loaded();
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::downgrade(self), Arc::clone(&stop));
        *lock(&self.profiles.learning) = begins;
        let thread = std::thread::Builder::new().name("earmark learn".to_owned()).spawn(move || {
            lower_thread_priority();
            work(&shared, &stopped);
        });
        let thread = thread.map_err(LearnError::Thread)?;
        let before = lock(&self.profiles.learner).replace(Learner { stop, thread: Some(thread) });
        drop(before);
        Ok(())
    }
}

/// Collects clips in which somebody speaks, and makes a voice of them.
fn listen(shared: &Weak<Shared>, stop: &AtomicBool, name: &ProfileName) {
    let ear = match voice_ear() {
        Ok(ear) => ear,
        Err(problem) => return fail(shared, problem),
    };
    let (mut from, mut rate_hz) = (u64::MAX, 0);
    let mut pending = Vec::new();
    let mut clips: Vec<HeardClip> = Vec::new();
    while clips.len() < VOICE_CLIPS {
        std::thread::sleep(PERIOD);
        let Some(shared) = shared.upgrade().filter(|_| !stop.load(Ordering::Acquire)) else { return };
        let Some((recent, now_hz)) = shared.recent(from) else { continue };
        // Another activation counts anew.
        if recent.end < from || now_hz != rate_hz {
            pending.clear();
        } else {
            pending.extend_from_slice(&recent.samples);
        }
        (from, rate_hz) = (recent.end, now_hz);
        let wanted = usize::try_from(CLIP_S * rate_hz).unwrap_or(usize::MAX).max(1);
        while pending.len() >= wanted && clips.len() < VOICE_CLIPS {
            let samples: Vec<f32> = pending.drain(..wanted).collect();
            match ear.hear(voice::Clip { interleaved: &samples, rate_hz, channels: 1 }) {
                Ok(heard) if heard.quality.speech_s >= LEAST_SPEECH_S => clips.push(heard),
                Ok(_) => {}
                Err(error) => return fail(&Arc::downgrade(&shared), error.to_string()),
            }
        }
        *lock(&shared.profiles.learning) = Learning::Voice(clips.len());
    }
    let Some(shared) = shared.upgrade() else { return };
    *lock(&shared.profiles.learning) = Learning::Making;
    let made = make_voice(&shared, &ear, name, &clips);
    finish(&shared, ProfileKind::Voice, name, made);
}

fn voice_ear() -> Result<VoiceEar, String> {
    let said = |error: ears::EarError| error.to_string();
    Ok(VoiceEar {
        model: ears::voices().map_err(said)?,
        speech: ears::ear(pack::LIVE).map_err(said)?,
        noise: ears::gauge().ok(),
    })
}

/// What is said of a profile that was made; or why it was not.
type Made = Result<Vec<String>, String>;

fn make_voice(shared: &Shared, ear: &VoiceEar, name: &ProfileName, clips: &[HeardClip]) -> Made {
    let enrolment = voice::enrol(&ear.model, clips, false).map_err(|error| error.to_string())?;
    let store = shared.profile_store()?;
    store
        .save(name, &ear.model.id(), &enrolment.profile, None, Existing::Refuse)
        .map_err(|error| error.to_string())?;
    let mut advice: Vec<String> = enrolment.advice.iter().flatten().map(ToString::to_string).collect();
    advice.dedup();
    Ok(advice)
}

fn make_phrase(shared: &Shared, name: &ProfileName, takes: Vec<Take>) -> Made {
    let embedder = ears::phrases().map_err(|error| error.to_string())?;
    let detector = ears::ear(pack::LIVE).map_err(|error| error.to_string())?;
    let background = Negatives::of_pack(&embedder).map_err(|error| error.to_string())?;
    let clip = |(number, take): (usize, Take)| phrase::Clip {
        name: format!("take {}", number + 1),
        samples: take.samples,
        rate_hz: take.rate_hz,
        channels: 1,
        sha256: String::new(),
    };
    let clips: Vec<phrase::Clip> = takes.into_iter().enumerate().map(clip).collect();
    let ears = Ears { embedder: &embedder, detector: &detector };
    let enrolled = phrase::enrol(ears, &clips, &background, &[], Strictness::default())
        .map_err(|error| error.to_string())?;
    let model = ModelId::of(embedder.pack());
    shared
        .profile_store()?
        .save(name, &model, &enrolled.profile, None, Existing::Refuse)
        .map_err(|error| error.to_string())?;
    Ok(enrolled.advice.iter().map(|(clip, what)| format!("{clip}: {what}")).collect())
}

/// Tells the end; what was learnt is in force from the next activation on.
fn finish(shared: &Shared, kind: ProfileKind, name: &ProfileName, made: Made) {
    let told = match made {
        Err(problem) => Learning::Failed(problem),
        Ok(advice) => {
            shared.choose_profile(kind, name.as_str());
            let used = match kind {
                ProfileKind::Voice => (id::VOICE, 1.0),
                ProfileKind::Phrase => (id::PHRASE, 1.0),
            };
            // What a phrase does was perhaps chosen before.
            if shared.params.get(used.0) == 0.0 {
                shared.edit(used.0, used.1);
            }
            let advice = advice.iter().fold(String::new(), |text, one| format!("{text}; {one}"));
            Learning::Done(format!("the {kind} {name} is enrolled{advice}"))
        }
    };
    *lock(&shared.profiles.learning) = told;
}

fn fail(shared: &Weak<Shared>, problem: String) {
    if let Some(shared) = shared.upgrade() {
        *lock(&shared.profiles.learning) = Learning::Failed(problem);
    }
}
