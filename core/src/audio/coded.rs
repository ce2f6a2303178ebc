//! Compressed and rarer formats, through symphonia's demuxers and decoders and a decoder for Opus.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::Path;

use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::aac;
use super::adapt::Form;
use super::demux::Opened;
use super::kind::Kind;
use super::outlet::Outlet;
use super::stream::{Beside, Stream};
use super::{AudioError, AudioWarning, SourceInfo};
use crate::signal::units::samples_to_seconds;

/// Packets in a row that may fail before a stream is given up.
const MAX_BAD_RUN: u32 = 2_000;
/// Longest silence put in place of one bad packet, seconds.
const MAX_FILL_S: u64 = 1;
/// Longest gap in the timestamps that is filled with silence, seconds; a greater jump is taken for a wrong timestamp.
const MAX_GAP_S: u64 = 10;
/// A recording that begins later than this by its own clock, seconds, was taken out of a longer stream: its clock begins
/// anew.
const MAX_START_S: u64 = 600;
/// Gaps shorter than one of this many parts of a second are rounding.
const LEAST_GAPS_PER_S: u64 = 50;
/// A lossy stream this much shorter than told is called truncated, seconds. Encoders disagree by a frame or two.
const LENGTH_TOLERANCE_S: f64 = 0.1;
/// Frames of samples as they are that make a block, at least: QuickTime's demuxer gives them one by one.
const PLAIN_BLOCK_FRAMES: usize = 1_024;
/// What the MPEG audio decoder says when a frame has another rate or channel count than the first.
pub(super) const FORMAT_CHANGED: &str = "signal spec";

/// A demuxer and a decoder at work.
pub(super) struct Coded {
    format: Box<dyn FormatReader>,
    beside: Beside,
    stream: Stream,
    /// Packets that were looked at before their turn.
    ahead: VecDeque<symphonia::core::errors::Result<Option<Packet>>>,
    out: Outlet,
    /// Decoded while opening, to learn what the stream really holds.
    first: Vec<f32>,
    bad_run: u32,
    bad: Option<(u64, f64)>,
    /// Where a clock begins that is taken to begin at 0.
    begins_at_s: Option<f64>,
    cut_off: bool,
    done: bool,
    /// Recordings before this one.
    links: u32,
    /// What went wrong behind samples that were handed out first.
    failed: Option<AudioError>,
}

