//! Running the binary and making small recordings.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The shipped programme and its truth.
pub fn programme() -> PathBuf {
    workspace().join("examples/programme.flac")
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds cli/").to_owned()
}

/// `earmark ARGS…`, not yet started.
pub fn earmark<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earmark"));
    command.args(args).stdin(Stdio::null()).env_remove("EARMARK_ONNXRUNTIME");
    command
}

/// Runs to the end.
pub fn run<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    earmark(args).output().expect("the binary starts")
}

/// Runs to the end, which must be a success; stdout.
pub fn ok<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    let output = run(args);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).expect("stdout is text")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

/// Names of what is in a folder, sorted.
pub fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("the folder is there")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Noise that sounds the same at every call: a linear congruential generator, −1..1.
pub fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 32_768.0
        })
        .collect()
}

/// Writes float samples (interleaved) as a WAV file.
pub fn write_wav(path: &Path, rate_hz: u32, channels: u16, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the file can be made");
    samples.iter().for_each(|&s| writer.write_sample(s).expect("a sample is written"));
    writer.finalize().expect("the file is closed");
}

/// One row of `earmark tag --format tsv`-like columns: start, end, label.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub start_s: f64,
    pub end_s: f64,
    pub label: String,
}

/// Reads the default text output.
pub fn rows(text: &str) -> Vec<Row> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split_whitespace();
            let mut next = || columns.next().unwrap_or_else(|| panic!("four columns in {line:?}"));
            Row {
                start_s: next().parse().expect("a start in seconds"),
                end_s: next().parse().expect("an end in seconds"),
                label: next().to_owned(),
            }
        })
        .collect()
}
