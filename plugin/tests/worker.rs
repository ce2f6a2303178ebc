//! A worker that is stopped, or killed, under the plugin in a host: audio goes on, the fail mode holds, what was missed is
//! counted, and the ear comes back.
//!
//! Both are done to the real thread from outside, by a signal whose handler does not return, or ends the thread at once.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test program")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "test signals are small numbers"
)]

#[path = "hosted/host.rs"]
#[allow(dead_code, reason = "the other tests' host can more")]
mod host;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clack_host::prelude::PluginEntry;
use earmark_plugin::params::id;
use earmark_plugin::shared::DetectorStatus;
use earmark_plugin::{Activation, Block, Processor, Shared};

use crate::host::{Hosted, Running};

const RATE_HZ: u32 = 48_000;
const BLOCK: usize = 512;
/// A machine that answers slowly is no failure; one that never answers is.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a signal does to the thread that gets it.
static ACT: AtomicU8 = AtomicU8::new(GO_ON);
const GO_ON: u8 = 0;
const STALL: u8 = 1;
const DIE: u8 = 2;

extern "C" fn on_signal(_: libc::c_int) {
    while ACT.load(Ordering::SeqCst) == STALL {
        // SAFETY: `usleep` may be called in a signal handler, with any number.
        unsafe { libc::usleep(1_000) };
    }
    if ACT.load(Ordering::SeqCst) == DIE {
        // SAFETY: ends this one thread, as a system may; it sleeps, and holds no lock.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
}

/// The threads of this process that hear.
fn ears() -> BTreeSet<libc::pid_t> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads");
    tasks
        .filter_map(|task| {
            let path = task.ok()?.path();
            let name = std::fs::read_to_string(path.join("comm")).ok()?;
            (name.trim() == "earmark ear").then(|| path.file_name()?.to_str()?.parse().ok()).flatten()
        })
        .collect()
}