impl std::fmt::Debug for Coded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coded")
            .field("info", &self.out.info)
            .field("position", &self.out.position)
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
            ahead: VecDeque::new(),
            out: Outlet::new(info),
            first: Vec::new(),
            bad_run: 0,
            bad: None,
            begins_at_s: None,
            cut_off: false,
            done: false,
            links: 0,
            failed: None,
        };
        coded.look_for_replication();
        let mut first = Vec::new();
        coded.next_block(path, &mut first)?;
        if coded.out.info.rate_hz == 0 {
            coded.learn_from_header(path)?;
        }
        coded.first = first;
        Ok(coded)
    }

    /// Sound tracks that there are, and which one is heard, counted from 1.
    pub(super) fn tracks(&self) -> (usize, usize) {
        (self.stream.tracks, self.stream.place + 1)
    }

    /// What is decoded.
    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Looks at the first packets of an AAC stream of a low rate.
    fn look_for_replication(&mut self) {
        const MOST_CORE_HZ: u32 = 24_000;
        if !self.stream.is_aac || self.stream.he || self.stream.rate_hz > Some(MOST_CORE_HZ) {
            return;
        }
        while self.ahead.len() < aac::PACKETS {
            let packet = self.format.next_packet();
            let more = matches!(packet, Ok(Some(_)));
            self.ahead.push_back(packet);
            if !more {
                break;
            }
        }
        let of_stream = |packet: &Packet| packet.track_id == self.stream.track_id;
        let packets = self.ahead.iter().filter_map(|packet| packet.as_ref().ok()?.as_ref());
        let packets: Vec<&[u8]> =
            packets.filter(|packet| of_stream(packet)).map(|packet| &packet.data[..]).collect();
        self.stream.he = aac::is_he(&packets);
    }

    fn next_packet(&mut self) -> symphonia::core::errors::Result<Option<Packet>> {
        self.ahead.pop_front().unwrap_or_else(|| self.format.next_packet())
    }

    pub(super) fn info(&self) -> &SourceInfo {
        &self.out.info
    }

    /// What was odd, once the stream has ended.
    pub(super) fn take_warnings(&mut self) -> Vec<AudioWarning> {
        let mut warnings = Vec::new();
        if let Some(at_s) = self.begins_at_s.take() {
            warnings.push(AudioWarning::BeginsLate { at_s });
        }
        if let Some((count, first_at_s)) = self.bad.take() {
            warnings.push(AudioWarning::BadPackets { count, first_at_s });
        }
        let rate = self.out.info.rate_hz;
        let told_s = self.stream.told.map(|told| samples_to_seconds(told, rate));
        let after_s = samples_to_seconds(self.out.position, rate);
        let tolerance = if self.stream.kind == Kind::Lossy { LENGTH_TOLERANCE_S } else { 0.0 };
        let short = self.stream.promised && told_s.is_some_and(|told_s| told_s > after_s + tolerance);
        if self.cut_off || short {
            warnings.push(AudioWarning::Truncated { after_s, told_s });
        }
        warnings
    }

    /// Fills `block` with the next frames; leaves it empty at the end.
    pub(super) fn next_block(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<(), AudioError> {
        block.clear();
        if self.failed.is_none() || !self.first.is_empty() {
            self.next_piece(path, block)?;
        }
        let enough = PLAIN_BLOCK_FRAMES * usize::from(self.out.info.channels);
        let mut piece = Vec::new();
        while self.stream.kind == Kind::Plain && self.failed.is_none() && (1..enough).contains(&block.len()) {
            match self.next_piece(path, &mut piece) {
                Ok(()) if piece.is_empty() => break,
                Ok(()) => block.append(&mut piece),
                Err(error) => self.failed = Some(error),
            }
        }
        if block.is_empty() { self.failed.take().map_or(Ok(()), Err) } else { Ok(()) }
    }

    /// The next frames as they come.
    fn next_piece(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<(), AudioError> {
        block.clear();
        if !self.first.is_empty() {
            *block = std::mem::take(&mut self.first);
            return Ok(());
        }
        while block.is_empty() {
            if self.stream.pause > 0 && self.out.info.rate_hz > 0 {
                self.out.pause(&mut self.stream, block);
                continue;
            }
            if self.out.silence > 0 {
                self.out.fill(path, &mut self.stream, block)?;
                continue;
            }
            if !self.out.held.is_empty() {
                block.append(&mut self.out.held);
                self.out.hand_out(path, &mut self.stream, block)?;
                continue;
            }
            if self.done {
                break;
            }
            match self.next_packet() {
                Ok(Some(mut packet)) if packet.track_id == self.stream.track_id => {
                    if self.stream.keeps_packets && packet.dur.get() == 0 {
                        (packet.dur, packet.trim_end) = (packet.trim_end, Duration::ZERO);
                    }
                    self.decode(path, &packet, block)?
                }
                Ok(Some(_)) => {}
                Ok(None) => self.end_link(path, block)?,
                Err(Error::ResetRequired) => {
                    // The tracks of a link are its own.
                    self.beside.track = None;
                    self.stream = Stream::select(path, self.format.as_mut(), &mut self.beside)?;
                    // The announced length was that of the first link only.
                    self.stream.told = None;
                }
                Err(Error::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => {
                    self.cut_off = true;
                    self.end_link(path, block)?;
                }
                Err(Error::IoError(source)) => {
                    return Err(AudioError::Read { path: path.to_owned(), at_s: self.out.at_s(), source });
                }
                Err(error) => self.bad_packet(path, &error.to_string(), 0)?,
            }
        }
        Ok(())
    }

    /// Takes the time of the first packet for what it says: see [`Stream::starts_by_pts`].
    fn start(&mut self, pts: i64) {
        let rate_hz = self.stream.rate_hz.unwrap_or(0);
        let ticks = self.stream.frames(pts.unsigned_abs(), rate_hz);
        let pre_skip = self.stream.skip;
        if pts < 0 && self.stream.keeps_packets {
            // Ogg's demuxer drops it.
            return;
        }
        if pts < 0 {
            // Rounded to milliseconds, where the codec's own header does not say it better.
            self.stream.skip = if pre_skip > 0 { pre_skip } else { ticks };
            return;
        }
        // What is dropped at the start lies before that time, up to rounding.
        let pause = if self.stream.keeps_packets || pts == 0 { ticks } else { ticks + pre_skip };
        let first_link = self.out.position == 0;
        if first_link && pause > u64::from(rate_hz) / 500 {
            if pause <= u64::from(rate_hz) * MAX_START_S {
                self.stream.pause = pause;
            } else {
                self.begins_at_s = Some(samples_to_seconds(pause, rate_hz));
            }
        }
    }

    fn decode(&mut self, path: &Path, packet: &Packet, block: &mut Vec<f32>) -> Result<(), AudioError> {
        let missing =
            if self.stream.counted || self.stream.fill_gaps { self.missing_before(packet) } else { 0 };
        if missing > 0 && self.stream.counted {
            let detail = format!("{missing} samples are missing");
            return Err(AudioError::Corrupt { path: path.to_owned(), at_s: self.out.at_s(), detail });
        }
        if std::mem::take(&mut self.stream.starts_by_pts) {
            self.start(packet.pts.get());
        }
        let at_s = self.out.at_s();
        let mut decoded = self.stream.decoder.decode(packet).map(|_| ());
        if matches!(&decoded, Err(Error::DecodeError(text)) if text.contains(FORMAT_CHANGED)) {
            self.stream.begin_anew();
            decoded = self.stream.decoder.decode(packet).map(|_| ());
        }
        let result = match decoded {
            Ok(()) => {
                let buffer = self.stream.decoder.last_decoded();
                self.out.note_form(&buffer);
                buffer.copy_to_vec_interleaved(block);
                let sound = self.stream.kind != Kind::Lossy || block.iter().all(|s| s.is_finite());
                if sound { Ok(()) } else { Err("its samples are not numbers".to_owned()) }
            }
            // A decoder reads nothing but the packet: whatever it says is damage.
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
            self.out.silence += missing;
        }
        if self.out.silence > 0 || self.stream.pause > 0 {
            self.out.held.append(block);
            return Ok(());
        }
        self.out.hand_out(path, &mut self.stream, block)
    }

    /// Frames that lie between the end of the last packet and this one, if the timestamps jump.
    fn missing_before(&mut self, packet: &Packet) -> u64 {
        let pts = packet.pts.get();
        let length = i64::try_from(packet.block_dur().get()).unwrap_or(i64::MAX);
        let expected = self.stream.next_pts.replace(pts.saturating_add(length));
        let ticks = expected.map_or(0, |expected| pts.saturating_sub(expected).max(0).unsigned_abs());
        let frames = self.stream.frames(ticks, self.out.form.rate_hz);
        let rate = u64::from(self.out.form.rate_hz);
        let smallest = if self.stream.counted { 0 } else { rate / LEAST_GAPS_PER_S };
        if frames > smallest && (self.stream.counted || frames <= rate * MAX_GAP_S) { frames } else { 0 }
    }

    fn note_bad(&mut self, at_s: f64) {
        self.bad.get_or_insert((0, at_s)).0 += 1;
    }

    /// Asks for silence where a packet of `ticks` could not be decoded, or fails where that would be a lie.
    fn bad_packet(&mut self, path: &Path, detail: &str, ticks: u64) -> Result<(), AudioError> {
        let at_s = self.out.at_s();
        self.bad_run += 1;
        if self.stream.kind != Kind::Lossy || self.bad_run > MAX_BAD_RUN {
            let detail = detail.to_owned();
            return Err(AudioError::Corrupt { path: path.to_owned(), at_s, detail });
        }
        self.note_bad(at_s);
        let rate = u64::from(self.out.form.rate_hz);
        self.out.silence += self.stream.frames(ticks, self.out.form.rate_hz).min(rate * MAX_FILL_S);
        Ok(())
    }

    /// The demuxer has nothing more: goes on with the recording behind it, if there is one.
    fn end_link(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<(), AudioError> {
        if let Some(segment) = self.beside.segment.take() {
            self.cut_off &= !segment.is_reached();
            let discard = self.stream.nanoseconds(segment.discard_ns());
            self.out.settle(path, &mut self.stream, discard, block)?;
        }
        let behind = self.beside.behind.take().filter(|_| !self.cut_off);
        let next =
            behind.map(|behind| behind.open(path, self.beside.track, self.links)).transpose()?.flatten();
        let Some(Opened { format, beside }) = next else {
            // What was held back is heard first.
            self.failed = self.end(path).err();
            self.out.flush(block);
            return Ok(());
        };
        self.links += 1;
        self.out.drop_back();
        (self.format, self.beside) = (format, beside);
        self.stream = Stream::select(path, self.format.as_mut(), &mut self.beside)?;
        Ok(())
    }

    fn end(&mut self, path: &Path) -> Result<(), AudioError> {
        self.done = true;
        if let Some(cut_off) = self.beside.cut_off {
            self.cut_off = cut_off;
        }
        let path = || path.to_owned();
        if let Some((count, _)) = self.bad
            && self.out.info.rate_hz == 0
        {
            let detail = format!(
                "{} was recognised, but none of its {count} packets can be decoded",
                self.out.info.codec
            );
            return Err(AudioError::NotAudio { path: path(), detail });
        }
        let told = self.stream.told.filter(|&told| self.out.info.rate_hz > 0 && told > self.out.position);
        if self.stream.kind == Kind::Lossless && (self.cut_off || self.stream.promised && told.is_some()) {
            let told_s = samples_to_seconds(told.unwrap_or(self.out.position), self.out.info.rate_hz);
            return Err(AudioError::Truncated { path: path(), at_s: self.out.at_s(), told_s });
        }
        Ok(())
    }

    /// For a stream without a single packet: the header's word is all there is.
    fn learn_from_header(&mut self, path: &Path) -> Result<(), AudioError> {
        let (Some(rate_hz), Some(channels)) = (self.stream.rate_hz, self.stream.channels) else {
            let detail = format!("{} without any audio", self.out.info.codec);
            return Err(AudioError::NotAudio { path: path.to_owned(), detail });
        };
        self.out.info.rate_hz = rate_hz;
        self.out.info.channels = u16::try_from(channels).unwrap_or(u16::MAX);
        self.out.form = Form { rate_hz, channels: self.out.info.channels };
        Ok(())
    }
}
