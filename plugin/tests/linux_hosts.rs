//! LADSPA and LV2 in programs that others wrote: `ffmpeg`, `liquidsoap` and `pipewire` (LADSPA), `lv2_validate` and `lv2apply`
//! (LV2), as Debian brings them (`ffmpeg`, `liquidsoap`, `pipewire`, `pipewire-bin`, `lilv-utils`, `lv2-dev`, `sordi`).
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test program")]

#[path = "../../tests/required.rs"]
#[allow(dead_code, reason = "no variable is asked for here")]
mod required;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use earmark_core::audio::Source;
use earmark_plugin::params::id;
use earmark_plugin::ports::PIECE;
use earmark_plugin::{Activation, Block, Processor, Shared};

const RATE_HZ: u32 = 24_000;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac")
}

fn programme() -> Vec<f32> {
    let mut source = Source::open(&example()).expect("the programme");
    assert_eq!((source.info().rate_hz, source.info().channels), (RATE_HZ, 1));
    let mut samples = Vec::new();
    while let Some(block) = source.next_block().expect("it decodes") {
        samples.extend_from_slice(block);
    }
    samples
}

fn library() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let library = test.parent().expect("a folder").join("libearmark_plugin.so");
    assert!(library.is_file(), "{} was built with this test", library.display());
    library
}

/// What an offline render of the processor gives, which every format layer gives: as long as the input, late by the latency.
fn rendered(set: &[(earmark_plugin::ParamId, f64)], input: &[f32]) -> Vec<f32> {
    let shared = Arc::new(Shared::new());
    set.iter().for_each(|(id, value)| shared.set(*id, *value));
    let activation = Activation {
        rate_hz: f64::from(RATE_HZ),
        max_block: PIECE,
        channels: 1,
        sidechain_channels: 0,
        offline: true,
    };
    let mut processor = Processor::activate(shared, &activation).expect("it activates");
    let mut output = input.to_vec();
    for piece in output.chunks_mut(PIECE) {
        let mut main = [piece];
        processor.process(Block { main: &mut main, sidechain: &[], label_cv: &mut [] }, &[], &mut (), true);
    }
    output
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{told}\n{}", String::from_utf8_lossy(&output.stdout));
    output.stdout
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four"))).collect()
}

fn ffmpeg(filter: &str) -> Vec<f32> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(example()).args(["-af", filter, "-f", "f32le", "-c:a"]);
    floats(&run(command.args(["pcm_f32le", "-"])))
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("-version").output().is_ok()
}

#[test]
fn ffmpeg_renders_with_ladspa_what_every_other_format_renders() {
    if !is_there("ffmpeg") {
        return required::skip("ffmpeg is missing; `cargo xtask check` installs it");
    }
    let filter =
        |label: &str, rest: &str| format!("ladspa=file={}:plugin={label}{rest}", library().display());
    let input = programme();
    let plain = rendered(&[], &input);
    assert!(plain != input, "something is gated");
    assert!(ffmpeg(&filter("earmark_offline", "")) == plain, "the same bytes with all defaults");
    let set = [(id::MODE, 1.0), (id::KEEP, 2.0), (id::DUCK_DB, 20.0), (id::ATTACK_MS, 40.0)];
    let controls = earmark_plugin::ports::controls()
        .enumerate()
        .filter_map(|(number, spec)| {
            set.iter().find(|(id, _)| *id == spec.id).map(|(_, value)| format!("c{number}={value}"))
        })
        .collect::<Vec<_>>()
        .join("|");
    let other = ffmpeg(&filter("earmark_offline", &format!(":controls={controls}")));
    assert!(other == rendered(&set, &input), "the same bytes with {controls}");
    assert!(other != plain);
    // ffmpeg runs faster than real time: a real-time label does not wait for its ear and lets what it did not hear pass.
    assert_eq!(ffmpeg(&filter("earmark", "")).len(), input.len());
    assert_eq!(ffmpeg(&filter("earmark_offline_stereo", "")).len(), 2 * input.len());
}

