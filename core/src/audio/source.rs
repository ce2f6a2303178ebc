//! One way to read audio, whatever it is stored in.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::coded::Coded;
use super::demux::Opened;
use super::elementary::Elementary;
use super::ffmpeg::{Decoded, Input, Messages, is_address};
use super::info::{PcmFormat, SampleFormat, SourceInfo};
use super::options::{ChannelChoice, ChannelPick, Ffmpeg, SourceOptions};
use super::pcm_header::read_header;
use super::recognise::{Foreign, Found, recognise};
use super::riff::is_name;
use super::wav_header::{Coding, HeaderError, WavFormat, WavHeader};
use super::wav_reader::WavReader;
use super::{AudioError, AudioWarning};
use crate::signal::units::samples_to_seconds;
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Bytes buffered between the system and a reader.
const BUFFER_BYTES: usize = 1 << 16;
/// Bytes of a stream kept while it is not yet known whether it is WAV. A WAV header that is longer can be read from a
/// stream too, unless it turns out to hold a codec that needs another reader.
const MAX_REPLAY_BYTES: usize = 1 << 20;

/// Bytes of a stream that say what it is; and those that say that its samples follow.
const START_BYTES: u64 = 512;
const FORM_BYTES: u64 = 12;
/// Tracks of which one is chosen.
const MAX_TRACKS: usize = 16;
/// A track on which nothing comes for so long is silent, seconds.
const AUDIBLE_WITHIN_S: u64 = 600;
/// Less than this is silence (-80 dBFS).
const AUDIBLE: f32 = 1e-4;

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
    /// Channels before the choice among them.
    stored_channels: u16,
    reader: Reader,
    pick: Option<ChannelPick>,
    /// Where ffmpeg's faults are told.
    messages: Option<Messages>,
    block: Vec<f32>,
    /// Samples per channel handed out.
    position: u64,
    warnings: Vec<AudioWarning>,
    /// Samples that are not finite become 0, and do not end the source.
    sanitised: bool,
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
        Self::open_with(path, &SourceOptions::default())
    }

    /// Opens a file, or an address that ffmpeg knows, and chooses what is heard of it.
    ///
    /// # Errors
    ///
    /// As [`Source::open`]; and if what is chosen is not there.
    pub fn open_with(path: &Path, options: &SourceOptions) -> Result<Self, AudioError> {
        let source = if is_address(path) && !path.exists() {
            let missing = AudioError::Open { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
            Self::by_ffmpeg(path, Input::Path(path), None, options, missing)?
        } else {
            match Self::open_track(path, path, options.track) {
                Ok(source) => source.with_upper_half(options).audible(options),
                Err(error) => Self::last_resort(path, options, error)?,
            }
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
            Some(foreign) => Self::foreign_stream(name, whole, foreign, options)?,
            None => Self::read_stream(name, whole, options.track)?,
        };
        source.pick(options.channel)
    }

    fn read_stream(
        name: &Path,
        reader: Box<dyn Read + Send>,
        track: Option<u16>,
    ) -> Result<Self, AudioError> {
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
                Self::coded(name, Coded::open(name, Opened::stream(name, stream, track)?)?)
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

    /// From here on a sample that is not finite is 0, where it would have ended the source: for streams that must go on.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        self.sanitised = true;
        self
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
        let (tracks, heard) = coded.tracks();
        let mut warnings = Vec::new();
        if tracks > 1 {
            warnings.push(AudioWarning::Tracks { tracks, heard, skipped_silent: false });
        }
        if coded.is_half() {
            warnings.push(AudioWarning::UpperHalfMissing { above_hz: coded.info().rate_hz / 2 });
        }
        Self::new(path, coded.info().clone(), Reader::Coded(Box::new(coded)), warnings)
    }

    /// Hands out only the chosen channel from here on.
    fn pick(mut self, choice: ChannelChoice) -> Result<Self, AudioError> {
        match ChannelPick::new(choice, self.info.rate_hz, self.info.channels) {
            Ok(None) => {}
            Ok(pick) => {
                self.stored_channels = self.info.channels;
                (self.pick, self.info.channels) = (pick, 1);
            }
            Err(channels) => {
                let wanted = if let ChannelChoice::One(wanted) = choice { wanted } else { 0 };
                return Err(AudioError::NoChannel { path: self.path, wanted, channels });
            }
        }
        Ok(self)
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
        let stored_channels = info.channels;
        Ok(Self {
            path,
            info,
            stored_channels,
            reader,
            pick: None,
            messages: None,
            block: Vec::new(),
            position: 0,
            warnings,
            sanitised: false,
            done: false,
        })
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
            let said = self.messages.take().and_then(|messages| messages.take().into_iter().next());
            self.warnings.extend(said.map(|said| AudioWarning::Ffmpeg { said }));
            return checked.map(|()| None);
        }
        self.position += (self.block.len() / usize::from(self.stored_channels)) as u64;
        if let Some(pick) = &mut self.pick {
            pick.apply(&mut self.block);
        }
        Ok(Some(&self.block))
    }

    fn check_finite(&mut self) -> Result<(), AudioError> {
        // The exponent of NaN and infinity is all ones; the maximum over the block vectorises, a search would not.
        let largest = self.block.iter().fold(0, |most: u32, s| most.max(s.to_bits() & 0x7fff_ffff));
        if largest < f32::INFINITY.to_bits() {
            return Ok(());
        }
        if self.sanitised {
            self.block.iter_mut().filter(|sample| !sample.is_finite()).for_each(|sample| *sample = 0.0);
            return Ok(());
        }
        let index = self.block.iter().position(|s| !s.is_finite()).unwrap_or(0);
        let frame = self.position + (index / usize::from(self.stored_channels)) as u64;
        Err(AudioError::NotFinite {
            path: self.path.clone(),
            at_s: samples_to_seconds(frame, self.info.rate_hz),
        })
    }
}

