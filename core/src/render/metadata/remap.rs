//! What points at samples, where the samples went.

use super::Metadata;

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
    /// and for one that was cut out the join. Cue points, the lengths of regions, sampler loops and the sync points of iXML
    /// go through it; the time references of `bext` and iXML move by `start`, the source position of the first output
    /// sample. `is_cut` says of a sample that it was cut out. Gives the number of markers that went to a join.
    pub fn remap(
        &mut self,
        start: u64,
        position: impl Fn(u64) -> u64,
        is_cut: impl Fn(u64) -> bool,
    ) -> usize {
        for bext in self.chunks_mut(*b"bext") {
            let field = bext_field::TIME_REFERENCE..bext_field::TIME_REFERENCE + 8;
            if let Some(reference) = bext.bytes.get_mut(field).and_then(|bytes| bytes.first_chunk_mut::<8>())
            {
                *reference = u64::from_le_bytes(*reference).saturating_add(start).to_le_bytes();
            }
        }
        for ixml in self.chunks_mut(*b"iXML") {
            if let Ok(text) = std::str::from_utf8(&ixml.bytes) {
                ixml.bytes = moved_ixml(text, start, &position).into_bytes();
            }
        }
        let mut points = Vec::new();
        let mut joined = 0;
        for cue in self.chunks_mut(*b"cue ") {
            for point in cue.bytes.get_mut(4..).unwrap_or_default().as_chunks_mut::<CUE_BYTES>().0 {
                let id = le32(point, 0).unwrap_or(0);
                let at = u64::from(le32(point, 20).unwrap_or(0));
                points.push((id, at));
                joined += usize::from(is_cut(at));
                let moved = clamped(position(at)).to_le_bytes();
                point[4..8].copy_from_slice(&moved);
                point[20..24].copy_from_slice(&moved);
            }
        }
        for list in self.chunks_mut(*b"LIST") {
            if list.bytes.starts_with(b"adtl") {
                move_lengths(&mut list.bytes, &points, &position);
            }
        }
        for sampler in self.chunks_mut(*b"smpl") {
            for sampler_loop in
                sampler.bytes.get_mut(LOOPS_START..).unwrap_or_default().as_chunks_mut::<LOOP_BYTES>().0
            {
                for at in [8, 12] {
                    let moved = clamped(position(u64::from(le32(sampler_loop, at).unwrap_or(0))));
                    sampler_loop[at..at + 4].copy_from_slice(&moved.to_le_bytes());
                }
            }
        }
        joined
    }
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn clamped(position: u64) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The lengths of regions (`ltxt`), each of which begins at the cue point with its identifier.
fn move_lengths(list: &mut [u8], points: &[(u32, u64)], position: impl Fn(u64) -> u64) {
    let mut at = 4;
    while let (Some(id), Some(size)) = (list.get(at..at + 4), le32(list, at + 4)) {
        let region = id == b"ltxt" && size >= 8;
        let content = at + 8;
        if region
            && let (Some(cue), Some(length)) = (le32(list, content), le32(list, content + 4))
            && let Some(&(_, start)) = points.iter().find(|(id, _)| *id == cue)
        {
            let end = start + u64::from(length);
            let moved = clamped(position(end).saturating_sub(position(start)));
            list[content + 4..content + 8].copy_from_slice(&moved.to_le_bytes());
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        at = content.saturating_add(size).saturating_add(size % 2);
    }
}

/// An element of iXML that holds a number: where the number stands, and what it is.
fn number(text: &str, name: &str) -> Option<(std::ops::Range<usize>, u64)> {
    let open = format!("<{name}>");
    let start = text.find(&open)? + open.len();
    let end = start + text[start..].find('<')?;
    let trimmed = text[start..end].trim();
    Some((start..end, trimmed.parse().ok()?))
}

/// Reads a number of 64 bits from two elements of 32, changes it and writes it back.
fn change_wide(text: &mut String, low: &str, high: &str, change: impl Fn(u64) -> u64) {
    let Some((_, low_word)) = number(text, low) else { return };
    let high_word = number(text, high);
    let value = change(low_word + (high_word.as_ref().map_or(0, |(_, word)| *word) << 32));
    // Without an element for the upper half all of it stands in the lower one.
    let lower = if high_word.is_some() { value & u64::from(u32::MAX) } else { value };
    for (name, word) in [(low, lower), (high, value >> 32)] {
        if let Some((range, _)) = number(text, name) {
            text.replace_range(range, &word.to_string());
        }
    }
}

fn moved_ixml(text: &str, start: u64, position: impl Fn(u64) -> u64) -> String {
    const REFERENCES: [(&str, &str); 2] = [
        ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI"),
        ("BWF_TIME_REFERENCE_LOW", "BWF_TIME_REFERENCE_HIGH"),
    ];
    const SYNC_POINT_END: &str = "</SYNC_POINT>";
    let mut text = text.to_owned();
    for (low, high) in REFERENCES {
        change_wide(&mut text, low, high, |reference| reference.saturating_add(start));
    }
    // Every sync point counts from the first sample, unless it says that it counts from midnight.
    let mut parts: Vec<String> = text.split_inclusive(SYNC_POINT_END).map(str::to_owned).collect();
    for part in &mut parts {
        if part.ends_with(SYNC_POINT_END) && !part.contains("ABSOLUTE") {
            change_wide(part, "SYNC_POINT_LOW", "SYNC_POINT_HIGH", &position);
        }
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::super::Chunk;
    use super::*;

    fn cue(offsets: &[u32]) -> Vec<u8> {
        let mut bytes = u32::try_from(offsets.len()).expect("few").to_le_bytes().to_vec();
        for (id, offset) in (1_u32..).zip(offsets) {
            bytes.extend(id.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            bytes.extend(*b"data");
            bytes.extend([0; 8]);
            bytes.extend(offset.to_le_bytes());
        }
        bytes
    }

    fn chunk(id: &[u8; 4], bytes: &[u8]) -> Chunk {
        Chunk { id: *id, bytes: bytes.to_vec() }
    }

    /// The first ten samples and those from 100 to 200 are cut out.
    fn position(old: u64) -> u64 {
        old.clamp(10, 100) - 10 + old.max(200) - 200
    }

    fn is_cut(old: u64) -> bool {
        old < 10 || (100..200).contains(&old)
    }

    #[test]
    fn markers_regions_loops_and_references_move_with_their_samples() {
        let mut bext = vec![0; 602];
        bext[338..346].copy_from_slice(&48_000_u64.to_le_bytes());
        bext[346] = 2;
        let mut smpl = vec![0; 36 + 24];
        smpl[44..48].copy_from_slice(&50_u32.to_le_bytes());
        smpl[48..52].copy_from_slice(&250_u32.to_le_bytes());
        let region = |length: u32| {
            [
                &b"adtlltxt\x14\0\0\0\x01\0\0\0"[..],
                &length.to_le_bytes(),
                b"rgn \0\0\0\0\0\0\0\0labl\x05\0\0\0\x02\0\0\0a",
            ]
            .concat()
        };
        let mut metadata = Metadata {
            before: vec![chunk(b"bext", &bext), chunk(b"smpl", &smpl)],
            after: vec![chunk(b"cue ", &cue(&[50, 150, 250])), chunk(b"LIST", &region(200))],
            ..Metadata::default()
        };
        assert_eq!(metadata.remap(10, position, is_cut), 1);
        metadata.invalidate_loudness();
        let bext = &metadata.before[0].bytes;
        assert_eq!(bext[338..346], 48_010_u64.to_le_bytes());
        assert_eq!(bext[412..422], [0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f]);
        assert_eq!(metadata.before[1].bytes[44..52], [40, 0, 0, 0, 140, 0, 0, 0]);
        assert_eq!(metadata.after[0].bytes, cue(&[40, 90, 140]));
        // From 50 to 250 there are 100 samples left.
        assert_eq!(metadata.after[1].bytes, region(100));
    }

    #[test]
    fn times_in_ixml_move() {
        let ixml = |low: u64, high: u64, bwf: u64, first: u64| {
            format!(
                "<BWFXML><SPEED><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{high}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>\
                 <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>\
                 <BEXT><BWF_TIME_REFERENCE_LOW>{bwf}</BWF_TIME_REFERENCE_LOW></BEXT>\
                 <SYNC_POINT><SYNC_POINT_TYPE>RELATIVE</SYNC_POINT_TYPE><SYNC_POINT_LOW>{first}</SYNC_POINT_LOW></SYNC_POINT>\
                 <SYNC_POINT><SYNC_POINT_TYPE>ABSOLUTE</SYNC_POINT_TYPE><SYNC_POINT_LOW>77</SYNC_POINT_LOW></SYNC_POINT></BWFXML>"
            )
        };
        let wide = u64::from(u32::MAX);
        let mut metadata = Metadata {
            before: vec![chunk(b"iXML", ixml(wide - 3, 1, 500, 150).as_bytes())],
            ..Metadata::default()
        };
        metadata.remap(10, position, is_cut);
        assert_eq!(String::from_utf8_lossy(&metadata.before[0].bytes), ixml(6, 2, 510, 90));
    }

    #[test]
    fn hostile_chunks_do_no_harm() {
        let mut metadata = Metadata {
            before: vec![
                chunk(b"bext", b"short"),
                chunk(b"cue ", &[255; 30]),
                chunk(b"LIST", b"INFOISFT\xff\xff\xff\xffab"),
                chunk(b"LIST", b"adtlltxt\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                chunk(b"iXML", b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>99999999999999999999"),
                chunk(b"smpl", &[255; 50]),
            ],
            ..Metadata::default()
        };
        metadata.remap(u64::MAX, |at| at, |_| false);
        metadata.invalidate_loudness();
        assert_eq!(metadata.info(), [("ISFT".to_owned(), "ab".to_owned())]);
    }
}
