//! Earmark on streams: what feeds a stream (`sources`), what follows from it (`rules`, `sinks`), and the service that
//! offers both over HTTP (`http`, with the cargo feature `serve`).

#[cfg(feature = "serve")]
pub mod config;
#[cfg(feature = "serve")]
mod hearing;
#[cfg(feature = "serve")]
mod http;
#[cfg(feature = "serve")]
mod jobs;
#[cfg(feature = "serve")]
mod log;
#[cfg(feature = "serve")]
mod metrics;
#[cfg(feature = "serve")]
mod page;
pub mod rules;
#[cfg(feature = "serve")]
mod service;
pub mod sinks;
pub mod sources;
#[cfg(feature = "serve")]
mod stations;
pub mod stream;
#[cfg(feature = "serve")]
mod wyoming;

/// The JSON Schema of [`earmark_core::stream::Event`] as it is written.
pub const EVENTS_SCHEMA: &str = include_str!("../../docs/events.schema.json");

#[cfg(feature = "serve")]
pub use service::{ServeError, serve};
