//! Reaper projects.

use std::fmt::Write;
use std::path::Path;

use super::{EditKind, EditList};
use crate::signal::units::samples_to_seconds;

/// A Reaper project with one item per stretch, which plays the source with the same cuts, crossfades and
/// levels.
pub(super) fn write(list: &EditList, source: &Path) -> String {
    let name = quoted(&source.file_name().unwrap_or_default().to_string_lossy());
    let file = quoted(&source.to_string_lossy());
    let ending = source.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let kind = kind_of(ending.as_deref().unwrap_or_default());
    let mut text = format!(
        "<REAPER_PROJECT 0.1 \"6.0\" 0\n  SAMPLERATE {} 1 0\n  <TRACK\n    NAME {name}\n",
        list.rate_hz
    );
    let time = |samples| samples_to_seconds(samples, list.rate_hz);
    for (index, edit) in list.edits.iter().enumerate() {
        let gain = match edit.kind {
            EditKind::Cut => continue,
            EditKind::Kept => 1.0,
            EditKind::Changed(gain_db) => 10.0_f32.powf(gain_db / 20.0),
        };
        let next_to_cut =
            |i: Option<usize>| i.and_then(|i| list.edits.get(i)).is_some_and(|e| e.kind == EditKind::Cut);
        // At the ends of the file there is nothing to fade into.
        let joined_before = next_to_cut(index.checked_sub(1)) && edit.out_start > 0;
        let joined_after = next_to_cut(Some(index + 1)) && index + 2 < list.edits.len();
        let before = if joined_before { list.half_fade } else { 0 };
        let after = if joined_after { list.half_fade } else { 0 };
        let _ = writeln!(
            text,
            "    <ITEM\n      POSITION {:.9}\n      LENGTH {:.9}\n      LOOP 0\n      FADEIN 1 {:.9} 0\n      FADEOUT 1 {:.9} 0\n      \
             SOFFS {:.9}\n      VOLPAN {gain:.6} 0 1 -1\n      NAME {name}\n      <SOURCE {kind}\n        FILE {file}\n      >\n    >",
            time(edit.out_start - before),
            time(edit.out_end - edit.out_start + before + after),
            time(2 * before),
            time(2 * after),
            time(edit.start - before),
        );
    }
    text.push_str("  >\n>\n");
    text
}

/// What Reaper calls the reader of a file by its ending: it opens the file by this reader alone, and what another one should
/// read is offline. What the system or ffmpeg decodes, sound in a container of pictures too, is a video.
fn kind_of(ending: &str) -> &'static str {
    match ending {
        "flac" => "FLAC",
        "mp3" => "MP3",
        "ogg" | "oga" => "VORBIS",
        "opus" => "OPUS",
        "wv" => "WAVPACK",
        "mp4" | "m4v" | "mov" | "qt" | "m4a" | "m4b" | "aac" | "3gp" | "3g2" | "mkv" | "mka" | "webm"
        | "avi" | "wmv" | "wma" | "asf" | "flv" | "mpg" | "mpeg" | "m2v" | "ts" | "mts" | "m2ts" | "vob"
        | "ogv" | "mxf" => "VIDEO",
        _ => "WAVE",
    }
}

/// Reaper has no escapes: it takes whichever quote does not occur.
fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("`{}`", text.replace('`', "'")),
    }
}
