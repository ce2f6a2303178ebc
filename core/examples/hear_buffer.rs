//! A buffer of samples in, speech from when to when out.
//!
//! ```text
//! cargo run --release -p earmark-core --example hear_buffer [-- RECORDING]
//! ```

use std::error::Error;
use std::path::PathBuf;

use earmark_core::Label;
use earmark_core::audio::Source;
use earmark_core::decide::{TimelineSettings, segment};
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    run(std::env::args_os().nth(1).map(PathBuf::from))
}

fn run(asked: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/programme.flac");
    let path = asked.clone().unwrap_or_else(|| shipped.into());

    // Any buffer of interleaved samples will do; this one comes from a file.
    let mut source = Source::open(&path)?;
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let mut samples = Vec::new();
    while let Some(block) = source.next_block()? {
        samples.extend_from_slice(block);
    }

    let detector =
        Detector::load(&Runtime::embedded()?, Pack::find(pack::STUDIO)?, DetectorMode::Throughput)?;
    let scores = detector.detect_samples(&samples, rate_hz, channels)?;
    let timeline = segment(&scores, &TimelineSettings::for_pack(detector.pack().manifest()));
    for part in timeline.of(&Label::SPEECH) {
        println!("{:8.2} s to {:8.2} s, confidence {:.2}", part.start_s, part.end_s, part.confidence);
    }

    if asked.is_none() {
        // Somebody speaks for 21.8 s of the shipped programme: examples/programme.truth.csv.
        let spoken_s = timeline.total_s(&Label::SPEECH);
        assert!((spoken_s - 21.8).abs() < 2.0, "{spoken_s} s of speech");
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn it_holds_on_what_is_shipped() -> Result<(), Box<dyn Error>> {
    run(None)
}
