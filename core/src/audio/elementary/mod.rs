//! Streams that are a row of frames and nothing more: FLAC, MPEG audio and AAC in ADTS, as a demuxer for symphonia.
//!
//! Whatever stands between, before and behind the frames (tags, cue sheets, pictures, another file's header, zeros, damage)
//! is passed over, and the frames go on where the next ones begin. A new header, another rate or another number of channels
//! begins a new link, as in chained Ogg: the demuxer says so by `ResetRequired`.
//!
//! | file | what |
//! |---|---|
//! | `window.rs` | the bytes that are looked at |
//! | `framing.rs` | what a frame, a header and a link are |
//! | `flac.rs`, `mpeg.rs`, `adts.rs` | where a frame begins and ends, and what its header says ([`Framing`]) |
//! | `free_format.rs` | frames of MPEG audio that tell no bit rate |
//! | `checksum.rs` | the checksums of FLAC frames |

mod adts;
mod checksum;
mod flac;
mod framing;
mod free_format;
mod mpeg;
mod window;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::num::NonZero;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::{Error, Result, SeekErrorKind};
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::recognise::{tag_bytes, tag_bytes_behind};
use framing::{Config, Frame, Framing, LinkInfo, Look};
pub(super) use mpeg::{MpegHeader, TOO_FAST};
use window::Window;

/// Bytes that are looked at for a header.
const HEADER_BYTES: usize = 64;
/// Lost frames that are made up for; what is passed over beyond that was no sound, but something between two recordings.
const MAX_LOST_FRAMES: u64 = 16;
/// Packets held back while it is not known whether padding follows them: LAME states at most 4095 samples.
const HELD_PACKETS: usize = 9;

/// The kinds of these streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elementary {
    Flac,
    Mpeg,
    Adts,
}

impl Elementary {
    /// The kind whose first bytes these are.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some(Self::Adts),
            [0xff, second, ..] if second & 0xe0 == 0xe0 => Some(Self::Mpeg),
            _ => None,
        }
    }
}

/// The demuxer.
pub(super) struct ElementaryReader<'s> {
    window: Window<'s>,
    framing: Box<dyn Framing>,
    format: FormatInfo,
    media: MediaInfo,
    metadata: MetadataLog,
    tracks: Vec<Track>,
    config: Option<Config>,
    link: LinkInfo,
    /// Samples of the link so far, with delay.
    position: u64,
    frames: u64,
    frame_bytes: u64,
    /// Where in the input the link begins.
    link_start: u64,
    held: VecDeque<Packet>,
    /// A new link begins when what is held is out.
    next: Option<(Option<Config>, LinkInfo, u64)>,
    at_end: bool,
    cut_off: bool,
}

impl<'s> ElementaryReader<'s> {
    /// Reads as far as the first frame.
    pub(super) fn new(stream: MediaSourceStream<'s>, kind: Elementary) -> Result<Self> {
        let framing: Box<dyn Framing> = match kind {
            Elementary::Flac => Box::new(flac::FlacFraming::default()),
            Elementary::Mpeg => Box::new(mpeg::MpegFraming::default()),
            Elementary::Adts => Box::new(adts::AdtsFraming),
        };
        let mut reader = Self {
            window: Window::new(stream),
            format: framing.info(),
            framing,
            media: MediaInfo::default(),
            metadata: MetadataLog::default(),
            tracks: Vec::new(),
            config: None,
            link: LinkInfo::default(),
            position: 0,
            frames: 0,
            frame_bytes: 0,
            link_start: 0,
            held: VecDeque::new(),
            next: None,
            at_end: false,
            cut_off: false,
        };
        while reader.config.is_none() && !reader.at_end {
            reader.step()?;
            reader.begin_next();
        }
        if reader.config.is_none() {
            return Err(Error::DecodeError("no frames behind the header"));
        }
        Ok(reader)
    }

    /// Begins the link that was found, now that the one before is out.
    fn begin_next(&mut self) {
        let Some((config, link, start)) = self.next.take() else { return };
        if let Some(config) = config {
            self.tracks = vec![track(&config, &link)];
            self.config = Some(config);
        } else {
            // Its first frame says what it is.
            self.config = None;
        }
        (self.link, self.link_start) = (link, start);
        (self.position, self.frames, self.frame_bytes) = (0, 0, 0);
    }

