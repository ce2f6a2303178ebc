//! The Opus identification header: how many channels, from which streams, and how loud (RFC 7845, section 5.1).

/// How multi-byte numbers of the header are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) enum Endian {
    /// Ogg, Matroska and CAF.
    Little,
    /// The `dOps` box of MPEG-4, before which symphonia puts Ogg's signature.
    Big,
}

/// Why a header cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::audio) enum HeadError {
    /// It ends too early, or has another signature.
    #[error("the Opus header is cut off or has no signature")]
    Short,
    /// A version whose layout is not known.
    #[error("the Opus header has version {0}, which is not known")]
    Version(u8),
    /// A number of channels that the mapping family does not have.
    #[error("{channels} Opus channel(s) in mapping family {family}")]
    Channels {
        /// Channels in the header.
        channels: usize,
        /// Mapping family in the header.
        family: u8,
    },
    /// A mapping family whose channels are not those of the streams.
    #[error("Opus in mapping family {0}")]
    Family(u8),
    /// The table names streams that are not there.
    #[error("the Opus header maps channels from streams that it does not have")]
    Mapping,
}

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audio) struct OpusHead {
    /// Samples at 48 kHz to drop at the start.
    pub(in crate::audio) pre_skip: u16,
    /// Gain that belongs to the recording, dB in Q7.8.
    pub(super) gain_q8_db: i16,
    /// Opus streams in each packet, at least 1.
    pub(super) streams: usize,
    /// How many of them, the first ones, are stereo pairs.
    pub(super) coupled: usize,
    /// For each channel in the order in which it is handed out: which decoded channel it is, `None` for silence. Decoded
    /// channels are counted through the pairs, left before right, and then through the mono streams.
    pub(super) sources: Vec<Option<u8>>,
}

/// Bytes before the mapping table, with the signature.
const FIXED_BYTES: usize = 19;
/// In a mapping table: nothing is to be heard on this channel.
const SILENT: u8 = 255;

/// Where the channels of mapping family 1, which come in Vorbis' order, are found when they are handed out in that of WAV:
/// left, right, centre, LFE, back (left, right), side (left, right). Seven channels have one in the middle of the back.
pub(in crate::audio) const VORBIS_TO_WAV: [&[usize]; 8] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

impl OpusHead {
    /// One stream without a header: `channels` must be 1 or 2.
    pub(in crate::audio) fn plain(channels: usize) -> Result<Self, HeadError> {
        if !(1..=2).contains(&channels) {
            return Err(HeadError::Channels { channels, family: 0 });
        }
        let sources = [Some(0), Some(1)][..channels].to_vec();
        Ok(Self { pre_skip: 0, gain_q8_db: 0, streams: 1, coupled: channels - 1, sources })
    }

    /// Reads a header that begins with `OpusHead`.
    ///
    /// Families 0 (mono, stereo), 1 (Vorbis' loudspeakers, up to 8), 255 (channels without a meaning) and 2 (ambisonics,
    /// whose components are handed out as they are) are known. Family 3 needs a matrix, others are not defined.
    pub(in crate::audio) fn parse(bytes: &[u8], endian: Endian) -> Result<Self, HeadError> {
        let fixed: &[u8; FIXED_BYTES] = bytes.first_chunk().ok_or(HeadError::Short)?;
        let number = |at: usize| match endian {
            Endian::Little => [fixed[at], fixed[at + 1]],
            Endian::Big => [fixed[at + 1], fixed[at]],
        };
        if !fixed.starts_with(b"OpusHead") {
            return Err(HeadError::Short);
        }
        // Versions that share the upper four bits can be read alike.
        if fixed[8] > 15 {
            return Err(HeadError::Version(fixed[8]));
        }
        let (channels, family) = (usize::from(fixed[9]), fixed[18]);
        let most = match family {
            0 => 2,
            1 => VORBIS_TO_WAV.len(),
            2 | 255 => 255,
            _ => return Err(HeadError::Family(family)),
        };
        if channels == 0 || channels > most {
            return Err(HeadError::Channels { channels, family });
        }
        let mut head = Self::plain(channels.min(2))?;
        if family > 0 {
            let table = bytes.get(FIXED_BYTES..FIXED_BYTES + 2 + channels).ok_or(HeadError::Short)?;
            (head.streams, head.coupled) = (usize::from(table[0]), usize::from(table[1]));
            head.sources = sources(head.streams, head.coupled, &table[2..])?;
        }
        if family == 1 {
            let stored = std::mem::take(&mut head.sources);
            head.sources = VORBIS_TO_WAV[channels - 1].iter().map(|&at| stored[at]).collect();
        }
        head.pre_skip = u16::from_le_bytes(number(10));
        head.gain_q8_db = i16::from_le_bytes(number(16));
        Ok(head)
    }

    /// Number of channels handed out.
    pub(in crate::audio) fn channels(&self) -> usize {
        self.sources.len()
    }

    /// The header's gain as a factor.
    pub(super) fn gain(&self) -> f32 {
        10_f32.powf(f32::from(self.gain_q8_db) / (256.0 * 20.0))
    }
}

fn sources(streams: usize, coupled: usize, table: &[u8]) -> Result<Vec<Option<u8>>, HeadError> {
    let decoded = streams + coupled;
    if streams == 0 || coupled > streams || decoded > 255 {
        return Err(HeadError::Mapping);
    }
    let source = |&index: &u8| match index {
        SILENT => Ok(None),
        index if usize::from(index) < decoded => Ok(Some(index)),
        _ => Err(HeadError::Mapping),
    };
    table.iter().map(source).collect()
}
