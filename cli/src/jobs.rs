//! Several inputs at once: one detector per thread, results in the order of the inputs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use earmark_core::batch::Input;
use earmark_core::detect::{Detector, DetectorMode};

use crate::args::Global;
use crate::commands::hearing;
use crate::console::Console;
use crate::interrupt;

/// How a command hears its inputs.
pub struct Jobs<'a> {
    /// The pack, as named on the command line.
    pub pack: &'a str,
    pub pace: DetectorMode,
    /// Inputs worked on at once; the number of processors unless said otherwise.
    pub jobs: Option<usize>,
    pub global: &'a Global,
    pub console: &'a Console,
}

impl Jobs<'_> {
    /// A detector; the first one is opened by the command itself, which wants to know the pack before it begins.
    pub fn detector(&self) -> Result<Detector> {
        hearing::open(self.pack, self.pace, self.global, self.console)
    }

    /// Does `work` on every input. What fails is told and leaves nothing in its place; the others are done. Every thread
    /// has a network of its own, so results do not depend on their number. After an interruption there is what was done
    /// before: see [`interrupt::check`].
    ///
    /// # Errors
    ///
    /// If the pack cannot be opened again.
    pub fn run<T: Send>(
        &self,
        first: Detector,
        inputs: &[Input],
        work: impl Fn(&Detector, &Input) -> Result<T> + Sync,
    ) -> Result<Vec<Option<T>>> {
        self.run_with(first, || self.detector(), inputs, work)
    }

    /// The same with something other than a detector for each thread, on a list of anything.
    ///
    /// # Errors
    ///
    /// If `another` fails.
    pub fn run_with<E: Send + Sync, I: Sync, T: Send>(
        &self,
        first: E,
        another: impl Fn() -> Result<E>,
        inputs: &[I],
        work: impl Fn(&E, &I) -> Result<T> + Sync,
    ) -> Result<Vec<Option<T>>> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.unwrap_or(processors).clamp(1, inputs.len().max(1));
        let mut detectors = vec![first];
        for _ in 1..jobs {
            detectors.push(another()?);
        }
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<T>>> = Mutex::new(inputs.iter().map(|_| None).collect());
        let work_through = |detector: &E| {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(input) = inputs.get(index) else { return };
                if interrupt::requested() {
                    return;
                }
                match work(detector, input) {
                    Ok(done) => results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(done),
                    Err(error) => self.console.error(&error),
                }
            }
        };
        std::thread::scope(|scope| {
            for detector in &detectors {
                scope.spawn(|| work_through(detector));
            }
        });
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
