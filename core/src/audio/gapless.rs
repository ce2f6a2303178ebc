//! What encoders add at the start and the end, and where containers say how much.
//!
//! MP3 (LAME tag), Vorbis and Opus (granule positions) are handled by their demuxers; the pre-skip of Opus stands in its
//! header (`opus/head.rs`). MPEG-4 files tell in an edit list, or in Apple's `iTunSMPB` comment.

use std::io::{self, Read, Seek, SeekFrom};

/// Boxes looked at before giving up; a file has a few dozen outside its tables.
const MAX_BOXES: u32 = 4_096;
/// Most that an encoder may ask to be skipped, seconds. Longer edits are cuts by an editor and are honoured too; beyond
/// this the value is damage.
const MAX_SKIP_S: u64 = 24 * 3600;

/// The stretch of an MPEG-4 track that is to be presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EditListBox {
    /// First presented moment, in units of `1 / media_timescale` s.
    pub(super) media_time: u64,
    pub(super) media_timescale: u32,
    /// Length, in units of `1 / movie_timescale` s; 0 if not told.
    pub(super) duration: u64,
    pub(super) movie_timescale: u32,
}

impl EditListBox {
    /// Samples to drop at the start, at `rate_hz`.
    pub(super) fn skip(self, rate_hz: u32) -> u64 {
        scale(self.media_time, rate_hz, self.media_timescale).min(MAX_SKIP_S * u64::from(rate_hz))
    }

    /// Samples to keep after those, given that the track has `coded` of them in all.
    ///
    /// The edit's length is often rounded to the millisecond, while the sample table is exact: it wins where both say
    /// the same within that rounding.
    pub(super) fn keep(self, rate_hz: u32, coded: Option<u64>) -> Option<u64> {
        let by_table = coded.map(|n| n.saturating_sub(self.skip(rate_hz)));
        if self.duration == 0 {
            return by_table;
        }
        let by_edit = scale(self.duration, rate_hz, self.movie_timescale);
        let rounding = scale(1, rate_hz, self.movie_timescale).saturating_add(1);
        match by_table {
            Some(table) if table <= by_edit.saturating_add(rounding) => Some(table),
            _ => Some(by_edit),
        }
    }
}

