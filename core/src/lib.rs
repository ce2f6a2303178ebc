//! Earmark's core: what a DAW hears, what a render gates and what a tag list says all come from here.
//!
//! Data flows one way; each step is a module:
//!
//! ```text
//! samples ─▶ audio ─▶ features ─▶ listen ─▶ timeline ─▶ report  (label files, plots)
//!            decode    MelStream   Listener   segments  ─▶ gate    (gain curve) ─▶ render (files)
//!                                    ▲
//!                                   pack + runtime  (network, its feature spec, the backend that runs it)
//! ```
//!
//! Nothing here knows a screen, an argument list or a plugin format.

pub mod activity;
pub mod audio;
pub mod eval;
pub mod features;
pub mod gate;
pub mod label;
pub mod listen;
pub mod live;
pub mod noise;
pub mod npy;
pub mod output;
pub mod pack;
pub mod render;
pub mod report;
pub mod runtime;
mod threads;
pub mod timeline;

pub use activity::{Activity, FrameGrid};
pub use label::Label;
