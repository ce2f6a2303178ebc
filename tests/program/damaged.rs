//! Recordings of all formats, damaged in all ways: the program neither crashes nor hangs nor fills the memory, and writes
//! nothing for what it could not hear. `cargo xtask check --deep` tries 2 000 of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{code, earmark, programme, stderr, workspace};

/// Files that are tried unless `EARMARK_DAMAGED_FILES` says another number.
const FILES: u32 = 60;
/// One that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(10);
/// Memory at the peak, KiB.
const MOST_KIB: u64 = 200 << 10;
/// Bytes of the programme that are taken: some seconds.
const PROGRAMME_BYTES: usize = 100_000;

/// The same numbers at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// Damages some bytes in one of the ways in which disks, networks and programs do.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) -> &'static str {
    let length = bytes.len();
    let block = 1 + numbers.below(length / 4);
    // Headers are where lies do most harm.
    let place = |numbers: &mut Numbers| {
        let within = if numbers.below(2) == 0 { length.min(300) } else { length };
        numbers.below(within)
    };
    match numbers.below(7) {
        0 => {
            for _ in 0..=numbers.below(24) {
                let at = place(numbers);
                bytes[at] ^= 1 << numbers.below(8);
            }
            "flipped bits"
        }
        1 => {
            for _ in 0..=numbers.below(8) {
                let at = place(numbers);
                bytes[at] = [0, 0xff, 0x7f, 0x80][numbers.below(4)];
            }
            "extreme bytes"
        }
        2 => {
            bytes.truncate(numbers.below(length));
            "cut off"
        }
        3 => {
            bytes.drain(..numbers.below(length));
            "without its beginning"
        }
        4 => {
            let from = numbers.below(length - block);
            let moved: Vec<u8> = bytes.drain(from..from + block).collect();
            let to = numbers.below(bytes.len());
            bytes.splice(to..to, moved);
            "swapped blocks"
        }
        5 => {
            let at = numbers.below(length - block);
            bytes[at..at + block].fill(0);
            "a block of zeros"
        }
        _ => {
            let from = numbers.below(length - block);
            let again = bytes[from..from + block].to_vec();
            let to = numbers.below(length);
            bytes.splice(to..to, again);
            "a block twice"
        }
    }
}

/// Whole recordings of every format.
fn originals() -> Vec<PathBuf> {
    let folder = workspace().join("tests/fixtures/audio");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths
        .retain(|path| !matches!(path.extension().and_then(|e| e.to_str()), Some("md" | "sh" | "py") | None));
    paths.sort();
    paths.push(programme());
    paths
}

/// The most memory that a process had so far, KiB, where the system says it.
fn peak_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

fn try_one(path: &Path, folder: &Path, what: &str) {
    let labels = folder.join("labels.csv");
    let arguments = ["tag", "--ffmpeg", "never", "-f", "csv", "-o"].map(std::ffi::OsStr::new);
    let paths = [labels.as_os_str(), path.as_os_str()];
    let mut child =
        earmark(arguments.iter().chain(&paths)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (begun, mut peak) = (Instant::now(), 0);
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_kib(child.id()).unwrap_or(0));
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            panic!("{what}: it hangs");
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    let output = child.wait_with_output().unwrap();
    let said = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{what}: {:?}: {said}", output.status);
    assert!(!said.contains("panicked"), "{what}: {said}");
    assert!(peak < MOST_KIB, "{what}: {peak} KiB");
    assert_eq!(labels.exists(), code(&output) == 0, "{what}: {said}");
    assert_eq!(said.contains("error: "), code(&output) == 1, "{what}: {said}");
    let left = crate::support::listing(folder);
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{what}: {left:?}");
    let _ = fs::remove_file(labels);
}

#[test]
fn damaged_recordings_do_no_harm() {
    let files = std::env::var("EARMARK_DAMAGED_FILES").map_or(FILES, |files| files.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let originals = originals();
    let mut numbers = Numbers(1);
    for (file, original) in (0..files).zip(originals.iter().cycle()) {
        let mut bytes = fs::read(original).unwrap();
        bytes.truncate(PROGRAMME_BYTES);
        let how = damage(&mut bytes, &mut numbers);
        let path = folder.path().join(original.file_name().unwrap());
        fs::write(&path, &bytes).unwrap();
        try_one(&path, folder.path(), &format!("file {file}, {}, {how}", original.display()));
        fs::remove_file(path).unwrap();
    }
}
