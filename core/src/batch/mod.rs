//! Which recordings a run reads and which files it writes, known before any work: for whoever works on many at once.
//!
//! | | |
//! |---|---|
//! | `names.rs` | what the names of inputs and outputs mean |
//! | `inputs.rs` | [`expand`]: files and folders to recordings, each with a place for its outputs |
//! | `outputs.rs` | [`Outputs`]: claims every output, so that none replaces an input, another output or a folder |
//! | `shard.rs` | [`Shard`]: a share of them, for one of several machines |
//!
//! ```no_run
//! use std::path::Path;
//!
//! use earmark_core::batch::{Outputs, expand, in_folder};
//!
//! let inputs = expand(&["archive".into()], &mut |note| eprintln!("{note}"));
//! let mut outputs = Outputs::beside(&inputs);
//! for input in &inputs {
//!     outputs.claim_file(&in_folder(Path::new("labels"), &input.stem, "csv"))?;
//! }
//! # Ok::<(), earmark_core::batch::OutputRefused>(())
//! ```

mod inputs;
mod names;
mod outputs;
mod shard;

pub use inputs::{FolderNote, Input, are_several, expand};
pub use names::{in_folder, is_dash, names_audio, names_folder};
pub use outputs::{OutputRefused, Outputs};
pub use shard::{NoShard, Shard};
