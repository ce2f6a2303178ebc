//! A running feature stream takes no memory. In a binary of its own, because the allocator is counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use earmark_core::features::{FeatureSpec, FrameKind, MelStream, WindowFinisher, preset_names};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: each call is passed on unchanged to the system's allocator; the counter is a constant-initialised
// thread-local without a destructor, so touching it neither allocates nor fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, that is from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn streaming_does_not_allocate() {
    let samples: Vec<f32> = (0..30_000_u16).map(|k| (f32::from(k) * 0.05).sin() * 0.5).collect();
    for name in preset_names() {
        let spec = FeatureSpec::preset(name).unwrap();
        let mut stream = MelStream::new(&spec).unwrap();
        let mut frames = 0_u64;
        let before = ALLOCATIONS.get();
        for block in [1, 160, 441, 5_000, samples.len()] {
            for chunk in samples.chunks(block) {
                stream.push(chunk, |_| frames += 1);
            }
            stream.finish(|_| frames += 1);
            stream.push(&samples[..700], |_| {});
            stream.reset();
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{name}: the stream allocated");
        assert_eq!(frames, 5 * spec.frames(30_000), "{name}");
    }
}

#[test]
fn finishing_windows_does_not_allocate_once_warm() {
    for name in preset_names() {
        let spec = FeatureSpec::preset(name).unwrap();
        let stream = MelStream::new(&spec).unwrap();
        if stream.frame_kind() == FrameKind::Finished {
            continue;
        }
        let mut finisher = WindowFinisher::new(&spec).unwrap();
        let power = vec![0.25; spec.mel.bands * finisher.input_frames().unwrap()];
        let mut window = Vec::new();
        finisher.finish(&power, &mut window);
        let before = ALLOCATIONS.get();
        for _ in 0..10 {
            finisher.finish(&power, &mut window);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{name}: the finisher allocated");
    }
}
