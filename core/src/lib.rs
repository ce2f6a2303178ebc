//! Earmark's core: what a DAW hears, what a render gates and what a tag list says all come from here.
//!
//! Data flows one way; each step is a module:
//!
//! ```text
//! bytes ─▶ audio ─▶ features ─▶ detect ─▶ FrameScores ─▶ decide ─┬─ segments (future known) ─▶ report   label files, plots
//!          decode    MelStream   Detector    every 10 ms          └─ causal (now) ──┐
//!                                  ▲                                                ▼
//!                                model ── pack + runtime               gate ─▶ GainEvent ─▶ envelope ─▶ render (files)
//!
//! pipeline: whole jobs on recordings, one call each; batch: which recordings, and where their outputs go.  beside detect: noise (SNR); embed (vectors of what is said and of who speaks).  profile: what was enrolled, on the disk.  voice: who speaks.  realtime = the same boxes with two rings between detect and decide.
//! ```
//!
//! Nothing here knows a screen, an argument list or a plugin format.

#[cfg(any(feature = "render", feature = "report"))]
mod address;
#[cfg(feature = "files")]
pub mod audio;
#[cfg(feature = "files")]
pub mod batch;
pub mod decide;
pub mod detect;
pub mod embed;
#[cfg(feature = "eval")]
pub mod eval;
pub mod features;
pub mod gate;
mod home;
pub mod model;
pub mod noise;
#[cfg(feature = "output")]
pub mod output;
#[cfg(feature = "profiles")]
pub mod phrase;
#[cfg(feature = "files")]
pub mod pipeline;
mod priority;
#[cfg(feature = "profiles")]
pub mod profile;
pub mod realtime;
#[cfg(feature = "render")]
pub mod render;
#[cfg(feature = "report")]
pub mod report;
pub mod signal;
pub mod stream;
mod timeline_settings;
#[cfg(feature = "profiles")]
pub mod voice;

pub use priority::{lower_thread_priority, raise_thread_priority};
pub use signal::{FrameGrid, FrameScores, Label, LabelSet, ScoredFrame};

/// The examples of the README run as tests.
#[cfg(all(doctest, feature = "embedded-packs", feature = "embedded-runtime"))]
#[doc = include_str!("../README.md")]
struct Readme;
