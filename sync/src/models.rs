//! Each protocol in all orders, by loom.

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom::thread;

use crate::{Gesture, GestureBits, GestureReader, SleepFlag, StampedSlot};

/// Tries all orders with up to three switches between threads beside those where one waits; more than that finds nothing
/// new in protocols of this size and takes hours.
fn in_all_orders(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

#[test]
fn a_slot_is_read_whole_or_not_at_all() {
    in_all_orders(|| {
        let slot = Arc::new(StampedSlot::<2>::default());
        let writer = thread::spawn({
            let slot = Arc::clone(&slot);
            move || (1..=2).for_each(|stamp: u32| slot.write(stamp.into(), [stamp, 10 + stamp]))
        });
        for stamp in 1..=2_u32 {
            if let Some(words) = slot.read(stamp.into()) {
                assert_eq!(words, [stamp, 10 + stamp]);
            }
        }
        writer.join().unwrap();
        assert_eq!(slot.read(2), Some([2, 12]));
        assert_eq!(slot.read(1), None);
    });
}

#[test]
fn every_begin_has_its_end_and_the_last_value_is_told() {
    in_all_orders(|| {
        let bits = Arc::new(GestureBits::default());
        let value = Arc::new(AtomicU32::new(0));
        let window = thread::spawn({
            let (bits, value) = (Arc::clone(&bits), Arc::clone(&value));
            move || {
                // A key, beside any gesture.
                value.store(1, Ordering::Relaxed);
                bits.change(5);
                bits.begin(5);
                value.store(2, Ordering::Relaxed);
                bits.change(5);
                bits.end(5);
            }
        });
        let reader = GestureReader::default();
        let (mut held, mut told) = (false, 0);
        let mut take = || {
            reader.take(&bits, |gesture| match gesture {
                Gesture::Begin(number) => {
                    assert!(number == 5 && !held);
                    held = true;
                }
                Gesture::Value(number) => {
                    assert!(number == 5 && held);
                    told = value.load(Ordering::Relaxed);
                }
                Gesture::End(number) => {
                    assert!(number == 5 && held);
                    held = false;
                }
            });
            (held, told)
        };
        take();
        window.join().unwrap();
        assert_eq!(take(), (false, 2));
        assert!(bits.is_empty());
    });
}

/// A wake-up that is lost leaves the worker parked for ever, which loom reports as a deadlock.
#[test]
fn a_worker_never_sleeps_over_its_work() {
    in_all_orders(|| {
        let flag = Arc::new(SleepFlag::default());
        let samples = Arc::new(AtomicU32::new(0));
        let worker = thread::spawn({
            let (flag, samples) = (Arc::clone(&flag), Arc::clone(&samples));
            move || {
                let mut heard = 0;
                while heard < 2 {
                    flag.sleep(|| samples.load(Ordering::Acquire) > heard, thread::park);
                    heard = samples.load(Ordering::Acquire);
                }
            }
        });
        for sent in 1..=2 {
            samples.store(sent, Ordering::Release);
            if flag.wakes() {
                worker.thread().unpark();
            }
        }
        worker.join().unwrap();
    });
}

/// The worker is told to end as when its gate is dropped: a flag, and a wake-up whether it sleeps or not.
#[test]
fn a_worker_that_sleeps_ends_when_it_is_told() {
    in_all_orders(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let worker = thread::spawn({
            let stop = Arc::clone(&stop);
            move || SleepFlag::default().sleep(|| stop.load(Ordering::Acquire), thread::park)
        });
        stop.store(true, Ordering::Release);
        worker.thread().unpark();
        worker.join().unwrap();
    });
}
