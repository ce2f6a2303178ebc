//! Final Cut Pro XML, version 1.8, which Final Cut, Resolve and OpenTimelineIO read.

use std::fmt::Write;
use std::path::Path;

use super::frames::events;
use super::{EditList, FrameRate};
use crate::address;

/// Rates of sound that a sequence may have.
const AUDIO_RATES: [(u32, &str); 7] = [
    (32_000, "32k"),
    (44_100, "44.1k"),
    (48_000, "48k"),
    (88_200, "88.2k"),
    (96_000, "96k"),
    (176_400, "176.4k"),
    (192_000, "192k"),
];

/// A project whose spine plays the source with the same cuts and levels, on frames.
pub(super) fn write(list: &EditList, source: &Path, rate: FrameRate) -> String {
    let (frames, seconds) = rate.fraction();
    // Times are whole frames: n · seconds / frames.
    let time = |frame: u64| match frame {
        0 => "0s".to_owned(),
        _ => format!("{}/{frames}s", u128::from(frame) * u128::from(seconds)),
    };
    // The source's side begins with its time code, which need not be on a frame of this rate.
    let of_source = |frame: u64| {
        let (units, per_second) = (u128::from(list.start.units), u128::from(list.start.per_second));
        if units == 0 {
            return time(frame);
        }
        let elapsed = u128::from(frame) * u128::from(seconds) * per_second;
        let (value, base) = reduced(units * u128::from(frames) + elapsed, per_second * u128::from(frames));
        if base == 1 { format!("{value}s") } else { format!("{value}/{base}s") }
    };
    let events = events(list, rate);
    let total = events.last().map_or(0, |event| event.record + event.length);
    let name = xml(&source.file_name().unwrap_or_default().to_string_lossy());
    let title = xml(&source.file_stem().unwrap_or_default().to_string_lossy());
    let url = xml(&address::of_file(source));
    let (rate_hz, channels) = (list.rate_hz, list.channels);
    let layout = if channels > 1 { "stereo" } else { "mono" };
    let audio_rate = AUDIO_RATES.iter().find(|(known, _)| *known == rate_hz).map_or("48k", |(_, name)| name);
    let code = if rate.drops() { "DF" } else { "NDF" };
    let (width, height) = list.picture.map_or((0, 0), |picture| (picture.width, picture.height));
    let (width, height) = if width > 0 && height > 0 { (width, height) } else { (1_920, 1_080) };
    // The picture's own format, where the project counts another rate.
    let own = list.picture_rate().filter(|own| own.fraction() != rate.fraction());
    let own_format = own.map(|own| {
        let (frames, seconds) = own.fraction();
        format!("\n    <format id=\"r3\" frameDuration=\"{seconds}/{frames}s\" width=\"{width}\" height=\"{height}\"/>")
    });
    let format = if own_format.is_some() { "r3" } else { "r1" };
    let video = list.picture.map_or(String::new(), |_| format!(" hasVideo=\"1\" format=\"{format}\""));
    let own_format = own_format.unwrap_or_default();
    let source_s = format!("{}/{rate_hz}s", list.source_samples());
    let mut text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.8">
  <resources>
    <format id="r1" frameDuration="{seconds}/{frames}s" width="{width}" height="{height}"/>{own_format}
    <asset id="r2" name="{name}" src="{url}" start="{}" duration="{source_s}"{video} hasAudio="1" audioSources="1" audioChannels="{channels}" audioRate="{rate_hz}"/>
  </resources>
  <library>
    <event name="Earmark">
      <project name="{title}">
        <sequence format="r1" duration="{}" tcStart="0s" tcFormat="{code}" audioLayout="{layout}" audioRate="{audio_rate}">
          <spine>
"#,
        of_source(0),
        time(total)
    );
    for event in events {
        let _ = write!(
            text,
            r#"            <asset-clip ref="r2" name="{name}" offset="{}" start="{}" duration="{}" format="{format}" audioRole="dialogue""#,
            time(event.record),
            of_source(event.source),
            time(event.length)
        );
        let _ = match event.gain_db {
            None => writeln!(text, "/>"),
            Some(gain_db) => writeln!(
                text,
                ">\n              <adjust-volume amount=\"{gain_db:.2}dB\"/>\n            </asset-clip>"
            ),
        };
    }
    text.push_str(
        "          </spine>\n        </sequence>\n      </project>\n    </event>\n  </library>\n</fcpxml>\n",
    );
    text
}

/// A fraction in its lowest terms: Final Cut's have 32 bits below the stroke.
fn reduced(value: u128, base: u128) -> (u128, u128) {
    let (mut a, mut b) = (value, base);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    (value / a.max(1), base / a.max(1))
}

/// Text as XML holds it.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no place for these, escaped or not.
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
