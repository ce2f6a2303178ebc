//! What the page writes is what the command writes.

use super::*;
use earmark_core::decide::{Segment, Timeline};
use earmark_core::report::page::{
    Audio, Detail, Figures, FirstView, Overview, PageRecording, Spectrogram, page,
};
use earmark_core::{FrameScores, Label};

#[test]
fn an_uncorrected_list_has_the_bytes_of_the_command() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    for format in offered(&mut stage.browser) {
        let whole = ok(["tag", &programme_text(), "--format", format.name()]);
        assert_eq!(stage.download(format), whole, "{format}");
    }
    stage.finish();
}

/// The formats of the page; every one that Earmark had when the page was made is among them.
fn offered(browser: &mut Browser) -> Vec<Format> {
    let names = browser
        .value("[...document.querySelectorAll('#downloads [data-format]')].map((b) => b.dataset.format)");
    let names = names.as_array().unwrap().iter();
    let formats: Vec<Format> = names.map(|name| name.as_str().unwrap().parse().unwrap()).collect();
    for needed in [
        "text", "csv", "tsv", "json", "jsonl", "audacity", "rttm", "textgrid", "eaf", "srt", "vtt", "cue",
        "reaper", "matrix",
    ] {
        assert!(formats.iter().any(|format| format.name() == needed), "the page has no {needed}");
    }
    formats
}

/// Times and confidences that round badly, labels and names that no format is made for.
#[test]
fn hostile_lists_have_the_same_bytes_too() {
    let Some(mut browser) = Browser::start() else { return };
    let labels = [
        "speech",
        "music",
        "voice:Zoë",
        "a b",
        " edge ",
        "",
        "%41",
        "q\"uote",
        "comma,semi;colon",
        "tab\there",
        "line\nbreak\r",
        "<b>&amp;</b>",
        "-->",
        "\u{85}\u{a0}nbsp",
        "\u{2028}",
        "\u{feff}bom",
        "🎵",
        "\u{ffff}",
        "#hash",
        "\u{1}\u{7f}",
        "é",
        "￭",
    ];
    let ties = [0.0625_f32, 0.1875, 0.3125, 0.5, 0.0005, 0.9995, 1.0, 0.0, 0.123_456_79];
    let mut segments = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        let at = f64::from(u32::try_from(place).unwrap());
        let segment = |start_s: f64, end_s: f64, k: usize| Segment {
            label: Label::new(*label),
            start_s,
            end_s,
            confidence: ties[(place + k) % ties.len()],
        };
        segments.push(segment(at / 3.0, at / 3.0 + 0.7, 0));
        segments.push(segment(at / 3.0 + 0.1 + 0.2, at / 3.0 + 1.0005, 1));
        segments.push(segment(at * 61.000_000_5 + 0.000_001, at * 61.000_000_5 + 3.271_592_653_589, 2));
        segments.push(segment(at, at + 0.000_000_4, 3));
    }
    let mut timeline = Timeline {
        segments,
        duration_s: 3_725.123_456_789,
        labels: labels.iter().map(|label| Label::new(*label)).collect(),
    };
    timeline.sort();
    let file = "no/where/x \"y\" <z>, \u{85}%41\t&é.wav";
    let report = Report { file: file.to_owned(), timeline };
    let recording = PageRecording {
        report: report.clone(),
        compared: None,
        figures: Figures::default(),
        overview: Overview::new(
            &Default::default(),
            &FrameScores::new(Vec::new(), 8_000),
            &Spectrogram { bands: 64, range_hz: (50.0, 7_600.0), column_s: 0.01, levels_db: Vec::new() },
            Detail::FULL,
        ),
        audio: Audio::Absent,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    std::fs::write(&path, page(&[recording], FirstView::default())).unwrap();
    browser.open(&url_of(&path));
    browser.wait_for("window.earmark");
    for format in offered(&mut browser) {
        let mut want = Vec::new();
        format.write(&report, &mut want).unwrap();
        // What the page gives to the browser: a name like this one cannot be that of a file.
        let script = format!("earmarkFormats.find((f) => f.name === '{format}').write(earmark.work.list)");
        let got = browser.text(&script);
        assert_eq!(got, String::from_utf8(want).unwrap(), "{format}");
    }
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}
