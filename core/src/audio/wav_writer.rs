//! WAV files, complete or not at all.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::{SampleFormat, full_scale};
use crate::output::{OutputError, SafeFile};

/// Bytes of samples that fit beside the header in a file with 32-bit sizes.
const MAX_DATA_BYTES: u64 = u32::MAX as u64 - 1024;

/// Writes interleaved `f32` as 16-, 24- or 32-bit integers or 32-bit float. The file appears with
/// [`WavWriter::finish`].
pub struct WavWriter {
    file: SafeFile,
    writer: hound::WavWriter<BufWriter<File>>,
    format: SampleFormat,
    left: u64,
}

impl std::fmt::Debug for WavWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavWriter")
            .field("file", &self.file)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
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
        let sample_format = match (format.float, format.bits) {
            (false, 16 | 24 | 32) => hound::SampleFormat::Int,
            (true, 32) => hound::SampleFormat::Float,
            (float, bits) => {
                let what =
                    format!("{bits}-bit {} samples are not offered", if float { "float" } else { "integer" });
                return Err(OutputError::Format { path: path.to_owned(), what });
            }
        };
        if channels == 0 {
            let what = "a WAV file has at least one channel".to_owned();
            return Err(OutputError::Format { path: path.to_owned(), what });
        }
        let file = SafeFile::create(path)?;
        let spec =
            hound::WavSpec { channels, sample_rate: rate_hz, bits_per_sample: format.bits, sample_format };
        let writer =
            hound::WavWriter::new(BufWriter::new(file.handle()?), spec).map_err(|e| sentence(path, e))?;
        Ok(Self { file, writer, format, left: MAX_DATA_BYTES / u64::from(format.bits / 8) })
    }

    /// Appends interleaved samples. Integers are rounded to nearest and limited to full scale; `v / full_scale(bits)`
    /// comes back exactly.
    ///
    /// # Errors
    ///
    /// If the disk is full, the file would be too long, or writing fails.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), OutputError> {
        let too_long = || OutputError::TooLong { path: self.file.path().to_owned() };
        self.left = self.left.checked_sub(interleaved.len() as u64).ok_or_else(too_long)?;
        let written = if self.format.float {
            interleaved.iter().try_for_each(|&sample| self.writer.write_sample(sample))
        } else {
            let bits = self.format.bits;
            interleaved.iter().try_for_each(|&sample| self.writer.write_sample(quantise(sample, bits)))
        };
        written.map_err(|e| sentence(self.file.path(), e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written; nothing is left behind then.
    pub fn finish(self) -> Result<(), OutputError> {
        self.writer.finalize().map_err(|e| sentence(self.file.path(), e))?;
        self.file.commit()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the integer's range; NaN becomes 0")]
fn quantise(sample: f32, bits: u16) -> i32 {
    let scale = f64::from(full_scale(bits));
    (f64::from(sample) * scale).round().clamp(-scale, scale - 1.0) as i32
}

fn sentence(path: &Path, error: hound::Error) -> OutputError {
    match error {
        hound::Error::IoError(e) => OutputError::from_io(path, e),
        other => OutputError::Format { path: path.to_owned(), what: other.to_string() },
    }
}
