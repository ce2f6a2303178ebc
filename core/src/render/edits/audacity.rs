//! Labels for Audacity.

use std::fmt::Write;

use super::{EditKind, EditList};
use crate::signal::units::samples_to_seconds;

/// Labels for Audacity, in the output's time: one line for each change, a point for each cut.
pub(super) fn write(list: &EditList) -> String {
    let mut text = String::new();
    for edit in list.edits() {
        let note = match edit.kind {
            EditKind::Kept => continue,
            EditKind::Changed(gain_db) => format!("{gain_db:.1} dB"),
            EditKind::Cut => {
                format!("cut {:.3} s", samples_to_seconds(edit.end - edit.start, list.rate_hz))
            }
        };
        let (start, end) = (
            samples_to_seconds(edit.out_start, list.rate_hz),
            samples_to_seconds(edit.out_end, list.rate_hz),
        );
        let _ = writeln!(text, "{start:.6}\t{end:.6}\t{note}");
    }
    text
}
