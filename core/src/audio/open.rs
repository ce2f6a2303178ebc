//! Opening: which reader an input gets, and what is heard of it.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::coded::Coded;
use super::demux::{Opened, long_header};
use super::ffmpeg::{Input, is_address, local_path};
use super::foreign::Foreign;
use super::info::PcmFormat;
use super::left_to_ffmpeg::{by_ffmpeg, foreign_stream, last_resort, with_all_of_it};
use super::options::{ChannelChoice, SourceOptions};
use super::pcm_header::read_header;
use super::recognise::{Found, recognise};
use super::recorded::Recorded;
use super::riff::is_name;
use super::source::Source;
use super::wav_header::{HeaderError, WavFormat, WavHeader};
use super::{AudioError, AudioWarning};
use crate::signal::units::samples_to_seconds;

/// Bytes buffered between the system and a reader: no more than a block of 16-bit WAV, which then is read past the buffer.
const BUFFER_BYTES: usize = 1 << 15;

/// Bytes of a stream that say what it is; and those that say that its samples follow.
const START_BYTES: u64 = 512;
const FORM_BYTES: u64 = 12;
/// Tracks of which one is chosen.
const MAX_TRACKS: usize = 16;
/// A track on which nothing comes for so long is silent, seconds.
const AUDIBLE_WITHIN_S: u64 = 600;
/// Less than this is silence (-80 dBFS).
const AUDIBLE: f32 = 1e-4;

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is no audio, or its header is damaged: see [`AudioError`].
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        Self::open_with(path, &SourceOptions::default())
    }

    /// Opens a file, or an address that ffmpeg knows, and chooses what is heard of it.
    ///
    /// # Errors
    ///
    /// As [`Source::open`]; and if what is chosen is not there.
    pub fn open_with(path: &Path, options: &SourceOptions) -> Result<Self, AudioError> {
        let path = local_path(path).filter(|_| !path.exists()).unwrap_or(path);
        let source = if is_address(path) && !path.exists() {
            let missing = AudioError::Open { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
            by_ffmpeg(path, Input::Path(path), None, options, missing)?
        } else {
            let source = match Self::open_track(path, path, options.track) {
                Ok(source) => with_all_of_it(source, options),
                Err(error) => last_resort(path, options, error)?,
            };
            source.audible(options)
        };
        source.pick(options.channel)
    }

    /// Opens the file at `at`, which a stranger sent and calls `name`: messages name it so, and its ending is the one that may
    /// say what is in it. No other file is looked at, and no ffmpeg is asked.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn open_as(at: &Path, name: &Path) -> Result<Self, AudioError> {
        Self::open_track(at, name, None)
    }

    /// What is read here, of one track of the file at `at`, which is called `path`.
    fn open_track(at: &Path, path: &Path, track: Option<u16>) -> Result<Self, AudioError> {
        let open_error = |source| AudioError::Open { path: path.to_owned(), source };
        let metadata = std::fs::metadata(at).map_err(open_error)?;
        if metadata.is_dir() {
            return Err(AudioError::Folder { path: path.to_owned() });
        }
        let mut file = File::open(at).map_err(open_error)?;
        if !metadata.is_file() {
            let options = SourceOptions { track, ..SourceOptions::default() };
            return Self::from_reader_with(path, Box::new(file), &options);
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
                Self::coded(path, Coded::open(path, Opened::file(path, file, track)?)?)
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
        Self::from_reader_with(name, reader, &SourceOptions::default())
    }

    /// Reads a stream and chooses what is heard of it.
    ///
    /// # Errors
    ///
    /// As [`Source::open_with`].
    pub fn from_reader_with(
        name: &Path,
        mut reader: Box<dyn Read + Send>,
        options: &SourceOptions,
    ) -> Result<Self, AudioError> {
        let read_error = |source| AudioError::Read { path: name.to_owned(), at_s: 0.0, source };
        let mut start = Vec::new();
        reader.by_ref().take(FORM_BYTES).read_to_end(&mut start).map_err(read_error)?;
        // What has samples behind its header is heard as it comes: no more is waited for than that.
        let plain = is_plain(&start);
        if !plain {
            reader.by_ref().take(START_BYTES).read_to_end(&mut start).map_err(read_error)?;
        }
        let whole = Box::new(Cursor::new(start.clone()).chain(reader));
        let source = match demuxer_of(&mut &start[..]).filter(|_| !plain) {
            Some(foreign) => foreign_stream(name, whole, foreign, options)?,
            None => Self::read_stream(name, whole, options.track)?,
        };
        source.pick(options.channel)
    }

    fn read_stream(
        name: &Path,
        reader: Box<dyn Read + Send>,
        track: Option<u16>,
    ) -> Result<Self, AudioError> {
        let mut recorded = Recorded::new(BufReader::with_capacity(BUFFER_BYTES, reader));
        match read_header(&mut recorded, None) {
            Ok(header) => Self::wav(name, Box::new(recorded.into_rest()), &header, None),
            Err(_) if recorded.seen().is_empty() => Err(AudioError::Empty { path: name.to_owned() }),
            Err(error) => {
                not_wav(name, &mut Cursor::new(recorded.seen()), error)?;
                let Some(stream) = recorded.rewound() else { return Err(long_header(name)) };
                Self::coded(name, Coded::open(name, Opened::stream(name, Box::new(stream), track)?)?)
            }
        }
    }

    /// Reads samples without a header.
    ///
    /// # Errors
    ///
    /// [`AudioError::NoChannels`] and [`AudioError::Rate`] for a format that cannot be heard.
    pub fn from_pcm(
        name: &Path,
        reader: Box<dyn Read + Send>,
        format: PcmFormat,
    ) -> Result<Self, AudioError> {
        if format.channels == 0 {
            return Err(AudioError::NoChannels { path: name.to_owned() });
        }
        let (coding, bits) = format.encoding.coding();
        let format =
            WavFormat { coding, channels: format.channels, rate_hz: format.rate_hz, bits, big_endian: false };
        let mut source = Self::wav(name, reader, &WavHeader { format, data_bytes: None, offset: 0 }, None)?;
        // It is no fault that nobody told the length.
        source.warnings.clear();
        Ok(source)
    }

    /// Where several tracks are there and none was chosen: the first that is not silent.
    fn audible(self, options: &SourceOptions) -> Self {
        let tracks = self.warnings.iter().find_map(|warning| match *warning {
            AudioWarning::Tracks { tracks, heard, .. } => Some((tracks, heard)),
            _ => None,
        });
        let Some((tracks, default)) = tracks.filter(|_| options.track.is_none()) else { return self };
        let path = self.path.clone();
        let rest = (1..=tracks).filter(|&track| track != default);
        for track in std::iter::once(default).chain(rest).take(MAX_TRACKS) {
            let Ok(wanted) = u16::try_from(track) else { break };
            let options =
                SourceOptions { track: Some(wanted), channel: ChannelChoice::All, ..options.clone() };
            let open = || Self::open_with(&path, &options);
            if open().is_ok_and(Self::plays_something)
                && let Ok(mut source) = open()
            {
                let skipped_silent = track != default;
                source.warnings.retain(|warning| !matches!(warning, AudioWarning::Tracks { .. }));
                source.warnings.insert(0, AudioWarning::Tracks { tracks, heard: track, skipped_silent });
                return source;
            }
        }
        self
    }

    /// Whether anything is heard in the first minutes.
    fn plays_something(mut self) -> bool {
        let end = u64::from(self.info.rate_hz) * AUDIBLE_WITHIN_S;
        while self.position < end {
            match self.next_block() {
                Ok(Some(block)) if block.iter().any(|sample| sample.abs() > AUDIBLE) => return true,
                Ok(Some(_)) => {}
                _ => break,
            }
        }
        false
    }
}

