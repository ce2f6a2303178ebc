//! Who watches a job: its limits, and whether anybody still waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use earmark_core::pipeline::{Observer, Pass, PipelineWarning};

use crate::config::Limits;

/// Warnings of a job that are kept; a file can give cause for any number.
const MAX_WARNINGS: usize = 16;

/// Why a job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The audio is longer than is allowed.
    TooLong,
    /// It took longer than is allowed.
    TooSlow,
    /// Nobody waits for it any more, or the service ends.
    NotWanted,
}

/// Watches one job.
#[derive(Debug)]
pub struct JobWatch {
    max_duration_s: f64,
    deadline: Instant,
    /// Set when nobody waits any more.
    left: Arc<AtomicBool>,
    stopped: Option<Stopped>,
    /// What was odd but stopped nothing, each once.
    warnings: Vec<String>,
    /// Seconds of audio of this pass.
    heard_s: f64,
    /// Milliseconds of audio of all jobs, to be added to.
    total_ms: Arc<AtomicU64>,
}

impl JobWatch {
    /// From now on. `left` stops it; what was heard is added to `total_ms`.
    #[expect(clippy::cast_precision_loss, reason = "a limit in whole seconds")]
    pub fn new(limits: &Limits, left: Arc<AtomicBool>, total_ms: Arc<AtomicU64>) -> Self {
        Self {
            max_duration_s: limits.max_duration.0 as f64,
            deadline: Instant::now() + limits.timeout.duration(),
            left,
            stopped: None,
            warnings: Vec::new(),
            heard_s: 0.0,
            total_ms,
        }
    }

    /// Why it was stopped, if it was.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    /// What the client is to know of the file beside the answer.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    fn settle(&mut self) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count; `as` saturates"
        )]
        let ms = (self.heard_s * 1_000.0) as u64;
        self.total_ms.fetch_add(ms, Ordering::Relaxed);
        self.heard_s = 0.0;
    }
}

impl Observer for JobWatch {
    fn begin(&mut self, pass: Pass, duration_s: Option<f64>) {
        if pass == Pass::Hear && duration_s.is_some_and(|s| s > self.max_duration_s) {
            self.stopped = Some(Stopped::TooLong);
        }
    }

    fn at(&mut self, seconds: f64) {
        self.heard_s = self.heard_s.max(seconds);
        // Containers need not tell their length, and may lie.
        if seconds > self.max_duration_s {
            self.stopped = Some(Stopped::TooLong);
        }
    }

    fn warn(&mut self, warning: &PipelineWarning) {
        let warning = warning.to_string();
        // Each pass over the file tells the same again.
        if self.warnings.len() < MAX_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn interrupted(&mut self) -> bool {
        if self.left.load(Ordering::Relaxed) {
            self.stopped.get_or_insert(Stopped::NotWanted);
        } else if Instant::now() > self.deadline {
            self.stopped.get_or_insert(Stopped::TooSlow);
        }
        self.stopped.is_some()
    }
}

impl Drop for JobWatch {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_kept_once_and_not_without_a_bound() {
        let mut watch = JobWatch::new(&Limits::default(), Arc::default(), Arc::default());
        for _ in 0..2 {
            watch.warn(&PipelineWarning::Clipped { samples: 3 });
        }
        assert_eq!(watch.take_warnings(), ["3 samples were over full scale and are limited"]);
        for samples in 0..100 {
            watch.warn(&PipelineWarning::Clipped { samples });
        }
        assert_eq!(watch.take_warnings().len(), MAX_WARNINGS);
    }
}
