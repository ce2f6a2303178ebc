//! Lists of cuts that are read again: which stretches of the source they keep.

use std::collections::HashMap;

use serde_json::Value;

use super::{FrameRate, ListFormat};

/// Why a list of cuts cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The text is not in that form.
    #[error("line {line}: {what}")]
    Parse {
        /// From 1; 0 where the place is not known.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Labels for Audacity are in the time of what was rendered.
    #[error(
        "labels for Audacity tell where cuts are in the output, not what they kept of the source; read an .otio, .edl, .fcpxml, .v1 or .rpp"
    )]
    OutputTime,
}

fn bad(line: usize, what: impl Into<String>) -> ListError {
    ListError::Parse { line, what: what.into() }
}

/// Start and end of a stretch of the source, seconds.
type Span = (f64, f64);

impl ListFormat {
    /// Start and end of the stretches of the source that a list keeps, seconds, in the order of the source; those that
    /// follow each other without a gap are one. `rate` is for lists that do not say their own; without one an EDL counts 25
    /// and auto-editor's list 30 frames per second.
    ///
    /// # Errors
    /// [`ListError`] if the text is not in this form.
    pub fn read(self, text: &str, rate: Option<FrameRate>) -> Result<Vec<Span>, ListError> {
        let spans = match self {
            Self::Cmx3600 => edl(text, rate)?,
            Self::Otio => otio(text)?,
            Self::Fcpxml => fcpxml(text)?,
            Self::AutoEditor => v1(text, rate)?,
            Self::Reaper => reaper(text)?,
            Self::Audacity => return Err(ListError::OutputTime),
        };
        if let Some((start, end)) =
            spans.iter().find(|(start, end)| !(0.0 <= *start && start <= end && *end <= 1e9))
        {
            return Err(bad(0, format!("{start} to {end} s is no stretch of time")));
        }
        Ok(joined(spans))
    }
}

/// In order; what touches becomes one, since a change of level is no cut.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut all: Vec<Span> = Vec::new();
    for (start, end) in spans.into_iter().filter(|(start, end)| end > start) {
        match all.last_mut() {
            Some(last) if start <= last.1 + 1e-6 => last.1 = last.1.max(end),
            _ => all.push((start, end)),
        }
    }
    all
}

fn edl(text: &str, rate: Option<FrameRate>) -> Result<Vec<Span>, ListError> {
    let said = text.lines().find_map(|line| line.strip_prefix("* FRAME RATE:"));
    let said = said.map(|name| name.trim().parse::<FrameRate>().map_err(|e| bad(0, e.to_string())));
    let rate = said.transpose()?.or(rate).unwrap_or(FrameRate::PAL);
    let frame_of = |line, code: &str| {
        let refused = || bad(line, format!("{code} is no time code at {rate} frames per second"));
        rate.frame_of(code).ok_or_else(refused)
    };
    // From the time code of the source's first sample, which begins anew at midnight.
    let began = (1..)
        .zip(text.lines())
        .find_map(|(line, content)| Some((line, content.strip_prefix("* SOURCE START:")?)));
    let began = began.map(|(line, code)| frame_of(line, code.trim())).transpose()?;
    let mut spans = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if !content.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let codes: Vec<&str> =
            content.split_whitespace().filter(|word| word.matches([':', ';']).count() == 3).collect();
        let [source_in, source_out, ..] = codes[..] else {
            return Err(bad(line, "an event has four time codes"));
        };
        let (mut first, mut end) = (frame_of(line, source_in)?, frame_of(line, source_out)?);
        if let Some(began) = began {
            let day = rate.per_day();
            let since = |frame: u64, from: u64| (frame % day + day - from % day) % day;
            (first, end) = (since(first, began), since(first, began) + since(end, first));
        }
        spans.push((rate.seconds(first), rate.seconds(end)));
    }
    Ok(spans)
}

