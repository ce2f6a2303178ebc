//! Seen, heard and filtered.

use super::*;

/// The share of a lane's width that is painted in a label's colour (bars lie under 60 % of it), by the canvas itself.
const PAINTED: &str = "(label) => { const c = document.getElementById('lanes-canvas'); const g = c.getContext('2d'); \
    const row = earmark.view.rows.find((r) => r.label === label); \
    const y = Math.round(row.top + row.height - 8); const d = g.getImageData(0, y, c.width, 1).data; let n = 0; \
    for (let k = 0; k < d.length; k += 4) if (d[k + 3] > 140 && Math.max(d[k], d[k + 1], d[k + 2]) - Math.min(d[k], d[k + 1], d[k + 2]) > 60) n += 1; \
    return n / c.width; }";

#[test]
fn lanes_are_seen_heard_and_filtered() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let duration = stage.list.timeline.duration_s;
    let speech: f64 =
        stage.list.timeline.total_s(&earmark_core::Label::SPEECH) / stage.list.timeline.duration_s;
    let painted = stage.browser.value(&format!("({PAINTED})('speech')")).as_f64().unwrap();
    assert!(
        (painted - speech).abs() < 0.03,
        "{painted} of the lane is painted, {speech} of the time is speech"
    );

    // The summary says what the command says.
    let rows = stage.browser.value("document.querySelectorAll('#segments tr[data-id]').length");
    assert_eq!(rows, stage.list.timeline.segments.len());
    let shares = stage.browser.text("document.getElementById('shares').textContent");
    assert!(shares.contains(&format!("{:.1} %", 100.0 * speech)), "{shares}");
    let figures = stage.browser.text("document.getElementById('figures').textContent");
    assert!(figures.contains("0:52.0") && figures.contains("LUFS") && figures.contains("dBFS"), "{figures}");
    let heard = ok(["noise", "--format", "csv", &programme_text()]);
    let column = heard.lines().next().unwrap().split(',').position(|name| name.starts_with("snr")).unwrap();
    let snr: f64 = heard.lines().nth(1).unwrap().split(',').nth(column).unwrap().parse().unwrap();
    let shown = figures.split("speech over noise").nth(1).and_then(|rest| rest.split(" dB").next()).unwrap();
    let shown: f64 = shown.replace('−', "-").parse().unwrap();
    assert!((shown - snr).abs() < 0.06, "{figures}: {snr}");

    // The recording is linked: a click seeks, space plays, and the cursor moves through the lanes.
    stage.browser.wait_for("document.getElementById('audio').readyState >= 1");
    stage.browser.click("#lanes", 0.5);
    stage
        .browser
        .wait_for(&format!("Math.abs(document.getElementById('audio').currentTime - {duration} / 2) < 0.2"));
    let before =
        stage.browser.value("document.getElementById('cursor').getBoundingClientRect().left").as_f64();
    stage.browser.key(" ");
    stage.browser.wait_for(&format!("document.getElementById('audio').currentTime > {duration} / 2 + 0.7"));
    let after =
        stage.browser.value("document.getElementById('cursor').getBoundingClientRect().left").as_f64();
    assert!(after > before.map(|x| x + 5.0), "{before:?} {after:?}");
    stage.browser.key(" ");
    stage.browser.wait_for("document.getElementById('audio').paused");
    stage.browser.key("Home");
    stage.browser.key("ArrowRight");
    stage.browser.key_with("ArrowRight", 8);
    stage.browser.wait_for("Math.abs(document.getElementById('audio').currentTime - 11) < 0.01");
    let told = stage.browser.text("document.getElementById('lanes').getAttribute('aria-valuetext')");
    assert!(told.starts_with("0:11.0, ") && told.contains("music"), "{told}");

    // From segment to segment; one of them is repeated.
    stage.browser.key("Home");
    stage.browser.key("n");
    let first = stage.list.timeline.segments.iter().find(|s| s.start_s > 0.0).unwrap().clone();
    let status = stage.status();
    assert!(status.starts_with(&format!("{}, 0:0{:.3}", first.label, first.start_s)), "{status}");
    stage.browser.key("n");
    stage.browser.key("p");
    assert_eq!(stage.status(), status);
    stage.browser.value(&format!("earmark.seek({} - 0.3)", first.end_s));
    stage.browser.key("l");
    stage.browser.key(" ");
    stage.browser.wait_for(&format!("document.getElementById('audio').currentTime < {} + 1", first.start_s));
    stage.browser.key(" ");
    stage.browser.key("l");

    // What a filter hides is neither in the lanes nor in the list.
    stage.browser.click("#gutter [data-label=speech]", 0.5);
    stage.browser.wait_for(&format!("({PAINTED})('speech') === 0"));
    let others =
        stage.list.timeline.segments.iter().filter(|s| s.label != earmark_core::Label::SPEECH).count();
    assert_eq!(stage.browser.value("document.querySelectorAll('#segments tr[data-id]').length"), others);
    stage.browser.click("#gutter [data-label=speech]", 0.5);
    stage.browser.value(
        "(() => { const least = document.getElementById('least'); least.value = 0.9; least.dispatchEvent(new Event('input')); })()",
    );
    let sure = stage.list.timeline.segments.iter().filter(|s| s.confidence >= 0.9).count();
    assert!(sure < stage.list.timeline.segments.len());
    assert_eq!(stage.browser.value("document.querySelectorAll('#segments tr[data-id]').length"), sure);
    stage.browser.value(
        "(() => { const least = document.getElementById('least'); least.value = 0; least.dispatchEvent(new Event('input')); })()",
    );
    look(&mut stage.browser, "page");
    stage.browser.screen(DESKTOP.0, DESKTOP.1, "light");
    stage.browser.print_style(true);
    assert_eq!(stage.browser.value("getComputedStyle(document.querySelector('.bar')).display"), "none");
    stage.browser.screenshot("page-print.png");
    stage.finish();
}

