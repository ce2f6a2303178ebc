//! Earmark on streams: what feeds a stream (`sources`), what follows from it (`rules`, `sinks`), and the service that
//! offers both over HTTP.

pub mod rules;
pub mod sinks;
pub mod sources;
pub mod stream;

/// The JSON Schema of [`earmark_core::stream::Event`] as it is written.
pub const EVENTS_SCHEMA: &str = include_str!("../../docs/events.schema.json");
