//! CMX 3600 edit decision lists, for video editors.

use std::fmt::Write;
use std::path::Path;

use super::frames::events;
use super::{EditList, FrameRate};

/// Above 999 events the numbers have four digits, which most readers take. The form has no place for its rate but the kind of
/// time code, so a comment of the first event says it; readers refuse one above it. So does one say the time code that the source
/// begins with, if it has one: the source's side of all events counts from there, and begins anew after a day. Within an event it
/// does not: readers want an end behind its start.
pub(super) fn write(list: &EditList, source: &Path, rate: FrameRate) -> String {
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let title = source.file_stem().unwrap_or_default().to_string_lossy();
    let mode = if rate.drops() { "DROP FRAME" } else { "NON-DROP FRAME" };
    let mut text = format!("TITLE: {title}\nFCM: {mode}\n\n");
    let sound = if list.channels > 1 { "AA" } else { "A" };
    // A film is cut whole: one event for its picture and its sound.
    let tracks = match (list.picture, sound) {
        (None, sound) => sound,
        (Some(_), "A") => "B",
        (Some(_), _) => "AA/V",
    };
    let start = list.start.frame(rate);
    let code = |frame| rate.timecode(frame);
    let of_source = |frame| if start == 0 { frame } else { (start + frame) % rate.per_day() };
    for (index, event) in events(list, rate).iter().enumerate() {
        let first = of_source(event.source);
        let _ = writeln!(
            text,
            "{:03}  {:<8} {tracks:<5} C        {} {} {} {}\n* FROM CLIP NAME: {name}",
            index + 1,
            "AX",
            code(first),
            code(first + event.length),
            code(event.record),
            code(event.record + event.length)
        );
        if index == 0 {
            let _ = writeln!(text, "* FRAME RATE: {rate}");
            if start > 0 {
                let _ = writeln!(text, "* SOURCE START: {}", code(of_source(0)));
            }
        }
        if let Some(gain_db) = event.gain_db {
            let at = code(first);
            let _ = writeln!(text, "* AUDIO LEVEL AT {at} IS {gain_db:.2} DB (REEL AX {sound})");
        }
    }
    text
}
