//! `earmark render --live`, the program: what every host must give.

use std::path::{Path, PathBuf};
use std::process::Command;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// What the program makes of planes of audio, as 32-bit float, with the gate that the plugin has by default and `flags`.
pub fn render_live(rate_hz: u32, input: &[Vec<f32>], flags: &[String]) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let preset = folder.path().join("preset.json");
    // Every field has its default.
    std::fs::write(&preset, r#"{"gate": {}}"#).expect("a preset");
    render_preset(rate_hz, input, &preset, flags)
}

/// The same with a preset of one's own.
pub fn render_preset(rate_hz: u32, input: &[Vec<f32>], preset: &Path, flags: &[String]) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [from, to] = ["in.wav", "out.wav"].map(|name| folder.path().join(name));
    write(&from, rate_hz, input);
    let output = Command::new(program())
        .args(["render", "--live", "--quiet", "--bits", "float", "--preset"])
        .arg(preset)
        .args(flags)
        .arg(&from)
        .arg("--output")
        .arg(&to)
        .env_remove("EARMARK_ONNXRUNTIME")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&to, input.len())
}

/// The program that cargo built into the same folder: `cargo test --workspace` builds it for its own tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let program = profile.join(format!("earmark{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is missing: `cargo test --workspace` builds it", program.display());
    program
}

fn write(path: &Path, rate_hz: u32, planes: &[Vec<f32>]) {
    let channels = u16::try_from(planes.len()).expect("a few channels");
    let spec =
        WavSpec { channels, sample_rate: rate_hz, bits_per_sample: 32, sample_format: SampleFormat::Float };
    let mut writer = WavWriter::create(path, spec).expect("a file");
    for index in 0..planes.first().map_or(0, Vec::len) {
        planes.iter().for_each(|plane| writer.write_sample(plane[index]).expect("a sample"));
    }
    writer.finalize().expect("a whole file");
}

fn read(path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let mut reader = WavReader::open(path).expect("the program's file");
    let spec = reader.spec();
    assert_eq!((spec.sample_format, spec.bits_per_sample), (SampleFormat::Float, 32));
    assert_eq!(usize::from(spec.channels), channels);
    let mut planes = vec![Vec::new(); channels];
    for (index, sample) in reader.samples::<f32>().enumerate() {
        planes[index % channels].push(sample.expect("a sample"));
    }
    planes
}
