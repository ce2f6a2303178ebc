//! What one client, and all of them together, may ask for.

use serde::Deserialize;

use super::units::{Bytes, Seconds};

/// Limits of the service. Each has a flag of `earmark serve` and an entry in `[limits]` of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest body of a request; more is answered with 413.
    pub max_body: Bytes,
    /// Longest audio of one file; more is answered with 413.
    pub max_duration: Seconds,
    /// WebSocket streams at a time; more are answered with 429.
    pub max_streams: usize,
    /// Files that are uploaded, waiting or worked on at a time; more are answered with 429.
    pub max_queue: usize,
    /// Connections at a time; more wait to be accepted.
    pub max_connections: usize,
    /// Files worked on at a time.
    pub jobs: usize,
    /// How long a client may take for the head of a request.
    pub header_timeout: Seconds,
    /// How long a client may send or take nothing within a body.
    pub stall_timeout: Seconds,
    /// How long a file may be worked on; then the answer is 503.
    pub timeout: Seconds,
    /// A WebSocket stream that sends neither audio nor `KeepAlive` for so long is closed.
    pub stream_idle: Seconds,
    /// How long what is under way may go on after SIGTERM.
    pub grace: Seconds,
}

impl Default for Limits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            max_body: Bytes(2 << 30),
            max_duration: Seconds(6 * 3_600),
            max_streams: 256,
            max_queue: 64,
            max_connections: 1_024,
            // One file uses two processors; streams have the others.
            jobs: (processors / 2).max(1),
            header_timeout: Seconds(10),
            stall_timeout: Seconds(30),
            timeout: Seconds(600),
            stream_idle: Seconds(10),
            grace: Seconds(30),
        }
    }
}

impl Limits {
    /// A sentence on the first limit that would let nothing through.
    pub(super) fn fault(&self) -> Option<String> {
        let counts = [
            ("max_streams", self.max_streams),
            ("max_queue", self.max_queue),
            ("max_connections", self.max_connections),
            ("jobs", self.jobs),
        ];
        let (name, _) = counts.into_iter().find(|(_, count)| *count == 0)?;
        Some(format!("limits.{name} must be at least 1"))
    }
}
