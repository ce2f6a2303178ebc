//! The stream's clock beside that of the wall.

use std::time::{Duration, Instant, SystemTime};

/// Knows when the samples of a stream came.
#[derive(Debug)]
pub(super) struct Clock {
    /// When the stream's second 0 was, as far as its source tells.
    origin: Option<Instant>,
    began: Instant,
    /// A moment of the stream and when it was.
    anchor: (f64, SystemTime),
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { origin: None, began: Instant::now(), anchor: (0.0, SystemTime::now()) }
    }

    /// `seconds` of sound have come, the last of them at `at`: the first such call sets the clock.
    pub(super) fn came(&mut self, seconds: f64, at: Instant) {
        let length = Duration::from_secs_f64(seconds.max(0.0));
        self.origin.get_or_insert(at.checked_sub(length).unwrap_or(at));
    }

    /// The source is lost; without any sound before, the clock began with the program.
    pub(super) fn lost(&mut self) {
        self.origin.get_or_insert(self.began);
    }

    /// What the stream's clock says at `at`, seconds.
    pub(super) fn at(&self, at: Instant) -> f64 {
        self.origin.map_or(0.0, |origin| at.saturating_duration_since(origin).as_secs_f64())
    }

    /// The stream is at `position_s` now.
    pub(super) fn anchor(&mut self, position_s: f64) {
        self.anchor = (position_s, SystemTime::now());
    }

    /// The wall time of a moment of the stream, UTC.
    pub(super) fn wall(&self, time_s: f64) -> String {
        let (position_s, then) = self.anchor;
        let distance = Duration::from_secs_f64((position_s - time_s).abs());
        let wall = if time_s <= position_s { then.checked_sub(distance) } else { then.checked_add(distance) };
        humantime::format_rfc3339_millis(wall.unwrap_or(then)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_while_nothing_comes() {
        let mut clock = Clock::new();
        let now = Instant::now();
        clock.came(0.5, now);
        clock.came(0.5, now + Duration::from_secs(1));
        assert!((clock.at(now + Duration::from_secs(10)) - 10.5).abs() < 1e-9);
    }

    #[test]
    fn wall_times_are_utc_with_milliseconds() {
        let mut clock = Clock::new();
        clock.anchor = (100.0, SystemTime::UNIX_EPOCH + Duration::from_secs(86_400));
        assert_eq!(clock.wall(98.75), "1970-01-01T23:59:58.750Z");
        assert_eq!(clock.wall(100.5), "1970-01-02T00:00:00.500Z");
    }
}
