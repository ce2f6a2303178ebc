//! What is heard of an input that holds more than one thing.

use std::path::PathBuf;

use crate::signal::Downmixer;

/// How a [`Source`](super::Source) is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// The sound track, counted from 1; nothing for the first that is not silent.
    pub track: Option<u16>,
    /// The channels that are handed out.
    pub channel: ChannelChoice,
    /// Who decodes what is not read here.
    pub ffmpeg: Ffmpeg,
}

/// Which channels a [`Source`](super::Source) hands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChannelChoice {
    /// All.
    #[default]
    All,
    /// One, counted from 1.
    One(u16),
    /// At each moment the loudest, as one channel.
    Best,
}

/// The program that decodes what is not read here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ffmpeg {
    /// The system's, where there is one.
    #[default]
    System,
    /// The one with this path.
    Path(PathBuf),
    /// None.
    Never,
}

/// Chosen channels of interleaved blocks.
#[derive(Debug)]
pub(super) enum ChannelPick {
    One { channel: usize, channels: usize },
    Best(Box<Downmixer>, Vec<f32>),
}

impl ChannelPick {
    /// Nothing where all channels are wanted; the number of channels where the wanted one is not there.
    pub(super) fn new(choice: ChannelChoice, rate_hz: u32, channels: u16) -> Result<Option<Self>, u16> {
        match choice {
            ChannelChoice::All => Ok(None),
            ChannelChoice::One(wanted) if (1..=channels).contains(&wanted) => {
                Ok(Some(Self::One { channel: usize::from(wanted) - 1, channels: usize::from(channels) }))
            }
            ChannelChoice::One(_) => Err(channels),
            ChannelChoice::Best => {
                Ok(Some(Self::Best(Box::new(Downmixer::loudest(rate_hz, channels)), Vec::new())))
            }
        }
    }

    /// Leaves the chosen channel in `block`.
    pub(super) fn apply(&mut self, block: &mut Vec<f32>) {
        match self {
            Self::One { channel, channels } => {
                let frames = block.len() / *channels;
                for frame in 0..frames {
                    block[frame] = block[frame * *channels + *channel];
                }
                block.truncate(frames);
            }
            Self::Best(downmixer, mono) => {
                mono.clear();
                downmixer.push(block, mono);
                std::mem::swap(block, mono);
            }
        }
    }
}
