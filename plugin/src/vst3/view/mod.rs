//! `IPlugView`: the editor in a window of the host.
//!
//! The view keeps the instance alive, not the other way round: a host may drop them in any order. The editor lives
//! between `attached` and `removed`, on the thread that calls these.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use atomic_float::AtomicF64;
use vst3::Steinberg::Vst::ViewType::kEditor;
use vst3::Steinberg::{
    FIDString, FUnknown, IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewContentScaleSupport,
    IPlugViewContentScaleSupportTrait, IPlugViewTrait, TBool, ViewRect, kInternalError, kInvalidArgument,
    kResultFalse, kResultOk, kResultTrue, tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::com::{int, put, truth};
use super::host::lock;
use super::instance::Instance;
use super::parent::{PLATFORM, Parent};
use super::text;
use super::timer::{Tick, Timer};
use crate::editor::{EditHost, Editor, PREFERRED_SIZE, own_scale, system_scale};
use crate::params::ParamId;

/// A view by the name that the host asks for.
///
/// # Safety
/// `name` is null or zero-terminated.
pub(super) unsafe fn create(instance: &Arc<Instance>, name: *const c_char) -> Option<ComPtr<IPlugView>> {
    // SAFETY: by the caller's word.
    if !unsafe { text::is(name, kEditor) } {
        return None;
    }
    // The system's factor wins where there is one, and the host asks for the size before there is a window.
    let scale = system_scale().unwrap_or(1.0);
    let link = Arc::new(Link {
        instance: Arc::clone(instance),
        frame: Mutex::default(),
        view: AtomicPtr::default(),
        wanted: AtomicU64::new(NOTHING),
        scale: AtomicF64::new(scale),
    });
    let view = ComWrapper::new(View {
        link: Arc::clone(&link),
        editor: Mutex::default(),
        timer: Mutex::default(),
        size: Mutex::new(preferred_size(scale, own_scale(&instance.shared))),
    });
    let view = view.to_com_ptr::<IPlugView>()?;
    link.view.store(view.as_ptr(), Ordering::Release);
    Some(view)
}

/// The size at which a window opens, as the host counts.
fn preferred_size(scale: f64, own_scale: f64) -> (u32, u32) {
    let side = |points: u32| pixels(f64::from(points) * own_scale, scale);
    let (width, height) = PREFERRED_SIZE;
    (side(width), side(height))
}

/// No size is wanted.
const NOTHING: u64 = 0;

/// What the view, its timer and the window's thread share.
struct Link {
    instance: Arc<Instance>,
    frame: Mutex<Option<ComPtr<IPlugFrame>>>,
    /// The view itself, for the frame's `resizeView`; null when it is gone.
    view: AtomicPtr<IPlugView>,
    /// The size that the editor wants and the host was not yet asked for: width and height.
    wanted: AtomicU64,
    /// Factor from logical points to the host's pixels.
    scale: AtomicF64,
}

impl Link {
    fn scale(&self) -> f64 {
        self.scale.load(Ordering::Relaxed)
    }

    /// Asks the host for the size that the editor wants. On the main thread.
    fn resize(&self) {
        let wanted = self.wanted.swap(NOTHING, Ordering::AcqRel);
        let view = self.view.load(Ordering::Acquire);
        let frame = lock(&self.frame).clone();
        let Some(frame) = frame.filter(|_| wanted != NOTHING && !view.is_null()) else { return };
        let side = |bits: u64| i32::try_from(bits & 0xffff).unwrap_or(0);
        let mut rect = ViewRect { left: 0, top: 0, right: side(wanted >> 16), bottom: side(wanted) };
        // SAFETY: the frame is alive, we hold a reference; the view is, because it forgets itself here before it goes,
        // on this same thread.
        unsafe { frame.resizeView(view, &raw mut rect) };
    }

    fn after_edit(&self) {
        // On systems whose windows live on the main thread the host hears of it at once, elsewhere with the next tick.
        self.instance.tell_host();
    }
}

impl Tick for Link {
    fn tick(&self) {
        self.instance.tick();
        self.instance.guard.run((), || self.resize());
    }
}

impl EditHost for Link {
    fn begin(&self, id: ParamId) {
        self.instance.hold(id, true);
        self.instance.shared.edits.begin(id);
        self.after_edit();
    }

    fn perform(&self, id: ParamId, plain: f64) {
        self.instance.shared.edit(id, plain);
        self.after_edit();
    }

    fn end(&self, id: ParamId) {
        self.instance.hold(id, false);
        self.instance.shared.edits.end(id);
        self.after_edit();
    }

    fn request_resize(&self, width: u32, height: u32) -> bool {
        let scale = self.scale();
        let side = |points: u32| u64::from(pixels(f64::from(points), scale));
        let wanted = side(width) << 16 | side(height);
        self.wanted.store(wanted, Ordering::Release);
        if self.instance.host.is_main_thread() {
            self.resize();
        }
        true
    }
}

/// Logical points as the host counts.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of windows, clamped")]
fn pixels(points: f64, scale: f64) -> u32 {
    let scale = if cfg!(target_os = "macos") { 1.0 } else { scale };
    (points * scale).round().clamp(1.0, 65_535.0) as u32
}

/// The COM object.
struct View {
    link: Arc<Link>,
    editor: Mutex<Option<Editor>>,
    timer: Mutex<Option<Timer>>,
    /// Width and height, as the host counts.
    size: Mutex<(u32, u32)>,
}

impl Class for View {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl View {
    fn own_scale(&self) -> f64 {
        own_scale(&self.link.instance.shared)
    }

    fn run(&self, body: impl FnOnce() -> tresult) -> tresult {
        self.link.instance.guard.run(kInternalError, body)
    }

    fn close(&self) {
        let editor = lock(&self.editor).take();
        // Outside the lock: the window's last words go through the host.
        drop(editor);
        self.link.instance.let_go();
        self.link.instance.tell_host();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.link.view.store(ptr::null_mut(), Ordering::Release);
        self.link.instance.guard.run((), || self.close());
    }
}

fn sides(rect: &ViewRect) -> (u32, u32) {
    let side = |low: i32, high: i32| u32::try_from(i64::from(high) - i64::from(low)).unwrap_or(0);
    (side(rect.left, rect.right), side(rect.top, rect.bottom))
}

impl IPlugViewTrait for View {
    unsafe fn isPlatformTypeSupported(&self, platform: FIDString) -> tresult {
        // SAFETY: null or zero-terminated.
        truth(unsafe { text::is(platform, PLATFORM) })
    }

    unsafe fn attached(&self, parent: *mut c_void, platform: FIDString) -> tresult {
        self.run(|| {
            // SAFETY: null or zero-terminated.
            if !unsafe { text::is(platform, PLATFORM) } {
                return kInvalidArgument;
            }
            let Some(parent) = Parent::new(parent) else { return kInvalidArgument };
            if lock(&self.editor).is_some() {
                return kResultFalse;
            }
            let instance = &self.link.instance;
            instance.host.note_main_thread();
            let scale = self.link.scale();
            let host: Arc<dyn EditHost> = Arc::<Link>::clone(&self.link);
            let opened = Editor::open(&parent, Arc::clone(&instance.shared), host, Some(scale));
            let editor = match opened {
                Ok(editor) => editor,
                Err(error) => {
                    eprintln!("Earmark: {error}");
                    return kResultFalse;
                }
            };
            let (width, height) = *lock(&self.size);
            if editor.size() != (width, height) {
                editor.set_size(width, height);
            }
            *lock(&self.editor) = Some(editor);
            kResultOk
        })
    }

    unsafe fn removed(&self) -> tresult {
        self.run(|| {
            self.close();
            kResultOk
        })
    }

    unsafe fn onWheel(&self, _distance: f32) -> tresult {
        kResultFalse
    }

    unsafe fn onKeyDown(&self, key: u16, code: i16, modifiers: i16) -> tresult {
        self.run(|| {
            let (letter, key, modifiers) = keys::pressed(key, code, modifiers);
            let used = lock(&self.editor).as_ref().is_some_and(|editor| editor.press(letter, key, modifiers));
            if used { kResultTrue } else { kResultFalse }
        })
    }

    unsafe fn onKeyUp(&self, _key: u16, _code: i16, _modifiers: i16) -> tresult {
        kResultFalse
    }

    unsafe fn getSize(&self, size: *mut ViewRect) -> tresult {
        self.run(|| {
            let (width, height) = *lock(&self.size);
            // SAFETY: an out parameter.
            unsafe { put(size, ViewRect { left: 0, top: 0, right: int(width), bottom: int(height) }) }
        })
    }

    unsafe fn onSize(&self, size: *mut ViewRect) -> tresult {
        self.run(|| {
            // SAFETY: null or valid for this call.
            let Some(rect) = (unsafe { size.as_ref() }) else { return kInvalidArgument };
            let (width, height) = sides(rect);
            if width == 0 || height == 0 {
                return kInvalidArgument;
            }
            *lock(&self.size) = (width, height);
            if let Some(editor) = lock(&self.editor).as_ref() {
                editor.set_size(width, height);
            }
            kResultOk
        })
    }

    unsafe fn onFocus(&self, _state: TBool) -> tresult {
        kResultOk
    }

    unsafe fn setFrame(&self, frame: *mut IPlugFrame) -> tresult {
        self.run(|| {
            self.link.instance.host.note_main_thread();
            // SAFETY: null or alive for this call; a reference is taken to keep it.
            let frame = unsafe { ComRef::from_raw(frame) }.map(|frame| frame.to_com_ptr());
            let timer = frame.as_ref().and_then(|frame| {
                let unknown: ComRef<'_, FUnknown> = frame.as_com_ref().upcast();
                Timer::start(unknown, &self.link)
            });
            let old_timer = std::mem::replace(&mut *lock(&self.timer), timer);
            let old_frame = std::mem::replace(&mut *lock(&self.link.frame), frame);
            drop((old_timer, old_frame));
            kResultOk
        })
    }

    unsafe fn canResize(&self) -> tresult {
        kResultTrue
    }

    unsafe fn checkSizeConstraint(&self, rect: *mut ViewRect) -> tresult {
        self.run(|| {
            // SAFETY: null or valid for this call.
            let Some(asked) = (unsafe { rect.as_ref() }) else { return kInvalidArgument };
            let (width, height) = sides(asked);
            let (width, height) = Editor::nearest_size(width, height, self.link.scale() * self.own_scale());
            let (left, top) = (asked.left, asked.top);
            let nearest = ViewRect {
                left,
                top,
                right: left.saturating_add(int(width)),
                bottom: top.saturating_add(int(height)),
            };
            // SAFETY: an in and out parameter.
            unsafe { put(rect, nearest) }
        })
    }
}

impl IPlugViewContentScaleSupportTrait for View {
    unsafe fn setContentScaleFactor(&self, factor: f32) -> tresult {
        self.run(|| {
            let factor = f64::from(factor);
            if !(factor.is_finite() && factor > 0.0) {
                return kInvalidArgument;
            }
            if system_scale().is_some() {
                // The window will have the system's, whatever the host thinks.
                return kResultOk;
            }
            self.link.scale.store(factor, Ordering::Relaxed);
            let is_open = match lock(&self.editor).as_ref() {
                Some(editor) => {
                    editor.set_scale(factor);
                    true
                }
                None => false,
            };
            if !is_open {
                *lock(&self.size) = preferred_size(factor, self.own_scale());
            }
            kResultOk
        })
    }
}

mod keys;
#[cfg(test)]
mod tests;
