//! The recordings that a command line names, with what is said on the way to them.

use std::path::PathBuf;

use earmark_core::batch::{self, FolderNote, Input};

use crate::console::Console;

/// Expands folders; those that cannot be read are told as failures, and the rest goes on.
pub fn expand(paths: &[PathBuf], console: &Console) -> Vec<Input> {
    batch::expand(paths, &mut |note| match note {
        FolderNote::Unreadable { .. } => console.error(&anyhow::anyhow!("{note}")),
        FolderNote::Empty { .. } => console.warn(&note.to_string()),
        _ => console.detail(&note.to_string()),
    })
}
