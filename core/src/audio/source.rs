//! One way to read audio, whatever it is stored in.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::coded::Coded;
use super::ffmpeg::Messages;
use super::info::{SampleFormat, SourceInfo};
use super::options::{ChannelChoice, ChannelPick};
use super::wav_header::{Coding, WavHeader};
use super::wav_reader::WavReader;
use super::{AudioError, AudioWarning};
use crate::signal::units::samples_to_seconds;
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

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
    pub(super) path: PathBuf,
    pub(super) info: SourceInfo,
    /// Channels before the choice among them.
    stored_channels: u16,
    pub(super) reader: Reader,
    pick: Option<ChannelPick>,
    /// Where ffmpeg's faults are told.
    pub(super) messages: Option<Messages>,
    block: Vec<f32>,
    /// Samples per channel handed out.
    pub(super) position: u64,
    pub(super) warnings: Vec<AudioWarning>,
    /// Samples that are not finite become 0, and do not end the source.
    sanitised: bool,
    done: bool,
}

/// Where the samples come from.
#[derive(Debug)]
pub(super) enum Reader {
    Wav(WavReader),
    Coded(Box<Coded>),
}

impl Source {
    /// From here on a sample that is not finite is 0, where it would have ended the source: for streams that must go on.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        self.sanitised = true;
        self
    }

    /// Samples behind a header, of an input of so many bytes, if that is known.
    pub(super) fn wav(
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

    /// What a demuxer and a decoder give.
    pub(super) fn coded(path: &Path, coded: Coded) -> Result<Self, AudioError> {
        let (tracks, heard) = coded.tracks();
        let mut warnings = Vec::new();
        if tracks > 1 {
            warnings.push(AudioWarning::Tracks { tracks, heard, skipped_silent: false });
        }
        if let Some(unheard_s) = coded.stream().unheard_s() {
            warnings.push(AudioWarning::EditsGoBack { unheard_s });
        }
        if coded.stream().he {
            warnings.push(AudioWarning::UpperHalfMissing { above_hz: coded.info().rate_hz / 2 });
        }
        Self::new(path, coded.info().clone(), Reader::Coded(Box::new(coded)), warnings)
    }

    /// Hands out only the chosen channel from here on.
    pub(super) fn pick(mut self, choice: ChannelChoice) -> Result<Self, AudioError> {
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
        if are_finite(&self.block) {
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

/// The exponent of NaN and infinity is all ones; the maximum over the block vectorises, a search would not.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn are_finite(samples: &[f32]) -> bool {
    let largest = samples.iter().fold(0, |most: u32, sample| most.max(sample.to_bits() & 0x7fff_ffff));
    largest < f32::INFINITY.to_bits()
}