    /// Looks at what comes next: holds a packet, finds a new link, passes something over, or comes to the end.
    fn step(&mut self) -> Result<()> {
        let mut wanted = HEADER_BYTES;
        loop {
            let (bytes, whole) = self.window.fill(wanted)?;
            if bytes.is_empty() {
                self.end();
                return Ok(());
            }
            match self.framing.look(bytes, whole) {
                Look::Need(more) if !whole => wanted = more.max(wanted + 1),
                Look::Need(_) | Look::Nothing => return self.pass_over(),
                Look::Skip(bytes) => return Ok(self.window.skip(bytes)?),
                Look::Header { bytes, config, info } => {
                    self.next = Some((config, info, self.window.offset()));
                    self.settle(true);
                    return Ok(self.window.skip(bytes)?);
                }
                Look::Frame(frame) => return self.take(&frame),
                Look::Unsupported(what) => return Err(Error::Unsupported(what)),
                Look::Broken { bytes, samples, position } => {
                    self.jump_to(position);
                    self.position += samples;
                    // Behind the last whole frame of a file that is cut off there is nothing more.
                    self.cut_off |= whole && bytes >= self.window.bytes().len();
                    return Ok(self.window.skip(bytes as u64)?);
                }
            }
        }
    }

    fn take(&mut self, frame: &Frame) -> Result<()> {
        if self.config.as_ref() != Some(&frame.config) {
            let started = self.config.is_some();
            if started || self.next.is_none() {
                // A link that begins without a header, or the first frame behind one that did not say all.
                let link = if started { LinkInfo::default() } else { std::mem::take(&mut self.link) };
                let start = if started { self.window.offset() } else { self.link_start };
                self.settle(true);
                self.next = Some((Some(frame.config.clone()), link, start));
                return Ok(());
            }
        }
        self.jump_to(frame.position);
        let (whole, behind) = self.window.bytes().split_at(frame.bytes);
        let data = self.framing.packet(&whole[frame.header_bytes..], behind);
        self.window.skip(frame.bytes as u64)?;
        let delay = u64::from(self.link.delay.unwrap_or(0));
        let start = i64::try_from(self.position).unwrap_or(i64::MAX) - i64::try_from(delay).unwrap_or(0);
        let trim = delay.saturating_sub(self.position).min(frame.samples);
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::new(start.saturating_add(i64::try_from(trim).unwrap_or(0))))
            .dur(Duration::new(frame.samples - trim))
            .trim_start(Duration::new(trim))
            .data(data)
            .build();
        self.held.push_back(packet);
        self.position += frame.samples;
        self.frames += 1;
        self.frame_bytes += frame.bytes as u64;
        Ok(())
    }

    /// A frame that knows its place may find some missing before it.
    fn jump_to(&mut self, position: Option<u64>) {
        if let Some(position) = position.filter(|&position| position > self.position) {
            self.position = position;
        }
    }

    /// Passes over what is no frame, as far as the next one.
    fn pass_over(&mut self) -> Result<()> {
        let (bytes, _) = self.window.fill(4_096)?;
        if let Some(tag) = tag_bytes(bytes).or_else(|| tag_bytes_behind(bytes)) {
            return Ok(self.window.skip(tag)?);
        }
        let start = self.window.offset();
        loop {
            self.window.skip(1)?;
            let (bytes, _) = self.window.fill(HEADER_BYTES)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let near = bytes.iter().position(|&b| matches!(b, 0xff | b'f' | b'I' | b'T' | b'A'));
            let Some(near) = near else {
                let all = bytes.len() as u64;
                self.window.skip(all - 1)?;
                continue;
            };
            self.window.skip(near as u64)?;
            let (bytes, _) = self.window.fill(HEADER_BYTES)?;
            if tag_bytes(bytes).or_else(|| tag_bytes_behind(bytes)).is_some() {
                return Ok(());
            }
            if self.framing.may_begin(bytes) && self.is_believed()? {
                break;
            }
        }
        // Frames that say nothing of their place are lost as often as they would have fitted here.
        let length = self.frame_bytes.checked_div(self.frames).unwrap_or(0);
        let lost = (self.window.offset() - start + length / 2).checked_div(length).unwrap_or(0);
        if self.frames > 0 && lost <= MAX_LOST_FRAMES {
            self.position += lost * (self.position / self.frames);
        }
        Ok(())
    }

    /// Whether enough frames follow each other here.
    fn is_believed(&mut self) -> Result<bool> {
        let run = self.framing.run();
        let mut wanted = HEADER_BYTES;
        'again: loop {
            let (bytes, whole) = self.window.fill(wanted)?;
            let mut at = 0;
            let mut found = 0;
            let mut config = None;
            while found < run {
                match self.framing.look(&bytes[at..], whole) {
                    Look::Frame(frame) if config.as_ref().is_none_or(|known| *known == frame.config) => {
                        at += frame.bytes;
                        config = Some(frame.config);
                    }
                    Look::Header { .. } | Look::Unsupported(_) => return Ok(true),
                    Look::Need(more) if !whole => {
                        wanted = at + more;
                        continue 'again;
                    }
                    _ if found > 0 && whole && at >= bytes.len() => return Ok(true),
                    _ => return Ok(false),
                }
                found += 1;
            }
            return Ok(true);
        }
    }

    /// The link is complete: what its padding covers is dropped from what is held.
    fn settle(&mut self, more_follows: bool) {
        let told = self.link.samples;
        let stated = self.link.bytes.is_some_and(|bytes| {
            // What follows the last frame (tags) does not count.
            self.window.offset() - self.link_start + 4 >= bytes
        });
        let complete = told.is_none_or(|told| self.position >= told) || stated;
        let mut padding = u64::from(self.link.padding.unwrap_or(0));
        if !complete {
            padding = 0;
            self.cut_off |= self.link.binding && !more_follows;
        }
        for packet in self.held.iter_mut().rev() {
            let trim = padding.min(packet.dur.get());
            packet.trim_end = Duration::new(trim);
            packet.dur = Duration::new(packet.dur.get() - trim);
            padding -= trim;
        }
    }

    fn end(&mut self) {
        if !self.at_end {
            self.at_end = true;
            self.settle(false);
        }
    }
}

