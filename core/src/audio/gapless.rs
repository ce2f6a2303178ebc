//! What encoders add at the start and the end, and where containers say how much.
//!
//! MP3 (LAME tag), Vorbis and Opus (granule positions) are handled by their demuxers; the pre-skip of Opus stands in its
//! header (`opus/head.rs`). MPEG-4 files tell in an edit list, or in Apple's `iTunSMPB` comment; what else is read here is the
//! order of the bytes of their samples, which stands beside.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// Boxes looked at before giving up; a file has a few dozen outside its tables.
const MAX_BOXES: u32 = 4_096;
/// Longest index of an MPEG-4 stream that is kept while it is read.
const MAX_INDEX_BYTES: u64 = 64 << 20;
/// Most that an encoder may ask to be skipped, seconds. Longer edits are cuts by an editor and are honoured too; beyond
/// this the value is damage.
const MAX_SKIP_S: u64 = 24 * 3600;

/// What an edit list shows of one track, in the order in which it is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EditList {
    track_id: u32,
    media_timescale: u32,
    movie_timescale: u32,
    edits: Vec<Edit>,
}

/// A stretch of the presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    /// First presented moment in units of `1 / media_timescale` s; nothing for a pause.
    media_time: Option<u64>,
    /// In units of `1 / movie_timescale` s; 0 if not told.
    duration: u64,
}

/// What is handed out of a track by its edit list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Followed {
    pub(super) stretches: Vec<Stretch>,
    /// Samples that are shown from where the list goes back, which cannot be followed.
    pub(super) unheard: u64,
}

/// A stretch of what is handed out, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Nothing is shown.
    Pause(u64),
    /// The track from this sample on, so many of them; until its end if that is not told.
    Shown { from: u64, samples: Option<u64> },
}

impl EditList {
    /// The track that it is about.
    pub(super) fn track_id(&self) -> u32 {
        self.track_id
    }

    /// The stretches at `rate_hz` of a track that has `coded` samples in all.
    ///
    /// An edit's length is often rounded to the millisecond, while the sample table is exact: it wins where both say the
    /// same within that rounding. Lists that go back in time by more than it are followed as far as they do not.
    pub(super) fn follow(&self, rate_hz: u32, coded: Option<u64>) -> Followed {
        let longest = MAX_SKIP_S * u64::from(rate_hz);
        let in_movie = |duration| scale(duration, rate_hz, self.movie_timescale);
        let rounding = self.rounding(rate_hz);
        let mut stretches = Vec::new();
        let mut shown_to = 0_u64;
        for (k, edit) in self.edits.iter().enumerate() {
            let Some(time) = edit.media_time else {
                // A pause at the end is nothing that is heard.
                if self.edits[k..].iter().any(|edit| edit.media_time.is_some()) {
                    stretches.push(Stretch::Pause(in_movie(edit.duration).min(longest)));
                }
                continue;
            };
            let from = scale(time, rate_hz, self.media_timescale).min(longest);
            if from.saturating_add(rounding) < shown_to {
                let shown = self.edits[k..].iter().filter(|edit| edit.media_time.is_some());
                let unheard =
                    shown.fold(0_u64, |all, edit| all.saturating_add(in_movie(edit.duration).min(longest)));
                return Followed { stretches, unheard };
            }
            let from = from.max(shown_to).min(longest);
            let samples = self.shown(from, in_movie(edit.duration), edit.duration, rate_hz, coded);
            stretches.push(Stretch::Shown { from, samples });
            let Some(samples) = samples else { break };
            shown_to = from.saturating_add(samples);
        }
        Followed { stretches, unheard: 0 }
    }

    /// Samples in a unit of an edit's length, up to which it may be wrong.
    fn rounding(&self, rate_hz: u32) -> u64 {
        scale(1, rate_hz, self.movie_timescale).saturating_add(1)
    }

    fn shown(&self, from: u64, by_edit: u64, duration: u64, rate_hz: u32, coded: Option<u64>) -> Option<u64> {
        let by_table = coded.map(|coded| coded.saturating_sub(from));
        if duration == 0 {
            return by_table;
        }
        match by_table {
            Some(table) if table <= by_edit.saturating_add(self.rounding(rate_hz)) => Some(table),
            _ => Some(by_edit),
        }
    }
}

