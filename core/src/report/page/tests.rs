//! What a page holds, without a browser: the browser's own tests are those of the whole program.

use super::*;
use crate::decide::{Segment, Timeline};
use crate::{FrameScores, Label};

fn recording(file: &str, label: &str, audio: Audio) -> PageRecording {
    let segment = Segment { label: Label::new(label), start_s: 0.0, end_s: 3_661.5, confidence: 0.5 };
    let timeline =
        Timeline { labels: vec![segment.label.clone()], segments: vec![segment], duration_s: 3_661.5 };
    PageRecording {
        report: Report::new(file, timeline),
        compared: None,
        figures: Figures { snr_db: Some(12.5), ..Figures::default() },
        overview: Overview::new(
            &Default::default(),
            &FrameScores::new(Vec::new(), 8_000),
            &Spectrogram { bands: 64, range_hz: (50.0, 7_600.0), column_s: 0.01, levels_db: Vec::new() },
            Detail::FULL,
        ),
        audio,
        rate_hz: 8_000,
        channels: 1,
    }
}

/// The JSON in the element of that name.
fn data(page: &str) -> serde_json::Value {
    let (_, behind) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(behind.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn hostile_names_end_nothing_and_begin_nothing() {
    let hostile = "x</script><script>alert(1)</script><!-- \" ' & \u{2028}{{script}}.wav";
    let plain = page(&[recording("x", "y", Audio::Absent)], FirstView::default());
    let page =
        page(&[recording(hostile, hostile, Audio::Linked("./x%3C.wav".to_owned()))], FirstView::default());
    assert_eq!(page.matches("</script>").count(), plain.matches("</script>").count());
    assert_eq!(page.matches("<script").count(), plain.matches("<script").count());
    assert!(!page.contains("alert(1)</"));
    let list = &data(&page)["recordings"][0]["list"];
    assert_eq!((list["file"].as_str(), list["labels"][0].as_str()), (Some(hostile), Some(hostile)));
    assert_eq!(data(&page)["recordings"][0]["audio"]["href"], "./x%3C.wav");
    assert_eq!(data(&page)["recordings"][0]["rate_hz"], 8_000);
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page =
        page(&[recording("a.wav", "speech", Audio::Absent)], FirstView { from_s: Some(1.0), to_s: None });
    for loads in [" src=", "href=\"http", "url(", "@import", "import("] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    assert_eq!(data(&page)["from"], 1.0);
    assert_eq!(data(&page)["recordings"][0]["figures"]["snr_db"], 12.5);
}

#[test]
fn sound_inside_is_the_file_to_the_byte() {
    let audio = Audio::Embedded { kind: "audio/wav", bytes: b"RIFF\0\xff".to_vec() };
    let page = page(
        &[recording("a.wav", "speech", Audio::Absent), recording("b.wav", "speech", audio)],
        FirstView::default(),
    );
    assert!(page.contains("id=\"sound-1\">UklGRgD/</script>") && !page.contains("id=\"sound-0\">"));
    assert_eq!(data(&page)["recordings"][1]["audio"]["embedded"], "audio/wav");
}

#[test]
fn an_index_has_rows_and_no_pictures() {
    let heard = recording("a b.wav", "speech", Audio::Absent);
    let index = data(&index(vec![IndexRow::new(&heard, "a%20b.html")]));
    let row = &index["recordings"][0];
    assert_eq!(
        (row["page"].as_str(), row["count"].as_u64(), row["totals"][0].as_f64()),
        (Some("a%20b.html"), Some(1), Some(3_661.5))
    );
    assert!(row["overview"].is_null() && row["list"]["segments"].as_array().unwrap().is_empty());
    assert_eq!(data(&page_below(&heard, FirstView::default(), "../index.html"))["index"], "../index.html");
}