/// The thread that `activate` started.
fn started<T>(activate: impl FnOnce() -> T) -> (T, libc::pid_t) {
    let before = ears();
    let made = activate();
    let begun = Instant::now();
    // A thread names itself.
    loop {
        if let Some(&thread) = ears().difference(&before).next() {
            return (made, thread);
        }
        assert!(begun.elapsed() < PATIENCE, "no thread hears");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn strike(thread: libc::pid_t, act: u8) {
    // Nothing was played for a while: it sleeps.
    std::thread::sleep(Duration::from_millis(100));
    ACT.store(act, Ordering::SeqCst);
    // SAFETY: an action with a handler that only does what handlers may, and a signal to a thread of this process.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()), 0);
        assert_eq!(libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR1), 0);
    }
    let begun = Instant::now();
    while act == DIE && ears().contains(&thread) {
        assert!(begun.elapsed() < PATIENCE, "it does not die");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// One at a time: signals are the whole process's.
fn alone() -> impl Drop {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that plays blocks of mono.
trait Player {
    fn play(&mut self, block: &mut Vec<f32>);
}

impl Player for Running {
    fn play(&mut self, block: &mut Vec<f32>) {
        let mut main = [std::mem::take(block)];
        self.process(&mut main, &mut [], None, &[]);
        [*block] = main;
    }
}

impl Player for Processor {
    fn play(&mut self, block: &mut Vec<f32>) {
        let mut planes: [&mut [f32]; 1] = [block];
        let block = Block { main: &mut planes, sidechain: &[], label_cv: &mut [] };
        self.process(block, &[], &mut (), false);
    }
}

/// Plays as a sound card does: no faster than it lasts. What came out.
fn play(player: &mut impl Player, input: &[f32]) -> Vec<f32> {
    let begun = Instant::now();
    let mut output = Vec::new();
    for block in input.chunks(BLOCK) {
        let mut block = block.to_vec();
        player.play(&mut block);
        output.extend(block);
        let due = Duration::from_secs_f64(output.len() as f64 / f64::from(RATE_HZ));
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    output
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen");
    }
}

fn seconds(seconds: f64) -> usize {
    (seconds * f64::from(RATE_HZ)) as usize
}

/// No speech: the gate is closed over it.
fn tone(length: usize) -> Vec<f32> {
    (0..length).map(|index| 0.25 * (index as f32 * 0.05).sin()).collect()
}

/// A few seconds of clean speech.
fn speech() -> Vec<f32> {
    let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let all = earmark_core::audio::read_mono(&programme, RATE_HZ).expect("the shipped programme");
    all[seconds(1.0)..seconds(4.5)].to_vec()
}

fn loudest(sound: &[f32]) -> f32 {
    sound.iter().fold(0.0, |loudest, sample| sample.abs().max(loudest))
}

/// Through CLAP: what is heard of it.
#[test]
fn audio_goes_on_and_a_restart_brings_the_ear_back() {
    let _alone = alone();
    for (act, passes) in [(STALL, true), (DIE, false)] {
        ACT.store(GO_ON, Ordering::SeqCst);
        let mut hosted = Hosted::default();
        hosted.select(0);
        hosted.set(&[(id::FAIL_MODE, if passes { 0.0 } else { 1.0 }), (id::HOLD_MS, 0.0)]);
        let (mut running, thread) = started(|| hosted.activate(f64::from(RATE_HZ), BLOCK));
        let latency = hosted.latency();
        // The gate is where the fail mode will not leave it.
        let input = if passes { tone(seconds(1.5)) } else { speech() };
        let before = play(&mut running, &input);
        let end = &before[before.len() - BLOCK..];
        assert!(passes == (loudest(end) < 0.01), "{}", loudest(end));

        strike(thread, act);
        // The second after which nobody waits for it any more, and as much again.
        let input = tone(seconds(2.0) + latency);
        let during = play(&mut running, &input);
        assert_eq!(during.len(), input.len());
        let from = seconds(1.5) + latency;
        for index in from..input.len() {
            let wanted = input[index - latency] * if passes { 1.0 } else { 10.0_f32.powf(-30.0 / 20.0) };
            assert!((during[index] - wanted).abs() <= if passes { 0.0 } else { 1e-6 }, "sample {index}");
        }

        ACT.store(GO_ON, Ordering::SeqCst);
        if act == STALL {
            eventually("a closed gate over a tone", || {
                loudest(&play(&mut running, &tone(seconds(0.5)))[seconds(0.4)..]) < 0.01
            });
        }
        hosted.deactivate(running);
        let (mut again, _) = started(|| hosted.activate(f64::from(RATE_HZ), BLOCK));
        assert_eq!(hosted.latency(), latency);
        eventually("an open gate over speech", || loudest(&play(&mut again, &speech())[latency..]) > 0.1);
        eventually("a closed gate over a tone", || {
            loudest(&play(&mut again, &tone(seconds(1.0)))[seconds(0.9)..]) < 0.01
        });
        hosted.deactivate(again);
    }
}

/// Without a format: what the window shows of it.
#[test]
fn what_was_missed_is_counted_and_shown() {
    let _alone = alone();
    let activation = Activation {
        rate_hz: f64::from(RATE_HZ),
        max_block: BLOCK,
        channels: 1,
        sidechain_channels: 0,
        offline: false,
    };
    for act in [STALL, DIE] {
        ACT.store(GO_ON, Ordering::SeqCst);
        let shared = Arc::new(Shared::new());
        let activate = || Processor::activate(Arc::clone(&shared), &activation).expect("it activates");
        let (mut processor, thread) = started(activate);
        eventually("hearing in time", || {
            let before = shared.status().underruns;
            play(&mut processor, &tone(seconds(0.5)));
            let status = shared.status();
            status.ear == DetectorStatus::Running && status.underruns == before
        });
        let before = shared.status().underruns;
        strike(thread, act);
        play(&mut processor, &tone(seconds(2.0)));
        let status = shared.status();
        assert_eq!(status.ear, DetectorStatus::Stalled);
        // Two hundred frames, less what was decided before.
        assert!((100..=200).contains(&(status.underruns - before)), "{status:?}, {before} before");

        ACT.store(GO_ON, Ordering::SeqCst);
        if act == STALL {
            eventually("hearing again", || {
                play(&mut processor, &tone(seconds(0.2)));
                let status = shared.status();
                status.ear == DetectorStatus::Running && status.late > 0
            });
        }
        drop(processor);
        let (mut processor, _) = started(activate);
        eventually("hearing in time", || {
            let before = shared.status().underruns;
            play(&mut processor, &tone(seconds(0.5)));
            let status = shared.status();
            status.ear == DetectorStatus::Running && status.underruns == before
        });
    }
}

/// The library as a host has it, in a file of its own.
fn library() -> std::path::PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let built = test.parent().expect("a folder").join("libearmark_plugin.so");
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("worker-{}.clap", std::process::id()));
    std::fs::copy(&built, &own).expect("the library was built with this test");
    own
}

fn is_mapped(library: &Path) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the maps of this process");
    maps.lines().any(|line| line.ends_with(library.to_str().expect("a plain path")))
}

