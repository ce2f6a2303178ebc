//! VST3: a thin layer of our own on the bindings of the `vst3` crate. It knows a host and nothing of speech.
//!
//! ```text
//! entry ─▶ factory ─▶ effect     one COM object: component, audio processor and controller in one
//!                       │ component · audio · controller · units (programs): its interfaces, a file each
//!                       ▼
//!                    instance     what they and the view share: parameters, layout, the running processor
//!                       │
//!            block · sink · host · view · timer
//! ```
//!
//! * `block` reads and writes a host's buffers, `sink` its output queues, `host` calls it back: edits and restarts, only
//!   ever from its main thread.
//! * `com`, `text` and `stream` are the small change of COM.
//!
//! # Threads
//!
//! The audio thread runs `process` and `setProcessing`, everything else is the host's main thread's, but no host keeps
//! to that. So every field is behind an atomic or a mutex; the audio thread only ever *tries* the one mutex that it
//! shares with activation, and is silent for a block if it cannot have it. A window may live on a thread of its own:
//! what it wants of the host is noted in atomics and told from the main thread, by a timer of the host's run loop or, where
//! there is none, of the system's, and whenever the host calls by itself.
//!
//! # Panics
//!
//! No panic crosses into the host: every method runs inside `guard`. After one the processor is not called again and
//! the fail mode holds.
//!
//! The `unsafe` in this folder is about pointers that a host hands over, each with the part of the VST3 contract that makes
//! it sound. (What else the plugin has is in `clap/audio.rs`, `clap/gui.rs` and `module.rs`.)

mod audio;
mod block;
mod com;
mod component;
mod controller;
mod effect;
mod entry;
mod factory;
mod guard;
mod host;
mod instance;
mod layout;
mod main_loop;
mod overlay;
mod parent;
mod programs;
mod sink;
mod stream;
mod text;
mod timer;
mod units;
mod view;
mod words;

#[cfg(test)]
mod tests;

pub use entry::GetPluginFactory;
