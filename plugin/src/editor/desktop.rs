//! What the editor asks the desktop around it: how large it wants things, and to whom the keyboard belongs.
//!
//! On X11 both are ours to ask: the window layer takes the scale only once the window is there, when the host has long
//! made room, and keeps the keyboard once it has it. Elsewhere the system or the host does both.

#[cfg(target_os = "linux")]
mod x11 {
    use raw_window_handle::{HasWindowHandle, RawWindowHandle};
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{ConnectionExt as _, InputFocus};
    use x11rb::resource_manager;
    use x11rb::rust_connection::RustConnection;

    /// Pixels per inch at which a logical point is a pixel.
    const USUAL_DPI: f64 = 96.0;

    /// Pixels of the system per logical point, where the desktop says.
    pub fn system_scale() -> Option<f64> {
        let (connection, _) = x11rb::connect(None).ok()?;
        let resources = resource_manager::new_from_default(&connection).ok()?;
        let dpi = resources.get_value::<u32>("Xft.dpi", "").ok()??;
        Some(f64::from(dpi) / USUAL_DPI).filter(|scale| (0.25..=8.0).contains(scale))
    }

    /// The window that the keyboard is given back to.
    #[derive(Debug)]
    pub struct Keyboard {
        connection: RustConnection,
        parent: u32,
    }

    impl Keyboard {
        /// Of the host's window that the editor is in.
        pub fn of(parent: &impl HasWindowHandle) -> Option<Self> {
            let parent = match parent.window_handle().ok()?.as_raw() {
                RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok()?,
                RawWindowHandle::Xcb(handle) => handle.window.get(),
                _ => return None,
            };
            let (connection, _) = x11rb::connect(None).ok()?;
            Some(Self { connection, parent })
        }

        /// Keys go to the host from now on.
        pub fn give_back(&self) {
            // A host whose window is gone has no use for keys.
            if let Ok(cookie) =
                self.connection.set_input_focus(InputFocus::PARENT, self.parent, x11rb::CURRENT_TIME)
            {
                cookie.ignore_error();
            }
            let _ = self.connection.flush();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use raw_window_handle::HasWindowHandle;

    /// The system scales by itself, or the host says.
    pub fn system_scale() -> Option<f64> {
        None
    }

    /// Keys find their way without us.
    #[derive(Debug)]
    pub struct Keyboard;

    impl Keyboard {
        /// Nothing is needed.
        pub fn of(_parent: &impl HasWindowHandle) -> Option<Self> {
            None
        }

        /// Nothing is done.
        pub fn give_back(&self) {}
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Keyboard, system_scale};
#[cfg(target_os = "linux")]
pub use x11::{Keyboard, system_scale};
