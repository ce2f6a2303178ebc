//! What points at samples, where the samples went.

use std::cell::Cell;

use super::comments::moved_comment;
use super::encoding::Encoding;
use super::ixml::moved_ixml;
use super::xmp::moved_xmp;
use super::{Metadata, cue_sheet, id3};

/// Offsets inside a `bext` chunk (EBU Tech 3285).
mod bext_field {
    pub(super) const TIME_REFERENCE: usize = 338;
    pub(super) const VERSION: usize = 346;
    pub(super) const LOUDNESS: usize = 412;
}

/// Bytes of a cue point: identifier, position, chunk, chunk start, block start, sample offset.
const CUE_BYTES: usize = 24;
/// In `smpl`: the loops behind the fields that all have.
const LOOPS_START: usize = 36;
const LOOP_BYTES: usize = 24;
/// In `plst`: cue point, length, repetitions.
const SEGMENT_BYTES: usize = 12;
/// In `cart` (AES46): eight timers, each four characters and a sample.
const TIMERS: std::ops::Range<usize> = 684..748;
/// Chunks in which there is no place in the sound, or which are moved.
const KNOWN: [&[u8; 4]; 15] = [
    b"bext", b"iXML", b"cue ", b"LIST", b"smpl", b"plst", b"cart", b"_PMX", b"id3 ", b"ID3 ", b"inst",
    b"DISP", b"umid", b"chna", b"afsp",
];

/// Where samples of the source went.
pub(super) struct Places<'a> {
    pub(super) rate_hz: u32,
    /// The source position of the first output sample.
    pub(super) start: u64,
    position: &'a dyn Fn(u64) -> u64,
    is_cut: &'a dyn Fn(u64) -> bool,
    joined: Cell<usize>,
}

impl Places<'_> {
    /// The place in the output, for a sample that was cut out the join.
    pub(super) fn at(&self, old: u64) -> u64 {
        (self.position)(old)
    }

    /// The same for a marker, which is counted if it lay in what was cut out.
    pub(super) fn point(&self, old: u64) -> u64 {
        self.joined.set(self.joined.get() + usize::from((self.is_cut)(old)));
        self.at(old)
    }

    /// What is left of `length` samples from `start`.
    pub(super) fn length(&self, start: u64, length: u64) -> u64 {
        self.at(start.saturating_add(length)).saturating_sub(self.at(start))
    }
}

/// What [`Metadata::remap`] has to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remapped {
    /// Markers that lay in what was cut out and went to the join.
    pub joined: usize,
    /// What may hold times that stay as they were, by name.
    pub unmoved: Vec<String>,
}

impl Metadata {
    /// Takes out what a changed sound makes untrue: the loudness figures of `bext` (version 2) become "not
    /// measured".
    pub fn invalidate_loudness(&mut self) {
        for bext in self.chunks_mut(*b"bext") {
            let version = bext
                .bytes
                .get(bext_field::VERSION..bext_field::VERSION + 2)
                .map(|v| u16::from_le_bytes([v[0], v[1]]));
            if version >= Some(2)
                && let Some(figures) = bext.bytes.get_mut(bext_field::LOUDNESS..bext_field::LOUDNESS + 10)
            {
                figures.as_chunks_mut::<2>().0.fill(0x7fff_u16.to_le_bytes());
            }
        }
    }

