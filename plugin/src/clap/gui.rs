//! The window: one thin seam between a CLAP host and the editor.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError};

use clack_extensions::gui::{
    AspectRatioStrategy, GuiApiType, GuiConfiguration, GuiResizeHints, GuiSize, HostGui, PluginGuiImpl,
    Window,
};
use clack_extensions::params::HostParams;
use clack_plugin::prelude::*;

use super::ClapMain;
use crate::editor::{EditHost, Editor, PREFERRED_SIZE, own_scale, system_scale};
use crate::params::ParamId;
use crate::shared::Shared;

/// The window of an instance, open or not.
pub(super) struct Gui {
    editor: RefCell<Option<Editor>>,
    host: RefCell<Option<Arc<WindowHost>>>,
    /// As the host wants it, in its pixels.
    size: Cell<Option<(u32, u32)>>,
    scale: Cell<Option<f64>>,
    system_scale: Option<f64>,
}

impl Gui {
    pub(super) fn new() -> Self {
        Self {
            editor: RefCell::new(None),
            host: RefCell::new(None),
            size: Cell::new(None),
            scale: Cell::new(None),
            system_scale: system_scale(),
        }
    }

    fn close(&self) {
        // The editor first: while it closes it may still end an edit.
        drop(self.editor.take());
        if let Some(host) = self.host.take() {
            host.forget();
        }
    }

    fn scale(&self) -> f64 {
        // Where pixels are logical (macOS) the system scales by itself. Elsewhere its factor wins where there is one: the
        // host asks for the size before there is a window.
        let told = || self.scale.get().unwrap_or(1.0);
        if cfg!(target_os = "macos") { 1.0 } else { self.system_scale.unwrap_or_else(told) }
    }

    fn size(&self, own_scale: f64) -> (u32, u32) {
        let open = self.editor.borrow().as_ref().map(Editor::size);
        open.or(self.size.get()).unwrap_or_else(|| {
            let (width, height) = PREFERRED_SIZE;
            let scaled = |points: u32| pixels(f64::from(points) * own_scale * self.scale());
            (scaled(width), scaled(height))
        })
    }
}

impl Drop for Gui {
    fn drop(&mut self) {
        self.close();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the size of a window")]
fn pixels(size: f64) -> u32 {
    size.round().clamp(1.0, 65_535.0) as u32
}

/// The editor's way to the host, from the thread of the window.
struct WindowHost {
    shared: Arc<Shared>,
    /// Host pixels per logical point.
    scale: f64,
    host: Lent<Handles>,
}

/// Something of the host's, until it is taken back.
struct Lent<T>(Mutex<Option<T>>);

impl<T: Copy> Lent<T> {
    fn take_back(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Calls with a copy, and holds no lock meanwhile: a host may close the window from within.
    fn with<R>(&self, call: impl FnOnce(&T) -> R) -> Option<R> {
        let copy = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref().map(call)
    }
}

#[derive(Clone, Copy)]
struct Handles {
    host: HostSharedHandle<'static>,
    params: Option<HostParams>,
    gui: Option<HostGui>,
}

impl WindowHost {
    fn new(main: &ClapMain<'_>) -> Self {
        let host: HostSharedHandle<'_> = main.shared.host;
        // SAFETY: the host's pointer is valid as long as the instance. `Gui::close` runs when the window closes or, at the
        // latest, when the instance's main-thread part is dropped. It first drops the editor, which ends the window's thread
        // and waits for that (or, where a window has none, runs on the thread that would make the call), so that no call is
        // under way with a copy of the handle; then it takes the handle back, and nobody can use it afterwards. Only callbacks
        // that CLAP declares thread-safe are made with it.
        let host = unsafe { std::mem::transmute::<HostSharedHandle<'_>, HostSharedHandle<'static>>(host) };
        let gui = main.host.get_extension::<HostGui>();
        Self {
            shared: Arc::clone(&main.shared.plugin),
            scale: main.gui.scale(),
            host: Lent(Mutex::new(Some(Handles { host, params: main.host_params, gui }))),
        }
    }

    fn forget(&self) {
        self.host.take_back();
    }

    /// Parameters changed outside of `process`: if none runs, the host shall flush.
    fn tell(&self) {
        self.host.with(|handles| {
            if let Some(params) = &handles.params {
                params.request_flush(&handles.host);
            }
        });
    }
}

impl EditHost for WindowHost {
    fn begin(&self, id: ParamId) {
        self.shared.edits.begin(id);
        self.tell();
    }

    fn perform(&self, id: ParamId, plain: f64) {
        self.shared.edit(id, plain);
        self.tell();
    }

    fn end(&self, id: ParamId) {
        self.shared.edits.end(id);
        self.tell();
    }

    fn request_resize(&self, width: u32, height: u32) -> bool {
        let (width, height) = [width, height].map(|points| pixels(f64::from(points) * self.scale)).into();
        let asked = self.host.with(|handles| {
            handles.gui.is_some_and(|gui| gui.request_resize(&handles.host, width, height).is_ok())
        });
        asked.unwrap_or(false)
    }
}

impl PluginGuiImpl for ClapMain<'_> {
    fn is_api_supported(&self, configuration: GuiConfiguration) -> bool {
        !configuration.is_floating
            && GuiApiType::default_for_current_platform().is_some_and(|own| own == configuration.api_type)
    }

    fn get_preferred_api(&self) -> Option<GuiConfiguration<'_>> {
        let api_type = GuiApiType::default_for_current_platform()?;
        Some(GuiConfiguration { api_type, is_floating: false })
    }

    fn create(&self, configuration: GuiConfiguration) -> Result<(), PluginError> {
        if self.is_api_supported(configuration) {
            Ok(())
        } else {
            Err(PluginError::Message("only windows inside a window of this system's own kind"))
        }
    }

    fn destroy(&self) {
        self.gui.close();
    }

    fn set_scale(&self, scale: f64) -> Result<(), PluginError> {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(PluginError::Message("that is no scale"));
        }
        if self.gui.system_scale.is_some() {
            return Err(PluginError::Message("the desktop's own scale is used"));
        }
        self.gui.scale.set(Some(scale));
        if let Some(editor) = &*self.gui.editor.borrow() {
            editor.set_scale(scale);
        }
        Ok(())
    }

