//! Earmark as a plugin: a face over `earmark-core`, in layers that each know only the one below.
//!
//! ```text
//! clap/  vst3/  standalone    format layers: know a host, nothing of speech
//!   │      │      │  ╲
//!   │      │      │   editor/  the window: reads `Shared`, writes through an `EditHost`
//!   ▼      ▼      ▼   │
//! processor/  one activation on the audio thread: core's live gate, mixing, labels out
//!   │                 │
//!   ▼                 ▼
//! shared      what all threads of one instance see: parameters, meters, status, state
//! params/     the table of parameters, their texts, their values
//! ```
//!
//! A format layer copies the host's input to its output buffers, hands them to [`Processor::process`] in place, and
//! turns [`ParamEvent`]s and [`EventSink`] calls from and to the host's events. That is all it does.

pub mod clap;
mod ears;
pub mod editor;
pub mod edits;
pub mod host_words;
mod label_log;
pub mod ladspa;
pub mod lv2;
mod made_with;
pub mod meters;
mod module;
pub mod params;
pub mod ports;
pub mod presets;
pub mod processor;
pub mod profiles;
mod rules;
pub mod shared;
pub mod state;
#[cfg(test)]
#[path = "../../tests/tones.rs"]
mod tones;
pub mod vst3;

pub use label_log::SaveLabelsError;
pub use params::{ParamId, ParamSpec, Params};
pub use processor::{Activation, Block, EventSink, Flow, ParamEvent, Processor};
pub use shared::Shared;

/// Name of the plugin as hosts show it.
pub const NAME: &str = "Earmark";
/// Who makes it.
pub const VENDOR: &str = "Earmark";
/// Version of the plugin.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

clack_plugin::clack_export_entry!(clap::ClapEntry);
