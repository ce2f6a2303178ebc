//! From the first bytes of an input to the demuxer that reads it.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;

use super::AudioError;
use super::elementary::{Elementary, ElementaryReader};
use super::gapless::{Mp4Start, big_endian_tracks, is_mp4, mp4_edits};
use super::matroska::{Encoded, read_tracks};
use super::opus::{HEAD_PAGE_BYTES, reveal};
use super::recognise::{Found, recognise};
use super::recorded::Recorded;
use super::repair::{EBML, Repair, is_endless_matroska, segment_end};
use super::segment::{Behind, MOST_DISCARD_NS, SegmentReader};
use super::stream::Beside;
use super::view::{Patch, View};
use super::wav_coded::{CodedWav, codec_name};

/// What is said of an input that nobody knows.
const NO_HEADER: &str = "no known header in it";
/// What the probe says when it knows none of a file's bytes.
pub(super) const NO_FORMAT: &str = "no suitable format";
/// What the demuxer of MPEG-4 says of samples without a codec that it does not know.
const UNKNOWN_SAMPLES: [&str; 3] = [
    "isomp4: invalid pcm sample size",
    "isomp4: invalid pcm bytes per sample",
    "isomp4: invalid number of channels",
];
/// Pictures and texts in tags are not wanted; this keeps them from filling memory.
pub(super) const MAX_TAG_BYTES: usize = 1 << 16;

/// Bytes in which a demuxer may be found: the name of an MPEG-4 file begins at the fifth. Anything further is
/// [`recognise`]'s to find.
const PROBE_BYTES: u32 = 8;

pub(super) static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let options = ProbeOptions { max_probe_depth: PROBE_BYTES, ..ProbeOptions::default() };
    let mut probe = Probe::new_with_options(&options);
    symphonia::default::register_enabled_formats(&mut probe);
    probe
});

/// A demuxer at the start of its audio, and what it does not tell of it.
pub(super) struct Opened {
    pub(super) format: Box<dyn FormatReader>,
    pub(super) beside: Beside,
}

impl Opened {
    /// `file` is what is called `path` in messages, whose ending may say what is in it.
    pub(super) fn file(path: &Path, mut file: File, track: Option<u16>) -> Result<Self, AudioError> {
        let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
        let (found, _) = recognise(&mut file).map_err(read_error)?;
        let offset = audio_offset(path, found)?;
        if let Some(frames) = FramesInWav::of_file(path, &mut file, offset)? {
            let beside = Beside { track, ..Beside::default() };
            let view = View::new(file, Vec::new(), frames.end).map_err(read_error)?;
            return Self::open(path, Box::new(view), frames.start, Some(frames.kind), beside);
        }
        file.seek(SeekFrom::Start(offset)).map_err(read_error)?;
        let mut start = first_page(&mut file).map_err(read_error)?;
        let elementary = Elementary::of(&start);
        let is_mp4 = offset == 0 && is_mp4(&start);
        let is_matroska = start.starts_with(&EBML);
        let mut repair =
            if offset == 0 { Repair::of(&mut file, &start).map_err(read_error)? } else { Repair::default() };
        // An Ogg stream begins with its first page; one behind something else is heard as it is.
        let opus_head = if offset == 0 { reveal(&mut start) } else { None };
        if opus_head.is_some() {
            repair.patches.push(Patch { offset: 0, bytes: start });
        }
        let behind = behind(&file, &repair).map_err(read_error)?;
        let mut view = View::new(file, repair.patches, repair.end).map_err(read_error)?;
        let edits = if is_mp4 { mp4_edits(&mut view) } else { None };
        let big_endian = if is_mp4 { big_endian_tracks(&mut view) } else { None }.unwrap_or_default();
        let encoded = if is_matroska { Encoded::tracks(&mut view, offset) } else { Vec::new() };
        view.rewind().map_err(read_error)?;
        let (cut_off, discard_ns) = (repair.cut_off, repair.discard_ns);
        let beside = Beside {
            edits,
            big_endian,
            opus_head,
            cut_off,
            discard_ns,
            track,
            encoded,
            behind,
            segment: None,
        };
        Self::open(path, Box::new(view), offset, elementary, beside)
    }

