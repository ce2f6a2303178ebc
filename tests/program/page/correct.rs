//! Corrected by hand.

use super::*;
use earmark_core::Label;
use earmark_core::decide::Segment;

/// The segments of a label in what is downloaded now.
fn of(stage: &mut Stage, label: &str) -> Vec<Segment> {
    let report = Format::Json.parse(&stage.download(Format::Json)).unwrap();
    report.timeline.of(&Label::new(label)).cloned().collect()
}

fn times(segments: &[Segment]) -> Vec<(f64, f64)> {
    segments.iter().map(|s| (s.start_s, s.end_s)).collect()
}

#[test]
fn a_list_is_corrected_undone_and_downloaded() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let heard: Vec<Segment> = stage.list.timeline.of(&Label::SPEECH).cloned().collect();
    let singing = stage.list.timeline.labels.iter().position(|label| *label == Label::SINGING).unwrap_or(0);
    let (start, end) = (heard[0].start_s, heard[0].end_s);

    // A border is dragged: to the pixel, which is a few hundredths of a second here.
    let (from, to) = (stage.place(end, 0), stage.place(end + 0.9, 0));
    stage.browser.drag(from, to, false);
    stage.browser.wait_for("document.getElementById('edit-state').textContent === '1 correction'");
    let moved = of(&mut stage, "speech")[0].clone();
    assert!((moved.end_s - end - 0.9).abs() < 0.1 && moved.start_s == start, "{moved:?}");
    // Typed times are exact.
    stage.browser.value("document.getElementById('edit-end').select()");
    stage.browser.click("#edit-end", 0.5);
    stage.browser.value("document.getElementById('edit-end').value = '0:08.750'");
    stage.browser.key("Enter");
    stage.browser.value("document.getElementById('edit-end').dispatchEvent(new Event('change'))");
    assert_eq!(of(&mut stage, "speech")[0].end_s, 8.75);

    // Split at the cursor, and the second half gets another label.
    stage.browser.value("document.activeElement.blur()");
    stage.browser.value("earmark.seek(4)");
    stage.browser.key("s");
    assert_eq!(times(&of(&mut stage, "speech"))[..2], [(start, 4.0), (4.0, 8.75)]);
    stage.browser.value("document.getElementById('edit-label').value = 'phone call'");
    stage.browser.value("document.getElementById('edit-label').dispatchEvent(new Event('change'))");
    assert_eq!(times(&of(&mut stage, "phone call")), [(4.0, 8.75)]);
    assert!(stage.browser.text("document.getElementById('gutter').textContent").contains("phone call"));

    // Drawn with shift, then deleted; added at the cursor.
    let (from, to) = (stage.place(15.0, singing), stage.place(17.0, singing));
    stage.browser.drag(from, to, true);
    let label = stage.list.timeline.labels[singing].as_str().to_owned();
    let before = stage.list.timeline.of(&stage.list.timeline.labels[singing]).count();
    let drawn = of(&mut stage, &label);
    assert_eq!(drawn.len(), before + 1);
    assert!(
        drawn
            .iter()
            .any(|s| (s.start_s - 15.0).abs() < 0.1 && (s.end_s - 17.0).abs() < 0.1 && s.confidence == 1.0),
        "{drawn:?}"
    );
    stage.browser.key("Delete");
    assert_eq!(of(&mut stage, &label).len(), before);
    stage.click_lane(2.0, 0);
    stage.browser.value("earmark.seek(9)");
    stage.browser.key("a");
    assert!(times(&of(&mut stage, "speech")).contains(&(9.0, 10.0)));
    // Its borders go to the cursor.
    stage.browser.value("earmark.seek(9.5)");
    stage.browser.key("]");
    assert!(times(&of(&mut stage, "speech")).contains(&(9.0, 9.5)));
    look(&mut stage.browser, "page-corrected");
    stage.browser.screen(DESKTOP.0, DESKTOP.1, "light");

    // All of it is undone, and done again.
    let corrected = stage.download(Format::Json);
    for _ in 0..8 {
        stage.browser.key_with("z", 2);
    }
    stage.browser.wait_for("document.getElementById('undo').disabled");
    let untouched = ok(["tag", "--format", "json", &programme_text()]);
    assert_eq!(stage.download(Format::Json), untouched);
    while stage.browser.value("document.getElementById('redo').disabled") == false {
        stage.browser.key_with("z", 2 | 8);
    }
    assert_eq!(stage.download(Format::Json), corrected);
    stage.browser.click("#reset", 0.5);
    let reset = Format::Json.parse(&stage.download(Format::Json)).unwrap();
    assert_eq!(reset.timeline.segments, stage.list.timeline.segments);
    stage.finish();
}

/// No border passes that of the neighbour with the same label, nor the end of the recording.
#[test]
fn borders_stop_at_their_neighbours() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let heard: Vec<Segment> = stage.list.timeline.of(&Label::SPEECH).cloned().collect();
    let (from, to) = (stage.place(heard[0].end_s, 0), stage.place(heard[1].end_s + 1.0, 0));
    stage.browser.drag(from, to, false);
    assert_eq!(of(&mut stage, "speech")[0].end_s, heard[1].start_s);
    let last = heard.last().unwrap();
    let (from, (x, y)) = (stage.place(last.end_s, 0), stage.place(stage.list.timeline.duration_s, 0));
    stage.browser.drag(from, (x + 10.0, y), false);
    let duration = stage.list.timeline.duration_s;
    let end = of(&mut stage, "speech").last().unwrap().end_s;
    assert!(end <= duration && end > last.end_s, "{end} of {duration}");
    stage.finish();
}
