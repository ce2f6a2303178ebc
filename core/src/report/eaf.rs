//! ELAN's annotation format: XML with one tier per label, times in milliseconds.

use std::io::{self, Write};
use std::path::Path;

use super::draft::{ReportBuilder, error, tiers};
use super::escape::{escape, unescape, xml};
use super::pointer::{Addresses, addresses};
use super::{Format, Report, ReportError};

const SCHEMA: &str = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd";

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are finite and not negative"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

pub(super) fn write(report: &Report, folder: Option<&Path>, out: &mut dyn Write) -> io::Result<()> {
    let tiers = tiers(&report.timeline);
    let safe = |text: &str| xml(&escape(text, |_| false));
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    // The schema asks for a date; a fixed one keeps equal input equal in output.
    writeln!(
        out,
        "<ANNOTATION_DOCUMENT AUTHOR=\"Earmark\" DATE=\"1970-01-01T00:00:00+00:00\" FORMAT=\"3.0\" VERSION=\"3.0\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"{SCHEMA}\">"
    )?;
    writeln!(out, "    <HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\">")?;
    let Addresses { url, relative } = addresses(folder, report);
    let relative = relative.map_or(String::new(), |url| format!(" RELATIVE_MEDIA_URL=\"{url}\""));
    writeln!(out, "        <MEDIA_DESCRIPTOR MEDIA_URL=\"{url}\"{relative} MIME_TYPE=\"audio/*\"/>")?;
    writeln!(
        out,
        "        <PROPERTY NAME=\"duration\">{}</PROPERTY>",
        milliseconds(report.timeline.duration_s)
    )?;
    writeln!(out, "    </HEADER>\n    <TIME_ORDER>")?;
    let segments = || tiers.iter().flat_map(|(_, segments)| segments.iter());
    // Slots 2k - 1 and 2k belong to annotation k; ELAN wants them in order of time.
    let slots = (1..).zip(segments()).flat_map(|(k, s)| [(s.start_s, 2 * k - 1), (s.end_s, 2 * k)]);
    let mut slots: Vec<(u64, u64)> = slots.map(|(time, id): (f64, u64)| (milliseconds(time), id)).collect();
    slots.sort_unstable();
    for (time, id) in slots {
        writeln!(out, "        <TIME_SLOT TIME_SLOT_ID=\"ts{id}\" TIME_VALUE=\"{time}\"/>")?;
    }
    writeln!(out, "    </TIME_ORDER>")?;
    let mut k = 0_u64;
    let mut names: Vec<String> = Vec::new();
    for (label, segments) in &tiers {
        let mut name = safe(label.as_str());
        while names.contains(&name) {
            name.push('\'');
        }
        writeln!(out, "    <TIER LINGUISTIC_TYPE_REF=\"activity\" TIER_ID=\"{name}\">")?;
        names.push(name);
        for s in segments {
            k += 1;
            let (from, to) = (2 * k - 1, 2 * k);
            writeln!(
                out,
                "        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{k}\" TIME_SLOT_REF1=\"ts{from}\" \
                 TIME_SLOT_REF2=\"ts{to}\"><ANNOTATION_VALUE>{}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>\
                 </ANNOTATION>",
                safe(s.label.as_str())
            )?;
        }
        writeln!(out, "    </TIER>")?;
    }
    writeln!(
        out,
        "    <LINGUISTIC_TYPE GRAPHIC_REFERENCES=\"false\" LINGUISTIC_TYPE_ID=\"activity\" \
         TIME_ALIGNABLE=\"true\"/>\n</ANNOTATION_DOCUMENT>"
    )
}