fn otio(text: &str) -> Result<Vec<Span>, ListError> {
    let timeline: Value = serde_json::from_str(text).map_err(|e| bad(e.line(), e.to_string()))?;
    if !timeline["OTIO_SCHEMA"].as_str().is_some_and(|schema| schema.starts_with("Timeline.")) {
        return Err(bad(0, "it holds no Timeline of OpenTimelineIO"));
    }
    let tracks = timeline["tracks"]["children"].as_array().map_or(&[][..], Vec::as_slice);
    let track = tracks.iter().find(|track| track["kind"] == "Audio").or(tracks.first());
    let Some(track) = track else { return Ok(Vec::new()) };
    let seconds =
        |time: &Value| Some(time["value"].as_f64()? / time["rate"].as_f64().filter(|rate| *rate > 0.0)?);
    let is_clip =
        |item: &&Value| item["OTIO_SCHEMA"].as_str().is_some_and(|schema| schema.starts_with("Clip."));
    let items = track["children"].as_array().map_or(&[][..], Vec::as_slice);
    let clips = items.iter().filter(is_clip).map(|clip| {
        let range = &clip["source_range"];
        // From the beginning of the medium, whose time code may begin anywhere.
        let key = clip["active_media_reference_key"].as_str().unwrap_or("DEFAULT_MEDIA");
        let media = match &clip["media_references"][key] {
            Value::Null => &clip["media_reference"],
            media => media,
        };
        let begins_s = seconds(&media["available_range"]["start_time"]).unwrap_or(0.0);
        let start_s = seconds(&range["start_time"])? - begins_s;
        Some((start_s, start_s + seconds(&range["duration"])?))
    });
    clips.collect::<Option<_>>().ok_or_else(|| bad(0, "a clip has no source_range"))
}

fn fcpxml(text: &str) -> Result<Vec<Span>, ListError> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document =
        roxmltree::Document::parse_with_options(text, options).map_err(|e| bad(0, e.to_string()))?;
    let time = |text: &str| {
        let text = text.trim_end_matches('s');
        let (value, base) = text.split_once('/').unwrap_or((text, "1"));
        Some(value.parse::<f64>().ok()? / base.parse::<f64>().ok().filter(|base| *base > 0.0)?)
    };
    // An asset begins with its time code, from which its clips count.
    let assets = document.descendants().filter(|node| node.has_tag_name("asset"));
    let begins_s: HashMap<_, _> =
        assets.filter_map(|asset| Some((asset.attribute("id")?, time(asset.attribute("start")?)?))).collect();
    let clips = document.descendants().filter(|node| node.has_tag_name("asset-clip")).map(|clip| {
        let begins_s = clip.attribute("ref").and_then(|id| begins_s.get(id)).copied().unwrap_or(0.0);
        // Without a start it is shown from its beginning.
        let start_s = clip.attribute("start").map_or(Some(begins_s), time)? - begins_s;
        Some((start_s, start_s + time(clip.attribute("duration")?)?))
    });
    clips
        .collect::<Option<_>>()
        .ok_or_else(|| bad(0, "an asset-clip has no duration, or one that is no time"))
}

fn v1(text: &str, rate: Option<FrameRate>) -> Result<Vec<Span>, ListError> {
    let list: Value = serde_json::from_str(text).map_err(|e| bad(e.line(), e.to_string()))?;
    let said =
        list["timebase"].as_str().map(|name| name.strip_suffix("/1").unwrap_or(name).parse::<FrameRate>());
    let said = said.transpose().map_err(|e| bad(0, e.to_string()))?;
    let rate = said.or(rate).unwrap_or(FrameRate::THIRTY);
    let chunks = list["chunks"].as_array().ok_or_else(|| bad(0, "it has no chunks"))?;
    let span = |chunk: &Value| {
        let (start, end, speed) = (chunk[0].as_u64()?, chunk[1].as_u64()?, chunk[2].as_f64()?);
        Some((speed < super::v1::CUT && speed > 0.0, (rate.seconds(start), rate.seconds(end))))
    };
    let spans: Option<Vec<_>> = chunks.iter().map(span).collect();
    let spans = spans.ok_or_else(|| bad(0, "a chunk is [first frame, frame after the last, speed]"))?;
    Ok(spans.into_iter().filter(|(kept, _)| *kept).map(|(_, span)| span).collect())
}

