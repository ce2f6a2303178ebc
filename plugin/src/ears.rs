//! One compiled ear per pack, shared by all instances of the process.
//!
//! This is the only state that instances share, and it is immutable: an [`Detector`] holds weights and a compiled network,
//! each instance keeps its own stream states. Without it fifty tracks would compile and hold fifty copies of the same
//! network. The handles are weak: when the last instance goes, the memory goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::{NOISE, Pack, PackError};
use earmark_core::model::runtime::{Runtime, RuntimeError};
use earmark_core::noise::SnrEstimator;

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

/// The noise pack, shared as the ears are. For the main thread.
pub(crate) fn gauge() -> Result<Arc<SnrEstimator>, EarError> {
    let mut kept = GAUGE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(gauge) = kept.upgrade() {
        return Ok(gauge);
    }
    let gauge = Arc::new(SnrEstimator::load(&runtime()?, Pack::find(NOISE)?, DetectorMode::LowLatency)?);
    *kept = Arc::downgrade(&gauge);
    Ok(gauge)
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
