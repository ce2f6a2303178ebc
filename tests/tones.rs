//! A pack that is made on the spot: four labels, each of which is on while a tone of its own sounds.
//!
//! Its network is two small matrices on the shipped packs' features, so small that its ONNX file is written by hand here. It says what is known beforehand, which no trained pack does; and it has `singing`, whatever is shipped. As in
//! trained packs, singing is music too: the tone of singing puts `music` on as well.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::path::Path;

use earmark_core::Label;
use earmark_core::model::pack::{LIVE, Pack};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The labels in the order of the pack.
pub const LABELS: [Label; 4] = [Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE];
/// Those of a pack that does not tell singing from music; it hears the same tones.
pub const WITHOUT_SINGING: [Label; 3] = [Label::SPEECH, Label::MUSIC, Label::NOISE];

/// The mel band that a label listens to.
const BANDS: [u16; 4] = [12, 26, 38, 50];
const MEL_BANDS: usize = 64;
/// From this power in its band on, dB, a label is more likely on than off; a tone of 0.3 has about 25 dB, beside it −50 dB.
const OPENS_DB: f32 = -10.0;
/// What a decibel does to a tone's logit.
const SLOPE: f32 = 0.5;
/// The logit of a label that is on; one that is off has as much below 0: probabilities of 0.999 and 0.001.
const SURE: f32 = 7.0;

/// The tone that puts `label` on, Hz: the middle of its band.
///
/// # Panics
/// For a label that the pack does not have.
pub fn tone_hz(label: &Label) -> f64 {
    let place = LABELS.iter().position(|known| known == label).expect("a label of the pack");
    let mel = |hz: f64| 2_595.0 * (1.0 + hz / 700.0).log10();
    let (low, high) = (mel(50.0), mel(7_600.0));
    let middle = low + (high - low) * f64::from(BANDS[place] + 1) / 65.0;
    700.0 * (10_f64.powf(middle / 2_595.0) - 1.0)
}

/// `seconds` of a label's tone at `rate_hz`, amplitude 0.3; silence for `None`. Faded in and out over 5 ms, so that no click
/// sounds in the other bands.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "test signals")]
pub fn tone(label: Option<&Label>, seconds: f64, rate_hz: u32) -> Vec<f32> {
    let rate = f64::from(rate_hz);
    let samples = (seconds * rate).round() as u32;
    let hz = label.map_or(0.0, tone_hz);
    (0..samples)
        .map(|n| {
            let edge_s = f64::from(n.min(samples - n)) / rate;
            (0.3 * (edge_s / 0.005).min(1.0) * (TAU * hz * f64::from(n) / rate).sin()) as f32
        })
        .collect()
}

/// Writes a pack that gives `labels`, some of [`LABELS`], into `folder`.
///
/// # Panics
/// If the folder cannot be written.
pub fn write_pack(folder: &Path, labels: &[Label]) {
    let model = model(labels);
    let mut hash = String::new();
    for byte in Sha256::digest(&model) {
        write!(hash, "{byte:02x}").expect("writing to a string does not fail");
    }
    let thresholds: serde_json::Map<_, _> =
        labels.iter().map(|label| (label.to_string(), json!({"open": 0.6, "close": 0.4}))).collect();
    let manifest = json!({
        "format": 1, "name": "tones", "version": "1.0.0", "task": "activity",
        "model": {"file": "model.onnx", "sha256": hash, "parameters": 280},
        "features": Pack::find(LIVE).expect("embedded").manifest().features,
        "input": "features", "output": "activity", "states": [], "time_axis": "T",
        "hop_frames": 4, "lookahead_frames": 0, "batch_frames": 400,
        "labels": labels, "thresholds": thresholds,
        "licence": "MIT OR Apache-2.0", "data": [], "metrics": "metrics.json", "card": "CARD.md",
    });
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, bytes) in [
        ("model.onnx", model.as_slice()),
        ("pack.json", manifest.to_string().as_bytes()),
        ("metrics.json", b"{}"),
        ("CARD.md", b"# tones\n\nMade in a test.\n"),
    ] {
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
}

/// One layer finds tones, the next says what is heard: `activity = sigmoid(sigmoid(features · in) · out)`, with biases.
fn model(labels: &[Label]) -> Vec<u8> {
    let mut bands = [[0.0_f32; LABELS.len()]; MEL_BANDS];
    for (tone, band) in BANDS.into_iter().enumerate() {
        bands[usize::from(band)][tone] = SLOPE;
    }
    // Who sings makes music.
    let puts_on =
        |tone: &Label, label: &Label| tone == label || (*tone == Label::SINGING && *label == Label::MUSIC);
    let weight = |tone, label| if puts_on(tone, label) { 2.0 * SURE } else { 0.0 };
    let rows = LABELS.iter().flat_map(|tone| labels.iter().map(move |label| weight(tone, label)));
    let (to_labels, tones) = (rows.collect::<Vec<f32>>(), LABELS.len());
    let (in_bias, out_bias) = ([-SLOPE * OPENS_DB; LABELS.len()], vec![-SURE; labels.len()]);

    let graph = [
        field(1, &node("MatMul", &["features", "bands"], "powers")),
        field(1, &node("Add", &["powers", "in_bias"], "tone_logits")),
        field(1, &node("Sigmoid", &["tone_logits"], "tones")),
        field(1, &node("MatMul", &["tones", "to_labels"], "sums")),
        field(1, &node("Add", &["sums", "out_bias"], "logits")),
        field(1, &node("Sigmoid", &["logits"], "activity")),
        field(2, b"tones"),
        field(5, &tensor("bands", &[MEL_BANDS, tones], bands.as_flattened())),
        field(5, &tensor("in_bias", &[tones], &in_bias)),
        field(5, &tensor("to_labels", &[tones, labels.len()], &to_labels)),
        field(5, &tensor("out_bias", &[labels.len()], &out_bias)),
        field(11, &value_info("features", [None, Some(MEL_BANDS)])),
        field(12, &value_info("activity", [None, Some(labels.len())])),
    ];
    let opset = [field(1, b""), number(2, 17)].concat();
    [number(1, 8), field(7, &graph.concat()), field(8, &opset)].concat()
}

// ONNX files are protocol buffers: fields of a number and bytes, or of a number and a number.

fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes())).collect::<Vec<u8>>();
    [inputs, field(2, output.as_bytes()), field(4, operator.as_bytes())].concat()
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Vec<u8> {
    const FLOAT: usize = 1;
    let dims = shape.iter().flat_map(|&size| number(1, size)).collect::<Vec<u8>>();
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    [dims, number(2, FLOAT), field(8, name.as_bytes()), field(9, &raw)].concat()
}

/// A tensor of one stream, and after that the open number of frames or a fixed size.
fn value_info(name: &str, [frames, columns]: [Option<usize>; 2]) -> Vec<u8> {
    const FLOAT: usize = 1;
    let dimension =
        |size: Option<usize>| field(1, &size.map_or_else(|| field(2, b"T"), |size| number(1, size)));
    let shape = [dimension(Some(1)), dimension(frames), dimension(columns)].concat();
    let tensor = [number(1, FLOAT), field(2, &shape)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

fn field(place: usize, bytes: &[u8]) -> Vec<u8> {
    [varint(place << 3 | 2), varint(bytes.len()), bytes.to_vec()].concat()
}

fn number(place: usize, value: usize) -> Vec<u8> {
    [varint(place << 3), varint(value)].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
