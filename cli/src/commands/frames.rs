//! `earmark frames`: what was heard every 10 ms.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result};
use earmark_core::FrameScores;
use earmark_core::batch::{Input, Outputs, is_dash};
use earmark_core::output::SafeFile;
use earmark_core::pipeline::{detect_file, detect_while_heard};
use earmark_core::report::{FrameRows, FramesFormat};

use super::hearing::{self, Watch, recording};
use crate::args::{FramesArgs, Global};
use crate::console::{Console, Usage};

pub fn run(args: &FramesArgs, global: &Global, console: &Console) -> Result<()> {
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    let format = match output {
        None => FramesFormat::Csv,
        Some(path) => FramesFormat::of_path(path)
            .ok_or_else(|| Usage("name the output FILE.csv or FILE.npy".to_owned()))?,
    };
    let mut outputs = Outputs::beside_paths([args.input.as_path()]);
    args.output.as_deref().map_or(Ok(()), |path| outputs.claim(path))?;
    let detector = hearing::open(&args.pack.pack, hearing::mode(args.live), global, console)?;
    let input = Input { path: args.input.clone(), stem: args.input.clone() };
    let recording = recording(&input, global);
    if output.is_none() && recording.is_stream() {
        let mut rows = FrameRows::default();
        let write = |scores: &FrameScores| {
            let mut out = BufWriter::new(std::io::stdout().lock());
            rows.write(scores, &mut out).and_then(|()| out.flush())
        };
        detect_while_heard(&detector, &recording, &mut Watch::new(&input, console), write)?;
        return Ok(());
    }
    let scores = detect_file(&detector, &recording, &mut Watch::new(&input, console))?;
    match output {
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            format.write(&scores, &mut out).and_then(|()| out.flush()).context("stdout")
        }
        Some(path) => {
            let mut bytes = Vec::new();
            format.write(&scores, &mut bytes)?;
            Ok(SafeFile::write_all_to(path, &bytes)?)
        }
    }
}
