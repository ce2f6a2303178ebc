//! Times inside iXML: references, sync points and how long these last.

use super::remap::Places;

const REFERENCES: [(&str, &str); 2] = [
    ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI"),
    ("BWF_TIME_REFERENCE_LOW", "BWF_TIME_REFERENCE_HIGH"),
];
const SYNC_POINT: (&str, &str) = ("SYNC_POINT_LOW", "SYNC_POINT_HIGH");
const SYNC_POINT_END: &str = "</SYNC_POINT>";
const DURATION: &str = "SYNC_POINT_EVENT_DURATION";

/// The text with its times moved.
pub(super) fn moved_ixml(text: &str, places: &Places<'_>) -> String {
    let mut text = text.to_owned();
    let origin = REFERENCES.iter().find_map(|(low, high)| wide(&text, low, high)).unwrap_or(0);
    for (low, high) in REFERENCES {
        change_wide(&mut text, low, high, |reference| reference.saturating_add(places.start));
    }
    let (low, high) = SYNC_POINT;
    // Every sync point counts from the first sample, unless it says that it counts from midnight.
    let mut parts: Vec<String> = text.split_inclusive(SYNC_POINT_END).map(str::to_owned).collect();
    for part in parts.iter_mut().filter(|part| part.ends_with(SYNC_POINT_END)) {
        let absolute = part.contains("ABSOLUTE");
        let Some(value) = wide(part, low, high) else { continue };
        let start = if absolute { value.saturating_sub(origin) } else { value };
        if let Some((range, duration)) = number(part, DURATION) {
            part.replace_range(range, &places.length(start, duration).to_string());
        }
        if !absolute {
            change_wide(part, low, high, |at| places.point(at));
        }
    }
    parts.concat()
}

/// An element that holds a number: where the number stands, and what it is.
fn number(text: &str, name: &str) -> Option<(std::ops::Range<usize>, u64)> {
    let open = format!("<{name}");
    // The name of another element may begin with this one.
    let (at, _) = text
        .match_indices(&open)
        .find(|(at, _)| text[at + open.len()..].starts_with(|c: char| c == '>' || c.is_ascii_whitespace()))?;
    let start = at + text[at..].find('>')? + 1;
    let end = start + text[start..].find('<')?;
    Some((start..end, text[start..end].trim().parse().ok()?))
}

/// A number of 64 bits in two elements of 32.
fn wide(text: &str, low: &str, high: &str) -> Option<u64> {
    let (_, low) = number(text, low)?;
    // Hostile numbers wrap, as the elements would.
    Some(low.wrapping_add(number(text, high).map_or(0, |(_, word)| word << 32)))
}

/// Reads a number of 64 bits from two elements of 32, changes it and writes it back.
fn change_wide(text: &mut String, low: &str, high: &str, change: impl Fn(u64) -> u64) {
    let Some(value) = wide(text, low, high).map(change) else { return };
    // Without an element for the upper half all of it stands in the lower one.
    let lower = if number(text, high).is_some() { value & u64::from(u32::MAX) } else { value };
    for (name, word) in [(low, lower), (high, value >> 32)] {
        if let Some((range, _)) = number(text, name) {
            text.replace_range(range, &word.to_string());
        }
    }
}
