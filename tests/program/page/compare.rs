//! Two lists in the same lanes.

use super::*;
use earmark_core::Label;

/// The sum of what differs, seconds, as the page has it.
const DIFFERENT: &str = "earmark.work.comparison.differences.reduce((sum, d) => sum + d.end - d.start, 0)";

#[test]
fn two_lists_are_drawn_and_their_differences_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Format::Json.parse(&ok(["tag", &programme_text(), "--format", "json"])).unwrap();
    // Half a second later, and one segment less.
    let speech: Vec<usize> = (0..other.timeline.segments.len())
        .filter(|&k| other.timeline.segments[k].label == Label::SPEECH)
        .collect();
    other.timeline.segments[speech[0]].end_s += 0.5;
    let gone = other.timeline.segments.remove(speech[1]);
    let against = folder.path().join("hand.labels.txt");
    let mut text = Vec::new();
    Format::Audacity.write(&other, &mut text).unwrap();
    std::fs::write(&against, text).unwrap();

    let Some(mut stage) = Stage::new(&["--against", against.to_str().unwrap()]) else { return };
    let different = stage.browser.value(DIFFERENT).as_f64().unwrap();
    assert!((different - 0.5 - gone.duration_s()).abs() < 1e-6, "{different}");
    let shown = stage.browser.text("document.getElementById('agreement').textContent");
    assert!(shown.contains(&format!("{:.1} s", gone.duration_s())) && shown.contains("0.5 s"), "{shown}");
    let listed = stage.browser.text("document.querySelector('#differences li').textContent");
    assert!(listed.contains("speech only in the first"), "{listed}");
    // From one to the next.
    stage.browser.key("Home");
    stage.browser.key("d");
    let first = other.timeline.segments[speech[0]].end_s - 0.5;
    stage.browser.wait_for(&format!("Math.abs(earmark.work.time - {first}) < 1e-6"));
    stage.browser.key("d");
    stage.browser.wait_for(&format!("Math.abs(earmark.work.time - {}) < 1e-6", gone.start_s));
    stage.browser.key("0");
    look(&mut stage.browser, "page-compared");
    stage.browser.screen(DESKTOP.0, DESKTOP.1, "light");

    // A correction counts at once.
    stage.browser.value(&format!(
        "earmark.work.select(earmark.work.list.segments.find((s) => s.label === 'speech' && Math.abs(s.start - {}) < 1e-5).id)",
        gone.start_s
    ));
    stage.browser.key("Delete");
    let left = stage.browser.value(DIFFERENT).as_f64().unwrap();
    assert!((left - 0.5).abs() < 1e-6, "{left}");
    stage.browser.key_with("z", 2);
    stage.browser.click("#compare-end", 0.5);
    assert_eq!(stage.browser.value("earmark.work.comparison"), serde_json::Value::Null);

    // A list in any of these formats can be dropped; each is read as it was written.
    for format in [
        Format::Text,
        Format::Csv,
        Format::Tsv,
        Format::Json,
        Format::Jsonl,
        Format::Audacity,
        Format::Rttm,
        Format::Srt,
        Format::Vtt,
        Format::TextGrid,
    ] {
        let path = folder.path().join(format!("dropped.{}", format.extension()));
        std::fs::write(&path, ok(["tag", &programme_text(), "--format", format.name()])).unwrap();
        stage.browser.drop_file(&path);
        stage.browser.wait_for("earmark.work.other");
        let count = stage.browser.value("earmark.work.other.segments.length");
        assert_eq!(count, stage.list.timeline.segments.len(), "{format}");
        let different = stage.browser.value(DIFFERENT).as_f64().unwrap();
        assert!(different < 0.01, "{format}: {different}");
        stage.browser.click("#compare-end", 0.5);
    }
    std::fs::write(folder.path().join("notes.csv"), "dear,diary\n1,2\n").unwrap();
    stage.browser.drop_file(&folder.path().join("notes.csv"));
    stage.browser.wait_for(
        "document.getElementById('status').textContent.includes('no columns start, end and label')",
    );
    stage.finish();
}