#[test]
fn every_control_has_a_name() {
    let Some(mut stage) = Stage::new(&[]) else { return };
    let nameless = "[...document.querySelectorAll('button, input, select, [role=slider], table th button')] \
        .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length || e.title)).map((e) => e.outerHTML)";
    assert_eq!(stage.browser.value(nameless), serde_json::json!([]));
    stage.finish();
}

/// Without its recording the page says so, and takes one from the user's disk; what is inside it needs neither.
#[test]
fn sound_is_chosen_or_inside() {
    let Some(mut stage) = Stage::new(&["--embed"]) else { return };
    stage.browser.wait_for("document.getElementById('audio').readyState >= 1");
    assert!(stage.browser.text("document.getElementById('audio').src").starts_with("blob:"));
    // From samples the page draws finer than what came with it.
    stage.browser.wait_for("earmark.work.sound.hasSamples");
    for _ in 0..5 {
        stage.browser.key("+");
    }
    stage.browser.wait_for("earmark.view.fine && earmark.view.fine.to - earmark.view.fine.from < 5");
    // The fine picture and the coarse one are of the same bands: their means agree.
    let mean = "(picture, from, to) => { const d = picture.getContext('2d').getImageData(from, 0, Math.max(1, to - from), picture.height).data; \
        let sum = 0; for (let k = 0; k < d.length; k += 4) sum += d[k]; return sum / (d.length / 4); }";
    let fine = stage
        .browser
        .value(&format!("({mean})(earmark.view.fine.picture, 0, earmark.view.fine.picture.width)"));
    let step = "earmark.work.recording.overview.spectrogram.step";
    let coarse = stage.browser.value(&format!(
        "({mean})(earmark.view.picture, Math.round(earmark.view.fine.from / {step}), Math.round(earmark.view.fine.to / {step}))"
    ));
    let (fine, coarse) = (fine.as_f64().unwrap(), coarse.as_f64().unwrap());
    assert!((fine - coarse).abs() < 3.0, "{fine} {coarse}");
    // Last: for a picture of the whole page the browser lays it out anew.
    stage.browser.screenshot("page-fine.png");
    stage.finish();

    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (page, copy) = (folder.path().join("page.html"), folder.path().join("gone.flac"));
    std::fs::copy(programme(), &copy).unwrap();
    ok([
        "tag",
        copy.to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
        "-o",
        folder.path().join("x.txt").to_str().unwrap(),
    ]);
    std::fs::remove_file(&copy).unwrap();
    browser.open(&url_of(&page));
    browser.wait_for("!document.getElementById('no-sound').hidden");
    browser.choose("#choose-sound-file", &programme());
    browser.wait_for(
        "document.getElementById('audio').readyState >= 1 && document.getElementById('no-sound').hidden",
    );
    browser.wait_for("earmark.work.sound.hasSamples");
}
