//! The page in a real browser, by clicks and keys.

use std::time::{Duration, Instant};

use super::running::Server;
use crate::browser::Browser;
use crate::support::{ok, programme};

const DESKTOP: (u32, u32) = (1_280, 900);
const PHONE: (u32, u32) = (390, 844);

fn nothing_sticks_out(browser: &mut Browser) {
    let wide = browser.value("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    assert_eq!(wide, false, "the page can be scrolled sideways");
}

#[test]
fn a_file_is_tagged_drawn_played_and_downloaded() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(&[]);
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
    browser.open(&format!("http://{}/", server.address));
    browser.wait_for("document.querySelectorAll('#legend li').length >= 5");
    assert_eq!(browser.value("document.getElementById('no-streams').hidden"), false);
    browser.drop_file(&programme());
    browser.wait_for("document.querySelectorAll('#segments tr').length > 5");
    let rows = browser.value("document.querySelectorAll('#segments tr').length");
    let command = ok(["tag", programme().to_str().unwrap()]);
    assert_eq!(rows, command.lines().count(), "as many segments as the command has");
    browser.wait_for("earmark.panel.level.length > 1000");
    // Each label is drawn in its colour where it is heard, and not where it is not.
    let painted = "(label) => { const c = document.querySelector('#timeline canvas'); const g = c.getContext('2d'); \
        const css = getComputedStyle(document.documentElement); \
        const names = css.getPropertyValue('--labels').replace(/[\"']/g, '').trim().split(' '); \
        const want = css.getPropertyValue('--label-' + label).trim(); \
        const rgb = [1, 3, 5].map((k) => parseInt(want.slice(k, k + 2), 16)); \
        const row = (c.height - 20) / names.length; const y = Math.round((names.indexOf(label) + 0.8) * row); \
        const d = g.getImageData(0, y, c.width, 1).data; let n = 0; \
        for (let k = 0; k < d.length; k += 4) if (rgb.every((v, i) => Math.abs(v - d[k + i]) < 3)) n += 1; \
        return n / c.width; }";
    let speech_s: f64 = browser.value(
        "earmark.panel.report.segments.filter((s) => s.label === 'speech').reduce((t, s) => t + s.end - s.start, 0) / earmark.panel.report.duration",
    ).as_f64().unwrap();
    let speech = browser.value(&format!("({painted})('speech')")).as_f64().unwrap();
    assert!(
        (speech - speech_s).abs() < 0.03,
        "{speech} of the lane is painted, {speech_s} of the time is speech"
    );

    // The lanes are a ruler: a click seeks, keys move on, space plays and the cursor moves.
    browser.wait_for("document.getElementById('player').readyState >= 1");
    browser.click("#timeline", 0.5);
    browser.wait_for(
        "Math.abs(document.getElementById('player').currentTime - earmark.panel.report.duration / 2) < 0.5",
    );
    browser.value("document.getElementById('timeline').focus()");
    let before = browser.value("document.getElementById('player').currentTime").as_f64().unwrap();
    browser.key("ArrowRight");
    browser
        .wait_for(&format!("Math.abs(document.getElementById('player').currentTime - {before} - 1) < 0.1"));
    browser.key("Home");
    browser.wait_for("document.getElementById('player').currentTime === 0");
    browser.key(" ");
    browser.wait_for("Number(document.getElementById('timeline').getAttribute('aria-valuenow')) >= 0.5");
    assert_eq!(browser.value("document.getElementById('player').paused"), false);
    browser.key(" ");
    browser.wait_for("document.getElementById('player').paused");
    browser.wait_for(
        "/speech|silence/.test(document.getElementById('timeline').getAttribute('aria-valuetext'))",
    );
    browser.click("details summary", 0.5);
    browser.screenshot("file-light.png");

    // What is downloaded is what the command writes.
    let folder = tempfile::tempdir().unwrap();
    browser.download_to(folder.path());
    let got = browser.download("#downloads [data-format=srt]", &folder.path().join("programme.srt"));
    assert_eq!(got, ok(["tag", programme().to_str().unwrap(), "--format", "srt"]));

    for (size, scheme, name) in [(DESKTOP, "dark", "file-dark.png"), (PHONE, "light", "file-phone.png")] {
        browser.screen(size.0, size.1, scheme);
        std::thread::sleep(Duration::from_millis(300));
        nothing_sticks_out(&mut browser);
        browser.screenshot(name);
    }
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn a_file_that_is_no_sound_is_told_in_the_words_of_the_server() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(&[]);
    let notes = browser.folder.path().join("notes.txt");
    std::fs::write(&notes, "dear diary").unwrap();
    browser.open(&format!("http://{}/", server.address));
    browser.choose("#file", &notes);
    browser.wait_for("document.getElementById('file-state').textContent.includes('is not audio')");
}

#[test]
fn the_microphone_is_heard_while_it_sounds() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(&[]);
    browser.screen(DESKTOP.0, DESKTOP.1, "dark");
    browser.open(&format!("http://{}/", server.address));
    browser.wait_for("document.querySelectorAll('#legend li').length >= 5");
    browser.click("#mic", 0.5);
    browser.wait_for("document.getElementById('mic').getAttribute('aria-pressed') === 'true'");
    // The browser's own microphone beeps: something is on, and its level is shown.
    browser.wait_for("document.querySelector('[data-stream=microphone] .now').textContent.length > 3");
    browser.wait_for("/dBFS/.test(document.querySelector('[data-stream=microphone] .level').textContent)");
    browser.wait_for("earmark.streams.get('microphone').time > 3");
    browser.screenshot("microphone-dark.png");
    let lag = "earmark.streams.get('microphone').time";
    let (first, begun) = (browser.value(lag).as_f64().unwrap(), Instant::now());
    std::thread::sleep(Duration::from_secs(3));
    let heard = browser.value(lag).as_f64().unwrap() - first;
    assert!((heard - begun.elapsed().as_secs_f64()).abs() < 1.0, "{heard} s of it in {:?}", begun.elapsed());
    browser.click("#mic", 0.5);
    browser.wait_for("document.querySelector('[data-stream=microphone] .state').textContent === 'stopped'");
    assert_eq!(browser.text("document.getElementById('mic').textContent"), "Listen to the microphone");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn a_server_with_a_token_asks_for_it() {
    let Some(mut browser) = Browser::start() else { return };
    let file = browser.folder.path().join("token-file");
    std::fs::write(&file, "a-token-of-sixteen-letters").unwrap();
    let server = Server::start(&["--token-file", file.to_str().unwrap()]);
    browser.open(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('token-form').hidden");
    browser.value("document.getElementById('token').value = 'a-token-of-sixteen-letters'");
    browser.click("#token-form button", 0.5);
    browser.wait_for("document.getElementById('token-form').hidden");
    browser.choose("#file", &programme());
    browser.wait_for("document.querySelectorAll('#segments tr').length > 5");
    browser.click("#mic", 0.5);
    browser.wait_for("earmark.streams.get('microphone').time > 0.5");
}
