//! A browser without a window, driven by its debugging protocol.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::required::skip;

/// Names under which a browser is known that speaks the protocol.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser with one page.
pub struct Browser {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next_id: u64,
    /// What the page complained of.
    pub complaints: Vec<String>,
    /// Downloads that are whole: a file is there before anything is in it.
    downloads: usize,
    /// Where its profile lies, and what it downloads.
    pub folder: tempfile::TempDir,
}

impl Browser {
    /// Starts one; `None` if there is none and tests may be skipped.
    pub fn start() -> Option<Self> {
        let Some(program) = NAMES.iter().find(|name| found(name)) else {
            skip("there is no Chromium; `cargo xtask check` installs it");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-port=0",
                "--mute-audio",
            ])
            // A microphone that beeps, and nobody who has to be asked for it.
            .args(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"])
            .args(["--autoplay-policy=no-user-gesture-required", "--no-first-run", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg("about:blank")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines
            .find_map(|line| line.ok()?.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("the browser says where it listens");
        // It must be able to write on.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) = tungstenite::connect(&address).expect("the browser can be connected to");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        }
        let mut browser = Self {
            child,
            socket,
            session: String::new(),
            next_id: 0,
            complaints: Vec::new(),
            downloads: 0,
            folder,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Log", "DOM"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.answer(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The result of a call, or what the browser says against it.
    fn answer(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(message.to_string())).expect("the browser listens");
        loop {
            let Message::Text(text) = self.socket.read().expect("the browser answers") else { continue };
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            if answer["id"] == id {
                return if answer["error"].is_null() { Ok(answer["result"].clone()) } else { Err(answer) };
            }
            match answer["method"].as_str() {
                Some("Runtime.exceptionThrown") => self.complaints.push(answer["params"].to_string()),
                Some("Log.entryAdded") if answer["params"]["entry"]["level"] == "error" => {
                    self.complaints.push(answer["params"]["entry"].to_string());
                }
                Some("Browser.downloadProgress") if answer["params"]["state"] == "completed" => {
                    self.downloads += 1;
                }
                Some("Browser.downloadProgress") if answer["params"]["state"] == "canceled" => {
                    self.complaints.push(format!("a download was cancelled: {}", answer["params"]));
                }
                _ => {}
            }
        }
    }

    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// The value of an expression, waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Whether an expression is true now; while one page gives way to another, nothing is.
    fn holds(&mut self, expression: &str) -> bool {
        let params = json!({ "expression": format!("Boolean({expression})"), "returnByValue": true });
        self.answer("Runtime.evaluate", params).is_ok_and(|answer| answer["result"]["value"] == true)
    }

    /// Waits until an expression is true.
    pub fn wait_for(&mut self, expression: &str) {
        let begun = Instant::now();
        while !self.holds(expression) {
            let page = self.text("document.body ? document.body.innerText : ''");
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{expression} never holds: {page}\n{:?}",
                self.complaints
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where a share of the width and of the height of an element is, pixels of the window.
    pub fn place(&mut self, selector: &str, across: f64, down: f64) -> (f64, f64) {
        let place = self.value(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'center' }}); \
             const b = e.getBoundingClientRect(); return [b.left + b.width * {across}, b.top + b.height * {down}]; }})()"
        ));
        (place[0].as_f64().expect("a place"), place[1].as_f64().expect("a place"))
    }

    /// Presses the mouse where an element is; `at` is the share of its width.
    pub fn click(&mut self, selector: &str, at: f64) {
        let place = self.place(selector, at, 0.5);
        self.drag(place, place, false);
    }

    /// Presses the mouse at one place and lets go at another.
    pub fn drag(&mut self, from: (f64, f64), to: (f64, f64), shift: bool) {
        let modifiers = if shift { 8 } else { 0 };
        let mut send = |kind: &str, (x, y): (f64, f64)| {
            let params = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "modifiers": modifiers });
            self.call("Input.dispatchMouseEvent", params);
        };
        send("mousePressed", from);
        if from != to {
            send("mouseMoved", (0.5 * (from.0 + to.0), 0.5 * (from.1 + to.1)));
            send("mouseMoved", to);
        }
        send("mouseReleased", to);
    }

    /// Turns the wheel sideways and waits until what follows from it is drawn.
    pub fn scroll_sideways(&mut self, (x, y): (f64, f64), pixels: f64) {
        let params = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": pixels, "deltaY": 0 });
        self.call("Input.dispatchMouseEvent", params);
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    pub fn key(&mut self, key: &str) {
        self.key_with(key, 0);
    }

    /// A key with modifiers: 2 is control, 8 is shift.
    pub fn key_with(&mut self, key: &str, modifiers: u32) {
        let text = if key.chars().count() == 1 && modifiers & 2 == 0 { key } else { "" };
        let down = json!({ "type": "keyDown", "key": key, "text": text, "modifiers": modifiers });
        self.call("Input.dispatchKeyEvent", down);
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "modifiers": modifiers }));
    }

    /// Counts in processor time of the page's own thread from now on, see [`Browser::metrics`].
    pub fn count_processor_time(&mut self) {
        self.call("Performance.enable", json!({ "timeDomain": "threadTicks" }));
    }

    /// The sum of some of the browser's counters, seconds.
    pub fn metrics(&mut self, names: &[&str]) -> f64 {
        let answer = self.call("Performance.getMetrics", json!({}));
        let all = answer["metrics"].as_array().expect("a list");
        let wanted = all.iter().filter(|metric| names.iter().any(|name| metric["name"] == *name));
        wanted.map(|metric| metric["value"].as_f64().expect("a number")).sum()
    }

    /// As it is printed, or on a screen again.
    pub fn print_style(&mut self, printed: bool) {
        let media = if printed { "print" } else { "" };
        self.call("Emulation.setEmulatedMedia", json!({ "media": media }));
    }

    /// Chooses a file as a user does in the dialogue.
    pub fn choose(&mut self, selector: &str, file: &Path) {
        let root = self.call("DOM.getDocument", json!({}));
        let node =
            self.call("DOM.querySelector", json!({ "nodeId": root["root"]["nodeId"], "selector": selector }));
        self.call("DOM.setFileInputFiles", json!({ "nodeId": node["nodeId"], "files": [file] }));
    }

    /// Drops a file onto the page.
    pub fn drop_file(&mut self, file: &Path) {
        let data = json!({ "items": [], "files": [file], "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            self.call("Input.dispatchDragEvent", json!({ "type": kind, "x": 200, "y": 200, "data": data }));
        }
    }

    /// Downloads go to a folder.
    pub fn download_to(&mut self, folder: &Path) {
        let session = std::mem::take(&mut self.session);
        let told = json!({ "behavior": "allow", "downloadPath": folder, "eventsEnabled": true });
        self.call("Browser.setDownloadBehavior", told);
        self.session = session;
    }

    /// The text of what a click downloads as `path`, which lies where downloads go.
    pub fn download(&mut self, selector: &str, path: &Path) -> String {
        let _ = std::fs::remove_file(path);
        let before = self.downloads;
        // A person clicks on what is drawn, not on what lay there before.
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        self.click(selector, 0.5);
        let begun = Instant::now();
        while self.downloads == before {
            assert!(begun.elapsed() < Duration::from_secs(60), "{}: {:?}", path.display(), self.complaints);
            std::thread::sleep(Duration::from_millis(20));
            // What happened meanwhile comes before an answer.
            self.value("0");
        }
        std::fs::read_to_string(path).expect("a download is there")
    }

    /// As a screen of that size shows the page, light or dark.
    pub fn screen(&mut self, width: u32, height: u32, scheme: &str) {
        let mobile = width < 600;
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", params);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A picture of the whole page, where `EARMARK_SCREENSHOTS` names a folder for it.
    pub fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("EARMARK_SCREENSHOTS") else { return };
        let picture =
            self.call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
        let bytes = base64(picture["data"].as_str().expect("a picture"));
        std::fs::write(Path::new(&folder).join(name), bytes).expect("the picture can be written");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn found(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// As RFC 4648 has it.
fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend_from_slice(&word.to_be_bytes()[1..four.len()]);
    }
    bytes
}
