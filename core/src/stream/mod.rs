//! A stream that has no end: samples in, [`Event`]s out while the sound is still on.
//!
//! ```text
//! samples ─▶ DetectorStream ─▶ CausalLabels ─▶ Lane per label ─▶ Event::{Onset, Offset}
//!                                  (the law)     min_gap, min_on
//! ```
//!
//! | file | what |
//! |---|---|
//! | `event.rs` | [`Event`], one line of JSON each; `docs/events.schema.json` is their schema |
//! | `settings.rs` | [`StreamSettings`] |
//! | `lane.rs` | one label: from the causal decision per frame to segments under way |
//! | `decision.rs` | all lanes of a stream, and what is unknown |
//! | `means.rs` | frame events |
//! | `phrases.rs` | enrolled phrases beside the labels of the pack |
//! | `tagger.rs` | [`StreamTagger`]: one stream; it does no I/O, so that one thread may step many of them |
//!
//! A label is on where [`CausalLabels`](crate::decide::CausalLabels) says so: the same thresholds, the same silence rule as
//! those of a live gate. Only the minimum durations come on top, so that a stream is not told of every flicker: an onset
//! is told once its label has been on for `min_on_ms`, with the time at which it began; an offset once it has been off for
//! `min_gap_ms`, with the time at which it ended. With both at 0 each change of the causal decision is an event.
//! What a file is given beside that, confirmation and refined borders, needs seconds of the future and is left out.

mod decision;
mod event;
mod lane;
mod means;
#[cfg(feature = "profiles")]
mod phrases;
mod settings;
mod tagger;
#[cfg(all(test, feature = "files", feature = "embedded-packs", feature = "embedded-runtime"))]
mod tests;
mod time;

pub use event::{AlertState, EVENTS_VERSION, Event};
pub use settings::{MAX_WAIT_MS, StreamError, StreamSettings};
pub use tagger::StreamTagger;
