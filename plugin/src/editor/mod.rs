//! The window: what the ear hears and what the gate does, rolling by, and below it what can be set.
//!
//! ```text
//! Shared ─▶ watch    a change? then a picture, at most 25 a second
//!        ─▶ history ─▶ columns ─▶ lanes    frames ─▶ slices of the picture ─▶ shapes
//!        ─▶ derived  which lanes decide, how deep the gate is
//! pointer, wheel, keys ─▶ widgets, threshold ─▶ gesture ─▶ EditHost    begin, perform, end
//! app     state and layout; header, display, controls, footer are its parts
//! settings, undo, compare        all that a person sets, the way back, A/B
//! state, preset_list             what the window remembers, the browser's list
//! rules, rules_panel             a preset's rules in words, and their edit
//! ```
//!
//! The editor reads [`Shared`] and writes through an [`EditHost`]; it knows no plugin format. On Linux the window has
//! a thread of its own, so nothing that it calls may wait for the host's main thread.

mod actions;
mod app;
mod bars;
mod columns;
mod compare;
mod controls;
mod derived;
mod desktop;
mod display;
mod filter_panel;
mod footer;
mod gesture;
mod header;
mod history;
mod icons;
mod keys;
mod lanes;
mod preset_list;
mod profile_panel;
mod rules;
mod rules_panel;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod theme;
mod threshold;
mod threshold_panel;
mod undo;
mod watch;
mod widgets;
mod zoom;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use baseview::Window;
use baseview::dpi::{LogicalSize, NativeSize, Size};
use egui_baseview::{EguiWindow, EguiWindowSettings};
use raw_window_handle::HasWindowHandle;

use desktop::Keyboard;
use keys::HostKeys;

pub use app::App;
pub use desktop::system_scale;
pub use gesture::EditHost;

use crate::shared::Shared;

/// Width and height at which a window opens, logical points.
pub const PREFERRED_SIZE: (u32, u32) = (1_000, 660);
/// The smallest size at which everything can be reached.
pub const MIN_SIZE: (u32, u32) = (720, 660);
/// The largest size.
pub const MAX_SIZE: (u32, u32) = (3_200, 2_000);

/// What the user enlarges the window by, 1 to 2: on top of the desktop's scale.
pub fn own_scale(shared: &Shared) -> f64 {
    f64::from(state::zoom_percent(shared)) / 100.0
}

/// Why a window does not open.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The host's window is not one to open in.
    #[error("the host's window cannot be used: {0}")]
    Parent(raw_window_handle::HandleError),
    /// No display, no OpenGL 3.2, or the system refuses.
    #[error("the window cannot be opened: {0}")]
    Window(String),
}

/// An open window. Dropping it closes it and waits until it is closed; an edit that was under way is ended.
pub struct Editor {
    window: Option<Window>,
    keys: Arc<HostKeys>,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editor").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Editor {
    /// Opens the editor inside a host's window. `scale` is the host's scale factor where it told one; the system's own
    /// wins where there is one.
    ///
    /// # Errors
    /// [`EditorError`] says what the system said.
    pub fn open(
        parent: &impl HasWindowHandle,
        shared: Arc<Shared>,
        host: Arc<dyn EditHost>,
        scale: Option<f64>,
    ) -> Result<Self, EditorError> {
        parent.window_handle().map_err(EditorError::Parent)?;
        let settings = settings(scale, own_scale(&shared)).with_parent(parent);
        Self::create(settings, App::new(shared, host, true).with_keyboard(Keyboard::of(parent)))
    }

    /// Opens the editor as a window of its own; [`Editor::run`] then waits until the user closes it.
    ///
    /// # Errors
    /// As for [`Editor::open`].
    pub fn open_window(
        title: &str,
        shared: Arc<Shared>,
        host: Arc<dyn EditHost>,
    ) -> Result<Self, EditorError> {
        let settings = settings(None, own_scale(&shared)).with_title(title);
        Self::create(settings, App::new(shared, host, false))
    }

