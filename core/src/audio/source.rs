//! One way to read audio, whatever it is stored in.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::coded::Coded;
use super::demux::Opened;
use super::info::{SampleFormat, SourceInfo};
use super::riff::is_name;
use super::wav_header::{Coding, HeaderError, WavHeader, read_header};
use super::wav_reader::WavReader;
use super::{AudioError, AudioWarning};
use crate::signal::units::samples_to_seconds;
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Bytes buffered between the system and a reader.
const BUFFER_BYTES: usize = 1 << 16;
/// Bytes of a stream kept while it is not yet known whether it is WAV. A WAV header that is longer can be read from a
/// stream too, unless it turns out to hold a codec that needs another reader.
const MAX_REPLAY_BYTES: usize = 1 << 20;

/// A stream of decoded audio.
///
/// ```no_run
/// # use earmark_core::audio::Source;
/// let mut source = Source::open("programme.flac".as_ref())?;
/// println!("{} Hz", source.info().rate_hz);
/// while let Some(block) = source.next_block()? {
///     // `block` is interleaved and holds whole frames.
/// }
/// # Ok::<(), earmark_core::audio::AudioError>(())
/// ```
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    info: SourceInfo,
    reader: Reader,
    block: Vec<f32>,
    /// Samples per channel handed out.
    position: u64,
    warnings: Vec<AudioWarning>,
    done: bool,
}

#[derive(Debug)]
enum Reader {
    Wav(WavReader),
    Coded(Box<Coded>),
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is no audio, or its header is damaged: see [`AudioError`].
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        let open_error = |source| AudioError::Open { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(open_error)?;
        if metadata.is_dir() {
            return Err(AudioError::Folder { path: path.to_owned() });
        }
        let mut file = File::open(path).map_err(open_error)?;
        if !metadata.is_file() {
            return Self::from_reader(path, Box::new(file));
        }
        let bytes = metadata.len();
        let mut buffered = BufReader::with_capacity(BUFFER_BYTES, &mut file);
        match read_header(&mut buffered, Some(bytes)) {
            Ok(header) => {
                let unheard = unheard_bytes(&mut file, &header, bytes).map_err(open_error)?;
                file.seek(SeekFrom::Start(header.offset)).map_err(open_error)?;
                let reader = Box::new(BufReader::with_capacity(BUFFER_BYTES, file));
                let mut source = Self::wav(path, reader, &header, Some(bytes))?;
                source.warnings.extend(unheard.and_then(|bytes| goes_on(&header, bytes)));
                Ok(source)
            }
            Err(_) if bytes == 0 => Err(AudioError::Empty { path: path.to_owned() }),
            Err(error) => {
                not_wav(path, &mut file, error)?;
                file.rewind().map_err(open_error)?;
                Self::coded(path, Coded::open(path, Opened::file(path, file)?)?)
            }
        }
    }

