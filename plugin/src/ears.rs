//! One compiled ear per pack, shared by all instances of the process.
//!
//! This is the only state that instances share, and it is immutable: an [`Detector`] holds weights and a compiled network,
//! each instance keeps its own stream states. Without it fifty tracks would compile and hold fifty copies of the same
//! network. The handles are weak: when the last instance goes, the memory goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::{NOISE, PHRASE, Pack, PackError, Task, VOICE};
use earmark_core::model::runtime::{Runtime, RuntimeError};
use earmark_core::noise::SnrEstimator;
use earmark_core::voice::{VoiceError, VoiceModel};

static EARS: Mutex<BTreeMap<String, Weak<Detector>>> = Mutex::new(BTreeMap::new());

/// The runtime, whose threads never end: this code must not go before they do.
fn runtime() -> Result<Runtime, RuntimeError> {
    crate::module::keep_loaded();
    Runtime::embedded()
}

/// Why there is no ear.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EarError {
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Voice(#[from] VoiceError),
}

/// The ear of a pack, compiled if no instance has it yet. For the main thread.
pub(crate) fn ear(pack: &str) -> Result<Arc<Detector>, EarError> {
    // Held while compiling: a second instance that activates at the same time waits for the one copy.
    let mut ears = EARS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ear) = ears.get(pack).and_then(Weak::upgrade) {
        return Ok(ear);
    }
    let ear = Arc::new(Detector::load(&runtime()?, Pack::find(pack)?, DetectorMode::LowLatency)?);
    ears.insert(pack.to_owned(), Arc::downgrade(&ear));
    Ok(ear)
}

static GAUGE: Mutex<Weak<SnrEstimator>> = Mutex::new(Weak::new());
static VOICES: Mutex<Weak<VoiceModel>> = Mutex::new(Weak::new());
static PHRASES: Mutex<Weak<Embedder>> = Mutex::new(Weak::new());

/// What is there, or what `load` makes of the runtime.
fn shared<T>(
    kept: &Mutex<Weak<T>>,
    load: impl FnOnce(&Runtime) -> Result<T, EarError>,
) -> Result<Arc<T>, EarError> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = kept.upgrade() {
        return Ok(there);
    }
    let made = Arc::new(load(&runtime()?)?);
    *kept = Arc::downgrade(&made);
    Ok(made)
}

/// The noise pack, shared as the ears are. Not for the audio thread.
pub(crate) fn gauge() -> Result<Arc<SnrEstimator>, EarError> {
    shared(&GAUGE, |runtime| Ok(SnrEstimator::load(runtime, Pack::find(NOISE)?, DetectorMode::LowLatency)?))
}

/// The pack of voices. Not for the audio thread.
pub(crate) fn voices() -> Result<Arc<VoiceModel>, EarError> {
    shared(&VOICES, |runtime| Ok(VoiceModel::load(runtime, Pack::find(VOICE)?, DetectorMode::LowLatency)?))
}

/// The pack of phrases. Not for the audio thread.
pub(crate) fn phrases() -> Result<Arc<Embedder>, EarError> {
    shared(&PHRASES, |runtime| {
        let pack = Pack::find(PHRASE)?.for_task(Task::Phrase)?;
        Ok(Embedder::load(runtime, pack, DetectorMode::LowLatency)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::model::pack::LIVE;

    #[test]
    fn instances_share_one_ear_and_a_wrong_name_says_so() {
        let first = ear(LIVE).expect("embedded");
        assert!(Arc::ptr_eq(&first, &ear(LIVE).expect("embedded")));
        assert!(ear("no-such-pack").expect_err("unknown").to_string().contains("no-such-pack"));
    }
}
