//! Compressed and rarer formats, through symphonia's demuxers and decoders and a decoder for Opus.

use std::io::ErrorKind;
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;

use super::demux::Opened;
use super::stream::{Beside, Kind, Stream};
use super::{AudioError, AudioWarning, SourceInfo};
use crate::signal::units::samples_to_seconds;

/// Packets in a row that may fail before a stream is given up.
const MAX_BAD_RUN: u32 = 2_000;
/// Longest silence put in place of one bad packet, seconds.
const MAX_FILL_S: u64 = 1;
/// Longest gap in the timestamps that is filled with silence, seconds; a greater jump is taken for a wrong timestamp.
const MAX_GAP_S: u64 = 10;
/// Gaps shorter than one of this many parts of a second are rounding.
const LEAST_GAPS_PER_S: u64 = 50;
/// A lossy stream this much shorter than told is called truncated, seconds. Encoders disagree by a frame or two.
const LENGTH_TOLERANCE_S: f64 = 0.1;
/// Most samples of silence in one block, all channels together.
pub(super) const SILENCE_BLOCK_SAMPLES: u64 = 1 << 16;
/// What the MPEG audio decoder says when a frame has another rate or channel count than the first.
pub(super) const FORMAT_CHANGED: &str = "signal spec";
/// A demuxer and a decoder at work.
pub(super) struct Coded {
    format: Box<dyn FormatReader>,
    beside: Beside,
    stream: Stream,
    info: SourceInfo,
    /// Decoded while opening, to learn what the stream really holds.
    first: Vec<f32>,
    /// Frames of silence that stand for what is missing, still to be handed out.
    silence: u64,
    /// Decoded, and to be heard after that silence.
    held: Vec<f32>,
    position: u64,
    bad_run: u32,
    bad: Option<(u64, f64)>,
    cut_off: bool,
    done: bool,
}

