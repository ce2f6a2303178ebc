//! When a source that failed tries again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The limits of a source, each by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Wait after the first failure.
    pub first_wait: Duration,
    /// Longest wait; each is twice the one before.
    pub longest_wait: Duration,
    /// Each wait is longer or shorter by up to this share, so that many sources do not come back at once.
    pub jitter: f64,
    /// Sound that lasted so long is a success: the waits begin anew.
    pub healthy: Duration,
    /// A source that gives nothing for so long is ended.
    pub stall: Duration,
    /// After so many failures in a row without any sound the breaker opens.
    pub breaker_failures: u32,
    /// Wait while the breaker is open.
    pub breaker_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            jitter: 0.2,
            healthy: Duration::from_secs(10),
            stall: Duration::from_secs(15),
            breaker_failures: 20,
            breaker_wait: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// The same with no wait longer than this, the breaker's included.
    #[must_use]
    pub fn with_longest_wait(self, longest: Duration) -> Self {
        Self {
            first_wait: self.first_wait.min(longest),
            longest_wait: longest,
            breaker_wait: self.breaker_wait.min(longest),
            ..self
        }
    }
}

/// Counts failures and says how long to wait after each.
#[derive(Debug)]
pub struct Backoff {
    limits: Limits,
    /// In a row without sound that lasted.
    failures: u32,
    /// In a row without any sound: a station that comes and goes is there.
    silent_failures: u32,
    random: RandomState,
}

impl Backoff {
    /// Nothing has failed yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, failures: 0, silent_failures: 0, random: RandomState::new() }
    }

    /// The source ended after it had given sound for `sound`; gives the time to wait.
    pub fn failed(&mut self, sound: Duration) -> Duration {
        if sound >= self.limits.healthy {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.silent_failures = if sound.is_zero() { self.silent_failures.saturating_add(1) } else { 0 };
        let wait = if self.breaker_open() {
            self.limits.breaker_wait
        } else {
            let doublings = (self.failures - 1).min(31);
            self.limits.first_wait.saturating_mul(1 << doublings).min(self.limits.longest_wait)
        };
        wait.mul_f64(1.0 + self.limits.jitter * self.random_share())
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether it failed so often, without a sound, that it only tries seldom.
    pub fn breaker_open(&self) -> bool {
        self.silent_failures >= self.limits.breaker_failures
    }

    /// Between −1 and 1. The keys of hash maps are random, which is enough here.
    fn random_share(&self) -> f64 {
        let [a, b, c, d, ..] = self.random.hash_one(self.failures).to_ne_bytes();
        f64::from(u32::from_ne_bytes([a, b, c, d])) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_two_minutes_and_the_breaker_opens() {
        let mut backoff = Backoff::new(Limits { jitter: 0.0, ..Limits::default() });
        let waits: Vec<u64> = (0..20).map(|_| backoff.failed(Duration::ZERO).as_secs()).collect();
        assert_eq!(waits[..9], [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        assert_eq!((waits[18], waits[19]), (120, 600));
        assert!(backoff.breaker_open());
        assert_eq!(backoff.failed(Limits::default().healthy), SECOND, "sound makes up for failures");
        assert!(!backoff.breaker_open());
    }

    /// Once a station that was lost twenty times after a few seconds each was left alone for ten minutes.
    #[test]
    fn a_station_that_comes_and_goes_never_opens_the_breaker() {
        let mut backoff = Backoff::new(Limits { jitter: 0.0, ..Limits::default() });
        for _ in 0..50 {
            backoff.failed(Duration::ZERO);
            let wait = backoff.failed(SECOND);
            assert!(!backoff.breaker_open() && wait <= Limits::default().longest_wait);
        }
    }

    #[test]
    fn waits_are_spread() {
        let waits: Vec<f64> =
            (0..100).map(|_| Backoff::new(Limits::default()).failed(Duration::ZERO).as_secs_f64()).collect();
        assert!(waits.iter().all(|wait| (0.8..=1.2).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait < 0.95) && waits.iter().any(|wait| *wait > 1.05), "{waits:?}");
    }

    #[test]
    fn a_user_may_want_shorter_waits() {
        let limits =
            Limits { jitter: 0.0, ..Limits::default() }.with_longest_wait(Duration::from_millis(500));
        let mut backoff = Backoff::new(limits);
        // After any number of failures.
        assert!((0..100).all(|_| backoff.failed(Duration::ZERO) == Duration::from_millis(500)));
    }
}
