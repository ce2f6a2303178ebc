//! One page for a browser: an overview of all recordings, then picture and list of each. Nothing is loaded from outside.

use std::fmt::Write;

use super::Report;
use super::escape::xml;
use super::plot::colour;
use crate::Label;

/// A recording on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// What was heard.
    pub report: Report,
    /// Its picture, SVG text of [`plot::render`](super::plot::render).
    pub svg: String,
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6673; --line: #dde2e8; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #9aa4b2; --line: #343c48; --paper: #171b21; } }
body { font: 15px/1.5 'Helvetica Neue', Arial, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 1240px; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
p, summary { color: var(--soft); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; border-radius: 6px; }
i { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .4em; }
a { color: inherit; }
";

/// The page.
pub fn page(sections: &[Section]) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>Earmark</title>\n");
    let _ = write!(out, "<style>{STYLE}</style>\n<h1>What was heard</h1>\n");
    overview(sections, &mut out);
    for (place, section) in sections.iter().enumerate() {
        let name = xml(&section.report.file);
        let _ = write!(out, "<h2 id=\"r{place}\">{name}</h2>\n{}\n", section.svg.trim_end());
        list(&section.report, &mut out);
    }
    out.push_str("</html>\n");
    out
}

/// A row per recording: length, and the share of each label.
fn overview(sections: &[Section], out: &mut String) {
    let mut labels: Vec<&Label> = Vec::new();
    for label in sections.iter().flat_map(|s| &s.report.timeline.labels) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    out.push_str("<table>\n<tr><th>recording</th><th>length</th>");
    for (place, label) in labels.iter().enumerate() {
        let _ = write!(
            out,
            "<th><i style=\"background:{}\"></i>{}</th>",
            colour(label, place),
            xml(label.as_str())
        );
    }
    out.push_str("</tr>\n");
    for (place, section) in sections.iter().enumerate() {
        let timeline = &section.report.timeline;
        let _ = write!(out, "<tr><td><a href=\"#r{place}\">{}</a></td>", xml(&section.report.file));
        let _ = write!(out, "<td>{}</td>", clock(timeline.duration_s));
        for label in &labels {
            let share = timeline.total_s(label) / timeline.duration_s.max(1e-9);
            let _ = write!(out, "<td>{:.1} %</td>", 100.0 * share);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn list(report: &Report, out: &mut String) {
    let segments = &report.timeline.segments;
    let _ = writeln!(out, "<details><summary>{} segments</summary>\n<table>", segments.len());
    out.push_str("<tr><th>label</th><th>start</th><th>end</th><th>seconds</th><th>confidence</th></tr>\n");
    for segment in segments {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            xml(segment.label.as_str()),
            clock(segment.start_s),
            clock(segment.end_s),
            segment.duration_s(),
            segment.confidence
        );
    }
    out.push_str("</table></details>\n");
}

/// `h:mm:ss.mmm`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of day; `as` saturates")]
fn clock(seconds: f64) -> String {
    let ms = (seconds * 1000.0).round() as u64;
    format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{Segment, Timeline};

    #[test]
    fn the_page_is_well_formed_and_escapes_names() {
        let segment = Segment { label: Label::new("a<b"), start_s: 0.0, end_s: 3_661.5, confidence: 0.5 };
        let timeline =
            Timeline { labels: vec![segment.label.clone()], segments: vec![segment], duration_s: 3_661.5 };
        let report = Report { file: "x & <script>.wav".to_owned(), timeline };
        let page = page(&[Section { report, svg: "<svg/>".to_owned() }]);
        assert!(page.contains("x &amp; &lt;script&gt;.wav") && page.contains("a&lt;b"), "{page}");
        assert!(page.contains("1:01:01.500") && page.contains("100.0 %"));
        assert!(!page.contains("<script>") && !page.contains("http"));
    }
}
