//! `earmark frames`: what was heard every 10 ms.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use earmark_core::audio::Source;
use earmark_core::detect::DetectorMode;
use earmark_core::output::SafeFile;
use earmark_core::report::npy;
use earmark_core::{FrameGrid, FrameScores};

use super::hearing;
use crate::args::{FramesArgs, Global};
use crate::console::{Console, Usage};

pub fn run(args: &FramesArgs, global: &Global, console: &Console) -> Result<()> {
    let output = args.output.as_deref().filter(|p| p.as_os_str() != "-");
    let as_npy = match output.and_then(Path::extension).map(|e| e.to_ascii_lowercase()) {
        Some(e) if e == "npy" => true,
        None if output.is_some() => {
            return Err(Usage("name the output FILE.csv or FILE.npy".to_owned()).into());
        }
        Some(e) if e != "csv" => return Err(Usage("name the output FILE.csv or FILE.npy".to_owned()).into()),
        _ => false,
    };
    let pace = if args.live { DetectorMode::LowLatency } else { DetectorMode::Throughput };
    let detector = hearing::open_for(&args.pack.pack, pace, global, console)?;
    let stdin = args.input.as_os_str() == "-";
    let mut source = if stdin { Source::from_stdin()? } else { Source::open(&args.input)? };
    let name = if stdin { "stdin".to_owned() } else { args.input.display().to_string() };
    let heard = hearing::hear(&detector, &mut source, &name, console, |_| {})?;
    match output {
        None => write_csv(&heard, BufWriter::new(io::stdout().lock())).context("stdout"),
        Some(path) => {
            let mut bytes = Vec::new();
            if as_npy { write_npy(&heard, &mut bytes) } else { write_csv(&heard, &mut bytes) }?;
            Ok(SafeFile::write_all_to(path, &bytes)?)
        }
    }
}

/// `time,<labels>,level_dbfs`, one row per frame.
fn write_csv(heard: &FrameScores, mut out: impl Write) -> Result<()> {
    write!(out, "time")?;
    for label in &heard.labels {
        write!(out, ",{label}")?;
    }
    writeln!(out, ",level_dbfs")?;
    for frame in 0..heard.frames() {
        write!(out, "{:.2}", FrameGrid::seconds(frame as u64))?;
        for probability in heard.row(frame) {
            write!(out, ",{probability:.6}")?;
        }
        writeln!(out, ",{:.3}", heard.level_dbfs(frame))?;
    }
    Ok(out.flush()?)
}

/// frames × (labels, level): the columns of the CSV without the time.
fn write_npy(heard: &FrameScores, out: &mut impl Write) -> Result<()> {
    let columns = heard.labels.len() + 1;
    let mut values = Vec::with_capacity(heard.frames() * columns);
    for frame in 0..heard.frames() {
        values.extend_from_slice(heard.row(frame));
        values.push(heard.level_dbfs(frame));
    }
    Ok(npy::write(out, heard.frames(), columns, &values)?)
}