    fn get_size(&self) -> Option<GuiSize> {
        let (width, height) = self.gui.size(own_scale(&self.shared.plugin));
        Some(GuiSize { width, height })
    }

    fn can_resize(&self) -> bool {
        true
    }

    fn get_resize_hints(&self) -> Option<GuiResizeHints> {
        Some(GuiResizeHints {
            can_resize_horizontally: true,
            can_resize_vertically: true,
            strategy: AspectRatioStrategy::Disregard,
        })
    }

    fn adjust_size(&self, size: GuiSize) -> Option<GuiSize> {
        let (width, height) =
            Editor::nearest_size(size.width, size.height, self.gui.scale() * own_scale(&self.shared.plugin));
        Some(GuiSize { width, height })
    }

    fn set_size(&self, size: GuiSize) -> Result<(), PluginError> {
        self.gui.size.set(Some((size.width, size.height)));
        match &*self.gui.editor.borrow() {
            Some(editor) if !editor.set_size(size.width, size.height) => {
                Err(PluginError::Message("the window is gone"))
            }
            _ => Ok(()),
        }
    }

    fn set_parent(&self, window: Window) -> Result<(), PluginError> {
        self.gui.close();
        let host = Arc::new(WindowHost::new(self));
        *self.gui.host.borrow_mut() = Some(Arc::clone(&host));
        let opened = Editor::open(
            &window,
            Arc::clone(&self.shared.plugin),
            host as Arc<dyn EditHost>,
            self.gui.scale.get(),
        );
        let editor = match opened {
            Ok(editor) => editor,
            Err(error) => {
                self.gui.close();
                return Err(error.into());
            }
        };
        if let Some((width, height)) = self.gui.size.get() {
            editor.set_size(width, height);
        }
        *self.gui.editor.borrow_mut() = Some(editor);
        Ok(())
    }

    fn set_transient(&self, _window: Window) -> Result<(), PluginError> {
        Err(PluginError::Message("the window does not float"))
    }

    fn show(&self) -> Result<(), PluginError> {
        Ok(())
    }

    fn hide(&self) -> Result<(), PluginError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_may_be_taken_back_from_within_a_call() {
        let lent = Lent(Mutex::new(Some(7)));
        let answer = lent.with(|&number| {
            lent.take_back();
            number
        });
        assert_eq!((answer, lent.with(|&number| number)), (Some(7), None));
    }
}
