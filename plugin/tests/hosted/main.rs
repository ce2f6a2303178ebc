//! The plugin in a CLAP host, in this process: no file is loaded but in `library`, all else is as in a DAW.
#![allow(missing_docs, reason = "a test program")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "test signals are small numbers"
)]

#[cfg(not(target_os = "macos"))]
#[path = "../built/mod.rs"]
mod built;
#[path = "../command/mod.rs"]
mod command;
mod failing;
mod filter;
mod host;
mod labels;
#[cfg(not(target_os = "macos"))]
mod library;
mod lifecycle;
mod ports;
mod presets;
mod sound;
mod state;
mod timeline;
mod timing;
