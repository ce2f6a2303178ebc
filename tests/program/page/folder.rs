//! Many recordings: an index, sorted and searched.

use super::*;
use crate::support::{noise, write_wav};

/// Names in the order of the index.
const NAMES: &str =
    "[...document.querySelectorAll('#index-body th a')].map((a) => a.textContent.split('/').pop()).join(' ')";

fn folder_of_recordings() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in/deep");
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::copy(programme(), inside.join("b show.flac")).unwrap();
    write_wav(&folder.path().join("in/a.wav"), 16_000, 1, &noise(32_000, 4));
    write_wav(&folder.path().join("in/c.wav"), 16_000, 1, &vec![0.0; 80_000]);
    folder
}

fn sorted_and_searched(browser: &mut Browser) {
    assert_eq!(browser.text(NAMES), "a.wav c.wav b show.flac");
    let sort = |browser: &mut Browser, column: &str| {
        browser.value(&format!("[...document.querySelectorAll('#index-head button')].find((b) => b.textContent.trim().startsWith({column:?})).click()"));
        browser.text(NAMES)
    };
    assert_eq!(sort(browser, "length"), "b show.flac c.wav a.wav");
    assert_eq!(sort(browser, "length"), "a.wav c.wav b show.flac");
    assert_eq!(sort(browser, "silence"), "c.wav b show.flac a.wav");
    assert_eq!(browser.value("document.querySelectorAll('#index-head [aria-sort=descending]').length"), 1);
    browser.click("#search", 0.5);
    for letter in "show".chars() {
        browser.key(&letter.to_string());
    }
    browser.wait_for("document.querySelectorAll('#index-body tr').length === 1");
    browser.value("(() => { const s = document.getElementById('search'); s.value = 'speech'; s.dispatchEvent(new Event('input')); })()");
    assert_eq!(browser.text(NAMES), "b show.flac");
    browser.value("(() => { const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input')); })()");
    look(browser, "page-index");
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
}

#[test]
fn a_folder_of_pages_has_an_index() {
    let folder = folder_of_recordings();
    let pages = folder.path().join("pages/");
    std::fs::create_dir(&pages).unwrap();
    ok([
        "tag",
        folder.path().join("in").to_str().unwrap(),
        "--report",
        pages.to_str().unwrap(),
        "-o",
        folder.path().join("all.csv").to_str().unwrap(),
        "--format",
        "csv",
    ]);
    assert!(pages.join("deep/b show.html").is_file() && pages.join("a.html").is_file());
    let Some(mut browser) = Browser::start() else { return };
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
    browser.open(&url_of(&pages.join("index.html")));
    browser.wait_for("document.querySelectorAll('#index-body tr').length === 3");
    sorted_and_searched(&mut browser);
    // To a page, whose recording is found from there, and back.
    browser.value(
        "[...document.querySelectorAll('#index-body a')].find((a) => a.textContent.includes('show')).click()",
    );
    browser.wait_for("window.earmark && document.getElementById('audio').readyState >= 1");
    assert_eq!(browser.text("document.getElementById('title').textContent"), "b show.flac");
    browser.click("#back", 0.1);
    browser.wait_for("document.querySelectorAll('#index-body tr').length === 3");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn one_page_holds_all_recordings() {
    let folder = folder_of_recordings();
    let page = folder.path().join("all.html");
    ok([
        "tag",
        folder.path().join("in").to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
        "-o",
        folder.path().join("all.csv").to_str().unwrap(),
        "--format",
        "csv",
    ]);
    let Some(mut browser) = Browser::start() else { return };
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
    browser.open(&url_of(&page));
    browser.wait_for("document.querySelectorAll('#index-body tr').length === 3");
    sorted_and_searched(&mut browser);
    browser.value(
        "[...document.querySelectorAll('#index-body a')].find((a) => a.textContent.includes('show')).click()",
    );
    browser.wait_for("window.earmark && document.getElementById('audio').readyState >= 1");
    // Corrections stay while another one is looked at.
    browser.key("n");
    browser.key("Delete");
    browser.value("location.hash = '#0'");
    browser.wait_for("document.getElementById('title').textContent === 'a.wav'");
    assert_eq!(browser.value("earmark.work.edits.done.length"), 0);
    // And what is typed is about the one that is looked at.
    browser.key("a");
    choose(&mut browser, "edit-label", "door");
    assert_eq!(browser.text("earmark.work.selected.label"), "door");
    browser.value("location.hash = ''");
    browser.wait_for("!document.getElementById('index-view').hidden");
    browser.value("location.hash = '#2'");
    browser.wait_for("earmark.work.edits.done.length === 1");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}
