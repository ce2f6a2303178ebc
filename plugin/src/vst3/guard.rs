//! Panics end here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs what the host asks for; notes it if that panics.
#[derive(Debug, Default)]
pub(super) struct Guard {
    tripped: AtomicBool,
}

impl Guard {
    /// The result of `body`, or `otherwise` if it panics. The first panic of an instance is logged (the standard hook
    /// has written where it was); what is behind a lock stays usable because every lock here holds plain data.
    pub(super) fn run<T>(&self, otherwise: T, body: impl FnOnce() -> T) -> T {
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(value) => value,
            Err(payload) => {
                // Dropping a payload can panic again.
                std::mem::forget(payload);
                if !self.tripped.swap(true, Ordering::AcqRel) {
                    eprintln!(
                        "Earmark: a fault was caught; this instance stays in its fail mode until it is loaded again"
                    );
                }
                otherwise
            }
        }
    }

    /// Whether anything panicked since the instance was made.
    pub(super) fn has_tripped(&self) -> bool {
        self.tripped.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_value() {
        let guard = Guard::default();
        assert_eq!(guard.run(1, || 2), 2);
        assert!(!guard.has_tripped());
        assert_eq!(guard.run(1, || panic!("as asked")), 1);
        assert!(guard.has_tripped());
        assert_eq!(guard.run(1, || 3), 3, "the main thread goes on");
    }
}
