//! Three hours: how large the page is, how soon it is there, and how fast it scrolls.

use super::*;
use crate::support::write_wav;

const HOURS: u32 = 3;
const RATE_HZ: u32 = 8_000;
/// Most bytes of a page without its sound.
const MOST_BYTES: u64 = 1_000_000;
/// Processor time until the lanes are seen, seconds.
const FIRST_LANES_S: f64 = 1.0;
/// Script and layout of a step of scrolling, 95 of 100, milliseconds.
const STEP_MS: f64 = 8.0;

/// Bursts of noise between pauses, so that there are thousands of segments.
fn restless(path: &Path) {
    let samples = crate::support::noise(usize::try_from(HOURS * 3_600 * RATE_HZ).unwrap(), 7);
    let second = usize::try_from(RATE_HZ).unwrap();
    let loud: Vec<f32> = samples
        .iter()
        .enumerate()
        .map(|(k, x)| if (k / second + k / (7 * second)) % 3 == 0 { 0.0 } else { 0.2 * x })
        .collect();
    write_wav(path, RATE_HZ, 1, &loud);
}

#[test]
fn three_hours_are_small_soon_there_and_smooth() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (recording, page) = (folder.path().join("long.wav"), folder.path().join("page.html"));
    restless(&recording);
    let list = ok(["tag", recording.to_str().unwrap(), "--report", page.to_str().unwrap()]);
    assert!(list.lines().count() > 2_000, "{} segments are no test", list.lines().count());
    let bytes = std::fs::metadata(&page).unwrap().len();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");

    browser.count_processor_time();
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
    browser.open(&url_of(&page));
    browser.wait_for("performance.getEntriesByName('lanes').length");
    let first_s = browser.metrics(&["TaskDuration"]);
    assert!(first_s < FIRST_LANES_S, "the lanes took {first_s} s");
    println!("{bytes} bytes, {} segments, first lanes after {first_s:.3} s", list.lines().count());

    // A chosen WAV is read piece by piece: also of three hours the page draws what is finer than its own picture.
    browser.choose("#choose-sound-file", &recording);
    browser.wait_for("earmark.work.sound.hasSamples");
    let middle = browser.place("#lanes", 0.5, 0.3);
    for (name, zooms) in [("all", 0), ("minutes", 5), ("seconds", 10)] {
        browser.value("document.getElementById('zoom-fit').click()");
        for _ in 0..zooms {
            browser.value("document.getElementById('zoom-in').click()");
        }
        if zooms > 5 {
            browser.wait_for("earmark.view.fine");
        }
        let counters = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"];
        let mut steps: Vec<f64> = Vec::new();
        for step in 0..60 {
            let before = browser.metrics(&counters);
            browser.scroll_sideways(middle, if step % 20 == 19 { -400.0 } else { 60.0 });
            steps.push(1_000.0 * (browser.metrics(&counters) - before));
        }
        steps.sort_by(f64::total_cmp);
        let p95 = steps[steps.len() * 95 / 100];
        println!("{name}: a step takes {:.2} ms, 95 of 100 at most {p95:.2} ms", steps[steps.len() / 2]);
        assert!(p95 <= STEP_MS, "{name}: {p95} ms");
        browser.screenshot(&format!("page-long-{name}.png"));
    }
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}