fn reaper(text: &str) -> Result<Vec<Span>, ListError> {
    #[derive(Default)]
    struct Item {
        length: Option<f64>,
        offset: f64,
        fades: [f64; 2],
    }
    let mut items: Vec<Item> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut words = content.split_whitespace();
        let (name, first, second) = (words.next(), words.next(), words.next());
        if name == Some("<ITEM") {
            items.push(Item::default());
        }
        let Some(item) = items.last_mut() else { continue };
        let number = |word: Option<&str>| {
            let number = word.and_then(|word| word.parse::<f64>().ok());
            number.ok_or_else(|| bad(line, format!("{} has no number", name.unwrap_or_default())))
        };
        match name {
            Some("LENGTH") => item.length = Some(number(first)?),
            Some("SOFFS") => item.offset = number(first)?,
            // Half of a crossfade lies beyond the join.
            Some("FADEIN") => item.fades[0] = number(second)?,
            Some("FADEOUT") => item.fades[1] = number(second)?,
            _ => {}
        }
    }
    let span = |item: Item| {
        let [before, after] = item.fades.map(|fade| fade / 2.0);
        Some((item.offset + before, item.offset + item.length? - after))
    };
    items.into_iter().map(span).collect::<Option<_>>().ok_or_else(|| bad(0, "an item has no LENGTH"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::{EditList, SourceStart};
    use super::*;

    #[test]
    fn what_is_no_list_is_refused_with_its_place() {
        let said = |format: ListFormat, text: &str| format.read(text, None).unwrap_err().to_string();
        assert!(said(ListFormat::Cmx3600, "TITLE: x\n001  AX  A  C  00:00:00:00\n").starts_with("line 2"));
        assert!(said(ListFormat::Cmx3600, "001 AX A C 00:00:61:00 00:00:62:00 a b").contains("no time code"));
        assert!(said(ListFormat::Otio, "{}").contains("no Timeline"));
        assert!(said(ListFormat::Fcpxml, "<a").starts_with("line 0"));
        assert!(said(ListFormat::AutoEditor, r#"{"chunks": [[1, 2]]}"#).contains("a chunk is"));
        assert!(said(ListFormat::Reaper, "<ITEM\nLENGTH x\n").contains("LENGTH has no number"));
        assert!(said(ListFormat::Audacity, "").contains("in the output"));
    }

    proptest! {
        #[test]
        fn every_form_is_read_as_it_was_written(
            lengths in prop::collection::vec((1_u64..400_000, 8_000_u64..400_000), 0..12),
            rate in prop::sample::select(FrameRate::ALL.to_vec()),
            // Time codes of the source: none, a whole second, one before midnight, a frame of 29.97, one between all frames.
            (units, per_second) in prop::sample::select(vec![
                (0, 48_000), (36_005 * 48_000, 48_000), (86_390, 1), (107_999_892, 30_000), (12_345_677, 48_000),
            ]),
        ) {
            // Stretches of samples at 48 kHz, with pauses of several frames between them.
            let mut at = 0;
            let kept: Vec<_> = lengths.iter().map(|(length, pause)| {
                let start = at + pause;
                at = start + length;
                start..at
            }).collect();
            let mut list = EditList::keeping(kept.iter().cloned(), 48_000, 2, at + 1_000);
            list.start = SourceStart { units, per_second };
            let source = Path::new("/a/talk.wav");
            for (format, _) in ListFormat::ALL.into_iter().filter(|(format, _)| *format != ListFormat::Audacity) {
                let exact = !format.counts_frames() || format == ListFormat::Otio;
                let given = (!exact).then_some(rate);
                let read = format.read(&format.write(&list, source, given), None).unwrap();
                // Rounded are the start, both ends of the length, and the end of the source, before which a stretch ends.
                let step_s = if exact { 1e-6 } else { 2.0 * rate.seconds(1) + 1e-6 };
                // Frames decide which of the short ones are left.
                let long = |span: &&std::ops::Range<u64>| exact || (span.end - span.start) > 48_000 / 10;
                for span in kept.iter().filter(long) {
                    let seconds = |sample: u64| crate::signal::units::samples_to_seconds(sample, 48_000);
                    let near = |(start, end): &&Span| {
                        (start - seconds(span.start)).abs() <= step_s && (end - seconds(span.end)).abs() <= step_s
                    };
                    prop_assert!(read.iter().any(|span| near(&span)), "{format:?} {rate} {span:?}: {read:?}");
                }
                prop_assert!(read.len() <= kept.len());
            }
        }
    }
}