/// `value` units of `1 / timescale` s in samples at `rate_hz`.
pub(super) fn scale(value: u64, rate_hz: u32, timescale: u32) -> u64 {
    let scaled = u128::from(value) * u128::from(rate_hz) / u128::from(timescale.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// The edit lists of an MPEG-4 file. Leaves the reader anywhere.
pub(super) fn mp4_edits(reader: &mut (impl Read + Seek)) -> Option<Vec<EditList>> {
    let end = reader.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk { reader, boxes: 0 };
    let moov = walk.find(0..end, *b"moov")?;
    let mvhd = walk.find(moov.clone(), *b"mvhd")?;
    let movie_timescale = walk.timescale(mvhd)?;
    let mut rest = moov;
    let mut lists = Vec::new();
    while let Some(trak) = walk.find(rest.clone(), *b"trak") {
        rest.start = trak.end;
        lists.extend(walk.edit_list(trak, movie_timescale));
    }
    Some(lists)
}

/// The tracks of a QuickTime file whose samples of 24 bits and more begin with the highest byte. Leaves the reader anywhere.
///
/// The names of these kinds tell no order; a box beside them does, and without it this is the order.
pub(super) fn big_endian_tracks(reader: &mut (impl Read + Seek)) -> Option<Vec<u32>> {
    let end = reader.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk { reader, boxes: 0 };
    let mut rest = walk.find(0..end, *b"moov")?;
    let mut tracks = Vec::new();
    while let Some(trak) = walk.find(rest.clone(), *b"trak") {
        rest.start = trak.end;
        if walk.is_big_endian(trak.clone()).unwrap_or(false) {
            tracks.extend(walk.track_id(trak));
        }
    }
    Some(tracks)
}

/// Where the content of a box is.
pub(super) type Span = std::ops::Range<u64>;

/// Looks boxes up in an MPEG-4 file, a bounded number in all.
pub(super) struct Walk<'a, R> {
    pub(super) reader: &'a mut R,
    pub(super) boxes: u32,
}

impl<R: Read + Seek> Walk<'_, R> {
    pub(super) fn read<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.seek(SeekFrom::Start(at)).ok()?;
        self.reader.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    pub(super) fn u32_at(&mut self, at: u64) -> Option<u32> {
        self.read(at).map(u32::from_be_bytes)
    }

    pub(super) fn u64_at(&mut self, at: u64) -> Option<u64> {
        self.read(at).map(u64::from_be_bytes)
    }

    /// The contents of the first box called `name` within `span`.
    pub(super) fn find(&mut self, mut span: Span, name: [u8; 4]) -> Option<Span> {
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
    pub(super) fn timescale(&mut self, header: Span) -> Option<u32> {
        let at = if self.version(header.start)? == 1 { 20 } else { 12 };
        self.u32_at(header.start + at).filter(|&scale| scale > 0)
    }

    fn track_id(&mut self, trak: Span) -> Option<u32> {
        let tkhd = self.find(trak, *b"tkhd")?;
        let at = if self.version(tkhd.start)? == 1 { 20 } else { 12 };
        self.u32_at(tkhd.start + at)
    }

    fn edit_list(&mut self, trak: Span, movie_timescale: u32) -> Option<EditList> {
        let track_id = self.track_id(trak.clone())?;
        let mdia = self.find(trak.clone(), *b"mdia")?;
        let mdhd = self.find(mdia, *b"mdhd")?;
        let media_timescale = self.timescale(mdhd)?;
        let edts = self.find(trak, *b"edts")?;
        let elst = self.find(edts, *b"elst")?;
        let edits = self.edits(elst)?;
        Some(EditList { track_id, media_timescale, movie_timescale, edits })
    }

    fn is_big_endian(&mut self, trak: Span) -> Option<bool> {
        const KINDS: [&[u8; 4]; 4] = [b"in24", b"in32", b"fl32", b"fl64"];
        let mut span = trak;
        for name in [b"mdia", b"minf", b"stbl", b"stsd"] {
            span = self.find(span, *name)?;
        }
        // Behind a version and a count.
        let first = span.start + 8..span.end;
        let name = self.read::<4>(first.start + 4)?;
        if !KINDS.contains(&&name) {
            return Some(false);
        }
        let entry = self.find(first, name)?;
        let fields = match self.read::<2>(entry.start + 8)? {
            [0, 0] => 28,
            [0, 1] => 44,
            // The second version tells the order among its fields.
            _ => return Some(false),
        };
        let order =
            self.find(entry.start + fields..entry.end, *b"wave").and_then(|wave| self.find(wave, *b"enda"));
        Some(order.and_then(|enda| self.read::<2>(enda.start)).is_none_or(|order| order == [0, 0]))
    }

    fn edits(&mut self, elst: Span) -> Option<Vec<Edit>> {
        let wide = self.version(elst.start)? == 1;
        let entry = if wide { 20 } else { 12 };
        let count = self.u32_at(elst.start + 4)?.min(MAX_BOXES);
        let mut edits = Vec::new();
        for k in 0..u64::from(count) {
            let at = elst.start + 8 + k * entry;
            let (duration, time) = if wide {
                (self.u64_at(at)?, i64::from_be_bytes(self.read(at + 8)?))
            } else {
                (u64::from(self.u32_at(at)?), i64::from(i32::from_be_bytes(self.read(at + 4)?)))
            };
            edits.push(Edit { media_time: u64::try_from(time).ok(), duration });
        }
        Some(edits)
    }
}

/// Samples to drop at the start and to keep after them, from an `iTunSMPB` comment.
pub(super) fn itunes_gapless(comment: &str) -> Option<(u64, u64)> {
    let mut fields = comment.split_whitespace().skip(1).map(|f| u64::from_str_radix(f, 16));
    let (delay, _padding, total) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    (total > 0 && delay < u64::from(u32::MAX)).then_some((delay, total))
}

/// Whether these are the first bytes of an MPEG-4 file.
pub(super) fn is_mp4(start: &[u8]) -> bool {
    matches!(start.get(4..8), Some(b"ftyp" | b"moov"))
}

/// The beginning of an MPEG-4 stream.
pub(super) enum Mp4Start {
    /// All up to the end of the index, and what follows.
    Index { bytes: Vec<u8>, rest: Box<dyn Read + Send> },
    /// The samples come before the index: the whole stream, kept.
    Samples(File),
}

impl Mp4Start {
    pub(super) fn read(mut reader: impl Read + Send + 'static) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            let at = bytes.len();
            let read = reader.by_ref().take(8).read_to_end(&mut bytes)?;
            let Some(&[a, b, c, d, name @ ..]) = bytes[at..].first_chunk::<8>() else {
                return Ok(Self::Index { bytes, rest: Box::new(reader) });
            };
            let size = u64::from(u32::from_be_bytes([a, b, c, d]));
            if &name == b"mdat" {
                let mut file = tempfile::tempfile()?;
                io::copy(&mut Cursor::new(bytes).chain(reader), &mut file)?;
                file.rewind()?;
                return Ok(Self::Samples(file));
            }
            let content = size.saturating_sub(read as u64);
            let got = reader.by_ref().take(content.min(MAX_INDEX_BYTES)).read_to_end(&mut bytes)?;
            if &name == b"moov" || got as u64 != content {
                return Ok(Self::Index { bytes, rest: Box::new(reader) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(edits: &[(Option<u64>, u64)]) -> EditList {
        let edits = edits.iter().map(|&(media_time, duration)| Edit { media_time, duration }).collect();
        EditList { track_id: 1, media_timescale: 48_000, movie_timescale: 1_000, edits }
    }

    #[test]
    fn an_edit_longer_than_can_be_counted_keeps_what_is_there() {
        let edit = EditList { media_timescale: 1, movie_timescale: 1, ..list(&[(Some(0), u64::MAX)]) };
        let shown = |samples| vec![Stretch::Shown { from: 0, samples }];
        assert_eq!(edit.follow(48_000, Some(1_000)).stretches, shown(Some(1_000)));
        assert_eq!(edit.follow(48_000, None).stretches, shown(Some(u64::MAX)));
    }

    fn boxed(name: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(8 + content.len()).unwrap();
        [&size.to_be_bytes(), name, content].concat()
    }

    /// A track with samples of this kind, and what stands beside it.
    fn track(id: u32, kind: &[u8], version: u8, beside: &[u8]) -> Vec<u8> {
        let fields = [28, 44, 64][usize::from(version)];
        let mut entry = vec![0; fields];
        entry[9] = version;
        entry.extend_from_slice(beside);
        let stsd = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(kind, &entry)].concat();
        let stbl = boxed(b"stbl", &boxed(b"stsd", &stsd));
        let mut tkhd = [0; 84];
        tkhd[12..16].copy_from_slice(&id.to_be_bytes());
        let mdia = boxed(b"mdia", &boxed(b"minf", &stbl));
        boxed(b"trak", &[boxed(b"tkhd", &tkhd), mdia].concat())
    }

    #[test]
    fn the_order_of_bytes_is_what_stands_beside_the_kind_of_samples() {
        let order = |first: &[u8], value: [u8; 2]| {
            boxed(b"wave", &[boxed(b"frma", first), boxed(b"enda", &value)].concat())
        };
        let tracks = [
            track(1, b"in24", 1, &order(b"in24", [0, 1])),
            track(2, b"in24", 1, &order(b"in24", [0, 0])),
            track(3, b"fl64", 1, &[]),
            track(4, b"fl32", 0, &boxed(b"chan", &[0; 12])),
            track(5, b"sowt", 1, &[]),
            // The second version tells it among its fields, which the demuxer reads.
            track(6, b"in32", 2, &[]),
            track(7, b"in32", 0, &order(b"in32", [0, 0])),
        ];
        let file = [boxed(b"ftyp", b"qt  "), boxed(b"moov", &tracks.concat())].concat();
        assert_eq!(big_endian_tracks(&mut Cursor::new(&file)), Some(vec![2, 3, 4, 7]));
        for length in 0..file.len() {
            let found = big_endian_tracks(&mut Cursor::new(&file[..length])).unwrap_or_default();
            assert!(found.iter().all(|track| [2, 3, 4, 7].contains(track)), "{length}: {found:?}");
        }
    }

    #[test]
    fn pauses_and_cuts_are_followed_and_lists_that_go_back_are_not() {
        let edits =
            list(&[(None, 500), (Some(1_024), 2_000), (None, 250), (Some(144_000), 1_000), (None, 9_000)]);
        let expected = [
            Stretch::Pause(24_000),
            Stretch::Shown { from: 1_024, samples: Some(96_000) },
            Stretch::Pause(12_000),
            Stretch::Shown { from: 144_000, samples: Some(48_000) },
        ];
        let followed = edits.follow(48_000, Some(480_000));
        assert_eq!((&followed.stretches[..], followed.unheard), (&expected[..], 0));
        let back = list(&[(Some(48_000), 1_000), (Some(0), 1_000)]);
        let shown = |from, samples| Stretch::Shown { from, samples: Some(samples) };
        let followed = back.follow(48_000, None);
        assert_eq!((&followed.stretches[..], followed.unheard), (&[shown(48_000, 48_000)][..], 48_000));
        // Repeated, and what follows that.
        let twice = list(&[(Some(48_000), 1_000), (Some(48_000), 1_000), (None, 9), (Some(144_000), 2_000)]);
        let followed = twice.follow(48_000, Some(480_000));
        assert_eq!((&followed.stretches[..], followed.unheard), (&[shown(48_000, 48_000)][..], 144_000));
        // Less than a length's rounding is none.
        let joined = list(&[(Some(0), 1_000), (Some(47_960), 1_000)]);
        let followed = joined.follow(48_000, Some(480_000));
        assert_eq!(followed.stretches, [shown(0, 48_000), shown(48_000, 48_000)]);
        assert_eq!(followed.unheard, 0);
    }
}
