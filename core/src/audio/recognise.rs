//! What an input is, by its first bytes.
//!
//! A header counts where it stands: at the beginning, or behind tags. Searched for any further, one would be found inside
//! archives, videos and compressed formats that keep the header of the original, and their bytes decoded as noise. Only
//! MPEG audio and ADTS have no header, and recordings of streams begin in the middle of a frame: there a run of frames is
//! looked for.

use std::io::{self, Read};

use super::elementary::MpegHeader;
use super::foreign::{Foreign, ac3, ac3_stream, foreign};

/// Bytes behind the tags in which frames may begin: recordings of streams begin with less than a frame.
const MAX_JUNK_BYTES: usize = 1 << 16;
/// The same behind a tag, whose size is sometimes stated too small.
const MAX_JUNK_BEHIND_TAGS_BYTES: usize = 1 << 20;
/// Tags in a row.
const MAX_TAGS: u32 = 64;
/// Frames in a row that make a stream, when there is something else before them.
const RUN_FRAMES: u32 = 4;

/// Endings of files that hold what can be read, in lower case: what is looked at in a folder. A file that is named by
/// itself needs none of them.
pub const FILE_ENDINGS: [&str; 42] = [
    "wav", "wave", "bwf", "rf64", "w64", "flac", "mp3", "mp2", "mp1", "mpa", "mpga", "m2a", "aac", "adts",
    "adt", "m4a", "m4b", "m4p", "m4r", "m4v", "mp4", "mov", "qt", "3gp", "3g2", "ogg", "oga", "ogv", "ogx",
    "ogm", "opus", "au", "snd", "aff", "aif", "aiff", "aifc", "caf", "mka", "mkv", "webm", "weba",
];

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A known header, or frames, at this offset.
    Audio {
        /// Bytes before it.
        offset: u64,
    },
    /// Something that is known and cannot be read here.
    Foreign(Foreign),
    /// Nothing known.
    Unknown,
}

/// Looks at the beginning of `input`. Also gives the bytes that were read from the found offset on, for inputs that
/// cannot go back.
pub(super) fn recognise(input: &mut impl Read) -> io::Result<(Found, Vec<u8>)> {
    let mut window = Window { input, bytes: Vec::new(), offset: 0 };
    let tagged = window.skip_tags()?;
    window.fill(512)?;
    if window.bytes.starts_with(b"OggS") && window.bytes.get(28..36) == Some(b"Speex   ") {
        return Ok((Found::Foreign(Foreign { name: "Speex", demuxer: Some("ogg") }), window.bytes));
    }
    if is_header(&window.bytes) {
        return Ok((Found::Audio { offset: window.offset }, window.bytes));
    }
    if let Some(foreign) = foreign(&window.bytes) {
        return Ok((Found::Foreign(foreign), window.bytes));
    }
    let most = if tagged { MAX_JUNK_BEHIND_TAGS_BYTES } else { MAX_JUNK_BYTES };
    let whole = window.fill(most)? < most;
    // Before anything is searched for: in its frames chance syncs of other kinds are found.
    if let Some(foreign) = ac3_stream(&window.bytes) {
        return Ok((Found::Foreign(foreign), window.bytes));
    }
    if let Some(start) = first_frame(&window.bytes, whole) {
        let offset = window.offset + start as u64;
        return Ok((Found::Audio { offset }, window.bytes.split_off(start)));
    }
    // Two bytes are no proof, unless nothing else fits.
    let found = ac3(&window.bytes).map_or(Found::Unknown, Found::Foreign);
    Ok((found, window.bytes))
}

/// Bytes of the tags in front of a recording, and of the zeros behind them.
#[cfg(feature = "render")]
pub(crate) fn tag_in_front(input: &mut impl Read) -> io::Result<u64> {
    let mut window = Window { input, bytes: Vec::new(), offset: 0 };
    window.skip_tags()?;
    Ok(window.offset)
}

/// The beginning of what is left of an input.
struct Window<'a, R> {
    input: &'a mut R,
    bytes: Vec<u8>,
    /// Of the first byte.
    offset: u64,
}

