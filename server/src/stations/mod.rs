//! Configured sources: each is heard on a thread of its own by [`crate::stream::run`], and what it tells is put on a
//! [`Board`] that any number of clients may look at.

mod board;
mod station;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use earmark_core::detect::Detector;
use earmark_core::phrase::Phrases;

pub use board::{Board, Status};
use station::Station;

use crate::config::SourceConfig;
use crate::metrics::Metrics;

/// The stations that run.
#[derive(Debug, Default)]
pub struct Stations {
    running: Mutex<BTreeMap<String, Station>>,
}

impl Stations {
    /// Lets exactly these sources run: what is new or has changed is started, what is not among them is ended, all else goes
    /// on undisturbed.
    pub fn set(
        &self,
        sources: &[SourceConfig],
        detector: &Arc<Detector>,
        phrases: Option<&Arc<Phrases>>,
        metrics: &Arc<Metrics>,
    ) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, station| sources.contains(station.config()));
        for source in sources {
            if running.contains_key(&source.name) {
                continue;
            }
            match Station::start(source.clone(), Arc::clone(detector), phrases, Arc::clone(metrics)) {
                Ok(station) => drop(running.insert(source.name.clone(), station)),
                Err(error) => tracing::error!(source = source.name, %error, "a source cannot be started"),
            }
        }
    }

    /// All boards, by name.
    pub fn boards(&self) -> Vec<Arc<Board>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.values().map(|station| Arc::clone(station.board())).collect()
    }

    /// The board of a source.
    pub fn board(&self, name: &str) -> Option<Arc<Board>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(name).map(|station| Arc::clone(station.board()))
    }

    /// Ends all.
    pub fn stop(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        // All at once, then each is waited for.
        running.values().for_each(Station::ask_to_stop);
    }
}
