//! What editors know of a source by themselves: the time code that it begins with, and its picture.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::{EditList, FrameRate};
use crate::audio::Film;
use crate::audio::riff::Chunks;

/// Where a chunk `bext` says how many samples after midnight its recording begins (EBU Tech 3285).
const TIME_REFERENCE: std::ops::Range<usize> = 338..346;
/// A time of day is below it, seconds.
const DAY_S: u64 = 86_400;

/// The time code of the first sample, seconds times `per_second`; exact, as a film counts frames and a recording samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceStart {
    pub(super) units: u64,
    pub(super) per_second: u32,
}

/// The picture of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListPicture {
    /// One of the known rates, or nothing.
    pub(super) rate: Option<FrameRate>,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl SourceStart {
    /// Most recordings begin at no time of a day.
    pub(super) const ZERO: Self = Self { units: 0, per_second: 1 };

    /// The frame that is nearest to it.
    pub(super) fn frame(self, rate: FrameRate) -> u64 {
        rate.nearest(self.units, self.per_second)
    }

    /// The sample that is nearest to it.
    pub(super) fn sample(self, rate_hz: u32) -> u64 {
        let per_second = u128::from(self.per_second.max(1));
        let sample = (u128::from(self.units) * u128::from(rate_hz) + per_second / 2) / per_second;
        u64::try_from(sample).unwrap_or(u64::MAX)
    }
}

impl EditList {
    /// With what an editor finds in the source beside its sound, which the list must not contradict: the time code of its
    /// first sample (`TimeReference` of a broadcast WAV, the `tmcd` track of QuickTime and MP4), and its picture (of those, of
    /// Matroska and WebM). Editors look clips up by that time code. What cannot be opened, a pipe too, has neither.
    #[must_use]
    pub fn of_file(mut self, path: &Path) -> Self {
        if !path.is_file() {
            return self;
        }
        let film = Film::of_file(path);
        let drops = film.time_code.map(|code| code.drops);
        self.picture = film.picture.map(|picture| ListPicture {
            rate: picture.rate.and_then(|(frames, seconds)| FrameRate::near(frames, seconds, drops)),
            width: picture.size.0,
            height: picture.size.1,
        });
        let of_film =
            film.time_code.map(|code| SourceStart { units: code.units, per_second: code.per_second });
        let of_wave = || {
            let units = time_reference(path).filter(|units| units / DAY_S < u64::from(self.rate_hz))?;
            Some(SourceStart { units, per_second: self.rate_hz })
        };
        self.start = of_film.or_else(of_wave).filter(|start| start.units > 0).unwrap_or(SourceStart::ZERO);
        self
    }

    /// The rate of the picture, where it is one that is known.
    pub(super) fn picture_rate(&self) -> Option<FrameRate> {
        self.picture.and_then(|picture| picture.rate)
    }
}

fn time_reference(path: &Path) -> Option<u64> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut chunks = Chunks::begin(BufReader::new(file), Some(length)).ok()??;
    while let Some(head) = chunks.next().ok()? {
        if &head.id == b"bext" {
            let bytes = chunks.content(TIME_REFERENCE.end as u64).ok()?;
            let bytes = *bytes.get(TIME_REFERENCE)?.first_chunk::<8>()?;
            let big = chunks.is_big_endian();
            return Some(if big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) });
        }
    }
    None
}