impl<R: Read> Window<'_, R> {
    /// Reads until there are `count` bytes or the input ends; gives how many there are.
    fn fill(&mut self, count: usize) -> io::Result<usize> {
        let missing = count.saturating_sub(self.bytes.len());
        self.input.by_ref().take(missing as u64).read_to_end(&mut self.bytes)?;
        Ok(self.bytes.len())
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let kept = usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.drain(..kept);
        let behind = io::copy(&mut self.input.by_ref().take(count - kept as u64), &mut io::sink())?;
        self.offset += kept as u64 + behind;
        Ok(())
    }

    /// Passes over ID3v2 and APE tags and the zeros that some writers leave behind them; says whether there were any.
    fn skip_tags(&mut self) -> io::Result<bool> {
        for tags in 0..MAX_TAGS {
            self.fill(32)?;
            match tag_bytes(&self.bytes) {
                Some(bytes) => self.skip(bytes)?,
                None if tags == 0 => return Ok(false),
                None => break,
            }
        }
        let mut zeros = 0;
        while zeros < MAX_JUNK_BEHIND_TAGS_BYTES && self.fill(512)? > 0 {
            let run = self.bytes.iter().take_while(|&&b| b == 0).count();
            let all = run == self.bytes.len();
            self.skip(run as u64)?;
            zeros += run;
            if !all {
                break;
            }
        }
        Ok(true)
    }
}

/// Length of the tag that `bytes` begin with.
pub(super) fn tag_bytes(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [b'I', b'D', b'3', major, _, flags, a, b, c, d, ..]
            if *major < 0xff && (a | b | c | d) & 0x80 == 0 =>
        {
            let size = [a, b, c, d].into_iter().fold(0, |size, &byte| size << 7 | u64::from(byte));
            let footer = if flags & 0x10 != 0 { 10 } else { 0 };
            Some(10 + size + footer)
        }
        _ if bytes.starts_with(b"APETAGEX") => {
            let size = bytes.get(12..16)?.first_chunk()?;
            Some(32 + u64::from(u32::from_le_bytes(*size)))
        }
        _ => None,
    }
}

/// Length of a tag that belongs behind a recording, or of the end of one.
pub(super) fn tag_bytes_behind(bytes: &[u8]) -> Option<u64> {
    const ID3V1_BYTES: u64 = 128;
    const APE_HEAD_BYTES: u64 = 32;
    const LYRICS_END_BYTES: usize = 9;
    match bytes {
        [b'T', b'A', b'G', b'+', ..] => Some(227),
        [b'T', b'A', b'G', ..] => Some(ID3V1_BYTES),
        [b'3', b'D', b'I', ..] => Some(10),
        _ if bytes.starts_with(b"APETAGEX") => {
            let flags = u32::from_le_bytes(*bytes.get(20..24)?.first_chunk()?);
            // A footer stands behind what it counts.
            if flags & 1 << 29 != 0 { tag_bytes(bytes) } else { Some(APE_HEAD_BYTES) }
        }
        _ if bytes.starts_with(b"LYRICSBEGIN") => {
            let end = bytes.windows(LYRICS_END_BYTES).position(|w| w == b"LYRICS200" || w == b"LYRICSEND")?;
            Some((end + LYRICS_END_BYTES) as u64)
        }
        _ => None,
    }
}

/// Whether these are the first bytes of a container that can be read.
fn is_header(bytes: &[u8]) -> bool {
    let at = |offset: usize, text: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(text));
    [&b"fLaC"[..], b"OggS", b"caff", b"\x1a\x45\xdf\xa3"].iter().any(|id| at(0, id))
        || at(4, b"ftyp")
        || at(0, b"RIFF") && at(8, b"WAVE")
        || at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC"))
}

/// What ffmpeg calls the format of a file; nothing where it is not known or ffmpeg does not read it.
#[cfg(feature = "render")]
pub(crate) fn ffmpeg_demuxer(path: &std::path::Path) -> Option<&'static str> {
    match recognise(&mut std::fs::File::open(path).ok()?).ok()? {
        (Found::Audio { .. }, start) => super::foreign::container_demuxer(&start),
        (Found::Foreign(foreign), _) => foreign.demuxer,
        (Found::Unknown, _) => None,
    }
}

