//! The same audio through the format-free processor: what every host must give.

use std::path::Path;
use std::sync::Arc;

use earmark_plugin::params::ParamId;
use earmark_plugin::{Activation, Block, EventSink, Processor, Shared};

/// Speech that ends, a pause, music: seconds of the shipped programme.
const FROM_S: usize = 6;
const LENGTH_S: usize = 6;

/// Audio to process: `channels` that differ.
pub fn input(rate_hz: u32, channels: usize) -> Vec<Vec<f32>> {
    let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mono = earmark_core::audio::read_mono(&programme, rate_hz).expect("the shipped programme");
    let rate = usize::try_from(rate_hz).expect("a rate");
    let part = &mono[FROM_S * rate..(FROM_S + LENGTH_S) * rate];
    let channel = |channel: usize| {
        let delayed = std::iter::repeat_n(0.0, 7 * channel).chain(part.iter().copied()).take(part.len());
        // Exact in single precision.
        let gain = if channel.is_multiple_of(2) { 0.5 } else { -0.25 };
        delayed.map(|sample| sample * gain).collect()
    };
    (0..channels).map(channel).collect()
}

/// Writes down what a processor puts out.
#[derive(Debug, Default, PartialEq)]
pub struct Recorder {
    /// Where the block begins that is processed.
    pub start: usize,
    /// Sample, key, begins.
    pub notes: Vec<(usize, u8, bool)>,
    /// Sample, controller, value.
    pub controllers: Vec<(usize, u8, u8)>,
    /// Parameter, normalised value.
    pub parameters: Vec<(u32, f64)>,
}

impl Recorder {
    fn at(&self, offset: u32) -> usize {
        self.start + usize::try_from(offset).expect("an offset")
    }
}

impl EventSink for Recorder {
    fn param(&mut self, _offset: u32, id: ParamId, plain: f64) {
        self.parameters.push((id.0, id.spec().normalise(plain)));
    }

    fn gesture(&mut self, _offset: u32, _id: ParamId, _begins: bool) {}

    fn note(&mut self, offset: u32, key: u8, on: bool) {
        self.notes.push((self.at(offset), key, on));
    }

    fn controller(&mut self, offset: u32, controller: u8, value: u8) {
        self.controllers.push((self.at(offset), controller, value));
    }
}

/// Runs `input` and silence of the latency's length through a processor with these normalised parameters. Gives the
/// latency and the output, which is as long as the input and on time.
pub fn render(
    input: &[Vec<f32>],
    rate_hz: u32,
    max_block: usize,
    sidechain: Option<&[Vec<f32>]>,
    settings: &[(ParamId, f64)],
) -> (usize, Vec<Vec<f32>>) {
    let (latency, planes, _) = record(input, rate_hz, max_block, sidechain, settings);
    (latency, planes.into_iter().map(|plane| plane[latency..].to_vec()).collect())
}

/// As [`render`], with all that was put out; the output is as late as the latency, and longer by it.
pub fn record(
    input: &[Vec<f32>],
    rate_hz: u32,
    max_block: usize,
    sidechain: Option<&[Vec<f32>]>,
    settings: &[(ParamId, f64)],
) -> (usize, Vec<Vec<f32>>, Recorder) {
    let shared = Arc::new(Shared::new());
    for &(id, normalised) in settings {
        shared.set(id, id.spec().plain(normalised));
    }
    let channels = |planes: &[Vec<f32>]| u16::try_from(planes.len()).expect("a few channels");
    let activation = Activation {
        rate_hz: f64::from(rate_hz),
        max_block,
        channels: channels(input),
        sidechain_channels: sidechain.map_or(0, channels),
        offline: true,
    };
    let mut processor = Processor::activate(shared, &activation).expect("a processor");
    let latency = usize::try_from(processor.latency_samples()).expect("a latency");
    let padded = |planes: &[Vec<f32>]| -> Vec<Vec<f32>> {
        planes
            .iter()
            .map(|plane| plane.iter().copied().chain(std::iter::repeat_n(0.0, latency)).collect())
            .collect()
    };
    let mut main = padded(input);
    let side = padded(sidechain.unwrap_or_default());
    let samples = main[0].len();
    let mut recorder = Recorder::default();
    let mut start = 0;
    while start < samples {
        let end = samples.min(start + max_block);
        let mut planes: Vec<&mut [f32]> = main.iter_mut().map(|plane| &mut plane[start..end]).collect();
        let heard: Vec<&[f32]> = side.iter().map(|plane| &plane[start..end]).collect();
        let block = Block { main: &mut planes, sidechain: &heard, label_cv: &mut [] };
        recorder.start = start;
        processor.process(block, &[], &mut recorder, true);
        start = end;
    }
    (latency, main, recorder)
}

/// Whether a render did something: parts as they were, parts turned down.
pub fn is_gated(input: &[Vec<f32>], output: &[Vec<f32>]) -> bool {
    let changed = input.iter().flatten().zip(output.iter().flatten()).filter(|(from, to)| from != to).count();
    let samples: usize = input.iter().map(Vec::len).sum();
    (samples / 20..samples * 19 / 20).contains(&changed)
}