/// `value` units of `1 / timescale` s in samples at `rate_hz`.
pub(super) fn scale(value: u64, rate_hz: u32, timescale: u32) -> u64 {
    let scaled = u128::from(value) * u128::from(rate_hz) / u128::from(timescale.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// The edit of the audio track with id `track_id` of an MPEG-4 file. Leaves the reader anywhere.
pub(super) fn mp4_edit(reader: &mut (impl Read + Seek), track_id: u32) -> Option<EditListBox> {
    let end = reader.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk { reader, boxes: 0 };
    let moov = walk.find(0..end, *b"moov")?;
    let mvhd = walk.find(moov.clone(), *b"mvhd")?;
    let movie_timescale = walk.timescale(mvhd)?;
    let mut rest = moov;
    while let Some(trak) = walk.find(rest.clone(), *b"trak") {
        rest.start = trak.end;
        if walk.track_id(trak.clone()) == Some(track_id) {
            let mdia = walk.find(trak.clone(), *b"mdia")?;
            let mdhd = walk.find(mdia, *b"mdhd")?;
            let media_timescale = walk.timescale(mdhd)?;
            let edts = walk.find(trak, *b"edts")?;
            let elst = walk.find(edts, *b"elst")?;
            let (duration, media_time) = walk.first_edit(elst)?;
            return Some(EditListBox { media_time, media_timescale, duration, movie_timescale });
        }
    }
    None
}

type Span = std::ops::Range<u64>;

struct Walk<'a, R> {
    reader: &'a mut R,
    boxes: u32,
}

impl<R: Read + Seek> Walk<'_, R> {
    fn read<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.seek(SeekFrom::Start(at)).ok()?;
        self.reader.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn u32_at(&mut self, at: u64) -> Option<u32> {
        self.read(at).map(u32::from_be_bytes)
    }

    fn u64_at(&mut self, at: u64) -> Option<u64> {
        self.read(at).map(u64::from_be_bytes)
    }

    /// The contents of the first box called `name` within `span`.
    fn find(&mut self, mut span: Span, name: [u8; 4]) -> Option<Span> {
        while span.start < span.end {
            self.boxes += 1;
            if self.boxes > MAX_BOXES {
                return None;
            }
            let small = u64::from(self.u32_at(span.start)?);
            let (header, size) = match small {
                0 => (8, span.end - span.start),
                1 => (16, self.u64_at(span.start + 8)?),
                n => (8, n),
            };
            let found: [u8; 4] = self.read(span.start + 4)?;
            let end = span.start.checked_add(size).filter(|&end| end <= span.end && size >= header)?;
            if found == name {
                return Some(span.start + header..end);
            }
            span.start = end;
        }
        None
    }

    fn version(&mut self, at: u64) -> Option<u8> {
        self.read::<1>(at).map(|[version]| version)
    }

    /// The time scale in an `mvhd` or `mdhd` box.
    fn timescale(&mut self, header: Span) -> Option<u32> {
        let at = if self.version(header.start)? == 1 { 20 } else { 12 };
        self.u32_at(header.start + at).filter(|&scale| scale > 0)
    }

    fn track_id(&mut self, trak: Span) -> Option<u32> {
        let tkhd = self.find(trak, *b"tkhd")?;
        let at = if self.version(tkhd.start)? == 1 { 20 } else { 12 };
        self.u32_at(tkhd.start + at)
    }

    /// Duration and media time of the first edit that shows media. Empty edits before it delay the whole track against
    /// a picture; without one, time begins at the first sample.
    fn first_edit(&mut self, elst: Span) -> Option<(u64, u64)> {
        let wide = self.version(elst.start)? == 1;
        let entry = if wide { 20 } else { 12 };
        let count = self.u32_at(elst.start + 4)?.min(MAX_BOXES);
        let shown = |(duration, time): (u64, i64)| u64::try_from(time).ok().map(|time| (duration, time));
        let mut first = None;
        for k in 0..u64::from(count) {
            let at = elst.start + 8 + k * entry;
            let edit = if wide {
                (self.u64_at(at)?, i64::from_be_bytes(self.read(at + 8)?))
            } else {
                (u64::from(self.u32_at(at)?), i64::from(i32::from_be_bytes(self.read(at + 4)?)))
            };
            match (first, shown(edit)) {
                (None, found) => first = found,
                // Several cuts: the end of the first is not the end of the audio.
                (Some((_, time)), Some(_)) => return Some((0, time)),
                (Some(_), None) => {}
            }
        }
        first
    }
}

/// Samples to drop at the start and to keep after them, from an `iTunSMPB` comment.
pub(super) fn itunes_gapless(comment: &str) -> Option<(u64, u64)> {
    let mut fields = comment.split_whitespace().skip(1).map(|f| u64::from_str_radix(f, 16));
    let (delay, _padding, total) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    (total > 0 && delay < u64::from(u32::MAX)).then_some((delay, total))
}

/// Whether a file begins like MPEG-4.
pub(super) fn is_mp4(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut start = [0; 8];
    reader.rewind()?;
    match reader.read_exact(&mut start) {
        Ok(()) => Ok(start[4..] == *b"ftyp" || start[4..] == *b"moov"),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_longer_than_can_be_counted_keeps_what_is_there() {
        let edit = EditListBox { media_time: 0, media_timescale: 1, duration: u64::MAX, movie_timescale: 1 };
        assert_eq!(edit.keep(48_000, Some(1_000)), Some(1_000));
        assert_eq!(edit.keep(48_000, None), Some(u64::MAX));
    }
}