/// Where the first frame of MPEG audio or ADTS begins; `whole`: the bytes are all that the input has.
fn first_frame(bytes: &[u8], whole: bool) -> Option<usize> {
    // At the beginning a single good frame is enough, and one that says nothing of its length is the decoder's to refuse.
    if is_sync(bytes) && (frame(bytes).is_none() || run(bytes, whole, 1) >= 2) {
        return Some(0);
    }
    (1..bytes.len().saturating_sub(4))
        .find(|&at| is_sync(&bytes[at..]) && run(&bytes[at..], whole, 2) >= RUN_FRAMES)
}

/// Frames of one kind that follow each other from here, not many more than are asked for. An input that ends with a
/// frame has as many as are asked for; so has one that ends within a frame, if that is one of `least` frames at least: the
/// length that a chance sync tells reaches past the end of anything that is short.
fn run(bytes: &[u8], whole: bool, least: u32) -> u32 {
    let Some((_, kind)) = frame(bytes) else { return 0 };
    let mut at = 0;
    let mut frames = 0;
    while frames < RUN_FRAMES {
        match bytes.get(at..).and_then(frame) {
            Some((length, next)) if next == kind => at += length,
            _ if whole && at == bytes.len() && frames > 0 => return RUN_FRAMES,
            _ if whole && at > bytes.len() && frames >= least => return RUN_FRAMES,
            _ => break,
        }
        frames += 1;
    }
    frames
}

fn is_sync(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0)
}

