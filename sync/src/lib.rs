//! What the audio thread and the others hand over without a lock, by hand-made protocols of a few atomics each.
//!
//! | type | from | to |
//! |---|---|---|
//! | [`StampedSlot`] | the audio thread | any number of readers that may be overtaken |
//! | [`GestureBits`] | the window | the format layer that tells the host |
//! | [`SleepFlag`] | the audio thread | a worker that sleeps |
//!
//! They are here, apart from what they are used for, so that [loom](https://docs.rs/loom) can try them in every order of
//! loads and stores that the memory model allows: `RUSTFLAGS="--cfg loom" cargo test --release -p earmark-sync`, a step
//! of `cargo xtask check --deep`.
//!
//! Real time: nothing here waits, locks or allocates, but for [`SleepFlag::sleep`], which waits for what it is given.

mod atomic;
mod gestures;
#[cfg(all(loom, test))]
mod models;
mod sleep;
mod slot;

pub use gestures::{Gesture, GestureBits, GestureReader};
pub use sleep::SleepFlag;
pub use slot::StampedSlot;