/// Whether an input begins as one whose samples need no decoder.
fn is_plain(start: &[u8]) -> bool {
    let form = start.get(8..12);
    match start.first_chunk() {
        Some(b"RIFF") => form == Some(b"WAVE"),
        Some(b"RIFX" | b"RF64" | b"BW64" | b"riff" | b"FORM" | b".snd" | b"caff") => true,
        _ => false,
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
    let joined = [a, b, c, d] == *b"RIFF";
    let chunk = !joined && is_name([a, b, c, d]) || data % 2 == 1 && is_name([b, c, d, e]);
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
        && [*b"RIFF", *b"RIFX", *b"RF64", *b"BW64", *b"riff", *b"FORM", *b".snd"].contains(&id);
    match error {
        HeaderError::Io(source) => Err(AudioError::Read { path, at_s: 0.0, source }),
        HeaderError::NoChannels => Err(AudioError::NoChannels { path }),
        HeaderError::Damaged(detail) if named_wav => {
            Err(AudioError::Header { path, detail: detail.to_owned() })
        }
        HeaderError::Damaged(_) | HeaderError::Other => Ok(()),
    }
}

/// The format of an input that is not read here.
fn demuxer_of(start: &mut &[u8]) -> Option<Foreign> {
    match recognise(start) {
        Ok((Found::Foreign(foreign), _)) => Some(foreign),
        _ => None,
    }
}
