//! What every thread may know about a running gate.
//!
//! Real time: the audio thread only stores to atomics. The one lock is between the worker and readers of the status.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;

use crossbeam::utils::CachePadded;
use earmark_sync::SleepFlag;

use super::recent::{Recent, RecentAudio};
use crate::noise::NoiseSecond;

/// How the detector does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hearing {
    /// Decisions come.
    #[default]
    Running,
    /// Decisions have not come for a second of audio: the fail mode is on until they do.
    Stalled,
    /// The worker gave up or died: the fail mode is on. [`LiveMonitor::problem`] says why.
    Failed,
    /// There is no detector: the fail mode is on. [`LiveMonitor::problem`] says why.
    Missing,
}

/// A reading of the counters. They count since the gate was made; a reset does not clear them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveStatus {
    /// How the detector does.
    pub hearing: Hearing,
    /// Frames whose decision was not there when their audio needed it: the last decision was held.
    pub underruns: u64,
    /// Those of them that came later and were then taken over.
    pub late: u64,
    /// Times that the worker was so far behind that audio went unheard.
    pub overflows: u64,
    /// Share of the time that the worker is busy, 0 to 1, over about the last second.
    pub worker_load: f32,
    /// Whether the system gave the worker more than ordinary priority. Without it decisions may be late while the machine
    /// is busy with other things.
    pub raised_priority: bool,
    /// Frames decided so far.
    pub frames: u64,
    /// The noise floor that the gate follows; `None` where it follows none, or none is known yet.
    pub floor: Option<LiveFloor>,
    /// The enrolled voices that the gate follows; `None` where it follows none.
    pub voice: Option<LiveVoice>,
}

/// What the last second said of the noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveFloor {
    /// Level of the noise, dBFS.
    pub dbfs: f32,
    /// Speech over noise, dB; `None` where no speech is near.
    pub snr_db: Option<f32>,
}

/// What is known of the enrolled voices.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveVoice {
    /// How like the likeliest of them whoever speaks is, 0 to 1; what lies over 0.5 speaks for it. `None` until somebody was
    /// judged since the last onset of speech.
    pub likeness: Option<f32>,
    /// Their network has failed: [`FollowSettings::on_failure`](crate::voice::FollowSettings::on_failure) holds.
    pub failed: bool,
}

/// What the threads share beside the rings.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The worker shall end.
    pub(super) stop: AtomicBool,
    /// The worker sleeps until it is woken.
    pub(super) asleep: SleepFlag,
    /// Somebody waits for the worker, as in a render: it shall sleep so that it can be woken.
    pub(super) awaited: AtomicBool,
    /// Counts resets, so that the worker need not hear what is gone.
    pub(super) epoch: AtomicU32,
    /// There never was a detector.
    missing: AtomicBool,
    /// The worker gave up.
    failed: AtomicBool,
    problem: Mutex<Option<String>>,
    /// Where the worker runs, once it does.
    pub(super) runner: OnceLock<Thread>,
    /// Each thread's counters have a cache line of their own: neither waits for the other's writes.
    pub(super) audio: CachePadded<AudioCounters>,
    pub(super) worker: CachePadded<WorkerCounters>,
    /// Between the worker and readers, as the problem is.
    pub(super) recent: Mutex<Recent>,
}

/// What the audio thread writes.
#[derive(Debug, Default)]
pub(super) struct AudioCounters {
    pub(super) stalled: AtomicBool,
    pub(super) underruns: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) overflows: AtomicU64,
    pub(super) frames: AtomicU64,
}

/// What the worker writes.
#[derive(Debug, Default)]
pub(super) struct WorkerCounters {
    pub(super) raised_priority: AtomicBool,
    /// Parts in a million.
    pub(super) load_ppm: AtomicU32,
    /// A [`LiveFloor`] in the bits of two numbers, not a number for what is not known.
    floor: AtomicU64,
    /// Whether voices are followed, whether their network failed, and a likeness that is not a number where none is known.
    voice: AtomicU64,
}

/// Bits of [`WorkerCounters::voice`] above those of the likeness.
const FOLLOWED: u64 = 1 << 32;
const FAILED: u64 = 1 << 33;

impl Shared {
    /// Without a detector.
    pub(super) fn missing(problem: String) -> Self {
        Self { missing: AtomicBool::new(true), problem: Mutex::new(Some(problem)), ..Self::default() }
    }

