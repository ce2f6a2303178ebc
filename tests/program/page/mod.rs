//! The page of `earmark tag --report` in a real browser, by clicks and keys.

mod compare;
mod correct;
mod folder;
mod formats;
mod hostile;
mod long;
mod play;

use std::path::Path;
use std::time::Duration;

use earmark_core::report::{Format, Report};

use crate::browser::Browser;
use crate::support::{ok, programme};

const DESKTOP: (u32, u32) = (1_280, 900);
const PHONE: (u32, u32) = (390, 844);
/// Geometry of the lanes as the page draws them: where the first one begins, how far apart they lie, pixels.
const FIRST_LANE: f64 = 88.0 + 6.0 + 128.0 + 6.0;
const LANE_STEP: f64 = 32.0;

fn programme_text() -> String {
    programme().to_str().expect("a plain path").to_owned()
}

/// A browser with the page of the programme, and what that page is about.
struct Stage {
    browser: Browser,
    folder: tempfile::TempDir,
    /// What the command says, to the microsecond.
    list: Report,
}

fn url_of(file: &Path) -> String {
    let bytes = file.as_os_str().as_encoded_bytes().iter();
    let path = bytes.map(|&byte| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    format!("file://{}", path.collect::<String>())
}

impl Stage {
    /// The page with further flags; `None` without a browser.
    fn new(flags: &[&str]) -> Option<Self> {
        let mut browser = Browser::start()?;
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        let mut args = vec!["tag", "--format", "json", "--report", page.to_str().unwrap()];
        args.extend(flags);
        let programme = programme_text();
        args.push(&programme);
        let list = Format::Json.parse(&ok(args)).unwrap();
        browser.screen(DESKTOP.0, DESKTOP.1, "light");
        browser.open(&url_of(&page));
        browser.download_to(folder.path());
        browser
            .wait_for("window.earmark && earmark.view.rows && performance.getEntriesByName('lanes').length");
        Some(Self { browser, folder, list })
    }

    /// Where an instant is in a lane (counted from 0), pixels of the window.
    fn place(&mut self, seconds: f64, lane: usize) -> (f64, f64) {
        let (left, top) = self.browser.place("#lanes", 0.0, 0.0);
        let value = |browser: &mut Browser, name: &str| browser.value(name).as_f64().unwrap();
        let from = value(&mut self.browser, "earmark.view.from");
        let span = value(&mut self.browser, "earmark.view.span");
        let width = value(&mut self.browser, "earmark.view.view.width");
        let row = f64::from(u32::try_from(lane).unwrap());
        (left + (seconds - from) / span * width, top + FIRST_LANE + row * LANE_STEP + 15.0)
    }

    fn click_lane(&mut self, seconds: f64, lane: usize) {
        let place = self.place(seconds, lane);
        self.browser.drag(place, place, false);
    }

    fn status(&mut self) -> String {
        self.browser.text("document.getElementById('status').textContent")
    }

    /// Downloads the list in a format.
    fn download(&mut self, format: Format) -> String {
        self.download_as(format.name(), format.extension())
    }

    /// The same by the name of a form and the ending of its files.
    fn download_as(&mut self, name: &str, ending: &str) -> String {
        let path = self.folder.path().join(format!("programme.{ending}"));
        choose_form(&mut self.browser, name);
        self.browser.download("#download", &path)
    }

    fn finish(self) {
        assert!(self.browser.complaints.is_empty(), "{:?}", self.browser.complaints);
    }
}

/// Chooses as a user does in a list of choices.
fn choose(browser: &mut Browser, id: &str, value: &str) {
    browser.value(&format!(
        "(() => {{ const s = document.getElementById({id:?}); s.value = {value:?}; s.dispatchEvent(new Event('change')); }})()"
    ));
    assert_eq!(browser.text(&format!("document.getElementById({id:?}).value")), value);
}

/// Chooses what is downloaded.
fn choose_form(browser: &mut Browser, name: &str) {
    choose(browser, "download-format", name);
}

fn nothing_sticks_out(browser: &mut Browser) {
    let wide = browser.value("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    assert_eq!(wide, false, "the page can be scrolled sideways");
}

/// Pictures of the page in all its sizes.
fn look(browser: &mut Browser, name: &str) {
    for (size, scheme) in [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")] {
        browser.screen(size.0, size.1, scheme);
        std::thread::sleep(Duration::from_millis(300));
        nothing_sticks_out(browser);
        browser.screenshot(&format!("{name}-{}-{scheme}.png", if size == PHONE { "phone" } else { "wide" }));
    }
}