    /// Reads standard input. Streams cannot seek, so formats that keep their index at the end (some M4A) are refused.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn from_stdin() -> Result<Self, AudioError> {
        Self::from_reader("standard input".as_ref(), Box::new(io::stdin()))
    }

    /// Reads a stream; `name` stands for the file in messages.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn from_reader(name: &Path, reader: Box<dyn Read + Send>) -> Result<Self, AudioError> {
        let mut recorded =
            Recorded { inner: BufReader::with_capacity(BUFFER_BYTES, reader), bytes: Vec::new() };
        match read_header(&mut recorded, None) {
            Ok(header) => Self::wav(name, Box::new(recorded.inner), &header, None),
            Err(_) if recorded.bytes.is_empty() => Err(AudioError::Empty { path: name.to_owned() }),
            Err(error) => {
                not_wav(name, &mut Cursor::new(&recorded.bytes), error)?;
                if recorded.bytes.len() >= MAX_REPLAY_BYTES {
                    let what = "a compressed WAV with a long header in a stream".to_owned();
                    return Err(AudioError::Unsupported { path: name.to_owned(), what });
                }
                let stream = Box::new(Cursor::new(recorded.bytes).chain(recorded.inner));
                Self::coded(name, Coded::open(name, Opened::stream(name, stream)?)?)
            }
        }
    }

    fn wav(
        path: &Path,
        reader: Box<dyn Read + Send>,
        header: &WavHeader,
        bytes: Option<u64>,
    ) -> Result<Self, AudioError> {
        let format = header.format;
        let wav = WavReader::new(reader, header);
        let float = matches!(format.coding, Coding::Float32 | Coding::Float64);
        let (codec, bits) = match format.coding {
            Coding::ALaw => ("a-law", 16),
            Coding::MuLaw => ("mu-law", 16),
            _ if float => ("pcm float", format.bits),
            _ => ("pcm", format.bits),
        };
        let info = SourceInfo {
            rate_hz: format.rate_hz,
            channels: format.channels,
            sample_format: SampleFormat { bits, float },
            samples: wav.expected_frames(header, bytes),
            codec: codec.to_owned(),
            lossy: false,
        };
        let unknown = wav.length_unknown() && bytes != Some(header.offset);
        let warnings = if unknown { vec![AudioWarning::LengthUnknown] } else { Vec::new() };
        Self::new(path, info, Reader::Wav(wav), warnings)
    }

    fn coded(path: &Path, coded: Coded) -> Result<Self, AudioError> {
        Self::new(path, coded.info().clone(), Reader::Coded(Box::new(coded)), Vec::new())
    }

    fn new(
        path: &Path,
        info: SourceInfo,
        reader: Reader,
        warnings: Vec<AudioWarning>,
    ) -> Result<Self, AudioError> {
        let path = path.to_owned();
        if info.channels == 0 {
            return Err(AudioError::NoChannels { path });
        }
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&info.rate_hz) {
            return Err(AudioError::Rate { path, rate_hz: info.rate_hz });
        }
        Ok(Self { path, info, reader, block: Vec::new(), position: 0, warnings, done: false })
    }

    /// What the headers say.
    pub fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// The file's path, or the stream's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Samples per channel handed out so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// What was odd so far; complete once the source has ended.
    pub fn warnings(&self) -> &[AudioWarning] {
        &self.warnings
    }

    /// The next block, interleaved, or `None` at the end. Blocks have any length above zero.
    ///
    /// # Errors
    ///
    /// At damage in the stream (what came before is good), if a sample is not finite, or if reading fails. After an
    /// error the source has ended.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        if self.done {
            return Ok(None);
        }
        let got = match &mut self.reader {
            Reader::Wav(wav) => match wav.next_block(&mut self.block) {
                Ok(warning) => {
                    self.warnings.extend(warning);
                    Ok(())
                }
                Err(source) => {
                    let at_s = samples_to_seconds(self.position, self.info.rate_hz);
                    Err(AudioError::Read { path: self.path.clone(), at_s, source })
                }
            },
            Reader::Coded(coded) => coded.next_block(&self.path, &mut self.block),
        };
        let checked = got.and_then(|()| self.check_finite());
        if checked.is_err() || self.block.is_empty() {
            self.done = true;
            if let Reader::Coded(coded) = &mut self.reader {
                self.warnings.extend(coded.take_warnings());
            }
            return checked.map(|()| None);
        }
        self.position += (self.block.len() / usize::from(self.info.channels)) as u64;
        Ok(Some(&self.block))
    }

    fn check_finite(&self) -> Result<(), AudioError> {
        // The exponent of NaN and infinity is all ones; the maximum over the block vectorises, a search would not.
        let largest = self.block.iter().fold(0, |most: u32, s| most.max(s.to_bits() & 0x7fff_ffff));
        if largest < f32::INFINITY.to_bits() {
            return Ok(());
        }
        let index = self.block.iter().position(|s| !s.is_finite()).unwrap_or(0);
        let frame = self.position + (index / usize::from(self.info.channels)) as u64;
        Err(AudioError::NotFinite {
            path: self.path.clone(),
            at_s: samples_to_seconds(frame, self.info.rate_hz),
        })
    }
}

/// Bytes behind the samples that the header announces, if what follows them is no chunk.
fn unheard_bytes(file: &mut File, header: &WavHeader, bytes: u64) -> io::Result<Option<u64>> {
    let Some(data) = header.data_bytes else { return Ok(None) };
    let end = header.offset.saturating_add(data);
    let Some(unheard) = bytes.checked_sub(end).filter(|&n| n >= 8) else { return Ok(None) };
    file.seek(SeekFrom::Start(end))?;
    let mut next = [0; 5];
    file.read_exact(&mut next)?;
    // With or without the byte that makes an odd chunk even.
    let [a, b, c, d, e] = next;
    let chunk = is_name([a, b, c, d]) || data % 2 == 1 && is_name([b, c, d, e]);
    Ok((!chunk).then_some(unheard))
}

/// What is to be said of bytes behind the samples: nothing if they are a moment's worth, such as padding.
fn goes_on(header: &WavHeader, unheard_bytes: u64) -> Option<AudioWarning> {
    let frame_bytes = header.format.coding.bytes() as u64 * u64::from(header.format.channels);
    let told_s = samples_to_seconds(header.data_bytes? / frame_bytes, header.format.rate_hz);
    let unheard_s = samples_to_seconds(unheard_bytes / frame_bytes, header.format.rate_hz);
    (unheard_s >= 1.0).then_some(AudioWarning::GoesOn { told_s, unheard_s })
}

/// Returns if another reader may know the input; `start` is the input from its beginning.
fn not_wav(path: &Path, start: &mut (impl Read + Seek), error: HeaderError) -> Result<(), AudioError> {
    let path = path.to_owned();
    let mut id = [0; 4];
    // A file shorter than a WAV header may still be of another kind, such as text.
    let named_wav = start.rewind().and_then(|()| start.read_exact(&mut id)).is_ok()
        && [*b"RIFF", *b"RF64", *b"BW64", *b"riff"].contains(&id);
    match error {
        HeaderError::Io(source) => Err(AudioError::Read { path, at_s: 0.0, source }),
        HeaderError::NoChannels => Err(AudioError::NoChannels { path }),
        HeaderError::Damaged(detail) if named_wav => {
            Err(AudioError::Header { path, detail: detail.to_owned() })
        }
        HeaderError::Damaged(_) | HeaderError::Other => Ok(()),
    }
}

/// A reader that remembers the beginning of what was read.
struct Recorded {
    inner: BufReader<Box<dyn Read + Send>>,
    bytes: Vec<u8>,
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        let keep = got.min(MAX_REPLAY_BYTES - self.bytes.len());
        self.bytes.extend_from_slice(&buffer[..keep]);
        Ok(got)
    }
}