/// What is left to ffmpeg.
impl Source {
    /// A file that is not read here: `error` says why.
    fn last_resort(path: &Path, options: &SourceOptions, error: AudioError) -> Result<Self, AudioError> {
        let known = matches!(error, AudioError::NotAudio { .. } | AudioError::Unsupported { .. });
        let Some(mut file) = File::open(path).ok().filter(|_| known) else { return Err(error) };
        match recognise(&mut file) {
            // What has a name is what its first bytes say; another codec in a container that is known by them, too.
            Ok((Found::Foreign(Foreign { demuxer: Some(demuxer), .. }), _)) => {
                Self::by_ffmpeg(path, Input::Path(path), Some(demuxer), options, error)?.audible_of(options)
            }
            Ok((Found::Audio { .. }, _)) if matches!(error, AudioError::Unsupported { .. }) => {
                Self::by_ffmpeg(path, Input::Path(path), None, options, error)
            }
            // Frames that follow each other, of a kind that the decoder here does not take.
            Ok((Found::Audio { .. }, start)) if Elementary::of(&start) == Some(Elementary::Mpeg) => {
                Self::by_ffmpeg(path, Input::Path(path), Some("mp3"), options, error)
            }
            _ => Err(error),
        }
    }

    fn foreign_stream(
        name: &Path,
        stream: Box<dyn Read + Send>,
        foreign: Foreign,
        options: &SourceOptions,
    ) -> Result<Self, AudioError> {
        let detail = format!("it is {}", foreign.name);
        let error = AudioError::NotAudio { path: name.to_owned(), detail };
        match foreign.demuxer {
            Some(demuxer) => Self::by_ffmpeg(name, Input::Stream(stream), Some(demuxer), options, error),
            None => Err(error),
        }
    }

    /// Decodes by ffmpeg; where there is none or it fails at once, `error` is what is said, with its words.
    fn by_ffmpeg(
        path: &Path,
        input: Input<'_>,
        demuxer: Option<&str>,
        options: &SourceOptions,
        error: AudioError,
    ) -> Result<Self, AudioError> {
        let track = options.track.map_or(0, |track| track.saturating_sub(1));
        let mut decoded = match Decoded::start(&options.ffmpeg, input, demuxer, track) {
            Ok(decoded) => decoded,
            Err(source) if source.kind() == io::ErrorKind::NotFound && options.ffmpeg != Ffmpeg::Never => {
                return Err(error.with("ffmpeg may read it, but there is none here"));
            }
            Err(_) if options.ffmpeg == Ffmpeg::Never => return Err(error),
            Err(source) => return Err(error.with(&format!("ffmpeg cannot be started: {source}"))),
        };
        let Ok(header) = read_header(&mut decoded, None) else {
            let description = decoded.description();
            let tracks = description.tracks.len();
            if let Some(wanted) = options.track.filter(|&track| tracks > 0 && usize::from(track) > tracks) {
                return Err(AudioError::NoTrack { path: path.to_owned(), wanted, tracks });
            }
            let said = description.messages.last().map_or("it found no sound", String::as_str);
            return Err(error.with(&format!("ffmpeg says: {said}")));
        };
        let (description, messages) = (decoded.description(), decoded.messages());
        let mut source = Self::wav(path, Box::new(decoded), &header, None)?;
        // The length is not known, and nothing is wrong with that.
        source.warnings.clear();
        source.messages = Some(messages);
        let tracks = description.tracks.len();
        if let Some(described) = description.tracks.get(usize::from(track)) {
            source.info.codec.clone_from(&described.codec);
            source.info.lossy = described.lossy;
            source.info.sample_format = SampleFormat { bits: described.bits, float: described.float };
        }
        if tracks > 1 {
            let heard = usize::from(track) + 1;
            source.warnings.push(AudioWarning::Tracks { tracks, heard, skipped_silent: false });
        }
        Ok(source)
    }

    /// The same file with its upper half, where that is left out here and ffmpeg decodes it.
    fn with_upper_half(self, options: &SourceOptions) -> Self {
        let half = matches!(&self.reader, Reader::Coded(coded) if coded.is_half());
        if !half {
            return self;
        }
        let error = AudioError::Unsupported { path: self.path.clone(), what: "HE-AAC".to_owned() };
        Self::by_ffmpeg(&self.path, Input::Path(&self.path), None, options, error).unwrap_or(self)
    }

    fn audible_of(self, options: &SourceOptions) -> Result<Self, AudioError> {
        Ok(self.audible(options))
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

/// The format of an input that is not read here.
fn demuxer_of(start: &mut &[u8]) -> Option<Foreign> {
    match recognise(start) {
        Ok((Found::Foreign(foreign), _)) => Some(foreign),
        _ => None,
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