    fn create(settings: EguiWindowSettings, app: App) -> Result<Self, EditorError> {
        let refused = |error: baseview::Error| EditorError::Window(error.to_string());
        let keys = app.host_keys();
        let window = EguiWindow::create(settings, app).map_err(refused)?;
        window.show().map_err(refused)?;
        Ok(Self { window: Some(window), keys })
    }

    /// Waits until the user closes the window.
    ///
    /// # Errors
    /// The connection to the display was lost.
    pub fn run(mut self) -> Result<(), EditorError> {
        let Some(window) = self.window.take() else { return Ok(()) };
        window.run_until_closed().map_err(|error| EditorError::Window(error.to_string()))
    }

    /// Whether the window is still there: the system may close it.
    pub fn is_open(&self) -> bool {
        self.window.as_ref().is_some_and(Window::is_open)
    }

    /// Size in the system's own pixels: physical on Linux and Windows, logical on macOS, as hosts count.
    pub fn size(&self) -> (u32, u32) {
        let size: NativeSize<u32> = self.window.as_ref().map_or(NativeSize::new(0, 0), |w| w.size().into());
        (size.width, size.height)
    }

    /// The host gives the editor another size, in the system's own pixels. False: the window is gone.
    pub fn set_size(&self, width: u32, height: u32) -> bool {
        let size: Size = NativeSize::new(width, height).into();
        self.window.as_ref().is_some_and(|window| window.resize(size).is_ok())
    }

    /// The host tells a scale factor; the system's own wins where there is one.
    pub fn set_scale(&self, scale: f64) -> bool {
        let usable = scale.is_finite() && scale > 0.0;
        usable
            && self.window.as_ref().is_some_and(|window| window.suggest_fallback_scale_factor(scale).is_ok())
    }

    /// A key goes down in the host, which has the keyboard: its letter, or which one it is. Says whether a text field of
    /// the editor uses it.
    pub fn press(&self, letter: Option<char>, key: Option<egui::Key>, modifiers: egui::Modifiers) -> bool {
        self.is_open() && self.keys.press(letter, key, modifiers)
    }

    /// The factor between logical points and the system's own pixels.
    pub fn scale(&self) -> f64 {
        let native_is_logical = NativeSize::<u32>::IS_LOGICAL;
        self.window.as_ref().filter(|_| !native_is_logical).map_or(1.0, |window| window.size().scale_factor)
    }

    /// The nearest size that the editor can have, in the system's own pixels; `scale` is that of the desktop and of
    /// [`own_scale`] together.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of windows, clamped")]
    pub fn nearest_size(width: u32, height: u32, scale: f64) -> (u32, u32) {
        let scale = if scale.is_finite() { scale.clamp(0.25, 8.0) } else { 1.0 };
        let side = |wanted: u32, low: u32, high: u32| {
            let pixels = |points: u32| (f64::from(points) * scale).round() as u32;
            wanted.clamp(pixels(low), pixels(high))
        };
        (side(width, MIN_SIZE.0, MAX_SIZE.0), side(height, MIN_SIZE.1, MAX_SIZE.1))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let window = self.window.take();
        // The window's thread hands over its panic here; it was printed, and a host must not see it.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(window)));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "1 to 2")]
fn settings(scale: Option<f64>, own_scale: f64) -> EguiWindowSettings {
    let logical = |(width, height): (u32, u32)| LogicalSize::new(f64::from(width), f64::from(height));
    EguiWindowSettings {
        min_size: Some(logical(MIN_SIZE).into()),
        max_size: Some(logical(MAX_SIZE).into()),
        // Nothing is polled: the watch asks for pictures.
        repaint_poll_interval: std::time::Duration::from_secs(3_600),
        ..EguiWindowSettings::new()
    }
    .with_title(crate::NAME)
    .with_size(logical(PREFERRED_SIZE))
    .with_zoom_factor(own_scale as f32)
    .with_fallback_scale_factor(scale)
}
