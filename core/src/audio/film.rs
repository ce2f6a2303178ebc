//! The picture beside a sound, and the time code that a film begins with: what editors know of it before they open a list.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::gapless::{Span, Walk, is_mp4};
use super::matroska::{child, children, number, track_entries};
use super::repair::EBML;

/// Entries of a table of times that are looked at.
const MAX_PARTS: u32 = 4_096;
/// Of `tmcd`: frames are counted as drop-frame time code does.
const DROPS: u32 = 1;
/// Of `tmcd`: it is no time code but a count of tapes.
const IS_COUNTER: u32 = 8;

/// What a film has beside its sound. Nothing of both: it is no film, or none that is known here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Film {
    pub(crate) picture: Option<FilmPicture>,
    pub(crate) time_code: Option<TimeCode>,
}

/// A picture that moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FilmPicture {
    /// So many frames last so many seconds; nothing where it is not told.
    pub(crate) rate: Option<(u64, u64)>,
    /// Width and height, 0 where they are not told.
    pub(crate) size: (u32, u32),
}

/// The time of the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeCode {
    /// Seconds since midnight times `per_second`.
    pub(crate) units: u64,
    pub(crate) per_second: u32,
    /// Whether numbers of frames are dropped.
    pub(crate) drops: bool,
}

impl Film {
    /// Of MPEG-4, QuickTime (with the time code of a `tmcd` track), Matroska and WebM; of anything else nothing.
    pub(crate) fn of_file(path: &Path) -> Self {
        File::open(path).ok().and_then(|mut file| Self::read(&mut file)).unwrap_or_default()
    }

    fn read(file: &mut (impl Read + Seek)) -> Option<Self> {
        let mut start = [0; 8];
        file.read_exact(&mut start).ok()?;
        if is_mp4(&start) {
            mpeg_4(file)
        } else if start.starts_with(&EBML) {
            Some(Self { picture: matroska(file), time_code: None })
        } else {
            None
        }
    }
}

fn mpeg_4(reader: &mut (impl Read + Seek)) -> Option<Film> {
    let end = reader.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk { reader, boxes: 0 };
    let mut rest = walk.find(0..end, *b"moov")?;
    let mut film = Film::default();
    while let Some(trak) = walk.find(rest.clone(), *b"trak") {
        rest.start = trak.end;
        match kind_of(&mut walk, trak.clone()) {
            Some([b'v', b'i', b'd', b'e']) => film.picture = film.picture.or(picture_of(&mut walk, trak)),
            Some([b't', b'm', b'c', b'd']) => {
                film.time_code = film.time_code.or(time_code_of(&mut walk, trak))
            }
            _ => {}
        }
    }
    Some(film)
}

fn kind_of(walk: &mut Walk<'_, impl Read + Seek>, trak: Span) -> Option<[u8; 4]> {
    let mdia = walk.find(trak, *b"mdia")?;
    let hdlr = walk.find(mdia, *b"hdlr")?;
    walk.read(hdlr.start + 8)
}

fn samples_of(walk: &mut Walk<'_, impl Read + Seek>, trak: Span) -> Option<Span> {
    [b"mdia", b"minf", b"stbl"].into_iter().try_fold(trak, |span, name| walk.find(span, *name))
}

/// A track that is not shown holds the pictures of chapters, and one of a single frame is a cover.
fn picture_of(walk: &mut Walk<'_, impl Read + Seek>, trak: Span) -> Option<FilmPicture> {
    let tkhd = walk.find(trak.clone(), *b"tkhd")?;
    let is_shown = walk.u32_at(tkhd.start)? & 1 == 1;
    let stbl = samples_of(walk, trak.clone())?;
    let stts = walk.find(stbl, *b"stts")?;
    let mut lasting: Vec<(u64, u64)> = Vec::new();
    for k in 0..u64::from(walk.u32_at(stts.start + 4)?.min(MAX_PARTS)) {
        let at = stts.start + 8 + 8 * k;
        lasting.push((u64::from(walk.u32_at(at)?), u64::from(walk.u32_at(at + 4)?)));
    }
    let frames: u64 = lasting.iter().map(|(count, _)| count).sum();
    if !is_shown || frames == 1 {
        return None;
    }
    let mdia = walk.find(trak, *b"mdia")?;
    let mdhd = walk.find(mdia, *b"mdhd")?;
    let timescale = u64::from(walk.timescale(mdhd)?);
    // The last frame is often longer; where frames last differently, as phones record them, their mean is the rate.
    let usual = lasting.iter().max_by_key(|(count, _)| *count).filter(|(count, _)| 2 * *count >= frames);
    let ticks = match usual {
        Some((_, ticks)) => u128::from(frames) * u128::from(*ticks),
        None => lasting.iter().map(|(count, ticks)| u128::from(*count) * u128::from(*ticks)).sum(),
    };
    let rate = frames.checked_mul(timescale).zip(u64::try_from(ticks).ok());
    let rate = rate.filter(|(frames, ticks)| *frames > 0 && *ticks > 0);
    let [width, height] = [8, 4].map(|before| tkhd.end.checked_sub(before));
    // Fixed point, 16 bits before it.
    let size = (walk.u32_at(width?)? >> 16, walk.u32_at(height?)? >> 16);
    Some(FilmPicture { rate, size })
}

fn time_code_of(walk: &mut Walk<'_, impl Read + Seek>, trak: Span) -> Option<TimeCode> {
    let stbl = samples_of(walk, trak)?;
    let stsd = walk.find(stbl.clone(), *b"stsd")?;
    // Behind a version and a count.
    let entry = walk.find(stsd.start + 8..stsd.end, *b"tmcd")?;
    let flags = walk.u32_at(entry.start + 12)?;
    let per_second = walk.u32_at(entry.start + 16)?;
    let per_frame = walk.u32_at(entry.start + 20)?;
    let sample = match walk.find(stbl.clone(), *b"stco") {
        Some(stco) => u64::from(walk.u32_at(stco.start + 8)?),
        None => {
            let co64 = walk.find(stbl, *b"co64")?;
            walk.u64_at(co64.start + 8)?
        }
    };
    let units = u64::from(walk.u32_at(sample)?) * u64::from(per_frame);
    // What is beyond a day is a negative number, or damage.
    let is_time = flags & IS_COUNTER == 0 && units < 86_400 * u64::from(per_second);
    is_time.then_some(TimeCode { units, per_second, drops: flags & DROPS != 0 })
}

fn matroska(file: &mut (impl Read + Seek)) -> Option<FilmPicture> {
    for entry in track_entries(file, 0)? {
        let entry = children(file, entry);
        if number(file, child(&entry, 0x83)) != Some(1) {
            continue;
        }
        let rate = number(file, child(&entry, 0x23_e383)).filter(|ns| *ns > 0).map(|ns| (1_000_000_000, ns));
        let video = child(&entry, 0xe0).map(|video| children(file, video)).unwrap_or_default();
        let size = [0xb0, 0xba].map(|name| number(file, child(&video, name)));
        let [width, height] = size.map(|size| size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0));
        return Some(FilmPicture { rate, size: (width, height) });
    }
    None
}

#[cfg(test)]
#[path = "film_tests.rs"]
mod tests;