/// A host closes the library, while a worker hangs in there or not: its code stays, since the runtime's threads do, and
/// the worker ends when it can. A library that never heard anything goes.
#[test]
fn a_library_that_heard_is_not_unloaded() {
    let _alone = alone();
    let library = library();
    let in_host = |hear: Option<u8>| {
        let library = library.clone();
        // In a thread of its own: what the library keeps per thread goes with it.
        let host = std::thread::spawn(move || {
            ACT.store(GO_ON, Ordering::SeqCst);
            // SAFETY: the library is this package's own, which keeps what CLAP asks of it.
            let entry = unsafe { PluginEntry::load(&library) }.expect("the library loads");
            let mut hosted = Hosted::of(&entry);
            let thread = hear.map(|act| {
                hosted.select(0);
                let (mut running, thread) = started(|| hosted.activate(f64::from(RATE_HZ), BLOCK));
                play(&mut running, &tone(seconds(0.2)));
                if act != GO_ON {
                    strike(thread, act);
                }
                hosted.deactivate(running);
                thread
            });
            assert!(is_mapped(&library));
            drop(hosted);
            drop(entry);
            thread
        });
        host.join().expect("a host that closes it")
    };
    assert_eq!(in_host(None), None);
    assert!(!is_mapped(&library), "nothing runs in there");
    for act in [GO_ON, STALL] {
        let thread = in_host(Some(act)).expect("a thread heard");
        assert!(is_mapped(&library), "threads run in there");
        assert_eq!(ears().contains(&thread), act == STALL);
        ACT.store(GO_ON, Ordering::SeqCst);
        eventually("the end of the thread", || !ears().contains(&thread));
    }
    let _ = std::fs::remove_file(library);
}

/// A host that asks for much at once, and does not say that it renders, is not made to wait.
#[test]
fn a_burst_that_is_no_declared_render_is_not_waited_for() {
    let _alone = alone();
    ACT.store(GO_ON, Ordering::SeqCst);
    let activation = Activation {
        rate_hz: f64::from(RATE_HZ),
        max_block: BLOCK,
        channels: 1,
        sidechain_channels: 0,
        offline: false,
    };
    let shared = Arc::new(Shared::new());
    let activate = || Processor::activate(Arc::clone(&shared), &activation).expect("it activates");
    let (mut processor, thread) = started(activate);
    play(&mut processor, &tone(seconds(0.2)));
    strike(thread, STALL);
    let input = tone(seconds(4.0));
    let waits = || -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").expect("this thread");
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).expect("a count");
        line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).expect("a number")
    };
    let before = waits();
    for block in input.chunks(BLOCK) {
        processor.play(&mut block.to_vec());
    }
    assert_eq!(waits(), before, "it waited");
    assert!(shared.status().underruns > 100, "the ear gave nothing");
    ACT.store(GO_ON, Ordering::SeqCst);
}
