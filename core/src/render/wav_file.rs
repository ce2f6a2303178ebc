//! WAV files on their own, complete or not at all.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::{Metadata, RenderError, StreamFormat, WavOut};
use crate::audio::SampleFormat;
use crate::output::{OutputError, SafeFile};

/// Writes interleaved `f32` as integers of 8, 16, 24 or 32 bits or 32-bit float. The file appears with
/// [`WavWriter::finish`].
#[derive(Debug)]
pub struct WavWriter {
    file: SafeFile,
    wav: WavOut<BufWriter<File>>,
}

impl WavWriter {
    /// Begins to write `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be created or WAV does not have the format.
    pub fn create(
        path: &Path,
        rate_hz: u32,
        channels: u16,
        format: SampleFormat,
    ) -> Result<Self, OutputError> {
        let file = SafeFile::create(path)?;
        let format = StreamFormat { rate_hz, channels, bits: format.bits, float: format.float };
        let out = BufWriter::new(file.handle()?);
        let wav = WavOut::new(out, format, &Metadata::default()).map_err(|e| said_of(path, e))?;
        Ok(Self { file, wav })
    }

    /// Appends interleaved samples, rounded to the nearest (ties to even) and limited to full scale;
    /// `v / full_scale(bits)` comes back exactly.
    ///
    /// # Errors
    ///
    /// If the disk is full or writing fails.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), OutputError> {
        self.wav.write(interleaved).map_err(|e| said_of(self.file.path(), e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written; nothing is left behind then.
    pub fn finish(self) -> Result<(), OutputError> {
        self.wav.finish().map_err(|e| said_of(self.file.path(), e))?;
        self.file.commit()
    }
}

fn said_of(path: &Path, error: RenderError) -> OutputError {
    let path = path.to_owned();
    match error {
        RenderError::DiskFull => OutputError::DiskFull { path },
        RenderError::Write(source) => OutputError::from_io(&path, source),
        other => OutputError::Format { path, what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Source;

    #[test]
    fn written_files_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let samples: Vec<f32> = (-1_000_i16..1_000).map(|n| f32::from(n) / 1_024.0).collect();
        for (bits, float) in [(16, false), (24, false), (32, false), (32, true)] {
            let format = SampleFormat { bits, float };
            for channels in [1, 2, 8] {
                let path = folder.path().join("out.wav");
                let mut writer = WavWriter::create(&path, 48_000, channels, format).unwrap();
                writer.write(&samples).unwrap();
                writer.finish().unwrap();
                let mut source = Source::open(&path).unwrap();
                let mut read = Vec::new();
                while let Some(block) = source.next_block().unwrap() {
                    read.extend_from_slice(block);
                }
                assert_eq!((&read, source.info().channels), (&samples, channels));
                assert_eq!(source.info().sample_format, format);
            }
        }
        let path = folder.path().join("loud.wav");
        let mut writer = WavWriter::create(&path, 8_000, 1, SampleFormat { bits: 16, float: false }).unwrap();
        writer.write(&[2.0, -2.0]).unwrap();
        drop(writer);
        assert!(!path.exists());
        let odd = WavWriter::create(&path, 8_000, 1, SampleFormat { bits: 12, float: false });
        assert!(matches!(odd, Err(OutputError::Format { .. })));
        assert!(!path.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_is_said() {
        let format = SampleFormat { bits: 16, float: false };
        let result = WavWriter::create("/dev/full".as_ref(), 8_000, 1, format).and_then(|mut writer| {
            writer.write(&[0.0; 100_000])?;
            writer.finish()
        });
        assert!(matches!(result, Err(OutputError::DiskFull { .. })), "{result:?}");
    }
}
