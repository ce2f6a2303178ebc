//! Streams being heard. Threads of their own step every stream that has sound, one after the other, a tenth of a second at a
//! time, so that none waits for another; whoever moves bytes only puts them into an [`Inbox`].
//!
//! ```text
//! bytes ─▶ Inbox (bounded) ─▶ hearing threads: decode, StreamTagger ─▶ Listener ─▶ whoever writes
//! ```
//!
//! A stream that brings its sound faster than it would sound (a file sent through a socket) is heard when no other waits.

mod inbox;
mod pcm;
mod pool;
mod slot;

pub use inbox::Piece;
pub use pcm::{Encoding, PcmFormat};
pub use pool::Pool;
pub use slot::{EarError, Listener, Slot};
