//! A worker that sleeps, and is woken at the price of a look at one flag.

use crate::atomic::{AtomicBool, Ordering, fence};

/// Whether a worker sleeps. Whoever gives it work asks [`SleepFlag::wakes`] afterwards; only where that says so it must
/// be woken, which is the one system call.
#[derive(Debug, Default)]
pub struct SleepFlag {
    asleep: AtomicBool,
}

impl SleepFlag {
    /// For whoever just gave work: whether the worker sleeps and must be woken. Says so once for each sleep.
    pub fn wakes(&self) -> bool {
        // Pairs with the fence in `sleep`: either the work is seen there, or the flag is seen here.
        fence(Ordering::SeqCst);
        // The look before is cheap; the exchange writes nothing if the worker has woken by itself in between.
        self.asleep.load(Ordering::Relaxed)
            && self.asleep.compare_exchange(true, false, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// For the worker: calls `park` until there is work or somebody was told to wake it. `park` may return at any time.
    pub fn sleep(&self, has_work: impl Fn() -> bool, park: impl Fn()) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        while !has_work() && self.asleep.load(Ordering::Relaxed) {
            park();
        }
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Whether the worker sleeps, for those who only watch.
    pub fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::SeqCst)
    }
}