    /// With so many samples of what was heard last.
    pub(super) fn keeping(samples: usize) -> Self {
        Self { recent: Mutex::new(Recent::new(samples)), ..Self::default() }
    }

    /// The worker gives up.
    pub(super) fn fail(&self, problem: String) {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).replace(problem);
        self.failed.store(true, Ordering::Release);
    }

    /// Whether nothing will come any more.
    pub(super) fn is_dead(&self) -> bool {
        self.failed.load(Ordering::Acquire) || self.missing.load(Ordering::Relaxed)
    }

    pub(super) fn hearing(&self) -> Hearing {
        if self.missing.load(Ordering::Relaxed) {
            Hearing::Missing
        } else if self.failed.load(Ordering::Acquire) {
            Hearing::Failed
        } else if self.audio.stalled.load(Ordering::Relaxed) {
            Hearing::Stalled
        } else {
            Hearing::Running
        }
    }

    /// For the worker: what a second said of the noise; `None` at a start.
    #[expect(clippy::cast_possible_truncation, reason = "for people")]
    pub(super) fn publish_floor(&self, window: Option<&NoiseSecond>) {
        let dbfs = window.map_or(f32::NAN, |window| window.floor_dbfs as f32);
        let snr_db = window.and_then(|window| window.snr_db).map_or(f32::NAN, |snr_db| snr_db as f32);
        self.worker
            .floor
            .store(u64::from(dbfs.to_bits()) << 32 | u64::from(snr_db.to_bits()), Ordering::Relaxed);
    }

    /// For the worker: how the voices are.
    pub(super) fn publish_voice(&self, voice: Option<LiveVoice>) {
        let bits = voice.map_or(0, |LiveVoice { likeness, failed }| {
            FOLLOWED | if failed { FAILED } else { 0 } | u64::from(likeness.unwrap_or(f32::NAN).to_bits())
        });
        self.worker.voice.store(bits, Ordering::Relaxed);
    }

    fn voice(&self) -> Option<LiveVoice> {
        let bits = self.worker.voice.load(Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let likeness = Some(f32::from_bits(bits as u32)).filter(|likeness| !likeness.is_nan());
        (bits & FOLLOWED != 0).then_some(LiveVoice { likeness, failed: bits & FAILED != 0 })
    }

    fn floor(&self) -> Option<LiveFloor> {
        let bits = self.worker.floor.load(Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let (dbfs, snr_db) = (f32::from_bits((bits >> 32) as u32), f32::from_bits(bits as u32));
        // Nothing was ever told: all bits are zero.
        (bits != 0 && !dbfs.is_nan())
            .then(|| LiveFloor { dbfs, snr_db: Some(snr_db).filter(|s| !s.is_nan()) })
    }

    pub(super) fn status(&self) -> LiveStatus {
        LiveStatus {
            floor: self.floor(),
            voice: self.voice(),
            hearing: self.hearing(),
            underruns: self.audio.underruns.load(Ordering::Relaxed),
            late: self.audio.late.load(Ordering::Relaxed),
            overflows: self.audio.overflows.load(Ordering::Relaxed),
            worker_load: load_share(self.worker.load_ppm.load(Ordering::Relaxed)),
            raised_priority: self.worker.raised_priority.load(Ordering::Relaxed),
            frames: self.audio.frames.load(Ordering::Relaxed),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn load_share(ppm: u32) -> f32 {
    ppm as f32 * 1e-6
}

/// A handle to a running gate for threads other than the audio thread. Cheap to clone; outlives the gate.
#[derive(Debug, Clone)]
pub struct LiveMonitor {
    pub(super) shared: Arc<Shared>,
}

impl LiveMonitor {
    /// The counters as they stand.
    pub fn status(&self) -> LiveStatus {
        self.shared.status()
    }

    /// What was heard from sample `from` on, counted since the gate was made, as far as it is kept
    /// ([`LiveConfig::recent_s`](super::LiveConfig::recent_s)). Not for the audio thread.
    pub fn heard_since(&self, from: u64) -> RecentAudio {
        self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner).since(from)
    }

    /// Why nothing is heard, as a sentence for the user, if so.
    pub fn problem(&self) -> Option<String> {
        self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
