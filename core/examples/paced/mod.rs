//! What examples share that play like a host: a clock, a signal, and what it all cost.

use std::path::Path;
use std::time::{Duration, Instant};

/// Time that nothing has played for before wake-ups are counted, and for which they are.
const STOPPED: Duration = Duration::from_secs(3);

/// What the audio thread took.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Time that passed.
    pub wall_s: f64,
    /// Of it, the time in calls.
    busy: Duration,
    longest: Duration,
    /// Calls that took longer than their block lasts, and calls that began more than a block late.
    too_long: u32,
    too_late: u32,
}

impl Pace {
    /// Calls `block` once per period, as an audio thread is called.
    pub fn play(blocks: u64, period: Duration, mut block: impl FnMut(u64)) -> Self {
        let begun = Instant::now();
        let mut due = begun;
        let zero = Duration::ZERO;
        let mut pace = Self { wall_s: 0.0, busy: zero, longest: zero, too_long: 0, too_late: 0 };
        for index in 0..blocks {
            let now = Instant::now();
            match due.checked_duration_since(now) {
                Some(wait) => std::thread::sleep(wait),
                None => pace.too_late += u32::from(now - due > period),
            }
            due += period;
            let called = Instant::now();
            block(index);
            let took = called.elapsed();
            pace.busy += took;
            pace.longest = pace.longest.max(took);
            pace.too_long += u32::from(took > period);
        }
        pace.wall_s = begun.elapsed().as_secs_f64();
        pace
    }

    /// Says it, with processor time as it was before.
    pub fn print(&self, processor_before: Option<f64>) {
        println!(
            "audio thread: {:.2} % of real time, longest call {:.2} ms, {} calls longer than their block, {} begun more than \
             a block late",
            100.0 * self.busy.as_secs_f64() / self.wall_s,
            self.longest.as_secs_f64() * 1e3,
            self.too_long,
            self.too_late,
        );
        if let (Some(before), Some(after)) = (processor_before, processor_seconds()) {
            println!("processor time of all threads: {:.2} of one core", (after - before) / self.wall_s);
        }
    }
}

/// White noise at −20 dBFS, the same in every run.
pub fn noise() -> impl Iterator<Item = f32> {
    let mut state = 1_u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0) * 0.17
    })
}

/// Processor time of this process so far, where the system tells it in this way (Linux, 100 ticks per second).
pub fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(')').next()?;
    let mut ticks = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}

/// Waits until nothing has played for a while, and says how often the threads that hear wake up (Linux).
pub fn print_wake_ups() {
    std::thread::sleep(STOPPED);
    if let Some(before) = wake_ups() {
        std::thread::sleep(STOPPED);
        let woken = wake_ups().unwrap_or(0).saturating_sub(before);
        println!("wake-ups while nothing plays: {:.1} a second", f64::from(woken) / STOPPED.as_secs_f64());
    }
}

/// How often these threads gave up their processor so far.
fn wake_ups() -> Option<u32> {
    let of_thread = |folder: &Path| {
        let name = std::fs::read_to_string(folder.join("comm")).ok()?;
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        name.starts_with("earmark").then(|| line.trim().parse::<u32>().ok()).flatten()
    };
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    Some(threads.filter_map(|thread| of_thread(&thread.ok()?.path())).sum())
}
