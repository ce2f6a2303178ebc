//! A recording through a preset into another file.
//!
//! ```text
//! cargo run --release -p earmark-core --example render_file [-- RECORDING OUTPUT.flac]
//! ```

use std::error::Error;
use std::path::PathBuf;

use earmark_core::audio::Source;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::gate::preset;
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::pipeline::{AudioTarget, FileRenderer, Observer, Pass, Recording, RenderSettings};

/// Prints every tenth second that is done. It could stop the work as well.
struct Progress {
    printed_s: f64,
}

impl Observer for Progress {
    fn begin(&mut self, pass: Pass, duration_s: Option<f64>) {
        println!("{pass:?}, {:.1} s", duration_s.unwrap_or(f64::NAN));
        self.printed_s = 0.0;
    }
    fn at(&mut self, seconds: f64) {
        if seconds >= self.printed_s + 10.0 {
            self.printed_s = seconds;
            println!("  {seconds:5.1} s");
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    run(arguments.next(), arguments.next())
}

fn run(input: Option<PathBuf>, output: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/programme.flac");
    let input = input.unwrap_or_else(|| shipped.into());
    let output = output.unwrap_or_else(|| folder.path().join("rendered.flac"));

    let pack = Pack::find(pack::STUDIO)?;
    let settings = RenderSettings::new(preset("podcast")?, pack.manifest());
    let renderer = FileRenderer::new(settings, pack.manifest())?;
    let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::Throughput)?;
    let recording = Recording::File(input.clone());
    let rendered = renderer.render(
        &detector,
        None,
        &recording,
        AudioTarget::File(&output),
        None,
        &mut Progress { printed_s: 0.0 },
    )?;
    println!("turned down for {:.1} s", rendered.summary.gain.changed_s);

    let (before, after) = (Source::open(&input)?, Source::open(&output)?);
    assert_eq!(before.info().samples, after.info().samples, "nothing is longer or shorter");
    assert!(rendered.summary.gain.changed_s > 0.0, "something was turned down");
    Ok(())
}

#[cfg(test)]
#[test]
fn it_holds_on_what_is_shipped() -> Result<(), Box<dyn Error>> {
    run(None, None)
}
