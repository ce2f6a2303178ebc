//! The window on a real display: opened, stormed, closed, in any order. Run it through `xvfb-run` where there is no screen.

#[path = "../../tests/required.rs"]
#[allow(dead_code, reason = "other tests need variables, these a display")]
mod required;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use baseview::dpi::LogicalSize;
use baseview::{
    Event, EventStatus, HandlerError, PlatformHandle, Window, WindowHandler, WindowSettings, WindowSize,
};
use earmark_plugin::Shared;
#[cfg(target_os = "linux")]
use earmark_plugin::editor::system_scale;
use earmark_plugin::editor::{EditHost, Editor, PREFERRED_SIZE};
use earmark_plugin::meters::{Class, MeterFrame};
use earmark_plugin::params::{PARAMS, ParamId};

/// A machine that answers slowly is no failure; one that never answers is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets time pass for windows, which on Linux have threads of their own.
#[cfg(not(windows))]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Lets time pass as the loop of a host's main thread does, which draws its windows.
#[cfg(windows)]
fn pass(time: Duration) {
    use windows_sys::Win32::UI::WindowsAndMessaging::{DispatchMessageW, MSG, PM_REMOVE, PeekMessageW};
    let began = Instant::now();
    let mut message = MSG::default();
    loop {
        // SAFETY: the message is a local that is filled before it is read; null means all windows of this thread.
        unsafe {
            while PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_REMOVE) != 0 {
                DispatchMessageW(&raw const message);
            }
        }
        if began.elapsed() >= time {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The window of a host: black and idle.
struct Idle;

impl WindowHandler for Idle {
    fn draw(&self) -> Result<(), HandlerError> {
        Ok(())
    }
    fn resized(&self, _: WindowSize) -> Result<(), HandlerError> {
        Ok(())
    }
    fn on_event(&self, _: Event) -> EventStatus {
        EventStatus::Ignored
    }
}

fn host_window() -> (Window, PlatformHandle) {
    let (send, receive) = channel();
    let settings = WindowSettings::new()
        .with_title("host")
        .with_size(LogicalSize::new(f64::from(PREFERRED_SIZE.0), f64::from(PREFERRED_SIZE.1)));
    let window = Window::create(settings, move |context| {
        send.send(context.platform_handle()).expect("the test waits for it");
        Ok(Idle)
    });
    let window = window.expect("a window of the host");
    window.show().expect("shown");
    (window, receive.recv_timeout(PATIENCE).expect("its handle"))
}

/// Sets what it is told.
struct Host {
    shared: Arc<Shared>,
}

impl EditHost for Host {
    fn begin(&self, _: ParamId) {}
    fn perform(&self, id: ParamId, plain: f64) {
        self.shared.set(id, plain);
    }
    fn end(&self, _: ParamId) {}
    fn request_resize(&self, _: u32, _: u32) -> bool {
        false
    }
}

/// Everything moves at once, as fast as it can, until it is dropped.
struct Storm {
    goes_on: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Storm {
    fn over(shared: &Arc<Shared>) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let spawn = |work: Box<dyn Fn(u32) + Send>| {
            let goes_on = goes_on.clone();
            std::thread::spawn(move || {
                let mut turn = 0_u32;
                while goes_on.load(Ordering::Relaxed) {
                    work(turn);
                    turn = turn.wrapping_add(1);
                    std::thread::sleep(Duration::from_micros(200));
                }
            })
        };
        let (automation, audio, state) = (shared.clone(), shared.clone(), shared.clone());
        let threads = vec![
            spawn(Box::new(move |turn| {
                for spec in PARAMS {
                    automation.set(spec.id, spec.plain(f64::from((turn + spec.id.0) % 101) / 100.0));
                }
            })),
            spawn(Box::new(move |turn| {
                let share = f32::from(u16::try_from(turn % 1_000).unwrap_or(0)) / 1_000.0;
                let class = Class::from_index(usize::try_from(turn % 5).unwrap_or(0));
                let gain_db = if turn % 7 == 0 { f32::NEG_INFINITY } else { -40.0 * share };
                let frame =
                    MeterFrame { speech: share, music: 1.0 - share, gain_db, class, ..MeterFrame::default() };
                audio.meters.push(MeterFrame { input_peak: share, output_peak: share, ..frame });
                audio.meters.note_block(share, share, gain_db);
            })),
            spawn(Box::new(move |_| {
                let kept = state.save_state();
                state.load_state(&kept).expect("its own state");
            })),
        ];
        Self { goes_on, threads }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("the storm does not panic");
        }
    }
}

/// Waits until the window has made a picture: only then are the peaks taken.
fn wait_for_picture(shared: &Shared) {
    let began = Instant::now();
    loop {
        shared.meters.push(MeterFrame { input_peak: 0.5, ..MeterFrame::default() });
        shared.meters.note_block(0.5, 0.5, 0.0);
        pass(Duration::from_millis(100));
        if shared.meters.take_peaks() == (0.0, 0.0) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the window draws nothing");
    }
}

fn open(parent: &PlatformHandle, shared: &Arc<Shared>) -> Editor {
    let host = Arc::new(Host { shared: shared.clone() });
    Editor::open(parent, shared.clone(), host, Some(1.0)).expect("the editor opens")
}

fn no_display() -> bool {
    let none = cfg!(target_os = "linux") && std::env::var_os("DISPLAY").is_none();
    if none {
        required::skip("there is no display; `xvfb-run -a cargo test …` makes one");
    }
    none
}

/// One test at a time: the desktop's scale is one for all.
static DISPLAY: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    DISPLAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no thread but the main one and the four tests is left, five seconds at most. The thread of a closed window
/// ends a moment later and takes Mesa's drivers out of memory; a process that exits meanwhile calls into them and crashes.
fn wait_for_the_threads_of_windows() {
    let began = Instant::now();
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    while threads() > 5 && began.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Once on a desktop at 200 % a host that tells no scale made room for half of the window.
#[cfg(target_os = "linux")]
#[test]
fn the_desktops_scale_is_known_before_there_is_a_window() {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, PropMode};
    use x11rb::wrapper::ConnectionExt as _;

    if no_display() {
        return;
    }
    let _alone = alone();
    let (connection, screen) = x11rb::connect(None).expect("a display");
    let root = connection.setup().roots[screen].root;
    let set = |resources: &[u8]| {
        let (property, kind) = (AtomEnum::RESOURCE_MANAGER, AtomEnum::STRING);
        connection.change_property8(PropMode::REPLACE, root, property, kind, resources).expect("asked");
        connection.get_input_focus().expect("asked").reply().expect("done");
    };
    set(b"Xft.dpi:\t192\n");
    let told = system_scale();
    let (host, parent) = host_window();
    let shared = Arc::new(Shared::new());
    let host_of_edits = Arc::new(Host { shared: shared.clone() });
    let editor = Editor::open(&parent, shared, host_of_edits, None).expect("the editor opens");
    let size = editor.size();
    drop(editor);
    drop(host);
    set(b"");
    assert_eq!(told, Some(2.0));
    assert_eq!(size, (2 * PREFERRED_SIZE.0, 2 * PREFERRED_SIZE.1), "and that is how large it opens");
    assert_eq!(system_scale(), None);
    wait_for_the_threads_of_windows();
}

/// Once a click into the editor took the keyboard, and space never started the host's transport again.
#[cfg(target_os = "linux")]
#[test]
fn the_keyboard_is_the_hosts_again_after_a_click() {
    use raw_window_handle::{HasWindowHandle as _, RawWindowHandle};
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{
        BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ButtonPressEvent, ConnectionExt as _, EventMask,
        InputFocus, KeyButMask, MOTION_NOTIFY_EVENT,
    };

    if no_display() {
        return;
    }
    let _alone = alone();
    let (host, parent) = host_window();
    let shared = Arc::new(Shared::new());
    let editor = open(&parent, &shared);
    wait_for_picture(&shared);
    let (connection, screen) = x11rb::connect(None).expect("a display");
    let root = connection.setup().roots[screen].root;
    let of_host = match parent.window_handle().expect("a window").as_raw() {
        RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).expect("a window's number"),
        RawWindowHandle::Xcb(handle) => handle.window.get(),
        other => panic!("{other:?}"),
    };
    let tree = connection.query_tree(of_host).expect("asked").reply().expect("answered");
    let own = *tree.children.last().expect("the editor's window");
    let focus = || connection.get_input_focus().expect("asked").reply().expect("answered").focus;
    // What a click does in a host that leaves the keyboard to whom it is given.
    connection
        .set_input_focus(InputFocus::PARENT, own, x11rb::CURRENT_TIME)
        .expect("asked")
        .check()
        .expect("given");
    assert_eq!(focus(), own);
    // Into the waveform, where nothing is.
    let event = |response_type, state| ButtonPressEvent {
        response_type,
        detail: u8::from(response_type != MOTION_NOTIFY_EVENT),
        sequence: 0,
        time: x11rb::CURRENT_TIME,
        root,
        event: own,
        child: x11rb::NONE,
        root_x: 300,
        root_y: 90,
        event_x: 300,
        event_y: 90,
        state,
        same_screen: true,
    };
    let began = Instant::now();
    while focus() != of_host {
        assert!(began.elapsed() < PATIENCE, "the editor keeps the keyboard");
        for (kind, mask, held) in [
            (MOTION_NOTIFY_EVENT, EventMask::POINTER_MOTION, KeyButMask::default()),
            (BUTTON_PRESS_EVENT, EventMask::BUTTON_PRESS, KeyButMask::default()),
            (BUTTON_RELEASE_EVENT, EventMask::BUTTON_RELEASE, KeyButMask::BUTTON1),
        ] {
            connection.send_event(false, own, mask, event(kind, held)).expect("asked").check().expect("sent");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(editor);
    drop(host);
    wait_for_the_threads_of_windows();
}

#[test]
fn it_draws_resizes_and_closes_in_the_middle_of_a_storm() {
    if no_display() {
        return;
    }
    let _alone = alone();
    let (host, parent) = host_window();
    let shared = Arc::new(Shared::new());
    let editor = open(&parent, &shared);
    wait_for_picture(&shared);
    let storm = Storm::over(&shared);
    for (width, height) in [(1_200, 800), (720, 660), (1_000, 660)] {
        assert!(editor.set_size(width, height));
        assert_eq!(editor.size(), (width, height));
        pass(Duration::from_millis(60));
    }
    editor.set_scale(1.5);
    assert!(editor.is_open());
    drop(editor);
    for _ in 0..4 {
        let again = open(&parent, &shared);
        pass(Duration::from_millis(30));
        drop(again);
    }
    // Opened and closed at once.
    drop(open(&parent, &shared));
    drop(storm);
    drop(host);
    wait_for_the_threads_of_windows();
}

#[test]
fn any_order_of_ends_is_an_end() {
    if no_display() {
        return;
    }
    let _alone = alone();
    // The host's window goes first, under an open editor.
    let shared = Arc::new(Shared::new());
    let (host, parent) = host_window();
    let editor = open(&parent, &shared);
    wait_for_picture(&shared);
    drop(host);
    let storm = Storm::over(&shared);
    pass(Duration::from_millis(100));
    drop(editor);
    drop(storm);

    // The instance goes first, then the editor, then the host's window.
    let (host, parent) = host_window();
    let shared = Arc::new(Shared::new());
    let editor = open(&parent, &shared);
    drop(shared);
    pass(Duration::from_millis(50));
    drop(editor);
    drop(host);

    // Two windows over one instance, closed in the order in which they were opened.
    let shared = Arc::new(Shared::new());
    let (first_host, first_parent) = host_window();
    let (second_host, second_parent) = host_window();
    let (first, second) = (open(&first_parent, &shared), open(&second_parent, &shared));
    wait_for_picture(&shared);
    drop(first);
    wait_for_picture(&shared);
    drop((second, second_host, first_host));
    wait_for_the_threads_of_windows();
}