/// A folder with the library as hosts of LADSPA look for it.
fn ladspa_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::copy(library(), folder.path().join("earmark.so")).expect("copied");
    folder
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Once the example named a variable that Liquidsoap does not know.
#[test]
fn the_example_for_liquidsoap_renders_what_every_other_format_renders() {
    if !is_there("liquidsoap") {
        return required::skip("liquidsoap is missing; `cargo xtask check` installs it");
    }
    let folder = ladspa_folder();
    std::os::unix::fs::symlink(
        root().join("examples").canonicalize().expect("it is there"),
        folder.path().join("examples"),
    )
    .expect("linked");
    let mut host = Command::new("liquidsoap");
    host.current_dir(folder.path()).env("LIQ_LADSPA_DIRS", folder.path());
    // A machine that builds is often root's.
    run(host.args(["settings.init.allow_root.set(true)", "examples/ladspa/gate.liq"]));
    // It leaves the length in the header open.
    let wav = std::fs::read(folder.path().join("gated.wav")).expect("a file");
    let data = 8 + wav.windows(4).position(|word| word == b"data").expect("a chunk of samples");
    let sample = |bytes: &[u8]| i16::from_le_bytes(bytes.try_into().expect("two"));
    let got: Vec<i16> = wav[data..].chunks_exact(2).map(sample).collect();
    let expected = rendered(&[], &programme());
    // It works in frames of 40 ms, and leaves out the last one, which is not whole.
    assert!(got.len() + 960 > expected.len(), "{} of {}", got.len(), expected.len());
    for (place, (got, expected)) in got.iter().zip(&expected).enumerate() {
        // Its own rounding to 16 bits.
        let apart = (f64::from(*got) / 32_767.0 - f64::from(*expected)).abs();
        assert!(apart < 2.0 / 32_768.0, "sample {place}: {got} for {expected}");
    }
}

/// A program that runs until it is dropped.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn pipewire_makes_a_microphone_of_the_example() {
    if !is_there("pipewire") || !is_there("pw-cli") {
        return required::skip("pipewire or pipewire-bin is missing; `cargo xtask check` installs them");
    }
    let folder = ladspa_folder();
    let drop_ins = folder.path().join("pipewire/pipewire.conf.d");
    std::fs::create_dir_all(&drop_ins).expect("a folder");
    std::fs::copy(root().join("examples/ladspa/pipewire.conf"), drop_ins.join("earmark.conf"))
        .expect("copied");
    let with_places = |program: &str| {
        let mut command = Command::new(program);
        command.env("XDG_RUNTIME_DIR", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        command.env("LADSPA_PATH", folder.path()).env_remove("DISPLAY");
        command
    };
    let quiet = std::process::Stdio::null;
    let daemon = with_places("pipewire").stdout(quiet()).stderr(quiet()).spawn().expect("it starts");
    let _running = Running(daemon);
    let began = std::time::Instant::now();
    loop {
        let told = with_places("pw-cli").args(["ls", "Node"]).output().expect("it starts");
        let told = String::from_utf8_lossy(&told.stdout);
        // The module names both nodes only when the library was loaded and its controls were found.
        if told.contains("\"capture.earmark\"") && told.contains("\"earmark\"") {
            return;
        }
        assert!(began.elapsed().as_secs() < 60, "no such nodes in\n{told}");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

/// The folder that `cargo xtask bundle` makes.
fn lv2_bundle() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("earmark.lv2");
    std::fs::create_dir(&bundle).expect("a folder");
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("lv2");
    for name in ["manifest.ttl", "earmark.ttl"] {
        std::fs::copy(texts.join(name), bundle.join(name)).expect("copied");
    }
    std::fs::copy(library(), bundle.join("earmark.so")).expect("copied");
    folder
}

#[test]
fn lv2_is_valid_and_renders_in_a_host() {
    if !is_there("lv2apply") || !is_there("lv2_validate") {
        return required::skip("lilv-utils, lv2-dev or sordi is missing; `cargo xtask check` installs them");
    }
    let folder = lv2_bundle();
    let bundle = folder.path().join("earmark.lv2");
    let texts = ["manifest.ttl", "earmark.ttl"].map(|name| bundle.join(name));
    let told = run(Command::new("lv2_validate").args(&texts));
    assert!(!String::from_utf8_lossy(&told).contains("error:"), "{}", String::from_utf8_lossy(&told));
    let (wav, out) = (folder.path().join("in.wav"), folder.path().join("out.wav"));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let input = programme();
    let mut writer = hound::WavWriter::create(&wav, spec).expect("a file");
    input.iter().for_each(|sample| writer.write_sample(*sample).expect("written"));
    writer.finalize().expect("a whole file");
    // By its symbol, since this host knows no designations.
    let mut host = Command::new("lv2apply");
    host.env("LV2_PATH", folder.path()).args(["-i"]).arg(&wav).arg("-o").arg(&out);
    run(host.args(["-c", "free_wheeling", "1.0", "urn:earmark:lv2:mono"]));
    let mut reader = hound::WavReader::open(&out).expect("a file");
    let output: Vec<f32> = match reader.spec().sample_format {
        hound::SampleFormat::Float => reader.samples().map(|sample| sample.expect("a sample")).collect(),
        hound::SampleFormat::Int => panic!("{:?}", reader.spec()),
    };
    let expected = rendered(&[], &input);
    assert!(output[..expected.len()] == expected, "the same bytes as everywhere");
}
