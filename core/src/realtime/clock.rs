//! Is audio asked for faster than it lasts?
//!
//! Real time: reads the monotonic clock about once per 5 ms of audio, which common systems answer without a system call.

use std::time::Instant;

/// How far the audio that was asked for is ahead of the wall clock.
///
/// A host that renders offline without saying so is recognised by it: then there is time to wait for the worker. In real
/// time the lead stays within the jitter of the host, which the margin covers; a wall clock that runs ahead (a pause, a
/// late callback) starts the lead anew, and one that runs a little slower than the audio device does not add up.
#[derive(Debug)]
pub(super) struct AudioClock {
    rate_hz: f64,
    last: Option<Instant>,
    /// Samples of the blocks that were asked for since `last` and are done.
    pending: u64,
    /// Samples of the block that is being worked on: asked for, but not yet taken from the worker's time.
    current: u64,
    lead_s: f64,
    margin_s: f64,
    trusted: bool,
}

impl AudioClock {
    /// Audio between two readings of the clock, seconds.
    const READING_S: f64 = 0.005;
    /// The share of each sample's time that counts: clocks differ by far less than the rest.
    const COUNTED: f64 = 0.98;

    pub(super) fn new(rate_hz: f64, margin_s: f64) -> Self {
        Self { rate_hz, last: None, pending: 0, current: 0, lead_s: 0.0, margin_s, trusted: true }
    }

    /// Whether a lead counts at all.
    pub(super) fn set_trusted(&mut self, trusted: bool) {
        self.trusted = trusted;
    }

    /// A block is asked for.
    pub(super) fn block(&mut self, samples: usize) {
        self.pending += self.current;
        self.current = samples as u64;
        if self.last.is_none() || self.pending_s() >= Self::READING_S {
            self.read();
        }
    }

    /// Whether there is time to wait at this moment.
    pub(super) fn ahead(&mut self) -> bool {
        if !self.trusted {
            return false;
        }
        self.read();
        self.lead_s > self.margin_s
    }

    fn read(&mut self) {
        let asked_s = self.pending_s();
        let now = Instant::now();
        if let Some(last) = self.last {
            let passed_s = now.duration_since(last).as_secs_f64();
            self.lead_s = (self.lead_s + asked_s * Self::COUNTED - passed_s).max(0.0);
        }
        self.last = Some(now);
        self.pending = 0;
    }

    #[expect(clippy::cast_precision_loss, reason = "a few milliseconds of samples")]
    fn pending_s(&self) -> f64 {
        self.pending as f64 / self.rate_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_within_the_margin_is_no_lead_and_a_render_is() {
        let mut clock = AudioClock::new(48_000.0, 0.05);
        // However long the block that is being worked on is, it is no lead.
        clock.block(480_000);
        assert!(!clock.ahead());
        let mut clock = AudioClock::new(48_000.0, 0.05);
        for _ in 0..5 {
            clock.block(480);
        }
        assert!(!clock.ahead(), "40 ms at once are a burst");
        for _ in 0..100 {
            clock.block(480);
        }
        assert!(clock.ahead(), "a second at once is a render");
        std::thread::sleep(Duration::from_millis(1_050));
        assert!(!clock.ahead(), "until the clock has caught up");
    }
}
