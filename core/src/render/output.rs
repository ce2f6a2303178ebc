//! One face for everything that samples are written to.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{Container, FlacOut, Metadata, RenderError, StreamFormat, WavOut};
use crate::render::sink::Sink;

/// A file (or pipe) that takes interleaved samples.
#[derive(Debug)]
pub struct AudioOut {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Wav(Box<WavOut<BufWriter<File>>>),
    Flac(Box<FlacOut<BufWriter<File>>>),
    Pipe(Box<WavOut<Pipe>>),
}

/// Standard output or the like.
struct Pipe(Box<dyn Write + Send>);

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Bytes that go to the file at a time.
const BUFFER_BYTES: usize = 1 << 18;

impl AudioOut {
    /// Begins a file in the container that `path` asks for; `file` is where its bytes go (empty, open
    /// for writing: a temporary file beside it).
    /// `samples` per channel, when known.
    ///
    /// # Errors
    /// An ending that names no container, a format that the container cannot hold, or the writer's own.
    pub fn file(
        path: &Path,
        file: File,
        format: StreamFormat,
        metadata: &Metadata,
        samples: Option<u64>,
    ) -> Result<Self, RenderError> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let kind = match Container::of_path(path).ok_or(RenderError::Container)? {
            Container::Wav => Kind::Wav(Box::new(WavOut::new(out, format, metadata)?)),
            Container::Flac => Kind::Flac(Box::new(FlacOut::new(out, format, metadata, samples)?)),
        };
        Ok(Self { kind })
    }

    /// Begins a WAV on a pipe, such as standard output.
    ///
    /// # Errors
    /// As for [`WavOut::for_pipe`].
    pub fn pipe(
        out: Box<dyn Write + Send>,
        format: StreamFormat,
        metadata: &Metadata,
        samples: Option<u64>,
    ) -> Result<Self, RenderError> {
        Ok(Self { kind: Kind::Pipe(Box::new(WavOut::for_pipe(Pipe(out), format, metadata, samples)?)) })
    }

    /// Appends whole frames.
    ///
    /// # Errors
    /// The writer's own.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), RenderError> {
        match &mut self.kind {
            Kind::Wav(wav) => wav.write(interleaved),
            Kind::Flac(flac) => flac.write(interleaved),
            Kind::Pipe(wav) => wav.write(interleaved),
        }
    }

    /// Completes the file. Until then it is not valid.
    ///
    /// # Errors
    /// The writer's own; a pipe or FLAC that was promised another length.
    pub fn finish(self) -> Result<(), RenderError> {
        match self.kind {
            Kind::Wav(wav) => wav.finish().map(drop),
            Kind::Flac(flac) => flac.finish(),
            Kind::Pipe(wav) => wav.finish_pipe().map(drop),
        }
    }
}

/// An [`AudioOut`] on a thread of its own, so that decoding and gating go on while it encodes. Dropped before
/// [`OutThread::finish`], it leaves the output incomplete.
#[derive(Debug)]
pub(super) struct OutThread {
    /// Nothing once it has failed.
    sink: Option<Sink<Result<(), RenderError>>>,
}

impl OutThread {
    pub(super) fn new(mut out: AudioOut) -> Self {
        let sink = Sink::start(move |blocks| {
            let complete = blocks.each(|block| out.write(block))?;
            if complete { out.finish() } else { Ok(()) }
        });
        Self { sink: Some(sink) }
    }

    /// Hands whole frames over.
    ///
    /// # Errors
    /// What went wrong with earlier ones.
    pub(super) fn write(&mut self, interleaved: &[f32]) -> Result<(), RenderError> {
        match self.sink.take_if(|sink| !sink.give(interleaved)) {
            Some(failed) => failed.finish(),
            None => Ok(()),
        }
    }

    /// Waits until all is written and completes the output.
    ///
    /// # Errors
    /// Whatever is still wrong.
    pub(super) fn finish(self) -> Result<(), RenderError> {
        self.sink.map_or(Ok(()), Sink::finish)
    }
}
