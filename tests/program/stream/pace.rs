//! How late events are, and what a stream takes that goes on for long.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times and counts of tests are small"
)]

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{kind, pcm, start_raw};

/// From the moment at which the last sample that a decision needs was written to the program's input, to that at which its
/// line came. `EARMARK_STREAM_SECONDS` makes it longer.
#[test]
fn an_event_comes_at_most_60_ms_after_the_sample_that_it_needs() {
    const BLOCK_MS: usize = 10;
    let seconds: usize =
        std::env::var("EARMARK_STREAM_SECONDS").map_or(20, |text| text.parse().expect("a number of seconds"));
    let (bytes, rate) = pcm();
    let block = rate as usize * BLOCK_MS / 1_000 * 2;
    let (mut child, mut input, lines) = start_raw(rate, &[]);
    assert_eq!(lines.next().as_ref().map(kind), Some("begin"));
    let reader = std::thread::spawn(move || std::iter::from_fn(|| lines.timed()).collect::<Vec<_>>());
    let began = Instant::now();
    let mut written = Vec::new();
    for index in 0..seconds * 1_000 / BLOCK_MS {
        let due = began + Duration::from_millis((index * BLOCK_MS) as u64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let at = index * block % (bytes.len() - block);
        written.push(Instant::now());
        input.write_all(&bytes[at..at + block]).unwrap();
    }
    drop(input);
    let mut delays_ms: Vec<f64> = reader
        .join()
        .unwrap()
        .into_iter()
        .filter_map(|(came, event)| {
            let decided = event["decided"].as_f64()?;
            let block = (decided * 1e3 / BLOCK_MS as f64 - 1e-6).ceil() as usize;
            // What the end decided was not waited for.
            let sent = written.get(block.checked_sub(1)?).filter(|_| block < written.len())?;
            Some(came.saturating_duration_since(*sent).as_secs_f64() * 1e3)
        })
        .collect();
    assert!(child.wait().unwrap().success());
    delays_ms.sort_by(f64::total_cmp);
    let of = |share: f64| delays_ms[((delays_ms.len() - 1) as f64 * share) as usize];
    assert!(delays_ms.len() >= seconds / 4, "only {} events", delays_ms.len());
    println!(
        "{} events in {seconds} s: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        delays_ms.len(),
        of(0.5),
        of(0.99),
        of(1.0)
    );
    // Beside other tests a program may have to wait for a processor: the long form, alone, is held to its p99.
    let held = if seconds > 60 { of(0.99) } else { of(0.5) };
    assert!(held <= 60.0, "{held:.1} ms");
}

/// Memory of a program in KiB.
#[cfg(target_os = "linux")]
pub fn resident_kib(pid: u32) -> u64 {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Six minutes in the check; `EARMARK_STREAM_HOURS=24` is the long form.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat_and_samples_are_counted_exactly() {
    let hours: f64 =
        std::env::var("EARMARK_STREAM_HOURS").map_or(0.1, |text| text.parse().expect("a number of hours"));
    let (bytes, rate) = pcm();
    let second = 2 * rate as usize;
    let pieces: Vec<&[u8]> = bytes.chunks_exact(second).collect();
    let seconds = (hours * 3_600.0) as usize;
    let (mut child, mut input, lines) = start_raw(rate, &["--when", "silence>1s"]);
    let reader = std::thread::spawn(move || {
        let mut last = Value::Null;
        while let Some(event) = lines.next() {
            last = event;
        }
        last
    });
    let mut settled = 0;
    for index in 0..seconds {
        input.write_all(pieces[index % pieces.len()]).unwrap();
        if index == seconds / 4 {
            settled = resident_kib(child.id());
        }
    }
    let last = resident_kib(child.id());
    drop(input);
    let end = reader.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!((kind(&end), end["samples"].as_u64()), ("end", Some(seconds as u64 * u64::from(rate))));
    println!("{hours} h: {settled} KiB after a quarter, {last} KiB at the end");
    assert!(settled > 0 && last < settled + 1_024, "{settled} KiB after a quarter, {last} KiB at the end");
}
