//! Watches a job for Python: progress out, signals in.

use std::time::{Duration, Instant};

use earmark_core::pipeline::{Observer, Pass, PipelineWarning};
use pyo3::prelude::*;

/// Python is asked for signals, and told of progress, at most this often.
const EVERY: Duration = Duration::from_millis(100);

/// An observer whose job a Python thread waits for.
pub struct Watch {
    /// Called with seconds done and the length in seconds, or None.
    progress: Option<Py<PyAny>>,
    duration_s: Option<f64>,
    done_s: f64,
    asked: Instant,
    /// What Python raised, for instance on Ctrl-C.
    raised: Option<PyErr>,
    warnings: Vec<String>,
}

impl Watch {
    /// Watches with `progress` as what is called, if anything is.
    pub fn new(progress: Option<Py<PyAny>>) -> Self {
        Self {
            progress,
            duration_s: None,
            done_s: 0.0,
            asked: Instant::now(),
            raised: None,
            warnings: Vec::new(),
        }
    }

    /// What was raised meanwhile goes before the job's own result. Warnings become Python's.
    pub fn result<T>(self, job: PyResult<T>) -> PyResult<T> {
        if let Some(raised) = self.raised {
            return Err(raised);
        }
        Python::attach(|py| {
            let warn = py.import("earmark._errors")?.getattr("warn")?;
            for warning in &self.warnings {
                warn.call1((warning,))?;
            }
            Ok::<(), PyErr>(())
        })?;
        job
    }

    /// Gives Python the word, now and then.
    fn ask(&mut self, always: bool) {
        if self.raised.is_some() || (!always && self.asked.elapsed() < EVERY) {
            return;
        }
        self.asked = Instant::now();
        let asked = Python::attach(|py| {
            py.check_signals()?;
            match &self.progress {
                Some(progress) => progress.call1(py, (self.done_s, self.duration_s)).map(drop),
                None => Ok(()),
            }
        });
        self.raised = asked.err();
    }

    /// For work that has no observer of core: so many seconds are heard.
    pub fn heard(&mut self, done_s: f64) -> PyResult<()> {
        self.done_s = done_s;
        self.ask(false);
        self.raised.take().map_or(Ok(()), Err)
    }
}

impl Observer for Watch {
    fn begin(&mut self, _pass: Pass, duration_s: Option<f64>) {
        (self.done_s, self.duration_s) = (0.0, duration_s);
        self.ask(true);
    }

    fn at(&mut self, seconds: f64) {
        self.done_s = seconds;
    }

    fn warn(&mut self, warning: &PipelineWarning) {
        self.warnings.push(warning.to_string());
    }

    fn interrupted(&mut self) -> bool {
        self.ask(false);
        self.raised.is_some()
    }
}
