//! What every thread may know about a running gate.
//!
//! Real time: the audio thread only stores to atomics. The one lock is between the worker and readers of the status.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How the ear does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hearing {
    /// Decisions come.
    #[default]
    Running,
    /// Decisions have not come for a second of audio: the fail mode is on until they do.
    Stalled,
    /// The worker gave up or died: the fail mode is on. [`LiveMonitor::problem`] says why.
    Failed,
    /// There is no ear: the fail mode is on. [`LiveMonitor::problem`] says why.
    Missing,
}

/// A reading of the counters. They count since the gate was made; a reset does not clear them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveStatus {
    /// How the ear does.
    pub hearing: Hearing,
    /// Frames whose decision was not there when their audio needed it: the last decision was held.
    pub underruns: u64,
    /// Those of them that came later and were then taken over.
    pub late: u64,
    /// Times that the worker was so far behind that audio went unheard.
    pub overflows: u64,
    /// Share of the time that the worker is busy, 0 to 1, over about the last second.
    pub worker_load: f32,
    /// Frames decided so far.
    pub frames: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) hearing: AtomicU8,
    pub(super) underruns: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) overflows: AtomicU64,
    /// Parts in a million.
    pub(super) load_ppm: AtomicU32,
    pub(super) frames: AtomicU64,
    pub(super) problem: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn set_hearing(&self, hearing: Hearing) {
        let code = match hearing {
            Hearing::Running => 0,
            Hearing::Stalled => 1,
            Hearing::Failed => 2,
            Hearing::Missing => 3,
        };
        self.hearing.store(code, Ordering::Release);
    }

    pub(super) fn hearing(&self) -> Hearing {
        match self.hearing.load(Ordering::Acquire) {
            0 => Hearing::Running,
            1 => Hearing::Stalled,
            2 => Hearing::Failed,
            _ => Hearing::Missing,
        }
    }

    pub(super) fn status(&self) -> LiveStatus {
        LiveStatus {
            hearing: self.hearing(),
            underruns: self.underruns.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            overflows: self.overflows.load(Ordering::Relaxed),
            worker_load: load_share(self.load_ppm.load(Ordering::Relaxed)),
            frames: self.frames.load(Ordering::Relaxed),
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

    /// Why nothing is heard, as a sentence for the user, if so.
    pub fn problem(&self) -> Option<String> {
        self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