/// Length of the frame that begins here, and what all frames of its stream have in common.
fn frame(bytes: &[u8]) -> Option<(usize, [u8; 2])> {
    let &[0xff, second, third, fourth, ..] = bytes else { return None };
    if second & 0xe0 != 0xe0 {
        return None;
    }
    if second & 0xf6 == 0xf0 {
        let &[fifth, sixth] = bytes.get(4..6)?.first_chunk()?;
        let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
        let rate_known = third >> 2 & 0x0f < 13;
        return (rate_known && length >= 7).then_some((length, [second, third & 0xfc]));
    }
    let length = MpegHeader::parse(bytes)?.bytes;
    Some((length, [second, third & 0x0c]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Found {
        let (found, rest) = recognise(&mut &bytes[..]).unwrap();
        if let Found::Audio { offset } = found {
            assert!(bytes[usize::try_from(offset).unwrap()..].starts_with(&rest));
        }
        found
    }

    /// Frames of 417 bytes: version 1, layer III, 128 kbit/s, 44.1 kHz.
    fn mp3(frames: usize) -> Vec<u8> {
        [&b"\xff\xfb\x90\x00"[..], &[0x55; 413]].concat().repeat(frames)
    }

    /// Frames of 100 bytes.
    fn adts(frames: usize) -> Vec<u8> {
        [&b"\xff\xf1\x50\x80\x0c\x9f\xfc"[..], &[0x55; 93]].concat().repeat(frames)
    }

    #[test]
    fn a_folder_is_searched_for_whatever_can_be_read() {
        use symphonia::core::formats::probe::{ProbeFormatData, ProbeableFormat};
        use symphonia::default::formats;
        fn of<'a, F: ProbeableFormat<'a>>() -> &'static [ProbeFormatData] {
            F::probe_data()
        }
        let demuxers = [
            of::<formats::AdtsReader<'_>>(),
            of::<formats::AiffReader<'_>>(),
            of::<formats::CafReader<'_>>(),
            of::<formats::FlacReader<'_>>(),
            of::<formats::IsoMp4Reader<'_>>(),
            of::<formats::MkvReader<'_>>(),
            of::<formats::MpaReader<'_>>(),
            of::<formats::OggReader<'_>>(),
            of::<formats::WavReader<'_>>(),
        ];
        for ending in demuxers.iter().copied().flatten().flat_map(|data| data.spec.extensions) {
            // The container of Speex can be read, its codec cannot.
            assert!(FILE_ENDINGS.contains(ending) || *ending == "spx", "{ending}");
        }
    }

    #[test]
    fn headers_count_at_the_beginning_and_behind_tags_only() {
        let id3 = b"ID3\x04\0\0\0\0\x01\x05".iter().copied().chain([9; 133]).collect::<Vec<u8>>();
        let ape = [&b"APETAGEX\xd0\x07\0\0"[..], &40_u32.to_le_bytes(), &[0; 16], &[8; 40]].concat();
        for header in [&b"fLaC"[..], b"OggS", b"caff", b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFC"] {
            assert_eq!(found(header), Found::Audio { offset: 0 });
            for tags in [&id3, &ape, &[&id3[..], &ape, &[0; 700]].concat()] {
                let offset = tags.len() as u64;
                assert_eq!(found(&[&tags[..], header].concat()), Found::Audio { offset });
            }
            assert_eq!(found(&[b"some other format", header, &[1; 3_000]].concat()), Found::Unknown);
        }
        assert_eq!(found(b"\0\0\0\x20ftypM4A "), Found::Audio { offset: 0 });
    }

    #[test]
    fn what_cannot_be_read_has_a_name() {
        let inside = [&b"RIFF\x24\0\0\0WAVEfmt "[..], &mp3(9)].concat();
        let names = [
            (&b"wvpk"[..], "WavPack"),
            (b"MAC \x96\x0f", "Monkey's Audio"),
            (b"tBaK", "TAK"),
            (b"OFR ", "OptimFROG"),
            (b"PK\x03\x04", "a ZIP archive"),
            (b"RIFF\0\0\0\0AVI LIST", "AVI video"),
            (b"DSD ", "DSD (DSF)"),
        ];
        for (start, name) in names {
            assert!(
                matches!(found(&[start, &inside].concat()), Found::Foreign(foreign) if foreign.name == name)
            );
        }
        let mut transport = inside.repeat(2);
        (transport[0], transport[188]) = (0x47, 0x47);
        assert!(matches!(found(&transport), Found::Foreign(foreign) if foreign.demuxer == Some("mpegts")));
    }

    #[test]
    fn streams_may_begin_within_a_frame() {
        for (stream, frame) in [(mp3(9), 417), (adts(9), 100)] {
            assert_eq!(found(&stream), Found::Audio { offset: 0 });
            assert_eq!(found(&stream[30..]), Found::Audio { offset: frame - 30 });
            let lone = [&[7_u8; 100][..], &stream[..usize::try_from(frame).unwrap()], &[7; 2_000]].concat();
            assert_eq!(found(&lone), Found::Unknown, "one frame among other bytes is chance");
            let far = [&vec![7; MAX_JUNK_BYTES][..], &stream].concat();
            assert_eq!(found(&far), Found::Unknown);
        }
        assert_eq!(found(&mp3(1)), Found::Audio { offset: 0 });
        assert_eq!(found(b""), Found::Unknown);
        assert_eq!(found(b"Dear diary"), Found::Unknown);
    }

    #[test]
    fn a_chance_sync_near_the_end_is_no_stream() {
        let sync = b"\xff\xfb\x90\x00";
        // 48 kHz, 192 kbit/s: 768 bytes; and E-AC-3 of as many.
        let frames = |head: &[u8]| [head, &vec![0x55; 768 - head.len()]].concat().repeat(9);
        let cases: [(&[u8], &str); 2] =
            [(b"\x0b\x77\0\0\x14\x40", "ac3"), (b"\x0b\x77\x01\x7f\x3f\x80", "eac3")];
        for (head, demuxer) in cases {
            let mut stream = frames(head);
            // One that reaches past the end, and a whole run.
            stream.truncate(stream.len() - 200);
            let near = stream.len() - 100;
            stream[near..near + 4].copy_from_slice(sync);
            assert!(matches!(found(&stream), Found::Foreign(f) if f.demuxer == Some(demuxer)), "{demuxer}");
            stream[10..10 + 417 * 5].copy_from_slice(&mp3(5));
            stream[768..774].copy_from_slice(head);
            assert!(matches!(found(&stream), Found::Foreign(f) if f.demuxer == Some(demuxer)), "{demuxer}");
        }
        let mut other = vec![0x55; 60_000];
        other[59_800..59_804].copy_from_slice(sync);
        assert_eq!(found(&other), Found::Unknown);
        // A recording of a stream begins and ends within a frame.
        let cut = &mp3(3)[30..1_151];
        assert_eq!(found(cut), Found::Audio { offset: 387 });
        assert_eq!(found(&[&[7_u8; 100][..], &mp3(1)].concat()), Found::Audio { offset: 100 });
        // At the beginning one frame is enough.
        assert_eq!(found(&mp3(1)[..300]), Found::Audio { offset: 0 });
    }
}
