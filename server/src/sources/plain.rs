//! What is read to its end.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use earmark_core::audio::{AudioError, Source, SourceOptions};

use super::{Arrival, Input, Outlet, SourceError, SourceSettings, SourceState};

/// Reads the source to its end.
pub(super) fn run(settings: &SourceSettings, outlet: &Outlet) {
    let ended = open(settings).map_err(SourceError::from).and_then(|mut source| pass_on(&mut source, outlet));
    outlet.set(SourceState::Ended);
    outlet.send(Arrival::Ended(ended));
}

fn open(settings: &SourceSettings) -> Result<Source, AudioError> {
    let (name, pcm) = match &settings.input {
        Input::File(path) => (path.clone(), settings.pcm),
        _ => (PathBuf::from("standard input"), settings.pcm),
    };
    let options = SourceOptions { ffmpeg: settings.ffmpeg.clone(), ..SourceOptions::default() };
    let source = match (&settings.input, pcm) {
        (Input::File(path), None) => Source::open_with(path, &options)?,
        (Input::File(path), Some(format)) => {
            let file = File::open(path).map_err(|source| AudioError::Open { path: path.clone(), source })?;
            Source::from_pcm(&name, Box::new(file), format)?
        }
        (_, None) => Source::from_reader_with(&name, Box::new(io::stdin()), &options)?,
        (_, Some(format)) => Source::from_pcm(&name, Box::new(io::stdin()), format)?,
    };
    Ok(source.sanitised())
}

/// Sends what a source gives, until it ends or nobody listens.
fn pass_on(source: &mut Source, outlet: &Outlet) -> Result<(), SourceError> {
    let info = source.info();
    outlet.set(SourceState::Running);
    if !outlet.send(Arrival::Opened { rate_hz: info.rate_hz, channels: info.channels }) {
        return Ok(());
    }
    while let Some(block) = source.next_block()? {
        if !outlet.send(Arrival::Sound { samples: block.to_vec(), at: Instant::now() }) {
            return Ok(());
        }
    }
    Ok(())
}

/// The samples that a program writes to its standard output.
pub(super) fn samples_of(
    output: impl Read + Send + 'static,
    name: &str,
    format: earmark_core::audio::PcmFormat,
) -> Result<Source, AudioError> {
    Ok(Source::from_pcm(Path::new(name), Box::new(output), format)?.sanitised())
}
