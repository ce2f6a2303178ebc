//! W3C web annotations, as IIIF viewers and archives of the web take them: a page with an annotation per segment, whose
//! target is the recording with a media fragment (`#t=start,end`).

use std::io::{self, Write};

use serde_json::{Value, json};

use super::draft::{ReportBuilder, error, number};
use super::{Format, Report, ReportError};

const CONTEXT: &str = "http://www.w3.org/ns/anno.jsonld";

pub(super) fn write(report: &Report, out: &mut dyn Write) -> Result<(), ReportError> {
    let source = target_of(&report.file);
    let item = |(number, s): (usize, &crate::decide::Segment)| {
        json!({
            "id": format!("urn:earmark:annotation:{number}"),
            "type": "Annotation",
            "motivation": "tagging",
            "body": { "type": "TextualBody", "value": s.label.as_str(), "format": "text/plain" },
            "target": format!("{source}#t={:.3},{:.3}", s.start_s, s.end_s),
        })
    };
    let items: Vec<Value> = (1..).zip(&report.timeline.segments).map(item).collect();
    let page = json!({
        "@context": CONTEXT,
        "id": "urn:earmark:annotations",
        "type": "AnnotationPage",
        "items": items,
    });
    serde_json::to_writer_pretty(&mut *out, &page).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

/// A relative reference (RFC 3986): what a URL cannot hold is written `%XX`. A recording without a name is the canvas `#`.
fn target_of(file: &str) -> String {
    use std::fmt::Write as _;
    let mut url = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

fn file_of(url: &str) -> String {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| url.to_owned())
}

pub(super) fn parse(text: &str) -> Result<Report, ReportError> {
    let format = Format::Iiif;
    let page: Value = serde_json::from_str(text).map_err(|e| error(format, e.line(), e.to_string()))?;
    let items = page["items"].as_array();
    let items = items.ok_or_else(|| error(format, 0, "it is no AnnotationPage: it has no items"))?;
    let mut draft = ReportBuilder::new(format, "");
    for item in items {
        let target = item["target"].as_str().or(item["target"]["id"].as_str());
        let (source, fragment) = target
            .and_then(|target| target.split_once("#t="))
            .ok_or_else(|| error(format, 0, "an annotation has no target with a time (#t=start,end)"))?;
        let (start, end) = fragment.split_once(',').unwrap_or((fragment, fragment));
        let start = if start.is_empty() { "0" } else { start };
        let time = (number(format, 0, start)?, number(format, 0, end)?);
        let body = item["body"]["value"].as_str().or(item["body"].as_str());
        let label = body.ok_or_else(|| error(format, 0, "an annotation has no text"))?;
        draft.file = file_of(source);
        draft.add(0, time, label, 1.0)?;
    }
    Ok(draft.finish())
}
