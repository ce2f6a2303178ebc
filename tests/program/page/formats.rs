//! What the page writes is what the command writes.

use super::*;
use earmark_core::decide::{Segment, Timeline};
use earmark_core::pipeline::{Recording, cuts_of};
use earmark_core::render::{EditList, FrameRate, ListFormat};
use earmark_core::report::page::{
    Audio, Detail, Figures, FirstView, Overview, PageRecording, Spectrogram, page,
};
use earmark_core::{FrameScores, Label};

/// Timelines by their names on the page, which are their endings; labels of cuts end as other text does.
fn timelines() -> Vec<(&'static str, ListFormat)> {
    ListFormat::ALL.map(|(form, ending)| (if ending == "txt" { "cuts" } else { ending }, form)).into()
}

/// What would be downloaded now. A name that is hostile could not be that of a file.
fn written(browser: &mut Browser) -> String {
    browser.text("earmark.downloads.written().text")
}

#[test]
fn every_text_form_of_the_command_is_offered() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let options = "[...document.querySelectorAll('#download-format option')].map((o) => o.value)";
    let offered = stage.browser.value(options);
    let mut offered: Vec<&str> = offered.as_array().unwrap().iter().map(|o| o.as_str().unwrap()).collect();
    let mut known: Vec<&str> = Format::ALL.map(Format::name).into();
    known.extend(timelines().iter().map(|(name, _)| *name));
    offered.sort_unstable();
    known.sort_unstable();
    assert_eq!(offered, known);
    stage.finish();
}

#[test]
fn an_uncorrected_list_has_the_bytes_of_the_command() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    for format in Format::ALL {
        let whole = ok(["tag", &programme_text(), "--format", format.name()]);
        assert_eq!(stage.download(format), whole, "{format}");
    }
    for (name, form) in timelines() {
        let (_, ending) = ListFormat::ALL.into_iter().find(|(known, _)| *known == form).unwrap();
        let list = stage.folder.path().join(format!("command.{ending}"));
        ok(["tag", &programme_text(), "--format", "text", "--list", list.to_str().unwrap()]);
        let ending = if name == "cuts" { "cuts.txt" } else { ending };
        assert_eq!(stage.download_as(name, ending), std::fs::read_to_string(&list).unwrap(), "{name}");
    }
    stage.finish();
}

/// Holds each timeline that the page writes now against the command's, at each rate that it may have.
fn timelines_are(browser: &mut Browser, edits: &EditList, source: &Path) {
    for (name, form) in timelines() {
        choose_form(browser, name);
        if !form.counts_frames() {
            assert_eq!(written(browser), form.write(edits, source, None), "{name}");
            continue;
        }
        for rate in FrameRate::ALL {
            choose(browser, "download-rate", &rate.to_string());
            assert_eq!(written(browser), form.write(edits, source, Some(rate)), "{name} at {rate}");
        }
    }
    choose_form(browser, "otio");
    choose(browser, "download-rate", "samples");
    assert_eq!(written(browser), ListFormat::Otio.write(edits, source, None));
}

/// Holds everything that the page writes now against what the command makes of the same list.
fn all_forms_are_the_commands(stage: &mut Stage) {
    let report = Format::Json.parse(&stage.download(Format::Json)).unwrap();
    for format in Format::ALL {
        let mut want = Vec::new();
        format.write(&report, &mut want).unwrap();
        choose_form(&mut stage.browser, format.name());
        assert_eq!(written(&mut stage.browser), String::from_utf8(want).unwrap(), "{format}");
    }
    let edits = cuts_of(&Recording::named(&programme()), &report.timeline, &[Label::SPEECH]).unwrap();
    timelines_are(&mut stage.browser, &edits, &programme());
}

#[test]
fn a_corrected_list_has_the_bytes_of_the_command() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    // A part of a millisecond, which is shorter than any frame; a border by hand; another label, over speech.
    stage.browser.key("n");
    for time in ["4", "4.001", "5.5"] {
        stage.browser.value(&format!("earmark.seek({time})"));
        stage.browser.key("s");
    }
    stage.browser.value("earmark.seek(6.789)");
    stage.browser.key("]");
    let relabel = |browser: &mut Browser, from: &str, to: &str| {
        let one = format!("earmark.work.list.segments.find((s) => s.label === {from:?})");
        browser.value(&format!("earmark.select({one}.id)"));
        choose(browser, "edit-label", to);
    };
    relabel(&mut stage.browser, "music", "speech");
    relabel(&mut stage.browser, "noise", "<door> & \"bell\"; = #1");
    assert_eq!(stage.browser.value("earmark.work.edits.done.length"), 6);
    all_forms_are_the_commands(&mut stage);
    // Nothing is left.
    while stage.browser.value("earmark.work.list.segments.length") != 0 {
        stage.browser.value("earmark.select(earmark.work.list.segments[0].id)");
        stage.browser.key("Delete");
    }
    all_forms_are_the_commands(&mut stage);
    stage.finish();
}