    /// A recording in Matroska that begins in `file` behind another one.
    pub(super) fn segment(
        path: &Path,
        mut file: File,
        at: u64,
        track: Option<u16>,
    ) -> Result<Self, AudioError> {
        let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
        let repair = Repair::of_segment(&mut file, at).map_err(read_error)?;
        let behind = behind(&file, &repair).map_err(read_error)?;
        let mut view = View::new(file, repair.patches, repair.end).map_err(read_error)?;
        let encoded = Encoded::tracks(&mut view, at);
        view.rewind().map_err(read_error)?;
        let (cut_off, discard_ns) = (repair.cut_off, repair.discard_ns);
        let beside = Beside { cut_off, discard_ns, track, encoded, behind, ..Beside::default() };
        Self::open(path, Box::new(view), at, None, beside)
    }

    pub(super) fn stream(
        path: &Path,
        mut reader: Box<dyn Read + Send>,
        track: Option<u16>,
    ) -> Result<Self, AudioError> {
        let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
        let (found, beginning) = recognise(&mut reader).map_err(read_error)?;
        audio_offset(path, found)?;
        let reader: Box<dyn Read + Send> = Box::new(Cursor::new(beginning).chain(reader));
        let mut recorded = Recorded::new(reader);
        if let Some(CodedWav::Frames { kind, bytes, .. }) = coded_wav(path, &mut recorded, None)? {
            let frames = recorded.into_rest().take(bytes.unwrap_or(u64::MAX));
            let source = Box::new(ReadOnlySource::new(Exclusive(Mutex::new(Box::new(frames)))));
            let beside = Beside { track, ..Beside::default() };
            return Self::open(path, source, 0, Some(kind), beside);
        }
        let mut reader: Box<dyn Read + Send> = Box::new(recorded.rewound().ok_or_else(|| long_header(path))?);
        let mut start = first_page(&mut reader).map_err(read_error)?;
        let elementary = Elementary::of(&start);
        let (mut edits, mut big_endian) = (None, Vec::new());
        if is_mp4(&start) {
            match Mp4Start::read(Cursor::new(start).chain(reader)).map_err(read_error)? {
                Mp4Start::Index { bytes, rest } => {
                    edits = mp4_edits(&mut Cursor::new(&bytes));
                    big_endian = big_endian_tracks(&mut Cursor::new(&bytes)).unwrap_or_default();
                    (start, reader) = (bytes, rest);
                }
                // The index comes last, so the whole is kept to go back in.
                Mp4Start::Samples(file) => return Self::file(path, file, track),
            }
        }
        read_tracks(&mut start, &mut reader).map_err(read_error)?;
        let encoded =
            if start.starts_with(&EBML) { Encoded::tracks(&mut Cursor::new(&start), 0) } else { Vec::new() };
        let cut_off = is_endless_matroska(&start).then_some(false);
        let end = segment_end(&start);
        let opus_head = reveal(&mut start);
        let mut beside =
            Beside { edits, big_endian, opus_head, cut_off, track, encoded, ..Beside::default() };
        let mut whole: Box<dyn Read + Send> = Box::new(Cursor::new(start).chain(reader));
        if let Some(end) = end {
            let (segment, end, behind) = SegmentReader::new(whole, end);
            whole = Box::new(segment);
            (beside.segment, beside.behind) = (Some(end), Some(behind));
            // So much is held back until the end says how much of it is dropped.
            beside.discard_ns = MOST_DISCARD_NS;
        }
        let source = Box::new(ReadOnlySource::new(Exclusive(Mutex::new(whole))));
        Self::open(path, source, 0, elementary, beside)
    }

