//! auto-editor's timeline, version 1: <https://auto-editor.com/docs/v1>.

use std::path::Path;

use serde_json::json;

use super::{EditKind, EditList, FrameRate};

/// The speed at which auto-editor leaves a stretch out.
pub(super) const CUT: f64 = 99_999.0;

/// Chunks `[first frame, frame after the last, speed]`, which cover the source without gaps; `timebase` says their rate. The form knows no levels.
pub(super) fn write(list: &EditList, source: &Path, rate: FrameRate) -> String {
    let mut chunks: Vec<(u64, u64, f64)> = Vec::new();
    let mut at = 0;
    for edit in list.edits() {
        let (end, speed) =
            (rate.nearest(edit.end, list.rate_hz), if edit.kind == EditKind::Cut { CUT } else { 1.0 });
        if end <= at {
            continue;
        }
        match chunks.last_mut() {
            Some(last) if last.2.to_bits() == speed.to_bits() => last.1 = end,
            _ => chunks.push((at, end, speed)),
        }
        at = end;
    }
    let (frames, seconds) = rate.fraction();
    let timebase = format!("{frames}/{seconds}");
    let list = json!({
        "version": "1",
        "source": source.to_string_lossy(),
        "timebase": timebase,
        "chunks": chunks,
    });
    format!("{list:#}\n")
}