/// The path that an address means. Only `file:` addresses are taken apart: others, and paths as they were written before, keep
/// all but their escapes.
fn file_of(url: &str) -> String {
    let Some(path) = url.strip_prefix("file://").map(unescape) else { return unescape(url) };
    let is_drive =
        |path: &str| matches!(path.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    match path.strip_prefix('/') {
        Some(path_of_drive) if is_drive(&path) => path_of_drive.to_owned(),
        Some(_) => path,
        // The first name is a server.
        None => format!("//{path}"),
    }
}

pub(super) fn parse(text: &str) -> Result<Report, ReportError> {
    let format = Format::Eaf;
    let document = roxmltree::Document::parse(text)
        .map_err(|e| error(format, usize::try_from(e.pos().row).unwrap_or(0), e.to_string()))?;
    let line = |node: roxmltree::Node<'_, '_>| {
        usize::try_from(document.text_pos_at(node.range().start).row).unwrap_or(0)
    };
    let root = document.root_element();
    if !root.has_tag_name("ANNOTATION_DOCUMENT") {
        return Err(error(format, line(root), "the document is no ANNOTATION_DOCUMENT"));
    }
    let all = |tag: &'static str| root.descendants().filter(move |n| n.has_tag_name(tag));
    let media = all("MEDIA_DESCRIPTOR").find_map(|n| n.attribute("MEDIA_URL")).unwrap_or("");
    let mut draft = ReportBuilder::new(format, file_of(media));
    let duration = all("PROPERTY").find(|n| n.attribute("NAME") == Some("duration")).and_then(|n| n.text());
    draft.duration_s = duration.and_then(|d| d.trim().parse::<u32>().ok()).map(|ms| f64::from(ms) / 1_000.0);
    let mut slots = std::collections::HashMap::new();
    for slot in all("TIME_SLOT") {
        let time = slot.attribute("TIME_VALUE").and_then(|t| t.parse::<u32>().ok());
        if let (Some(id), Some(time)) = (slot.attribute("TIME_SLOT_ID"), time) {
            slots.insert(id, f64::from(time) / 1_000.0);
        }
    }
    for tier in all("TIER") {
        let notes = || tier.descendants().filter(|n| n.has_tag_name("ALIGNABLE_ANNOTATION"));
        if notes().next().is_none() {
            draft.name(&unescape(tier.attribute("TIER_ID").unwrap_or("")));
        }
        for note in notes() {
            let time = |name: &str| {
                let time = note.attribute(name).and_then(|id| slots.get(id).copied());
                time.ok_or_else(|| error(format, 0, format!("its {name} names no time slot with a time")))
            };
            let value = note.descendants().find(|n| n.has_tag_name("ANNOTATION_VALUE"));
            let label =
                value.and_then(|n| n.text()).unwrap_or_else(|| tier.attribute("TIER_ID").unwrap_or(""));
            let times = time("TIME_SLOT_REF1").and_then(|from| Ok((from, time("TIME_SLOT_REF2")?)));
            let added = times.and_then(|times| draft.add(0, times, &unescape(label), 1.0));
            // Which line it is takes a walk through the text: only where one is to be told.
            added.map_err(|wrong| match wrong {
                ReportError::Parse { format, what, .. } => error(format, line(note), what),
                other => other,
            })?;
        }
    }
    Ok(draft.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::decide::{Segment, Timeline};

    #[test]
    fn the_media_are_found_by_their_address_and_from_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let recording = dir.path().canonicalize().unwrap().join("50% off, \u{e9}.wav");
        std::fs::write(&recording, "").unwrap();
        let report = Report::new(recording.to_str().unwrap(), Timeline::default());
        let mut text = Vec::new();
        write(&report, Some(dir.path()), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let media = document.descendants().find(|node| node.has_tag_name("MEDIA_DESCRIPTOR")).unwrap();
        let url = media.attribute("MEDIA_URL").unwrap();
        assert!(url.starts_with("file:///") && url.ends_with("/50%25%20off%2C%20%C3%A9.wav"), "{url}");
        assert_eq!(media.attribute("RELATIVE_MEDIA_URL"), Some("./50%25%20off%2C%20%C3%A9.wav"));
        assert!(parse(&text).unwrap().file.ends_with("/50% off, \u{e9}.wav"));
    }

    #[test]
    fn media_of_other_programs_and_of_older_files_are_named() {
        for (url, file) in [
            ("file:///C:/a%20b/talk.wav", "C:/a b/talk.wav"),
            ("file:///home/a%20b.wav", "/home/a b.wav"),
            ("file://nas/a.wav", "//nas/a.wav"),
            ("a b/50%25 off.wav", "a b/50% off.wav"),
            ("%", ""),
            ("", ""),
        ] {
            assert_eq!(file_of(url), file);
        }
    }

    /// A quarter of a million lines: where the line of each was looked up, this took minutes.
    #[test]
    fn a_long_list_is_read_in_one_go_and_a_mistake_names_its_line() {
        let segment = |k: u32| Segment {
            label: Label::SPEECH,
            start_s: f64::from(k),
            end_s: f64::from(k) + 0.5,
            confidence: 1.0,
        };
        let segments: Vec<Segment> = (0..80_000).map(segment).collect();
        let timeline = Timeline { segments, duration_s: 80_000.0, labels: vec![Label::SPEECH] };
        let mut text = Vec::new();
        write(&Report::new("long.wav", timeline.clone()), None, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let begun = std::time::Instant::now();
        assert!(parse(&text).unwrap().timeline == timeline);
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());

        let wrong = text.replacen("TIME_SLOT_REF2=\"ts20\"", "TIME_SLOT_REF2=\"nowhere\"", 1);
        let line = wrong.lines().position(|line| line.contains("nowhere")).unwrap() + 1;
        let error = parse(&wrong).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}")) && error.contains("TIME_SLOT_REF2"), "{error}");
    }
}
