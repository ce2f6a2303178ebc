//! What is said on stderr: errors, warnings, progress. Counts the failures for the exit code.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Global;
use earmark_core::batch::OutputRefused;
use earmark_core::pipeline::PipelineError;

use crate::interrupt::Interrupted;

/// A bad command line that only shows once the inputs are looked at; exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The answer is no; exit code 3. What it is was said on stdout.
#[derive(Debug)]
pub struct Denied;

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("denied")
    }
}

impl std::error::Error for Denied {}

/// The exit codes.
pub const DONE: u8 = 0;
const FAILED: u8 = 1;
pub const USAGE: u8 = 2;
const DENIED: u8 = 3;

/// Stderr, shared by all jobs.
#[derive(Debug)]
pub struct Console {
    bars: MultiProgress,
    quiet: bool,
    verbose: bool,
    json: bool,
    failures: AtomicUsize,
    usage_errors: AtomicUsize,
    denied: AtomicBool,
}

impl Console {
    pub fn new(global: &Global) -> Self {
        let shown = std::io::stderr().is_terminal() && !global.quiet && !global.json_errors;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            bars: MultiProgress::with_draw_target(target),
            quiet: global.quiet,
            verbose: global.verbose,
            json: global.json_errors,
            failures: AtomicUsize::new(0),
            usage_errors: AtomicUsize::new(0),
            denied: AtomicBool::new(false),
        }
    }

    /// An input failed, or the command did; it is named in the error. An interrupt is no failure, nor is a reader that
    /// has seen enough (`earmark … | head`).
    pub fn error(&self, error: &anyhow::Error) {
        if error.is::<Denied>() {
            self.denied.store(true, Ordering::Relaxed);
            return;
        }
        let reader_left = error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe);
        let of_pipeline = error.downcast_ref::<PipelineError>();
        if error.is::<Interrupted>() || matches!(of_pipeline, Some(PipelineError::Interrupted)) || reader_left
        {
            return;
        }
        if error.is::<Usage>()
            || error.is::<OutputRefused>()
            || matches!(of_pipeline, Some(PipelineError::OutputFormat { .. }))
        {
            self.usage_errors.fetch_add(1, Ordering::Relaxed);
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.say("error", &sentence(error));
    }

    /// Something that the user should know; the work goes on.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            self.say("warning", message);
        }
    }

    /// What the user wants to hear at the end of the work.
    pub fn done(&self, message: &str) {
        if !self.quiet {
            self.say("done", message);
        }
    }

    /// Something that only a curious user wants to know.
    pub fn detail(&self, message: &str) {
        if self.verbose {
            self.say("note", message);
        }
    }

    fn say(&self, kind: &str, message: &str) {
        let line = if self.json {
            serde_json::json!({ "kind": kind, "message": message }).to_string()
        } else {
            format!("{kind}: {message}")
        };
        // Stderr may be closed; there is nobody left to tell.
        self.bars.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// 2 after a usage error, 1 if any input failed, 3 if the answer is no, else 0.
    pub fn exit_code(&self) -> u8 {
        if self.usage_errors.load(Ordering::Relaxed) > 0 {
            USAGE
        } else if self.failures.load(Ordering::Relaxed) > 0 {
            FAILED
        } else if self.denied.load(Ordering::Relaxed) {
            DENIED
        } else {
            DONE
        }
    }

    /// A progress line for one recording of `seconds` (unknown: a running count).
    pub fn progress(&self, name: String, seconds: Option<f64>) -> Progress {
        let bar = match seconds {
            Some(s) => ProgressBar::new(centiseconds(s)),
            None => ProgressBar::no_length(),
        };
        let template = "{prefix:.bold} {wide_bar} {msg} {eta_precise:.dim}";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(name);
        Progress { bar: self.bars.add(bar), started: Instant::now() }
    }
}

/// The error and its causes, each said once: many errors end with their cause already.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// One recording's progress, in seconds of audio.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// `seconds` of audio are done.
    pub fn at(&self, seconds: f64) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(centiseconds(seconds));
        let elapsed = self.started.elapsed();
        if elapsed > Duration::from_millis(100) {
            self.bar.set_message(format!("{:.0}× real time", seconds / elapsed.as_secs_f64()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a progress bar; `as` saturates")]
fn centiseconds(seconds: f64) -> u64 {
    (seconds * 100.0) as u64
}
