//! `earmark mix`: speech and noise at a given ratio.

use std::io::Write;

use anyhow::{Context, Result};
use earmark_core::audio::{SampleFormat, Source, mix, read_mono};
use earmark_core::batch::Outputs;
use earmark_core::render::WavWriter;
use earmark_core::report::decimals;

use crate::args::MixArgs;
use crate::console::Console;

pub fn run(args: &MixArgs, console: &Console) -> Result<()> {
    Outputs::beside_paths([args.speech.as_path(), &args.noise]).claim_file(&args.output)?;
    let rate_hz = Source::open(&args.speech)?.info().rate_hz;
    let speech = read_mono(&args.speech, rate_hz)?;
    let noise = read_mono(&args.noise, rate_hz)?;
    let mixed = mix(&speech, &noise, args.snr)
        .with_context(|| format!("{} and {}", args.speech.display(), args.noise.display()))?;
    let mut out = WavWriter::create(&args.output, rate_hz, 1, SampleFormat { bits: 32, float: true })?;
    out.write(&mixed.samples)?;
    out.finish()?;
    if mixed.attenuation_db > 0.0 {
        console.warn(&format!(
            "{}: turned down by {:.2} dB, or it would clip",
            args.output.display(),
            mixed.attenuation_db
        ));
    }
    writeln!(std::io::stdout(), "{}: SNR {} dB", args.output.display(), decimals(mixed.measured_snr_db, 3))?;
    Ok(())
}