impl std::fmt::Debug for Coded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coded")
            .field("info", &self.info)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Coded {
    /// Reads as far as the first samples: only they say what the stream really holds.
    pub(super) fn open(path: &Path, opened: Opened) -> Result<Self, AudioError> {
        let Opened { mut format, mut beside } = opened;
        let stream = Stream::select(path, format.as_mut(), &mut beside)?;
        let info = SourceInfo {
            rate_hz: 0,
            channels: 0,
            sample_format: stream.sample_format,
            samples: stream.told,
            codec: stream.codec.clone(),
            lossy: stream.kind == Kind::Lossy,
        };
        let mut coded = Self {
            format,
            beside,
            stream,
            info,
            first: Vec::new(),
            silence: 0,
            held: Vec::new(),
            position: 0,
            bad_run: 0,
            bad: None,
            cut_off: false,
            done: false,
        };
        let mut first = Vec::new();
        coded.next_block(path, &mut first)?;
        if coded.info.rate_hz == 0 {
            coded.learn_from_header(path)?;
        }
        coded.first = first;
        Ok(coded)
    }

    pub(super) fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// What was odd, once the stream has ended.
    pub(super) fn take_warnings(&mut self) -> Vec<AudioWarning> {
        let mut warnings = Vec::new();
        if let Some((count, first_at_s)) = self.bad.take() {
            warnings.push(AudioWarning::BadPackets { count, first_at_s });
        }
        let rate = self.info.rate_hz;
        let told_s = self.stream.told.map(|told| samples_to_seconds(told, rate));
        let after_s = samples_to_seconds(self.position, rate);
        let tolerance = if self.stream.kind == Kind::Lossy { LENGTH_TOLERANCE_S } else { 0.0 };
        if self.cut_off || told_s.is_some_and(|told_s| told_s > after_s + tolerance) {
            warnings.push(AudioWarning::Truncated { after_s, told_s });
        }
        warnings
    }

    /// Fills `block` with the next frames; leaves it empty at the end.
    pub(super) fn next_block(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<(), AudioError> {
        block.clear();
        if !self.first.is_empty() {
            std::mem::swap(block, &mut self.first);
            self.first = Vec::new();
            return Ok(());
        }
        while block.is_empty() {
            if self.silence > 0 {
                self.fill(block);
                continue;
            }
            if !self.held.is_empty() {
                block.append(&mut self.held);
                self.trim(block);
                continue;
            }
            if self.done {
                break;
            }
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.stream.track_id => {
                    self.decode(path, &packet, block)?
                }
                Ok(Some(_)) => {}
                Ok(None) => self.end(path)?,
                Err(Error::ResetRequired) => {
                    self.stream = Stream::select(path, self.format.as_mut(), &mut self.beside)?;
                    // The announced length was that of the first link only.
                    self.stream.told = None;
                }
                Err(Error::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => {
                    self.cut_off = true;
                    self.end(path)?;
                }
                Err(Error::IoError(source)) => {
                    return Err(AudioError::Read { path: path.to_owned(), at_s: self.at_s(), source });
                }
                Err(error) => self.bad_packet(path, &error.to_string(), 0)?,
            }
        }
        Ok(())
    }

    fn at_s(&self) -> f64 {
        samples_to_seconds(self.position, self.info.rate_hz)
    }

    fn decode(&mut self, path: &Path, packet: &Packet, block: &mut Vec<f32>) -> Result<(), AudioError> {
        let missing =
            if self.stream.counted || self.stream.fill_gaps { self.missing_before(packet) } else { 0 };
        if missing > 0 && self.stream.counted {
            let detail = format!("{missing} samples are missing");
            return Err(AudioError::Corrupt { path: path.to_owned(), at_s: self.at_s(), detail });
        }
        if std::mem::take(&mut self.stream.delay_by_pts) {
            let rate_hz = self.stream.rate_hz.unwrap_or(0);
            self.stream.skip = self.stream.frames(packet.pts.get().min(0).unsigned_abs(), rate_hz);
        }
        let at_s = self.at_s();
        let result = match self.stream.decoder.decode(packet) {
            Ok(buffer) => {
                note_format(&mut self.info, &buffer).map_err(|detail| AudioError::FormatChanged {
                    path: path.to_owned(),
                    at_s,
                    detail,
                })?;
                buffer.copy_to_vec_interleaved(block);
                let sound = self.stream.kind != Kind::Lossy || block.iter().all(|s| s.is_finite());
                if sound { Ok(()) } else { Err("its samples are not numbers".to_owned()) }
            }
            Err(Error::IoError(e)) if e.kind() != ErrorKind::UnexpectedEof => {
                return Err(AudioError::Read { path: path.to_owned(), at_s, source: e });
            }
            Err(Error::DecodeError(text)) if text.contains(FORMAT_CHANGED) => {
                let detail = "another rate or number of channels".to_owned();
                return Err(AudioError::FormatChanged { path: path.to_owned(), at_s, detail });
            }
            Err(error) => Err(error.to_string()),
        };
        match result {
            Ok(()) => self.bad_run = 0,
            Err(detail) => {
                block.clear();
                self.bad_packet(path, &detail, packet.dur.get())?;
            }
        }
        if missing > 0 {
            self.note_bad(at_s);
            self.silence += missing;
        }
        if self.silence > 0 {
            self.held.append(block);
        } else {
            self.trim(block);
        }
        Ok(())
    }

    /// Hands out silence for what is missing, in blocks: a wrong timestamp could ask for gigabytes at once.
    fn fill(&mut self, block: &mut Vec<f32>) {
        let channels = u64::from(self.info.channels.max(1));
        let frames = self.silence.min((SILENCE_BLOCK_SAMPLES / channels).max(1));
        self.silence -= frames;
        block.resize(usize::try_from(frames * channels).unwrap_or(0), 0.0);
        self.trim(block);
    }

    /// Frames that lie between the end of the last packet and this one, if the timestamps jump.
    fn missing_before(&mut self, packet: &Packet) -> u64 {
        let pts = packet.pts.get();
        let length = i64::try_from(packet.block_dur().get()).unwrap_or(i64::MAX);
        let expected = self.stream.next_pts.replace(pts.saturating_add(length));
        let ticks = expected.map_or(0, |expected| pts.saturating_sub(expected).max(0).unsigned_abs());
        let frames = self.stream.frames(ticks, self.info.rate_hz);
        let rate = u64::from(self.info.rate_hz);
        let smallest = if self.stream.counted { 0 } else { rate / LEAST_GAPS_PER_S };
        if frames > smallest && (self.stream.counted || frames <= rate * MAX_GAP_S) { frames } else { 0 }
    }

    fn note_bad(&mut self, at_s: f64) {
        self.bad.get_or_insert((0, at_s)).0 += 1;
    }

    /// Asks for silence where a packet of `ticks` could not be decoded, or fails where that would be a lie.
    fn bad_packet(&mut self, path: &Path, detail: &str, ticks: u64) -> Result<(), AudioError> {
        let at_s = self.at_s();
        self.bad_run += 1;
        if self.stream.kind != Kind::Lossy || self.bad_run > MAX_BAD_RUN {
            let detail = detail.to_owned();
            return Err(AudioError::Corrupt { path: path.to_owned(), at_s, detail });
        }
        self.note_bad(at_s);
        let rate = u64::from(self.info.rate_hz);
        self.silence += self.stream.frames(ticks, self.info.rate_hz).min(rate * MAX_FILL_S);
        Ok(())
    }

    /// Drops what the container says does not belong to the audio.
    fn trim(&mut self, block: &mut Vec<f32>) {
        let channels = usize::from(self.info.channels.max(1));
        let frames = (block.len() / channels) as u64;
        let drop = frames.min(self.stream.skip);
        self.stream.skip -= drop;
        block.drain(..usize::try_from(drop).unwrap_or(usize::MAX).saturating_mul(channels).min(block.len()));
        let mut frames = frames - drop;
        if let Some(keep) = &mut self.stream.keep {
            frames = frames.min(*keep);
            *keep -= frames;
            block.truncate(usize::try_from(frames).unwrap_or(usize::MAX).saturating_mul(channels));
        }
        self.position += frames;
    }

    fn end(&mut self, path: &Path) -> Result<(), AudioError> {
        self.done = true;
        let path = || path.to_owned();
        if let Some((count, _)) = self.bad
            && self.info.rate_hz == 0
        {
            let detail =
                format!("{} was recognised, but none of its {count} packets can be decoded", self.info.codec);
            return Err(AudioError::NotAudio { path: path(), detail });
        }
        let told = self.stream.told.filter(|&told| self.info.rate_hz > 0 && told > self.position);
        if self.stream.kind == Kind::Lossless && (self.cut_off || told.is_some()) {
            let told_s = samples_to_seconds(told.unwrap_or(self.position), self.info.rate_hz);
            return Err(AudioError::Truncated { path: path(), at_s: self.at_s(), told_s });
        }
        Ok(())
    }

    /// For a stream without a single packet: the header's word is all there is.
    fn learn_from_header(&mut self, path: &Path) -> Result<(), AudioError> {
        let (Some(rate_hz), Some(channels)) = (self.stream.rate_hz, self.stream.channels) else {
            let detail = format!("{} without any audio", self.info.codec);
            return Err(AudioError::NotAudio { path: path.to_owned(), detail });
        };
        self.info.rate_hz = rate_hz;
        self.info.channels = u16::try_from(channels).unwrap_or(u16::MAX);
        Ok(())
    }
}

/// Takes rate and channels from the first decoded buffer and compares all others.
fn note_format(info: &mut SourceInfo, buffer: &GenericAudioBufferRef<'_>) -> Result<(), String> {
    let rate_hz = buffer.spec().rate();
    let channels = u16::try_from(buffer.spec().channels().count()).unwrap_or(u16::MAX);
    if buffer.is_empty() && info.rate_hz == 0 {
        return Ok(());
    }
    if info.rate_hz == 0 {
        info.rate_hz = rate_hz;
        info.channels = channels;
    }
    if (rate_hz, channels) == (info.rate_hz, info.channels) || buffer.is_empty() {
        return Ok(());
    }
    Err(format!("{} Hz, {} channel(s) to {rate_hz} Hz, {channels}", info.rate_hz, info.channels))
}
