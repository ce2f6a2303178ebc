//! What is not read here, or only in part, as a source that ffmpeg decodes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::elementary::{Elementary, TOO_FAST};
use super::ffmpeg::{Decoded, Input};
use super::foreign::{Foreign, container_demuxer};
use super::matroska::ENCRYPTED;
use super::options::{Ffmpeg, SourceOptions};
use super::pcm_header::read_header;
use super::recognise::{Found, recognise};
use super::source::{Reader, Source};
use super::{AudioError, AudioWarning, SampleFormat};

/// A file that is not read here: `error` says why.
pub(super) fn last_resort(
    path: &Path,
    options: &SourceOptions,
    error: AudioError,
) -> Result<Source, AudioError> {
    // ffmpeg takes the first of these frames and finds no other; without a key it decodes noise.
    let known = match &error {
        AudioError::Unsupported { what, .. } => what != TOO_FAST && what != ENCRYPTED,
        other => matches!(other, AudioError::NotAudio { .. }),
    };
    let Some(mut file) = File::open(path).ok().filter(|_| known) else { return Err(error) };
    match recognise(&mut file) {
        // What has a name is what its first bytes say; another codec in a container that is known by them, too.
        Ok((Found::Foreign(Foreign { demuxer: Some(demuxer), .. }), _)) => {
            by_ffmpeg(path, Input::Path(path), Some(demuxer), options, error)
        }
        Ok((Found::Audio { .. }, start))
            if matches!(error, AudioError::Unsupported { .. })
                // Frames that follow each other, of a kind that the decoder here does not take.
                || Elementary::of(&start) == Some(Elementary::Mpeg) =>
        {
            by_ffmpeg(path, Input::Path(path), container_demuxer(&start), options, error)
        }
        _ => Err(error),
    }
}

/// A stream of a format that is not read here.
pub(super) fn foreign_stream(
    name: &Path,
    stream: Box<dyn Read + Send>,
    foreign: Foreign,
    options: &SourceOptions,
) -> Result<Source, AudioError> {
    let detail = format!("it is {}", foreign.name);
    let error = AudioError::NotAudio { path: name.to_owned(), detail };
    match foreign.demuxer {
        Some(demuxer) => by_ffmpeg(name, Input::Stream(stream), Some(demuxer), options, error),
        None => Err(error),
    }
}

/// Decodes by ffmpeg; where there is none or it fails at once, `error` is what is said, with its words.
pub(super) fn by_ffmpeg(
    path: &Path,
    input: Input<'_>,
    demuxer: Option<&str>,
    options: &SourceOptions,
    error: AudioError,
) -> Result<Source, AudioError> {
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
    let mut source = Source::wav(path, Box::new(decoded), &header, None)?;
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

/// The same file with what is left out of it here, its upper half or what its edit list shows again, where ffmpeg decodes it.
pub(super) fn with_all_of_it(source: Source, options: &SourceOptions) -> Source {
    let what = match &source.reader {
        Reader::Coded(coded) if coded.stream().he => "HE-AAC",
        Reader::Coded(coded) if coded.stream().unheard_s().is_some() => "an edit list that goes back",
        _ => return source,
    };
    // A pipe cannot be read again.
    if !source.path.is_file() {
        return source;
    }
    let error = AudioError::Unsupported { path: source.path.clone(), what: what.to_owned() };
    last_resort(&source.path, options, error).unwrap_or(source)
}
