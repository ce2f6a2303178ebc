//! The view without a window: who tells the host what, and when.

use vst3::Steinberg::Vst::IComponentHandler;

use super::super::tests::host::{Handler, Told};
use super::*;
use crate::params::id;

fn link(instance: &Arc<Instance>) -> Arc<Link> {
    Arc::new(Link {
        instance: Arc::clone(instance),
        frame: Mutex::default(),
        view: AtomicPtr::default(),
        wanted: AtomicU64::new(NOTHING),
        scale: AtomicF64::new(2.0),
    })
}

#[test]
fn what_a_windows_thread_does_the_main_thread_tells() {
    let instance = Arc::<Instance>::default();
    let handler = ComWrapper::new(Handler::default());
    instance.host.set_handler(handler.to_com_ptr::<IComponentHandler>());
    let link = link(&instance);
    link.tick();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            link.begin(id::WET);
            link.perform(id::WET, 0.25);
            link.perform(id::WET, 0.5);
            link.end(id::WET);
            assert!(link.request_resize(1_000, 600));
        });
    });
    assert_eq!(*lock(&handler.told), [], "nothing from the window's thread");
    assert_eq!(instance.value(id::WET), 0.5, "but it is heard at once");
    link.tick();
    let wet = id::WET.0;
    assert_eq!(*lock(&handler.told), [Told::Begin(wet), Told::Perform(wet, 0.5), Told::End(wet)]);
    assert_eq!(link.wanted.load(Ordering::Relaxed), NOTHING);
}

#[test]
fn a_window_that_vanishes_lets_go() {
    let instance = Arc::<Instance>::default();
    let handler = ComWrapper::new(Handler::default());
    instance.host.set_handler(handler.to_com_ptr::<IComponentHandler>());
    let link = link(&instance);
    link.begin(id::WET);
    instance.let_go();
    link.tick();
    assert_eq!(*lock(&handler.told), [Told::Begin(id::WET.0), Told::End(id::WET.0)]);
}

#[test]
fn a_view_outlives_its_effect_and_keeps_to_sizes() {
    let instance = Arc::<Instance>::default();
    // SAFETY: names that end with a zero.
    let (view, none) = unsafe { (create(&instance, kEditor), create(&instance, c"other".as_ptr())) };
    assert!(none.is_none());
    let view = view.expect("a view");
    drop(instance);
    let mut rect = ViewRect { left: 5, top: 5, right: 6, bottom: 6 };
    // SAFETY: in and out parameters; a null window is refused.
    unsafe {
        assert_eq!(view.checkSizeConstraint(&raw mut rect), kResultOk);
        assert_eq!((rect.left, rect.top), (5, 5));
        let (width, height) = sides(&rect);
        assert_eq!((width, height), Editor::nearest_size(1, 1, system_scale().unwrap_or(1.0)));
        assert_eq!(view.onSize(&raw mut rect), kResultOk);
        assert_eq!(view.getSize(&raw mut rect), kResultOk);
        assert_eq!(sides(&rect), (width, height));
        assert_ne!(view.attached(ptr::null_mut(), PLATFORM), kResultOk);
        assert_eq!(view.isPlatformTypeSupported(PLATFORM), kResultTrue);
        assert_eq!(view.isPlatformTypeSupported(c"Other".as_ptr()), kResultFalse);
        assert_eq!(view.removed(), kResultOk);
        let scale = view.cast::<IPlugViewContentScaleSupport>().expect("scale support");
        assert_eq!(scale.setContentScaleFactor(2.0), kResultOk);
        assert_ne!(scale.setContentScaleFactor(f32::NAN), kResultOk);
        assert_eq!(view.getSize(&raw mut rect), kResultOk);
    }
    let scale = system_scale().unwrap_or(2.0);
    assert_eq!(sides(&rect), preferred_size(scale, 1.0));
}