    /// Moves what points at samples to where they went: `position` gives the place in the output of a sample of the source,
    /// and for one that was cut out the join. Cue points, the lengths of regions, loops, sync points of iXML, timers of
    /// `cart`, chapters and markers of XMP go through it; the time references of `bext` and iXML move by `start`, the source
    /// position of the first output sample. `is_cut` says of a sample that it was cut out. Times in seconds count
    /// `rate_hz` samples.
    pub fn remap(
        &mut self,
        rate_hz: u32,
        start: u64,
        position: impl Fn(u64) -> u64,
        is_cut: impl Fn(u64) -> bool,
    ) -> Remapped {
        let places = Places { rate_hz, start, position: &position, is_cut: &is_cut, joined: Cell::new(0) };
        let mut unmoved = Vec::new();
        self.remap_points(&places);
        for bext in self.chunks_mut(*b"bext") {
            let field = bext_field::TIME_REFERENCE..bext_field::TIME_REFERENCE + 8;
            if let Some(reference) = bext.bytes.get_mut(field).and_then(|bytes| bytes.first_chunk_mut::<8>())
            {
                *reference = u64::from_le_bytes(*reference).saturating_add(start).to_le_bytes();
            }
        }
        for chunk in self.before.iter_mut().chain(&mut self.after) {
            let name = || String::from_utf8_lossy(&chunk.id).trim_end().to_owned();
            match &chunk.id {
                b"iXML" | b"_PMX" => {
                    let moved = Encoding::decode(&chunk.bytes).and_then(|(text, encoding)| {
                        let is_ixml = &chunk.id == b"iXML";
                        let moved =
                            if is_ixml { moved_ixml(&text, &places) } else { moved_xmp(&text, &places)? };
                        // What holds no time stays as it is, to the byte.
                        Some((moved != text).then(|| encoding.encode(&moved)))
                    });
                    match moved {
                        Some(Some(bytes)) => chunk.bytes = bytes,
                        Some(None) => {}
                        None => unmoved.push(name()),
                    }
                }
                b"id3 " | b"ID3 " => id3::remap(&mut chunk.bytes, &places, &mut unmoved),
                id if KNOWN.contains(&id) => {}
                _ => unmoved.push(name()),
            }
        }
        for (key, text) in &mut self.comments {
            match moved_comment(key, text, &places) {
                Ok(Some(moved)) => *text = moved,
                Ok(None) => {}
                Err(()) => unmoved.push(key.clone()),
            }
        }
        if let Some(sheet) = self.cue_sheet.take() {
            self.cue_sheet = cue_sheet::moved(&sheet, &places);
            // One that is not true any more is worse than none.
            if self.cue_sheet.is_none() {
                unmoved.push("CUESHEET (left out)".to_owned());
            }
        }
        unmoved.extend(self.applications.iter().map(|(id, _)| String::from_utf8_lossy(id).into_owned()));
        unmoved.sort();
        unmoved.dedup();
        Remapped { joined: places.joined.get(), unmoved }
    }

    /// Cue points and what refers to them, loops and timers.
    fn remap_points(&mut self, places: &Places<'_>) {
        let mut points = Vec::new();
        for cue in self.chunks_mut(*b"cue ") {
            for point in cue.bytes.get_mut(4..).unwrap_or_default().as_chunks_mut::<CUE_BYTES>().0 {
                let id = le32(point, 0).unwrap_or(0);
                let at = u64::from(le32(point, 20).unwrap_or(0));
                points.push((id, at));
                let moved = clamped(places.point(at)).to_le_bytes();
                point[4..8].copy_from_slice(&moved);
                point[20..24].copy_from_slice(&moved);
            }
        }
        for list in self.chunks_mut(*b"LIST") {
            if list.bytes.starts_with(b"adtl") {
                move_lengths(&mut list.bytes, &points, places);
            }
        }
        for list in self.chunks_mut(*b"plst") {
            for segment in list.bytes.get_mut(4..).unwrap_or_default().as_chunks_mut::<SEGMENT_BYTES>().0 {
                if let (Some(cue), Some(length)) = (le32(segment, 0), le32(segment, 4))
                    && let Some(&(_, start)) = points.iter().find(|(id, _)| *id == cue)
                {
                    let moved = clamped(places.length(start, length.into()));
                    segment[4..8].copy_from_slice(&moved.to_le_bytes());
                }
            }
        }
        for cart in self.chunks_mut(*b"cart") {
            for timer in cart.bytes.get_mut(TIMERS).unwrap_or_default().as_chunks_mut::<8>().0 {
                if timer[..4] != [0; 4] && &timer[..4] != b"    " {
                    let moved = clamped(places.point(u64::from(le32(timer, 4).unwrap_or(0))));
                    timer[4..].copy_from_slice(&moved.to_le_bytes());
                }
            }
        }
        for sampler in self.chunks_mut(*b"smpl") {
            for sampler_loop in
                sampler.bytes.get_mut(LOOPS_START..).unwrap_or_default().as_chunks_mut::<LOOP_BYTES>().0
            {
                for at in [8, 12] {
                    let moved = clamped(places.at(u64::from(le32(sampler_loop, at).unwrap_or(0))));
                    sampler_loop[at..at + 4].copy_from_slice(&moved.to_le_bytes());
                }
            }
        }
    }
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn clamped(position: u64) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The lengths of regions (`ltxt`), each of which begins at the cue point with its identifier.
fn move_lengths(list: &mut [u8], points: &[(u32, u64)], places: &Places<'_>) {
    let mut at = 4;
    while let (Some(id), Some(size)) = (list.get(at..at + 4), le32(list, at + 4)) {
        let region = id == b"ltxt" && size >= 8;
        let content = at + 8;
        if region
            && let (Some(cue), Some(length)) = (le32(list, content), le32(list, content + 4))
            && let Some(&(_, start)) = points.iter().find(|(id, _)| *id == cue)
        {
            let moved = clamped(places.length(start, length.into()));
            list[content + 4..content + 8].copy_from_slice(&moved.to_le_bytes());
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        at = content.saturating_add(size).saturating_add(size % 2);
    }
}

#[cfg(test)]
#[path = "remap_tests.rs"]
mod tests;