    /// The audio of `source` begins at `offset`.
    fn open(
        path: &Path,
        source: Box<dyn MediaSource>,
        offset: u64,
        elementary: Option<Elementary>,
        beside: Beside,
    ) -> Result<Self, AudioError> {
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let tags = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(MAX_TAG_BYTES))
            .limit_visual_bytes(Limit::Maximum(MAX_TAG_BYTES));
        let mut stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        if offset > 0 {
            let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
            stream.seek(SeekFrom::Start(offset)).map_err(read_error)?;
        }
        let format = match elementary {
            Some(kind) => {
                ElementaryReader::new(stream, kind).map(|reader| Box::new(reader) as Box<dyn FormatReader>)
            }
            None => PROBE.probe(&hint, stream, FormatOptions::default(), tags),
        };
        Ok(Self { format: format.map_err(|error| open_error(path, error))?, beside })
    }
}

/// A stream of frames in a WAV file.
struct FramesInWav {
    kind: Elementary,
    start: u64,
    end: Option<u64>,
}

impl FramesInWav {
    /// Nothing where the file at `offset` is no WAV, or one that another demuxer reads.
    fn of_file(path: &Path, file: &mut File, offset: u64) -> Result<Option<Self>, AudioError> {
        let read_error = |source| AudioError::Read { path: path.to_owned(), at_s: 0.0, source };
        let length = file.metadata().map_err(read_error)?.len();
        file.seek(SeekFrom::Start(offset)).map_err(read_error)?;
        let found = coded_wav(path, &mut BufReader::new(file), length.checked_sub(offset))?;
        let Some(CodedWav::Frames { kind, offset: within, bytes }) = found else { return Ok(None) };
        let start = offset + within;
        Ok(Some(Self { kind, start, end: bytes.and_then(|bytes| start.checked_add(bytes)) }))
    }
}

/// What a WAV holds that has coded samples; a codec that is not read here is named.
fn coded_wav(path: &Path, input: &mut impl Read, bytes: Option<u64>) -> Result<Option<CodedWav>, AudioError> {
    match CodedWav::find(input, bytes) {
        Ok(Some(CodedWav::Foreign(tag))) => {
            Err(AudioError::Unsupported { path: path.to_owned(), what: codec_name(tag) })
        }
        // A header that ends too early is the demuxer's to refuse.
        found => Ok(found.unwrap_or(None)),
    }
}

/// What is said of a stream whose header is so long that it cannot be read again.
pub(super) fn long_header(path: &Path) -> AudioError {
    let what = "a compressed WAV with a long header in a stream".to_owned();
    AudioError::Unsupported { path: path.to_owned(), what }
}

/// Where the audio begins, or a sentence on what it is instead.
fn audio_offset(path: &Path, found: Found) -> Result<u64, AudioError> {
    let detail = match found {
        Found::Audio { offset } => return Ok(offset),
        Found::Foreign(foreign) => format!("it is {}", foreign.name),
        Found::Unknown => NO_HEADER.to_owned(),
    };
    Err(AudioError::NotAudio { path: path.to_owned(), detail })
}

fn open_error(path: &Path, error: Error) -> AudioError {
    let path = path.to_owned();
    match error {
        Error::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => {
            AudioError::Read { path, at_s: 0.0, source: e }
        }
        Error::IoError(_) => AudioError::NotAudio { path, detail: "it ends within its header".to_owned() },
        Error::Unsupported(text) if text.contains(NO_FORMAT) => {
            AudioError::NotAudio { path, detail: NO_HEADER.to_owned() }
        }
        Error::Unsupported(text) => AudioError::Unsupported { path, what: text.to_owned() },
        // Its demuxer takes two channels of the commonest sizes and calls everything else damage.
        Error::DecodeError(text) if UNKNOWN_SAMPLES.contains(&text) => {
            AudioError::Unsupported { path, what: text.to_owned() }
        }
        other => AudioError::Header { path, detail: other.to_string() },
    }
}

/// The recording that follows the first one of a file.
fn behind(file: &File, repair: &Repair) -> io::Result<Option<Behind>> {
    repair.next.map(|at| Ok(Behind::file(file.try_clone()?, at))).transpose()
}

/// The first bytes of a source, as many as may hold an Opus header in Ogg.
fn first_page(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(HEAD_PAGE_BYTES);
    reader.take(HEAD_PAGE_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Makes a reader `Sync`, as symphonia asks, by never sharing it.
struct Exclusive(Mutex<Box<dyn Read + Send>>);

impl Read for Exclusive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).read(buffer)
    }
}