fn track(config: &Config, link: &LinkInfo) -> Track {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(config.codec).with_sample_rate(config.rate_hz);
    parameters.with_channels(match config.channels {
        1 => symphonia::core::audio::layouts::CHANNEL_LAYOUT_MONO,
        2 => symphonia::core::audio::layouts::CHANNEL_LAYOUT_STEREO,
        more => Channels::Discrete(more),
    });
    if let Some(bits) = config.bits {
        parameters.with_bits_per_sample(bits);
    }
    if let Some(extra) = &config.extra {
        parameters.with_extra_data(extra.clone().into());
    }
    let mut track = Track::new(0);
    track.with_codec_params(CodecParameters::Audio(parameters));
    if let Some(rate) = NonZero::new(config.rate_hz) {
        track.with_time_base(TimeBase::from_recip(rate));
    }
    let trims = u64::from(link.delay.unwrap_or(0)) + u64::from(link.padding.unwrap_or(0));
    if let Some(samples) = link.samples {
        track.with_num_frames(samples.saturating_sub(trims));
    }
    if let Some(delay) = link.delay {
        track.with_delay(delay);
    }
    track
}

impl FormatReader for ElementaryReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        &self.format
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _mode: SeekMode, _to: SeekTo) -> Result<SeekedTo> {
        Err(Error::SeekError(SeekErrorKind::Unseekable))
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        loop {
            let hold = if self.link.padding.is_some() { HELD_PACKETS } else { 0 };
            let settled = self.at_end || self.next.is_some();
            if (settled || self.held.len() > hold)
                && let Some(packet) = self.held.pop_front()
            {
                return Ok(Some(packet));
            }
            if self.next.is_some() {
                let known = matches!(&self.next, Some((Some(_), ..)));
                self.begin_next();
                if known {
                    return Err(Error::ResetRequired);
                }
            } else if self.at_end {
                let cut_off = std::mem::take(&mut self.cut_off);
                return if cut_off {
                    Err(io::Error::from(ErrorKind::UnexpectedEof).into())
                } else {
                    Ok(None)
                };
            } else {
                self.step()?;
            }
        }
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.window.into_inner()
    }
}