#[test]
fn a_timeline_has_a_frame_rate_and_labels_to_choose() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let shown = |browser: &mut Browser| {
        let is_shown = |browser: &mut Browser, id: &str| {
            browser.value(&format!("document.getElementById({id:?}).checkVisibility()")).as_bool().unwrap()
        };
        [is_shown(browser, "download-rate"), is_shown(browser, "download-keep")]
    };
    let rate = "document.getElementById('download-rate').value";
    for (form, shows, usual) in [
        ("csv", [false, false], ""),
        ("edl", [true, true], "25"),
        ("otio", [true, true], "samples"),
        ("v1", [true, true], "30"),
        ("rpp", [false, true], ""),
        ("fcpxml", [true, true], "25"),
    ] {
        choose_form(&mut stage.browser, form);
        assert_eq!(shown(&mut stage.browser), shows, "{form}");
        if shows[0] {
            assert_eq!(stage.browser.text(rate), usual, "{form}");
        }
    }
    // What somebody chose stays, and the file says it as the command does.
    choose(&mut stage.browser, "download-rate", "29.97");
    choose_form(&mut stage.browser, "csv");
    choose_form(&mut stage.browser, "edl");
    assert_eq!(stage.browser.text(rate), "29.97");
    for label in ["speech", "singing"] {
        let kept = format!("document.querySelector('#download-labels [value={label}]').checked");
        let was = stage.browser.value(&kept).as_bool().unwrap();
        assert_eq!(was, label == "speech");
        if !was {
            stage.browser.click(&format!("#download-labels [value={label}]"), 0.5);
        }
        assert_eq!(stage.browser.value(&kept), true);
    }
    let list = stage.folder.path().join("command.edl");
    ok([
        "tag",
        &programme_text(),
        "--format",
        "text",
        "--list",
        list.to_str().unwrap(),
        "--fps",
        "29.97",
        "--keep",
        "speech,singing",
    ]);
    let edl = stage.download_as("edl", "edl");
    assert_eq!(edl, std::fs::read_to_string(&list).unwrap());
    assert!(edl.contains("FCM: DROP FRAME") && edl.contains("* FRAME RATE: 29.97\n"), "{edl}");
    let told = stage.status();
    assert!(
        told.starts_with("edl is downloaded, ") && told.ends_with(", 29.97 drop-frame frames per second"),
        "{told}"
    );
    look(&mut stage.browser, "page-timeline");
    stage.browser.screen(DESKTOP.0, DESKTOP.1, "light");
    // What holds some labels only does not save a correction.
    stage.browser.key("n");
    stage.browser.key("Delete");
    for (form, ending, unsaved) in [("edl", "edl", true), ("clips", "clips.txt", true), ("csv", "csv", false)]
    {
        stage.download_as(form, ending);
        assert_eq!(stage.browser.value("earmark.work.isUnsaved"), unsaved, "{form}");
    }
    stage.finish();
}

/// Times and confidences that round badly, labels and names that no format is made for.
fn hostile(file: &str) -> Report {
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
    Report::new(file, timeline)
}

/// Opens a page of that list.
fn open_page(browser: &mut Browser, report: &Report, (rate_hz, channels): (u32, u16), folder: &Path) {
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
        rate_hz,
        channels,
    };
    let path = folder.join("page.html");
    std::fs::write(&path, page(&[recording], FirstView::default())).unwrap();
    browser.open(&url_of(&path));
    browser.wait_for("window.earmark");
}

#[test]
fn hostile_lists_have_the_same_bytes_too() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut report = hostile("no/where/x \"y\" <z>, \u{85}%41\t&é.wav");
    // Heard as a whole, and one channel by itself.
    for channel in [None, Some(2)] {
        report.channel = channel;
        open_page(&mut browser, &report, (8_000, 1), folder.path());
        browser.wait_for(&format!(
            "earmark.work.list.channel == {}",
            channel.map_or("null".to_owned(), |c: u16| c.to_string())
        ));
        for format in Format::ALL {
            let mut want = Vec::new();
            format.write(&report, &mut want).unwrap();
            choose_form(&mut browser, format.name());
            assert_eq!(written(&mut browser), String::from_utf8(want).unwrap(), "{format} of {channel:?}");
        }
    }
    // Where nobody knows the folder, the address is a relative one.
    choose_form(&mut browser, "otio");
    let address = "no/where/x%20%22y%22%20%3Cz%3E%2C%20%C2%85%2541%09%26%C3%A9.wav";
    assert!(written(&mut browser).contains(&format!("\"target_url\": \"{address}\"")));
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

/// Overlaps, stretches shorter than a frame or beyond the end, and a name with all quotes.
#[cfg(unix)]
#[test]
fn hostile_timelines_have_the_same_bytes_too() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("x \"y\" 'z' `<z>, \u{85}%41\t\n&é.b.OGG");
    crate::support::write_wav(&source, 44_100, 2, &[0.0; 64]);
    let mut report = hostile(source.to_str().unwrap());
    report.timeline.duration_s = 1_200.000_9;
    open_page(&mut browser, &report, (44_100, 2), folder.path());
    browser.value(
        "document.querySelectorAll('#download-labels input').forEach((box) => box.checked || box.click())",
    );
    let edits = cuts_of(&Recording::named(&source), &report.timeline, &report.timeline.labels).unwrap();
    timelines_are(&mut browser, &edits, &source);
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}
