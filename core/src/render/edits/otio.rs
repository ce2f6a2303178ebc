//! OpenTimelineIO: <https://opentimelineio.readthedocs.io>, schema `Timeline.1`.

use std::path::Path;

use serde_json::{Value, json};

use super::frames::{FrameEvent, events};
use super::{EditKind, EditList, FrameRate};
use crate::address;

/// Counts samples, exactly, unless a rate of frames is given. Levels are effects called `gain`, in dB in their metadata.
pub(super) fn write(list: &EditList, source: &Path, rate: Option<FrameRate>) -> String {
    let per_second = match rate {
        Some(rate) => {
            let (frames, seconds) = rate.fraction();
            f64::from(frames) / f64::from(seconds)
        }
        None => f64::from(list.rate_hz),
    };
    let time =
        |value: u64| json!({ "OTIO_SCHEMA": "RationalTime.1", "rate": per_second, "value": number(value) });
    let range = |start: u64, length: u64| json!({ "OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(length) });
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let begins = rate.map_or_else(|| list.start.sample(list.rate_hz), |rate| list.start.frame(rate));
    let whole = rate.map_or(list.source_samples(), |rate| rate.whole(list.source_samples(), list.rate_hz));
    let media = json!({
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": name,
        "target_url": address::of_file(source),
        "available_range": range(begins, whole),
        "metadata": {},
    });
    let clip = |event: &FrameEvent, has_gain: bool| {
        json!({
            "OTIO_SCHEMA": "Clip.2",
            "name": name,
            "source_range": range(begins + event.source, event.length),
            "media_references": { "DEFAULT_MEDIA": media },
            "active_media_reference_key": "DEFAULT_MEDIA",
            "effects": event.gain_db.filter(|_| has_gain).map(gain).into_iter().collect::<Vec<_>>(),
            "markers": [],
            "enabled": true,
            "metadata": {},
        })
    };
    let stretches = rate.map_or_else(|| samples(list), |rate| events(list, rate));
    let track = |kind: &str, name: &str, has_gain: bool| {
        json!({
            "OTIO_SCHEMA": "Track.1",
            "kind": kind,
            "name": name,
            "children": stretches.iter().map(|event| clip(event, has_gain)).collect::<Vec<_>>(),
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "metadata": {},
        })
    };
    // A film is cut whole; levels are those of its sound.
    let picture = list.picture.map(|_| track("Video", "V1", false));
    let tracks: Vec<Value> = picture.into_iter().chain([track("Audio", "A1", true)]).collect();
    let timeline = json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": source.file_stem().unwrap_or_default().to_string_lossy(),
        "global_start_time": null,
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "children": tracks,
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "metadata": {},
        },
        "metadata": {},
    });
    format!("{timeline:#}\n")
}

/// What is in the output, to the sample.
fn samples(list: &EditList) -> Vec<FrameEvent> {
    let kept = list.edits().iter().filter(|edit| edit.kind != EditKind::Cut);
    kept.map(|edit| FrameEvent {
        gain_db: match edit.kind {
            EditKind::Changed(gain_db) => Some(gain_db),
            EditKind::Kept | EditKind::Cut => None,
        },
        source: edit.start,
        record: edit.out_start,
        length: edit.end - edit.start,
    })
    .collect()
}

/// OpenTimelineIO counts in floating point.
#[expect(clippy::cast_precision_loss, reason = "counts of samples stay far below 2^52")]
fn number(value: u64) -> f64 {
    value as f64
}

fn gain(gain_db: f32) -> Value {
    let rounded = (f64::from(gain_db) * 100.0).round() / 100.0;
    json!({
        "OTIO_SCHEMA": "Effect.1",
        "name": "",
        "effect_name": "gain",
        "metadata": { "earmark": { "gain_db": rounded } },
    })
}
